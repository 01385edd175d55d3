/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of noxs-ops, and what they share. */
#ifndef NOXS_OPS_H
#define NOXS_OPS_H

#include "noxs-ops-lib.h"

/* Does the page say of a device what its add said?  As a guest would read it. */
bool slot_is(const struct xen_noxs_device_page *page,
	     const struct xen_noxs_add *add);
/* Has the port been raised since it was last asked for?  Waits 300 ms for it. */
bool event_pending(uint32_t port);
/* Does states(since) name the domain?  Leaves the last answer in st. */
bool states_has(uint64_t since, uint32_t domid, struct xen_noxs_states *st,
		struct xen_noxs_state_entry *e);

/* noxs-ops-devices.c */
void test_add_refusals(void);
void test_publish(void);
void test_limits(void);
void test_generation(void);
void test_power(void);
/* noxs-ops-watch.c */
void test_watch(void);
/* noxs-ops-backend.c */
void test_backend_death(void);
void test_succession(void);
void test_backend_restart(void);
void test_driver(void);

#endif

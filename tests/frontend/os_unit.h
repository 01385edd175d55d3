/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * os_unit.h owns a pretended OS and Xen for unit tests of the frontend core:
 * noxs pages that the core sees read-only where Xen would have it so, ports,
 * grants, allocations that are counted and can be made to fail.
 *
 * One at a time, not thread-safe.  Wrong use by the core (a page freed while
 * granted, a port bound twice, an unknown grant) ends the program.
 */
#ifndef OS_UNIT_H
#define OS_UNIT_H

#include "noxs_netfront.h"

#define OS_NR_PORTS	128
#define OS_NR_GRANTS	1024

void os_reset(void);
/* Nothing is allocated, granted, mapped or bound. */
bool os_clean(void);

/* The n-th call that may fail from now on fails; 0: none. */
void os_fail_at(unsigned int n);
bool os_fail_hit(void);

/* What XEN_NOXS_OP_version does. */
extern int os_version_rc;
extern struct xen_noxs_version os_version;

/* Xen's writable view of the guest's pages. */
struct xen_noxs_device_page *os_device_page(void);
void *os_page(unsigned int index);

/* Fill a slot as Xen does, and raise VIRQ_NOXS. */
void os_slot_add(unsigned int i, uint8_t type, uint16_t id, uint32_t port);
void os_slot_remove(unsigned int i);
/* Where the areas of a slot made by os_slot_add are. */
void *os_back(unsigned int i);
void *os_front(unsigned int i);
/* Publish: seq odd, copy, seq even; then raise the slot's port. */
void os_publish(unsigned int i, const void *area, size_t size);

/* Call the handler of a port, as an event does; false: there is none. */
bool os_raise(uint32_t port);
bool os_raise_virq(void);
/* Notifications of the core on a port since the last look. */
unsigned int os_notified(uint32_t port);
bool os_port_bound(uint32_t port);

/* Grants as the backend sees them.  NULL: no such grant for it. */
void *os_grant_page(uint32_t ref, uint16_t domid, bool write);
unsigned int os_nr_grants(void);
/* Map: grant_end answers -EBUSY. */
void os_grant_map(uint32_t ref, bool mapped);

/* Lines logged so far. */
extern unsigned int os_nr_logged;

#endif

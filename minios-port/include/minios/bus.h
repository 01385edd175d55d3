/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The noxs bus of this guest and the thread that serves it: noxs, or XenStore
 * in its place (minios/xenbus.h), with the power device on it in any case.
 *
 * An application without network does nothing: the bus begins when it first
 * waits.  The network attaches itself before.
 */
#ifndef MINIOS_BUS_H
#define MINIOS_BUS_H

#include <stdbool.h>
#include <stdint.h>

struct noxs_driver;

struct bus_client {
	const struct noxs_driver *driver;
	/*
	 * A round of the bus's thread: calls bus_poll() and does its own.
	 * Returns when the next is due at the latest (system time, ns;
	 * SCHED_FOREVER), 0: at once.
	 */
	uint64_t (*round)(void);
};

/* Makes the thread.  -ENOMEM. */
int bus_init(void);
/*
 * Begin with this client, which stays.  -ENOSYS: this Xen has no noxs, and
 * there is no XenStore; -EPROTO, -ENOMEM.  Rounds take place in any case.
 */
int bus_attach(const struct bus_client *client);
/* From a round.  True: there is more to do. */
bool bus_poll(void);
/* Any context: a round is due. */
void bus_wake(void);
/*
 * In another domain: all devices begin anew.  Event channels and grant table
 * are usable.
 */
void bus_resume(void);
/* xen/noxs_os.c: the VIRQs that the bus has bound, bound anew. */
int noxs_os_resume(void);

#endif

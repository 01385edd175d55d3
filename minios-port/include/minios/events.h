/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Event channels, polled: no upcall ever interrupts the guest.  All ports
 * stay masked; the scheduler looks for raised ones when it runs, and sleeps
 * in SCHEDOP_poll, which returns on any port of ours or at a deadline.  So
 * handlers run between threads, never in the middle of one.
 */
#ifndef MINIOS_EVENTS_H
#define MINIOS_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#define EVENTS_MAX	128	/* bound at the same time: SCHEDOP_poll's limit */

/* Must not block or switch threads; may bind, unbind and wake. */
typedef void (*event_handler)(void *data);

void events_init(void);
/* In another domain: no port is bound, none of the old numbers means anything. */
void events_resume(void);
/* -EINVAL port out of range, -EBUSY it has a handler, -ENOSPC too many. */
int event_bind(uint32_t port, event_handler handler, void *data);
void event_unbind(uint32_t port);
void event_notify(uint32_t port);
/* As if the other end had notified us. */
void event_raise(uint32_t port);
/* A new port for a VIRQ of vCPU 0 / its end. */
int virq_bind(unsigned int virq, uint32_t *port);
/* Is port what virq_bind once gave for this VIRQ, and open? */
bool virq_bound(unsigned int virq, uint32_t port);
void port_close(uint32_t port);

/* Run the handlers of all raised ports once.  Was there any? */
bool events_dispatch(void);
/* Sleep until a bound port is raised or deadline (system time, ns; 0: none). */
void events_wait(uint64_t deadline_ns);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System time (ns since Xen booted, as Xen counts it; never goes back, and does
 * not count what a domain slept in a file or on its way) and wall clock (UTC).
 */
#ifndef MINIOS_TIME_H
#define MINIOS_TIME_H

#include <stdint.h>

#define NS_PER_MS	1000000ull
#define NS_PER_S	1000000000ull

uint64_t time_ns(void);
/* The same moment as this host's Xen counts. */
uint64_t time_to_xen(uint64_t ns);
/* Around a suspend that ends in another domain: time goes on where it stopped. */
void time_suspend(void);
void time_resume(void);
/* Seconds and, if ns is not NULL, nanoseconds since 1970. */
uint64_t time_wall(uint32_t *ns);

#endif

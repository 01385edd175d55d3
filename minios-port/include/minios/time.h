/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System time (ns since Xen booted, as Xen counts it) and wall clock (UTC).
 */
#ifndef MINIOS_TIME_H
#define MINIOS_TIME_H

#include <stdint.h>

#define NS_PER_MS	1000000ull
#define NS_PER_S	1000000000ull

uint64_t time_ns(void);
/* Seconds and, if ns is not NULL, nanoseconds since 1970. */
uint64_t time_wall(uint32_t *ns);

#endif

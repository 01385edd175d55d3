/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The line that a daytime server sends (RFC 867).
 */
#ifndef DAYTIME_DATE_H
#define DAYTIME_DATE_H

#include <stddef.h>
#include <stdint.h>

#define DATE_LINE_MAX	64

/*
 * "Saturday, November 21, 2026 01:02:03-UTC\r\n" for seconds since 1970.
 * Returns its length; size DATE_LINE_MAX is enough until the year 9999.
 */
int date_line(uint64_t seconds, char *buf, size_t size);

#endif

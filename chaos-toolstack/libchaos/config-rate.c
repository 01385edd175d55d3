// SPDX-License-Identifier: BSD-2-Clause
/* rate= of a vif, as xl writes it: "10Mb/s", "1MB/s@20ms". */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

#define INTERVAL_DEFAULT_US	50000

/* Digits at *p, which is moved past them; 0: none, zero, or over 32 bits. */
static uint64_t take_number(const char **p)
{
	uint64_t n = 0;

	for (; isdigit((unsigned char)**p); (*p)++) {
		n = n * 10 + (uint64_t)(**p - '0');
		if (n > UINT32_MAX)
			return 0;
	}
	return n;
}

/* Decimal prefixes, as for all rates of networks. */
static uint64_t take_prefix(const char **p)
{
	switch (**p) {
	case 'G':
		(*p)++;
		return 1000000000;
	case 'M':
		(*p)++;
		return 1000000;
	case 'K':
		(*p)++;
		return 1000;
	default:
		return 1;
	}
}

/* "20ms", "500us", "1s", "1" (a second); 0: none of them. */
static uint64_t take_interval(const char *p)
{
	uint64_t n = take_number(&p), unit = 1000000;

	if (*p == 'm' || *p == 'u')
		unit = *p++ == 'm' ? 1000 : 1;
	if (*p == 's')
		p++;
	return *p || n * unit > UINT32_MAX ? 0 : n * unit;
}

bool chaos__rate_parse(const char *text, uint64_t *bytes, uint32_t *interval_us)
{
	uint64_t n, us = INTERVAL_DEFAULT_US, whole;
	const char *p = text;

	n = take_number(&p);
	n *= take_prefix(&p);
	if (*p == 'b')
		n /= 8;
	else if (*p != 'B')
		return false;
	if (p[1] != '/' || p[2] != 's' || (p[3] && p[3] != '@'))
		return false;
	if (p[3])
		us = take_interval(p + 4);
	/* n is below 2^62: seconds and the rest apart, or it would overflow. */
	whole = n / 1000000;
	if (!us || (whole && us > UINT64_MAX / 2 / whole))
		return false;
	n = whole * us + n % 1000000 * us / 1000000;
	if (!n)
		return false;
	*bytes = n;
	*interval_us = (uint32_t)us;
	return true;
}

// SPDX-License-Identifier: BSD-2-Clause
/*
 * Limits of a vif: rate=, as xl writes it, "10Mb/s", "1MB/s@20ms", and pps=,
 * "10K", "500p/s@1s".
 */
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

const char *const chaos__limit_keys[NOXS_NETBACK_NR_LIMITS] = {
	[NOXS_NETBACK_TX_BYTES] = "rate",
	[NOXS_NETBACK_TX_FRAMES] = "pps",
	[NOXS_NETBACK_RX_BYTES] = "rate_in",
	[NOXS_NETBACK_RX_FRAMES] = "pps_in",
};

/* n per second, as a whole amount per interval; n is below 2^62. */
static bool per_interval(uint64_t n, uint64_t us, uint64_t *amount)
{
	/* Seconds and the rest apart, or it would overflow. */
	uint64_t whole = n / 1000000;

	if (!us || (whole && us > UINT64_MAX / 2 / whole))
		return false;
	*amount = whole * us + n % 1000000 * us / 1000000;
	return *amount > 0;
}

bool chaos__rate_parse(const char *text, uint64_t *bytes, uint32_t *interval_us)
{
	uint64_t n, us = INTERVAL_DEFAULT_US;
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
	if (!per_interval(n, us, bytes))
		return false;
	*interval_us = (uint32_t)us;
	return true;
}

bool chaos__pps_parse(const char *text, uint64_t *frames, uint32_t *interval_us)
{
	uint64_t n, us = INTERVAL_DEFAULT_US;
	const char *p = text;

	n = take_number(&p);
	n *= take_prefix(&p);
	if (!strncmp(p, "p/s", 3))
		p += 3;
	if (!n || (*p && *p != '@'))
		return false;
	if (*p)
		us = take_interval(p + 1);
	else if (n * us < 1000000)
		us = (1000000 + n - 1) / n;	/* one frame */
	if (!per_interval(n, us, frames))
		return false;
	*interval_us = (uint32_t)us;
	return true;
}

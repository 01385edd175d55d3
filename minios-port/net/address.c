// SPDX-License-Identifier: BSD-2-Clause
/*
 * Addresses in text, from the command line.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "minios/net.h"

/* A decimal number 0..max; NULL: none. */
static const char *number(const char *s, unsigned int max, uint8_t *out)
{
	unsigned long v;
	char *end;

	if (*s < '0' || *s > '9')
		return NULL;
	v = strtoul(s, &end, 10);
	if (v > max)
		return NULL;
	*out = v;
	return end;
}

static const char *dotted(const char *s, uint8_t ip[4])
{
	unsigned int i;

	for (i = 0; i < 4; i++) {
		if (i && *s++ != '.')
			return NULL;
		s = number(s, 255, &ip[i]);
		if (!s)
			return NULL;
	}
	return s;
}

int net_address_parse(const char *text, struct net_address *out)
{
	struct net_address a = { 0 };
	const char *s;

	if (!strcmp(text, "dhcp")) {
		a.dhcp = true;
		*out = a;
		return 0;
	}
	if (!strcmp(text, "none")) {
		a.none = true;
		*out = a;
		return 0;
	}
	s = dotted(text, a.ip);
	if (!s || *s != '/')
		return -EINVAL;
	s = number(s + 1, 32, &a.prefix);
	if (s && *s == ',')
		s = dotted(s + 1, a.gateway);
	if (!s || *s)
		return -EINVAL;
	*out = a;
	return 0;
}

// SPDX-License-Identifier: BSD-2-Clause
/* UUIDs: 16 bytes, in the order in which they are written. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <sys/random.h>

#include "internal.h"

int chaos__uuid_random(uint8_t uuid[16])
{
	if (getrandom(uuid, 16, 0) != 16)
		return -EIO;
	uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x40);	/* version 4 */
	uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);	/* RFC 4122 */
	return 0;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

int chaos__uuid_parse(const char *text, uint8_t uuid[16])
{
	unsigned int i, hi;
	const char *p = text;
	int h, l;

	for (i = 0; i < 16; i++) {
		if ((i == 4 || i == 6 || i == 8 || i == 10) && *p++ != '-')
			return -EINVAL;
		h = hex(p[0]);
		if (h < 0)
			return -EINVAL;
		l = hex(p[1]);
		if (l < 0)
			return -EINVAL;
		hi = (unsigned int)h << 4;
		uuid[i] = (uint8_t)(hi | (unsigned int)l);
		p += 2;
	}
	return *p ? -EINVAL : 0;
}

/* By hand: a list of many domains formats many. */
void chaos__uuid_format(const uint8_t u[16], char text[CHAOS__UUID_LEN + 1])
{
	static const char digits[] = "0123456789abcdef";
	unsigned int i;

	for (i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*text++ = '-';
		*text++ = digits[u[i] >> 4];
		*text++ = digits[u[i] & 15];
	}
	*text = '\0';
}

// SPDX-License-Identifier: BSD-2-Clause
/* Ethernet frames, and what of them is in big endian. */
#include <string.h>

#include "frame.h"

uint16_t at16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* Carries are added at each step. */
uint16_t rfc1071(const uint8_t *p, size_t n, uint32_t sum)
{
	size_t i;

	for (i = 0; i < n; i++) {
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
		while (sum > 0xffff)
			sum -= 0xffff;
	}
	return (uint16_t)sum;
}

void make_head4(uint8_t *f, uint32_t len)
{
	memset(f, 0, HEAD4);
	put16(f + 12, 0x0800);
	f[14] = 0x45;
	put16(f + 16, len - 14);
	f[22] = 64;
	f[23] = 6;
	f[26] = f[30] = 10;
	f[46] = 0x50;
}

void make4(uint8_t *f, uint32_t len)
{
	uint32_t i;

	make_head4(f, len);
	for (i = HEAD4; i < len; i++)
		f[i] = (uint8_t)(i * 7 + i / 256);
}

void make6(uint8_t *f, uint32_t len)
{
	uint32_t i;

	memset(f, 0, HEAD6);
	put16(f + 12, 0x86dd);
	f[14] = 0x60;
	put16(f + 18, len - 54);
	f[20] = 6;
	f[22] = f[38] = 0xfe;
	f[66] = 0x50;
	for (i = HEAD6; i < len; i++)
		f[i] = (uint8_t)(i * 5 + i / 256);
}

// SPDX-License-Identifier: BSD-2-Clause
/* CRC-32C, by the CPU's instruction or by bits. */
#include <stdbool.h>
#include <string.h>

#include "crc.h"

#define POLYNOMIAL	0x82f63b78u	/* reflected */

/* For CPUs without the instruction; those of the last fifteen years have it. */
static uint32_t by_bits(uint32_t crc, const unsigned char *p, size_t size)
{
	unsigned int bit;

	while (size--) {
		crc ^= *p++;
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
	}
	return crc;
}

static uint32_t slow_copy(uint32_t crc, unsigned char *to,
			  const unsigned char *from, size_t size)
{
	memcpy(to, from, size);
	return by_bits(crc, to, size);
}

/* The other way is for tests, too. */
#if defined(__x86_64__) && !defined(CHAOS__CRC_BY_BITS)
static bool has_instruction(void)
{
	return __builtin_cpu_supports("sse4.2");
}

__attribute__((target("sse4.2")))
static uint32_t quick_copy(uint32_t crc, unsigned char *to,
			   const unsigned char *from, size_t size)
{
	uint64_t crc64 = crc, word;

	for (; size >= sizeof(word); size -= sizeof(word)) {
		memcpy(&word, from, sizeof(word));
		memcpy(to, &word, sizeof(word));
		crc64 = __builtin_ia32_crc32di(crc64, word);
		from += sizeof(word);
		to += sizeof(word);
	}
	crc = (uint32_t)crc64;
	while (size--) {
		*to = *from++;
		crc = __builtin_ia32_crc32qi(crc, *to++);
	}
	return crc;
}

__attribute__((target("sse4.2")))
static uint32_t quick(uint32_t crc, const unsigned char *p, size_t size)
{
	uint64_t crc64 = crc, word;

	for (; size >= sizeof(word); size -= sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		crc64 = __builtin_ia32_crc32di(crc64, word);
		p += sizeof(word);
	}
	crc = (uint32_t)crc64;
	while (size--)
		crc = __builtin_ia32_crc32qi(crc, *p++);
	return crc;
}
#else
static bool has_instruction(void)
{
	return false;
}

#define quick		by_bits
#define quick_copy	slow_copy
#endif

uint32_t chaos__crc32c(uint32_t crc, const void *data, size_t size)
{
	return ~(has_instruction() ? quick : by_bits)(~crc, data, size);
}

uint32_t chaos__crc32c_copy(uint32_t crc, void *to, const void *from,
			    size_t size)
{
	return ~(has_instruction() ? quick_copy : slow_copy)(~crc, to, from,
							     size);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CRC-32C (Castagnoli; RFC 3720, appendix B.4), which x86 has an instruction
 * for: eight bytes in a few instructions, where zlib's CRC takes more than one
 * for each byte.
 */
#ifndef CHAOS_CRC_H
#define CHAOS_CRC_H

#include <stddef.h>
#include <stdint.h>

/* Goes on from crc, 0 at first. */
uint32_t chaos__crc32c(uint32_t crc, const void *data, size_t size);
/* The same of what it copies; each byte of from is read once. */
uint32_t chaos__crc32c_copy(uint32_t crc, void *to, const void *from,
			    size_t size);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers that outsiders should not guess: SipHash-2-4 under a key made from
 * RDRAND where the CPU has it, and from clocks and counters.
 */
#ifndef MINIOS_RANDOM_H
#define MINIOS_RANDOM_H

#include <stddef.h>
#include <stdint.h>

uint32_t random_u32(void);
/* Another key: we may not be the only one who woke up with this one. */
void random_reseed(void);
/* A keyed hash of words, the same for the same input until the key changes. */
uint64_t random_hash(const uint64_t *words, unsigned int nr);

/* libc/siphash.c.  Of nr * 8 bytes, little-endian. */
uint64_t siphash(const uint64_t key[2], const uint64_t *words,
		 unsigned int nr);

#endif

// SPDX-License-Identifier: BSD-2-Clause
/*
 * The guest's secret key and what is derived from it.
 *
 * A guest without RDRAND has little to draw from: TSC, time of day and the
 * addresses' owner differ between guests, but a patient outsider could guess
 * them.  That is good enough against blind resets, not for cryptography.
 */
#include <stdbool.h>

#include "minios/net_lwip.h"
#include "minios/random.h"
#include "minios/shared.h"
#include "minios/time.h"

#define CPUID_1_ECX_RDRAND	(1u << 30)
#define ISN_TICK_NS		4000	/* RFC 6528: 4 us */

static uint64_t key[2];
static bool seeded;

static bool rdrand(uint64_t *out)
{
	unsigned char ok;

	__asm__ volatile("rdrand %0; setc %1" : "=r"(*out), "=qm"(ok) :: "cc");
	return ok;
}

static bool has_rdrand(void)
{
	uint32_t a = 1, b, c = 0, d;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	return c & CPUID_1_ECX_RDRAND;
}

static void seed(void)
{
	uint64_t mix[4] = {
		shared->vcpu_info[0].time.tsc_timestamp,
		shared->vcpu_info[0].time.system_time,
		(uint64_t)shared->wc_sec << 32 | shared->wc_nsec,
		__builtin_ia32_rdtsc(),
	};
	uint64_t hw[2] = { 0, 0 };

	if (has_rdrand()) {
		rdrand(&hw[0]);
		rdrand(&hw[1]);
	}
	/* What the key was until now (nothing at first) is not lost. */
	hw[0] ^= key[0];
	hw[1] ^= key[1];
	key[0] = siphash(hw, mix, 4);
	mix[3]++;
	key[1] = siphash(hw, mix, 4);
	seeded = true;
}

void random_reseed(void)
{
	if (seeded)
		seed();
}

uint64_t random_hash(const uint64_t *words, unsigned int nr)
{
	if (!seeded)
		seed();
	return siphash(key, words, nr);
}

uint32_t random_u32(void)
{
	static uint64_t counter;	/* one word: the ISNs hash three */

	counter++;
	return random_hash(&counter, 1);
}

uint32_t net_tcp_isn(uint32_t local_ip, uint16_t local_port,
		     uint32_t remote_ip, uint16_t remote_port)
{
	uint64_t tuple[3] = {
		(uint64_t)local_ip << 32 | remote_ip,
		(uint64_t)local_port << 16 | remote_port, 0,
	};

	return random_hash(tuple, 3) + time_ns() / ISN_TICK_NS;
}

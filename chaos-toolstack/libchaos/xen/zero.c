// SPDX-License-Identifier: BSD-2-Clause
/*
 * Is a page all zero?  Most of a small guest's are, so this is what saving it
 * costs: all of the page in the widest registers there are.  A page that is
 * not shows it early as a rule.
 */
#include <stdbool.h>
#include <stddef.h>

#include "state.h"

#define ROUND 8		/* registers looked at between two branches */

typedef long long wide __attribute__((vector_size(32)));
typedef long long narrow __attribute__((vector_size(16)));

__attribute__((target("avx2")))
static bool is_zero_avx2(const void *page)
{
	const wide *p = page, *end = p + CHAOS__PAGE_SIZE / sizeof(*p);
	wide sum;

	for (; p < end; p += ROUND) {
		sum = p[0] | p[1] | p[2] | p[3] | p[4] | p[5] | p[6] | p[7];
		if (!__builtin_ia32_ptestz256(sum, sum))
			return false;
	}
	return true;
}

static bool is_zero_sse2(const void *page)
{
	const narrow *p = page, *end = p + CHAOS__PAGE_SIZE / sizeof(*p);
	narrow sum;

	for (; p < end; p += ROUND) {
		sum = p[0] | p[1] | p[2] | p[3] | p[4] | p[5] | p[6] | p[7];
		if (sum[0] | sum[1])
			return false;
	}
	return true;
}

bool chaos__page_is_zero(const void *page)
{
	return __builtin_cpu_supports("avx2") ? is_zero_avx2(page) :
						is_zero_sse2(page);
}

// SPDX-License-Identifier: BSD-2-Clause
/*
 * Xen's paravirtual clock: a base time and the TSC ticks since then.
 */
#include "minios/barrier.h"
#include "minios/shared.h"
#include "minios/time.h"

static uint64_t rdtsc(void)
{
	uint32_t lo, hi;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return (uint64_t)hi << 32 | lo;
}

static uint64_t scale(uint64_t ticks, uint32_t mul, int8_t shift)
{
	if (shift < 0)
		ticks >>= -shift;
	else
		ticks <<= shift;
	return ((unsigned __int128)ticks * mul) >> 32;
}

/* From Xen's system time to ours: that of a new host may be behind. */
static uint64_t offset;
static uint64_t frozen;

static uint64_t system_ns(void)
{
	const struct vcpu_time_info *t = &shared->vcpu_info[0].time;
	uint32_t version;
	uint64_t ns;

	/* The version is odd while Xen writes and changes with every update. */
	do {
		version = READ_ONCE(t->version);
		xen_rmb();
		ns = READ_ONCE(t->system_time) +
		     scale(rdtsc() - READ_ONCE(t->tsc_timestamp),
			   READ_ONCE(t->tsc_to_system_mul),
			   READ_ONCE(t->tsc_shift));
		xen_rmb();
	} while ((version & 1) || version != READ_ONCE(t->version));
	return ns;
}

uint64_t time_ns(void)
{
	return system_ns() + offset;
}

uint64_t time_to_xen(uint64_t ns)
{
	return ns - offset;
}

void time_suspend(void)
{
	frozen = time_ns();
}

void time_resume(void)
{
	offset = frozen - system_ns();
}

uint64_t time_wall(uint32_t *ns)
{
	uint64_t sec, nsec, now = system_ns();
	uint32_t version;

	do {
		version = READ_ONCE(shared->wc_version);
		xen_rmb();
		sec = READ_ONCE(shared->wc_sec) |
		      (uint64_t)READ_ONCE(shared->wc_sec_hi) << 32;
		nsec = READ_ONCE(shared->wc_nsec);
		xen_rmb();
	} while ((version & 1) || version != READ_ONCE(shared->wc_version));
	nsec += now % NS_PER_S;
	sec += now / NS_PER_S + nsec / NS_PER_S;
	if (ns)
		*ns = nsec % NS_PER_S;
	return sec;
}

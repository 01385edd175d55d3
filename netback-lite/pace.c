// SPDX-License-Identifier: BSD-2-Clause
/* The scheduling policy of a thread that moves packets. */
#include <sched.h>
#include <time.h>

#include "pace.h"

void nbl_pace_init(struct nbl_pace *pace)
{
	pace->policy = sched_getscheduler(0);
	pace->off = pace->policy != SCHED_OTHER;
}

static bool is_stream(const struct nbl_pace *pace, int64_t ms)
{
	return ms <= 4 * NBL_PACE_MS && pace->rx >= NBL_PACE_FRAMES &&
	       pace->tx <= pace->rx / NBL_PACE_ANSWERS;
}

void nbl_pace_look(struct nbl_pace *pace, int64_t now_ms)
{
	const struct sched_param none = { 0 };
	int64_t ms = now_ms - pace->since_ms;
	int policy;

	if (pace->off || ms < NBL_PACE_MS)
		return;
	policy = is_stream(pace, ms) ? SCHED_BATCH : SCHED_OTHER;
	pace->since_ms = now_ms;
	pace->rx = pace->tx = 0;
	if (policy == pace->policy)
		return;
	/* Refused once, refused always: a container's rules, or an administrator. */
	if (sched_setscheduler(0, policy, &none))
		pace->off = true;
	else
		pace->policy = policy;
}

void nbl_pace_turn(struct nbl_pace *pace)
{
	struct timespec ts;

	/* Moves with the timer's tick, and costs no system call where other clocks do. */
	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	nbl_pace_look(pace, (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000);
}

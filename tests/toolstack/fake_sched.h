/* SPDX-License-Identifier: BSD-2-Clause */
/* CPUs and pools of the pretended Xen: implements libchaos' xen/cpus.h. */
#ifndef TOOLSTACK_FAKE_SCHED_H
#define TOOLSTACK_FAKE_SCHED_H

#include "fake_xen.h"
#include "xen/cpus.h"

#define FAKE_CPUS	4
#define FAKE_POOLS	4
#define FAKE_VCPUS	4

struct fake_sched_state {
	struct {
		bool used;
		uint32_t scheduler;
		struct chaos__cpus cpus;
	} pool[FAKE_POOLS];
	struct {
		struct chaos__cpus hard[FAKE_VCPUS], soft[FAKE_VCPUS];
		uint32_t weight, cap;
		bool stuck;		/* moved with a cap: docs/xen-defects.md */
		uint64_t max_kb;	/* set last */
	} domain[FAKE_DOMAINS];
	unsigned int nr_calls;		/* of all these hypercalls */
};

extern struct fake_sched_state fake_sched;

/* Pool-0 with all CPUs and credit2. */
void fake_sched_reset(void);

#endif

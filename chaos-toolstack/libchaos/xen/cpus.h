/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where vCPUs may run, how much they get, and CPU pools: what libchaos wants of
 * Xen for that.  As in xen.h, each call returns 0 or -errno, and the unit tests
 * link another implementation.
 */
#ifndef CHAOS_XEN_CPUS_H
#define CHAOS_XEN_CPUS_H

#include <stdbool.h>
#include <stdint.h>

#define CHAOS__MAX_CPUS		4096

struct chaos__xen;

struct chaos__cpus {
	uint64_t word[CHAOS__MAX_CPUS / 64];
};

static inline bool chaos__cpus_has(const struct chaos__cpus *cpus,
				   unsigned int cpu)
{
	return cpus->word[cpu / 64] >> (cpu % 64) & 1;
}

static inline void chaos__cpus_set(struct chaos__cpus *cpus, unsigned int cpu)
{
	cpus->word[cpu / 64] |= 1ull << (cpu % 64);
}

/* Xen's numbers of schedulers. */
enum chaos__xen_scheduler {
	CHAOS__SCHED_CREDIT = 5,
	CHAOS__SCHED_CREDIT2 = 6,
	CHAOS__SCHED_ARINC653 = 7,
	CHAOS__SCHED_RTDS = 8,
	CHAOS__SCHED_NULL = 9,
};

struct chaos__xen_vcpu {
	bool online, blocked, running;
	uint32_t cpu;		/* where it runs, or did last */
	uint64_t cpu_ns;
	struct chaos__cpus hard, soft;
};

struct chaos__xen_pool {
	uint32_t id;
	uint32_t scheduler;	/* enum chaos__xen_scheduler, or another */
	uint32_t nr_domains;
	struct chaos__cpus cpus;
};

/* CPUs have numbers below *nr. */
int chaos__xen_nr_cpus(struct chaos__xen *xen, unsigned int *nr);

/* -ESRCH: no such domain, or it has no such vCPU. */
int chaos__xen_vcpu_get(struct chaos__xen *xen, uint32_t domid, uint32_t vcpu,
			struct chaos__xen_vcpu *out);
/* NULL leaves one as it is; not both. */
int chaos__xen_vcpu_pin(struct chaos__xen *xen, uint32_t domid, uint32_t vcpu,
			const struct chaos__cpus *hard,
			const struct chaos__cpus *soft);

/* -EOPNOTSUPP: this scheduler has no weights. */
int chaos__xen_weight_get(struct chaos__xen *xen, uint32_t domid,
			  uint32_t scheduler, uint32_t *weight, uint32_t *cap);
int chaos__xen_weight_set(struct chaos__xen *xen, uint32_t domid,
			  uint32_t scheduler, uint32_t weight, uint32_t cap);

/* The pool with the lowest number from first on; -ENOENT: no more. */
int chaos__xen_pool_get(struct chaos__xen *xen, uint32_t first,
			struct chaos__xen_pool *out);
/* -EINVAL or -ENOENT: this Xen has no such scheduler. */
int chaos__xen_pool_create(struct chaos__xen *xen, uint32_t scheduler,
			   uint32_t *id);
int chaos__xen_pool_destroy(struct chaos__xen *xen, uint32_t id);
int chaos__xen_pool_add(struct chaos__xen *xen, uint32_t id, unsigned int cpu);
int chaos__xen_pool_remove(struct chaos__xen *xen, uint32_t id,
			   unsigned int cpu);
int chaos__xen_pool_move(struct chaos__xen *xen, uint32_t id, uint32_t domid);

/* The most memory that a domain may have. */
int chaos__xen_max_memory(struct chaos__xen *xen, uint32_t domid, uint64_t kb);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* What of the host a domain gets: CPUs, pools, weight, memory. */
#ifndef LIBCHAOS_RESOURCES_H
#define LIBCHAOS_RESOURCES_H

#include <chaos/context.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CHAOS_VCPU_ALL UINT32_MAX

/*
 * Where a vCPU, or all, may run (hard) and rather runs (soft): "0-3,^1", "all".
 * NULL: as it is.  It holds as long as the domain lives.  -ESRCH no such domain
 * or vCPU; -EINVAL not a list, or a CPU that is not in the domain's pool.  A
 * vCPU that fails leaves those before it as asked for.
 */
int chaos_vcpu_pin(struct chaos *ctx, uint32_t domid, uint32_t vcpu,
		   const char *hard, const char *soft);

struct chaos_vcpu {
	uint32_t vcpu;
	uint32_t cpu;		/* where it runs, or did last */
	const char *state;	/* "running", "idle", "runnable", "down" */
	uint64_t cpu_ns;
	const char *hard, *soft; /* "0-3", "all" */
};

/* fn for each vCPU, as chaos_list(). */
int chaos_vcpu_list(struct chaos *ctx, uint32_t domid,
		    int (*fn)(void *arg, const struct chaos_vcpu *v),
		    void *arg);

struct chaos_sched {
	size_t size;		/* IN: sizeof(struct chaos_sched) */
	uint32_t pool;
	const char *scheduler;	/* "credit2", ...; of the pool */
	uint32_t weight;	/* 0: this scheduler has none */
	uint32_t cap;		/* percent of one CPU; 0: none */
};

int chaos_sched_get(struct chaos *ctx, uint32_t domid,
		    struct chaos_sched *sched);
/*
 * -1 leaves one as it is.  weight 1 to 65535, of 256 what a domain has at first;
 * cap 0 to 100 for each vCPU.  -EINVAL out of range; -EOPNOTSUPP the scheduler
 * of its pool has neither.
 */
int chaos_sched_set(struct chaos *ctx, uint32_t domid, long weight, long cap);

/*
 * A pool is a set of CPUs with a scheduler of its own.  Xen knows it by its
 * number; it is called Pool-NUMBER here.
 */
struct chaos_cpupool {
	uint32_t id;
	const char *scheduler;
	uint32_t nr_domains;
	const char *cpus;	/* "" none */
};

/* "Pool-1" or "1" to 1.  -ENOENT no such pool; -EINVAL neither of them. */
int chaos_cpupool_find(struct chaos *ctx, const char *name, uint32_t *id);
/*
 * Of CPUs that are in no pool, or in Pool-0, which gives them.  scheduler:
 * "credit", "credit2", "null", "rtds", "arinc653"; NULL: Pool-0's.  All or
 * nothing.  -EINVAL not such CPUs; -EOPNOTSUPP this Xen has no such scheduler;
 * -EBUSY Pool-0 needs a CPU.
 */
int chaos_cpupool_create(struct chaos *ctx, const char *scheduler,
		      const char *cpus, uint32_t *id);
/* Its CPUs go back to Pool-0.  -ENOENT; -EBUSY it has domains; -EPERM Pool-0. */
int chaos_cpupool_destroy(struct chaos *ctx, uint32_t id);
/* As chaos_list(). */
int chaos_cpupool_list(struct chaos *ctx,
		    int (*fn)(void *arg, const struct chaos_cpupool *p),
		    void *arg);
/* With weight and cap, where the pool's scheduler has them, and without pins.
 * -ENOENT no such pool; -ESRCH no such domain; -ENODEV it has no CPUs. */
int chaos_cpupool_move(struct chaos *ctx, uint32_t id, uint32_t domid);

/*
 * Asks the guest to give back memory or to take it, and has Xen hold it to
 * that.  A restart gives it as much, in whole MB.  After a failure Xen's limit is
 * as it was.
 *
 * -EOPNOTSUPP no power driver or balloon in it; -ECONNREFUSED it will not: it
 * needs more, or never had as much; -ENOSPC Xen has not as much; -EAGAIN it is
 * paused; -EBUSY another process is at work on it; -ETIMEDOUT; -ESRCH; -ENOENT
 * it was not made by libchaos; -EINVAL none at all; -ECANCELED.
 */
int chaos_mem_set(struct chaos *ctx, uint32_t domid, uint64_t mem_kb,
		  int timeout_ms);

#ifdef __cplusplus
}
#endif

#endif

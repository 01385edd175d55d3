/* SPDX-License-Identifier: BSD-2-Clause */
/* Looking: who is there, how it is, and waiting for it. */
#ifndef LIBCHAOS_INFO_H
#define LIBCHAOS_INFO_H

#include <chaos/network.h>
#include <chaos/context.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CHAOS_NAME_MAX 64

enum chaos_state {
	CHAOS_STATE_RUNNING = 0,	/* or runnable */
	CHAOS_STATE_IDLE = 1,		/* every vCPU waits for an event */
	CHAOS_STATE_PAUSED = 2,
	CHAOS_STATE_SHUTDOWN = 3,	/* see shutdown_code */
	CHAOS_STATE_CRASHED = 4,
	CHAOS_STATE_DYING = 5,		/* being destroyed */
};

struct chaos_domain {
	uint32_t domid;
	enum chaos_state state;
	const char *name;	/* "" when it was not made by libchaos */
	const char *uuid;	/* "f81d4fae-7dec-..." */
	const char *type;	/* "pv" or "pvh" */
	uint64_t mem_kb;	/* owned now */
	uint64_t max_mem_kb;
	uint32_t vcpus;
	uint32_t shutdown_code;	/* SHUTDOWN_* of Xen's sched.h */
	uint64_t cpu_ns;	/* CPU time of all vCPUs */
	uint32_t flags;		/* CHAOS_DOMAIN_* */
};

#define CHAOS_DOMAIN_SPARE (1u << 0)	/* made ahead; it has no name yet */

/* "running", "idle", ... */
const char *chaos_state_name(enum chaos_state state);

/*
 * Name or decimal domid to domid; a number is always a domid.  -ESRCH no such
 * domain; -EAGAIN its domain is being made, or destroyed: to be asked again.  One file and one hypercall, however many domains there are.
 */
int chaos_lookup(struct chaos *ctx, const char *name_or_domid, uint32_t *domid);

/*
 * The name of a domain, the other way round.  -ESRCH no such domain; -ENOENT
 * it has none, being made by something else.
 */
int chaos_domain_name(struct chaos *ctx, uint32_t domid,
		      char name[CHAOS_NAME_MAX + 1]);

/*
 * Calls fn for every domain, domain 0 included, in order of domid.  A
 * non-zero return of fn ends it and is returned.  fn must not call the
 * library with this context.  d is valid during the call.
 */
int chaos_list(struct chaos *ctx,
	       int (*fn)(void *arg, const struct chaos_domain *d), void *arg);

#define CHAOS_WAIT_STATE(state)	(1u << (state))	/* of enum chaos_state */
#define CHAOS_WAIT_GONE		(1u << 31)

/*
 * Blocks until the domain is in one of the states (CHAOS_WAIT_*, or'ed), and
 * tells which in *reached.  Xen says when it is, but for running, idle and
 * dying, on a Xen without noxs, and when too many listen: then it is looked
 * every 50 ms.  timeout_ms 0 looks once, a
 * negative one waits for ever.  Once begun it is this domain that is waited
 * for, not a later one of its number.  -ETIMEDOUT; -ESRCH it has gone, or was
 * not there, and that was not asked for; -ECANCELED by chaos_cancel.
 */
int chaos_wait(struct chaos *ctx, uint32_t domid, unsigned int states,
	       int timeout_ms, unsigned int *reached);

struct chaos_info {
	struct chaos_domain domain;
	const char *kernel;	/* as configured; "" unknown */
	const char *ramdisk;
	const char *cmdline;
	const char *on_poweroff, *on_reboot, *on_crash;
	uint64_t created;	/* seconds since 1970; 0 unknown */
	size_t nr_vifs;
	const struct chaos_vif *const *vif;
	const char *config;	/* JSON of all that made it; "" unknown */
	/* Of the guest's driver, which takes requests to shut down and the like:
	 * "connected", ...; "none": the domain has no power device. */
	const char *power_state;
};

/* -ESRCH.  Freed with chaos_info_free (NULL is allowed). */
int chaos_info_get(struct chaos *ctx, uint32_t domid, struct chaos_info **out);
void chaos_info_free(struct chaos_info *info);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files share that say where and how much a domain runs. */
#ifndef CHAOS_PLACE_H
#define CHAOS_PLACE_H

#include "config.h"
#include "find.h"

/* "0-3,5", "all", "": of the CPUs below nr.  Always terminated. */
#define CHAOS__CPUS_TEXT 1024
void chaos__cpus_format(const struct chaos__cpus *cpus, unsigned int nr,
			char text[CHAOS__CPUS_TEXT]);

/* What an operation is about, for its errors. */
struct chaos__what {
	struct chaos *ctx;
	const char *object, *step;
};
/* Records why Xen refused, and returns rc. */
int chaos__sched_failed(const struct chaos__what *w, int rc);

/*
 * cpus.c: one list (chaos__cpus_parse) of CPUs that a domain in this pool can
 * run on; *end behind it.  -EINVAL, recorded.
 */
int chaos__cpus_read(const struct chaos__what *w, uint32_t pool,
		     const char *text, const char **end,
		     struct chaos__cpus *out);

/* The same of CPUs that the host has. */
int chaos__cpus_named(const struct chaos__what *w, const char *text,
		      const char **end, struct chaos__cpus *out);

/* weight.c: "credit2"; "unknown" of one that this release does not know. */
const char *chaos__scheduler_name(uint32_t scheduler);
/* -1: leave it. */
int chaos__weight_set(const struct chaos__what *w, uint32_t domid,
		      uint32_t pool, uint32_t vcpus, long weight, long cap);

/* cpupool.c.  -ENOENT, -EINVAL, recorded. */
int chaos__cpupool_read(const struct chaos__what *w, const char *name,
		     uint32_t *id);
int chaos__cpupool_get(const struct chaos__what *w, uint32_t id,
		    struct chaos__xen_pool *out);
int chaos__cpupool_move(const struct chaos__what *w, uint32_t id, uint32_t domid);

/* place.c: cpus, cpu_weight, cap and pool of a new domain, as far as they are
 * said; costs nothing when none is. */
int chaos__place(struct chaos *ctx, const char *object, const char *step,
		 uint32_t domid, const struct chaos_config *cfg);

#endif

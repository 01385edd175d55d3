// SPDX-License-Identifier: BSD-2-Clause
/* How much of its CPUs a domain gets: weights and caps of the scheduler. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "place.h"

#define STEP_SET	"set its weight"
#define STEP_GET	"look at its weight"
#define MAX_WEIGHT	65535
#define MAX_CAP		65535	/* 16 bits in Xen */

const char *chaos__scheduler_name(uint32_t scheduler)
{
	static const char *const names[] = {
		[CHAOS__SCHED_CREDIT] = "credit",
		[CHAOS__SCHED_CREDIT2] = "credit2",
		[CHAOS__SCHED_ARINC653] = "arinc653",
		[CHAOS__SCHED_RTDS] = "rtds",
		[CHAOS__SCHED_NULL] = "null",
	};

	if (scheduler >= sizeof(names) / sizeof(names[0]) || !names[scheduler])
		return "unknown";
	return names[scheduler];
}

static int check(const struct chaos__what *w, uint32_t vcpus, long weight,
		 long cap)
{
	long most = vcpus * 100l < MAX_CAP ? vcpus * 100l : MAX_CAP;
	char remedy[64];

	if (weight != -1 && (weight < 1 || weight > MAX_WEIGHT))
		return chaos__fail(w->ctx, -EINVAL, w->object, w->step,
				   "256 is what a domain has at first",
				   "a weight of %ld is not within 1 to %d",
				   weight, MAX_WEIGHT);
	if (cap == -1 || (cap >= 0 && cap <= most))
		return 0;
	snprintf(remedy, sizeof(remedy), "0 to %ld, 0 is no cap", most);
	return chaos__fail(w->ctx, -EINVAL, w->object, w->step, remedy,
			   "a cap of %ld%% is more than its %u vCPUs can use",
			   cap, vcpus);
}

static int failed(const struct chaos__what *w, int rc,
		  const struct chaos__xen_pool *pool)
{
	if (rc != -EOPNOTSUPP)
		return chaos__sched_failed(w, rc);
	return chaos__fail(w->ctx, rc, w->object, w->step,
			   "move it to a pool with credit2",
			   "Pool-%u's scheduler, %s, has no weights or caps",
			   pool->id, chaos__scheduler_name(pool->scheduler));
}

int chaos__weight_set(const struct chaos__what *w, uint32_t domid,
		      uint32_t pool, uint32_t vcpus, long weight, long cap)
{
	struct chaos__xen_pool p = { 0 };
	uint32_t had_weight, had_cap;
	int rc;

	rc = check(w, vcpus, weight, cap);
	if (!rc)
		rc = chaos__cpupool_get(w, pool, &p);
	if (rc)
		return rc;
	rc = chaos__xen_weight_get(w->ctx->xen, domid, p.scheduler, &had_weight,
				   &had_cap);
	if (!rc)
		rc = chaos__xen_weight_set(w->ctx->xen, domid, p.scheduler,
					   weight < 0 ? had_weight :
							(uint32_t)weight,
					   cap < 0 ? had_cap : (uint32_t)cap);
	return rc ? failed(w, rc, &p) : 0;
}

int chaos_sched_set(struct chaos *ctx, uint32_t domid, long weight, long cap)
{
	struct chaos__found f;
	struct chaos__what w = { ctx, f.object, STEP_SET };
	int rc;

	rc = chaos__find(ctx, domid, &f);
	if (rc)
		return rc;
	rc = chaos__weight_set(&w, domid, f.dom.pool, f.dom.max_vcpus, weight,
			       cap);
	chaos__found_fini(&f);
	return rc;
}

static int get(const struct chaos__what *w, const struct chaos__found *f,
	       struct chaos_sched *out)
{
	struct chaos__xen_pool p = { 0 };
	struct chaos_sched s = { .size = out->size };
	int rc;

	rc = chaos__cpupool_get(w, f->dom.pool, &p);
	if (rc)
		return rc;
	s.pool = p.id;
	s.scheduler = chaos__scheduler_name(p.scheduler);
	rc = chaos__xen_weight_get(w->ctx->xen, f->dom.domid, p.scheduler,
				   &s.weight, &s.cap);
	if (rc && rc != -EOPNOTSUPP)
		return chaos__sched_failed(w, rc);
	memcpy(out, &s, sizeof(s));
	return 0;
}

int chaos_sched_get(struct chaos *ctx, uint32_t domid,
		    struct chaos_sched *sched)
{
	struct chaos__found f;
	struct chaos__what w = { ctx, f.object, STEP_GET };
	int rc;

	rc = chaos__find(ctx, domid, &f);
	if (rc)
		return rc;
	/* A larger one is of a later release: what it has more stays. */
	if (sched->size < sizeof(*sched))
		rc = chaos__fail(ctx, -EINVAL, f.object, STEP_GET, "",
				 "the structure is too small");
	if (!rc)
		rc = get(&w, &f, sched);
	chaos__found_fini(&f);
	return rc;
}

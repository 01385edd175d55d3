// SPDX-License-Identifier: BSD-2-Clause
/*
 * CPU pools.  New ones take CPUs of Pool-0, and what they had goes back there:
 * a CPU in no pool at all helps nobody.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "place.h"

#define STEP_LOOK	"look at pools"
#define STEP_CREATE	"create a pool"
#define STEP_DESTROY	"destroy it"
#define STEP_MOVE	"move to a pool"
#define PREFIX		"Pool-"

int chaos__cpupool_get(const struct chaos__what *w, uint32_t id,
		    struct chaos__xen_pool *out)
{
	int rc = chaos__xen_pool_get(w->ctx->xen, id, out);

	if (!rc && out->id == id)
		return 0;
	if (!rc || rc == -ENOENT)
		return chaos__fail(w->ctx, -ENOENT, w->object, w->step,
				   "chaos cpupool shows which there are",
				   "there is no " PREFIX "%u", id);
	return chaos__sched_failed(w, rc);
}

int chaos__cpupool_read(const struct chaos__what *w, const char *name,
		     uint32_t *id)
{
	size_t n = strlen(PREFIX);
	const char *number = strncmp(name, PREFIX, n) ? name : name + n;
	struct chaos__xen_pool pool = { 0 };
	uint32_t wanted;
	int rc;

	if (!*number || number[strspn(number, "0123456789")] ||
	    strlen(number) > 9)
		return chaos__fail(w->ctx, -EINVAL, w->object, w->step,
				   "chaos cpupool shows which there are",
				   "\"%s\" is not a pool's name, like " PREFIX "1",
				   name);
	wanted = (uint32_t)strtoul(number, NULL, 10);
	rc = chaos__cpupool_get(w, wanted, &pool);
	if (!rc)
		*id = wanted;
	return rc;
}

static int begin(const struct chaos__what *w)
{
	chaos__begin(w->ctx);
	return chaos__need_xen(w->ctx, w->object);
}

int chaos_cpupool_find(struct chaos *ctx, const char *name, uint32_t *id)
{
	struct chaos__what w = { ctx, name, "find it" };
	int rc = begin(&w);

	return rc ? rc : chaos__cpupool_read(&w, name, id);
}

/* Takes the CPUs from Pool-0 where they are not free; of those that a pool has
 * got, cpus has the bits. */
static int fill(const struct chaos__what *w, uint32_t id,
		const struct chaos__cpus *cpus, const struct chaos__cpus *host,
		struct chaos__cpus *taken)
{
	unsigned int i;
	int rc;

	for (i = 0; i < CHAOS__MAX_CPUS; i++) {
		if (!chaos__cpus_has(cpus, i))
			continue;
		if (chaos__cpus_has(host, i)) {
			rc = chaos__xen_pool_remove(w->ctx->xen, 0, i);
			if (rc)
				return rc;
		}
		chaos__cpus_set(taken, i);
		rc = chaos__xen_pool_add(w->ctx->xen, id, i);
		if (rc)
			return rc;
	}
	return 0;
}

/* Goes on past what fails; the first error. */
static int give_back(const struct chaos__what *w, uint32_t id,
		     const struct chaos__cpus *cpus)
{
	unsigned int i;
	int rc, first = 0;

	for (i = 0; i < CHAOS__MAX_CPUS; i++) {
		if (!chaos__cpus_has(cpus, i))
			continue;
		rc = chaos__xen_pool_remove(w->ctx->xen, id, i);
		/* Of a pool that is being made it may not be there yet. */
		if (chaos__xen_pool_add(w->ctx->xen, 0, i) && !rc)
			rc = -EIO;
		if (rc && !first)
			first = rc;
	}
	return first;
}

/* In one of other domains' pools they cannot be had. */
static int check_cpus(const struct chaos__what *w, const char *text,
		      struct chaos__cpus *cpus, struct chaos__cpus *host)
{
	struct chaos__xen_pool p = { 0 };
	unsigned int nr = 0, i;
	uint32_t next = 0;
	int rc;

	rc = chaos__xen_nr_cpus(w->ctx->xen, &nr);
	if (rc)
		return chaos__sched_failed(w, rc);
	for (i = nr; i < CHAOS__MAX_CPUS; i++)
		cpus->word[i / 64] &= ~(1ull << (i % 64));
	memset(host, 0, sizeof(*host));
	while (!(rc = chaos__xen_pool_get(w->ctx->xen, next, &p))) {
		next = p.id + 1;
		if (!p.id)
			*host = p.cpus;
		for (i = 0; i < nr && p.id; i++)
			if (chaos__cpus_has(cpus, i) &&
			    chaos__cpus_has(&p.cpus, i))
				return chaos__fail(w->ctx, -EINVAL, w->object,
					w->step, "chaos cpupool destroy, or others",
					"CPU %u is in " PREFIX "%u", i, p.id);
	}
	if (rc != -ENOENT)
		return chaos__sched_failed(w, rc);
	for (i = 0; i < nr; i++)
		if (chaos__cpus_has(host, i) && !chaos__cpus_has(cpus, i))
			return 0;
	return chaos__fail(w->ctx, -EBUSY, w->object, w->step,
			   "leave it one of its CPUs",
			   "%s would take all of " PREFIX "0's CPUs", text);
}

static int scheduler_of(const struct chaos__what *w, const char *name,
			uint32_t *out)
{
	struct chaos__xen_pool host = { 0 };
	uint32_t i;
	int rc;

	if (!name) {
		rc = chaos__cpupool_get(w, 0, &host);
		if (!rc)
			*out = host.scheduler;
		return rc;
	}
	for (i = CHAOS__SCHED_CREDIT; i <= CHAOS__SCHED_NULL; i++) {
		if (!strcmp(name, chaos__scheduler_name(i))) {
			*out = i;
			return 0;
		}
	}
	return chaos__fail(w->ctx, -EOPNOTSUPP, w->object, w->step,
			   "credit, credit2, null, rtds or arinc653",
			   "there is no scheduler \"%s\"", name);
}

static int create(const struct chaos__what *w, uint32_t scheduler,
		  const struct chaos__cpus *cpus,
		  const struct chaos__cpus *host, uint32_t *id)
{
	struct chaos__cpus taken = { 0 };
	uint32_t made = 0;
	int rc, undo;

	rc = chaos__xen_pool_create(w->ctx->xen, scheduler, &made);
	if (rc == -EINVAL || rc == -ENOENT)
		return chaos__fail(w->ctx, -EOPNOTSUPP, w->object, w->step,
				   "leave it out: it is Pool-0's then",
				   "this Xen was built without scheduler %s",
				   chaos__scheduler_name(scheduler));
	if (rc)
		return chaos__sched_failed(w, rc);
	rc = fill(w, made, cpus, host, &taken);
	if (!rc) {
		*id = made;
		return 0;
	}
	chaos__sched_failed(w, rc);
	give_back(w, made, &taken);
	undo = chaos__xen_pool_destroy(w->ctx->xen, made);
	if (undo)
		chaos__log(w->ctx, CHAOS_LOG_ERROR, "undo: destroy " PREFIX
			   "%u: %s", made, strerror(-undo));
	return rc;
}

int chaos_cpupool_create(struct chaos *ctx, const char *scheduler,
		      const char *cpus, uint32_t *id)
{
	struct chaos__what w = { ctx, cpus, STEP_CREATE };
	struct chaos__cpus set = { 0 }, host = { 0 };
	uint32_t number = 0;
	const char *end;
	int rc = begin(&w);

	if (rc)
		return rc;
	rc = scheduler_of(&w, scheduler, &number);
	if (!rc)
		rc = chaos__cpus_named(&w, cpus, &end, &set);
	if (!rc && strchr(cpus, ';'))
		rc = chaos__fail(ctx, -EINVAL, cpus, STEP_CREATE, "",
				 "it is not one list of CPUs");
	if (!rc)
		rc = check_cpus(&w, cpus, &set, &host);
	return rc ? rc : create(&w, number, &set, &host, id);
}

int chaos_cpupool_destroy(struct chaos *ctx, uint32_t id)
{
	struct chaos__what w = { ctx, "pool", STEP_DESTROY };
	struct chaos__xen_pool pool = { 0 };
	int rc = begin(&w);

	if (!rc)
		rc = chaos__cpupool_get(&w, id, &pool);
	if (rc)
		return rc;
	if (!id)
		return chaos__fail(ctx, -EPERM, PREFIX "0", STEP_DESTROY, "",
				   "it is the one that this runs in");
	if (pool.nr_domains)
		return chaos__fail(ctx, -EBUSY, w.object, STEP_DESTROY,
				   "destroy them or move them, "
				   "with chaos sched --pool 0",
				   PREFIX "%u has %u domains", id,
				   pool.nr_domains);
	rc = give_back(&w, id, &pool.cpus);
	if (!rc)
		rc = chaos__xen_pool_destroy(ctx->xen, id);
	return rc ? chaos__sched_failed(&w, rc) : 0;
}

int chaos_cpupool_list(struct chaos *ctx,
		    int (*fn)(void *arg, const struct chaos_cpupool *p), void *arg)
{
	struct chaos__what w = { ctx, "pools", STEP_LOOK };
	char text[CHAOS__CPUS_TEXT];
	struct chaos__xen_pool p = { 0 };
	struct chaos_cpupool out = { .cpus = text };
	uint32_t next = 0;
	int rc = begin(&w);

	while (!rc) {
		rc = chaos__xen_pool_get(ctx->xen, next, &p);
		if (rc == -ENOENT)
			return 0;
		if (rc)
			return chaos__sched_failed(&w, rc);
		next = p.id + 1;
		out.id = p.id;
		out.scheduler = chaos__scheduler_name(p.scheduler);
		out.nr_domains = p.nr_domains;
		/* By their numbers: "all" would depend on the host. */
		chaos__cpus_format(&p.cpus, CHAOS__MAX_CPUS, text);
		rc = fn(arg, &out);
	}
	return rc;
}

int chaos__cpupool_move(const struct chaos__what *w, uint32_t id, uint32_t domid)
{
	int rc = chaos__xen_pool_move(w->ctx->xen, id, domid);

	if (rc == -ENODEV || rc == -EINVAL)
		return chaos__fail(w->ctx, -ENODEV, w->object, w->step,
				   "create one that has CPUs",
				   PREFIX "%u has no CPUs", id);
	return rc ? chaos__sched_failed(w, rc) : 0;
}

/*
 * Xen makes a domain's weight and cap anew with each scheduler.
 *
 * The cap is lifted before: a vCPU that waits for its next share when it is moved
 * would never be told that there is one (docs/xen-defects.md).
 */
static int move(const struct chaos__what *w, const struct chaos__found *f,
		const struct chaos__xen_pool *to)
{
	struct chaos__xen *xen = w->ctx->xen;
	struct chaos__xen_pool from = { 0 };
	uint32_t domid = f->dom.domid, weight = 0, cap = 0;
	int rc, had;

	rc = chaos__cpupool_get(w, f->dom.pool, &from);
	if (rc)
		return rc;
	had = chaos__xen_weight_get(xen, domid, from.scheduler, &weight, &cap);
	if (had && had != -EOPNOTSUPP)
		return chaos__sched_failed(w, had);
	if (!had && cap) {
		rc = chaos__xen_weight_set(xen, domid, from.scheduler, weight,
					   0);
		if (rc)
			return chaos__sched_failed(w, rc);
	}
	rc = chaos__cpupool_move(w, to->id, domid);
	if (rc && !had && cap &&
	    chaos__xen_weight_set(xen, domid, from.scheduler, weight, cap))
		chaos__fail(w->ctx, rc, w->object, w->step,
			    "set it with chaos sched",
			    "it is not moved, but lost its cap");
	if (rc || had)
		return rc;
	rc = chaos__xen_weight_set(xen, domid, to->scheduler, weight, cap);
	if (!rc || rc == -EOPNOTSUPP)
		return 0;
	return chaos__fail(w->ctx, rc, w->object, w->step,
			   "set them with chaos sched",
			   "it is moved, but lost its weight and cap: %s",
			   chaos__xen_reason(w->ctx, rc));
}

int chaos_cpupool_move(struct chaos *ctx, uint32_t id, uint32_t domid)
{
	struct chaos__found f;
	struct chaos__what w = { ctx, f.object, STEP_MOVE };
	struct chaos__xen_pool pool = { 0 };
	int rc;

	rc = chaos__find(ctx, domid, &f);
	if (rc)
		return rc;
	rc = chaos__cpupool_get(&w, id, &pool);
	if (!rc && f.dom.pool != id)
		rc = move(&w, &f, &pool);
	chaos__found_fini(&f);
	return rc;
}

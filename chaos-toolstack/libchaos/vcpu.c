// SPDX-License-Identifier: BSD-2-Clause
/* Where vCPUs may run, and where they do. */
#include <errno.h>
#include <string.h>

#include "place.h"

#define STEP_PIN	"pin its vCPUs"
#define STEP_LOOK	"look at its vCPUs"

static int no_vcpu(const struct chaos__what *w, uint32_t vcpu, uint32_t vcpus)
{
	return chaos__fail(w->ctx, -ESRCH, w->object, w->step,
			   "chaos vcpu-pin shows which it has",
			   "it has no vCPU %u, only %u of them", vcpu, vcpus);
}

static int pin(const struct chaos__what *w, const struct chaos__found *f,
	       uint32_t vcpu, const struct chaos__cpus *hard,
	       const struct chaos__cpus *soft)
{
	uint32_t i, end = f->dom.max_vcpus;
	int rc = 0;

	if (vcpu != CHAOS_VCPU_ALL) {
		if (vcpu >= end)
			return no_vcpu(w, vcpu, end);
		end = vcpu + 1;
	}
	for (i = vcpu == CHAOS_VCPU_ALL ? 0 : vcpu; i < end && !rc; i++)
		rc = chaos__xen_vcpu_pin(w->ctx->xen, f->dom.domid, i, hard,
					 soft);
	return rc ? chaos__sched_failed(w, rc) : 0;
}

static int read_one(const struct chaos__what *w, const struct chaos__found *f,
		    const char *text, struct chaos__cpus *out)
{
	const char *end;
	int rc;

	if (!text)
		return 0;
	rc = chaos__cpus_read(w, f->dom.pool, text, &end, out);
	if (!rc && (*end || strchr(text, ';')))
		rc = chaos__fail(w->ctx, -EINVAL, w->object, w->step, "",
				 "\"%s\" is not one list of CPUs", text);
	return rc;
}

int chaos_vcpu_pin(struct chaos *ctx, uint32_t domid, uint32_t vcpu,
		   const char *hard, const char *soft)
{
	struct chaos__found f;
	struct chaos__what w = { ctx, f.object, STEP_PIN };
	struct chaos__cpus hard_cpus = { 0 }, soft_cpus = { 0 };
	int rc;

	rc = chaos__find(ctx, domid, &f);
	if (rc)
		return rc;
	if (!hard && !soft)
		rc = chaos__fail(ctx, -EINVAL, f.object, STEP_PIN, "",
				 "to no CPUs at all");
	if (!rc)
		rc = read_one(&w, &f, hard, &hard_cpus);
	if (!rc)
		rc = read_one(&w, &f, soft, &soft_cpus);
	if (!rc)
		rc = pin(&w, &f, vcpu, hard ? &hard_cpus : NULL,
			 soft ? &soft_cpus : NULL);
	chaos__found_fini(&f);
	return rc;
}

static const char *state_of(const struct chaos__xen_vcpu *v)
{
	if (!v->online)
		return "down";
	if (v->running)
		return "running";
	return v->blocked ? "idle" : "runnable";
}

static int tell(const struct chaos__what *w, uint32_t domid, uint32_t vcpu,
		unsigned int nr, int (*fn)(void *arg, const struct chaos_vcpu *v),
		void *arg)
{
	char hard[CHAOS__CPUS_TEXT], soft[CHAOS__CPUS_TEXT];
	struct chaos__xen_vcpu v = { 0 };
	struct chaos_vcpu out = { .vcpu = vcpu, .hard = hard, .soft = soft };
	int rc;

	rc = chaos__xen_vcpu_get(w->ctx->xen, domid, vcpu, &v);
	if (rc)
		return chaos__sched_failed(w, rc);
	chaos__cpus_format(&v.hard, nr, hard);
	chaos__cpus_format(&v.soft, nr, soft);
	out.cpu = v.cpu;
	out.state = state_of(&v);
	out.cpu_ns = v.cpu_ns;
	return fn(arg, &out);
}

int chaos_vcpu_list(struct chaos *ctx, uint32_t domid,
		    int (*fn)(void *arg, const struct chaos_vcpu *v), void *arg)
{
	struct chaos__found f;
	struct chaos__what w = { ctx, f.object, STEP_LOOK };
	unsigned int nr = 0;
	uint32_t i;
	int rc;

	rc = chaos__find(ctx, domid, &f);
	if (rc)
		return rc;
	rc = chaos__xen_nr_cpus(ctx->xen, &nr);
	if (rc)
		chaos__sched_failed(&w, rc);
	for (i = 0; i < f.dom.max_vcpus && !rc; i++)
		rc = tell(&w, domid, i, nr, fn, arg);
	chaos__found_fini(&f);
	return rc;
}

// SPDX-License-Identifier: BSD-2-Clause
/* CPUs and pools of the pretended Xen. */
#include <errno.h>
#include <string.h>

#include "fail.h"
#include "fake_sched.h"
#include "fake_xen_private.h"

struct fake_sched_state fake_sched;

void fake_sched_reset(void)
{
	unsigned int i, v;

	memset(&fake_sched, 0, sizeof(fake_sched));
	fake_sched.pool[0].used = true;
	fake_sched.pool[0].scheduler = CHAOS__SCHED_CREDIT2;
	fake_sched.pool[0].cpus.word[0] = (1u << FAKE_CPUS) - 1;
	for (i = 0; i < FAKE_DOMAINS; i++) {
		fake_sched.domain[i].weight = 256;
		for (v = 0; v < FAKE_VCPUS; v++) {
			memset(&fake_sched.domain[i].hard[v], 0xff,
			       sizeof(struct chaos__cpus));
			memset(&fake_sched.domain[i].soft[v], 0xff,
			       sizeof(struct chaos__cpus));
		}
	}
}

static bool fails(const char *where)
{
	fake_sched.nr_calls++;
	return fail_here(where);
}

int chaos__xen_nr_cpus(struct chaos__xen *xen, unsigned int *nr)
{
	(void)xen;
	if (fails("xen nr_cpus"))
		return -EIO;
	*nr = FAKE_CPUS;
	return 0;
}

static bool has_vcpu(uint32_t domid, uint32_t vcpu)
{
	struct fake_domain *d = fake_xen_find(domid);

	return d && vcpu < d->dom.max_vcpus && vcpu < FAKE_VCPUS;
}

int chaos__xen_vcpu_get(struct chaos__xen *xen, uint32_t domid, uint32_t vcpu,
			struct chaos__xen_vcpu *out)
{
	(void)xen;
	if (fails("xen vcpu_get"))
		return -EIO;
	if (!has_vcpu(domid, vcpu))
		return -ESRCH;
	memset(out, 0, sizeof(*out));
	out->online = true;
	out->blocked = vcpu == 0;
	out->running = vcpu == 1;
	out->cpu = vcpu % FAKE_CPUS;
	out->cpu_ns = 1000000;
	out->hard = fake_sched.domain[domid].hard[vcpu];
	out->soft = fake_sched.domain[domid].soft[vcpu];
	return 0;
}

int chaos__xen_vcpu_pin(struct chaos__xen *xen, uint32_t domid, uint32_t vcpu,
			const struct chaos__cpus *hard,
			const struct chaos__cpus *soft)
{
	(void)xen;
	if (fails("xen vcpu_pin"))
		return -EIO;
	if (!hard && !soft)
		return -EINVAL;
	if (!has_vcpu(domid, vcpu))
		return -ESRCH;
	if (hard)
		fake_sched.domain[domid].hard[vcpu] = *hard;
	if (soft)
		fake_sched.domain[domid].soft[vcpu] = *soft;
	return 0;
}

static bool has_weights(uint32_t scheduler)
{
	return scheduler == CHAOS__SCHED_CREDIT ||
	       scheduler == CHAOS__SCHED_CREDIT2;
}

int chaos__xen_weight_get(struct chaos__xen *xen, uint32_t domid,
			  uint32_t scheduler, uint32_t *weight, uint32_t *cap)
{
	(void)xen;
	if (fails("xen weight_get"))
		return -EIO;
	if (!has_weights(scheduler))
		return -EOPNOTSUPP;
	if (!fake_xen_find(domid))
		return -ESRCH;
	*weight = fake_sched.domain[domid].weight;
	*cap = fake_sched.domain[domid].cap;
	return 0;
}

int chaos__xen_weight_set(struct chaos__xen *xen, uint32_t domid,
			  uint32_t scheduler, uint32_t weight, uint32_t cap)
{
	(void)xen;
	if (fails("xen weight_set"))
		return -EIO;
	if (!has_weights(scheduler))
		return -EOPNOTSUPP;
	if (!fake_xen_find(domid))
		return -ESRCH;
	fake_sched.domain[domid].weight = weight;
	fake_sched.domain[domid].cap = cap;
	return 0;
}

static uint32_t nr_domains(uint32_t pool)
{
	uint32_t i, n = 0;

	for (i = 0; i < FAKE_DOMAINS; i++)
		n += fake_xen_find(i) && fake_xen_find(i)->dom.pool == pool;
	return n;
}

int chaos__xen_pool_get(struct chaos__xen *xen, uint32_t first,
			struct chaos__xen_pool *out)
{
	(void)xen;
	if (fails("xen pool_get"))
		return -EIO;
	while (first < FAKE_POOLS && !fake_sched.pool[first].used)
		first++;
	if (first >= FAKE_POOLS)
		return -ENOENT;
	out->id = first;
	out->scheduler = fake_sched.pool[first].scheduler;
	out->nr_domains = nr_domains(first);
	out->cpus = fake_sched.pool[first].cpus;
	return 0;
}

/* Built without rtds. */
int chaos__xen_pool_create(struct chaos__xen *xen, uint32_t scheduler,
			   uint32_t *id)
{
	uint32_t i;

	(void)xen;
	if (fails("xen pool_create"))
		return -ENOMEM;
	if (scheduler == CHAOS__SCHED_RTDS)
		return -ENOENT;
	for (i = 0; i < FAKE_POOLS && fake_sched.pool[i].used; i++)
		;
	if (i == FAKE_POOLS)
		return -ENOSPC;
	memset(&fake_sched.pool[i], 0, sizeof(fake_sched.pool[i]));
	fake_sched.pool[i].used = true;
	fake_sched.pool[i].scheduler = scheduler;
	*id = i;
	return 0;
}

static bool is_free(unsigned int cpu)
{
	uint32_t i;

	for (i = 0; i < FAKE_POOLS; i++)
		if (fake_sched.pool[i].used &&
		    chaos__cpus_has(&fake_sched.pool[i].cpus, cpu))
			return false;
	return true;
}

int chaos__xen_pool_destroy(struct chaos__xen *xen, uint32_t id)
{
	(void)xen;
	if (fails("xen pool_destroy"))
		return -EIO;
	if (id >= FAKE_POOLS || !fake_sched.pool[id].used)
		return -ENOENT;
	if (nr_domains(id) || fake_sched.pool[id].cpus.word[0])
		return -EBUSY;
	fake_sched.pool[id].used = false;
	return 0;
}

int chaos__xen_pool_add(struct chaos__xen *xen, uint32_t id, unsigned int cpu)
{
	(void)xen;
	if (fails("xen pool_add"))
		return -EIO;
	if (!is_free(cpu))
		return -EBUSY;
	chaos__cpus_set(&fake_sched.pool[id].cpus, cpu);
	return 0;
}

int chaos__xen_pool_remove(struct chaos__xen *xen, uint32_t id,
			   unsigned int cpu)
{
	(void)xen;
	if (fails("xen pool_remove"))
		return -EIO;
	if (!chaos__cpus_has(&fake_sched.pool[id].cpus, cpu))
		return -ENOENT;
	fake_sched.pool[id].cpus.word[0] &= ~(1ull << cpu);
	return 0;
}

int chaos__xen_pool_move(struct chaos__xen *xen, uint32_t id, uint32_t domid)
{
	(void)xen;
	if (fails("xen pool_move"))
		return -EIO;
	if (!fake_xen_find(domid))
		return -ESRCH;
	if (!fake_sched.pool[id].cpus.word[0])
		return -ENODEV;
	fake_xen_find(domid)->dom.pool = id;
	/* As Xen does; with a cap, it may never run again. */
	fake_sched.domain[domid].stuck = fake_sched.domain[domid].cap != 0;
	fake_sched.domain[domid].weight = 256;
	fake_sched.domain[domid].cap = 0;
	return 0;
}

int chaos__xen_max_memory(struct chaos__xen *xen, uint32_t domid, uint64_t kb)
{
	(void)xen;
	if (fails("xen max_memory"))
		return -EIO;
	if (!fake_xen_find(domid))
		return -ESRCH;
	fake_sched.domain[domid].max_kb = kb;
	fake_xen_find(domid)->dom.max_pages = kb / 4;
	return 0;
}

// SPDX-License-Identifier: BSD-2-Clause
/* vCPUs: where they may run, and how much of it they get. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"
#include "cpus.h"

_Static_assert(CHAOS__SCHED_CREDIT == XEN_SCHEDULER_CREDIT &&
	       CHAOS__SCHED_CREDIT2 == XEN_SCHEDULER_CREDIT2 &&
	       CHAOS__SCHED_ARINC653 == XEN_SCHEDULER_ARINC653 &&
	       CHAOS__SCHED_RTDS == XEN_SCHEDULER_RTDS &&
	       CHAOS__SCHED_NULL == XEN_SCHEDULER_NULL, "Xen's numbers");

int chaos__xen_nr_cpus(struct chaos__xen *xen, unsigned int *nr)
{
	int n;

	xen->detail[0] = '\0';
	n = xc_get_max_cpus(xen->xch);
	if (n <= 0)
		return chaos__xen_errno(xen);
	*nr = n < CHAOS__MAX_CPUS ? (unsigned int)n : CHAOS__MAX_CPUS;
	return 0;
}

static void from_map(struct chaos__xen *xen, xc_cpumap_t map,
		     struct chaos__cpus *out)
{
	int i, nr = xc_get_cpumap_size(xen->xch) * 8;

	memset(out, 0, sizeof(*out));
	for (i = 0; i < nr && i < CHAOS__MAX_CPUS; i++)
		if (xc_cpumap_testcpu(i, map))
			chaos__cpus_set(out, (unsigned int)i);
}

/* NULL gives NULL. */
static int to_map(struct chaos__xen *xen, const struct chaos__cpus *cpus,
		  xc_cpumap_t *out)
{
	int i, nr = xc_get_cpumap_size(xen->xch) * 8;

	*out = NULL;
	if (!cpus)
		return 0;
	*out = xc_cpumap_alloc(xen->xch);
	if (!*out)
		return -ENOMEM;
	for (i = 0; i < nr && i < CHAOS__MAX_CPUS; i++)
		if (chaos__cpus_has(cpus, (unsigned int)i))
			xc_cpumap_setcpu(i, *out);
	return 0;
}

static int get_affinity(struct chaos__xen *xen, uint32_t domid, uint32_t vcpu,
			struct chaos__xen_vcpu *out)
{
	xc_cpumap_t hard = xc_cpumap_alloc(xen->xch);
	xc_cpumap_t soft = xc_cpumap_alloc(xen->xch);
	int rc = -ENOMEM;

	if (hard && soft)
		rc = xc_vcpu_getaffinity(xen->xch, domid, (int)vcpu, hard, soft,
					 XEN_VCPUAFFINITY_HARD |
					 XEN_VCPUAFFINITY_SOFT) ?
		     chaos__xen_errno(xen) : 0;
	if (!rc) {
		from_map(xen, hard, &out->hard);
		from_map(xen, soft, &out->soft);
	}
	free(hard);
	free(soft);
	return rc;
}

int chaos__xen_vcpu_get(struct chaos__xen *xen, uint32_t domid, uint32_t vcpu,
			struct chaos__xen_vcpu *out)
{
	xc_vcpuinfo_t info = { 0 };
	struct chaos__xen_vcpu v = { 0 };
	int rc;

	xen->detail[0] = '\0';
	if (xc_vcpu_getinfo(xen->xch, domid, vcpu, &info))
		return chaos__xen_errno(xen);
	v.online = info.online;
	v.blocked = info.blocked;
	v.running = info.running;
	v.cpu = info.cpu;
	v.cpu_ns = info.cpu_time;
	rc = get_affinity(xen, domid, vcpu, &v);
	if (!rc)
		*out = v;
	return rc;
}

int chaos__xen_vcpu_pin(struct chaos__xen *xen, uint32_t domid, uint32_t vcpu,
			const struct chaos__cpus *hard,
			const struct chaos__cpus *soft)
{
	xc_cpumap_t hard_map = NULL, soft_map = NULL;
	uint32_t flags = (hard ? XEN_VCPUAFFINITY_HARD : 0) |
			 (soft ? XEN_VCPUAFFINITY_SOFT : 0);
	int rc;

	xen->detail[0] = '\0';
	rc = to_map(xen, hard, &hard_map);
	if (!rc)
		rc = to_map(xen, soft, &soft_map);
	if (!rc && xc_vcpu_setaffinity(xen->xch, domid, (int)vcpu, hard_map,
				       soft_map, flags))
		rc = chaos__xen_errno(xen);
	free(hard_map);
	free(soft_map);
	return rc;
}

int chaos__xen_weight_get(struct chaos__xen *xen, uint32_t domid,
			  uint32_t scheduler, uint32_t *weight, uint32_t *cap)
{
	struct xen_domctl_sched_credit credit = { 0 };
	struct xen_domctl_sched_credit2 credit2 = { 0 };

	xen->detail[0] = '\0';
	if (scheduler == XEN_SCHEDULER_CREDIT) {
		if (xc_sched_credit_domain_get(xen->xch, domid, &credit))
			return chaos__xen_errno(xen);
		*weight = credit.weight;
		*cap = credit.cap;
		return 0;
	}
	if (scheduler != XEN_SCHEDULER_CREDIT2)
		return -EOPNOTSUPP;
	if (xc_sched_credit2_domain_get(xen->xch, domid, &credit2))
		return chaos__xen_errno(xen);
	*weight = credit2.weight;
	*cap = credit2.cap;
	return 0;
}

int chaos__xen_weight_set(struct chaos__xen *xen, uint32_t domid,
			  uint32_t scheduler, uint32_t weight, uint32_t cap)
{
	struct xen_domctl_sched_credit credit = {
		.weight = (uint16_t)weight, .cap = (uint16_t)cap,
	};
	struct xen_domctl_sched_credit2 credit2 = {
		.weight = (uint16_t)weight, .cap = (uint16_t)cap,
	};
	int r;

	xen->detail[0] = '\0';
	if (scheduler == XEN_SCHEDULER_CREDIT)
		r = xc_sched_credit_domain_set(xen->xch, domid, &credit);
	else if (scheduler == XEN_SCHEDULER_CREDIT2)
		r = xc_sched_credit2_domain_set(xen->xch, domid, &credit2);
	else
		return -EOPNOTSUPP;
	return r ? chaos__xen_errno(xen) : 0;
}

int chaos__xen_max_memory(struct chaos__xen *xen, uint32_t domid, uint64_t kb)
{
	xen->detail[0] = '\0';
	return xc_domain_setmaxmem(xen->xch, domid, kb) ?
	       chaos__xen_errno(xen) : 0;
}

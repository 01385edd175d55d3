// SPDX-License-Identifier: BSD-2-Clause
/* CPU pools. */
#include <errno.h>
#include <string.h>

#include "private.h"
#include "cpus.h"

int chaos__xen_pool_get(struct chaos__xen *xen, uint32_t first,
			struct chaos__xen_pool *out)
{
	xc_cpupoolinfo_t *info;
	int i, nr;

	xen->detail[0] = '\0';
	errno = 0;
	info = xc_cpupool_getinfo(xen->xch, first);
	if (!info)
		return chaos__xen_errno(xen);
	memset(out, 0, sizeof(*out));
	out->id = info->cpupool_id;
	out->scheduler = info->sched_id;
	out->nr_domains = info->n_dom;
	nr = xc_get_cpumap_size(xen->xch) * 8;
	for (i = 0; i < nr && i < CHAOS__MAX_CPUS; i++)
		if (xc_cpumap_testcpu(i, info->cpumap))
			chaos__cpus_set(&out->cpus, (unsigned int)i);
	xc_cpupool_infofree(xen->xch, info);
	return 0;
}

int chaos__xen_pool_create(struct chaos__xen *xen, uint32_t scheduler,
			   uint32_t *id)
{
	uint32_t made = XEN_SYSCTL_CPUPOOL_PAR_ANY;

	xen->detail[0] = '\0';
	if (xc_cpupool_create(xen->xch, &made, scheduler))
		return chaos__xen_errno(xen);
	*id = made;
	return 0;
}

int chaos__xen_pool_destroy(struct chaos__xen *xen, uint32_t id)
{
	xen->detail[0] = '\0';
	return xc_cpupool_destroy(xen->xch, id) ? chaos__xen_errno(xen) : 0;
}

int chaos__xen_pool_add(struct chaos__xen *xen, uint32_t id, unsigned int cpu)
{
	xen->detail[0] = '\0';
	return xc_cpupool_addcpu(xen->xch, id, (int)cpu) ?
	       chaos__xen_errno(xen) : 0;
}

int chaos__xen_pool_remove(struct chaos__xen *xen, uint32_t id,
			   unsigned int cpu)
{
	xen->detail[0] = '\0';
	return xc_cpupool_removecpu(xen->xch, id, (int)cpu) ?
	       chaos__xen_errno(xen) : 0;
}

int chaos__xen_pool_move(struct chaos__xen *xen, uint32_t id, uint32_t domid)
{
	xen->detail[0] = '\0';
	return xc_cpupool_movedomain(xen->xch, id, domid) ?
	       chaos__xen_errno(xen) : 0;
}

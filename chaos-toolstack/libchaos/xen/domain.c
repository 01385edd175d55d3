// SPDX-License-Identifier: BSD-2-Clause
/* Domains: make, look at, pause, destroy. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

#define LIST_BATCH 256

static void from_xen(const xc_domaininfo_t *in, struct chaos__xen_dom *out)
{
	memset(out, 0, sizeof(*out));
	out->domid = in->domain;
	memcpy(out->uuid, in->handle, sizeof(out->uuid));
	out->pvh = in->flags & XEN_DOMINF_hvm_guest;
	out->paused = in->flags & XEN_DOMINF_paused;
	out->blocked = in->flags & XEN_DOMINF_blocked;
	out->running = in->flags & XEN_DOMINF_running;
	out->shutdown = in->flags & XEN_DOMINF_shutdown;
	out->dying = in->flags & XEN_DOMINF_dying;
	out->shutdown_code = (in->flags >> XEN_DOMINF_shutdownshift) &
			     XEN_DOMINF_shutdownmask;
	out->vcpus = in->nr_online_vcpus;
	out->max_vcpus = in->max_vcpu_id + 1;	/* none is ~0 */
	out->pages = in->tot_pages;
	out->max_pages = in->max_pages;
	out->cpu_ns = in->cpu_time;
	out->pool = in->cpupool;
}

int chaos__xen_get(struct chaos__xen *xen, uint32_t domid,
		   struct chaos__xen_dom *dom)
{
	int n = chaos__xen_list(xen, domid, dom, 1);

	if (n < 0)
		return n;
	return n == 1 && dom->domid == domid ? 0 : -ESRCH;
}

int chaos__xen_list(struct chaos__xen *xen, uint32_t first,
		    struct chaos__xen_dom *dom, unsigned int max)
{
	xc_domaininfo_t *info;
	int i, n;

	if (max > LIST_BATCH)
		max = LIST_BATCH;
	if (first >= DOMID_FIRST_RESERVED)
		return 0;
	info = calloc(max, sizeof(*info));
	if (!info)
		return -ENOMEM;
	xen->detail[0] = '\0';
	n = xc_domain_getinfolist(xen->xch, first, max, info);
	if (n < 0)
		n = chaos__xen_errno(xen);
	for (i = 0; i < n; i++)
		from_xen(&info[i], &dom[i]);
	free(info);
	return n;
}

int chaos__xen_free_kb(struct chaos__xen *xen, uint64_t *kb)
{
	xc_physinfo_t info = { 0 };

	xen->detail[0] = '\0';
	if (xc_physinfo(xen->xch, &info))
		return chaos__xen_errno(xen);
	*kb = info.free_pages * (CHAOS__PAGE_SIZE / 1024);
	return 0;
}

int chaos__xen_create(struct chaos__xen *xen,
		      const struct chaos__xen_params *p, uint32_t *domid)
{
	struct xen_domctl_createdomain config = {
		.max_vcpus = p->vcpus,
		.max_evtchn_port = p->max_event_channels,
		.max_grant_frames = p->max_grant_frames,
		.max_maptrack_frames = p->max_maptrack_frames,
		.grant_opts = XEN_DOMCTL_GRANT_version(2),
	};
	uint32_t id = 0;	/* Xen chooses */

	if (p->pvh) {
		config.flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap;
		config.arch.emulation_flags = XEN_X86_EMU_LAPIC;
	}
	memcpy(config.handle, p->uuid, sizeof(config.handle));
	xen->detail[0] = '\0';
	if (xc_domain_create(xen->xch, &id, &config))
		return chaos__xen_errno(xen);
	*domid = id;
	return 0;
}

/* Before the image: Xen's hvm context needs a vCPU to exist. */
int chaos__xen_vcpus(struct chaos__xen *xen, uint32_t domid,
		     const struct chaos__xen_params *p)
{
	xen->detail[0] = '\0';
	if (xc_domain_max_vcpus(xen->xch, domid, p->vcpus))
		return chaos__xen_errno(xen);
	return 0;
}

int chaos__xen_set_uuid(struct chaos__xen *xen, uint32_t domid,
			const uint8_t uuid[16])
{
	xen_domain_handle_t handle = { 0 };

	memcpy(handle, uuid, sizeof(handle));
	xen->detail[0] = '\0';
	if (xc_domain_sethandle(xen->xch, domid, handle))
		return chaos__xen_errno(xen);
	return 0;
}

int chaos__xen_pause(struct chaos__xen *xen, uint32_t domid)
{
	xen->detail[0] = '\0';
	return xc_domain_pause(xen->xch, domid) ? chaos__xen_errno(xen) : 0;
}

int chaos__xen_unpause(struct chaos__xen *xen, uint32_t domid)
{
	xen->detail[0] = '\0';
	return xc_domain_unpause(xen->xch, domid) ? chaos__xen_errno(xen) : 0;
}

/* Xen continues the hypercall by itself; some versions ask to call again. */
int chaos__xen_destroy(struct chaos__xen *xen, uint32_t domid)
{
	int rc;

	xen->detail[0] = '\0';
	do {
		rc = xc_domain_destroy(xen->xch, domid) ?
		     chaos__xen_errno(xen) : 0;
	} while (rc == -EAGAIN || rc == -EINTR);
	return rc;
}

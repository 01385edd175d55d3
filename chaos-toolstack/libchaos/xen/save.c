// SPDX-License-Identifier: BSD-2-Clause
/*
 * A suspended domain's state, in chunks (chunk.h).  Reads and maps; changes
 * nothing about the domain.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "state.h"

/* After <xenctrl.h>, which asks for the toolstack's half of Xen's headers. */
#include <xen/hvm/params.h>

int chaos__state_put(const struct chaos__sink *sink, uint32_t type,
		     const void *data, size_t size)
{
	struct iovec iov = { .iov_base = (void *)data, .iov_len = size };

	return sink->put(sink->arg, type, &iov, 1);
}

/* Of those, what a PVH guest can have; ports belong to the host. */
static const uint32_t saved_params[] = {
	HVM_PARAM_IDENT_PT,
	HVM_PARAM_CONSOLE_PFN,
	HVM_PARAM_X87_FIP_WIDTH,
	HVM_PARAM_VM86_TSS_SIZED,
};

#define NR_PARAMS (sizeof(saved_params) / sizeof(saved_params[0]))

static int put_platform(struct chaos__xen *xen, const xc_domaininfo_t *info,
			const struct chaos__sink *sink)
{
	int version = xc_version(xen->xch, XENVER_version, NULL);
	struct chaos__chunk_platform head = {
		.version = CHAOS__PLATFORM_VERSION,
		.vcpus = info->max_vcpu_id + 1,
		.nr_pages = info->tot_pages,
	};

	if (version < 0)
		return chaos__xen_errno(xen);
	head.xen_major = (uint32_t)version >> 16;
	head.xen_minor = (uint32_t)version & 0xffff;
	if (info->flags & XEN_DOMINF_hvm_guest)
		head.flags = CHAOS__PLATFORM_PVH;
	return chaos__state_put(sink, CHAOS__CHUNK_PLATFORM, &head,
				sizeof(head));
}

static int put_tsc(struct chaos__xen *xen, uint32_t domid,
		   const struct chaos__sink *sink)
{
	struct chaos__chunk_tsc tsc = { 0 };

	if (xc_domain_get_tsc_info(xen->xch, domid, &tsc.mode, &tsc.nsec,
				   &tsc.khz, &tsc.incarnation))
		return chaos__xen_errno(xen);
	return chaos__state_put(sink, CHAOS__CHUNK_TSC, &tsc, sizeof(tsc));
}

static int put_params(struct chaos__xen *xen, uint32_t domid,
		      const struct chaos__sink *sink)
{
	struct chaos__chunk_param param[NR_PARAMS];
	unsigned int i, n = 0;

	for (i = 0; i < NR_PARAMS; i++) {
		param[n].index = saved_params[i];
		if (xc_hvm_param_get(xen->xch, domid, saved_params[i],
				     &param[n].value))
			return chaos__xen_errno(xen);
		if (param[n].value)
			n++;
	}
	return chaos__state_put(sink, CHAOS__CHUNK_PARAMS, param,
				n * sizeof(param[0]));
}

static int put_context(struct chaos__xen *xen, uint32_t domid,
		       const struct chaos__sink *sink)
{
	uint8_t *buf;
	int size, rc;

	size = xc_domain_hvm_getcontext(xen->xch, domid, NULL, 0);
	if (size < 0)
		return chaos__xen_errno(xen);
	buf = malloc((size_t)size);
	if (!buf)
		return -ENOMEM;
	size = xc_domain_hvm_getcontext(xen->xch, domid, buf, (uint32_t)size);
	if (size < 0)
		rc = chaos__xen_errno(xen);
	else
		rc = chaos__state_put(sink, CHAOS__CHUNK_HVM_CONTEXT, buf,
				      (size_t)size);
	free(buf);
	return rc;
}

static int put_pvh(struct chaos__xen *xen, const xc_domaininfo_t *info,
		   uint64_t mem_pages, const struct chaos__sink *sink,
		   struct chaos__chunk_end *end)
{
	int rc = put_tsc(xen, info->domain, sink);

	if (!rc)
		rc = chaos__state_put_memory(xen, info->domain, mem_pages,
					     info->tot_pages, sink, end);
	if (!rc)
		rc = put_params(xen, info->domain, sink);
	if (!rc)
		rc = put_context(xen, info->domain, sink);
	return rc;
}

int chaos__state_info(struct chaos__xen *xen, uint32_t domid,
		      xc_domaininfo_t *info)
{
	int n = xc_domain_getinfolist(xen->xch, domid, 1, info);

	if (n < 0)
		return chaos__xen_errno(xen);
	if (n != 1 || info->domain != domid ||
	    (info->flags & XEN_DOMINF_dying))
		return -ESRCH;
	return 0;
}

/* A guest that runs meanwhile would be two halves of different guests. */
static int look(struct chaos__xen *xen, uint32_t domid, bool pvh,
		xc_domaininfo_t *info)
{
	int rc = chaos__state_info(xen, domid, info);

	if (rc)
		return rc;
	if (!(info->flags & (XEN_DOMINF_shutdown | XEN_DOMINF_paused)))
		return -EBUSY;
	if (pvh != !!(info->flags & XEN_DOMINF_hvm_guest))
		return -EINVAL;
	return 0;
}

int chaos__xen_save(struct chaos__xen *xen, uint32_t domid, bool pvh,
		    uint64_t mem_pages, const struct chaos__sink *sink)
{
	struct chaos__chunk_end end = { 0 };
	xc_domaininfo_t info;
	int rc;

	xen->detail[0] = '\0';
	rc = look(xen, domid, pvh, &info);
	if (!rc)
		rc = put_platform(xen, &info, sink);
	if (!rc)
		rc = chaos__state_put_cpu(xen, domid, sink);
	if (!rc && pvh)
		rc = put_pvh(xen, &info, mem_pages, sink, &end);
	else if (!rc)
		rc = chaos__state_put_pv(xen, domid, sink, &end);
	if (!rc)
		rc = chaos__state_put(sink, CHAOS__CHUNK_END, &end,
				      sizeof(end));
	return rc;
}

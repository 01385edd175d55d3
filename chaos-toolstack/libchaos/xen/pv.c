// SPDX-License-Identifier: BSD-2-Clause
/* Building a PV guest: page tables and p2m are libxenguest's business. */
#include <errno.h>
#include <stdlib.h>

#include <xenctrl.h>
#include <xenguest.h>

#include "private.h"

struct pv_build {
	struct chaos__xen_build b;
	struct xc_dom_image *dom;
};

static struct pv_build *of(struct chaos__xen_build *b)
{
	return (struct pv_build *)b;
}

/* libxenguest returns -1 with or without errno; its log says what it was. */
static int failed(struct chaos__xen_build *b)
{
	int rc = chaos__xen_errno(b->xen);

	return rc == -EIO && b->xen->detail[0] ? -ENOEXEC : rc;
}

static int open_image(struct chaos__xen_build *b)
{
	struct pv_build *pv = of(b);

	errno = 0;
	pv->dom = xc_dom_allocate(b->xen->xch, b->p->cmdline, NULL);
	if (!pv->dom)
		return -ENOMEM;
	pv->dom->container_type = XC_DOM_PV_CONTAINER;
	pv->dom->max_vcpus = b->p->vcpus;
	pv->dom->console_evtchn = b->console_port;
	if (xc_dom_kernel_file(pv->dom, b->p->kernel))
		return failed(b);
	if (b->p->ramdisk &&
	    xc_dom_module_file(pv->dom, b->p->ramdisk, NULL))
		return failed(b);
	if (xc_dom_boot_xen_init(pv->dom, b->xen->xch, b->domid) ||
	    xc_dom_parse_image(pv->dom))
		return failed(b);
	return 0;
}

static int pv_memory(struct chaos__xen_build *b)
{
	struct pv_build *pv = of(b);
	int rc;

	rc = open_image(b);
	if (rc)
		return rc;
	if (xc_dom_mem_init(pv->dom, (unsigned int)(b->p->mem_kb / 1024)) ||
	    xc_dom_boot_mem_init(pv->dom))
		return failed(b);
	return 0;
}

static int pv_image(struct chaos__xen_build *b)
{
	errno = 0;
	return xc_dom_build_image(of(b)->dom) ? failed(b) : 0;
}

static int pv_boot(struct chaos__xen_build *b,
		   struct chaos__xen_console_where *con)
{
	struct xc_dom_image *dom = of(b)->dom;

	errno = 0;
	if (xc_dom_boot_image(dom))
		return failed(b);
	con->gfn = dom->pv_p2m[dom->console_pfn];
	return 0;
}

static void pv_end(struct chaos__xen_build *b)
{
	if (of(b)->dom)
		xc_dom_release(of(b)->dom);
	free(of(b));
}

static const struct chaos__xen_build_ops pv_ops = {
	.memory = pv_memory,
	.image = pv_image,
	.boot = pv_boot,
	.end = pv_end,
};

int chaos__xen_pv_begin(struct chaos__xen_build **out)
{
	struct pv_build *pv;

	pv = calloc(1, sizeof(*pv));
	if (!pv)
		return -ENOMEM;
	pv->b.ops = &pv_ops;
	*out = &pv->b;
	return 0;
}

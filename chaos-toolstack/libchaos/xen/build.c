// SPDX-License-Identifier: BSD-2-Clause
/* What PV and PVH builds share. */
#include <errno.h>

#include "private.h"

int chaos__xen_build_begin(struct chaos__xen *xen, uint32_t domid,
			   const struct chaos__xen_params *p,
			   struct chaos__xen_build **out)
{
	struct chaos__xen_build *b;
	int port, rc;

	xen->detail[0] = '\0';
	rc = p->pvh ? chaos__xen_pvh_begin(&b) : chaos__xen_pv_begin(&b);
	if (rc)
		return rc;
	b->xen = xen;
	b->domid = domid;
	b->p = p;
	if (xc_domain_setmaxmem(xen->xch, domid, p->max_mem_kb))
		goto err;
	/* Goes with the domain; whoever opens the console binds to it. */
	port = xc_evtchn_alloc_unbound(xen->xch, domid, 0);
	if (port < 0)
		goto err;
	b->console_port = (uint32_t)port;
	*out = b;
	return 0;
err:
	rc = chaos__xen_errno(xen);
	b->ops->end(b);
	return rc;
}

void chaos__xen_build_use(struct chaos__xen_build *b, struct chaos__xen *xen)
{
	b->xen = xen;
}

int chaos__xen_build_memory(struct chaos__xen_build *b)
{
	b->xen->detail[0] = '\0';
	return b->ops->memory(b);
}

int chaos__xen_build_image(struct chaos__xen_build *b)
{
	b->xen->detail[0] = '\0';
	return b->ops->image(b);
}

int chaos__xen_build_boot(struct chaos__xen_build *b,
			  struct chaos__xen_console_where *con)
{
	b->xen->detail[0] = '\0';
	con->port = b->console_port;
	return b->ops->boot(b, con);
}

void chaos__xen_build_end(struct chaos__xen_build *b)
{
	if (b)
		b->ops->end(b);
}

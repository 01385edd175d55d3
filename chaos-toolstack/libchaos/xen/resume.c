// SPDX-License-Identifier: BSD-2-Clause
/* A suspend that is called off. */
#include <errno.h>
#include <stdlib.h>

#include <xenctrl.h>
#include <xenguest.h>

#include "state.h"

/* What SCHEDOP_shutdown returns to the guest; libxc does it for those HVM
 * guests alone that gave Xen an interrupt, and an unikernel needs none. */
static int return_from_suspend(struct chaos__xen *xen, uint32_t domid,
			       uint64_t value)
{
	vcpu_guest_context_any_t *context;
	int rc = 0;

	context = calloc(1, sizeof(*context));
	if (!context)
		return -ENOMEM;
	if (xc_vcpu_getcontext(xen->xch, domid, 0, context))
		rc = chaos__xen_errno(xen);
	context->x64.user_regs.rax = value;
	if (!rc && xc_vcpu_setcontext(xen->xch, domid, 0, context))
		rc = chaos__xen_errno(xen);
	free(context);
	return rc;
}

int chaos__xen_resume(struct chaos__xen *xen, uint32_t domid)
{
	xc_domaininfo_t info;
	bool pvh;
	int rc;

	xen->detail[0] = '\0';
	rc = chaos__state_info(xen, domid, &info);
	if (rc)
		return rc;
	if (!(info.flags & XEN_DOMINF_shutdown) ||
	    (info.flags >> XEN_DOMINF_shutdownshift &
	     XEN_DOMINF_shutdownmask) != SHUTDOWN_suspend)
		return -EINVAL;
	pvh = info.flags & XEN_DOMINF_hvm_guest;
	if (pvh)
		rc = return_from_suspend(xen, domid, 1);
	if (!rc && xc_domain_resume(xen->xch, domid, !pvh))
		rc = chaos__xen_errno(xen);
	return rc;
}

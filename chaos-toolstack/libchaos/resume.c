// SPDX-License-Identifier: BSD-2-Clause
/* A domain that was left suspended goes on, where it is. */
#include <errno.h>

#include "suspend.h"

int chaos_resume(struct chaos *ctx, uint32_t domid)
{
	struct chaos__suspend s;
	int rc = chaos__suspend_open(ctx, domid, &s);

	if (rc)
		return rc;
	if (!s.f.dom.shutdown || s.f.dom.shutdown_code != CHAOS__CODE_SUSPEND)
		rc = chaos__fail(ctx, -EINVAL, s.f.object, "let it go on",
				 s.f.dom.paused ? "chaos unpause" : "",
				 "it is not suspended");
	else
		rc = chaos__suspend_go_on(&s);
	chaos__suspend_close(&s);
	return rc;
}

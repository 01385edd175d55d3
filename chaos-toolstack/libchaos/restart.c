// SPDX-License-Identifier: BSD-2-Clause
/*
 * A domain that ended, made anew.
 *
 * Its memory and its UUID are needed for the new one, so the old one goes
 * first.  What can be found out before is: its configuration and its kernel are
 * read.  The name stays locked in between; a crash there leaves a name whose
 * domain was being destroyed, which chaos_gc removes.
 */
#include <errno.h>

#include "carry.h"
#include "restart.h"

int chaos__restart(struct chaos *ctx, const struct chaos__found *f,
		   struct chaos__name_lock *lock, uint32_t *domid)
{
	struct chaos_config *cfg;
	int rc;

	rc = chaos__record_config(ctx, f->rec, &cfg);
	if (rc)
		return rc;
	chaos__carry_all(ctx, f, cfg);
	rc = chaos__check_image(ctx, cfg);
	if (rc)
		goto out;
	rc = chaos__destroy_found(ctx, f, lock);
	if (rc)
		goto out;
	rc = chaos__create_named(ctx, cfg, lock, domid);
out:
	chaos_config_free(cfg);
	return rc;
}

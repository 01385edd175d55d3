// SPDX-License-Identifier: BSD-2-Clause
/*
 * What a configuration may say and a create does not do.  It is parsed and kept
 * because a record or an image may be for a release that does.
 */
#include <errno.h>

#include "config.h"

int chaos__config_unmet(struct chaos *ctx, const struct chaos_config *cfg)
{
	const char *what = NULL;
	unsigned int i;

	for (i = 0; !what && i < cfg->nr_vifs; i++)
		if (cfg->vif[i].rate_bytes)
			what = "rate of a vif";
	if (!what)
		return 0;
	return chaos__fail(ctx, -EOPNOTSUPP, cfg->name, "check configuration",
			   "leave it out", "%s cannot be applied", what);
}

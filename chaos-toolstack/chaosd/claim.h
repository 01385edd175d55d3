/* SPDX-License-Identifier: BSD-2-Clause */
/* claim.h: a guest out of a spare, for whoever wants one. */
#ifndef CHAOSD_CLAIM_H
#define CHAOSD_CLAIM_H

#include "pool.h"

/*
 * By a spare that fits; the steps and errors are in ctx.  -EXDEV: there is none,
 * or those that were tried are no good any more; then the guest is to be made
 * without one, which says what is wrong if that cannot be done either.
 */
int claim(struct chaos *ctx, struct pool *pool, const struct chaos_config *cfg,
	  unsigned int flags, uint32_t *domid);

#endif

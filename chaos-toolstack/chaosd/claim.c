// SPDX-License-Identifier: BSD-2-Clause
/* A guest out of a spare. */
#include <errno.h>
#include <string.h>

#include "claim.h"
#include "log.h"

/* How many spares may turn out to be dead before the request is told. */
#define MAX_TRIES 3

/* What the host lacks, the next spare lacks too. */
static bool is_worth_another(int rc)
{
	return rc != -ENODEV && rc != -ENOMEM && rc != -ENOSPC;
}

int claim(struct chaos *ctx, struct pool *pool, const struct chaos_config *cfg,
	  unsigned int flags, uint32_t *domid)
{
	struct pool_spare *s;
	unsigned int tries;
	int rc = 0;

	for (tries = 0; tries < MAX_TRIES && is_worth_another(rc); tries++) {
		s = pool_take(pool, cfg);
		if (!s)
			break;
		rc = chaos_spare_claim(ctx, &s->spare, cfg, flags, domid);
		if (!rc) {
			pool_claimed(pool, s);
			return 0;
		}
		if (rc != -ESTALE && s->spare) {
			pool_give_back(pool, s);
			return rc;
		}
		log_line(LOG_INFO, "spare domain %u: %s", s->domid,
			 strerror(-rc));
		pool_leave(pool, s);
	}
	return -EXDEV;
}

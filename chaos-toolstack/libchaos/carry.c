// SPDX-License-Identifier: BSD-2-Clause
/* What of a running domain its next life is to have. */
#include <errno.h>
#include <string.h>

#include "carry.h"
#include "place.h"

#define PAGE_KB		(CHAOS__PAGE_SIZE / 1024)
#define DEFAULT_WEIGHT	256	/* of the schedulers that have weights */

static void keep_share(struct chaos_config *cfg, uint32_t weight, uint32_t cap)
{
	long had_weight = cfg->cpu_weight > 0 ? cfg->cpu_weight :
						DEFAULT_WEIGHT;
	long had_cap = cfg->cap > 0 ? cfg->cap : 0;

	/* What is not said costs the next life no call. */
	if (weight && weight != had_weight)
		cfg->cpu_weight = (long)weight;
	/* Somebody else may have set what a configuration must not say. */
	if (cap != had_cap && cap <= 100 * (uint32_t)cfg->vcpus)
		cfg->cap = (long)cap;
}

void chaos__carry_share(struct chaos *ctx, const struct chaos__found *f,
			struct chaos_config *cfg)
{
	struct chaos__xen_pool pool = { 0 };
	uint32_t weight = 0, cap = 0;
	struct chaos__xen_dom dom;
	int rc;

	/* It may have been moved since it was found. */
	rc = chaos__xen_get(ctx->xen, f->dom.domid, &dom);
	if (!rc)
		rc = chaos__xen_pool_get(ctx->xen, dom.pool, &pool);
	if (!rc)
		rc = chaos__xen_weight_get(ctx->xen, dom.domid, pool.scheduler,
					   &weight, &cap);
	if (!rc)
		keep_share(cfg, weight, cap);
	else if (rc != -EOPNOTSUPP)
		chaos__log(ctx, CHAOS_LOG_WARNING,
			   "%s: its weight is as configured: %s", f->object,
			   chaos__xen_reason(ctx, rc));
}

/*
 * A change of the memory lowers the limit to it, or raises it: while it is that
 * of the configuration, nobody changed anything, or it has all there is.
 */
static void keep_memory(struct chaos_config *cfg,
			const struct chaos__xen_dom *dom)
{
	uint64_t limit_kb = dom->max_pages * PAGE_KB, mb;

	if (limit_kb == (uint64_t)cfg->maxmem_mb * 1024 &&
	    dom->pages < dom->max_pages)
		return;
	/* No less than it runs with. */
	mb = (limit_kb + 1023) / 1024;
	if (!mb || mb > INT32_MAX)
		return;
	cfg->memory_mb = (long)mb;
	if (cfg->maxmem_mb < cfg->memory_mb)
		cfg->maxmem_mb = cfg->memory_mb;
}

void chaos__carry_all(struct chaos *ctx, const struct chaos__found *f,
		      struct chaos_config *cfg)
{
	struct chaos__xen_dom dom;
	int rc = chaos__xen_get(ctx->xen, f->dom.domid, &dom);

	chaos__carry_share(ctx, f, cfg);
	if (!rc)
		keep_memory(cfg, &dom);
	else
		chaos__log(ctx, CHAOS_LOG_WARNING,
			   "%s: its memory is as configured: %s", f->object,
			   chaos__xen_reason(ctx, rc));
}

int chaos__carry_limit(struct chaos *ctx, uint32_t domid,
		       const struct chaos_config *cfg)
{
	struct chaos__xen_dom dom;
	uint64_t has;
	int rc;

	rc = chaos__xen_get(ctx->xen, domid, &dom);
	if (rc)
		return rc;
	has = dom.pages * PAGE_KB;
	if (!has || has >= (uint64_t)cfg->memory_mb * 1024)
		return 0;
	return chaos__xen_max_memory(ctx->xen, domid, has);
}

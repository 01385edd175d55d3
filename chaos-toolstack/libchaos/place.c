// SPDX-License-Identifier: BSD-2-Clause
/* What a configuration says of CPUs, for a domain that has not run yet. */
#include <errno.h>
#include <string.h>

#include "place.h"

/* One list for all vCPUs, or one each; those that have none run anywhere. */
static int pin(const struct chaos__what *w, uint32_t domid, uint32_t pool,
	       const struct chaos_config *cfg)
{
	bool each = strchr(cfg->cpus, ';');
	const char *at = cfg->cpus;
	struct chaos__cpus cpus = { 0 };
	uint32_t i;
	int rc = 0;

	for (i = 0; i < (uint32_t)cfg->vcpus && !rc; i++) {
		if (each && !*at)
			break;
		if (each || !i)
			rc = chaos__cpus_read(w, pool, at, &at, &cpus);
		if (rc)
			return rc;
		rc = chaos__xen_vcpu_pin(w->ctx->xen, domid, i, &cpus, NULL);
	}
	return rc ? chaos__sched_failed(w, rc) : 0;
}

int chaos__place(struct chaos *ctx, const char *object, const char *step,
		 uint32_t domid, const struct chaos_config *cfg)
{
	struct chaos__what w = { ctx, object, step };
	uint32_t pool = 0;
	int rc = 0;

	if (cfg->pool)
		rc = chaos__cpupool_read(&w, cfg->pool, &pool);
	if (!rc && pool)
		rc = chaos__cpupool_move(&w, pool, domid);
	if (!rc && cfg->cpus && strcmp(cfg->cpus, "all"))
		rc = pin(&w, domid, pool, cfg);
	if (!rc && (cfg->cpu_weight > 0 || cfg->cap > 0))
		rc = chaos__weight_set(&w, domid, pool, (uint32_t)cfg->vcpus,
				       cfg->cpu_weight, cfg->cap);
	return rc;
}

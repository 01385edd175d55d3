// SPDX-License-Identifier: BSD-2-Clause
/* All domains, and what is said of each. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "find.h"

#define BATCH		256
#define SHUTDOWN_CRASH	3	/* Xen's sched.h */

const char *chaos_state_name(enum chaos_state state)
{
	static const char *const names[] = {
		[CHAOS_STATE_RUNNING] = "running",
		[CHAOS_STATE_IDLE] = "idle",
		[CHAOS_STATE_PAUSED] = "paused",
		[CHAOS_STATE_SHUTDOWN] = "shutdown",
		[CHAOS_STATE_CRASHED] = "crashed",
		[CHAOS_STATE_DYING] = "dying",
	};

	if ((unsigned int)state >= sizeof(names) / sizeof(names[0]))
		return "unknown";
	return names[state];
}

static enum chaos_state state_of(const struct chaos__xen_dom *d)
{
	if (d->dying)
		return CHAOS_STATE_DYING;
	if (d->shutdown)
		return d->shutdown_code == SHUTDOWN_CRASH ?
		       CHAOS_STATE_CRASHED : CHAOS_STATE_SHUTDOWN;
	if (d->paused)
		return CHAOS_STATE_PAUSED;
	return d->blocked ? CHAOS_STATE_IDLE : CHAOS_STATE_RUNNING;
}

void chaos__describe(const struct chaos__xen_dom *dom,
		     const char *name, char uuid[CHAOS__UUID_LEN + 1],
		     struct chaos_domain *out)
{
	chaos__uuid_format(dom->uuid, uuid);
	memset(out, 0, sizeof(*out));
	out->domid = dom->domid;
	out->state = state_of(dom);
	out->name = name ? name : dom->domid ? "" : "Domain-0";
	out->uuid = uuid;
	out->type = dom->pvh ? "pvh" : "pv";
	out->mem_kb = dom->pages * (CHAOS__PAGE_SIZE / 1024);
	out->max_mem_kb = dom->max_pages * (CHAOS__PAGE_SIZE / 1024);
	out->vcpus = dom->vcpus;
	out->shutdown_code = dom->shutdown ? dom->shutdown_code : 0;
	out->cpu_ns = dom->cpu_ns;
}

static int visit(struct chaos *ctx, const struct chaos__xen_dom *dom,
		 int (*fn)(void *arg, const struct chaos_domain *d), void *arg)
{
	char uuid[CHAOS__UUID_LEN + 1];
	char name[CHAOS_NAME_MAX + 1];
	bool has_name = false;
	struct chaos_domain d;

	/* No record or an unreadable one: the domain is there all the same. */
	if (ctx->domains_fd >= 0)
		has_name = !chaos__record_name(ctx, dom->uuid, name);
	chaos__describe(dom, has_name ? name : NULL, uuid, &d);
	if (!has_name && dom->domid && chaos__is_spare(ctx, dom->uuid))
		d.flags |= CHAOS_DOMAIN_SPARE;
	return fn(arg, &d);
}

int chaos_list(struct chaos *ctx,
	       int (*fn)(void *arg, const struct chaos_domain *d), void *arg)
{
	struct chaos__xen_dom *dom;
	uint32_t next = 0;
	int i, n, rc;

	chaos__begin(ctx);
	rc = chaos__need_xen(ctx, "domains");
	if (rc)
		return rc;
	rc = chaos__store_open(ctx);
	if (rc)
		chaos__log(ctx, CHAOS_LOG_WARNING, "names: %s: %s",
			   ctx->run_dir, strerror(-rc));
	dom = calloc(BATCH, sizeof(*dom));
	if (!dom)
		return chaos__fail(ctx, -ENOMEM, "domains", "list", "", NULL);
	rc = 0;
	do {
		n = chaos__xen_list(ctx->xen, next, dom, BATCH);
		if (n < 0)
			rc = chaos__fail(ctx, n, "domains", "list", "", "%s",
					 chaos__xen_reason(ctx, n));
		for (i = 0; i < n && !rc; i++)
			rc = visit(ctx, &dom[i], fn, arg);
		if (n > 0)
			next = dom[n - 1].domid + 1;
	} while (n > 0 && !rc);
	free(dom);
	return rc;
}

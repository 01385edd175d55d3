// SPDX-License-Identifier: BSD-2-Clause
/*
 * How much memory a running guest has.  Xen's limit is raised before the guest
 * grows and lowered after it shrank: in between it is never below what it has.
 */
#include <errno.h>
#include <string.h>

#include <noxs/noxs.h>

#include "power.h"
#include "xen/cpus.h"

#define STEP	"set its memory"
#define PAGE_KB	(CHAOS__PAGE_SIZE / 1024)

static int failed(struct chaos *ctx, const struct chaos__found *f, int rc)
{
	return chaos__fail(ctx, rc, f->object, STEP, "", "%s",
			   chaos__xen_reason(ctx, rc));
}

static int check(struct chaos *ctx, const struct chaos__found *f,
		 uint64_t mem_kb)
{
	uint64_t has = f->dom.pages * PAGE_KB, free_kb = 0;
	int rc;

	if (!f->rec)
		return chaos__fail(ctx, -ENOENT, f->object, STEP, "",
				   "it was not made by chaos");
	if (mem_kb < PAGE_KB)
		return chaos__fail(ctx, -EINVAL, f->object, STEP, "",
				   "a guest needs some memory");
	if (f->dom.paused)
		return chaos__fail(ctx, -EAGAIN, f->object, STEP,
				   "chaos unpause", "it is paused");
	if (mem_kb <= has)
		return 0;
	rc = chaos__xen_free_kb(ctx->xen, &free_kb);
	if (rc)
		return failed(ctx, f, rc);
	if (mem_kb - has > free_kb)
		return chaos__fail(ctx, -ENOSPC, f->object, STEP,
				   "destroy something, or ask for less",
				   "it needs %llu kB more, Xen has %llu kB free",
				   (unsigned long long)(mem_kb - has),
				   (unsigned long long)free_kb);
	return 0;
}

/* The limit goes along in the order that never cuts off what is there. */
static int change(struct chaos *ctx, const struct chaos__found *f,
		  uint64_t mem_kb, int timeout_ms)
{
	uint64_t limit = f->dom.max_pages * PAGE_KB;
	bool raised = mem_kb > limit;
	int rc, undo;

	if (raised) {
		rc = chaos__xen_max_memory(ctx->xen, f->dom.domid, mem_kb);
		if (rc)
			return failed(ctx, f, rc);
	}
	rc = chaos__power_command(ctx, f, XEN_NOXS_POWER_MEMORY, mem_kb,
				  timeout_ms);
	if (rc && raised) {
		undo = chaos__xen_max_memory(ctx->xen, f->dom.domid, limit);
		if (undo && undo != -ESRCH)
			chaos__log(ctx, CHAOS_LOG_ERROR, "%s: undo: %s: %s",
				   f->object, STEP, strerror(-undo));
	}
	if (rc || raised || mem_kb == limit)
		return rc;
	rc = chaos__xen_max_memory(ctx->xen, f->dom.domid, mem_kb);
	return rc ? failed(ctx, f, rc) : 0;
}

int chaos_mem_set(struct chaos *ctx, uint32_t domid, uint64_t mem_kb,
		  int timeout_ms)
{
	struct chaos__name_lock lock = { .fd = -1 };
	struct chaos__found f;
	int rc;

	rc = chaos__find(ctx, domid, &f);
	if (rc)
		return rc;
	mem_kb -= mem_kb % PAGE_KB;
	rc = check(ctx, &f, mem_kb);
	if (!rc)
		rc = chaos__power_lock(ctx, &f, &lock);
	if (!rc)
		rc = change(ctx, &f, mem_kb,
			    timeout_ms < 0 ? ctx->timeout_ms : timeout_ms);
	chaos__name_unlock(&lock);
	chaos__found_fini(&f);
	ctx->cancelled = 0;
	return rc;
}

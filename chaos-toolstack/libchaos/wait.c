// SPDX-License-Identifier: BSD-2-Clause
/*
 * Waiting for a state.  Xen tells of idle and running to nobody, so it is asked
 * again every 50 ms: one hypercall, whatever else lives on the host.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "find.h"

#define POLL_MS 50

/* Which of the states the domain is in. */
static int look(struct chaos *ctx, uint32_t domid, const uint8_t uuid[16],
		unsigned int *now)
{
	char text[CHAOS__UUID_LEN + 1];
	struct chaos__xen_dom dom;
	struct chaos_domain d;
	int rc;

	rc = chaos__xen_get(ctx->xen, domid, &dom);
	/* Its number may be somebody else's by now. */
	if (rc == -ESRCH || (!rc && memcmp(dom.uuid, uuid, sizeof(dom.uuid)))) {
		*now = CHAOS_WAIT_GONE;
		return 0;
	}
	if (rc)
		return rc;
	chaos__describe(&dom, NULL, text, &d);
	*now = CHAOS_WAIT_STATE(d.state);
	return 0;
}

static int wait_for(struct chaos *ctx, const struct chaos__found *f,
		    unsigned int states, int timeout_ms, unsigned int *reached)
{
	uint64_t end = chaos__now_ns() + (uint64_t)timeout_ms * 1000000u, now;
	unsigned int state;
	int rc, left = POLL_MS;

	for (;;) {
		rc = look(ctx, f->dom.domid, f->dom.uuid, &state);
		if (rc)
			return chaos__fail(ctx, rc, f->object, "wait", "", "%s",
					   chaos__xen_reason(ctx, rc));
		if (state & states) {
			*reached = state;
			return 0;
		}
		if (state == CHAOS_WAIT_GONE)
			return chaos__fail(ctx, -ESRCH, f->object, "wait", "",
					   "it has gone");
		if (ctx->cancelled)
			return chaos__fail(ctx, -ECANCELED, f->object, "wait",
					   "", "interrupted");
		now = chaos__now_ns();
		if (timeout_ms >= 0) {
			if (now >= end)
				return chaos__fail(ctx, -ETIMEDOUT, f->object,
						   "wait", "", NULL);
			if (end - now < POLL_MS * 1000000u)
				left = (int)((end - now) / 1000000u) + 1;
		}
		poll(NULL, 0, left);
	}
}

int chaos_wait(struct chaos *ctx, uint32_t domid, unsigned int states,
	       int timeout_ms, unsigned int *reached)
{
	struct chaos__found f;
	int rc;

	rc = chaos__find(ctx, domid, &f);
	if (rc == -ESRCH && (states & CHAOS_WAIT_GONE)) {
		chaos__begin(ctx);
		*reached = CHAOS_WAIT_GONE;
		rc = 0;
	} else if (!rc) {
		rc = wait_for(ctx, &f, states, timeout_ms, reached);
		chaos__found_fini(&f);
	}
	ctx->cancelled = 0;
	return rc;
}

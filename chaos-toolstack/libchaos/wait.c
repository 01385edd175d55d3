// SPDX-License-Identifier: BSD-2-Clause
/*
 * Waiting for a state.  A watch says when some domain changed; then this one is
 * looked at, which is one hypercall, whatever else lives on the host.  Of idle,
 * running and dying Xen tells nobody, so these are looked for again and again,
 * as all are without a watch.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "find.h"
#include "watch.h"

#define POLL_MS		50
/* To see a cancel that came just before the sleep. */
#define SLICE_MS	200

#define TOLD (CHAOS_WAIT_STATE(CHAOS_STATE_PAUSED) | \
	      CHAOS_WAIT_STATE(CHAOS_STATE_SHUTDOWN) | \
	      CHAOS_WAIT_STATE(CHAOS_STATE_CRASHED) | CHAOS_WAIT_GONE)

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

/* 1: it is in one of the states; 0: not yet. */
static int check(struct chaos *ctx, const struct chaos__found *f,
		 unsigned int states, unsigned int *reached)
{
	unsigned int state = 0;
	int rc;

	rc = look(ctx, f->dom.domid, f->dom.uuid, &state);
	if (rc)
		return chaos__fail(ctx, rc, f->object, "wait", "", "%s",
				   chaos__xen_reason(ctx, rc));
	if (state & states) {
		*reached = state;
		return 1;
	}
	if (state == CHAOS_WAIT_GONE)
		return chaos__fail(ctx, -ESRCH, f->object, "wait", "",
				   "it has gone");
	if (ctx->cancelled)
		return chaos__fail(ctx, -ECANCELED, f->object, "wait", "",
				   "interrupted");
	return 0;
}

/* How long to sleep, at most slice ms; 0: the time is over. */
static int time_left(uint64_t end, int timeout_ms, int slice)
{
	uint64_t now;

	if (timeout_ms < 0)
		return slice;
	now = chaos__now_ns();
	if (now >= end)
		return 0;
	if (end - now < (uint64_t)slice * 1000000u)
		return (int)((end - now) / 1000000u) + 1;
	return slice;
}

int chaos__wait_found(struct chaos *ctx, const struct chaos__found *f,
		      unsigned int states, int timeout_ms,
		      unsigned int *reached)
{
	uint64_t end = chaos__now_ns() + (uint64_t)timeout_ms * 1000000u;
	struct chaos__watch watch = { .port = NULL };
	bool tried = states & ~TOLD;
	int rc, left;

	while (!(rc = check(ctx, f, states, reached))) {
		left = time_left(end, timeout_ms,
				 watch.port ? SLICE_MS : POLL_MS);
		if (!left) {
			rc = chaos__fail(ctx, -ETIMEDOUT, f->object, "wait", "",
					 NULL);
			break;
		}
		if (!tried) {
			/* It may change before the watch is there: look again. */
			tried = true;
			if (!chaos__watch_open(ctx, &watch))
				continue;
		}
		if (watch.port)
			chaos__watch_wait(&watch, left);
		else
			poll(NULL, 0, left);
	}
	chaos__watch_close(ctx, &watch);
	return rc < 0 ? rc : 0;
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
		rc = chaos__wait_found(ctx, &f, states, timeout_ms, reached);
		chaos__found_fini(&f);
	}
	ctx->cancelled = 0;
	return rc;
}

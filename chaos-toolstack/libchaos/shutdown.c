// SPDX-License-Identifier: BSD-2-Clause
/*
 * Shutting down and rebooting: ask, wait for the end, do what is to be done
 * then.  The guest's name is locked all the time, so that of two who ask one is
 * told so, and nobody takes the name while the domain is made anew.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <noxs/noxs.h>

#include "power.h"
#include "restart.h"

#define STEP_ASK	"ask the guest"
#define STEP_WAIT	"wait for its end"

/* Of SHUTDOWN_* in Xen's sched.h; poweroff and reboot are below, crashes above. */
#define CODE_SUSPEND	2u

#define ENDED (CHAOS_WAIT_STATE(CHAOS_STATE_SHUTDOWN) | \
	       CHAOS_WAIT_STATE(CHAOS_STATE_CRASHED) | CHAOS_WAIT_GONE)

struct ending {
	struct chaos *ctx;
	struct chaos__found f;
	struct chaos__name_lock lock;
	uint32_t cmd;		/* XEN_NOXS_POWER_* */
	int timeout_ms;
	uint64_t deadline;	/* unless timeout_ms is negative */
};

static int failed(const struct ending *e, int rc, const char *step,
		  const char *remedy, const char *reason)
{
	return chaos__fail(e->ctx, rc, e->f.object, step, remedy, "%s", reason);
}

static int time_left(const struct ending *e)
{
	uint64_t now = chaos__now_ns();

	if (e->timeout_ms < 0)
		return -1;
	return now < e->deadline ? (int)((e->deadline - now) / 1000000u) : 0;
}

static int ask(struct ending *e)
{
	if (e->f.dom.paused)
		return failed(e, -EAGAIN, STEP_ASK,
			      "chaos unpause, or chaos destroy",
			      "it is paused");
	return chaos__power_command(e->ctx, &e->f, e->cmd, 0,
				    e->timeout_ms < 0 ? e->ctx->timeout_ms :
							e->timeout_ms);
}

static int await_end(struct ending *e, struct chaos__xen_dom *dom)
{
	unsigned int reached = 0;
	int rc;

	rc = chaos__wait_found(e->ctx, &e->f, ENDED, time_left(e), &reached);
	if (rc == -ETIMEDOUT) {
		chaos__begin(e->ctx);
		return failed(e, rc, STEP_WAIT, "wait longer, or chaos destroy",
			      "it has not shut down in time");
	}
	if (rc)
		return rc;
	rc = reached == CHAOS_WAIT_GONE ? -ESRCH :
	     chaos__xen_get(e->ctx->xen, e->f.dom.domid, dom);
	if (rc == -ESRCH)
		return failed(e, rc, STEP_WAIT, "",
			      "somebody destroyed it meanwhile");
	return rc ? failed(e, rc, STEP_WAIT, "",
			   chaos__xen_reason(e->ctx, rc)) : 0;
}

/* Of one that did not crash, what was asked for counts, not what it did. */
static const char *action_of(const struct ending *e, uint32_t code)
{
	const struct chaos__record *rec = e->f.rec;

	if (code > CODE_SUSPEND)
		return *rec->on_crash ? rec->on_crash : "destroy";
	if (e->cmd == XEN_NOXS_POWER_REBOOT)
		return *rec->on_reboot ? rec->on_reboot : "restart";
	return *rec->on_poweroff ? rec->on_poweroff : "destroy";
}

/* What nobody does here leaves the domain for who can. */
static void not_known(const struct ending *e, const char *action)
{
	if (strcmp(action, "preserve"))
		chaos__log(e->ctx, CHAOS_LOG_WARNING,
			   "%s: %s is not known here: it is preserved",
			   e->f.object, action);
}

static int act(struct ending *e, uint32_t code, uint32_t *new_domid)
{
	const char *action = action_of(e, code);
	uint32_t domid = e->f.dom.domid;
	int rc = 0;

	if (!strcmp(action, "restart")) {
		rc = chaos__restart(e->ctx, &e->f, &e->lock, &domid);
	} else if (!strcmp(action, "destroy")) {
		rc = chaos__destroy_found(e->ctx, &e->f, &e->lock);
		/* Of one that could not be: chaos_gc tries again. */
		if (!rc)
			chaos__name_drop(e->ctx, &e->lock);
		domid = 0;
	} else {
		not_known(e, action);
	}
	if (!rc)
		*new_domid = domid;
	return rc;
}

static int finish(struct ending *e, uint32_t *new_domid)
{
	struct chaos__xen_dom dom = { 0 };
	char reason[64];
	int rc;

	rc = await_end(e, &dom);
	if (rc == -ESRCH && e->cmd == XEN_NOXS_POWER_POWEROFF) {
		/* Somebody else saw it end, and did what we were about to do. */
		chaos__begin(e->ctx);
		*new_domid = 0;
		return 0;
	}
	if (rc)
		return rc;
	if (dom.shutdown_code == CODE_SUSPEND)
		return failed(e, -EPROTO, STEP_WAIT, "",
			      "it was suspended instead");
	rc = act(e, dom.shutdown_code, new_domid);
	if (rc || dom.shutdown_code < CODE_SUSPEND)
		return rc;
	snprintf(reason, sizeof(reason), "it crashed, and was treated so: %s",
		 action_of(e, dom.shutdown_code));
	return failed(e, -EIO, STEP_WAIT, "", reason);
}

static int end_found(struct ending *e, unsigned int flags, uint32_t *new_domid)
{
	int rc;

	if (!e->f.dom.domid)
		return failed(e, -EPERM, STEP_ASK, "",
			      "it is the one this runs in");
	if (!e->f.rec)
		return failed(e, -ENOENT, STEP_ASK,
			      "use what made it, or chaos destroy",
			      "it was not made by chaos");
	rc = chaos__power_lock(e->ctx, &e->f, &e->lock);
	if (rc)
		return rc;
	if (!e->f.dom.shutdown && !(flags & CHAOS_POWER_ASKED))
		rc = ask(e);
	/* Who watches it may be quicker than we are to see the answer. */
	if (rc == -ESRCH && (flags & CHAOS_POWER_NOWAIT ||
			     e->cmd == XEN_NOXS_POWER_POWEROFF)) {
		chaos__clear_errors(e->ctx);
		*new_domid = 0;
		rc = 0;
	} else if (!rc && !(flags & CHAOS_POWER_NOWAIT)) {
		rc = finish(e, new_domid);
	}
	chaos__name_unlock(&e->lock);
	return rc;
}

static int end_domain(struct chaos *ctx, uint32_t domid, uint32_t cmd,
		      unsigned int flags, int timeout_ms, uint32_t *new_domid)
{
	struct ending e = {
		.ctx = ctx,
		.lock.fd = -1,
		.cmd = cmd,
		.timeout_ms = timeout_ms,
		.deadline = chaos__now_ns() + (uint64_t)timeout_ms * 1000000u,
	};
	int rc;

	rc = chaos__find(ctx, domid, &e.f);
	if (rc)
		return rc;
	if (flags & ~(CHAOS_POWER_NOWAIT | CHAOS_POWER_ASKED))
		rc = failed(&e, -EINVAL, "check flags", "", "unknown flags");
	else
		rc = end_found(&e, flags, new_domid);
	chaos__found_fini(&e.f);
	ctx->cancelled = 0;
	return rc;
}

int chaos_shutdown(struct chaos *ctx, uint32_t domid, unsigned int flags,
		   int timeout_ms)
{
	uint32_t new_domid;

	return end_domain(ctx, domid, XEN_NOXS_POWER_POWEROFF, flags,
			  timeout_ms, &new_domid);
}

int chaos_reboot(struct chaos *ctx, uint32_t domid, unsigned int flags,
		 int timeout_ms, uint32_t *new_domid)
{
	uint32_t unwanted;

	return end_domain(ctx, domid, XEN_NOXS_POWER_REBOOT, flags, timeout_ms,
			  new_domid ? new_domid : &unwanted);
}

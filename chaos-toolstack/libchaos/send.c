// SPDX-License-Identifier: BSD-2-Clause
/*
 * A domain goes elsewhere.  Until GO it is ours, and every failure ends with it
 * going on here.  From then on it may run at the other side, and it stays as it
 * is here until that side has said what became of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "migrate.h"
#include "suspend.h"

#define STEP_OFFER	"offer it"
#define STEP_STATE	"send it"
#define STEP_GO		"hand it over"

struct send {
	struct chaos *ctx;
	struct chaos__suspend s;
	struct chaos__saved_writer w;
	struct chaos__saved_reader r;
	int in_fd, out_fd;
	int timeout_ms;
};

static int failed(struct send *m, int rc, const char *step, const char *reason)
{
	const char *remedy = "";

	if (rc == -ECONNRESET && !reason) {
		reason = "the other side hung up";
		remedy = "is it reached, and chaos installed there?";
	}
	if (rc == -ETIMEDOUT && !reason)
		reason = "the other side says nothing";
	if (rc == -ECANCELED)
		reason = "interrupted";
	return chaos__fail(m->ctx, rc, m->s.f.object, step, remedy, "%s",
			   reason ? reason : strerror(-rc));
}

/* In the other side's words, as far as they can be shown. */
static int refused(struct send *m, const char *step, const void *data,
		   size_t size)
{
	char text[CHAOS__MIGRATE_MAX_TEXT + 1];
	size_t i;

	if (size > CHAOS__MIGRATE_MAX_TEXT)
		size = CHAOS__MIGRATE_MAX_TEXT;
	memcpy(text, data, size);
	text[size] = '\0';
	for (i = 0; i < size; i++)
		if (text[i] < ' ' || text[i] > '~')
			text[i] = '?';
	return chaos__fail(m->ctx, -ECONNREFUSED, m->s.f.object, step, "",
			   "the other side: %s", text);
}

/* -ECONNREFUSED it says that it failed; all others: it said nothing of use. */
static int hear(struct send *m, uint32_t want, const char *step)
{
	const void *data;
	uint32_t type;
	size_t size;
	int rc = chaos__saved_next(&m->r, &type, &data, &size);

	if (rc == -EPROTO && m->r.ended)
		return failed(m, -ECONNRESET, step, NULL);
	if (rc)
		return failed(m, rc, step, rc == -EPROTO ? m->r.why : NULL);
	if (type == CHAOS__MIGRATE_FAILED)
		return refused(m, step, data, size);
	if (type == want && !size)
		return 0;
	return failed(m, -EPROTO, step, "the other side says what it should not");
}

/* The other side may have said why before it hung up. */
static int unsent(struct send *m, int rc, const char *step)
{
	if (rc == -EPIPE || rc == -ECONNRESET)
		return hear(m, CHAOS__MIGRATE_FAILED, step);
	if (rc == -ETIMEDOUT || rc == -ECANCELED)
		return failed(m, rc, step, NULL);
	return failed(m, rc, step, chaos__xen_reason(m->ctx, rc));
}

/* What it is, so that the other side can refuse while the guest runs. */
static int offer(struct send *m)
{
	int rc = chaos__suspend_write_head(&m->s, &m->w);

	if (rc)
		return unsent(m, rc, STEP_OFFER);
	return hear(m, CHAOS__MIGRATE_ACCEPT, STEP_OFFER);
}

static int send_state(struct send *m)
{
	uint64_t begin = chaos__now_ns(), end;
	int rc = chaos__suspend_stop(&m->s, m->timeout_ms);

	if (rc)
		return rc;
	end = chaos__now_ns();
	chaos__step(m->ctx, "suspend", begin, end);
	rc = chaos__suspend_write_state(&m->s, &m->w);
	if (rc)
		return unsent(m, rc, STEP_STATE);
	rc = hear(m, CHAOS__MIGRATE_BUILT, STEP_STATE);
	if (!rc)
		chaos__step(m->ctx, "send", end, chaos__now_ns());
	return rc;
}

/*
 * The one moment in which nobody may know who has the guest: between GO and the
 * answer to it.  The name says so first, so that nothing lets it go on here.
 */
static int hand_over(struct send *m)
{
	uint64_t before = m->w.bytes, begin = chaos__now_ns();
	int rc = chaos__name_mark(&m->s.lock, CHAOS__TASK_SEND);

	if (rc)
		return failed(m, rc, STEP_GO, NULL);
	rc = chaos__saved_put_one(&m->w, CHAOS__MIGRATE_GO, "", 0);
	if (rc && m->w.bytes == before)
		return unsent(m, rc, STEP_GO);	/* not a byte of it went */
	m->s.stopped = false;
	m->r.cancelled = NULL;
	rc = hear(m, CHAOS__MIGRATE_RUNNING, STEP_GO);
	if (rc == -ECONNREFUSED)
		m->s.stopped = true;
	else if (rc)
		rc = chaos__fail(m->ctx, -EREMOTEIO, m->s.f.object, STEP_GO,
				 "look there: if it runs, chaos destroy it here, else chaos resume",
				 "it may run at the other side, and stays suspended here");
	chaos__step(m->ctx, "hand over", begin, chaos__now_ns());
	return rc ? rc : chaos__suspend_destroy(&m->s);
}

static int send_over(struct send *m)
{
	int rc = offer(m);

	if (!rc)
		rc = send_state(m);
	return rc ? rc : hand_over(m);
}

static int shake_hands(struct send *m)
{
	char why[160] = "";
	int rc;

	rc = chaos__migrate_greet(m->out_fd, m->timeout_ms, &m->ctx->cancelled);
	if (!rc || rc == -EPIPE)
		rc = chaos__migrate_meet(m->in_fd, m->timeout_ms,
					 &m->ctx->cancelled, why);
	if (rc)
		return failed(m, rc, STEP_OFFER, *why ? why : NULL);
	rc = chaos__saved_reader_init(&m->r, m->in_fd, &m->ctx->cancelled);
	if (rc == -EPROTO && m->r.ended)
		return failed(m, -ECONNRESET, STEP_OFFER, NULL);
	if (rc)
		return failed(m, rc, STEP_OFFER, *m->r.why ? m->r.why : NULL);
	m->r.timeout_ms = m->timeout_ms;
	rc = chaos__saved_writer_init(&m->w, m->out_fd);
	if (rc) {
		rc = unsent(m, rc, STEP_OFFER);
		goto err_reader;
	}
	m->w.cancelled = &m->ctx->cancelled;
	m->w.timeout_ms = m->timeout_ms;
	return 0;

err_reader:
	chaos__saved_reader_fini(&m->r);
	return rc;
}

/* A full pipe must not block: its reader may hang. */
static int send_by(struct send *m)
{
	int mode = fcntl(m->out_fd, F_GETFL), rc;

	if (mode < 0 || fcntl(m->out_fd, F_SETFL, mode | O_NONBLOCK) < 0)
		return failed(m, -errno, STEP_OFFER, NULL);
	rc = shake_hands(m);
	if (!rc) {
		rc = send_over(m);
		chaos__saved_writer_fini(&m->w);
		chaos__saved_reader_fini(&m->r);
	}
	fcntl(m->out_fd, F_SETFL, mode);
	return rc;
}

int chaos_send(struct chaos *ctx, uint32_t domid, int in_fd, int out_fd,
	       unsigned int flags, int timeout_ms)
{
	struct send m = { .ctx = ctx, .in_fd = in_fd, .out_fd = out_fd,
			  .timeout_ms = timeout_ms };
	int rc = chaos__suspend_open(ctx, domid, &m.s);

	if (!rc) {
		if (flags || timeout_ms <= 0)
			rc = failed(&m, -EINVAL, "check flags", NULL);
		else
			rc = send_by(&m);
		chaos__suspend_close(&m.s);
	}
	ctx->cancelled = 0;
	return rc;
}

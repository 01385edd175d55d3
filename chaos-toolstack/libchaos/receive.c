// SPDX-License-Identifier: BSD-2-Clause
/*
 * A domain comes from elsewhere.  It is built and does not run until the sender
 * says GO; without that nothing of it stays, also when this process is killed:
 * then it is one that never ran, which chaos_gc removes.
 */
#include <errno.h>
#include <string.h>

#include "migrate.h"
#include "restore.h"

#define ORIGIN	"incoming domain"

struct receive {
	struct chaos__restore r;	/* first: may_run gets it */
	struct chaos *ctx;
	struct chaos__saved_writer w;
	int in_fd, out_fd;
};

static int failed(struct receive *m, int rc, const char *step,
		  const char *reason)
{
	if (rc == -ECONNRESET || rc == -EPIPE)
		reason = "the sender hung up";
	if (rc == -ETIMEDOUT)
		reason = "the sender says nothing";
	if (rc == -ECANCELED)
		reason = "interrupted";
	return chaos__fail(m->ctx, rc, ORIGIN, step, "", "%s",
			   reason ? reason : strerror(-rc));
}

static int say(struct receive *m, uint32_t type)
{
	int rc = chaos__saved_put_one(&m->w, type, "", 0);

	return rc ? failed(m, rc, "answer", NULL) : 0;
}

/* Nobody may be there any more; what failed is known here too. */
static void say_failed(struct receive *m)
{
	const struct chaos_error *e = chaos_error(m->ctx, 0);
	char text[CHAOS__MIGRATE_MAX_TEXT];

	if (!e)
		return;
	chaos_error_text(e, text, sizeof(text));
	m->w.cancelled = NULL;
	chaos__saved_put_one(&m->w, CHAOS__MIGRATE_FAILED, text, strlen(text));
}

/* All of it is here: whose it is, is for the sender to say. */
static int await_go(struct chaos__restore *r)
{
	struct receive *m = (struct receive *)r;
	const void *data;
	size_t size = 0;
	int rc = chaos__saved_end(&r->reader);

	if (rc)
		return chaos__restore_failed(r, rc);
	rc = say(m, CHAOS__MIGRATE_BUILT);
	if (rc)
		return rc;
	rc = chaos__saved_expect(&r->reader, CHAOS__MIGRATE_GO, &data, &size);
	if (rc == -EPROTO && r->reader.ended)
		rc = -ECONNRESET;
	if (!rc && size)
		rc = -EPROTO;
	return rc ? failed(m, rc, "await go", r->reader.why[0] ?
			   r->reader.why : NULL) : 0;
}

static int accept_offer(struct receive *m)
{
	uint32_t none;
	int rc = chaos__create_restored(&m->r, CHAOS_CREATE_DRY_RUN, &none);

	return rc ? rc : say(m, CHAOS__MIGRATE_ACCEPT);
}

static int receive(struct receive *m, const char *const *overrides,
		   unsigned int flags, uint32_t *domid)
{
	int rc = chaos__restore_open(m->ctx, ORIGIN, m->in_fd, overrides, &m->r);

	if (!rc) {
		m->r.may_run = await_go;
		rc = accept_offer(m);
		if (!rc)
			rc = chaos__create_restored(&m->r, flags, domid);
		chaos__restore_close(&m->r);
	}
	if (rc) {
		say_failed(m);
		return rc;
	}
	/* It runs, whoever hears of it: the sender keeps its own suspended. */
	m->w.cancelled = NULL;
	if (chaos__saved_put_one(&m->w, CHAOS__MIGRATE_RUNNING, "", 0))
		chaos__log(m->ctx, CHAOS_LOG_WARNING, "domain %u runs here, "
			   "and its sender could not be told", *domid);
	return 0;
}

static int shake_hands(struct receive *m)
{
	const volatile int *cancelled = &m->ctx->cancelled;
	char why[160] = "";
	int rc;

	rc = chaos__migrate_greet(m->out_fd, CHAOS__SAVED_TIMEOUT_MS, cancelled);
	if (!rc)
		rc = chaos__saved_writer_init(&m->w, m->out_fd);
	if (rc)
		return failed(m, rc, "answer", NULL);
	m->w.cancelled = cancelled;
	m->w.timeout_ms = CHAOS__SAVED_TIMEOUT_MS;
	rc = chaos__migrate_meet(m->in_fd, CHAOS__SAVED_TIMEOUT_MS, cancelled,
				 why);
	if (!rc)
		return 0;
	chaos__saved_writer_fini(&m->w);
	return failed(m, rc, "meet the sender", *why ? why : NULL);
}

int chaos_receive(struct chaos *ctx, int in_fd, int out_fd,
		  const char *const *overrides, unsigned int flags,
		  uint32_t *domid)
{
	struct receive m = { .ctx = ctx, .in_fd = in_fd, .out_fd = out_fd };
	int rc;

	chaos__begin(ctx);
	if (flags & ~CHAOS_CREATE_PAUSED)
		return failed(&m, -EINVAL, "check flags", NULL);
	rc = chaos__need_xen(ctx, ORIGIN);
	if (!rc)
		rc = shake_hands(&m);
	if (!rc) {
		rc = receive(&m, overrides, flags, domid);
		chaos__saved_writer_fini(&m.w);
	}
	ctx->cancelled = 0;
	return rc;
}

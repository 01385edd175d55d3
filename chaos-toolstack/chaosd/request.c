// SPDX-License-Identifier: BSD-2-Clause
/* One request: looked at, done, answered. */
#include <chaosd-console.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "claim.h"
#include "request.h"

static void *room(struct request_reply *r, size_t *size)
{
	*size = sizeof(r->packet) - r->size;
	return r->packet + r->size;
}

static void put(struct request_reply *r, const void *data, size_t n)
{
	size_t left;
	void *at = room(r, &left);

	memcpy(at, data, n);
	r->size += n;
}

/* rc goes into the header that is there already. */
static void set_rc(struct request_reply *r, int rc)
{
	struct chaosd_header h;

	memcpy(&h, r->packet, sizeof(h));
	h.rc = rc;
	memcpy(r->packet, &h, sizeof(h));
}

static void fail(struct request_context *rq, struct request_reply *r, int rc)
{
	size_t left;
	void *at = room(r, &left);

	set_rc(r, rc);
	r->size += chaosd_put_errors(rq->ctx, at, left);
}

/* Up to the unpause: what comes after it the guest need not wait for. */
static void put_steps(const struct chaos *ctx, struct chaosd_created *d)
{
	const struct chaos_step *s;
	struct chaosd_step *to;

	while ((s = chaos_step(ctx, d->nr_steps)) &&
	       d->nr_steps < CHAOSD_MAX_STEPS) {
		to = &d->step[d->nr_steps++];
		strncpy(to->name, s->name, CHAOSD_STEP_NAME - 1);
		to->begin = s->begin_ns;
		to->ns = s->ns;
		if (!strcmp(s->name, "unpause"))
			break;
	}
}

static void serve_create(struct request_context *rq,
			 const struct chaosd_header *h, const uint8_t *body,
			 size_t size, struct request_reply *r)
{
	struct chaosd_created d = { .begin = pool_now_ns() };
	struct chaos_config *cfg;
	int rc;

	chaosd_begin(rq->ctx);
	rc = chaosd_get_config(body, size, &cfg);
	if (!rc && h->flags & ~CHAOS_CREATE_PAUSED) {
		chaos_config_free(cfg);
		rc = -EINVAL;
	}
	if (rc) {
		chaosd_fail(rq->ctx, rc, "request", "read it", "",
			    "it makes no sense");
		fail(rq, r, rc);
		return;
	}
	rc = claim(rq->ctx, rq->pool, cfg, h->flags, &d.domid);
	chaos_config_free(cfg);
	if (rc == -EXDEV) {
		set_rc(r, rc);
	} else if (rc) {
		fail(rq, r, rc);
	} else {
		put_steps(rq->ctx, &d);
		put(r, &d, sizeof(d));
	}
}

/* Done here and now: somebody waits for the memory, and the thread stands still. */
static int release(struct request_context *rq, uint64_t want)
{
	struct pool_spare *s;
	uint64_t have;
	int rc;

	pool_hold(rq->pool);
	for (;;) {
		rc = chaos_free_memory(rq->ctx, &have);
		if (rc || have >= want)
			return rc;
		s = pool_take_any(rq->pool);
		if (!s)
			return 0;
		chaos_spare_discard(rq->ctx, s->spare);
		pool_discarded(rq->pool, s);
	}
}

static void serve_release(struct request_context *rq, const uint8_t *body,
			  size_t size, struct request_reply *r)
{
	uint64_t want;
	int rc;

	if (size != sizeof(want)) {
		chaosd_begin(rq->ctx);
		chaosd_fail(rq->ctx, -EPROTO, "request", "read it", "",
			    "it makes no sense");
		fail(rq, r, -EPROTO);
		return;
	}
	memcpy(&want, body, sizeof(want));
	rc = release(rq, want);
	if (rc)
		fail(rq, r, rc);
}

static void serve_call(struct request_context *rq, const uint8_t *body,
		       size_t size, struct request_reply *r)
{
	char *text = strndup((const char *)body, size), *reply = NULL;
	size_t left, n;
	int rc = -ENOMEM;

	chaosd_begin(rq->ctx);
	if (text)
		rc = request_call(rq, text, &reply);
	else
		chaosd_fail(rq->ctx, rc, "request", "read it", "", "no memory");
	free(text);
	n = reply ? strlen(reply) : 0;
	room(r, &left);
	if (!rc && n > left)
		rc = chaosd_fail(rq->ctx, -E2BIG, "request", "answer it", "",
				 "the answer is too long");
	if (rc)
		fail(rq, r, rc);
	else if (n)
		put(r, reply, n);
	free(reply);
}

static bool is_ours(const struct chaosd_header *h)
{
	return h->magic == CHAOSD_MAGIC && h->version == CHAOSD_VERSION &&
	       !h->rc && !h->pad && (h->op == CHAOSD_CREATE || !h->flags);
}

bool request_is_console(const struct request_context *rq,
			const struct chaosd_header *h)
{
	return rq->consoles && is_ours(h) && h->op == CHAOSD_CONSOLE;
}

void request_serve(struct request_context *rq, const uint8_t *packet,
		   size_t size, struct request_reply *r)
{
	const uint8_t *body = packet + sizeof(struct chaosd_header);
	struct chaosd_header h, answer;

	memcpy(&h, packet, sizeof(h));
	size -= sizeof(h);
	answer = (struct chaosd_header){
		.magic = CHAOSD_MAGIC, .version = CHAOSD_VERSION,
		.op = h.op, .cookie = h.cookie,
	};
	r->size = 0;
	put(r, &answer, sizeof(answer));
	if (!is_ours(&h)) {
		chaosd_begin(rq->ctx);
		chaosd_fail(rq->ctx, -EPROTO, "request", "read it",
			    "install chaos and chaosd of one release",
			    "it is none of this release");
		fail(rq, r, -EPROTO);
		return;
	}
	pool_busy(rq->pool);
	switch (h.op) {
	case CHAOSD_HELLO:
		break;
	case CHAOSD_CREATE:
		serve_create(rq, &h, body, size, r);
		break;
	case CHAOSD_RELEASE:
		serve_release(rq, body, size, r);
		break;
	case CHAOSD_CONSOLE:	/* with consoles it does not come here */
		chaosd_begin(rq->ctx);
		chaosd_fail(rq->ctx, -EOPNOTSUPP, "chaosd", "open console",
			    "start it with --console-log 16",
			    "it leaves the consoles alone");
		fail(rq, r, -EOPNOTSUPP);
		break;
	case CHAOSD_CALL:
		serve_call(rq, body, size, r);
		break;
	default:
		chaosd_begin(rq->ctx);
		chaosd_fail(rq->ctx, -ENOSYS, "request", "read it", "",
			    "there is no such request");
		fail(rq, r, -ENOSYS);
	}
	pool_idle(rq->pool);
}

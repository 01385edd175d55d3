// SPDX-License-Identifier: BSD-2-Clause
/* The client's side of chaosd. */
#include <chaosd.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "config.h"
#include "daemon.h"
#include "stream.h"

struct call {
	struct chaosd_header h;
	const void *body;
	size_t size;
	/* The reply's */
	uint8_t *reply;
	size_t reply_size;
};

void chaos__daemon_close(struct chaos *ctx)
{
	if (ctx->daemon_fd >= 0)
		close(ctx->daemon_fd);
	ctx->daemon_fd = -1;
}

/* Its socket lies in a directory that only we (root) can write to. */
int chaos__daemon_dial(const struct chaos *ctx)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int n, fd, rc;

	n = snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/" CHAOSD_SOCKET,
		     ctx->run_dir);
	if (n >= (int)sizeof(sa.sun_path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa))) {
		rc = -errno;
		close(fd);
		return rc;
	}
	return fd;
}

static int dial(struct chaos *ctx)
{
	int fd = chaos__daemon_dial(ctx);

	if (fd < 0)
		return fd;
	ctx->daemon_fd = fd;
	return 0;
}

static int send_packet(struct chaos *ctx, const struct call *c)
{
	struct iovec iov[2] = {
		{ .iov_base = (void *)&c->h, .iov_len = sizeof(c->h) },
		{ .iov_base = (void *)c->body, .iov_len = c->size },
	};
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };

	for (;;) {
		if (sendmsg(ctx->daemon_fd, &msg, MSG_NOSIGNAL) >= 0)
			return 0;
		if (errno != EINTR)
			return -errno;
	}
}

/* A connection from an earlier call may have lost its other end. */
static int ask(struct chaos *ctx, const struct call *c)
{
	bool kept = ctx->daemon_fd >= 0;
	int rc = kept ? 0 : dial(ctx);

	if (!rc)
		rc = send_packet(ctx, c);
	if (!rc)
		return 0;
	chaos__daemon_close(ctx);
	if (!kept)
		return rc;
	rc = dial(ctx);
	if (!rc)
		rc = send_packet(ctx, c);
	if (rc)
		chaos__daemon_close(ctx);
	return rc;
}

/* Others are served first, each in the time that is the backend's alone; and one
 * that does hang is ended by its watchdog. */
static int patience_ms(const struct chaos *ctx)
{
	return ctx->timeout_ms < INT_MAX / 6 ? ctx->timeout_ms * 6 : INT_MAX;
}

/* Returns bytes, or -errno. */
static ssize_t receive(struct chaos *ctx, struct call *c)
{
	ssize_t n;
	int rc;

	for (;;) {
		n = recv(ctx->daemon_fd, c->reply, CHAOSD_MAX_PACKET,
			 MSG_TRUNC | MSG_DONTWAIT);
		if (n > 0)
			return n <= CHAOSD_MAX_PACKET ? n : -EPROTO;
		if (!n)
			return -ECONNRESET;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		rc = chaos__stream_wait(ctx->daemon_fd, POLLIN,
					patience_ms(ctx), NULL);
		if (rc && rc != -EINTR)
			return rc;
	}
}

static bool is_answer(const struct chaosd_header *h, const struct call *c)
{
	return h->magic == CHAOSD_MAGIC && h->version == CHAOSD_VERSION &&
	       h->op == c->h.op && h->cookie == c->h.cookie && h->rc <= 0;
}

/*
 * 0: it was asked and has answered, with c->h.rc.  -ENOTCONN it was not asked.
 * Others: it was, and nobody knows what it did.
 */
static int call(struct chaos *ctx, struct call *c)
{
	struct chaosd_header h;
	ssize_t n;

	c->h.magic = CHAOSD_MAGIC;
	c->h.version = CHAOSD_VERSION;
	c->h.cookie = (uint32_t)chaos__now_ns();
	if (ask(ctx, c))
		return -ENOTCONN;
	n = receive(ctx, c);
	if (n >= (ssize_t)sizeof(h))
		memcpy(&h, c->reply, sizeof(h));
	if (n >= 0 && (n < (ssize_t)sizeof(h) || !is_answer(&h, c)))
		n = -EPROTO;
	if (n < 0) {
		chaos__daemon_close(ctx);
		return (int)n;
	}
	c->h.rc = h.rc;
	c->reply_size = (size_t)n - sizeof(h);
	return 0;
}

static const void *body(const struct call *c)
{
	return c->reply + sizeof(struct chaosd_header);
}

/* Steps as chaosd took them, between what it took to reach it and to return: the
 * last one, the unpause, is over when the caller has its answer. */
static int take_steps(struct chaos *ctx, const struct chaosd_created *d,
		      uint64_t begin)
{
	uint32_t i;

	if (!ctx->step_text)
		ctx->step_text = calloc(CHAOSD_MAX_STEPS, CHAOSD_STEP_NAME);
	if (!ctx->step_text || d->nr_steps > CHAOSD_MAX_STEPS)
		return -EPROTO;
	chaos__step(ctx, "reach chaosd", begin, d->begin);
	for (i = 0; i < d->nr_steps; i++) {
		bool last = i + 1 == d->nr_steps;

		memcpy(ctx->step_text[i], d->step[i].name, CHAOSD_STEP_NAME);
		ctx->step_text[i][CHAOSD_STEP_NAME - 1] = '\0';
		chaos__step(ctx, ctx->step_text[i], d->step[i].begin,
			    last ? chaos__now_ns() :
				   d->step[i].begin + d->step[i].ns);
	}
	return 0;
}

static int take_created(struct chaos *ctx, const struct call *c, uint64_t begin,
			uint32_t *domid)
{
	struct chaosd_created d;

	if (c->reply_size != sizeof(d))
		return -EPROTO;
	memcpy(&d, body(c), sizeof(d));
	*domid = d.domid;
	return take_steps(ctx, &d, begin);
}

/* What it did is not known: a create in doubt is for gc, not for a second try. */
static int lost(struct chaos *ctx, const char *object, int rc)
{
	return chaos__fail(ctx, rc, object, "ask chaosd",
			   "see whether the guest is there: chaos list",
			   "it did not answer: %s", strerror(-rc));
}

int chaos__daemon_create(struct chaos *ctx, const struct chaos_config *cfg,
			 unsigned int flags, uint32_t *domid)
{
	uint8_t packet[CHAOSD_MAX_PACKET], config[16384];
	uint64_t begin = chaos__now_ns();
	struct call c = {
		.h = { .op = CHAOSD_CREATE, .flags = flags },
		.body = config,
		.reply = packet,
	};
	int rc;

	c.size = chaosd_put_config(cfg, config, sizeof(config));
	if (!c.size)
		return -ENOTCONN;
	rc = call(ctx, &c);
	if (rc == -ENOTCONN)
		return rc;
	if (rc)
		return lost(ctx, cfg->name, rc);
	if (!c.h.rc)
		rc = take_created(ctx, &c, begin, domid);
	else if (c.h.rc == -EXDEV && !c.reply_size)
		return -ENOTCONN;
	else
		rc = chaosd_get_errors(ctx, body(&c), c.reply_size);
	if (rc) {
		chaos__daemon_close(ctx);
		return lost(ctx, cfg->name, rc);
	}
	return c.h.rc;
}

int chaos__daemon_release(struct chaos *ctx, uint64_t kb)
{
	uint8_t packet[CHAOSD_MAX_PACKET];
	struct call c = {
		.h = { .op = CHAOSD_RELEASE },
		.body = &kb,
		.size = sizeof(kb),
		.reply = packet,
	};

	if (call(ctx, &c))
		return -ENOTCONN;
	return c.h.rc;
}

void chaos__daemon_renamed(struct chaos *ctx, uint32_t domid, const char *name)
{
	uint8_t packet[CHAOSD_MAX_PACKET];
	char text[CHAOS_NAME_MAX + 64];
	struct call c = {
		.h = { .op = CHAOSD_CALL },
		.body = text,
		.reply = packet,
	};

	/* A name has no character that JSON would take for its own. */
	c.size = (size_t)snprintf(text, sizeof(text), "{\"do\":\"renamed\","
				  "\"domid\":%u,\"name\":\"%s\"}", domid, name);
	call(ctx, &c);
}

int chaos_daemon_call(struct chaos *ctx, const char *request, char **reply)
{
	uint8_t packet[CHAOSD_MAX_PACKET];
	struct call c = {
		.h = { .op = CHAOSD_CALL },
		.body = request,
		.size = strlen(request),
		.reply = packet,
	};
	int rc;

	chaos__begin(ctx);
	rc = call(ctx, &c);
	if (rc == -ENOTCONN)
		return chaos__fail(ctx, rc, "chaosd", "ask chaosd",
				   "start chaosd", "it does not run");
	if (rc)
		return chaos__fail(ctx, rc, "chaosd", "ask chaosd", "",
				   "it did not answer: %s", strerror(-rc));
	if (c.h.rc) {
		rc = chaosd_get_errors(ctx, body(&c), c.reply_size);
		return rc ? chaos__fail(ctx, rc, "chaosd", "ask chaosd", "",
					"its answer makes no sense") : c.h.rc;
	}
	*reply = strndup(body(&c), c.reply_size);
	return *reply ? 0 : chaos__fail(ctx, -ENOMEM, "chaosd", "ask chaosd",
					"", NULL);
}

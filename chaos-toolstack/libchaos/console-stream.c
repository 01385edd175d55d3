// SPDX-License-Identifier: BSD-2-Clause
/*
 * A console that chaosd has: packets each way (chaosd-console.h).
 *
 * What chaosd had already when it was asked is waited for in a read, as if it
 * lay in the guest's ring; it is on its way.
 */
#include <chaosd-console.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "console-stream.h"
#include "daemon.h"
#include "stream.h"

struct chaos__console_stream {
	int fd;
	int timeout_ms;
	bool whole;		/* all is waited for, up to the end */
	int end;		/* of CHAOSD_END; 1: not yet */
	uint64_t backlog;	/* that is still to come */
	uint64_t lost;
	size_t room;		/* for input, that chaosd will take */
	size_t at, nr;		/* of bytes, not read yet */
	uint8_t bytes[CHAOSD_OUTPUT_MAX];
};

struct packet {
	struct chaosd_header h;
	uint8_t body[CHAOSD_OUTPUT_MAX];
};

static int send_packet(int fd, unsigned int op, const void *body, size_t size)
{
	struct chaosd_header h = {
		.magic = CHAOSD_MAGIC, .version = CHAOSD_VERSION,
		.op = (uint16_t)op,
	};
	struct iovec iov[2] = {
		{ .iov_base = &h, .iov_len = sizeof(h) },
		{ .iov_base = (void *)body, .iov_len = size },
	};
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };

	for (;;) {
		if (sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
			return 0;
		if (errno != EINTR)
			return -errno;
	}
}

/* Bytes of the body, or -errno; -EAGAIN there is none. */
static ssize_t receive(int fd, struct packet *p)
{
	ssize_t n;

	do {
		n = recv(fd, p, sizeof(*p), MSG_DONTWAIT | MSG_TRUNC);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EWOULDBLOCK ? -EAGAIN : -errno;
	if (!n)
		return -ECONNRESET;
	if (n < (ssize_t)sizeof(p->h) || n > (ssize_t)sizeof(*p) ||
	    p->h.magic != CHAOSD_MAGIC || p->h.version != CHAOSD_VERSION ||
	    p->h.rc > 0)
		return -EPROTO;
	return n - (ssize_t)sizeof(p->h);
}

static ssize_t receive_in_time(int fd, struct packet *p, int timeout_ms)
{
	ssize_t n;
	int rc;

	for (;;) {
		n = receive(fd, p);
		if (n != -EAGAIN)
			return n;
		rc = chaos__stream_wait(fd, POLLIN, timeout_ms, NULL);
		if (rc)
			return rc;
	}
}

static int lost(struct chaos *ctx, const char *object, int rc)
{
	return chaos__fail(ctx, rc, object, "ask chaosd", "",
			   "it did not answer: %s", strerror(-rc));
}

/* The errors of chaosd are its own. */
static int take_answer(struct chaos *ctx, const char *object,
		       struct chaos__console_stream *s, const struct packet *p,
		       size_t size)
{
	struct chaosd_console_reply r;

	if (p->h.op != CHAOSD_CONSOLE)
		return lost(ctx, object, -EPROTO);
	if (p->h.rc) {
		if (chaosd_get_errors(ctx, p->body, size) || !chaos_error(ctx, 0))
			return lost(ctx, object, -EPROTO);
		return p->h.rc;
	}
	if (size != sizeof(r))
		return lost(ctx, object, -EPROTO);
	memcpy(&r, p->body, sizeof(r));
	s->backlog = r.backlog;
	s->lost = r.lost;
	return 0;
}

static int ask(struct chaos *ctx, const char *object, const char *which,
	       uint32_t flags, struct chaos__console_stream *s)
{
	struct chaosd_console_request rq = { .flags = flags };
	struct packet p;
	ssize_t n;
	int rc;

	if (strlen(which) >= sizeof(rq.which))
		return chaos__fail(ctx, -ESRCH, object, "find it", "",
				   "no such domain");
	strcpy(rq.which, which);
	rc = send_packet(s->fd, CHAOSD_CONSOLE, &rq, sizeof(rq));
	if (rc)
		return lost(ctx, object, rc);
	n = receive_in_time(s->fd, &p, ctx->timeout_ms);
	if (n < 0)
		return lost(ctx, object, (int)n);
	return take_answer(ctx, object, s, &p, (size_t)n);
}

int chaos__console_stream_open(struct chaos *ctx, const char *object,
			       const char *which, uint32_t flags,
			       struct chaos__console_stream **out)
{
	struct chaos__console_stream *s = calloc(1, sizeof(*s));
	int rc;

	if (!s)
		return chaos__fail(ctx, -ENOMEM, object, "open console", "",
				   NULL);
	s->fd = chaos__daemon_dial(ctx);
	if (s->fd < 0) {
		rc = chaos__fail(ctx, -ENOTCONN, "chaosd", "ask chaosd",
				 "start chaosd", "it does not run");
		goto err_free;
	}
	s->timeout_ms = ctx->timeout_ms;
	s->end = 1;
	s->whole = !(flags & (CHAOSD_CONSOLE_ATTACH | CHAOSD_CONSOLE_FOLLOW));
	s->room = flags & CHAOSD_CONSOLE_ATTACH ? CHAOSD_INPUT_MAX : 0;
	rc = ask(ctx, object, which, flags, s);
	if (rc)
		goto err_close;
	*out = s;
	return 0;

err_close:
	close(s->fd);
err_free:
	free(s);
	return rc;
}

void chaos__console_stream_close(struct chaos__console_stream *s)
{
	close(s->fd);
	free(s);
}

int chaos__console_stream_fd(const struct chaos__console_stream *s)
{
	return s->fd;
}

uint64_t chaos__console_stream_lost(const struct chaos__console_stream *s)
{
	return s->lost;
}

static int take_packet(struct chaos__console_stream *s, const struct packet *p,
		       size_t size)
{
	switch (p->h.op) {
	case CHAOSD_OUTPUT:
		memcpy(s->bytes, p->body, size);
		s->at = 0;
		s->nr = size;
		s->lost += p->h.flags;
		s->backlog -= size < s->backlog ? size : s->backlog;
		return 0;
	case CHAOSD_TAKEN:
		if (size || p->h.flags > CHAOSD_INPUT_MAX - s->room)
			return -EPROTO;
		s->room += p->h.flags;
		return 0;
	case CHAOSD_END:
		s->end = p->h.rc;
		return 0;
	default:
		return -EPROTO;
	}
}

/* Until there are bytes, the end, or nothing at the moment. */
static int fill(struct chaos__console_stream *s)
{
	struct packet p;
	ssize_t n;
	int rc;

	while (!s->nr && s->end > 0) {
		n = s->whole || s->backlog ?
		    receive_in_time(s->fd, &p, s->timeout_ms) :
		    receive(s->fd, &p);
		if (n == -EAGAIN)
			return 0;
		rc = n < 0 ? (int)n : take_packet(s, &p, (size_t)n);
		if (rc) {
			s->end = rc;
			return rc;
		}
	}
	return 0;
}

long chaos__console_stream_read(struct chaos__console_stream *s, void *buf,
				size_t size)
{
	int rc = fill(s);

	if (rc)
		return rc;
	if (!s->nr)	/* the end of a log that is not followed is one too */
		return s->end > 0 ? 0 : s->end ? s->end : -EPIPE;
	if (size > s->nr)
		size = s->nr;
	memcpy(buf, s->bytes + s->at, size);
	s->at += size;
	s->nr -= size;
	return (long)size;
}

long chaos__console_stream_write(struct chaos__console_stream *s,
				 const void *buf, size_t size)
{
	int rc;

	if (s->end <= 0)
		return s->end ? s->end : -EPIPE;
	if (size > s->room)
		size = s->room;
	if (!size)
		return 0;
	rc = send_packet(s->fd, CHAOSD_INPUT, buf, size);
	if (rc)
		return rc == -EAGAIN ? 0 : rc == -EPIPE ? -ECONNRESET : rc;
	s->room -= size;
	return (long)size;
}

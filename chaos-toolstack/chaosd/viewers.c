// SPDX-License-Identifier: BSD-2-Clause
/*
 * Who looks at consoles and logs: connections, each with a place in a guest's ring.
 * One that is slow costs nobody anything: when the ring has gone on it is told how
 * much it missed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "consoles-private.h"
#include "log.h"

struct viewer {
	TAILQ_ENTRY(viewer) link;
	struct guest_table *table;
	struct guest *guest;
	sd_event_source *source;
	int fd;
	uint64_t at, until;	/* of the ring */
	bool ended;		/* CHAOSD_END was sent */
	size_t nr_taken;	/* not told yet */
};

struct packet {
	struct chaosd_header h;
	uint8_t body[CHAOSD_OUTPUT_MAX];
};

static int send_packet(int fd, struct packet *p, size_t size)
{
	p->h.magic = CHAOSD_MAGIC;
	p->h.version = CHAOSD_VERSION;
	for (;;) {
		if (send(fd, p, sizeof(p->h) + size,
			 MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
			return 0;
		if (errno != EINTR)
			return errno == EWOULDBLOCK ? -EAGAIN : -errno;
	}
}

static void close_viewer(struct viewer *v)
{
	struct guest *g = v->guest;

	TAILQ_REMOVE(&g->viewers, v, link);
	if (g->owner == v) {
		g->owner = NULL;
		g->shown = v->at;
	}
	v->table->nr_viewers--;
	sd_event_source_disable_unref(v->source);
	close(v->fd);
	free(v);
}

static int send_output(struct viewer *v)
{
	struct packet p = { .h = { .op = CHAOSD_OUTPUT } };
	uint64_t at = v->at, lost;
	size_t n;
	int rc;

	n = ring_get(&v->guest->ring, &at, p.body, sizeof(p.body), &lost);
	p.h.flags = lost < UINT32_MAX ? (uint32_t)lost : UINT32_MAX;
	rc = n ? send_packet(v->fd, &p, n) : 0;
	if (!rc)
		v->at = at;
	return rc;
}

static int send_taken(struct viewer *v)
{
	struct packet p = { .h = { .op = CHAOSD_TAKEN,
				   .flags = (uint32_t)v->nr_taken } };
	int rc = v->nr_taken ? send_packet(v->fd, &p, 0) : 0;

	if (!rc)
		v->nr_taken = 0;
	return rc;
}

static int send_end(struct viewer *v)
{
	struct packet p = { .h = { .op = CHAOSD_END } };
	int rc;

	if (v->ended || (!v->guest->end && v->until == UINT64_MAX))
		return 0;
	p.h.rc = v->guest->end;
	rc = send_packet(v->fd, &p, 0);
	v->ended = !rc;
	return rc;
}

/* As much as it takes at once; with -errno it is of no use any more. */
static int pump(struct viewer *v)
{
	uint64_t end = v->guest->ring.end;
	int rc = send_taken(v);

	if (end > v->until)
		end = v->until;
	while (!rc && v->at < end)
		rc = send_output(v);
	if (!rc)
		rc = send_end(v);
	sd_event_source_set_io_events(v->source,
				      EPOLLIN | (rc == -EAGAIN ? EPOLLOUT : 0));
	return rc == -EAGAIN ? 0 : rc;
}

void viewers_tell(struct guest_table *t, struct guest *g)
{
	struct viewer *v, *next;

	(void)t;
	for (v = TAILQ_FIRST(&g->viewers); v; v = next) {
		next = TAILQ_NEXT(v, link);
		if (pump(v))
			close_viewer(v);
	}
}

void viewers_taken(struct guest_table *t, struct guest *g, size_t n)
{
	(void)t;
	if (!g->owner)
		return;
	g->owner->nr_taken += n;
	if (pump(g->owner))
		close_viewer(g->owner);
}

void viewers_close(struct guest_table *t, struct guest *g)
{
	struct viewer *v, *next;

	(void)t;
	for (v = TAILQ_FIRST(&g->viewers); v; v = next) {
		next = TAILQ_NEXT(v, link);
		close_viewer(v);
	}
}

void viewers_move(struct guest *from, struct guest *to)
{
	struct viewer *v;

	for (v = TAILQ_FIRST(&from->viewers); v; v = TAILQ_NEXT(v, link))
		v->guest = to;
	TAILQ_CONCAT(&to->viewers, &from->viewers, link);
	to->owner = from->owner;
}

/* What is typed; false: it breaks the rules. */
static bool take_input(struct viewer *v, const struct packet *p, size_t size)
{
	struct guest *g = v->guest;

	if (g->owner != v || p->h.magic != CHAOSD_MAGIC ||
	    p->h.version != CHAOSD_VERSION || p->h.op != CHAOSD_INPUT ||
	    size > sizeof(g->input) - g->nr_input - v->nr_taken)
		return false;
	if (!g->con)
		return true;
	memcpy(g->input + g->nr_input, p->body, size);
	g->nr_input += size;
	talk_write(v->table, g);
	return true;
}

static int viewer_ready(sd_event_source *source, int fd, uint32_t events,
			void *arg)
{
	struct viewer *v = arg;
	struct packet p;
	ssize_t n;

	(void)source;
	if (events & EPOLLOUT && pump(v)) {
		close_viewer(v);
		return 0;
	}
	if (!(events & ~(uint32_t)EPOLLOUT))
		return 0;
	n = recv(fd, &p, sizeof(p), MSG_DONTWAIT | MSG_TRUNC);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	/* Writing to the guest may end it for v, but not v: */
	if (n < (ssize_t)sizeof(p.h) || n > (ssize_t)sizeof(p) ||
	    !take_input(v, &p, (size_t)n - sizeof(p.h)))
		close_viewer(v);
	return 0;
}

static int check_request(struct guest_table *t,
			 const struct chaosd_console_request *rq, size_t size)
{
	chaosd_begin(t->ctx);
	if (size == sizeof(*rq) &&
	    !(rq->flags & ~(CHAOSD_CONSOLE_ATTACH | CHAOSD_CONSOLE_FOLLOW)) &&
	    memchr(rq->which, '\0', sizeof(rq->which)))
		return 0;
	return chaosd_fail(t->ctx, -EPROTO, "request", "read it", "",
			   "it makes no sense");
}

static int find(struct guest_table *t, const struct chaosd_console_request *rq,
		struct guest **out)
{
	bool attach = rq->flags & CHAOSD_CONSOLE_ATTACH;
	struct guest *g;
	int rc;

	if (t->nr_viewers == CONSOLES_MAX_VIEWERS)
		return chaosd_fail(t->ctx, -EAGAIN, rq->which, "open console",
				   "close one of them",
				   "too many consoles and logs are looked at");
	rc = guests_find(t, rq->which, attach, &g);
	if (rc)
		return rc;
	talk_read(t, g);
	if (attach && g->end == -EPROTO)
		return chaosd_fail(t->ctx, -EPROTO, g->of.name, "open console",
				   "see what it said: chaos console --log",
				   "the guest broke it");
	if (attach && g->owner)
		return chaosd_fail(t->ctx, -EBUSY, g->of.name, "open console",
				   "look on: chaos console --log --follow",
				   "it is in use");
	*out = g;
	return 0;
}

static void refuse(struct guest_table *t, int fd, uint32_t cookie, int rc)
{
	struct packet p = { .h = { .op = CHAOSD_CONSOLE, .cookie = cookie,
				   .rc = rc } };

	send_packet(fd, &p, chaosd_put_errors(t->ctx, p.body, sizeof(p.body)));
	close(fd);
}

static int add_viewer(struct guest_table *t, int fd, struct guest *g,
		      uint32_t flags, struct viewer **out)
{
	struct viewer *v = calloc(1, sizeof(*v));
	int rc;

	if (!v)
		return chaosd_fail(t->ctx, -ENOMEM, g->of.name, "open console",
				   "", "no memory");
	rc = sd_event_add_io(t->event, &v->source, fd, EPOLLIN, viewer_ready,
			     v);
	if (rc < 0) {
		free(v);
		return chaosd_fail(t->ctx, rc, g->of.name, "open console", "",
				   strerror(-rc));
	}
	v->table = t;
	v->guest = g;
	v->fd = fd;
	v->until = flags ? UINT64_MAX : g->ring.end;
	v->at = g->ring.begin;
	if (flags & CHAOSD_CONSOLE_ATTACH) {
		g->owner = v;
		v->at = g->shown > v->at ? g->shown : v->at;
	}
	TAILQ_INSERT_TAIL(&g->viewers, v, link);
	t->nr_viewers++;
	*out = v;
	return 0;
}

void viewers_adopt(struct guest_table *t, int fd, uint32_t cookie,
		   const void *body, size_t size)
{
	const struct chaosd_console_request *rq = body;
	struct packet p = { .h = { .op = CHAOSD_CONSOLE, .cookie = cookie } };
	struct chaosd_console_reply r;
	struct guest *g = NULL;
	struct viewer *v = NULL;
	int rc;

	rc = check_request(t, rq, size);
	if (!rc)
		rc = find(t, rq, &g);
	if (!rc && g)
		rc = add_viewer(t, fd, g, rq->flags, &v);
	if (rc || !v) {
		refuse(t, fd, cookie, rc);
		return;
	}
	r.backlog = g->ring.end - v->at;
	r.lost = v->at - (rq->flags & CHAOSD_CONSOLE_ATTACH ? g->shown : 0);
	memcpy(p.body, &r, sizeof(r));
	if (send_packet(fd, &p, sizeof(r)) || pump(v))
		close_viewer(v);
}

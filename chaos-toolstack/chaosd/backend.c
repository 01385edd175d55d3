// SPDX-License-Identifier: BSD-2-Clause
/* Whether the network backend is there. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <noxs/netback.h>

#include "backend.h"
#include "log.h"

#define CONNECT_MS	10	/* its backlog may be full: the loop has more to do */
#define FIRST_USEC	50000u
#define LAST_USEC	1000000u

struct backend {
	sd_event *event;
	struct backend_calls calls;
	char *path;			/* NULL: the usual one */
	int fd;				/* -1: away */
	bool here;
	uint64_t wait_usec;
	struct noxs_netback_request hello;
	sd_event_source *io, *timer;
};

static void drop(struct backend *b)
{
	b->io = sd_event_source_unref(b->io);
	noxs_netback_close(b->fd);
	b->fd = -1;
}

/* Away: once more, later. */
static void look_later(struct backend *b)
{
	uint64_t now = 0;

	sd_event_now(b->event, CLOCK_MONOTONIC, &now);
	sd_event_source_set_time(b->timer, now + b->wait_usec);
	sd_event_source_set_enabled(b->timer, SD_EVENT_ONESHOT);
	b->wait_usec *= 2;
	if (b->wait_usec > LAST_USEC)
		b->wait_usec = LAST_USEC;
}

static void lost(struct backend *b)
{
	bool was_here = b->here;

	drop(b);
	b->here = false;
	look_later(b);
	if (!was_here)
		return;
	log_line(LOG_WARNING, "the network backend went");
	b->calls.gone(b->calls.arg);
}

static void answered(struct backend *b)
{
	b->here = true;
	b->wait_usec = FIRST_USEC;
	log_line(LOG_DEBUG, "the network backend is there");
	b->calls.back(b->calls.arg);
}

/* Its answer, or its end.  What else it says is nonsense and ends it too. */
static int on_io(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	struct noxs_netback_reply reply;
	struct backend *b = arg;

	(void)source;
	(void)revents;
	if (b->here || noxs_netback_recv(fd, &b->hello, &reply, 0))
		lost(b);
	else
		answered(b);
	return 0;
}

static int ask(struct backend *b)
{
	int rc;

	rc = noxs_netback_open(b->path, CONNECT_MS, &b->fd);
	if (rc)
		return rc;
	memset(&b->hello, 0, sizeof(b->hello));
	b->hello.op = NOXS_NETBACK_HELLO;
	rc = noxs_netback_send(b->fd, &b->hello, 0);
	if (!rc)
		rc = sd_event_add_io(b->event, &b->io, b->fd, EPOLLIN, on_io,
				     b);
	if (rc < 0)
		drop(b);
	return rc < 0 ? rc : 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *arg)
{
	struct backend *b = arg;

	(void)source;
	(void)usec;
	if (ask(b))
		look_later(b);
	return 0;
}

int backend_open(sd_event *event, const char *path,
		 const struct backend_calls *calls, struct backend **out)
{
	struct backend *b = calloc(1, sizeof(*b));
	int rc = -ENOMEM;

	if (!b)
		return -ENOMEM;
	b->event = event;
	b->calls = *calls;
	b->fd = -1;
	b->wait_usec = FIRST_USEC;
	if (path) {
		b->path = strdup(path);
		if (!b->path)
			goto err_free;
	}
	/* At once, from the loop. */
	rc = sd_event_add_time(event, &b->timer, CLOCK_MONOTONIC, 0, 1,
			       on_timer, b);
	if (rc < 0)
		goto err_free;
	*out = b;
	return 0;

err_free:
	free(b->path);
	free(b);
	return rc;
}

void backend_close(struct backend *b)
{
	if (!b)
		return;
	drop(b);
	sd_event_source_unref(b->timer);
	free(b->path);
	free(b);
}

// SPDX-License-Identifier: BSD-2-Clause
/* Connections of the control socket, and whose turn it is. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "connection.h"

/* Events of this turn may still name it: nbl_control_bury frees it. */
void nbl_connection_close(struct nbl_connection *conn)
{
	struct nbl_control *ctl = conn->ctl;

	nbl_await_forget_all(ctl->nb, conn);
	nbl_loop_del(&ctl->nb->loop, conn->fd);
	close(conn->fd);
	conn->fd = -1;
	if (conn->queued)
		TAILQ_REMOVE(&ctl->queue, conn, queue_link);
	TAILQ_REMOVE(&ctl->connections, conn, link);
	TAILQ_INSERT_TAIL(&ctl->dead, conn, link);
	nbl_listener_freed(&ctl->listener);
	if (ctl->nr_connections-- == NBL_MAX_CONNECTIONS)
		nbl_listener_full(&ctl->listener, false);
}

void nbl_control_bury(struct nbl_control *ctl)
{
	struct nbl_connection *conn;

	if (!ctl)
		return;
	while ((conn = TAILQ_FIRST(&ctl->dead))) {
		TAILQ_REMOVE(&ctl->dead, conn, link);
		free(conn);
	}
}

/* What the connection waits for now: to send, to be retried, or to read. */
static int connection_wait(struct nbl_connection *conn)
{
	uint32_t events = EPOLLIN;
	int rc;

	if (conn->unsent)
		events = EPOLLOUT;
	else if (conn->parked)
		events = 0;	/* EPOLLHUP comes anyway */
	if (!TAILQ_EMPTY(&conn->due))
		events |= EPOLLOUT;
	if (events == conn->events)
		return 0;
	rc = nbl_loop_mod(&conn->ctl->nb->loop, conn->fd, events, &conn->src);
	if (!rc)
		conn->events = events;
	return rc;
}

/* 0: sent or to be sent later; -errno: the connection is dead. */
static int connection_send(struct nbl_connection *conn)
{
	ssize_t n;

	do {
		n = send(conn->fd, &conn->reply, sizeof(conn->reply),
			 MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	conn->unsent = n < 0 && errno == EAGAIN;
	return n < 0 && !conn->unsent ? -errno : 0;
}

/* As many events as there is room for. */
static int connection_tell(struct nbl_connection *conn)
{
	struct noxs_netback_reply event;
	struct nbl_await *a;
	ssize_t n;

	while (!conn->unsent && (a = TAILQ_FIRST(&conn->due))) {
		if (nbl_request_event(a, &event)) {
			n = send(conn->fd, &event, sizeof(event),
				 MSG_NOSIGNAL | MSG_DONTWAIT);
			if (n < 0 && (errno == EAGAIN || errno == EINTR))
				return 0;
			if (n < 0)
				return -errno;
		}
		TAILQ_REMOVE(&conn->due, a, due_link);
		a->due = 0;
	}
	return 0;
}

void nbl_connection_due(struct nbl_connection *conn)
{
	/* It is known to epoll already: nothing can be missing. */
	connection_wait(conn);
}

struct nbl_connection *nbl_connection_find(struct nbl_control *ctl,
					   uint64_t id)
{
	struct nbl_connection *conn;

	if (ctl)
		TAILQ_FOREACH(conn, &ctl->connections, link)
			if (conn->id == id)
				return conn;
	return NULL;
}

static int connection_answer(struct nbl_connection *conn)
{
	conn->parked = nbl_request(conn, &conn->req, &conn->reply);
	return conn->parked ? 0 : connection_send(conn);
}

static void connection_queue(struct nbl_connection *conn)
{
	conn->queued = true;
	TAILQ_INSERT_TAIL(&conn->ctl->queue, conn, queue_link);
}

/* One packet.  -errno: end of the connection. */
static int connection_read(struct nbl_connection *conn)
{
	ssize_t n;

	n = recv(conn->fd, &conn->req, sizeof(conn->req),
		 MSG_DONTWAIT | MSG_TRUNC);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (n == 0)
		return -ECONNRESET;
	/* A packet of another size is no request at all: nothing to answer. */
	if (n != (ssize_t)sizeof(conn->req))
		return -EPROTO;
	if (!nbl_request_slow(&conn->req))
		return connection_answer(conn);
	connection_queue(conn);
	return 0;
}

static void connection_ready(struct nbl_source *src, uint32_t events)
{
	struct nbl_connection *conn =
		nbl_container(src, struct nbl_connection, src);
	int rc = 0;

	if (conn->fd < 0)
		return;
	if (events & (EPOLLHUP | EPOLLERR) && !(events & EPOLLIN))
		rc = -ECONNRESET;
	else if (conn->unsent)
		rc = connection_send(conn);
	else if (!conn->parked && !conn->queued && events & EPOLLIN)
		rc = connection_read(conn);
	if (!rc && events & EPOLLOUT)
		rc = connection_tell(conn);
	if (!rc)
		rc = connection_wait(conn);
	if (rc)
		nbl_connection_close(conn);
}

/*
 * An ATTACH whose client is gone makes a vif that nobody knows of; a DETACH is
 * wanted all the same.  The client's EPOLLHUP may be further on in this turn.
 */
static bool connection_pointless(const struct nbl_connection *conn)
{
	struct pollfd pfd = { .fd = conn->fd };

	return conn->req.op == NOXS_NETBACK_ATTACH && poll(&pfd, 1, 0) > 0;
}

void nbl_control_turn(struct nbl_control *ctl)
{
	struct nbl_connection *conn = ctl ? TAILQ_FIRST(&ctl->queue) : NULL;
	int rc;

	if (!conn)
		return;
	TAILQ_REMOVE(&ctl->queue, conn, queue_link);
	conn->queued = false;
	rc = connection_pointless(conn) ? -ECONNRESET
					: connection_answer(conn);
	if (!rc)
		rc = connection_wait(conn);
	if (rc)
		nbl_connection_close(conn);
}

bool nbl_control_due(const struct nbl_control *ctl)
{
	return ctl && !TAILQ_EMPTY(&ctl->queue);
}

void nbl_control_retry(struct nbl_control *ctl)
{
	struct nbl_connection *conn;

	if (!ctl)
		return;
	TAILQ_FOREACH(conn, &ctl->connections, link)
		if (conn->parked && !conn->queued)
			connection_queue(conn);
}

int nbl_connection_open(struct nbl_control *ctl, int fd)
{
	struct nbl_connection *conn;
	int rc;

	conn = calloc(1, sizeof(*conn));
	if (!conn)
		return -ENOMEM;
	conn->src.fn = connection_ready;
	conn->ctl = ctl;
	conn->fd = fd;
	conn->events = EPOLLIN;
	conn->id = ++ctl->last_id;
	TAILQ_INIT(&conn->due);
	rc = nbl_loop_add(&ctl->nb->loop, fd, EPOLLIN, &conn->src);
	if (rc) {
		free(conn);
		return rc;
	}
	TAILQ_INSERT_TAIL(&ctl->connections, conn, link);
	ctl->nr_connections++;
	return 0;
}

// SPDX-License-Identifier: BSD-2-Clause
/* The control socket and its connections. */
#include <errno.h>
#include <libgen.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control.h"

struct nbl_connection {
	struct nbl_source src;
	TAILQ_ENTRY(nbl_connection) link;
	struct nbl_control *ctl;
	int fd;			/* -1: dead, see nbl_control_bury */
	bool parked;		/* req waits for a TAP's name */
	bool unsent;		/* reply waits for room in the socket */
	struct noxs_netback_request req;
	struct noxs_netback_reply reply;
};

TAILQ_HEAD(connection_list, nbl_connection);

struct nbl_control {
	struct nbl *nb;
	struct nbl_source src;
	int fd;
	struct sockaddr_un addr;
	struct connection_list connections;
	struct connection_list dead;	/* closed in this turn */
	unsigned int nr_connections;
};

/*
 * At the limit nobody is accepted: who connects waits in the backlog.  The
 * listener stays in the set, since a change of its events cannot fail.
 */
static void listener_limit(struct nbl_control *ctl)
{
	bool full = ctl->nr_connections >= NBL_MAX_CONNECTIONS;

	nbl_loop_mod(&ctl->nb->loop, ctl->fd, full ? 0 : EPOLLIN, &ctl->src);
}

/* Events of this turn may still name it: nbl_control_bury frees it. */
static void connection_close(struct nbl_connection *conn)
{
	struct nbl_control *ctl = conn->ctl;

	nbl_loop_del(&ctl->nb->loop, conn->fd);
	close(conn->fd);
	conn->fd = -1;
	TAILQ_REMOVE(&ctl->connections, conn, link);
	TAILQ_INSERT_TAIL(&ctl->dead, conn, link);
	if (ctl->nr_connections-- == NBL_MAX_CONNECTIONS)
		listener_limit(ctl);
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
static void connection_wait(struct nbl_connection *conn)
{
	uint32_t events = EPOLLIN;

	if (conn->unsent)
		events = EPOLLOUT;
	else if (conn->parked)
		events = 0;	/* EPOLLHUP comes anyway */
	if (nbl_loop_mod(&conn->ctl->nb->loop, conn->fd, events, &conn->src))
		connection_close(conn);
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

static int connection_answer(struct nbl_connection *conn)
{
	conn->parked = nbl_request(conn->ctl->nb, &conn->req, &conn->reply);
	return conn->parked ? 0 : connection_send(conn);
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
	return connection_answer(conn);
}

static void connection_ready(struct nbl_source *src, uint32_t events)
{
	struct nbl_connection *conn =
		nbl_container(src, struct nbl_connection, src);
	bool waited = conn->unsent;
	int rc = 0;

	if (conn->fd < 0)
		return;
	if (events & (EPOLLHUP | EPOLLERR) && !(events & EPOLLIN))
		rc = -ECONNRESET;
	else if (conn->unsent)
		rc = connection_send(conn);
	else if (!conn->parked)
		rc = connection_read(conn);
	if (rc)
		connection_close(conn);
	else if (waited || conn->unsent || conn->parked)
		connection_wait(conn);
}

/* Its EPOLLHUP may be further on in this turn. */
static bool connection_hung_up(const struct nbl_connection *conn)
{
	struct pollfd pfd = { .fd = conn->fd };

	return poll(&pfd, 1, 0) > 0;
}

void nbl_control_retry(struct nbl_control *ctl)
{
	struct nbl_connection *conn, *next;

	if (!ctl)
		return;
	for (conn = TAILQ_FIRST(&ctl->connections); conn; conn = next) {
		next = TAILQ_NEXT(conn, link);
		if (!conn->parked)
			continue;
		if (connection_hung_up(conn) || connection_answer(conn))
			connection_close(conn);
		else if (!conn->parked)
			connection_wait(conn);
	}
}

/* Root, or the user we run as (the same but in tests). */
static bool peer_allowed(int fd)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len))
		return false;
	return cred.uid == 0 || cred.uid == geteuid();
}

static void listener_ready(struct nbl_source *src, uint32_t events)
{
	struct nbl_control *ctl = nbl_container(src, struct nbl_control, src);
	struct nbl_connection *conn;
	int fd;

	(void)events;
	fd = accept4(ctl->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	if (!peer_allowed(fd)) {
		nbl_log(NBL_WARN, "control: refused a peer that is not root");
		goto err_close;
	}
	conn = calloc(1, sizeof(*conn));
	if (!conn)
		goto err_close;
	conn->src.fn = connection_ready;
	conn->ctl = ctl;
	conn->fd = fd;
	if (nbl_loop_add(&ctl->nb->loop, fd, EPOLLIN, &conn->src))
		goto err_free;
	TAILQ_INSERT_TAIL(&ctl->connections, conn, link);
	if (++ctl->nr_connections == NBL_MAX_CONNECTIONS) {
		nbl_log(NBL_WARN, "control: %d connections, others wait",
			NBL_MAX_CONNECTIONS);
		listener_limit(ctl);
	}
	return;

err_free:
	free(conn);
err_close:
	close(fd);
}

int nbl_control_dir(const char *path, char err[NBL_ERROR_SIZE])
{
	struct stat st;
	char *copy, *dir;
	int rc = 0;

	copy = strdup(path);
	if (!copy)
		return nbl_fail(err, -ENOMEM, "allocate");
	dir = dirname(copy);
	if (mkdir(dir, 0700) && errno != EEXIST)
		rc = nbl_fail(err, -errno, "make %s", dir);
	else if (lstat(dir, &st))
		rc = nbl_fail(err, -errno, "%s", dir);
	else if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() ||
		 (st.st_mode & 077))
		rc = nbl_fail(err, -EPERM,
			      "%s must be a directory of mode 0700, ours",
			      dir);
	free(copy);
	return rc;
}

static int control_listen(struct nbl_control *ctl, const char *path,
			  char err[NBL_ERROR_SIZE])
{
	int rc;

	ctl->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC |
			 SOCK_NONBLOCK, 0);
	if (ctl->fd < 0)
		return nbl_fail(err, -errno, "open a socket");
	unlink(path);
	if (bind(ctl->fd, (struct sockaddr *)&ctl->addr, sizeof(ctl->addr))) {
		rc = nbl_fail(err, -errno, "bind %s", path);
		goto err_close;
	}
	if (chmod(path, 0600) || listen(ctl->fd, NBL_MAX_CONNECTIONS)) {
		rc = nbl_fail(err, -errno, "listen on %s", path);
		goto err_unlink;
	}
	rc = nbl_loop_add(&ctl->nb->loop, ctl->fd, EPOLLIN, &ctl->src);
	if (rc) {
		nbl_fail(err, rc, "wait for %s", path);
		goto err_unlink;
	}
	return 0;

err_unlink:
	unlink(path);
err_close:
	close(ctl->fd);
	return rc;
}

int nbl_control_open(struct nbl *nb, const char *path,
		     char err[NBL_ERROR_SIZE])
{
	struct nbl_control *ctl;
	int rc;

	if (strlen(path) >= sizeof(ctl->addr.sun_path))
		return nbl_fail(err, -ENAMETOOLONG, "socket %s", path);
	rc = nbl_control_dir(path, err);
	if (rc)
		return rc;
	ctl = calloc(1, sizeof(*ctl));
	if (!ctl)
		return nbl_fail(err, -ENOMEM, "allocate");
	ctl->nb = nb;
	ctl->src.fn = listener_ready;
	ctl->addr.sun_family = AF_UNIX;
	strcpy(ctl->addr.sun_path, path);
	TAILQ_INIT(&ctl->connections);
	TAILQ_INIT(&ctl->dead);
	rc = control_listen(ctl, path, err);
	if (rc) {
		free(ctl);
		return rc;
	}
	nb->control = ctl;
	return 0;
}

void nbl_control_close(struct nbl_control *ctl)
{
	struct nbl_connection *conn, *next;

	if (!ctl)
		return;
	for (conn = TAILQ_FIRST(&ctl->connections); conn; conn = next) {
		next = TAILQ_NEXT(conn, link);
		connection_close(conn);
	}
	nbl_control_bury(ctl);
	nbl_loop_del(&ctl->nb->loop, ctl->fd);
	close(ctl->fd);
	unlink(ctl->addr.sun_path);
	ctl->nb->control = NULL;
	free(ctl);
}

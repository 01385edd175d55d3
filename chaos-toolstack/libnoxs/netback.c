// SPDX-License-Identifier: BSD-2-Clause
/* Client side of a network backend's control socket. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <noxs/netback.h>

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* A number that two calls on one connection do not share. */
static uint32_t new_cookie(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint32_t)ts.tv_sec * 1000000007u ^ (uint32_t)ts.tv_nsec;
}

int noxs_netback_open(const char *path, int timeout_ms, int *out)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	struct timeval tv = {
		.tv_sec = timeout_ms / 1000,
		.tv_usec = timeout_ms % 1000 * 1000,
	};
	int fd, rc;

	if (!path)
		path = secure_getenv("NOXS_NETBACK_SOCKET");
	if (!path)
		path = NOXS_NETBACK_SOCKET;
	if (strlen(path) >= sizeof(sa.sun_path))
		return -ENAMETOOLONG;
	strcpy(sa.sun_path, path);

	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* connect() waits, for this long, while the backlog is full. */
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa))) {
		rc = errno == EAGAIN ? -ETIMEDOUT : -errno;
		goto err_close;
	}
	*out = fd;
	return 0;

err_close:
	close(fd);
	return rc;
}

void noxs_netback_close(int fd)
{
	if (fd >= 0)
		close(fd);
}

static int wait_for(int fd, short events, int64_t deadline)
{
	struct pollfd pfd = { .fd = fd, .events = events };
	int64_t left;
	int n;

	do {
		left = deadline - now_ms();
		n = poll(&pfd, 1, left > 0 ? (int)left : 0);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return n ? 0 : -ETIMEDOUT;
}

static int send_request(int fd, const struct noxs_netback_request *req,
			int64_t deadline)
{
	ssize_t n;
	int rc;

	for (;;) {
		n = send(fd, req, sizeof(*req), MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n == (ssize_t)sizeof(*req))
			return 0;
		if (n >= 0)
			return -EPROTO;
		if (errno == EAGAIN) {
			rc = wait_for(fd, POLLOUT, deadline);
			if (rc)
				return rc;
		} else if (errno != EINTR) {
			return -errno;
		}
	}
}

static int recv_reply(int fd, struct noxs_netback_reply *reply,
		      int64_t deadline)
{
	ssize_t n;
	int rc;

	for (;;) {
		rc = wait_for(fd, POLLIN, deadline);
		if (rc)
			return rc;
		n = recv(fd, reply, sizeof(*reply), MSG_DONTWAIT | MSG_TRUNC);
		if (n == (ssize_t)sizeof(*reply))
			return 0;
		if (n == 0)
			return -ECONNRESET;
		if (n > 0)
			return -EPROTO;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
	}
}

static int check_packet(struct noxs_netback_reply *reply)
{
	reply->ifname[sizeof(reply->ifname) - 1] = '\0';
	reply->bridge[sizeof(reply->bridge) - 1] = '\0';
	reply->error[sizeof(reply->error) - 1] = '\0';
	return reply->magic != NOXS_NETBACK_MAGIC ||
	       reply->version != NOXS_NETBACK_VERSION ? -EPROTO : 0;
}

static int check_reply(const struct noxs_netback_request *req,
		       struct noxs_netback_reply *reply)
{
	if (check_packet(reply) || reply->op != req->op ||
	    reply->cookie != req->cookie || reply->rc > 0)
		return -EPROTO;
	return 0;
}

static int explain(struct noxs_netback_reply *reply, int rc, const char *what)
{
	memset(reply, 0, sizeof(*reply));
	snprintf(reply->error, sizeof(reply->error), "%s", what);
	return rc;
}

int noxs_netback_send(int fd, struct noxs_netback_request *req, int timeout_ms)
{
	req->magic = NOXS_NETBACK_MAGIC;
	req->version = NOXS_NETBACK_VERSION;
	req->cookie = new_cookie();
	return send_request(fd, req, now_ms() + timeout_ms);
}

int noxs_netback_recv(int fd, const struct noxs_netback_request *req,
		      struct noxs_netback_reply *reply, int timeout_ms)
{
	int rc;

	rc = recv_reply(fd, reply, now_ms() + timeout_ms);
	if (rc)
		return explain(reply, rc,
			       "wait for the network backend's answer");
	rc = check_reply(req, reply);
	if (rc)
		return explain(reply, rc,
			       "read the network backend's answer");
	return reply->rc;
}

int noxs_netback_call(int fd, struct noxs_netback_request *req,
		      struct noxs_netback_reply *reply, int timeout_ms)
{
	int64_t deadline = now_ms() + timeout_ms;
	int64_t left;
	int rc;

	rc = noxs_netback_send(fd, req, timeout_ms);
	if (rc)
		return explain(reply, rc,
			       "send a request to the network backend");
	left = deadline - now_ms();
	return noxs_netback_recv(fd, req, reply, left > 0 ? (int)left : 0);
}

int noxs_netback_event(int fd, struct noxs_netback_reply *event)
{
	int rc = recv_reply(fd, event, now_ms());

	if (rc)
		return rc == -ETIMEDOUT ? -EAGAIN : rc;
	if (check_packet(event) || (event->op != NOXS_NETBACK_WAKE &&
				    event->op != NOXS_NETBACK_IDLE))
		return -EPROTO;
	return 0;
}

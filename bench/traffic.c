// SPDX-License-Identifier: BSD-2-Clause
/*
 * Many packets to a system call where the kernel allows it: what these programs
 * cost themselves is the same for every system, and hides what differs.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "traffic.h"

#define CALL_PACKETS	32u
#define CALL_BYTES	(64u << 10)
#define BUFFER_BYTES	(4 << 20)
#define QUIET_MS	200	/* after which what is on the way is lost */

struct packet {
	uint32_t round;
	uint32_t number;	/* of a report: how many came */
	uint8_t rest[TRAFFIC_UDP_BYTES - 8];
};

static int wait_at_most(int fd, int ms)
{
	struct timeval tv = { .tv_sec = ms / 1000,
			      .tv_usec = ms % 1000 * 1000 };

	return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) ? -errno
									: 0;
}

int traffic_prepare(int fd)
{
	int size = BUFFER_BYTES, type;
	socklen_t len = sizeof(type);

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len))
		return -errno;
	/* Small packets take more of it than their bytes; TCP sees to itself. */
	if (type == SOCK_DGRAM &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		return -errno;
	return wait_at_most(fd, TRAFFIC_PATIENCE_S * 1000);
}

int traffic_read(int fd, void *to, uint32_t size)
{
	uint8_t *at = to;
	ssize_t n;

	for (; size; at += n, size -= (uint32_t)n) {
		n = recv(fd, at, size, 0);
		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		if (n == 0)
			return -ECONNRESET;
	}
	return 0;
}

int traffic_write(int fd, const void *from, uint32_t size)
{
	const uint8_t *at = from;
	ssize_t n;

	for (; size; at += n, size -= (uint32_t)n) {
		n = send(fd, at, size, MSG_NOSIGNAL);
		if (n < 0)
			return -errno;
	}
	return 0;
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

int traffic_tcp_send(int fd, uint32_t bytes)
{
	static uint8_t data[CALL_BYTES];
	uint32_t n;
	int rc = 0;

	for (; !rc && bytes; bytes -= n) {
		n = least(bytes, sizeof(data));
		rc = traffic_write(fd, data, n);
	}
	return rc;
}

int traffic_tcp_take(int fd, uint32_t bytes)
{
	static uint8_t data[4 * CALL_BYTES];
	ssize_t n;

	for (; bytes; bytes -= (uint32_t)n) {
		n = recv(fd, data, least(bytes, sizeof(data)), 0);
		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		if (n == 0)
			return -ECONNRESET;
	}
	return 0;
}

/* One packet of this round; others are late.  -EAGAIN: none in time. */
static int take_one(int fd, uint32_t round, struct packet *p)
{
	ssize_t n;

	do {
		n = recv(fd, p, sizeof(*p), 0);
		if (n < 0)
			return -errno;
	} while (n != sizeof(*p) || p->round != round);
	return 0;
}

/* All alike: they are counted, not looked at. */
static int send_some(int fd, uint32_t round, uint32_t nr)
{
	struct packet p = { .round = round };
	struct iovec iov = { .iov_base = &p, .iov_len = sizeof(p) };
	struct mmsghdr m[CALL_PACKETS];
	uint32_t i;
	int n;

	for (i = 0; i < nr; i++)
		m[i] = (struct mmsghdr){ .msg_hdr = { .msg_iov = &iov,
						      .msg_iovlen = 1 } };
	n = sendmmsg(fd, m, nr, 0);
	return n < 0 ? -errno : n;
}

int traffic_udp_send(int fd, uint32_t round, uint32_t count, uint32_t *nr_lost)
{
	uint32_t on_way = 0, arrived = 0, nr;
	int rc, quiet = 0;
	struct packet p;

	rc = wait_at_most(fd, QUIET_MS);
	while (!rc && arrived < count) {
		nr = least(TRAFFIC_WINDOW - on_way, count - arrived - on_way);
		if (nr) {
			rc = send_some(fd, round, least(nr, CALL_PACKETS));
			if (rc > 0)
				on_way += (uint32_t)rc;
			rc = rc > 0 ? 0 : rc;
			continue;
		}
		rc = take_one(fd, round, &p);
		if (rc == -EAGAIN && ++quiet < TRAFFIC_PATIENCE_S * 1000 / QUIET_MS) {
			*nr_lost += on_way;
			on_way = 0;
			rc = 0;
		} else if (!rc) {
			/* One that was given up may arrive all the same. */
			on_way -= least(on_way, p.number - arrived);
			arrived = p.number;
			quiet = 0;
		}
	}
	wait_at_most(fd, TRAFFIC_PATIENCE_S * 1000);
	return rc == -EAGAIN ? -ETIMEDOUT : rc;
}

static int report(int fd, uint32_t round, uint32_t number)
{
	struct packet p = { .round = round, .number = number };

	return send(fd, &p, sizeof(p), 0) < 0 ? -errno : 0;
}

int traffic_udp_take(int fd, uint32_t round, uint32_t count)
{
	static struct packet p[CALL_PACKETS];
	struct mmsghdr m[CALL_PACKETS];
	struct iovec iov[CALL_PACKETS];
	uint32_t arrived = 0, reported = 0, i;
	int n, rc = 0;

	for (i = 0; i < CALL_PACKETS; i++) {
		iov[i] = (struct iovec){ &p[i], sizeof(p[i]) };
		m[i] = (struct mmsghdr){ .msg_hdr = { .msg_iov = &iov[i],
						      .msg_iovlen = 1 } };
	}
	while (!rc && arrived < count) {
		n = recvmmsg(fd, m, CALL_PACKETS, MSG_WAITFORONE, NULL);
		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		for (i = 0; i < (uint32_t)n; i++)
			arrived += m[i].msg_len == sizeof(p[i]) &&
				   p[i].round == round;
		if (arrived - reported >= TRAFFIC_REPORT || arrived >= count) {
			reported = arrived;
			rc = report(fd, round, arrived);
		}
	}
	return rc;
}

int traffic_udp_echo(int fd, uint32_t round, uint32_t count)
{
	struct packet p;
	int rc = 0;

	while (!rc && count--) {
		rc = take_one(fd, round, &p);
		if (!rc && send(fd, &p, sizeof(p), 0) < 0)
			rc = -errno;
	}
	return rc == -EAGAIN ? -ETIMEDOUT : rc;
}

int traffic_udp_ask(int fd, uint32_t round, uint32_t serial)
{
	struct packet p = { .round = round, .number = serial };
	int rc;

	if (send(fd, &p, sizeof(p), 0) < 0)
		return -errno;
	do {
		rc = take_one(fd, round, &p);
	} while (!rc && p.number != serial);
	return rc == -EAGAIN ? -ETIMEDOUT : rc;
}

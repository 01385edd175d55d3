// SPDX-License-Identifier: BSD-2-Clause
/*
 * The guest's end of BENCH=net: does what the orders say (traffic.h).  It ends,
 * and its guest with it, when something goes wrong.
 *
 * dom0 opens three things, in this order: TCP for orders, TCP for the bulk, and UDP,
 * whose first packet says where it comes from.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "traffic.h"

struct ends {
	int orders, bulk, udp;
};

__attribute__((noreturn))
static void die(const char *what, int error)
{
	printf("net-guest: %s: %s\n", what, strerror(error));
	exit(EXIT_FAILURE);
}

static int bound(int type)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_port = htons(TRAFFIC_PORT) };
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&sin, sizeof(sin)))
		die("bind", errno);
	return fd;
}

static int next_connection(int listener)
{
	int fd = accept(listener, NULL, NULL), one = 1;

	if (fd < 0 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)))
		die("accept", errno);
	return fd;
}

/* To whoever speaks first. */
static void connect_back(int udp)
{
	struct sockaddr_in sin;
	socklen_t size = sizeof(sin);
	char byte;

	if (recvfrom(udp, &byte, 1, 0, (struct sockaddr *)&sin, &size) < 0 ||
	    connect(udp, (struct sockaddr *)&sin, size) ||
	    send(udp, &byte, 1, 0) < 0)
		die("connect UDP", errno);
}

static int do_it(const struct ends *e, const struct traffic_order *o,
		 uint32_t *nr_lost)
{
	switch (o->op) {
	case TRAFFIC_TCP_SEND:
		return traffic_tcp_send(e->bulk, o->count);
	case TRAFFIC_TCP_TAKE:
		return traffic_tcp_take(e->bulk, o->count);
	case TRAFFIC_UDP_SEND:
		return traffic_udp_send(e->udp, o->round, o->count,
					nr_lost);
	case TRAFFIC_UDP_TAKE:
		return traffic_udp_take(e->udp, o->round, o->count);
	case TRAFFIC_ECHO:
		return traffic_udp_echo(e->udp, o->round, o->count);
	default:
		return -EINVAL;
	}
}

int main(void)
{
	int listener = bound(SOCK_STREAM), rc;
	struct traffic_answer answer;
	struct traffic_order o;
	struct ends e;

	e.udp = bound(SOCK_DGRAM);
	if (listen(listener, 2))
		die("listen", errno);
	puts("net-guest: ready");
	e.orders = next_connection(listener);
	e.bulk = next_connection(listener);
	connect_back(e.udp);
	rc = traffic_prepare(e.udp);
	if (!rc)
		rc = traffic_prepare(e.bulk);
	if (rc)
		die("prepare", -rc);
	/* Orders may be long in coming. */
	for (;;) {
		if (traffic_read(e.orders, &o, sizeof(o)))
			return EXIT_SUCCESS;
		answer.nr_lost = 0;
		rc = do_it(&e, &o, &answer.nr_lost);
		answer.error = (uint32_t)-rc;
		if (traffic_write(e.orders, &answer, sizeof(answer)))
			die("answer", errno);
	}
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The traffic of BENCH=net: both ends of each kind.  bench/net.c is one end, in
 * dom0, and gives the orders; bench/net-guest.c is the other, in the guest.
 *
 * An order goes over a TCP connection; the guest answers it there when it has done
 * its part.  Both ends are of one processor's kind: words are as they lie in memory.
 *
 * A UDP sender may have TRAFFIC_WINDOW packets on the way; the receiver tells it after
 * each TRAFFIC_REPORT of them how many came.  So what is measured is what arrives, at
 * the rate of the slower end.  Those that are lost are sent again, as new ones.
 *
 * Sockets that a caller owns; calls block, give up after TRAFFIC_PATIENCE_S
 * without a sign of the other end, and return 0 or -errno.
 */
#ifndef BENCH_TRAFFIC_H
#define BENCH_TRAFFIC_H

#include <stdint.h>

#define TRAFFIC_PORT		5000	/* TCP: orders, and the bulk; UDP */
#define TRAFFIC_UDP_BYTES	64	/* of payload: a frame of 106 */
#define TRAFFIC_WINDOW		256u
#define TRAFFIC_REPORT		64u
#define TRAFFIC_PATIENCE_S	20

/* What the guest is to do. */
enum traffic_op {
	TRAFFIC_TCP_SEND = 1,	/* count bytes */
	TRAFFIC_TCP_TAKE,
	TRAFFIC_UDP_SEND,	/* until count packets arrived */
	TRAFFIC_UDP_TAKE,
	TRAFFIC_ECHO,		/* count packets */
};

struct traffic_order {
	uint32_t op;
	uint32_t count;
	uint32_t round;		/* no two alike: tells late packets */
};

struct traffic_answer {
	uint32_t error;		/* 0, or an errno */
	uint32_t nr_lost;	/* packets */
};

/* Buffers as large as the benchmark needs; calls on it give up in the end. */
int traffic_prepare(int fd);
int traffic_read(int fd, void *to, uint32_t size);
int traffic_write(int fd, const void *from, uint32_t size);

int traffic_tcp_send(int fd, uint32_t bytes);
int traffic_tcp_take(int fd, uint32_t bytes);
/* fd: connected.  *nr_lost grows by those that did not arrive. */
int traffic_udp_send(int fd, uint32_t round, uint32_t count, uint32_t *nr_lost);
int traffic_udp_take(int fd, uint32_t round, uint32_t count);
int traffic_udp_echo(int fd, uint32_t round, uint32_t count);
/* One round trip. */
int traffic_udp_ask(int fd, uint32_t round, uint32_t serial);

#endif

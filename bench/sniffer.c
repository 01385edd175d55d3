// SPDX-License-Identifier: BSD-2-Clause
/* When did a guest's first packet reach the bridge? */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"

struct bench_sniffer {
	int fd;
	double offset_ms;	/* CLOCK_REALTIME minus bench_now_ms's clock */
};

static double realtime_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

/*
 * Time stamps of packets are of the real-time clock.  Nothing steers it in
 * the lab, so its distance from ours is constant; the smallest of several
 * readings is the one nobody interrupted.
 */
static double clock_offset_ms(void)
{
	double best = 0, best_width = 1e9;

	for (int i = 0; i < 16; i++) {
		double before = bench_now_ms();
		double real = realtime_ms();
		double width = bench_now_ms() - before;

		if (width < best_width) {
			best_width = width;
			best = real - before - width / 2;
		}
	}
	return best;
}

struct bench_sniffer *bench_sniffer_open(const char *ifname)
{
	struct bench_sniffer *s = calloc(1, sizeof(*s));
	struct sockaddr_ll sll = { .sll_family = AF_PACKET,
				   .sll_protocol = htons(ETH_P_ALL) };
	int one = 1;

	if (!s)
		bench_die("sniffer: out of memory");
	sll.sll_ifindex = (int)if_nametoindex(ifname);
	s->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
	if (s->fd < 0 || !sll.sll_ifindex ||
	    setsockopt(s->fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one)) ||
	    bind(s->fd, (struct sockaddr *)&sll, sizeof(sll)))
		bench_die("listen on %s: %s", ifname, strerror(errno));
	s->offset_ms = clock_offset_ms();
	return s;
}

void bench_sniffer_close(struct bench_sniffer *s)
{
	close(s->fd);
	free(s);
}

void bench_sniffer_drain(struct bench_sniffer *s)
{
	char buf[64];

	while (recv(s->fd, buf, sizeof(buf), MSG_DONTWAIT | MSG_TRUNC) >= 0)
		;
}

/* One packet: its time stamp if it comes from mac, else negative. */
static double sniff_one(struct bench_sniffer *s, const uint8_t mac[6])
{
	union {
		char buf[256];
		struct cmsghdr align;
	} control;
	uint8_t frame[64];
	struct iovec iov = { frame, sizeof(frame) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
			      .msg_control = control.buf,
			      .msg_controllen = sizeof(control.buf) };
	struct timespec ts;
	struct cmsghdr *c;

	if (recvmsg(s->fd, &msg, MSG_DONTWAIT) < (ssize_t)ETHER_HDR_LEN ||
	    memcmp(frame + 6, mac, 6))
		return -1;
	for (c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_TIMESTAMPNS)
			continue;
		memcpy(&ts, CMSG_DATA(c), sizeof(ts));
		return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6 -
		       s->offset_ms;
	}
	return -1;
}

double bench_sniffer_wait(struct bench_sniffer *s, const uint8_t mac[6],
			  int timeout_ms)
{
	double end = bench_now_ms() + timeout_ms, left, when;
	struct pollfd p = { .fd = s->fd, .events = POLLIN };

	while ((left = end - bench_now_ms()) > 0) {
		if (poll(&p, 1, (int)left + 1) <= 0)
			continue;
		when = sniff_one(s, mac);
		if (when >= 0)
			return when;
	}
	return -1;
}

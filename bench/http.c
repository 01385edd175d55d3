// SPDX-License-Identifier: BSD-2-Clause
/*
 * A connection that finds nobody is given up after EVERY_MS and opened anew: the
 * kernel would send its second SYN after a second.
 */
#include <errno.h>
#include <net/if_arp.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness.h"
#include "http.h"

#define EVERY_MS	2
#define REPLY_MS	2000	/* of one that is connected */

void bench_http_neighbour(const char *bridge, struct in_addr address,
			  const uint8_t mac[6])
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr = address };
	struct arpreq rq = { .arp_flags = ATF_PERM | ATF_COM };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memcpy(&rq.arp_pa, &sin, sizeof(sin));
	rq.arp_ha.sa_family = ARPHRD_ETHER;
	memcpy(rq.arp_ha.sa_data, mac, 6);
	strncpy(rq.arp_dev, bridge, sizeof(rq.arp_dev) - 1);
	if (fd < 0 || ioctl(fd, SIOCSARP, &rq))
		bench_die("neighbour on %s: %s", bridge, strerror(errno));
	close(fd);
}

static bool ready(int fd, short events, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = events };

	return poll(&p, 1, timeout_ms) == 1;
}

/* 1: connected; 0: nobody is there yet. */
static bool is_connected(int fd, struct in_addr address)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr = address,
				  .sin_port = htons(80) };
	socklen_t size = sizeof(int);
	int error = 0;

	if (!connect(fd, (struct sockaddr *)&to, sizeof(to)))
		return true;
	return errno == EINPROGRESS && ready(fd, POLLOUT, EVERY_MS) &&
	       !getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) && !error;
}

/* When the reply came; negative: none, or a bad one. */
static double reply_at(int fd)
{
	static const char request[] = "GET / HTTP/1.0\r\n\r\n";
	char reply[16] = "";
	double at;

	if (send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) < 0 ||
	    !ready(fd, POLLIN, REPLY_MS))
		return -1;
	at = bench_now_ms();
	if (recv(fd, reply, sizeof(reply) - 1, 0) < 12 ||
	    strncmp(reply, "HTTP/1.", 7) || strncmp(reply + 8, " 200", 4))
		return -1;
	return at;
}

double bench_http_wait(struct in_addr address, int timeout_ms)
{
	double end = bench_now_ms() + timeout_ms, at;
	int fd;

	while (bench_now_ms() < end) {
		fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (fd < 0)
			bench_die("socket: %s", strerror(errno));
		if (is_connected(fd, address)) {
			at = reply_at(fd);
			close(fd);
			return at;
		}
		close(fd);
		usleep(EVERY_MS * 1000);
	}
	return -1;
}

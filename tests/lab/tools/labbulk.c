// SPDX-License-Identifier: BSD-2-Clause
/*
 * labbulk: much data over TCP, and how long that took.
 *
 *   labbulk serve PORT             for ever, on all addresses of both families
 *   labbulk put ADDRESS PORT MIB   to a server; over when it has counted them
 *   labbulk get ADDRESS PORT MIB   from a server
 *
 * put and get print milliseconds of the monotonic clock.  Each byte is looked
 * at by whoever receives it.  Linked statically: guests have no library.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CHUNK	65536u
#define PERIOD	62281u		/* no multiple of any frame's size */

static uint8_t pattern[PERIOD + CHUNK];
static uint8_t buf[CHUNK];

static void pattern_make(void)
{
	uint32_t seed = 1;

	for (unsigned int i = 0; i < sizeof(pattern); i++) {
		if (i % PERIOD == 0)
			seed = 1;
		seed = seed * 1103515245u + 12345u;
		pattern[i] = (uint8_t)(seed >> 16);
	}
}

static bool give(int fd, uint64_t bytes)
{
	uint64_t at = 0;

	while (at < bytes) {
		size_t n = bytes - at < CHUNK ? bytes - at : CHUNK;
		ssize_t rc = write(fd, pattern + at % PERIOD, n);

		if (rc < 0)
			return false;
		at += (uint64_t)rc;
	}
	return true;
}

static bool take(int fd, uint64_t bytes)
{
	uint64_t at = 0;

	while (at < bytes) {
		size_t n = bytes - at < CHUNK ? bytes - at : CHUNK;
		ssize_t rc = read(fd, buf, n);

		if (rc <= 0)
			return false;
		if (memcmp(buf, pattern + at % PERIOD, (size_t)rc)) {
			fprintf(stderr, "labbulk: other bytes after %llu\n",
				(unsigned long long)at);
			return false;
		}
		at += (uint64_t)rc;
	}
	return true;
}

/* The client says in which direction ('p', 'g'), and how many bytes. */
static void serve_one(int fd)
{
	struct { uint64_t bytes; uint8_t what; uint8_t pad[7]; } ask;

	if (recv(fd, &ask, sizeof(ask), MSG_WAITALL) != sizeof(ask))
		return;
	if (ask.what == 'g')
		give(fd, ask.bytes);
	else if (take(fd, ask.bytes))
		send(fd, "!", 1, 0);
}

static int serve(unsigned short port)
{
	struct sockaddr_in6 sa = { .sin6_family = AF_INET6,
				   .sin6_port = htons(port) };
	int on = 1, fd, conn;

	fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind(fd, (struct sockaddr *)&sa, sizeof(sa)) || listen(fd, 8)) {
		perror("labbulk: serve");
		return 1;
	}
	for (;;) {
		conn = accept(fd, NULL, NULL);
		if (conn < 0)
			continue;
		serve_one(conn);
		close(conn);
	}
}

/* An IPv4 address as one of IPv6, too. */
static int dial(const char *address, const char *port)
{
	struct sockaddr_in6 sa = { .sin6_family = AF_INET6 };
	char mapped[80];
	int fd;

	snprintf(mapped, sizeof(mapped), "%s%s",
		 strchr(address, ':') ? "" : "::ffff:", address);
	sa.sin6_port = htons((unsigned short)strtoul(port, NULL, 10));
	if (inet_pton(AF_INET6, mapped, &sa.sin6_addr) != 1) {
		fprintf(stderr, "labbulk: %s: no address\n", address);
		return -1;
	}
	fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && !connect(fd, (struct sockaddr *)&sa, sizeof(sa)))
		return fd;
	perror("labbulk: connect");
	return -1;
}

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static int transfer(bool put, const char *address, const char *port,
		    uint64_t bytes)
{
	struct { uint64_t bytes; uint8_t what; uint8_t pad[7]; } ask = {
		.bytes = bytes, .what = put ? 'p' : 'g',
	};
	int fd = dial(address, port);
	double start;
	bool ok;

	if (fd < 0 || send(fd, &ask, sizeof(ask), 0) != sizeof(ask))
		return 1;
	start = now_ms();
	if (put)
		ok = give(fd, bytes) && recv(fd, buf, 1, 0) == 1;
	else
		ok = take(fd, bytes);
	if (!ok) {
		fprintf(stderr, "labbulk: not all arrived: %s\n",
			strerror(errno));
		return 1;
	}
	printf("%.1f\n", now_ms() - start);
	return 0;
}

int main(int argc, char **argv)
{
	bool put = argc == 5 && !strcmp(argv[1], "put");

	signal(SIGPIPE, SIG_IGN);
	pattern_make();
	if (argc == 3 && !strcmp(argv[1], "serve"))
		return serve((unsigned short)strtoul(argv[2], NULL, 10));
	if (put || (argc == 5 && !strcmp(argv[1], "get")))
		return transfer(put, argv[2], argv[3],
				strtoull(argv[4], NULL, 10) << 20);
	fprintf(stderr, "usage: labbulk serve PORT | {put|get} ADDRESS PORT MIB\n");
	return 2;
}

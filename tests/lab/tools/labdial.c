// SPDX-License-Identifier: BSD-2-Clause
/*
 * labdial: clients that do not behave.
 *
 *   labdial PATH silent N SECONDS   N connections that say nothing
 *   labdial PATH noise N SEED       N packets of random bytes, on as many
 *                                   connections as it takes; answers are not read
 *
 * Prints how many connections were made.
 *
 *   labdial PATH hear N SECONDS     N datagrams that come to a socket there, one
 *                                   after the other, with at most SECONDS between
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int dial(const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&sa, sizeof(sa))) {
		perror(path);
		exit(1);
	}
	return fd;
}

static void silent(const char *path, int n, int seconds)
{
	for (int i = 0; i < n; i++)
		dial(path);
	printf("%d\n", n);
	fflush(stdout);
	sleep((unsigned int)seconds);
}

/* Every other packet has a header that is right, so far. */
static size_t fill(unsigned char *buf)
{
	static const unsigned char magic[] = { 'C', 'H', 'S', 'D', 1, 0 };
	size_t size = (size_t)rand() % 600, i;

	for (i = 0; i < size; i++)
		buf[i] = (unsigned char)rand();
	if (size >= 24 && rand() % 2) {
		memset(buf, 0, 24);
		memcpy(buf, magic, sizeof(magic));
		buf[6] = (unsigned char)(rand() % 22);
	}
	return size;
}

static void noise(const char *path, int n, unsigned int seed)
{
	unsigned char buf[600];
	int fd = dial(path), dialled = 1;

	srand(seed);
	while (n--) {
		if (send(fd, buf, fill(buf), MSG_NOSIGNAL) >= 0)
			continue;
		close(fd);
		fd = dial(path);
		dialled++;
	}
	printf("%d\n", dialled);
}

static void hear(const char *path, int n, int seconds)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	struct timeval timeout = { .tv_sec = seconds };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char buf[4096];
	ssize_t size;

	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout,
		       sizeof(timeout))) {
		perror(path);
		exit(1);
	}
	while (n--) {
		size = recv(fd, buf, sizeof(buf), 0);
		if (size < 0) {
			perror(path);
			exit(1);
		}
		fwrite(buf, 1, (size_t)size, stdout);
		putchar('\n');
		fflush(stdout);
	}
}

int main(int argc, char **argv)
{
	if (argc != 5)
		return 2;
	if (!strcmp(argv[2], "silent"))
		silent(argv[1], atoi(argv[3]), atoi(argv[4]));
	else if (!strcmp(argv[2], "hear"))
		hear(argv[1], atoi(argv[3]), atoi(argv[4]));
	else
		noise(argv[1], atoi(argv[3]), (unsigned int)atoi(argv[4]));
	return 0;
}

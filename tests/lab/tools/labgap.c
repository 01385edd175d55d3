// SPDX-License-Identifier: BSD-2-Clause
/*
 * labgap: for how long nothing came, at most.
 *
 *   labgap ping ADDRESS...        each is asked every 10 ms
 *   labgap http ADDRESS PATH      is fetched over and over, as fast as it comes
 *
 * Prints "ready" when it takes signals.  SIGUSR1: prints "gap ADDRESS MS ANSWERS"
 * for each since the last time, with the silence that lasts still, and "told";
 * SIGTERM ends it.  An answer is an echo reply, or data of a fetch.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define MAX_TARGETS	256
#define EVERY_MS	10
#define CONNECT_MS	100	/* a SYN that is lost is not waited for */

struct target {
	struct in_addr addr;
	int64_t last, gap;
	unsigned long answers;
};

static struct target target[MAX_TARGETS];
static unsigned int nr;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void add(const char *text)
{
	if (nr == MAX_TARGETS || !inet_aton(text, &target[nr].addr)) {
		fprintf(stderr, "labgap: %s\n", text);
		exit(2);
	}
	target[nr++].last = now();
}

static void heard(struct target *t)
{
	int64_t n = now();

	if (n - t->last > t->gap)
		t->gap = n - t->last;
	t->last = n;
	t->answers++;
}

static void tell(void)
{
	struct target *t;

	for (t = target; t < target + nr; t++) {
		if (now() - t->last > t->gap)
			t->gap = now() - t->last;
		printf("gap %s %lld %lu\n", inet_ntoa(t->addr),
		       (long long)t->gap, t->answers);
		t->gap = 0;
		t->answers = 0;
	}
	printf("told\n");
	fflush(stdout);
}

/* Blocked from here on. */
static int signals(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		die("signalfd");
	printf("ready\n");
	fflush(stdout);
	return fd;
}

static void take_signals(int fd)
{
	struct signalfd_siginfo info;

	while (read(fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGTERM)
			exit(0);
		tell();
	}
}

static uint16_t checksum(const uint16_t *p, size_t words)
{
	uint32_t sum = 0;

	while (words--)
		sum += *p++;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void ask(int fd, const struct target *t, uint16_t seq)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr = t->addr };
	union { uint16_t word[4]; struct icmphdr h; } u = { .word = { 0 } };

	u.h.type = ICMP_ECHO;
	u.h.un.echo.id = htons((uint16_t)getpid());
	u.h.un.echo.sequence = htons(seq);
	u.h.checksum = checksum(u.word, sizeof(u) / 2);
	/* What cannot be sent is not answered. */
	(void)!sendto(fd, &u, sizeof(u), MSG_DONTWAIT, (struct sockaddr *)&to,
		      sizeof(to));
}

static void answer(int fd)
{
	struct { struct iphdr ip; struct icmphdr icmp; uint8_t rest[64]; } p;
	struct target *t;

	memset(&p, 0, sizeof(p));
	while (recv(fd, &p, sizeof(p), MSG_DONTWAIT) >=
	       (ssize_t)(sizeof(p.ip) + sizeof(p.icmp))) {
		if (p.ip.ihl != 5 || p.icmp.type != ICMP_ECHOREPLY ||
		    p.icmp.un.echo.id != htons((uint16_t)getpid()))
			continue;
		for (t = target; t < target + nr; t++)
			if (t->addr.s_addr == p.ip.saddr)
				heard(t);
	}
}

static void ping(void)
{
	const struct itimerspec every = {
		.it_interval.tv_nsec = EVERY_MS * 1000000L,
		.it_value.tv_nsec = EVERY_MS * 1000000L,
	};
	struct pollfd pfd[3] = { { .events = POLLIN }, { .events = POLLIN },
				 { .events = POLLIN } };
	uint16_t seq = 0;
	uint64_t n;
	unsigned int i;

	pfd[0].fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
	pfd[1].fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	pfd[2].fd = signals();
	if (pfd[0].fd < 0 || pfd[1].fd < 0 ||
	    timerfd_settime(pfd[1].fd, 0, &every, NULL))
		die("labgap");
	while (poll(pfd, 3, -1) >= 0) {
		answer(pfd[0].fd);
		take_signals(pfd[2].fd);
		if (read(pfd[1].fd, &n, sizeof(n)) != sizeof(n))
			continue;
		seq++;
		for (i = 0; i < nr; i++)
			ask(pfd[0].fd, &target[i], seq);
	}
}

/* A connection, or -1. */
static int dial(int sig_fd)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(80),
				  .sin_addr = target[0].addr };
	struct pollfd pfd[2] = { { .events = POLLOUT },
				 { .fd = sig_fd, .events = POLLIN } };
	socklen_t len = sizeof(int);
	int error = 0;

	pfd[0].fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (connect(pfd[0].fd, (struct sockaddr *)&to, sizeof(to)) &&
	    errno != EINPROGRESS)
		die("connect");
	poll(pfd, 2, CONNECT_MS);
	if (!getsockopt(pfd[0].fd, SOL_SOCKET, SO_ERROR, &error, &len) &&
	    !error && pfd[0].revents & POLLOUT)
		return pfd[0].fd;
	close(pfd[0].fd);
	return -1;
}

static void fetch(int fd, int sig_fd, const char *path)
{
	struct pollfd pfd[2] = { { .fd = fd, .events = POLLIN },
				 { .fd = sig_fd, .events = POLLIN } };
	static char buf[65536];
	ssize_t n = 1;
	int len;

	len = snprintf(buf, sizeof(buf), "GET %s HTTP/1.0\r\n\r\n", path);
	if (send(fd, buf, (size_t)len, MSG_NOSIGNAL) != len)
		return;
	while (n && poll(pfd, 2, -1) >= 0) {
		if (pfd[1].revents)
			take_signals(sig_fd);
		n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (n > 0)
			heard(&target[0]);
		else if (n < 0 && errno != EAGAIN)
			return;
	}
}

static void http(const char *path)
{
	int sig_fd = signals(), fd;

	for (;;) {
		take_signals(sig_fd);
		fd = dial(sig_fd);
		if (fd < 0)
			continue;
		fetch(fd, sig_fd, path);
		close(fd);
	}
}

int main(int argc, char **argv)
{
	int i;

	if (argc == 4 && !strcmp(argv[1], "http")) {
		add(argv[2]);
		http(argv[3]);
	}
	if (argc < 3 || strcmp(argv[1], "ping")) {
		fprintf(stderr, "usage: labgap ping ADDRESS...\n"
				"       labgap http ADDRESS PATH\n");
		return 2;
	}
	for (i = 2; i < argc; i++)
		add(argv[i]);
	ping();
	return 1;
}

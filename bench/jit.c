// SPDX-License-Identifier: BSD-2-Clause
/* Guests that are made when somebody calls them. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "jit.h"

#define ANSWER_MS	5000
/* chaosd makes the next spare meanwhile; and the broadcast is heard out. */
#define PAUSE_MS(alive)	(60 + (alive) / 4)

/* RFC 1071; the data is an even number of bytes. */
static uint16_t checksum(const void *data, size_t size)
{
	const uint16_t *p = data;
	uint32_t sum = 0;

	for (; size > 1; size -= 2)
		sum += *p++;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static bool is_answer(const uint8_t *packet, ssize_t size, in_addr_t from,
		      uint16_t id)
{
	struct icmphdr icmp;
	struct iphdr ip;

	if (size < (ssize_t)(sizeof(ip) + sizeof(icmp)))
		return false;
	memcpy(&ip, packet, sizeof(ip));
	memcpy(&icmp, packet + ip.ihl * 4, sizeof(icmp));
	return ip.saddr == from && icmp.type == ICMP_ECHOREPLY &&
	       icmp.un.echo.id == htons(id);
}

/* From the echo request to its reply. */
static double ping(const char *address, uint16_t id)
{
	struct sockaddr_in sa = { .sin_family = AF_INET };
	struct icmphdr icmp;
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	uint8_t packet[256];
	double begin, end;
	ssize_t n;

	inet_pton(AF_INET, address, &sa.sin_addr);
	memset(&icmp, 0, sizeof(icmp));
	icmp.type = ICMP_ECHO;
	icmp.un.echo.id = htons(id);
	icmp.checksum = checksum(&icmp, sizeof(icmp));
	begin = bench_now_ms();
	if (fd < 0 || sendto(fd, &icmp, sizeof(icmp), 0,
			     (struct sockaddr *)&sa, sizeof(sa)) < 0)
		bench_die("ping %s: %s", address, strerror(errno));
	do {
		if (poll(&pfd, 1, ANSWER_MS) <= 0)
			bench_die("%s does not answer", address);
		n = recv(fd, packet, sizeof(packet), 0);
		end = bench_now_ms();
	} while (!is_answer(packet, n, sa.sin_addr.s_addr, id));
	close(fd);
	return end - begin;
}

static void add_rule(struct bench_guests *gs, const struct bench_guest *g)
{
	struct chaos_config *cfg = bench_guest_config(gs, g);
	char *text = chaos_config_json(cfg);

	json_decref(bench_ask(gs, json_pack("{s:s, s:s}", "do", "jit-add",
					    "config", text)));
	free(text);
	chaos_config_free(cfg);
}

static void destroy(struct bench_guests *gs, const struct bench_guest *g)
{
	uint32_t domid;

	if (chaos_lookup(gs->ctx, g->name, &domid) ||
	    chaos_destroy(gs->ctx, domid))
		bench_die_chaos(gs, g->name);
}

static void remove_rule(struct bench_guests *gs, const struct bench_guest *g)
{
	json_decref(bench_ask(gs, json_pack("{s:s, s:s}", "do", "jit-remove",
					    "name", g->name)));
}

/* "...,ip=10.99.1.2/16" to the address */
static void address_of(const struct bench_guest *g, char out[32])
{
	const char *ip = strstr(g->vif, ",ip=") + 4;

	snprintf(out, 32, "%.*s", (int)strcspn(ip, "/"), ip);
}

/* stay: until all were called; else a guest goes before the next is called. */
static void call_all(struct bench *b, struct bench_guests *gs,
		     const char *system, struct bench_guest *g, int calls,
		     bool stay)
{
	char address[32];
	double ms;

	/* The first is not measured: caches, and structures that are made once. */
	for (int i = 0; i <= calls; i++) {
		usleep((useconds_t)PAUSE_MS(stay ? i : 0) * 1000);
		address_of(&g[i], address);
		ms = ping(address, (uint16_t)(i + 1));
		if (i)
			bench_sample_ms(b, system, "jit", stay ? calls : 1, ms);
		if (!stay)
			destroy(gs, &g[i]);
	}
	for (int i = 0; stay && i <= calls; i++)
		destroy(gs, &g[i]);
	usleep(BENCH_SETTLE_MS * 1000);
}

void bench_jit(struct bench *b, struct bench_guests *gs, const char *system,
	       int calls)
{
	struct bench_guest *g = calloc((size_t)calls + 1, sizeof(*g));

	if (!g)
		bench_die("no memory");
	for (int i = 0; i <= calls; i++) {
		bench_guest_next(gs, &g[i], "j");
		add_rule(gs, &g[i]);
	}
	call_all(b, gs, system, g, calls, false);
	call_all(b, gs, system, g, calls, true);
	for (int i = 0; i <= calls; i++)
		remove_rule(gs, &g[i]);
	free(g);
}

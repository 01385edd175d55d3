// SPDX-License-Identifier: BSD-2-Clause
/*
 * Spare vifs, said to a real netback-lite by a program of its own.
 *
 *   spares attach DOMID BRIDGE              a spare vif 0; "-": no bridge
 *   spares bind DOMID BRIDGE MAC IP PREFIX  gives it its owner
 *   spares detach DOMID
 *   spares bench NR BRIDGE                  NR paused domains with a spare each
 *                                           and what each request takes (ms);
 *                                           they stay until a line is read
 *
 * The first three exit 0 or print the answer's text and exit with its errno.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <noxs/netback.h>

#include "noxs-ops-lib.h"

#define TIMEOUT_MS	30000
#define MAX_BENCH	10000u

static int netback;

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static void request(struct noxs_netback_request *req, unsigned int op,
		    uint32_t domid, const char *bridge)
{
	memset(req, 0, sizeof(*req));
	req->op = (uint16_t)op;
	req->domid = (uint16_t)domid;
	if (strcmp(bridge, "-") != 0)
		snprintf(req->bridge, sizeof(req->bridge), "%s", bridge);
}

/* How long it took; *rc gets the answer. */
static double ask(struct noxs_netback_request *req, int *rc)
{
	struct noxs_netback_reply reply;
	double begin = now_ms();

	*rc = noxs_netback_call(netback, req, &reply, TIMEOUT_MS);
	if (*rc)
		printf("%s\n", reply.error);
	return now_ms() - begin;
}

static double must(struct noxs_netback_request *req)
{
	double ms;
	int rc;

	ms = ask(req, &rc);
	if (rc) {
		errno = -rc;
		die("netback-lite");
	}
	return ms;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Sorts. */
static void tell(const char *what, double *ms, unsigned int nr)
{
	qsort(ms, nr, sizeof(*ms), by_value);
	printf("%s %u: p50 %.3f p99 %.3f ms\n", what, nr, ms[nr / 2],
	       ms[nr * 99 / 100]);
}

static void tell_hundreds(const char *what, double *ms, unsigned int nr)
{
	char text[64];
	unsigned int i;

	for (i = 0; i + 100 <= nr; i += 100) {
		if (i && i + 200 <= nr)
			continue;	/* the first and the last say it */
		snprintf(text, sizeof(text), "%s from %u on,", what, i);
		tell(text, ms + i, 100);
	}
	if (nr < 100)
		tell(what, ms, nr);
}

static int bench(unsigned int nr, const char *bridge)
{
	static uint32_t domid[MAX_BENCH];
	static double ms[MAX_BENCH];
	struct noxs_netback_request req;
	unsigned int i;
	char line[16];

	if (!nr || nr > MAX_BENCH)
		return EINVAL;
	env_open();
	for (i = 0; i < nr; i++)
		domid[i] = domain_create(true);
	printf("domains\n");
	fflush(stdout);
	if (!fgets(line, sizeof(line), stdin))
		return EINVAL;
	request(&req, NOXS_NETBACK_HELLO, 0, "-");
	for (i = 0; i < 20; i++)
		ms[i] = must(&req);
	tell("hello", ms, i);
	for (i = 0; i < nr; i++) {
		request(&req, NOXS_NETBACK_ATTACH, domid[i], bridge);
		req.flags = NOXS_NETBACK_SPARE;
		ms[i] = must(&req);
	}
	tell_hundreds("attach", ms, nr);
	printf("spares\n");
	fflush(stdout);
	if (!fgets(line, sizeof(line), stdin))
		return EINVAL;
	for (i = 0; i < nr; i++) {
		request(&req, NOXS_NETBACK_BIND, domid[i], bridge);
		req.mac[0] = 2;
		req.mac[4] = (uint8_t)(i / 256);
		req.mac[5] = (uint8_t)i;
		ms[i] = must(&req);
	}
	tell_hundreds("bind", ms, nr);
	for (i = 0; i < nr; i++) {
		request(&req, NOXS_NETBACK_DETACH, domid[i], "-");
		ms[i] = must(&req);
	}
	tell_hundreds("detach", ms, nr);
	for (i = 0; i < nr; i++)
		domain_destroy(domid[i]);
	env_close();
	return 0;
}

static void parse_owner(struct noxs_netback_request *req, char **arg)
{
	if (sscanf(arg[0], "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &req->mac[0],
		   &req->mac[1], &req->mac[2], &req->mac[3], &req->mac[4],
		   &req->mac[5]) != 6 ||
	    sscanf(arg[1], "%hhu.%hhu.%hhu.%hhu", &req->ip[0], &req->ip[1],
		   &req->ip[2], &req->ip[3]) != 4)
		die("MAC or IP");
	req->prefix = (uint8_t)atoi(arg[2]);
	req->ip_mode = XEN_NOXS_NET_IP_STATIC;
}

static int usage(void)
{
	fprintf(stderr, "usage: spares attach|bind|detach|bench ...\n");
	return 2;
}

int main(int argc, char **argv)
{
	struct noxs_netback_request req;
	uint32_t number;
	int rc;

	if (argc < 3)
		return usage();
	number = (uint32_t)strtoul(argv[2], NULL, 10);
	rc = noxs_netback_open(NULL, TIMEOUT_MS, &netback);
	if (rc) {
		errno = -rc;
		die("netback-lite");
	}
	if (!strcmp(argv[1], "bench") && argc == 4)
		return bench(number, argv[3]);
	if (!strcmp(argv[1], "attach") && argc == 4) {
		request(&req, NOXS_NETBACK_ATTACH, number, argv[3]);
		req.flags = NOXS_NETBACK_SPARE;
	} else if (!strcmp(argv[1], "bind") && argc == 7) {
		request(&req, NOXS_NETBACK_BIND, number, argv[3]);
		parse_owner(&req, argv + 4);
	} else if (!strcmp(argv[1], "detach") && argc == 3) {
		request(&req, NOXS_NETBACK_DETACH, number, "-");
	} else {
		return usage();
	}
	ask(&req, &rc);
	return -rc;
}

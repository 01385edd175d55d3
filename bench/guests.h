/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guests of a benchmark: each with a name, a MAC and an address that none
 * had before, on one bridge that a sniffer listens to.
 *
 * Programs of one thread; a call that cannot go on prints why and exits 2.
 */
#ifndef BENCH_GUESTS_H
#define BENCH_GUESTS_H

#include <stdint.h>

#include <chaos.h>
#include <jansson.h>

#include "harness.h"

/* How long a guest may take to speak. */
#define BENCH_PACKET_MS	5000
/* After this a host with one CPU and 200 guests has heard a broadcast out. */
#define BENCH_SETTLE_MS	250

struct bench_guests {
	struct chaos *ctx;
	struct bench_sniffer *sniffer;
	const char *config, *bridge;
	unsigned int serial;		/* of the guests made so far */
};

/* One guest to be: what the commands and libchaos take as overrides. */
struct bench_guest {
	char name[32];
	uint8_t mac[6];
	char vif[128];			/* "mac=...,bridge=...,ip=..." */
	char override_name[48];		/* name="..." */
	char override_vif[160];		/* vif=["..."] */
};

/* config: the file that all are made of; both strings are kept. */
void bench_guests_open(struct bench_guests *gs, const char *config,
		       const char *bridge);
void bench_guests_close(struct bench_guests *gs);

void bench_guest_next(struct bench_guests *gs, struct bench_guest *g,
		      const char *prefix);
/* The same for xl, whose ip= has no prefix: its guest asks nobody. */
void bench_guest_for_xl(struct bench_guest *g);

/* The parsed configuration of one guest; freed with chaos_config_free. */
struct chaos_config *bench_guest_config(struct bench_guests *gs,
					const struct bench_guest *g);

/* What chaosd answers; takes the request. */
json_t *bench_ask(struct bench_guests *gs, json_t *request);

/* What libchaos says of its latest failure, as the reason to die. */
__attribute__((noreturn))
void bench_die_chaos(const struct bench_guests *gs, const char *what);

#endif

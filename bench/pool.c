// SPDX-License-Identifier: BSD-2-Clause
/*
 * What a warm pool leaves of a create, and whether it stays warm.
 *
 *   bench-pool [-n SAMPLES] [-r ROW] [-j CALLS] [-t TRUE] CONFIG KERNEL BRIDGE OUT
 *
 * For the systems "chaos+pool" (any kernel, loaded at the claim) and
 * "chaos+pool+image" (spares with the kernel in them), with chaosd running and
 * without a flavour so far:
 *   create-cli     `chaos create` as a whole process, SAMPLES times
 *   create         chaos_create, from the call to the moment it lets the guest
 *                  run; ROW guests in a row that stay, one every RATE_MS, while
 *                  chaosd makes new spares.  A series for each hundred of them,
 *                  named by the guests alive at its end.
 *   create-return  chaos_create, to its return: see create.c
 *   boot           from the unpause to the guest's first packet
 *   jit            from a ping to an address without a guest to its answer (jit.h)
 * and for the system "fork+exec":
 *   create         fork, exec and wait of TRUE
 */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <chaos.h>

#include "guests.h"
#include "jit.h"

#define MAX_ROW		2000
#define SPARES		8
#define SERIES		100	/* guests of one series */
/* Every other guest hears each broadcast: 0.12 ms of the one CPU for each. */
#define RATE_MS(alive)	(60 + (alive) / 4)
/* Xen scrubs what many guests leave when it is idle; until then whoever gets that
 * memory waits for it. */
#define SCRUB_S		10

struct run {
	struct bench *b;
	struct bench_guests guests;
	const char *kernel, *bridge;
	int samples, row, calls;
	uint32_t alive[MAX_ROW];
	int nr_alive;
};

static void set_flavour(struct run *r, bool loaded)
{
	char text[1024];

	snprintf(text, sizeof(text), "name = \"bench\"\nmemory = 4\n"
		 "vif = [ \"bridge=%s\" ]\nspares_low = %d\n"
		 "spares_high = %d\n%s%s%s", r->bridge, SPARES, SPARES,
		 loaded ? "kernel = \"" : "", loaded ? r->kernel : "",
		 loaded ? "\"\n" : "");
	json_decref(bench_ask(&r->guests, json_pack("{s:s, s:s}", "do",
						    "pool-set", "config",
						    text)));
}

static void drop_flavour(struct run *r)
{
	json_decref(bench_ask(&r->guests, json_pack("{s:s, s:s, s:b}", "do",
						    "pool-drain", "name",
						    "bench", "remove", 1)));
}

static json_int_t figure(struct run *r, const char *key)
{
	json_t *answer = bench_ask(&r->guests,
				   json_pack("{s:s}", "do", "pool-list"));
	json_t *f = json_array_get(json_object_get(answer, "flavours"), 0);
	json_int_t n = json_integer_value(json_object_get(f, key));

	json_decref(answer);
	return n;
}

static void wait_warm(struct run *r)
{
	for (int i = 0; figure(r, "ready") < SPARES; i++) {
		if (i == 1000)
			bench_die("the pool does not fill");
		usleep(20000);
	}
}

/* When the guest was let go, by the clock of bench_now_ms. */
static double unpaused_at(struct run *r)
{
	struct timespec now;
	double offset;

	clock_gettime(CLOCK_MONOTONIC, &now);
	offset = bench_now_ms() - ((double)now.tv_sec * 1e3 +
				   (double)now.tv_nsec / 1e6);
	for (size_t i = 0; i < chaos_nr_steps(r->guests.ctx); i++) {
		const struct chaos_step *s = chaos_step(r->guests.ctx, i);

		if (!strcmp(s->name, "unpause"))
			return (double)s->begin_ns / 1e6 + offset;
	}
	bench_die("libchaos names no step \"unpause\"");
}

static uint32_t create(struct run *r, const char *system, int series)
{
	struct bench_guest g = { 0 };
	struct chaos_config *cfg;
	double begin, end, unpaused, packet;
	uint32_t domid;

	bench_guest_next(&r->guests, &g, "p");
	cfg = bench_guest_config(&r->guests, &g);
	bench_sniffer_drain(r->guests.sniffer);
	begin = bench_now_ms();
	if (chaos_create(r->guests.ctx, cfg, 0, &domid))
		bench_die_chaos(&r->guests, "create");
	end = bench_now_ms();
	unpaused = unpaused_at(r);
	packet = bench_sniffer_wait(r->guests.sniffer, g.mac, BENCH_PACKET_MS);
	if (packet < 0)
		bench_die("%s: no packet", g.name);
	chaos_config_free(cfg);
	if (!series)
		return domid;
	bench_sample_ms(r->b, system, "create", series,
			unpaused - begin);
	bench_sample_ms(r->b, system, "create-return", series, end - begin);
	bench_sample_ms(r->b, system, "boot", series, packet - unpaused);
	return domid;
}

static void destroy(struct run *r, uint32_t domid)
{
	if (chaos_destroy(r->guests.ctx, domid))
		bench_die_chaos(&r->guests, "destroy");
}

static void commands(struct run *r, const char *system)
{
	for (int i = 0; i < r->samples; i++) {
		struct bench_guest g = { 0 };
		double begin, end;
		uint32_t domid;

		bench_guest_next(&r->guests, &g, "c");
		usleep(BENCH_SETTLE_MS * 1000);
		begin = bench_now_ms();
		if (bench_spawn((char *[]){ (char *)"chaos", (char *)"create",
				(char *)r->guests.config, g.override_name,
				g.override_vif, NULL }))
			bench_die("chaos create %s failed", g.name);
		end = bench_now_ms();
		bench_sample_ms(r->b, system, "create-cli", 1, end - begin);
		usleep(BENCH_SETTLE_MS * 1000);
		if (chaos_lookup(r->guests.ctx, g.name, &domid))
			bench_die_chaos(&r->guests, "lookup");
		destroy(r, domid);
	}
}

static void row(struct run *r, const char *system)
{
	json_int_t hits = figure(r, "hits");

	while (r->nr_alive < r->row) {
		int series = (r->nr_alive / SERIES + 1) * SERIES;

		r->alive[r->nr_alive] = create(r, system, series);
		r->nr_alive++;
		usleep((useconds_t)RATE_MS(r->nr_alive) * 1000);
	}
	hits = figure(r, "hits") - hits;
	if (hits < r->row)
		bench_die("%d of %d guests found no spare", r->row - (int)hits,
			  r->row);
	while (r->nr_alive)
		destroy(r, r->alive[--r->nr_alive]);
	usleep(BENCH_SETTLE_MS * 1000);
}

static void pool_series(struct run *r, const char *system, bool loaded)
{
	set_flavour(r, loaded);
	wait_warm(r);
	/* Once unmeasured: page cache, lazily made structures, the image. */
	destroy(r, create(r, system, 0));
	wait_warm(r);
	usleep(BENCH_SETTLE_MS * 1000);
	commands(r, system);
	wait_warm(r);
	/* The kernel closes the TAPs of those that were destroyed. */
	usleep(BENCH_SETTLE_MS * 1000);
	row(r, system);
	drop_flavour(r);
	sleep(SCRUB_S);
}

static void jit_series(struct run *r, const char *system, bool loaded)
{
	set_flavour(r, loaded);
	wait_warm(r);
	bench_jit(r->b, &r->guests, system, r->calls);
	drop_flavour(r);
	sleep(SCRUB_S);
}

static void fork_exec_series(struct run *r, const char *program)
{
	for (int i = -1; i < r->samples; i++) {
		double begin = bench_now_ms();

		if (bench_spawn((char *[]){ (char *)program, NULL }))
			bench_die("%s failed", program);
		if (i >= 0)
			bench_sample_ms(r->b, "fork+exec", "create", 1,
					bench_now_ms() - begin);
	}
}

int main(int argc, char **argv)
{
	struct run r = { .samples = 10, .row = 1000, .calls = 100 };
	const char *program = "bench-true";
	int opt;

	while ((opt = getopt(argc, argv, "n:r:j:t:")) != -1) {
		switch (opt) {
		case 'n': r.samples = atoi(optarg); break;
		case 'r': r.row = atoi(optarg); break;
		case 'j': r.calls = atoi(optarg); break;
		case 't': program = optarg; break;
		default: return 2;
		}
	}
	if (argc - optind != 4 || r.samples < 1 || r.row < 1 || r.row > MAX_ROW)
		bench_die("usage: bench-pool [-n SAMPLES] [-r ROW] [-j CALLS] [-t TRUE] CONFIG KERNEL BRIDGE OUT");
	r.b = bench_start("pool");
	r.kernel = argv[optind + 1];
	r.bridge = argv[optind + 2];
	bench_guests_open(&r.guests, argv[optind], r.bridge);
	bench_config_str(r.b, "config", argv[optind]);
	bench_config_int(r.b, "samples", r.samples);
	bench_config_int(r.b, "row", r.row);
	bench_config_int(r.b, "calls", r.calls);
	fork_exec_series(&r, program);
	pool_series(&r, "chaos+pool", false);
	pool_series(&r, "chaos+pool+image", true);
	jit_series(&r, "chaos+pool", false);
	jit_series(&r, "chaos+pool+image", true);
	bench_jit(r.b, &r.guests, "chaos", r.calls);
	bench_guests_close(&r.guests);
	bench_finish(r.b, argv[optind + 3]);
	return 0;
}

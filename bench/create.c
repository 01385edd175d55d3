// SPDX-License-Identifier: BSD-2-Clause
/*
 * How long a guest takes to exist, to speak, and to vanish.
 *
 *   bench-create [-n SAMPLES] [-a ALIVE] [-x SETUP] [-t TRUE] CONFIG BRIDGE OUT
 *
 * Metrics, for one guest with one vif while alive-1 others run:
 *   create        chaos_create, from the call to the moment it lets the guest
 *                 run; for xl and fork+exec the whole command
 *   create-return chaos_create, from the call to its return.  With one CPU the
 *                 guest boots before the caller comes back, and every other
 *                 guest on the bridge hears its first broadcast.
 *   boot          from just before the unpause to the guest's first packet
 *   first-packet  from the call of create to the guest's first packet
 *   destroy       chaos_destroy, from the call to its return
 *   create: STEP, destroy: STEP   what libchaos says of its own steps
 *   gone: PART    from the call of destroy until that part is gone
 *   gone          from the call of destroy until domain, TAP and memory are gone
 *
 * SETUP is a shell command that starts what xl needs; without it there is no
 * xl series.  It runs after everything of ours was measured.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xenctrl.h>

#include <chaos.h>

#include "guests.h"

#define MAX_ALIVE	1000
#define GONE_MS		5000
/* Xen keeps a page now and then (maptrack, its own heap); a guest has 1,000. */
#define SLACK_PAGES	8

struct run {
	struct bench *b;
	struct bench_guests guests;
	xc_interface *xch;
	int samples;
	uint32_t alive[MAX_ALIVE];
	int nr_alive;
};

/* What libchaos itself says of its steps: metric "step: NAME". */
static void sample_steps(struct run *r, int alive, const char *call)
{
	char metric[64];

	for (size_t i = 0; i < chaos_nr_steps(r->guests.ctx); i++) {
		const struct chaos_step *s = chaos_step(r->guests.ctx, i);

		snprintf(metric, sizeof(metric), "%s: %s", call, s->name);
		bench_sample_ms(r->b, "chaos", metric, alive,
				(double)s->ns / 1e6);
	}
}

/*
 * ms that the steps before the unpause took, and those from it on.  Between
 * steps libchaos spends some time too: create counts it, and so does boot, so
 * that neither is flattered.
 */
static void split_at_unpause(struct run *r, double *before, double *from)
{
	bool seen = false;

	*before = *from = 0;
	for (size_t i = 0; i < chaos_nr_steps(r->guests.ctx); i++) {
		const struct chaos_step *s = chaos_step(r->guests.ctx, i);

		seen |= !strcmp(s->name, "unpause");
		*(seen ? from : before) += (double)s->ns / 1e6;
	}
	if (!seen)
		bench_die("libchaos names no step \"unpause\"");
}

static uint32_t create(struct run *r, int alive, bool sample)
{
	struct chaos_config *cfg;
	struct bench_guest g = { 0 };
	double begin, end, before, from, packet;
	uint32_t domid;

	bench_guest_next(&r->guests, &g, "b");
	cfg = bench_guest_config(&r->guests, &g);
	bench_sniffer_drain(r->guests.sniffer);
	begin = bench_now_ms();
	if (chaos_create(r->guests.ctx, cfg, 0, &domid))
		bench_die_chaos(&r->guests, "create");
	end = bench_now_ms();
	split_at_unpause(r, &before, &from);
	packet = bench_sniffer_wait(r->guests.sniffer, g.mac, BENCH_PACKET_MS);
	if (packet < 0)
		bench_die("%s: no packet within %d ms", g.name, BENCH_PACKET_MS);
	chaos_config_free(cfg);
	usleep(BENCH_SETTLE_MS * 1000);
	if (sample) {
		sample_steps(r, alive, "create");
		bench_sample_ms(r->b, "chaos", "create", alive,
				end - from - begin);
		bench_sample_ms(r->b, "chaos", "create-return", alive,
				end - begin);
		bench_sample_ms(r->b, "chaos", "boot", alive,
				packet - begin - before);
		bench_sample_ms(r->b, "chaos", "first-packet", alive,
				packet - begin);
	}
	return domid;
}

static uint64_t free_pages(struct run *r)
{
	xc_physinfo_t info = { 0 };

	if (xc_physinfo(r->xch, &info))
		bench_die("physinfo: %s", strerror(errno));
	return info.free_pages;
}

/* What has to go with a guest. */
enum { PART_DOMAIN, PART_TAP, PART_MEMORY, NR_PARTS };
static const char *const part[] = { "domain", "TAP", "memory" };

static bool part_is_gone(struct run *r, int i, uint32_t domid,
			 uint64_t free_before)
{
	char name[64];
	uint32_t id;

	switch (i) {
	case PART_DOMAIN:
		snprintf(name, sizeof(name), "%u", domid);
		return chaos_lookup(r->guests.ctx, name, &id) == -ESRCH;
	case PART_TAP:
		/* Not SIOCGIFINDEX: it runs modprobe for what is not there. */
		snprintf(name, sizeof(name), "/sys/class/net/vif%u.0", domid);
		return access(name, F_OK) != 0;
	default:
		return free_pages(r) + SLACK_PAGES >= free_before;
	}
}

static void destroy(struct run *r, uint32_t domid, int alive, bool sample,
		    uint64_t free_before)
{
	bool gone[NR_PARTS] = { false };
	double begin, end;
	char metric[64];
	int nr_gone = 0;

	begin = bench_now_ms();
	if (chaos_destroy(r->guests.ctx, domid))
		bench_die_chaos(&r->guests, "destroy");
	end = bench_now_ms();
	if (!sample)
		return;
	bench_sample_ms(r->b, "chaos", "destroy", alive, end - begin);
	sample_steps(r, alive, "destroy");
	while (nr_gone < NR_PARTS) {
		for (int i = 0; i < NR_PARTS; i++) {
			if (gone[i] || !part_is_gone(r, i, domid, free_before))
				continue;
			gone[i] = true;
			nr_gone++;
			snprintf(metric, sizeof(metric), "gone: %s", part[i]);
			bench_sample_ms(r->b, "chaos", metric, alive,
					bench_now_ms() - begin);
		}
		if (bench_now_ms() - begin > GONE_MS)
			bench_die("domain %u: not gone after %d ms", domid,
				  GONE_MS);
		usleep(500);
	}
	bench_sample_ms(r->b, "chaos", "gone", alive, bench_now_ms() - begin);
}

/* samples guests, one after another, beside those already alive. */
static void sample_here(struct run *r)
{
	int alive = r->nr_alive + 1;

	for (int i = 0; i < r->samples; i++) {
		uint64_t before = free_pages(r);

		destroy(r, create(r, alive, true), alive, true, before);
		usleep(BENCH_SETTLE_MS * 1000);
	}
}

static void chaos_series(struct run *r, int max_alive)
{
	uint64_t before;

	/* Once unmeasured: page cache, module state, lazily made structures. */
	destroy(r, create(r, 1, false), 1, false, 0);
	usleep(200000);
	before = free_pages(r);
	sample_here(r);
	for (int quarter = 1; quarter <= 4 && max_alive > 1; quarter++) {
		while (r->nr_alive < max_alive * quarter / 4 - 1)
			r->alive[r->nr_alive++] = create(r, 0, false);
		sample_here(r);
	}
	while (r->nr_alive)
		destroy(r, r->alive[--r->nr_alive], 0, false, 0);
	usleep(500000);
	bench_config_int(r->b, "free_pages_before", (long long)before);
	bench_config_int(r->b, "free_pages_after", (long long)free_pages(r));
}

static void xl_series(struct run *r)
{
	struct bench_guest g = { 0 };
	double begin, end, packet;

	for (int i = 0; i < r->samples; i++) {
		bench_guest_next(&r->guests, &g, "x");
		bench_guest_for_xl(&g);
		bench_sniffer_drain(r->guests.sniffer);
		begin = bench_now_ms();
		if (bench_spawn((char *[]){ (char *)"xl", (char *)"create",
				(char *)r->guests.config, g.override_name,
				g.override_vif, NULL }))
			bench_die("xl create %s failed", g.name);
		end = bench_now_ms();
		bench_sample_ms(r->b, "xl", "create", 1, end - begin);
		packet = bench_sniffer_wait(r->guests.sniffer, g.mac, BENCH_PACKET_MS);
		if (packet >= 0)
			bench_sample_ms(r->b, "xl", "first-packet", 1,
					packet - begin);
		begin = bench_now_ms();
		if (bench_spawn((char *[]){ (char *)"xl", (char *)"destroy",
				g.name, NULL }))
			bench_die("xl destroy %s failed", g.name);
		bench_sample_ms(r->b, "xl", "destroy", 1, bench_now_ms() - begin);
	}
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

static void run_open(struct run *r, const char *config, const char *bridge)
{
	r->b = bench_start("create");
	bench_guests_open(&r->guests, config, bridge);
	r->xch = xc_interface_open(NULL, NULL, 0);
	if (!r->xch)
		bench_die("open Xen: %s", strerror(errno));
	bench_config_str(r->b, "config", config);
	bench_config_int(r->b, "samples", r->samples);
}

static void run_close(struct run *r, const char *out)
{
	bench_guests_close(&r->guests);
	xc_interface_close(r->xch);
	bench_finish(r->b, out);
}

int main(int argc, char **argv)
{
	struct run r = { .samples = 10 };
	const char *xl_setup = NULL, *program = "bench-true";
	int opt, max_alive = 200;

	while ((opt = getopt(argc, argv, "n:a:x:t:")) != -1) {
		switch (opt) {
		case 'n': r.samples = atoi(optarg); break;
		case 'a': max_alive = atoi(optarg); break;
		case 'x': xl_setup = optarg; break;
		case 't': program = optarg; break;
		default: return 2;
		}
	}
	if (argc - optind != 3 || r.samples < 1 || max_alive < 1 ||
	    max_alive > MAX_ALIVE)
		bench_die("usage: bench-create [-n SAMPLES] [-a ALIVE] [-x SETUP] [-t TRUE] CONFIG BRIDGE OUT");
	run_open(&r, argv[optind], argv[optind + 1]);
	chaos_series(&r, max_alive);
	fork_exec_series(&r, program);
	if (xl_setup) {
		if (system(xl_setup))
			bench_die("xl setup failed: %s", xl_setup);
		xl_series(&r);
	}
	run_close(&r, argv[optind + 2]);
	return 0;
}

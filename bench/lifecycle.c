// SPDX-License-Identifier: BSD-2-Clause
/*
 * What happens to a guest between its creation and its end, and what it costs.
 *
 *   bench-lifecycle [-n SAMPLES] [-a ALIVE] [-x SETUP] CONFIG BRIDGE DIR OUT
 *
 * Metrics, for one guest with one vif while alive-1 others run; all but the
 * first two are whole commands, from their start to their end:
 *   pause, unpause   one call of the library; for the system "hypercall" the
 *                    bare hypercall, made beside it
 *   pause-cli, unpause-cli, list-cli
 *   save             to a file in DIR; the domain is gone at the end
 *   restore          from that file, to the guest's first packet on the bridge
 *   migrate          to this host, to the guest's first packet from there: the
 *                    receiver is a second toolstack with a run directory of its
 *                    own (xl: its own receiver)
 *   restore-return, migrate-return   to the command's end.  With one CPU the
 *                    guest speaks before the command comes back, and every
 *                    other guest on the bridge hears its first broadcast.
 *   save-lib, restore-lib   the library call alone
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
#define CALLS		10	/* of pause and unpause per sample */
#define TIMEOUT_MS	10000
#define OTHER_RUN_DIR	"/run/chaos-receiver"

struct run {
	struct bench *b;
	struct bench_guests guests;
	xc_interface *xch;
	const char *dir;
	int samples;
	uint32_t alive[MAX_ALIVE];
	int nr_alive;
};

static uint32_t create(struct run *r, struct bench_guest *g)
{
	struct chaos_config *cfg;
	uint32_t domid;

	bench_guest_next(&r->guests, g, "l");
	cfg = bench_guest_config(&r->guests, g);
	bench_sniffer_drain(r->guests.sniffer);
	if (chaos_create(r->guests.ctx, cfg, 0, &domid))
		bench_die_chaos(&r->guests, "create");
	chaos_config_free(cfg);
	if (bench_sniffer_wait(r->guests.sniffer, g->mac, BENCH_PACKET_MS) < 0)
		bench_die("%s: no packet after create", g->name);
	return domid;
}

static void destroy(struct run *r, uint32_t domid)
{
	if (chaos_destroy(r->guests.ctx, domid))
		bench_die_chaos(&r->guests, "destroy");
}

static void settle(void)
{
	usleep(BENCH_SETTLE_MS * 1000);
}

/* One command from its start to its end; it must succeed. */
static double command(char *const argv[])
{
	double begin = bench_now_ms();

	if (bench_spawn(argv))
		bench_die("%s %s failed", argv[0], argv[1]);
	return bench_now_ms() - begin;
}

#define COMMAND(...) command((char *[]){ __VA_ARGS__, NULL })
#define WORD(s) ((char *)(s))

/* Library and bare hypercall take turns: both see the same host. */
static void sample_calls(struct run *r, uint32_t domid, int alive)
{
	double t[5];

	for (int i = 0; i < CALLS; i++) {
		t[0] = bench_now_ms();
		if (xc_domain_pause(r->xch, domid))
			bench_die("pause: %s", strerror(errno));
		t[1] = bench_now_ms();
		if (xc_domain_unpause(r->xch, domid))
			bench_die("unpause: %s", strerror(errno));
		bench_sample_ms(r->b, "hypercall", "pause", alive, t[1] - t[0]);
		bench_sample_ms(r->b, "hypercall", "unpause", alive,
				bench_now_ms() - t[1]);
		usleep(2000);
		t[2] = bench_now_ms();
		if (chaos_pause(r->guests.ctx, domid))
			bench_die_chaos(&r->guests, "pause");
		t[3] = bench_now_ms();
		if (chaos_unpause(r->guests.ctx, domid))
			bench_die_chaos(&r->guests, "unpause");
		t[4] = bench_now_ms();
		bench_sample_ms(r->b, "chaos", "pause", alive, t[3] - t[2]);
		bench_sample_ms(r->b, "chaos", "unpause", alive, t[4] - t[3]);
		usleep(2000);
	}
}

static void sample_commands(struct run *r, const char *system, const char *name,
			    int alive)
{
	char *tool = WORD(system);

	bench_sample_ms(r->b, system, "pause-cli", alive,
			COMMAND(tool, WORD("pause"), WORD(name)));
	settle();
	bench_sample_ms(r->b, system, "unpause-cli", alive,
			COMMAND(tool, WORD("unpause"), WORD(name)));
	settle();
	bench_sample_ms(r->b, system, "list-cli", alive,
			COMMAND(tool, WORD("list")));
	settle();
}

/* A command that lets the guest run: to its first packet, and to the end. */
static void sample_return(struct run *r, const char *system, const char *metric,
			  const struct bench_guest *g, int alive,
			  char *const argv[])
{
	double begin, end, packet;
	char ret[32];

	bench_sniffer_drain(r->guests.sniffer);
	begin = bench_now_ms();
	end = begin + command(argv);
	packet = bench_sniffer_wait(r->guests.sniffer, g->mac, BENCH_PACKET_MS);
	if (packet < 0)
		bench_die("%s: no packet after %s", g->name, metric);
	snprintf(ret, sizeof(ret), "%s-return", metric);
	bench_sample_ms(r->b, system, metric, alive, packet - begin);
	bench_sample_ms(r->b, system, ret, alive, end - begin);
	settle();
}

/* The command is `tool save NAME FILE`, then `tool restore FILE`. */
static void sample_save(struct run *r, const char *system,
			const struct bench_guest *g, int alive)
{
	char file[256], *tool = WORD(system);

	snprintf(file, sizeof(file), "%s/%s.image", r->dir, g->name);
	bench_sample_ms(r->b, system, "save", alive,
			COMMAND(tool, WORD("save"), WORD(g->name), file));
	settle();
	sample_return(r, system, "restore", g, alive,
		      (char *[]){ tool, WORD("restore"), file, NULL });
	unlink(file);
}

static void sample_save_calls(struct run *r, struct bench_guest *g,
			      uint32_t *domid, int alive)
{
	char file[256];
	double t[3];

	snprintf(file, sizeof(file), "%s/%s.image", r->dir, g->name);
	t[0] = bench_now_ms();
	if (chaos_save(r->guests.ctx, *domid, file, 0, TIMEOUT_MS))
		bench_die_chaos(&r->guests, "save");
	bench_sample_ms(r->b, "chaos", "save-lib", alive, bench_now_ms() - t[0]);
	settle();
	t[1] = bench_now_ms();
	if (chaos_restore(r->guests.ctx, file, NULL, 0, domid))
		bench_die_chaos(&r->guests, "restore");
	t[2] = bench_now_ms();
	bench_sample_ms(r->b, "chaos", "restore-lib", alive, t[2] - t[1]);
	unlink(file);
	settle();
}

/* There and back, so that the guest is where it was for the next sample. */
static void sample_migrate(struct run *r, const struct bench_guest *g, int alive)
{
	sample_return(r, "chaos", "migrate", g, alive,
		      (char *[]){ WORD("chaos"), WORD("migrate"), WORD("-s"),
				  WORD("env CHAOS_RUN_DIR=" OTHER_RUN_DIR
				       " sh -c 'shift; exec \"$@\"' sh"),
				  WORD(g->name), WORD("localhost"), NULL });
	setenv("CHAOS_RUN_DIR", OTHER_RUN_DIR, 1);
	COMMAND(WORD("chaos"), WORD("migrate"), WORD("-s"),
		WORD("env -u CHAOS_RUN_DIR sh -c 'shift; exec \"$@\"' sh"),
		WORD(g->name), WORD("localhost"));
	unsetenv("CHAOS_RUN_DIR");
	settle();
}

static uint32_t lookup(struct run *r, const char *name)
{
	uint32_t domid;

	if (chaos_lookup(r->guests.ctx, name, &domid))
		bench_die_chaos(&r->guests, "lookup");
	return domid;
}

/* One guest goes through it all, samples times. */
static void sample_here(struct run *r)
{
	int alive = r->nr_alive + 1;
	struct bench_guest g = { 0 };
	uint32_t domid = create(r, &g);

	settle();
	for (int i = 0; i < r->samples; i++) {
		sample_calls(r, domid, alive);
		sample_commands(r, "chaos", g.name, alive);
		sample_save(r, "chaos", &g, alive);
		domid = lookup(r, g.name);
		sample_save_calls(r, &g, &domid, alive);
		sample_migrate(r, &g, alive);
		domid = lookup(r, g.name);
	}
	destroy(r, domid);
	settle();
}

static void chaos_series(struct run *r, int max_alive)
{
	struct bench_guest g = { 0 };

	/* Once unmeasured: page cache, module state, lazily made structures. */
	destroy(r, create(r, &g));
	sample_here(r);
	while (r->nr_alive < max_alive - 1)
		r->alive[r->nr_alive++] = create(r, &g);
	/* As many guests as there are hear each other's broadcasts. */
	usleep(3 * 1000 * 1000);
	if (max_alive > 1)
		sample_here(r);
	while (r->nr_alive)
		destroy(r, r->alive[--r->nr_alive]);
}

static void xl_series(struct run *r)
{
	struct bench_guest g = { 0 };

	bench_guest_next(&r->guests, &g, "x");
	bench_guest_for_xl(&g);
	COMMAND(WORD("xl"), WORD("create"), WORD(r->guests.config),
		g.override_name, g.override_vif);
	settle();
	for (int i = 0; i < r->samples; i++) {
		sample_commands(r, "xl", g.name, 1);
		sample_save(r, "xl", &g, 1);
		sample_return(r, "xl", "migrate", &g, 1,
			      (char *[]){ WORD("xl"), WORD("migrate"),
					  WORD("-s"), WORD(""), g.name,
					  WORD("xl migrate-receive"), NULL });
	}
	COMMAND(WORD("xl"), WORD("destroy"), g.name);
}

static void measure(struct run *r, char **argv, int max_alive,
		    const char *xl_setup)
{
	r->b = bench_start("lifecycle");
	bench_guests_open(&r->guests, argv[0], argv[1]);
	r->dir = argv[2];
	r->xch = xc_interface_open(NULL, NULL, 0);
	if (!r->xch)
		bench_die("open Xen: %s", strerror(errno));
	bench_config_str(r->b, "config", argv[0]);
	bench_config_int(r->b, "samples", r->samples);
	chaos_series(r, max_alive);
	if (xl_setup) {
		if (system(xl_setup))
			bench_die("xl setup failed: %s", xl_setup);
		xl_series(r);
	}
	bench_guests_close(&r->guests);
	xc_interface_close(r->xch);
	bench_finish(r->b, argv[3]);
}

int main(int argc, char **argv)
{
	struct run r = { .samples = 5 };
	const char *xl_setup = NULL;
	int opt, max_alive = 500;

	while ((opt = getopt(argc, argv, "n:a:x:")) != -1) {
		switch (opt) {
		case 'n': r.samples = atoi(optarg); break;
		case 'a': max_alive = atoi(optarg); break;
		case 'x': xl_setup = optarg; break;
		default: return 2;
		}
	}
	if (argc - optind != 4 || r.samples < 1 || max_alive < 1 ||
	    max_alive > MAX_ALIVE)
		bench_die("usage: bench-lifecycle [-n SAMPLES] [-a ALIVE] [-x SETUP] CONFIG BRIDGE DIR OUT");
	measure(&r, argv + optind, max_alive, xl_setup);
	return 0;
}

// SPDX-License-Identifier: BSD-2-Clause
/*
 * How long a Linux guest takes until its web server answers.
 *
 *   bench-linux [-n SAMPLES] [-x SETUP] BRIDGE OUT SYSTEM,GUEST,CONFIG...
 *
 * Metric boot-http: from the unpause to the first bytes of the answer to a GET
 * that is asked all the time.  The guest has been made before, paused: what a
 * toolstack needs for that is BENCH=create's matter.
 *
 * SYSTEM is "chaos" or "xl".  xl's guest is told its address on the kernel's
 * command line, "address=A/16".  SETUP is a shell command that starts what xl
 * needs; it runs before the first of its guests, which come last.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xenctrl.h>

#include <chaos.h>

#include "guests.h"
#include "http.h"

#define HTTP_MS		60000
#define REST_MS		1000

struct run {
	struct bench *b;
	struct bench_guests guests;
	xc_interface *xch;
	int samples;
	const char *bridge, *xl_setup;
	bool xl_ready;
};

static struct in_addr address_of(const struct bench_guest *g)
{
	struct in_addr a;
	char text[32];

	if (sscanf(strstr(g->vif, ",ip="), ",ip=%31[0-9.]", text) != 1 ||
	    !inet_aton(text, &a))
		bench_die("%s: no address in \"%s\"", g->name, g->vif);
	return a;
}

static uint32_t chaos_paused(struct run *r, const struct bench_guest *g)
{
	struct chaos_config *cfg = bench_guest_config(&r->guests, g);
	uint32_t domid;

	if (chaos_create(r->guests.ctx, cfg, CHAOS_CREATE_PAUSED, &domid))
		bench_die_chaos(&r->guests, "create");
	chaos_config_free(cfg);
	return domid;
}

static uint32_t xl_domid(const char *name)
{
	char command[64];
	unsigned int domid;
	FILE *f;

	snprintf(command, sizeof(command), "xl domid %s", name);
	f = popen(command, "r");
	if (!f || fscanf(f, "%u", &domid) != 1)
		bench_die("%s: no domain", command);
	pclose(f);
	return domid;
}

static uint32_t xl_paused(struct run *r, struct bench_guest *g)
{
	struct in_addr address = address_of(g);
	char extra[128];

	snprintf(extra, sizeof(extra),
		 "cmdline=\"console=hvc0 quiet rootfstype=ramfs address=%s/16\"",
		 inet_ntoa(address));
	bench_guest_for_xl(g);
	if (bench_spawn((char *[]){ (char *)"xl", (char *)"create",
			(char *)"-p", (char *)r->guests.config,
			g->override_name, g->override_vif, extra, NULL }))
		bench_die("xl create %s failed", g->name);
	return xl_domid(g->name);
}

static void destroy(struct run *r, bool xl, struct bench_guest *g,
		    uint32_t domid)
{
	if (xl && bench_spawn((char *[]){ (char *)"xl", (char *)"destroy",
					  g->name, NULL }))
		bench_die("xl destroy %s failed", g->name);
	if (!xl && chaos_destroy(r->guests.ctx, domid))
		bench_die_chaos(&r->guests, "destroy");
}

static double boot(struct run *r, bool xl)
{
	struct bench_guest g = { 0 };
	struct in_addr address;
	double begin, end;
	uint32_t domid;

	bench_guest_next(&r->guests, &g, "l");
	address = address_of(&g);
	domid = xl ? xl_paused(r, &g) : chaos_paused(r, &g);
	bench_http_neighbour(r->bridge, address, g.mac);
	usleep(REST_MS * 1000);
	begin = bench_now_ms();
	if (xc_domain_unpause(r->xch, domid))
		bench_die("unpause %s: %s", g.name, strerror(errno));
	end = bench_http_wait(address, HTTP_MS);
	if (end < 0)
		bench_die("%s, %s: its web server did not answer", g.name,
			  r->guests.config);
	destroy(r, xl, &g, domid);
	usleep(REST_MS * 1000);
	return end - begin;
}

static void series(struct run *r, char *word)
{
	const char *system_name = strtok(word, ",");
	const char *guest = strtok(NULL, ","), *config = strtok(NULL, ",");
	bool xl = system_name && !strcmp(system_name, "xl");

	if (!config)
		bench_die("%s: not SYSTEM,GUEST,CONFIG", word);
	r->guests.config = config;
	if (xl && !r->xl_ready && r->xl_setup && system(r->xl_setup))
		bench_die("xl setup failed: %s", r->xl_setup);
	r->xl_ready |= xl;
	boot(r, xl);	/* page cache */
	for (int i = 0; i < r->samples; i++)
		bench_sample_guest_ms(r->b, system_name, "boot-http", guest,
				      boot(r, xl));
}

int main(int argc, char **argv)
{
	struct run r = { .samples = 3 };
	const char *out;
	int opt;

	while ((opt = getopt(argc, argv, "n:x:")) != -1) {
		switch (opt) {
		case 'n': r.samples = atoi(optarg); break;
		case 'x': r.xl_setup = optarg; break;
		default: return 2;
		}
	}
	if (argc - optind < 3 || r.samples < 1)
		bench_die("usage: bench-linux [-n SAMPLES] [-x SETUP] BRIDGE OUT SYSTEM,GUEST,CONFIG...");
	r.bridge = argv[optind];
	out = argv[optind + 1];
	r.b = bench_start("linux");
	bench_config_int(r.b, "samples", r.samples);
	bench_guests_open(&r.guests, "", r.bridge);
	r.xch = xc_interface_open(NULL, NULL, 0);
	if (!r.xch)
		bench_die("open Xen: %s", strerror(errno));
	for (int i = optind + 2; i < argc; i++)
		series(&r, argv[i]);
	bench_guests_close(&r.guests);
	xc_interface_close(r.xch);
	bench_finish(r.b, out);
	return 0;
}

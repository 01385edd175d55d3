// SPDX-License-Identifier: BSD-2-Clause
/* The guests of a benchmark. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guests.h"

void bench_guests_open(struct bench_guests *gs, const char *config,
		       const char *bridge)
{
	const struct chaos_options options = { .size = sizeof(options) };

	memset(gs, 0, sizeof(*gs));
	gs->config = config;
	gs->bridge = bridge;
	gs->sniffer = bench_sniffer_open(bridge);
	if (chaos_open(&options, &gs->ctx))
		bench_die("open libchaos");
}

void bench_guests_close(struct bench_guests *gs)
{
	chaos_close(gs->ctx);
	bench_sniffer_close(gs->sniffer);
}

void bench_guest_next(struct bench_guests *gs, struct bench_guest *g,
		      const char *prefix)
{
	unsigned int n = ++gs->serial;

	snprintf(g->name, sizeof(g->name), "%s%u", prefix, n);
	memcpy(g->mac, (uint8_t[]){ 0x00, 0x16, 0x3e, 0x10, n >> 8, n & 0xff }, 6);
	snprintf(g->vif, sizeof(g->vif),
		 "mac=00:16:3e:10:%02x:%02x,bridge=%s,ip=10.99.%u.%u/16",
		 n >> 8 & 0xff, n & 0xff, gs->bridge, 1 + n / 250, 1 + n % 250);
	snprintf(g->override_name, sizeof(g->override_name), "name=\"%s\"", g->name);
	snprintf(g->override_vif, sizeof(g->override_vif), "vif=[\"%s\"]", g->vif);
}

void bench_guest_for_xl(struct bench_guest *g)
{
	*strstr(g->override_vif, ",ip=") = '\0';
	strcat(g->override_vif, "\"]");
}

struct chaos_config *bench_guest_config(struct bench_guests *gs,
					const struct bench_guest *g)
{
	struct chaos_config *cfg;

	if (chaos_config_parse_file(gs->ctx, gs->config, (const char *[]){
			g->override_name, g->override_vif, NULL }, &cfg))
		bench_die_chaos(gs, "config");
	return cfg;
}

json_t *bench_ask(struct bench_guests *gs, json_t *request)
{
	char *text = json_dumps(request, JSON_COMPACT), *reply;
	json_t *answer;

	if (chaos_daemon_call(gs->ctx, text, &reply))
		bench_die_chaos(gs, text);
	answer = json_loads(reply, 0, NULL);
	free(reply);
	free(text);
	json_decref(request);
	return answer;
}

void bench_die_chaos(const struct bench_guests *gs, const char *what)
{
	char text[512] = "no reason given";

	if (chaos_nr_errors(gs->ctx))
		chaos_error_text(chaos_error(gs->ctx, 0), text, sizeof(text));
	bench_die("%s: %s", what, text);
}

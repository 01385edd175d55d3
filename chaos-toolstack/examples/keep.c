// SPDX-License-Identifier: BSD-2-Clause
/*
 * keep N CONFIG: a small orchestrator.
 *
 * Keeps N guests of one configuration alive.  One that shuts down, reboots, crashes
 * or is destroyed is created anew; SIGTERM or SIGINT destroys them all.  One thread,
 * one poll(): a create takes milliseconds, least of them where chaosd has spares.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>

#include <chaos.h>

#define MAX_GUESTS	1000
#define RETRY_MS	1000

static struct guest {
	uint32_t domid;		/* 0: there is none */
	bool ended;
} guests[MAX_GUESTS];
static unsigned int nr_guests;
static struct chaos *ctx;

static int complain(void)
{
	char text[512] = "";

	if (chaos_nr_errors(ctx))
		chaos_error_text(chaos_error(ctx, 0), text, sizeof(text));
	fprintf(stderr, "keep: %s\n", text);
	return 1;
}

static void remove_guest(struct guest *g)
{
	int rc = chaos_destroy(ctx, g->domid);

	if (!rc || rc == -ESRCH)
		*g = (struct guest){ 0 };
	else
		complain();
}

static void make_guest(struct guest *g, struct chaos_config *cfg)
{
	int rc = chaos_config_number(ctx, cfg, (unsigned int)(g - guests) + 1);

	if (!rc)
		rc = chaos_create(ctx, cfg, 0, &g->domid);
	if (!rc)
		printf("%s: domain %u\n", chaos_config_name(cfg), g->domid);
	else if (rc == -EEXIST &&
		 !chaos_lookup(ctx, chaos_config_name(cfg), &g->domid))
		g->ended = true;	/* an earlier keep left it: replace it */
	else
		complain();
}

/* Whether all are there, or, without cfg, none is. */
static bool see_to_all(struct chaos_config *cfg)
{
	struct guest *g;
	bool done = true;

	for (g = guests; g < guests + nr_guests; g++) {
		if (g->domid && (g->ended || !cfg))
			remove_guest(g);
		if (!g->domid && cfg)
			make_guest(g, cfg);
		done &= cfg ? g->domid && !g->ended : !g->domid;
	}
	return done;
}

/* Of our guests alone: those of before have other numbers. */
static void on_event(void *arg, const struct chaos_event *e)
{
	struct guest *g;

	(void)arg;
	if (e->kind != CHAOS_EVENT_SHUTDOWN && e->kind != CHAOS_EVENT_GONE &&
	    e->kind != CHAOS_EVENT_REBOOTED && e->kind != CHAOS_EVENT_CRASHED)
		return;
	for (g = guests; g < guests + nr_guests; g++) {
		if (!g->domid || g->domid != e->domid)
			continue;
		g->ended = true;
		printf("%s: domain %u: %s\n", e->name, e->domid,
		       chaos_event_name(e->kind));
	}
}

static int keep(struct chaos_events *events, struct chaos_config *cfg, int signals)
{
	struct pollfd fds[] = {
		{ .fd = chaos_events_fd(events), .events = POLLIN },
		{ .fd = signals, .events = POLLIN },
	};

	while (!fds[1].revents) {
		bool done = see_to_all(cfg);

		fflush(stdout);
		poll(fds, 2, done ? -1 : RETRY_MS);
		if (chaos_events_dispatch(events, on_event, NULL))
			return complain();
	}
	while (!see_to_all(NULL))
		poll(NULL, 0, RETRY_MS);
	return 0;
}

int main(int argc, char **argv)
{
	struct chaos_events *events = NULL;
	struct chaos_config *cfg = NULL;
	sigset_t set;
	int fd, status;

	nr_guests = argc == 3 ? (unsigned int)atoi(argv[1]) : 0;
	if (!nr_guests || nr_guests > MAX_GUESTS) {
		fprintf(stderr, "usage: keep N CONFIG (N up to %d)\n", MAX_GUESTS);
		return 2;
	}
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (fd < 0 || chaos_open(NULL, &ctx))
		return 1;
	/* Events before the first guest: what becomes of each is told. */
	if (chaos_config_parse_file(ctx, argv[2], NULL, &cfg) ||
	    chaos_events_open(ctx, &events))
		status = complain();
	else
		status = keep(events, cfg, fd);
	chaos_events_close(events);
	chaos_config_free(cfg);
	chaos_close(ctx);
	return status;
}

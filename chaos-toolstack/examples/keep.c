// SPDX-License-Identifier: BSD-2-Clause
/*
 * keep N CONFIG: a small orchestrator.
 *
 * Keeps N guests of one configuration alive.  One that shuts down, reboots,
 * crashes or is destroyed is created anew; SIGTERM or SIGINT destroys them all.
 * One thread and one poll(): what takes time is done by libchaos' workers.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <chaos.h>

#define MAX_GUESTS	1000
#define WORKERS		4
#define RETRY_MS	1000

static struct guest {
	unsigned int number;
	uint32_t domid;		/* 0: there is none */
	uint32_t ended;		/* the latest that did: told before its create
				   was, perhaps */
	bool busy;		/* being created or destroyed */
	bool failed;		/* to be tried again, later */
	char name[CHAOS_NAME_MAX + 1];
} guests[MAX_GUESTS];

static unsigned int nr_guests;
static bool stopping;
static struct chaos *ctx;
static struct chaos_config *cfg;
static struct chaos_async *async;

static void go_on(struct guest *g);

static void on_created(void *arg, const struct chaos_result *r)
{
	struct guest *g = arg;
	char text[512];

	g->busy = false;
	if (!r->rc) {
		g->domid = r->domid;
		printf("%s: domain %u\n", g->name, g->domid);
	} else if (r->rc == -EEXIST &&
		   !chaos_lookup(ctx, g->name, &g->domid)) {
		g->ended = g->domid;	/* an earlier keep left it: replace it */
	} else {
		g->failed = true;
		fprintf(stderr, "keep: create %s\n", !r->nr_errors ?
			strerror(-r->rc) :
			chaos_error_text(r->error[0], text, sizeof(text)));
	}
	go_on(g);
}

static void on_destroyed(void *arg, const struct chaos_result *r)
{
	struct guest *g = arg;

	g->busy = false;
	g->failed = r->rc && r->rc != -ESRCH;
	if (!g->failed)
		g->domid = 0;
	go_on(g);
}

/* What is to be done next with a guest, if anything. */
static void go_on(struct guest *g)
{
	int rc = 0;

	if (g->busy || g->failed)
		return;
	if (g->domid && (stopping || g->ended == g->domid)) {
		rc = chaos_async_destroy(async, g->domid, on_destroyed, g);
	} else if (!g->domid && !stopping) {
		rc = chaos_config_number(ctx, cfg, g->number);
		if (!rc)
			rc = chaos_async_create(async, cfg, 0, on_created, g);
	} else {
		return;
	}
	g->busy = !rc;
	g->failed = rc;
}

static void on_event(void *arg, const struct chaos_event *e)
{
	unsigned int i;

	(void)arg;
	if (e->kind != CHAOS_EVENT_SHUTDOWN && e->kind != CHAOS_EVENT_GONE &&
	    e->kind != CHAOS_EVENT_REBOOTED && e->kind != CHAOS_EVENT_CRASHED)
		return;
	for (i = 0; i < nr_guests; i++) {
		if (strcmp(guests[i].name, e->name))
			continue;
		guests[i].ended = e->domid;
		printf("%s: domain %u: %s\n", e->name, e->domid,
		       chaos_event_name(e->kind));
		go_on(&guests[i]);
	}
}

/* Whether somebody is to be looked at again in a while. */
static bool retry(void)
{
	bool waits = false;
	unsigned int i;

	for (i = 0; i < nr_guests; i++)
		waits |= guests[i].failed;
	return waits;
}

static bool is_done(void)
{
	unsigned int i;

	for (i = 0; i < nr_guests; i++)
		if (guests[i].busy || guests[i].domid)
			return false;
	return stopping;
}

static void each(bool again)
{
	unsigned int i;

	for (i = 0; i < nr_guests; i++) {
		if (again)
			guests[i].failed = false;
		go_on(&guests[i]);
	}
}

static int loop(struct chaos_events *events, int signals)
{
	struct pollfd fds[] = {
		{ .fd = chaos_events_fd(events), .events = POLLIN },
		{ .fd = chaos_async_fd(async), .events = POLLIN },
		{ .fd = signals, .events = POLLIN },
	};
	struct signalfd_siginfo info;
	int n;

	each(false);
	while (!is_done()) {
		fflush(stdout);
		n = poll(fds, 3, retry() ? RETRY_MS : -1);
		if (fds[2].revents && read(signals, &info, sizeof(info)) > 0)
			stopping = true;
		chaos_async_dispatch(async);
		if (chaos_events_dispatch(events, on_event, NULL))
			return 1;
		each(!n || fds[2].revents);
	}
	return 0;
}

static int complain(const char *what)
{
	char text[512];

	fprintf(stderr, "keep: %s: %s\n", what, chaos_nr_errors(ctx) ?
		chaos_error_text(chaos_error(ctx, 0), text, sizeof(text)) : "");
	return 1;
}

static int keep(int signals)
{
	struct chaos_events *events;
	unsigned int i;
	int status;

	for (i = 0; i < nr_guests; i++) {
		guests[i].number = i + 1;
		if (chaos_config_number(ctx, cfg, i + 1))
			return complain("name the guests");
		strcpy(guests[i].name, chaos_config_name(cfg));
	}
	if (chaos_async_open(NULL, WORKERS, &async))
		return complain("start workers");
	/* Before the first guest: what becomes of each is told. */
	if (chaos_events_open(ctx, &events)) {
		chaos_async_close(async);
		return complain("watch domains");
	}
	status = loop(events, signals);
	chaos_async_close(async);
	chaos_events_close(events);
	return status;
}

int main(int argc, char **argv)
{
	sigset_t signals;
	int status, fd;

	nr_guests = argc == 3 ? (unsigned int)atoi(argv[1]) : 0;
	if (!nr_guests || nr_guests > MAX_GUESTS) {
		fprintf(stderr, "usage: keep N CONFIG (N up to %d)\n",
			MAX_GUESTS);
		return 2;
	}
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	fd = signalfd(-1, &signals, SFD_CLOEXEC);
	if (fd < 0 || chaos_open(NULL, &ctx))
		return 1;
	if (chaos_config_parse_file(ctx, argv[2], NULL, &cfg))
		status = complain("read the configuration");
	else
		status = keep(fd);
	chaos_config_free(cfg);
	chaos_close(ctx);
	close(fd);
	return status;
}

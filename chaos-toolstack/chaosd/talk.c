// SPDX-License-Identifier: BSD-2-Clause
/*
 * What goes out of guests' consoles and into them.
 *
 * A guest that says more than is read of it waits, with its event not armed: it
 * costs nothing until its 100 ms are over.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "consoles-private.h"
#include "log.h"
#include "pool.h"

#define INTERVAL_NS	(100 * UINT64_C(1000000))
#define MAX_READS	16u		/* in it, of one guest */
#define MAX_ALL_READS	100u		/* of all */
#define TURN		8u		/* before others are looked at */

void talk_arm(sd_event_source *timer, uint64_t at_ns)
{
	sd_event_source_set_time(timer, at_ns / 1000);
	sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}

static void to_journal(struct guest_table *t, struct guest *g,
		       const void *data, size_t n)
{
	struct journal_guest who = { g->of.name, g->of.uuid, g->domid };

	if (!t->journal)
		return;
	if (!g->journal)
		g->journal = calloc(1, sizeof(*g->journal));
	if (g->journal)
		journal_put(g->journal, &who, data, n, pool_now_ns());
}

void talk_end(struct guest_table *t, struct guest *g)
{
	struct journal_guest who = { g->of.name, g->of.uuid, g->domid };

	if (g->resting)
		TAILQ_REMOVE(&t->resting, g, rest);
	g->resting = false;
	chaos_console_close(g->con);
	g->con = NULL;
	g->nr_input = 0;
	if (g->journal)
		journal_end(g->journal, &who, pool_now_ns());
	free(g->journal);
	g->journal = NULL;
}

/* Its console makes no sense, or we cannot use it. */
static void give_up(struct guest_table *t, struct guest *g, int rc)
{
	log_line(LOG_WARNING, "%s: console: %s", g->of.name, rc == -EPROTO ?
		 "the guest broke it" : strerror(-rc));
	talk_end(t, g);
	g->end = rc;
	viewers_tell(t, g);
}

static bool read_some(struct guest_table *t, struct guest *g)
{
	uint8_t buf[CHAOSD_OUTPUT_MAX];
	long n = g->con ? chaosd_console_take(g->con, buf, sizeof(buf)) : 0;

	if (n < 0)
		give_up(t, g, (int)n);
	if (n <= 0)
		return false;
	ring_put(&g->ring, buf, (size_t)n);
	to_journal(t, g, buf, (size_t)n);
	viewers_tell(t, g);
	return true;
}

/* One that goes on meanwhile is read no longer than this. */
void talk_read(struct guest_table *t, struct guest *g)
{
	unsigned int i;

	for (i = 0; i < 4 && read_some(t, g); i++)
		;
}

void talk_write(struct guest_table *t, struct guest *g)
{
	long n;

	if (!g->con || !g->nr_input)
		return;
	n = chaos_console_write(g->con, g->input, g->nr_input);
	if (n < 0) {
		give_up(t, g, (int)n);
	} else if (n) {
		g->nr_input -= (size_t)n;
		memmove(g->input, g->input + n, g->nr_input);
		viewers_taken(t, g, (size_t)n);
	}
}

static bool may_go_on(struct guest *g, uint64_t now)
{
	if (now - g->since_ns >= INTERVAL_NS) {
		g->since_ns = now;
		g->nr_reads = 0;
	}
	return ++g->nr_reads < MAX_READS;
}

static void rest(struct guest_table *t, struct guest *g)
{
	if (TAILQ_EMPTY(&t->resting))
		talk_arm(t->rest_timer, g->since_ns + INTERVAL_NS);
	TAILQ_INSERT_TAIL(&t->resting, g, rest);
	g->resting = true;
}

static void rearm(struct guest_table *t, struct guest *g)
{
	int rc = chaosd_console_rearm(g->con);

	if (rc)
		give_up(t, g, rc);
}

static void event_of(struct guest_table *t, struct guest *g, uint64_t now)
{
	read_some(t, g);
	talk_write(t, g);
	if (!g->con)
		return;
	if (may_go_on(g, now))
		rearm(t, g);
	else
		rest(t, g);
}

/* All of them together: the CPU is wanted for more. */
static bool may_all_go_on(struct guest_table *t, uint64_t now)
{
	if (now - t->since_ns >= INTERVAL_NS) {
		t->since_ns = now;
		t->nr_reads = 0;
	}
	return ++t->nr_reads < MAX_ALL_READS;
}

static int set_ready(sd_event_source *source, int fd, uint32_t events,
		     void *arg)
{
	struct guest_table *t = arg;
	uint64_t now = pool_now_ns();
	unsigned int i;
	void *g;
	int rc = 1;

	(void)fd;
	(void)events;
	for (i = 0; i < TURN && rc > 0; i++) {
		rc = may_all_go_on(t, now) ?
		     chaosd_consoles_next(t->set, &g) : -EAGAIN;
		if (rc > 0)
			event_of(t, g, now);
	}
	if (rc < 0) {
		sd_event_source_set_enabled(source, SD_EVENT_OFF);
		talk_arm(t->rest_timer, t->since_ns + INTERVAL_NS);
	}
	if (rc < 0 && rc != -EAGAIN)
		log_line(LOG_WARNING, "consoles: %s", strerror(-rc));
	return 0;
}

static int rested(sd_event_source *source, uint64_t usec, void *arg)
{
	struct guest_table *t = arg;
	struct guest *g;

	(void)source;
	(void)usec;
	while ((g = TAILQ_FIRST(&t->resting))) {
		TAILQ_REMOVE(&t->resting, g, rest);
		g->resting = false;
		rearm(t, g);
	}
	sd_event_source_set_enabled(t->set_source, SD_EVENT_ON);
	return 0;
}

int talk_open(struct guest_table *t)
{
	int rc;

	TAILQ_INIT(&t->resting);
	rc = chaosd_consoles_open(t->ctx, &t->set);
	if (!rc)
		rc = sd_event_add_io(t->event, &t->set_source,
				     chaosd_consoles_fd(t->set), EPOLLIN,
				     set_ready, t);
	if (rc >= 0)
		rc = sd_event_add_time(t->event, &t->rest_timer,
				       CLOCK_MONOTONIC, 0, LATE_US, rested, t);
	if (rc >= 0)
		rc = sd_event_source_set_enabled(t->rest_timer, SD_EVENT_OFF);
	return rc < 0 ? rc : 0;
}

void talk_close(struct guest_table *t)
{
	sd_event_source_disable_unref(t->set_source);
	sd_event_source_disable_unref(t->rest_timer);
	chaosd_consoles_close(t->set);
}

// SPDX-License-Identifier: BSD-2-Clause
/* The guests whose consoles are held: taken, and let go of when they die. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>

#include "consoles-private.h"
#include "log.h"
#include "pool.h"

#define MS		UINT64_C(1000000)
#define BOOT_NS		(30 * MS)	/* a guest is left to boot */
#define AGAIN_MIN_NS	(1000 * MS)	/* somebody else has its console */
#define AGAIN_MAX_NS	(10000 * MS)

struct waiting {
	TAILQ_ENTRY(waiting) link;
	uint32_t domid;
	uint64_t due_ns, backoff_ns;
};

static void free_guest(struct guest_table *t, struct guest *g)
{
	talk_end(t, g);
	viewers_close(t, g);
	ring_fini(&g->ring);
	free(g);
}

static struct guest *find_ended(struct guest_table *t, const char *uuid)
{
	struct guest *g;

	for (g = TAILQ_FIRST(&t->ended); g; g = TAILQ_NEXT(g, link))
		if (!strcmp(g->of.uuid, uuid))
			return g;
	return NULL;
}

/* It was restarted, or saved and restored: what it said before goes on here. */
static void inherit(struct guest_table *t, struct guest *g)
{
	struct guest *old = find_ended(t, g->of.uuid);
	char text[80];
	int n;

	if (!old)
		return;
	TAILQ_REMOVE(&t->ended, old, link);
	t->nr_ended--;
	viewers_move(old, g);
	g->ring = old->ring;
	g->shown = old->shown;
	n = snprintf(text, sizeof(text),
		     "\r\n[domain %u has ended, this is domain %u]\r\n",
		     old->domid, g->domid);
	ring_put(&g->ring, text, (size_t)n);
	free(old);
}

static int take(struct guest_table *t, uint32_t domid, struct guest **out)
{
	struct guest *g = calloc(1, sizeof(*g));
	int rc;

	if (!g)
		return chaosd_fail(t->ctx, -ENOMEM, "console", "take it", "",
				   "no memory");
	rc = chaosd_console_open(t->set, domid, g, &g->of, &g->con);
	if (rc) {
		free(g);
		return rc;
	}
	TAILQ_INIT(&g->viewers);
	ring_init(&g->ring, t->max_bytes);
	g->domid = domid;
	inherit(t, g);
	t->of_domid[domid] = g;
	*out = g;
	return 0;
}

static struct waiting *find_waiting(struct guest_table *t, uint32_t domid)
{
	struct waiting *w;

	for (w = TAILQ_FIRST(&t->waiting); w; w = TAILQ_NEXT(w, link))
		if (w->domid == domid)
			return w;
	return NULL;
}

static void forget_waiting(struct guest_table *t, struct waiting *w)
{
	if (!w)
		return;
	TAILQ_REMOVE(&t->waiting, w, link);
	free(w);
}

static void arm_take(struct guest_table *t)
{
	struct waiting *w;
	uint64_t first = UINT64_MAX;

	for (w = TAILQ_FIRST(&t->waiting); w; w = TAILQ_NEXT(w, link))
		first = MIN(first, w->due_ns);
	if (first != UINT64_MAX)
		talk_arm(t->take_timer, first);
}

/* Frees w, unless it is to be tried again. */
static void take_waiting(struct guest_table *t, struct waiting *w)
{
	char text[512];
	struct guest *g;
	int rc = t->of_domid[w->domid] ? 0 : take(t, w->domid, &g);

	if (rc == -EBUSY) {
		w->backoff_ns = w->backoff_ns ?
			MIN(w->backoff_ns * 2, AGAIN_MAX_NS) : AGAIN_MIN_NS;
		w->due_ns = pool_now_ns() + w->backoff_ns;
		return;
	}
	/* Gone already, or none of ours. */
	if (rc && rc != -ESRCH && rc != -ENOENT && chaos_error(t->ctx, 0))
		log_line(LOG_WARNING, "%s",
			 chaos_error_text(chaos_error(t->ctx, 0), text,
					  sizeof(text)));
	forget_waiting(t, w);
}

/*
 * Nobody waits for it, and it takes as long as a create.  The thread's niceness
 * does not see to that: Linux lets a nice thread that has the CPU go on until
 * the next tick when others were woken before it.
 */
static void take_at_leisure(struct guest_table *t, struct waiting *w)
{
	struct sched_param none = { 0 }, param = { 0 };
	int policy = sched_getscheduler(0);

	sched_getparam(0, &param);
	sched_setscheduler(0, SCHED_IDLE, &none);
	take_waiting(t, w);
	sched_setscheduler(0, policy, &param);
}

/* One: then the guests that are taken may have something to say. */
static int take_due(sd_event_source *source, uint64_t usec, void *arg)
{
	struct guest_table *t = arg;
	uint64_t now = pool_now_ns();
	struct waiting *w;

	(void)source;
	(void)usec;
	for (w = TAILQ_FIRST(&t->waiting); w; w = TAILQ_NEXT(w, link))
		if (w->due_ns <= now)
			break;
	if (w)
		take_at_leisure(t, w);
	arm_take(t);
	return 0;
}

void guests_started(struct guest_table *t, uint32_t domid, bool soon)
{
	struct waiting *w;

	if (t->of_domid[domid] || find_waiting(t, domid))
		return;
	w = calloc(1, sizeof(*w));
	if (!w) {
		log_line(LOG_ERR, "domain %u: no memory to take its console",
			 domid);
		return;
	}
	w->domid = domid;
	w->due_ns = pool_now_ns() + (soon ? 0 : BOOT_NS);
	TAILQ_INSERT_TAIL(&t->waiting, w, link);
	arm_take(t);
}

/* One that is not taken yet will be known by its new name. */
void guests_renamed(struct guest_table *t, uint32_t domid, const char *name)
{
	struct guest *g = t->of_domid[domid];

	if (g)
		snprintf(g->of.name, sizeof(g->of.name), "%s", name);
}

void guests_ended(struct guest_table *t, uint32_t domid)
{
	struct waiting *w = find_waiting(t, domid);
	struct guest *g;

	if (w)
		take_waiting(t, w);
	g = t->of_domid[domid];
	if (!g || g->end)
		return;
	talk_read(t, g);
	if (!g->end)
		g->end = -EPIPE;
	viewers_tell(t, g);
}

void guests_dying(struct guest_table *t, uint32_t domid)
{
	struct guest *g, *oldest;

	/* Not one more page of it. */
	forget_waiting(t, find_waiting(t, domid));
	g = t->of_domid[domid];
	if (!g)
		return;
	guests_ended(t, domid);
	talk_end(t, g);
	t->of_domid[domid] = NULL;
	TAILQ_INSERT_HEAD(&t->ended, g, link);
	if (t->nr_ended++ < CONSOLES_MAX_ENDED)
		return;
	oldest = TAILQ_LAST(&t->ended, guests);
	TAILQ_REMOVE(&t->ended, oldest, link);
	t->nr_ended--;
	free_guest(t, oldest);
}

static bool is_called(const struct guest *g, const char *which)
{
	char domid[16];

	snprintf(domid, sizeof(domid), "%u", g->domid);
	return !strcmp(g->of.name, which) || !strcmp(domid, which);
}

static int find_alive(struct guest_table *t, const char *which,
		      struct guest **out)
{
	uint32_t domid;
	int rc = chaos_lookup(t->ctx, which, &domid);

	if (rc)
		return rc;
	forget_waiting(t, find_waiting(t, domid));
	*out = t->of_domid[domid];
	return *out ? 0 : take(t, domid, out);
}

int guests_find(struct guest_table *t, const char *which, bool alive,
		struct guest **out)
{
	struct guest *g;
	int rc = find_alive(t, which, out);

	if (!rc || alive)
		return rc;
	for (g = TAILQ_FIRST(&t->ended); g; g = TAILQ_NEXT(g, link)) {
		if (is_called(g, which)) {
			*out = g;
			return 0;
		}
	}
	/* One that is being made has said nothing so far. */
	if (rc != -ESRCH && rc != -EAGAIN)
		return rc;
	chaosd_begin(t->ctx);
	return chaosd_fail(t->ctx, -ESRCH, which, "find its log", "see chaos list",
			   "there is no such guest, nor is it among the latest "
			   "that ended");
}

int guests_open(struct guest_table *t)
{
	int rc;

	TAILQ_INIT(&t->ended);
	TAILQ_INIT(&t->waiting);
	rc = talk_open(t);
	if (!rc)
		rc = sd_event_add_time(t->event, &t->take_timer,
				       CLOCK_MONOTONIC, 0, LATE_US, take_due, t);
	if (rc >= 0)
		rc = sd_event_source_set_enabled(t->take_timer, SD_EVENT_OFF);
	return rc < 0 ? rc : 0;
}

void guests_close(struct guest_table *t)
{
	struct waiting *w, *next_waiting;
	struct guest *g, *next;
	unsigned int i;

	for (w = TAILQ_FIRST(&t->waiting); w; w = next_waiting) {
		next_waiting = TAILQ_NEXT(w, link);
		free(w);
	}
	for (i = 0; i < MAX_DOMIDS; i++)
		if (t->of_domid[i])
			free_guest(t, t->of_domid[i]);
	for (g = TAILQ_FIRST(&t->ended); g; g = next) {
		next = TAILQ_NEXT(g, link);
		free_guest(t, g);
	}
	sd_event_source_disable_unref(t->take_timer);
	talk_close(t);
}

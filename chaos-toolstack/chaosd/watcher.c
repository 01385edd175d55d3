// SPDX-License-Identifier: BSD-2-Clause
/* What becomes of guests that end. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "consoles.h"
#include "log.h"
#include "pool.h"
#include "watcher.h"

#define UUID_SIZE	37
#define AGAIN_NS	(200 * UINT64_C(1000000))	/* its name was locked */
#define MAX_TRIES	50

/* SHUTDOWN_* of Xen's sched.h */
#define CODE_POWEROFF	0u
#define CODE_REBOOT	1u
#define CODE_SUSPEND	2u

struct watch_guest {
	TAILQ_ENTRY(watch_guest) link;
	/* Of one that is due */
	uint32_t domid;
	uint64_t when_ns;
	unsigned int tries;
	/* Of one that was restarted */
	char uuid[UUID_SIZE];
	unsigned int nr;
	uint64_t at_ns[WATCH_MAX_RESTARTS];	/* the latest ones */
};

static void add_due(struct watch *w, struct watch_guest *g)
{
	pthread_mutex_lock(&w->lock);
	TAILQ_INSERT_TAIL(&w->due, g, link);
	pthread_cond_signal(&w->work);
	pthread_mutex_unlock(&w->lock);
}

void watch_ended(struct watch *w, uint32_t domid)
{
	struct watch_guest *g = calloc(1, sizeof(*g));

	if (!g) {
		log_line(LOG_ERR, "domain %u ended: no memory to see to it",
			 domid);
		return;
	}
	g->domid = domid;
	add_due(w, g);
}

static int look(void *arg, const struct chaos_domain *d)
{
	if (d->domid && *d->name && (d->state == CHAOS_STATE_SHUTDOWN ||
				     d->state == CHAOS_STATE_CRASHED))
		watch_ended(arg, d->domid);
	return 0;
}

int watch_look_around(struct watch *w, struct chaos *ctx)
{
	return chaos_list(ctx, look, w);
}

/* Restarts that were too long ago count no more. */
static void forget_old(struct watch *w, struct watch_guest *g, uint64_t now)
{
	unsigned int i, kept = 0;

	for (i = 0; i < g->nr; i++)
		if (g->at_ns[i] + w->within_ns > now)
			g->at_ns[kept++] = g->at_ns[i];
	g->nr = kept;
}

/* May it be restarted once more?  Then it is counted. */
static bool may_restart(struct watch *w, const char *uuid)
{
	struct watch_guest *g, *next, *found = NULL;
	uint64_t now = pool_now_ns();

	for (g = TAILQ_FIRST(&w->restarted); g; g = next) {
		next = TAILQ_NEXT(g, link);
		forget_old(w, g, now);
		if (!strcmp(g->uuid, uuid)) {
			found = g;
		} else if (!g->nr) {
			TAILQ_REMOVE(&w->restarted, g, link);
			free(g);
		}
	}
	if (!found) {
		found = calloc(1, sizeof(*found));
		if (!found)
			return false;
		snprintf(found->uuid, sizeof(found->uuid), "%s", uuid);
		TAILQ_INSERT_TAIL(&w->restarted, found, link);
	}
	if (found->nr >= w->limit)
		return false;
	found->at_ns[found->nr++] = now;
	return true;
}

/* It was not: somebody else is at work on it. */
static void uncount(struct watch *w, const char *uuid)
{
	struct watch_guest *g;

	for (g = TAILQ_FIRST(&w->restarted); g; g = TAILQ_NEXT(g, link))
		if (!strcmp(g->uuid, uuid) && g->nr)
			g->nr--;
}

static const char *action_of(const struct chaos_info *info)
{
	const char *action;

	switch (info->domain.shutdown_code) {
	case CODE_POWEROFF:
		action = info->on_poweroff;
		return *action ? action : "destroy";
	case CODE_REBOOT:
		action = info->on_reboot;
		return *action ? action : "restart";
	default:
		action = info->on_crash;
		return *action ? action : "destroy";
	}
}

static int act(struct watch *w, const struct chaos_info *info)
{
	const struct chaos_domain *d = &info->domain;
	const char *action = action_of(info);
	uint32_t domid;
	bool restart = !strcmp(action, "restart");
	int rc;

	/* Its last words go with it. */
	consoles_settle(w->consoles, d->domid);
	if (restart && !may_restart(w, d->uuid)) {
		log_line(LOG_WARNING,
			 "%s was restarted %u times in %u s: destroyed",
			 d->name, w->limit,
			 (unsigned int)(w->within_ns / 1000000000u));
		return chaos_destroy(w->ctx, d->domid);
	}
	rc = d->shutdown_code == CODE_REBOOT ?
	     chaos_reboot(w->ctx, d->domid, CHAOS_POWER_ASKED, 0, &domid) :
	     chaos_shutdown(w->ctx, d->domid, CHAOS_POWER_ASKED, 0);
	if (restart && rc == -EBUSY)
		uncount(w, d->uuid);
	/* That it crashed is no news. */
	if (rc == -EIO && d->state == CHAOS_STATE_CRASHED)
		rc = 0;
	if (!rc)
		log_line(LOG_INFO, "%s ended (code %u): %s", d->name,
			 d->shutdown_code, action);
	return rc;
}

/* -EBUSY: later. */
static int see_to(struct watch *w, const struct watch_guest *g)
{
	struct chaos_info *info;
	int rc;

	rc = chaos_info_get(w->ctx, g->domid, &info);
	if (rc)
		return rc;
	rc = -ESRCH;
	if (*info->domain.name &&
	    info->domain.shutdown_code != CODE_SUSPEND &&
	    (info->domain.state == CHAOS_STATE_SHUTDOWN ||
	     info->domain.state == CHAOS_STATE_CRASHED))
		rc = act(w, info);
	chaos_info_free(info);
	return rc;
}

/* Without the lock.  Frees g, unless it is due again. */
static void take(struct watch *w, struct watch_guest *g)
{
	char text[512];
	int rc = see_to(w, g);

	if (rc == -EBUSY && ++g->tries < MAX_TRIES) {
		g->when_ns = pool_now_ns() + AGAIN_NS;
		add_due(w, g);
		return;
	}
	/* Gone: somebody else saw to it. */
	if (rc && rc != -ESRCH && chaos_error(w->ctx, 0))
		log_line(LOG_ERR, "%s", chaos_error_text(chaos_error(w->ctx, 0),
							 text, sizeof(text)));
	free(g);
}

/* The next one whose time has come; or when to look again. */
static struct watch_guest *next_due(struct watch *w, uint64_t *until)
{
	uint64_t now = pool_now_ns();
	struct watch_guest *g;

	*until = 0;
	for (g = TAILQ_FIRST(&w->due); g; g = TAILQ_NEXT(g, link)) {
		if (g->when_ns <= now)
			return g;
		if (!*until || g->when_ns < *until)
			*until = g->when_ns;
	}
	return NULL;
}

static void wait_until(struct watch *w, uint64_t ns)
{
	struct timespec ts = {
		.tv_sec = (time_t)(ns / 1000000000u),
		.tv_nsec = (long)(ns % 1000000000u),
	};

	if (ns)
		pthread_cond_timedwait(&w->work, &w->lock, &ts);
	else
		pthread_cond_wait(&w->work, &w->lock);
}

static void *run(void *arg)
{
	struct watch *w = arg;
	struct watch_guest *g;
	uint64_t until;

	pthread_mutex_lock(&w->lock);
	while (!w->stop) {
		g = next_due(w, &until);
		w->at_work = g;
		if (!g) {
			wait_until(w, until);
			continue;
		}
		TAILQ_REMOVE(&w->due, g, link);
		pthread_mutex_unlock(&w->lock);
		take(w, g);
		pthread_mutex_lock(&w->lock);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

int watch_start(struct watch *w, struct chaos *ctx, unsigned int limit,
		unsigned int seconds)
{
	pthread_condattr_t attr;
	sigset_t all, old;
	int rc;

	memset(w, 0, sizeof(*w));
	TAILQ_INIT(&w->due);
	TAILQ_INIT(&w->restarted);
	w->ctx = ctx;
	w->limit = limit;
	w->within_ns = (uint64_t)seconds * 1000000000u;
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w->work, &attr);
	pthread_condattr_destroy(&attr);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = -pthread_create(&w->thread, NULL, run, w);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc) {
		pthread_cond_destroy(&w->work);
		pthread_mutex_destroy(&w->lock);
	}
	return rc;
}

static void free_all(struct watch_guests *guests)
{
	struct watch_guest *g, *next;

	for (g = TAILQ_FIRST(guests); g; g = next) {
		next = TAILQ_NEXT(g, link);
		free(g);
	}
}

void watch_stop(struct watch *w)
{
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_signal(&w->work);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	free_all(&w->due);
	free_all(&w->restarted);
	pthread_cond_destroy(&w->work);
	pthread_mutex_destroy(&w->lock);
	chaos_close(w->ctx);
}

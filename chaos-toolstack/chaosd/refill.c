// SPDX-License-Identifier: BSD-2-Clause
/*
 * Making and discarding spares, behind everybody: with the least weight, one
 * step at a time, and no step while a request is being served.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "log.h"
#include "refill.h"

#define NICE		19
/*
 * The CPU is left to others for so long after a request, unless a flavour is
 * down to half of what it is to have at least.
 */
#define QUIET_NS	(20 * UINT64_C(1000000))
#define BACKOFF_MIN_NS	(500 * UINT64_C(1000000))
#define BACKOFF_MAX_NS	(30 * UINT64_C(1000000000))

struct making {
	struct pool *pool;
	struct pool_flavour *flavour;
};

static void wait_until(struct pool *p, uint64_t ns)
{
	struct timespec ts = {
		.tv_sec = (time_t)(ns / 1000000000u),
		.tv_nsec = (long)(ns % 1000000000u),
	};

	if (ns)
		pthread_cond_timedwait(&p->work, &p->lock, &ts);
	else
		pthread_cond_wait(&p->work, &p->lock);
}

static bool is_urgent(const struct pool_flavour *f)
{
	return f->filling && f->nr_ready * 2 < f->low;
}

/* While requests are served, and a while after. */
static void stand_still(struct pool *p, const struct pool_flavour *f)
{
	uint64_t end;

	while (!p->stop) {
		end = p->idle_ns + QUIET_NS;
		if (p->nr_busy)
			wait_until(p, 0);
		else if (p->idle_ns && !is_urgent(f) && end > pool_now_ns())
			wait_until(p, end);
		else
			return;
	}
}

/* Between two steps. */
static int between(void *arg)
{
	struct making *m = arg;
	struct pool *p = m->pool;
	int rc = 0;

	pthread_mutex_lock(&p->lock);
	stand_still(p, m->flavour);
	if (p->stop || m->flavour->retired || !m->flavour->high ||
	    p->hold_ns > pool_now_ns())
		rc = -ECANCELED;
	pthread_mutex_unlock(&p->lock);
	return rc;
}

static bool has_room(struct pool *p, const struct pool_flavour *f)
{
	uint64_t free_kb;

	return !chaos_free_memory(p->ctx, &free_kb) &&
	       free_kb >= p->reserve_kb + chaos_flavour_kb(f->cfg);
}

static void keep_error(struct pool *p, struct pool_flavour *f, int rc)
{
	char text[sizeof(f->error)];

	if (chaos_error(p->ctx, 0))
		chaos_error_text(chaos_error(p->ctx, 0), text, sizeof(text));
	else
		snprintf(text, sizeof(text), "%s", rc == -ENOSPC ?
			 "Xen's memory is needed for others (--reserve)" :
			 strerror(-rc));
	if (strcmp(text, f->error))
		log_line(LOG_WARNING, "flavour %s: %s", chaos_config_name(f->cfg),
			 text);
	strcpy(f->error, text);
}

/* With the lock. */
static void failed(struct pool *p, struct pool_flavour *f, int rc)
{
	if (rc == -ECANCELED)
		return;
	f->failed++;
	keep_error(p, f, rc);
	f->backoff_ns = f->backoff_ns ? f->backoff_ns * 2 : BACKOFF_MIN_NS;
	if (f->backoff_ns > BACKOFF_MAX_NS)
		f->backoff_ns = BACKOFF_MAX_NS;
	f->retry_ns = pool_now_ns() + f->backoff_ns;
}

/* With the lock. */
static void made(struct pool *p, struct pool_flavour *f, struct pool_spare *s)
{
	f->made++;
	f->error[0] = '\0';
	f->retry_ns = f->backoff_ns = 0;
	pool_add(p, s);
}

static void make_one(struct pool *p, struct pool_flavour *f)
{
	struct making m = { .pool = p, .flavour = f };
	unsigned int backend = p->backend;
	struct pool_spare *s;
	int rc = -ENOMEM;

	f->nr_making++;
	pthread_mutex_unlock(&p->lock);
	s = calloc(1, sizeof(*s));
	if (s && !has_room(p, f))
		rc = -ENOSPC;
	else if (s)
		rc = chaos_spare_make(p->ctx, f->cfg, between, &m, &s->spare);
	pthread_mutex_lock(&p->lock);
	f->nr_making--;
	if (rc) {
		free(s);
		failed(p, f, rc);
		return;
	}
	s->flavour = f;
	s->backend = backend;
	s->domid = chaos_spare_domid(s->spare);
	made(p, f, s);
}

/* Without the lock: it is on no list meanwhile. */
static void discard_leaving(struct pool *p)
{
	struct pool_spare *s = pool_take_leaving(p);

	if (!s)
		return;
	chaos_spare_discard(p->ctx, s->spare);
	pool_discarded(p, s);
}

/* The emptiest of those that are to be filled.  *until: when to look again. */
static struct pool_flavour *choose(struct pool *p, uint64_t *until)
{
	struct pool_flavour *f, *best = NULL;
	uint64_t now = pool_now_ns(), when;

	*until = 0;
	for (f = TAILQ_FIRST(&p->flavours); f; f = TAILQ_NEXT(f, link)) {
		if (f->retired || !f->filling || f->nr_ready >= f->high)
			continue;
		when = f->retry_ns > p->hold_ns ? f->retry_ns : p->hold_ns;
		if (when > now) {
			if (!*until || when < *until)
				*until = when;
			continue;
		}
		if (!best || (uint64_t)f->nr_ready * best->high <
			     (uint64_t)best->nr_ready * f->high)
			best = f;
	}
	return best;
}

static void work(struct pool *p)
{
	struct pool_flavour *f;
	uint64_t until;

	while (!p->stop) {
		if (p->nr_busy) {
			wait_until(p, 0);
			continue;
		}
		if (!TAILQ_EMPTY(&p->leaving)) {
			pthread_mutex_unlock(&p->lock);
			discard_leaving(p);
			pthread_mutex_lock(&p->lock);
			continue;
		}
		f = choose(p, &until);
		if (f)
			make_one(p, f);
		else
			wait_until(p, until);
	}
}

/* Whoever stops us wants nothing left behind. */
static void empty(struct pool *p)
{
	struct pool_spare *s;

	while ((s = pool_take_any(p))) {
		chaos_spare_discard(p->ctx, s->spare);
		pool_discarded(p, s);
	}
}

static void *run(void *arg)
{
	struct pool *p = arg;

	/* Linux: of this thread alone.  Failing it is only less polite. */
	setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
	pthread_mutex_lock(&p->lock);
	work(p);
	pthread_mutex_unlock(&p->lock);
	empty(p);
	return NULL;
}

int refill_start(struct pool *p)
{
	sigset_t all, old;
	int r;

	/* Signals are the loop's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&p->thread, NULL, run, p);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return r;
}

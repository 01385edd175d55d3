// SPDX-License-Identifier: BSD-2-Clause
/* Flavours, and the spares of each. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <chaosd.h>

#include "pool.h"
#include "refill.h"

#define HOLD_NS (10 * UINT64_C(1000000000))	/* after memory was wanted */

uint64_t pool_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void wake(struct pool *p)
{
	pthread_cond_signal(&p->work);
}

static struct pool_flavour *find(struct pool *p, const char *name)
{
	struct pool_flavour *f;

	for (f = TAILQ_FIRST(&p->flavours); f; f = TAILQ_NEXT(f, link))
		if (!f->retired && !strcmp(chaos_config_name(f->cfg), name))
			return f;
	return NULL;
}

/* With the last of its spares; whoever takes one off calls this. */
static void free_if_retired(struct pool *p, struct pool_flavour *f)
{
	if (!f->retired || f->nr_ready || f->nr_making || f->nr_leaving)
		return;
	TAILQ_REMOVE(&p->flavours, f, link);
	p->nr_flavours--;
	chaos_config_free(f->cfg);
	free(f);
}

static void take_off(struct pool_flavour *f, struct pool_spare *s)
{
	TAILQ_REMOVE(&f->ready, s, link);
	f->nr_ready--;
}

static void put_out(struct pool *p, struct pool_spare *s)
{
	TAILQ_INSERT_TAIL(&p->leaving, s, link);
	s->flavour->nr_leaving++;
}

/* Its vifs are those of a backend that went. */
static bool is_cut_off(const struct pool *p, const struct pool_spare *s)
{
	return s->backend != p->backend &&
	       chaosd_flavour_nr_vifs(s->flavour->cfg);
}

void pool_add(struct pool *p, struct pool_spare *s)
{
	struct pool_flavour *f = s->flavour;

	if (f->retired || f->nr_ready >= f->high || is_cut_off(p, s)) {
		put_out(p, s);
	} else {
		TAILQ_INSERT_TAIL(&f->ready, s, link);
		f->nr_ready++;
	}
	if (f->nr_ready >= f->high)
		f->filling = false;
}

static void empty(struct pool *p, struct pool_flavour *f)
{
	struct pool_spare *s;

	while ((s = TAILQ_FIRST(&f->ready))) {
		take_off(f, s);
		put_out(p, s);
	}
}

static struct pool_flavour *add(struct pool *p, struct chaos_config *cfg)
{
	struct pool_flavour *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	TAILQ_INIT(&f->ready);
	f->cfg = cfg;
	TAILQ_INSERT_TAIL(&p->flavours, f, link);
	p->nr_flavours++;
	return f;
}

static int set(struct pool *p, struct chaos_config *cfg, unsigned int low,
	       unsigned int high)
{
	struct pool_flavour *f = find(p, chaos_config_name(cfg)), *old = f;

	if (!f || !chaos_flavour_same(f->cfg, cfg)) {
		if (p->nr_flavours == POOL_MAX_FLAVOURS)
			return -ENOSPC;
		f = add(p, cfg);
		if (!f)
			return -ENOMEM;
		if (old) {
			old->retired = true;
			empty(p, old);
			free_if_retired(p, old);
		}
	} else {
		chaos_config_free(cfg);
	}
	f->low = low;
	f->high = high;
	f->retry_ns = f->backoff_ns = 0;
	f->filling = f->nr_ready < high;
	while (f->nr_ready > high) {
		struct pool_spare *s = TAILQ_FIRST(&f->ready);

		take_off(f, s);
		put_out(p, s);
	}
	wake(p);
	return 0;
}

int pool_set(struct pool *p, struct chaos_config *cfg, unsigned int low,
	     unsigned int high)
{
	int rc;

	if (low > high || high > POOL_MAX_SPARES)
		return -EINVAL;
	pthread_mutex_lock(&p->lock);
	rc = set(p, cfg, low, high);
	pthread_mutex_unlock(&p->lock);
	return rc;
}

int pool_drain(struct pool *p, const char *name, bool remove)
{
	struct pool_flavour *f;

	pthread_mutex_lock(&p->lock);
	f = find(p, name);
	if (f) {
		f->low = f->high = 0;
		f->filling = false;
		f->retired = remove;
		empty(p, f);
		free_if_retired(p, f);
		wake(p);
	}
	pthread_mutex_unlock(&p->lock);
	return f ? 0 : -ENOENT;
}

void pool_busy(struct pool *p)
{
	pthread_mutex_lock(&p->lock);
	p->nr_busy++;
	pthread_mutex_unlock(&p->lock);
}

void pool_idle(struct pool *p)
{
	pthread_mutex_lock(&p->lock);
	if (!--p->nr_busy) {
		p->idle_ns = pool_now_ns();
		wake(p);
	}
	pthread_mutex_unlock(&p->lock);
}

/* The most specific flavour comes first: a loaded one saves more. */
static struct pool_flavour *choose(struct pool *p,
				   const struct chaos_config *cfg, bool *fits)
{
	struct pool_flavour *f, *best = NULL;

	for (f = TAILQ_FIRST(&p->flavours); f; f = TAILQ_NEXT(f, link)) {
		if (f->retired || chaos_flavour_misfit(f->cfg, cfg))
			continue;
		*fits = true;
		if (f->nr_ready &&
		    (!best || (chaos_flavour_is_loaded(f->cfg) &&
			       !chaos_flavour_is_loaded(best->cfg))))
			best = f;
	}
	return best;
}

struct pool_spare *pool_take(struct pool *p, const struct chaos_config *cfg)
{
	struct pool_spare *s = NULL;
	struct pool_flavour *f;
	bool fits = false;

	pthread_mutex_lock(&p->lock);
	f = choose(p, cfg, &fits);
	if (f) {
		s = TAILQ_FIRST(&f->ready);
		take_off(f, s);
		f->nr_making++;		/* it holds the flavour */
	} else if (fits) {
		p->empty++;
	} else {
		p->misses++;
	}
	pthread_mutex_unlock(&p->lock);
	return s;
}

static void refill_if_low(struct pool *p, struct pool_flavour *f)
{
	if (f->nr_ready < f->low)
		f->filling = true;
	if (f->filling)
		wake(p);
}

void pool_claimed(struct pool *p, struct pool_spare *s)
{
	struct pool_flavour *f = s->flavour;

	pthread_mutex_lock(&p->lock);
	f->nr_making--;
	f->hits++;
	refill_if_low(p, f);
	free_if_retired(p, f);
	pthread_mutex_unlock(&p->lock);
	free(s);
}

void pool_give_back(struct pool *p, struct pool_spare *s)
{
	struct pool_flavour *f = s->flavour;

	pthread_mutex_lock(&p->lock);
	f->nr_making--;
	f->died += is_cut_off(p, s);
	if (f->retired || s->gone || is_cut_off(p, s)) {
		put_out(p, s);
		refill_if_low(p, f);
		wake(p);
	} else {
		TAILQ_INSERT_HEAD(&f->ready, s, link);
		f->nr_ready++;
	}
	pthread_mutex_unlock(&p->lock);
}

void pool_leave(struct pool *p, struct pool_spare *s)
{
	struct pool_flavour *f = s->flavour;

	pthread_mutex_lock(&p->lock);
	f->nr_making--;
	put_out(p, s);
	refill_if_low(p, f);
	wake(p);
	pthread_mutex_unlock(&p->lock);
}

static bool died_here(struct pool *p, struct pool_flavour *f, uint32_t domid)
{
	struct pool_spare *s;

	for (s = TAILQ_FIRST(&f->ready); s; s = TAILQ_NEXT(s, link)) {
		if (s->domid != domid)
			continue;
		take_off(f, s);
		s->gone = true;
		f->died++;
		put_out(p, s);
		refill_if_low(p, f);
		wake(p);
		return true;
	}
	return false;
}

void pool_died(struct pool *p, uint32_t domid)
{
	struct pool_flavour *f;

	pthread_mutex_lock(&p->lock);
	for (f = TAILQ_FIRST(&p->flavours); f; f = TAILQ_NEXT(f, link))
		if (died_here(p, f, domid))
			break;
	pthread_mutex_unlock(&p->lock);
}

void pool_backend_gone(struct pool *p)
{
	struct pool_flavour *f;

	pthread_mutex_lock(&p->lock);
	p->backend++;
	for (f = TAILQ_FIRST(&p->flavours); f; f = TAILQ_NEXT(f, link)) {
		if (!chaosd_flavour_nr_vifs(f->cfg))
			continue;
		f->died += f->nr_ready;
		empty(p, f);
		refill_if_low(p, f);
	}
	wake(p);
	pthread_mutex_unlock(&p->lock);
}

void pool_backend_back(struct pool *p)
{
	struct pool_flavour *f;

	pthread_mutex_lock(&p->lock);
	for (f = TAILQ_FIRST(&p->flavours); f; f = TAILQ_NEXT(f, link))
		if (chaosd_flavour_nr_vifs(f->cfg))
			f->retry_ns = f->backoff_ns = 0;
	wake(p);
	pthread_mutex_unlock(&p->lock);
}

/* The flavour that has most of them. */
static struct pool_flavour *largest(struct pool *p)
{
	struct pool_flavour *f, *best = NULL;

	for (f = TAILQ_FIRST(&p->flavours); f; f = TAILQ_NEXT(f, link))
		if (f->nr_ready && (!best || f->nr_ready > best->nr_ready))
			best = f;
	return best;
}

void pool_hold(struct pool *p)
{
	pthread_mutex_lock(&p->lock);
	p->hold_ns = pool_now_ns() + HOLD_NS;
	pthread_mutex_unlock(&p->lock);
}

struct pool_spare *pool_take_leaving(struct pool *p)
{
	struct pool_spare *s;

	pthread_mutex_lock(&p->lock);
	s = TAILQ_FIRST(&p->leaving);
	if (s)
		TAILQ_REMOVE(&p->leaving, s, link);
	pthread_mutex_unlock(&p->lock);
	return s;
}

struct pool_spare *pool_take_any(struct pool *p)
{
	struct pool_spare *s = pool_take_leaving(p);
	struct pool_flavour *f;

	if (s)
		return s;
	pthread_mutex_lock(&p->lock);
	f = largest(p);
	if (f) {
		s = TAILQ_FIRST(&f->ready);
		take_off(f, s);
		f->nr_leaving++;
		f->filling = true;
	}
	pthread_mutex_unlock(&p->lock);
	return s;
}

void pool_discarded(struct pool *p, struct pool_spare *s)
{
	struct pool_flavour *f = s->flavour;

	pthread_mutex_lock(&p->lock);
	f->nr_leaving--;
	free_if_retired(p, f);
	wake(p);
	pthread_mutex_unlock(&p->lock);
	free(s);
}

void pool_look(struct pool *p, void (*fn)(void *arg,
					  const struct pool_flavour *f),
	       void *arg, struct pool_totals *totals)
{
	struct pool_flavour *f;

	pthread_mutex_lock(&p->lock);
	for (f = TAILQ_FIRST(&p->flavours); f; f = TAILQ_NEXT(f, link))
		if (!f->retired)
			fn(arg, f);
	totals->misses = p->misses;
	totals->empty = p->empty;
	pthread_mutex_unlock(&p->lock);
}

int pool_start(struct pool *p, struct chaos *ctx, uint64_t reserve_kb)
{
	pthread_condattr_t attr;
	int rc;

	memset(p, 0, sizeof(*p));
	TAILQ_INIT(&p->flavours);
	TAILQ_INIT(&p->leaving);
	p->reserve_kb = reserve_kb;
	p->ctx = ctx;
	pthread_mutex_init(&p->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&p->work, &attr);
	pthread_condattr_destroy(&attr);
	rc = -refill_start(p);
	if (rc) {
		pthread_cond_destroy(&p->work);
		pthread_mutex_destroy(&p->lock);
	}
	return rc;
}

void pool_stop(struct pool *p)
{
	struct pool_flavour *f;

	pthread_mutex_lock(&p->lock);
	p->stop = true;
	chaos_cancel(p->ctx);
	wake(p);
	pthread_mutex_unlock(&p->lock);
	pthread_join(p->thread, NULL);
	while ((f = TAILQ_FIRST(&p->flavours))) {
		TAILQ_REMOVE(&p->flavours, f, link);
		chaos_config_free(f->cfg);
		free(f);
	}
	pthread_cond_destroy(&p->work);
	pthread_mutex_destroy(&p->lock);
	chaos_close(p->ctx);
}

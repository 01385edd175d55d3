/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool.h owns the spares: which flavours there are, how many of each wait, and
 * the thread that makes them (refill.c).
 *
 * One lock guards it all.  Nobody holds it during a call of libchaos: what is
 * made, claimed or discarded is on no list meanwhile.  The thread has a context
 * of its own, and works only while no request is being served.
 */
#ifndef CHAOSD_POOL_H
#define CHAOSD_POOL_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <chaos.h>

#define POOL_MAX_FLAVOURS	64
#define POOL_MAX_SPARES		1024u	/* of one flavour */

struct pool_spare {
	TAILQ_ENTRY(pool_spare) link;
	struct chaos_spare *spare;
	struct pool_flavour *flavour;
	uint32_t domid;
	unsigned int backend;	/* the pool's when it was begun */
	bool gone;		/* its domain died: somebody discards it */
};
TAILQ_HEAD(pool_spares, pool_spare);

struct pool_flavour {
	TAILQ_ENTRY(pool_flavour) link;
	struct chaos_config *cfg;
	unsigned int low, high;		/* below low, fill up to high */
	bool filling;
	bool retired;			/* no more of it; goes with its last spare */
	struct pool_spares ready;
	unsigned int nr_ready, nr_making, nr_leaving;
	/* Since it is there */
	uint64_t hits, made, died, failed;
	char error[256];		/* of the latest make, or "" */
	uint64_t retry_ns;		/* not before; 0: at once */
	uint64_t backoff_ns;
};
TAILQ_HEAD(pool_flavours, pool_flavour);

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t work;		/* for the thread */
	struct pool_flavours flavours;
	unsigned int nr_flavours;
	struct pool_spares leaving;	/* to be discarded by the thread */
	unsigned int nr_busy;		/* requests that are being served */
	uint64_t idle_ns;		/* when the latest one ended */
	uint64_t hold_ns;		/* no refill before: memory is wanted */
	uint64_t misses;		/* requests that no flavour was good for */
	uint64_t empty;			/* or whose flavour had none ready */
	unsigned int backend;		/* network backends that went */
	uint64_t reserve_kb;		/* of Xen's memory; spares leave it alone */
	bool stop;
	pthread_t thread;
	struct chaos *ctx;		/* the thread's */
};

/* ctx is the thread's from here on, and closed by pool_stop. */
int pool_start(struct pool *p, struct chaos *ctx, uint64_t reserve_kb);
/* Discards what waits.  Not undone. */
void pool_stop(struct pool *p);

/*
 * Adds a flavour, or puts it in the place of one of that name; takes cfg.
 * -EINVAL the marks; -ENOSPC too many flavours.
 */
int pool_set(struct pool *p, struct chaos_config *cfg, unsigned int low,
	     unsigned int high);
/* No spares of it any more, and (remove) no flavour.  -ENOENT. */
int pool_drain(struct pool *p, const char *name, bool remove);

/* A request begins, and ends: the thread stands still in between, and for a while
 * after it: who asked has more to do, and may ask again. */
void pool_busy(struct pool *p);
void pool_idle(struct pool *p);

/* One that fits, or NULL; the caller's. */
struct pool_spare *pool_take(struct pool *p, const struct chaos_config *cfg);
/* It was claimed (spare->spare is NULL), or it is as good as before. */
void pool_claimed(struct pool *p, struct pool_spare *s);
void pool_give_back(struct pool *p, struct pool_spare *s);
/* It is no good any more. */
void pool_leave(struct pool *p, struct pool_spare *s);
/* A domain died; if it was a spare it is replaced. */
void pool_died(struct pool *p, uint32_t domid);

/* The network backend went, and with it the vifs of spares: none that has one is
 * any good, nor one that is being made; or it is back: they can be made again. */
void pool_backend_gone(struct pool *p);
void pool_backend_back(struct pool *p);

/* Memory is wanted: for a while no spare is made. */
void pool_hold(struct pool *p);
/* With the lock: a new one, which may be one too many by now. */
void pool_add(struct pool *p, struct pool_spare *s);
/* One that may go, of whatever flavour, to be discarded by the caller; NULL: there
 * is none.  Then pool_discarded. */
struct pool_spare *pool_take_any(struct pool *p);
/* The same, of those that were put out already. */
struct pool_spare *pool_take_leaving(struct pool *p);
void pool_discarded(struct pool *p, struct pool_spare *s);

/* Tells of each flavour, under the lock; of the whole when it returns. */
struct pool_totals {
	uint64_t misses, empty;
};
void pool_look(struct pool *p, void (*fn)(void *arg,
					  const struct pool_flavour *f),
	       void *arg, struct pool_totals *totals);

uint64_t pool_now_ns(void);

#endif

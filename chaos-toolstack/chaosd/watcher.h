/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * watcher.h owns what becomes of guests that end: on_poweroff, on_reboot and
 * on_crash of their configurations, carried out by a thread of its own.
 *
 * Whoever holds the lock on a guest's name (chaos shutdown, save, ...) does that
 * himself; the thread looks again later, and finds nothing to do.
 *
 * A guest that would be restarted more often than the limit says is destroyed
 * instead: what ends at once ends at once again.
 */
#ifndef CHAOSD_WATCHER_H
#define CHAOSD_WATCHER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <chaos.h>

#define WATCH_MAX_RESTARTS 64u

struct watch_guest;
TAILQ_HEAD(watch_guests, watch_guest);

struct watch {
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct watch_guests due;	/* ended; to be looked at */
	bool stop, at_work;
	pthread_t thread;
	/* The thread's alone */
	struct chaos *ctx;
	struct consoles *consoles;	/* NULL: nobody keeps what they said */
	struct watch_guests restarted;	/* and when, by UUID */
	unsigned int limit;		/* restarts */
	uint64_t within_ns;
};

/* ctx is the thread's from here on, and closed by watch_stop.  limit 1 to
 * WATCH_MAX_RESTARTS within so many seconds. */
int watch_start(struct watch *w, struct chaos *ctx, unsigned int limit,
		unsigned int seconds);
/* What is due is left to whoever starts next. */
void watch_stop(struct watch *w);
/* It has ended, or may have. */
void watch_ended(struct watch *w, uint32_t domid);
/* All that have ended so far, which nobody was told of.  -errno of chaos_list. */
int watch_look_around(struct watch *w, struct chaos *ctx);

#endif

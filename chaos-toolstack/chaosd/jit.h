/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jit.h owns guests that are made when somebody calls: rules, which are their
 * configurations, and a thread that hears of calls (<chaos.h>, chaos_await_*)
 * and carries them out.
 *
 *     OFFLINE --> WAITING -- WAKE --> STARTING --> RUNNING <--> PAUSED
 *                 ^  ^                    |            |
 *                 |  +------ FAILED <-----+            |
 *                 +------------ the guest is gone -----+
 *
 * The network backend alone knows whether an address has its guest; state and
 * domid are what we heard of it last.  One lock guards the rules; nobody holds
 * it while a guest is made or ends.
 */
#ifndef CHAOSD_JIT_H
#define CHAOSD_JIT_H

#include "pool.h"

#define JIT_MAX_RULES 4096u

enum jit_state {
	JIT_OFFLINE = 0,	/* there is no network backend */
	JIT_WAITING,
	JIT_STARTING,
	JIT_RUNNING,
	JIT_PAUSED,		/* it was idle */
	JIT_FAILED,		/* to be made; waits again at retry_ns */
};

struct jit_rule {
	TAILQ_ENTRY(jit_rule) link;
	struct chaos_config *cfg;
	uint64_t token;
	enum jit_state state;
	uint32_t domid;			/* 0: none */
	bool busy;			/* the thread is at it, without the lock */
	bool removed;			/* meanwhile */
	uint32_t lost;			/* this domain went meanwhile */
	char error[256];		/* why it failed last, or "" */
	uint64_t retry_ns, backoff_ns;
	uint64_t wakes, idles, failures;	/* since it is there */
};
TAILQ_HEAD(jit_rules, jit_rule);

struct jit {
	pthread_mutex_t lock;
	struct jit_rules rules;
	unsigned int nr_rules;
	uint64_t last_token;
	struct chaos_await *await;	/* NULL: no backend; closed by the thread */
	uint64_t connect_ns;		/* not before */
	bool told_offline;
	bool stop;
	int wake_fd;			/* eventfd: look again */
	pthread_t thread;
	struct chaos *ctx;		/* the thread's */
	struct pool *pool;
};

/* ctx is the jit's from here on, and closed by jit_close. */
int jit_open(struct jit *j, struct chaos *ctx, struct pool *pool);
void jit_close(struct jit *j);
int jit_start(struct jit *j);	/* the thread */
void jit_stop(struct jit *j);	/* guests stay as they are */
/* One look of the thread's at what happened, waiting timeout_ms (-1: until
 * something does).  For the thread, and for tests without one. */
void jit_turn(struct jit *j, int timeout_ms);

/*
 * Adds a rule, or puts it in the place of one of that name; takes cfg.  ctx gets
 * the errors, and is the caller's.  Without a backend: -ECONNREFUSED, or (later)
 * it is awaited when there is one.
 */
int jit_put(struct jit *j, struct chaos *ctx, struct chaos_config *cfg,
	    bool later);
/* The guest, if there is one, stays.  -ENOENT. */
int jit_remove(struct jit *j, struct chaos *ctx, const char *name);
/* Tells of each rule, under the lock. */
void jit_look(struct jit *j, void (*fn)(void *arg, const struct jit_rule *r),
	      void *arg);
/* The domain is gone. */
void jit_gone(struct jit *j, uint32_t domid);

/* jit-act.c: what is done for a rule, without the lock. */
struct jit_job {
	uint32_t domid;			/* IN: the guest; OUT: the one there is now */
	enum jit_state state;		/* IN: of before; OUT: from now on */
	char error[256];		/* OUT: why it failed, or "" */
};
int jit_make(struct jit *j, const struct chaos_config *cfg,
	     struct jit_job *job);
int jit_rest(struct jit *j, const struct chaos_config *cfg,
	     struct jit_job *job);
int jit_rouse(struct jit *j, const struct chaos_config *cfg,
	      struct jit_job *job);
/* It was there before we were, maybe asleep. */
int jit_meet(struct jit *j, const struct chaos_config *cfg,
	     struct jit_job *job);

/* jit-file.c: rules that were added by hand, kept over a restart, in RUNDIR/jit;
 * and the *.cfg of the administrator's folder. */
int jit_file_save(const char *run_dir, const struct chaos_config *cfg);
void jit_file_remove(const char *run_dir, const char *name);
/* What cannot be taken is logged. */
void jit_file_load(struct jit *j, struct chaos *ctx, const char *run_dir,
		   const char *config_dir);

#endif

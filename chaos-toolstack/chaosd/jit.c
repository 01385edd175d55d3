// SPDX-License-Identifier: BSD-2-Clause
/* Rules, and the thread that hears of calls. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <chaosd.h>

#include "jit.h"
#include "log.h"

#define CONNECT_NS	(500 * UINT64_C(1000000))
#define BACKOFF_MIN_NS	(500 * UINT64_C(1000000))
#define BACKOFF_MAX_NS	(30 * UINT64_C(1000000000))

static void look_again(const struct jit *j)
{
	uint64_t one = 1;

	/* Cannot fail: the counter would need 2^64 of these. */
	if (write(j->wake_fd, &one, sizeof(one)) < 0)
		return;
}

static void rule_free(struct jit_rule *r)
{
	chaos_config_free(r->cfg);
	free(r);
}

/* With the lock.  One that the thread is at is freed by it. */
static void unlink_rule(struct jit *j, struct jit_rule *r)
{
	TAILQ_REMOVE(&j->rules, r, link);
	j->nr_rules--;
	if (r->busy)
		r->removed = true;
	else
		rule_free(r);
}

static struct jit_rule *find_name(const struct jit *j, const char *name)
{
	struct jit_rule *r;

	for (r = TAILQ_FIRST(&j->rules); r; r = TAILQ_NEXT(r, link))
		if (!strcmp(chaos_config_name(r->cfg), name))
			return r;
	return NULL;
}

static struct jit_rule *find_token(const struct jit *j, uint64_t token)
{
	struct jit_rule *r;

	for (r = TAILQ_FIRST(&j->rules); r; r = TAILQ_NEXT(r, link))
		if (r->token == token)
			return r;
	return NULL;
}

/* Due for the thread. */
static void set_due(struct jit *j, struct jit_rule *r)
{
	r->state = JIT_FAILED;
	r->retry_ns = 0;
	look_again(j);
}

/* With the lock.  What waited for a backend is due then. */
static int connect_backend(struct jit *j, struct chaos *ctx)
{
	struct jit_rule *r;
	int rc;

	if (j->await)
		return 0;
	rc = chaos_await_open(ctx, &j->await);
	if (rc)
		return rc;
	for (r = TAILQ_FIRST(&j->rules); r; r = TAILQ_NEXT(r, link))
		set_due(j, r);
	look_again(j);
	return 0;
}

/* With the lock.  The guest may be there, from before. */
static int await_rule(struct jit *j, struct chaos *ctx, struct jit_rule *r)
{
	int rc = chaos_await_add(ctx, j->await, r->cfg, r->token, &r->domid);

	if (!rc)
		r->state = r->domid ? JIT_RUNNING : JIT_WAITING;
	return rc;
}

static int new_rule(struct jit *j, struct chaos *ctx, struct chaos_config *cfg,
		    struct jit_rule **out)
{
	const char *name = chaos_config_name(cfg);
	struct jit_rule *r;

	if (j->nr_rules == JIT_MAX_RULES) {
		chaosd_fail(ctx, -ENOSPC, name, "add rule", "",
			    "there are too many");
		return -ENOSPC;
	}
	r = calloc(1, sizeof(*r));
	if (!r) {
		chaosd_fail(ctx, -ENOMEM, name, "add rule", "", "no memory");
		return -ENOMEM;
	}
	r->cfg = cfg;
	r->token = ++j->last_token;
	*out = r;
	return 0;
}

/* With the lock.  The old one gives way, and is back if the new one fails. */
static int put_rule(struct jit *j, struct chaos *ctx, struct jit_rule *r,
		    struct jit_rule *old)
{
	int rc;

	if (old)
		chaos_await_remove(ctx, j->await, old->cfg);
	rc = await_rule(j, ctx, r);
	if (old && rc)
		set_due(j, old);
	return rc;
}

static bool same_config(const struct chaos_config *a,
			const struct chaos_config *b)
{
	char *x = chaos_config_json(a), *y = chaos_config_json(b);
	bool same = x && y && !strcmp(x, y);

	free(x);
	free(y);
	return same;
}

int jit_put(struct jit *j, struct chaos *ctx, struct chaos_config *cfg,
	    bool later)
{
	struct jit_rule *r, *old;
	int rc;

	rc = chaos_await_config(ctx, cfg);
	if (rc)
		return rc;
	pthread_mutex_lock(&j->lock);
	old = find_name(j, chaos_config_name(cfg));
	/* Read once more: what it is in the middle of goes on. */
	if (later && old && same_config(old->cfg, cfg)) {
		chaos_config_free(cfg);
		goto out;
	}
	if (!later)
		rc = connect_backend(j, ctx);
	if (!rc)
		rc = new_rule(j, ctx, cfg, &r);
	if (rc)
		goto out;
	rc = j->await ? put_rule(j, ctx, r, old) : 0;
	if (rc) {
		free(r);
		goto out;
	}
	if (old)
		unlink_rule(j, old);
	TAILQ_INSERT_TAIL(&j->rules, r, link);
	j->nr_rules++;
	look_again(j);
out:
	pthread_mutex_unlock(&j->lock);
	return rc;
}

int jit_remove(struct jit *j, struct chaos *ctx, const char *name)
{
	struct jit_rule *r;

	pthread_mutex_lock(&j->lock);
	r = find_name(j, name);
	if (r) {
		if (j->await)
			chaos_await_remove(ctx, j->await, r->cfg);
		unlink_rule(j, r);
	}
	pthread_mutex_unlock(&j->lock);
	return r ? 0 : -ENOENT;
}

void jit_look(struct jit *j, void (*fn)(void *arg, const struct jit_rule *r),
	      void *arg)
{
	struct jit_rule *r;

	pthread_mutex_lock(&j->lock);
	for (r = TAILQ_FIRST(&j->rules); r; r = TAILQ_NEXT(r, link))
		fn(arg, r);
	pthread_mutex_unlock(&j->lock);
}

/* With the lock. */
static void forget_domain(struct jit_rule *r)
{
	r->domid = 0;
	if (r->state == JIT_RUNNING || r->state == JIT_PAUSED)
		r->state = JIT_WAITING;
}

void jit_gone(struct jit *j, uint32_t domid)
{
	struct jit_rule *r;

	pthread_mutex_lock(&j->lock);
	for (r = TAILQ_FIRST(&j->rules); r; r = TAILQ_NEXT(r, link))
		if (r->busy)
			r->lost = domid;
		else if (r->domid == domid)
			forget_domain(r);
	pthread_mutex_unlock(&j->lock);
}

typedef int act_fn(struct jit *j, const struct chaos_config *cfg,
		   struct jit_job *job);

/* An error that is not the one of before is told, once. */
static void take_over(struct jit_rule *r, const struct jit_job *job, int rc)
{
	if (*job->error && strcmp(job->error, r->error))
		log_line(LOG_ERR, "%s", job->error);
	memcpy(r->error, job->error, sizeof(r->error));
	r->state = job->state;
	r->domid = job->domid;
	r->failures += rc && *job->error;
	if (r->domid && r->domid == r->lost)
		forget_domain(r);
}

/* With the lock, which is open meanwhile.  *r NULL: it was removed. */
static int work_on(struct jit *j, struct jit_rule **rp, uint32_t domid,
		   act_fn *act)
{
	struct jit_rule *r = *rp;
	struct jit_job job = { .domid = domid, .state = r->state };
	int rc;

	r->busy = true;
	r->lost = 0;
	pthread_mutex_unlock(&j->lock);
	rc = act(j, r->cfg, &job);
	pthread_mutex_lock(&j->lock);
	r->busy = false;
	if (r->removed) {
		rule_free(r);
		*rp = NULL;
	} else {
		take_over(r, &job, rc);
	}
	return rc;
}

static void make(struct jit *j, struct jit_rule *r)
{
	int rc;

	r->state = JIT_STARTING;
	rc = work_on(j, &r, 0, jit_make);
	if (!r)
		return;
	if (!rc) {
		r->wakes++;
		r->backoff_ns = 0;
		return;
	}
	if (!r->backoff_ns)
		r->backoff_ns = BACKOFF_MIN_NS;
	else if (r->backoff_ns < BACKOFF_MAX_NS)
		r->backoff_ns *= 2;
	r->retry_ns = pool_now_ns() + r->backoff_ns;
}

/* With the lock. */
static void one_event(struct jit *j, const struct chaos_await_event *e)
{
	struct jit_rule *r = find_token(j, e->token);

	if (!r)		/* removed since */
		return;
	if (e->kind == CHAOS_AWAIT_IDLE) {
		if (!work_on(j, &r, e->domid, jit_rest) && r)
			r->idles++;
	} else if (e->domid) {
		if (!work_on(j, &r, e->domid, jit_rouse) && r)
			r->wakes++;
	} else {
		make(j, r);
	}
}

/* With the lock. */
static void disconnect(struct jit *j)
{
	struct jit_rule *r;

	chaos_await_close(j->await);
	j->await = NULL;
	j->connect_ns = pool_now_ns() + CONNECT_NS;
	for (r = TAILQ_FIRST(&j->rules); r; r = TAILQ_NEXT(r, link))
		r->state = JIT_OFFLINE;
}

/* With the lock.  Only here does a listener end. */
static void take_events(struct jit *j)
{
	struct chaos_await_event e;
	int rc;

	do {
		rc = chaos_await_next(j->await, &e);
		if (rc == 1)
			one_event(j, &e);
	} while (rc == 1 && !__atomic_load_n(&j->stop, __ATOMIC_ACQUIRE));
	if (rc >= 0)
		return;
	log_line(LOG_WARNING, "the network backend is gone: nobody is heard");
	disconnect(j);
}

/* With the lock. */
static void await_again(struct jit *j, struct jit_rule *r)
{
	struct jit_job job = { .state = JIT_FAILED };
	int rc = await_rule(j, j->ctx, r);

	if (rc) {
		chaos_error_text(chaos_error(j->ctx, 0), job.error,
				 sizeof(job.error));
		take_over(r, &job, rc);
		r->retry_ns = pool_now_ns() + BACKOFF_MAX_NS;
	} else if (r->domid) {
		work_on(j, &r, r->domid, jit_meet);
	}
}

static void try_to_connect(struct jit *j)
{
	char text[256];

	if (!connect_backend(j, j->ctx)) {
		j->told_offline = false;
		return;
	}
	j->connect_ns = pool_now_ns() + CONNECT_NS;
	if (!j->told_offline)
		log_line(LOG_WARNING, "%s",
			 chaos_error_text(chaos_error(j->ctx, 0), text,
					  sizeof(text)));
	j->told_offline = true;
}

/* The lock is open now and then: who was next may be gone. */
static struct jit_rule *next_due(const struct jit *j, uint64_t now)
{
	struct jit_rule *r;

	for (r = TAILQ_FIRST(&j->rules); r; r = TAILQ_NEXT(r, link))
		if (r->state == JIT_FAILED && r->retry_ns <= now)
			return r;
	return NULL;
}

/* With the lock.  Those that failed, and may be called again. */
static void retry(struct jit *j)
{
	uint64_t now = pool_now_ns();
	struct jit_rule *r;

	if (!j->await && j->nr_rules && j->connect_ns <= now)
		try_to_connect(j);
	while (j->await && (r = next_due(j, now)))
		await_again(j, r);
}

/* With the lock.  Until somebody has to be looked at again. */
static int time_left(const struct jit *j, int timeout_ms)
{
	uint64_t now = pool_now_ns(), first = UINT64_MAX, ms;
	struct jit_rule *r;

	if (!j->await && j->nr_rules)
		first = j->connect_ns;
	for (r = TAILQ_FIRST(&j->rules); r; r = TAILQ_NEXT(r, link))
		if (j->await && r->state == JIT_FAILED && r->retry_ns < first)
			first = r->retry_ns;
	if (first == UINT64_MAX)
		return timeout_ms;
	ms = first > now ? (first - now) / 1000000u + 1 : 0;
	return timeout_ms < 0 || ms < (uint64_t)timeout_ms ? (int)ms
							     : timeout_ms;
}

void jit_turn(struct jit *j, int timeout_ms)
{
	struct pollfd pfd[2] = { { .events = POLLIN }, { .events = POLLIN } };
	uint64_t n;

	pthread_mutex_lock(&j->lock);
	pfd[0].fd = j->wake_fd;
	pfd[1].fd = j->await ? chaos_await_fd(j->await) : -1;
	timeout_ms = time_left(j, timeout_ms);
	pthread_mutex_unlock(&j->lock);
	if (poll(pfd, 2, timeout_ms) < 0)
		return;
	if (pfd[0].revents && read(j->wake_fd, &n, sizeof(n)) < 0)
		return;
	pthread_mutex_lock(&j->lock);
	if (pfd[1].revents)
		take_events(j);
	retry(j);
	pthread_mutex_unlock(&j->lock);
}

static void *run(void *arg)
{
	struct jit *j = arg;

	while (!__atomic_load_n(&j->stop, __ATOMIC_ACQUIRE))
		jit_turn(j, -1);
	return NULL;
}

int jit_open(struct jit *j, struct chaos *ctx, struct pool *pool)
{
	memset(j, 0, sizeof(*j));
	TAILQ_INIT(&j->rules);
	j->ctx = ctx;
	j->pool = pool;
	j->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (j->wake_fd < 0)
		return -errno;
	pthread_mutex_init(&j->lock, NULL);
	return 0;
}

void jit_close(struct jit *j)
{
	struct jit_rule *r, *next;

	chaos_await_close(j->await);
	for (r = TAILQ_FIRST(&j->rules); r; r = next) {
		next = TAILQ_NEXT(r, link);
		rule_free(r);
	}
	pthread_mutex_destroy(&j->lock);
	close(j->wake_fd);
	chaos_close(j->ctx);
}

int jit_start(struct jit *j)
{
	sigset_t all, old;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = -pthread_create(&j->thread, NULL, run, j);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return rc;
}

void jit_stop(struct jit *j)
{
	__atomic_store_n(&j->stop, true, __ATOMIC_RELEASE);
	look_again(j);
	pthread_join(j->thread, NULL);
}

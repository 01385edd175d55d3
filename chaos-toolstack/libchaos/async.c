// SPDX-License-Identifier: BSD-2-Clause
/*
 * Create and destroy that do not block: a queue, and threads with a context
 * each that take from it.  What they finish is told by the caller's own thread,
 * in dispatch.
 *
 * One lock guards the two lists; nobody holds it while working or while the
 * caller's functions run.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "config.h"
#include "config-json.h"

#define MAX_WORKERS 64

struct op {
	struct op *next;
	char *config;			/* as JSON; NULL: a destroy */
	unsigned int flags;
	chaos_done_fn *fn;
	void *arg;
	struct chaos_result result;	/* and what it points at: */
	char name[CHAOS_NAME_MAX + 1];
	struct chaos_error *errors;
	const struct chaos_error **error;
};

struct list {
	struct op *first, **last;
};

struct worker {
	struct chaos_async *async;
	struct chaos *ctx;
	pthread_t thread;
};

struct chaos_async {
	pthread_mutex_t lock;		/* of what follows, to nr_pending */
	pthread_cond_t wake;		/* there is work, or it closes */
	struct list queue, done;
	bool closing;
	size_t nr_pending;		/* accepted, and not told */

	pthread_mutex_t log_lock;
	chaos_log_fn *log;
	void *log_arg;

	int fd;				/* eventfd: done is not empty */
	unsigned int nr_workers;	/* that run */
	struct worker worker[MAX_WORKERS];
};

static void list_init(struct list *l)
{
	l->first = NULL;
	l->last = &l->first;
}

static void list_add(struct list *l, struct op *op)
{
	op->next = NULL;
	*l->last = op;
	l->last = &op->next;
}

static struct op *list_take(struct list *l)
{
	struct op *op = l->first;

	if (op) {
		l->first = op->next;
		if (!l->first)
			l->last = &l->first;
	}
	return op;
}

static void free_op(struct op *op)
{
	size_t i;

	for (i = 0; i < op->result.nr_errors; i++)
		free((char *)op->errors[i].object);
	free(op->errors);
	free(op->error);
	free(op->config);
	free(op);
}

/* The four texts of an error, in one piece that object points at. */
static bool copy_error(struct chaos_error *to, const struct chaos_error *from)
{
	const char *const texts[] = {
		from->object, from->step, from->reason, from->remedy,
	};
	const char **const ends[] = {
		&to->object, &to->step, &to->reason, &to->remedy,
	};
	size_t i, size = 0;
	char *p;

	for (i = 0; i < 4; i++)
		size += strlen(texts[i]) + 1;
	p = malloc(size);
	if (!p)
		return false;
	to->code = from->code;
	for (i = 0; i < 4; i++) {
		*ends[i] = p;
		p = stpcpy(p, texts[i]) + 1;
	}
	return true;
}

/* Without memory for them, the code alone has to do. */
static void keep_errors(struct op *op, const struct chaos *ctx)
{
	size_t n = chaos_nr_errors(ctx), i;

	if (!op->result.rc || !n)
		return;
	op->errors = calloc(n, sizeof(*op->errors));
	op->error = calloc(n, sizeof(*op->error));
	for (i = 0; op->errors && op->error && i < n; i++) {
		if (!copy_error(&op->errors[i], chaos_error(ctx, i)))
			break;
		op->error[i] = &op->errors[i];
		op->result.nr_errors++;
	}
	op->result.error = op->error;
}

static int create(struct chaos *ctx, struct op *op)
{
	struct chaos_config *cfg;
	int rc;

	rc = chaos_config_parse_string(ctx, op->name, op->config, NULL, &cfg);
	if (rc)
		return rc;
	rc = chaos_create(ctx, cfg, op->flags, &op->result.domid);
	chaos_config_free(cfg);
	return rc;
}

static void run_op(struct chaos *ctx, struct op *op)
{
	op->result.rc = op->config ? create(ctx, op) :
				     chaos_destroy(ctx, op->result.domid);
	keep_errors(op, ctx);
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct chaos_async *a = w->async;
	struct op *op;

	pthread_mutex_lock(&a->lock);
	for (;;) {
		while (!a->queue.first && !a->closing)
			pthread_cond_wait(&a->wake, &a->lock);
		if (a->closing)
			break;
		op = list_take(&a->queue);
		pthread_mutex_unlock(&a->lock);
		run_op(w->ctx, op);
		pthread_mutex_lock(&a->lock);
		list_add(&a->done, op);
		/* It can only be full when it is readable already. */
		(void)!eventfd_write(a->fd, 1);
	}
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

static void log_in_turn(void *arg, enum chaos_log_level level, const char *msg)
{
	struct chaos_async *a = arg;

	pthread_mutex_lock(&a->log_lock);
	a->log(a->log_arg, level, msg);
	pthread_mutex_unlock(&a->log_lock);
}

/* Signals are for the caller's own threads. */
static int start_worker(struct chaos_async *a, const struct chaos_options *opt)
{
	struct worker *w = &a->worker[a->nr_workers];
	sigset_t all, before;
	int rc;

	w->async = a;
	rc = chaos_open(opt, &w->ctx);
	if (rc)
		return rc;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = -pthread_create(&w->thread, NULL, work, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc) {
		chaos_close(w->ctx);
		return rc;
	}
	a->nr_workers++;
	return 0;
}

static void stop_workers(struct chaos_async *a)
{
	unsigned int i;

	pthread_mutex_lock(&a->lock);
	a->closing = true;
	pthread_cond_broadcast(&a->wake);
	pthread_mutex_unlock(&a->lock);
	for (i = 0; i < a->nr_workers; i++)
		pthread_join(a->worker[i].thread, NULL);
	for (i = 0; i < a->nr_workers; i++)
		chaos_close(a->worker[i].ctx);
	a->nr_workers = 0;
}

static void free_async(struct chaos_async *a)
{
	if (a->fd >= 0)
		close(a->fd);
	pthread_cond_destroy(&a->wake);
	pthread_mutex_destroy(&a->lock);
	pthread_mutex_destroy(&a->log_lock);
	free(a);
}

int chaos_async_open(const struct chaos_options *options, unsigned int workers,
		     struct chaos_async **out)
{
	struct chaos_options opt;
	struct chaos_async *a;
	int rc;

	if (!workers || workers > MAX_WORKERS)
		return -EINVAL;
	rc = chaos__options_read(options, &opt);
	if (rc)
		return rc;
	a = calloc(1, sizeof(*a));
	if (!a)
		return -ENOMEM;
	pthread_mutex_init(&a->lock, NULL);
	pthread_mutex_init(&a->log_lock, NULL);
	pthread_cond_init(&a->wake, NULL);
	list_init(&a->queue);
	list_init(&a->done);
	a->log = opt.log;
	a->log_arg = opt.log_arg;
	if (opt.log) {
		opt.log = log_in_turn;
		opt.log_arg = a;
	}
	a->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (a->fd < 0)
		rc = -errno;
	while (!rc && a->nr_workers < workers)
		rc = start_worker(a, &opt);
	if (rc) {
		stop_workers(a);
		free_async(a);
		return rc;
	}
	*out = a;
	return 0;
}

int chaos_async_fd(const struct chaos_async *a)
{
	return a->fd;
}

size_t chaos_async_nr_pending(struct chaos_async *a)
{
	size_t n;

	pthread_mutex_lock(&a->lock);
	n = a->nr_pending;
	pthread_mutex_unlock(&a->lock);
	return n;
}

static int submit(struct chaos_async *a, struct op *op)
{
	op->result.name = op->name;
	pthread_mutex_lock(&a->lock);
	list_add(&a->queue, op);
	a->nr_pending++;
	pthread_cond_signal(&a->wake);
	pthread_mutex_unlock(&a->lock);
	return 0;
}

/* The caller may change or free its own before the turn comes. */
static char *copy_config(const struct chaos_config *cfg)
{
	char *text = NULL;
	size_t size;
	FILE *f;

	f = open_memstream(&text, &size);
	if (!f)
		return NULL;
	chaos__config_write_json(f, cfg);
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}

int chaos_async_create(struct chaos_async *a, const struct chaos_config *cfg,
		       unsigned int flags, chaos_done_fn *fn, void *arg)
{
	struct op *op;

	op = calloc(1, sizeof(*op));
	if (!op)
		return -ENOMEM;
	op->config = copy_config(cfg);
	if (!op->config) {
		free(op);
		return -ENOMEM;
	}
	snprintf(op->name, sizeof(op->name), "%s", cfg->name);
	op->flags = flags;
	op->fn = fn;
	op->arg = arg;
	return submit(a, op);
}

int chaos_async_destroy(struct chaos_async *a, uint32_t domid,
			chaos_done_fn *fn, void *arg)
{
	struct op *op;

	op = calloc(1, sizeof(*op));
	if (!op)
		return -ENOMEM;
	op->result.domid = domid;
	op->fn = fn;
	op->arg = arg;
	return submit(a, op);
}

static void tell(struct chaos_async *a, struct op *op)
{
	pthread_mutex_lock(&a->lock);
	a->nr_pending--;
	pthread_mutex_unlock(&a->lock);
	if (op->fn)
		op->fn(op->arg, &op->result);
	free_op(op);
}

void chaos_async_dispatch(struct chaos_async *a)
{
	struct op *op, *next;
	eventfd_t n;

	pthread_mutex_lock(&a->lock);
	(void)!eventfd_read(a->fd, &n);
	op = a->done.first;
	list_init(&a->done);
	pthread_mutex_unlock(&a->lock);
	for (; op; op = next) {
		next = op->next;
		tell(a, op);
	}
}

void chaos_async_close(struct chaos_async *a)
{
	struct op *op;

	if (!a)
		return;
	stop_workers(a);
	/* Nobody else is there any more.  Those that are told may add others. */
	for (;;) {
		chaos_async_dispatch(a);
		op = list_take(&a->queue);
		if (!op)
			break;
		op->result.rc = -ECANCELED;
		tell(a, op);
	}
	free_async(a);
}

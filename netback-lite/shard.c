// SPDX-License-Identifier: BSD-2-Clause
/*
 * Threads, each with guests of its own.
 *
 * The lock of a shard protects fn, arg and stop.  The first thread sets fn
 * and waits until the other one has taken it back.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "log.h"
#include "nbl.h"
#include "shard.h"

struct nbl_shard {
	struct nbl *nb;
	struct nbl_shards *all;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t done;
	bool started;		/* the first thread's alone */
	nbl_shard_fn fn;	/* to be called; NULL: nothing */
	void *arg;
	bool stop;
	int evfd;
	struct nbl_source src;	/* evfd's, in the shard's loop */
};

struct nbl_shards {
	struct nbl *first;
	unsigned int nr;	/* of all, the first being without an entry */
	bool running;
	int error;		/* atomic: what ended a thread, or 0 */
	int evfd;		/* there is one */
	struct nbl_source src;	/* evfd's, in the first's loop */
	struct nbl_shard shard[];
};

static void raise_fd(int fd)
{
	uint64_t one = 1;

	/* Cannot fail: the counter would need 2^64 of these. */
	if (write(fd, &one, sizeof(one)) < 0)
		return;
}

static void ack_fd(int fd)
{
	uint64_t n;

	if (read(fd, &n, sizeof(n)) < 0)
		return;
}

/* --- another's thread -------------------------------------------------------- */

static void shard_called(struct nbl_source *src, uint32_t events)
{
	struct nbl_shard *s = nbl_container(src, struct nbl_shard, src);

	(void)events;
	ack_fd(s->evfd);
}

/* Between two turns: what was to be called, if anything.  False: stop. */
static bool shard_obey(struct nbl_shard *s)
{
	bool go_on;

	pthread_mutex_lock(&s->lock);
	if (s->fn) {
		s->fn(s->nb, s->arg);
		s->fn = NULL;
		pthread_cond_signal(&s->done);
	}
	go_on = !s->stop;
	pthread_mutex_unlock(&s->lock);
	return go_on;
}

static void *shard_thread(void *arg)
{
	struct nbl_shard *s = arg;
	int rc = 0;

	while (shard_obey(s)) {
		if (!rc)
			rc = nbl_turn(s->nb, -1);
		if (!rc)
			continue;
		/* The process ends; until then it does what it is told. */
		if (!__atomic_exchange_n(&s->all->error, rc, __ATOMIC_RELAXED))
			raise_fd(s->all->evfd);
		usleep(1000);
	}
	return NULL;
}

/* --- the first one's ----------------------------------------------------------- */

static void shard_failed(struct nbl_source *src, uint32_t events)
{
	struct nbl_shards *all = nbl_container(src, struct nbl_shards, src);

	(void)events;
	ack_fd(all->evfd);
	all->first->error = __atomic_load_n(&all->error, __ATOMIC_RELAXED);
}

static void shard_call(struct nbl_shard *s, nbl_shard_fn fn, void *arg)
{
	pthread_mutex_lock(&s->lock);
	s->fn = fn;
	s->arg = arg;
	raise_fd(s->evfd);
	while (s->fn)
		pthread_cond_wait(&s->done, &s->lock);
	pthread_mutex_unlock(&s->lock);
}

unsigned int nbl_shards_nr(const struct nbl *first)
{
	return first->shards ? first->shards->nr : 1;
}

void nbl_shard_do_nr(struct nbl *first, unsigned int nr, nbl_shard_fn fn,
		     void *arg)
{
	struct nbl_shard *s;

	if (!nr) {
		fn(first, arg);
		return;
	}
	s = &first->shards->shard[nr - 1];
	if (first->shards->running)
		shard_call(s, fn, arg);
	else
		fn(s->nb, arg);
}

void nbl_shard_do(struct nbl *first, uint16_t domid, nbl_shard_fn fn, void *arg)
{
	nbl_shard_do_nr(first, domid % nbl_shards_nr(first), fn, arg);
}

void nbl_shards_each(struct nbl *first, nbl_shard_fn fn, void *arg)
{
	unsigned int i;

	for (i = 0; i < nbl_shards_nr(first); i++)
		nbl_shard_do_nr(first, i, fn, arg);
}

static void get(struct nbl *nb, void *arg)
{
	*(struct nbl **)arg = nb;
}

struct nbl *nbl_shard_of(struct nbl *first, uint16_t domid)
{
	struct nbl *nb;

	nbl_shard_do(first, domid, get, &nb);
	return nb;
}

/* --- life ------------------------------------------------------------------------ */

static int shard_open(struct nbl_shards *all, struct nbl_shard *s,
		      const char **step)
{
	int rc;

	s->all = all;
	s->src.fn = shard_called;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->done, NULL);
	s->evfd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (s->evfd < 0)
		return -errno;
	rc = nbl_open_shard(all->first, &s->nb, step);
	return rc ? rc : nbl_loop_add(&s->nb->loop, s->evfd, EPOLLIN, &s->src);
}

int nbl_shards_open(struct nbl *first, unsigned int nr, const char **step)
{
	struct nbl_shards *all;
	int rc = 0;

	if (nr <= 1)
		return 0;
	*step = "open shards";
	all = calloc(1, sizeof(*all) + (nr - 1) * sizeof(all->shard[0]));
	if (!all)
		return -ENOMEM;
	all->first = first;
	all->nr = 1;
	all->src.fn = shard_failed;
	first->shards = all;
	all->evfd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (all->evfd < 0)
		return -errno;
	while (!rc && all->nr < nr) {
		/* Counted first: what it has of it is closed with the others. */
		rc = shard_open(all, &all->shard[all->nr++ - 1], step);
	}
	return rc ? rc : nbl_loop_add(&first->loop, all->evfd, EPOLLIN,
				      &all->src);
}

static void share(struct nbl *nb, void *arg)
{
	struct nbl *first = arg;

	nb->closer = first->closer;
	nb->ledger = first->ledger;
	nb->steer = first->steer;
	nb->unprivileged = first->unprivileged;
}

void nbl_shards_share(struct nbl *first)
{
	nbl_shards_each(first, share, first);
}

int nbl_shards_start(struct nbl *first)
{
	struct nbl_shards *all = first->shards;
	sigset_t every, old;
	unsigned int i;
	int r = 0;

	if (!all)
		return 0;
	/* Signals are the first thread's. */
	sigfillset(&every);
	pthread_sigmask(SIG_SETMASK, &every, &old);
	for (i = 0; !r && i < all->nr - 1; i++) {
		all->shard[i].stop = false;
		r = pthread_create(&all->shard[i].thread, NULL, shard_thread,
				   &all->shard[i]);
		all->shard[i].started = !r;
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	all->running = !r;
	if (r)
		nbl_shards_stop(first);
	return -r;
}

void nbl_shards_stop(struct nbl *first)
{
	struct nbl_shards *all = first->shards;
	struct nbl_shard *s;

	if (!all)
		return;
	for (s = all->shard; s < all->shard + all->nr - 1; s++) {
		if (!s->started)
			continue;
		s->started = false;
		pthread_mutex_lock(&s->lock);
		s->stop = true;
		pthread_mutex_unlock(&s->lock);
		raise_fd(s->evfd);
		pthread_join(s->thread, NULL);
	}
	all->running = false;
}

void nbl_shards_close(struct nbl *first)
{
	struct nbl_shards *all = first->shards;
	struct nbl_shard *s;

	if (!all)
		return;
	nbl_shards_stop(first);
	for (s = all->shard; s < all->shard + all->nr - 1; s++) {
		nbl_close(s->nb);
		if (s->evfd >= 0)
			close(s->evfd);
		pthread_cond_destroy(&s->done);
		pthread_mutex_destroy(&s->lock);
	}
	if (all->evfd >= 0)
		close(all->evfd);
	free(all);
	first->shards = NULL;
}

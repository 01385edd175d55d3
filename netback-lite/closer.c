// SPDX-License-Identifier: BSD-2-Clause
/*
 * Threads that close TAPs behind everybody's back.
 *
 * The lock protects queue, closing and stop.  A ticket is on queue until a
 * thread takes it, then on closing until its descriptor is closed, then on done
 * until the caller takes it; the first two are looked through for a busy name.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "closer.h"
#include "tap.h"

/* The waits overlap; more threads would only queue for rtnl. */
#define NR_THREADS	4
/* Behind everybody: a close costs CPU as well, and nobody waits for it. */
#define NICE		10

TAILQ_HEAD(ticket_list, nbl_closer_ticket);

struct nbl_closer {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct ticket_list queue, closing, done;
	bool stop;
	bool kick_due;		/* atomic */
	int evfd;
	unsigned int nr_threads;
	pthread_t thread[NR_THREADS];
};

static void *closer_thread(void *arg)
{
	struct nbl_closer *c = arg;
	struct nbl_closer_ticket *t;
	uint64_t one = 1;

	/* Linux: of this thread alone.  Failing it is only less polite. */
	setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
	pthread_mutex_lock(&c->lock);
	for (;;) {
		t = TAILQ_FIRST(&c->queue);
		if (!t) {
			if (c->stop)
				break;
			pthread_cond_wait(&c->wake, &c->lock);
			continue;
		}
		TAILQ_REMOVE(&c->queue, t, link);
		TAILQ_INSERT_TAIL(&c->closing, t, link);
		pthread_mutex_unlock(&c->lock);

		if (t->kept && !t->leave)
			nbl_tap_keep(t->fd, false);
		nbl_tap_close(t->fd);

		pthread_mutex_lock(&c->lock);
		TAILQ_REMOVE(&c->closing, t, link);
		TAILQ_INSERT_TAIL(&c->done, t, link);
		/* Cannot fail: the counter would need 2^64 of these. */
		if (write(c->evfd, &one, sizeof(one)) < 0)
			continue;
	}
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

static int closer_start(struct nbl_closer *c)
{
	sigset_t all, old;
	int r = 0;

	/* Signals are the loop's; the threads must not take them. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	while (c->nr_threads < NR_THREADS) {
		r = pthread_create(&c->thread[c->nr_threads], NULL,
				   closer_thread, c);
		if (r)
			break;
		c->nr_threads++;
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return c->nr_threads ? 0 : -r;
}

int nbl_closer_create(struct nbl_closer **out)
{
	struct nbl_closer *c;
	int rc;

	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	TAILQ_INIT(&c->queue);
	TAILQ_INIT(&c->closing);
	TAILQ_INIT(&c->done);
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->wake, NULL);
	c->evfd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (c->evfd < 0) {
		rc = -errno;
		goto err_free;
	}
	rc = closer_start(c);
	if (rc)
		goto err_close;
	*out = c;
	return 0;

err_close:
	close(c->evfd);
err_free:
	free(c);
	return rc;
}

void nbl_closer_stop(struct nbl_closer *c)
{
	if (!c)
		return;
	pthread_mutex_lock(&c->lock);
	c->stop = true;
	pthread_cond_broadcast(&c->wake);
	pthread_mutex_unlock(&c->lock);
	while (c->nr_threads)
		pthread_join(c->thread[--c->nr_threads], NULL);
}

void nbl_closer_destroy(struct nbl_closer *c)
{
	struct nbl_closer_ticket *t;

	if (!c)
		return;
	nbl_closer_stop(c);
	while ((t = nbl_closer_done(c)))
		free(t);
	pthread_cond_destroy(&c->wake);
	pthread_mutex_destroy(&c->lock);
	close(c->evfd);
	free(c);
}

int nbl_closer_open(struct nbl_closer *c, const char *ifname, bool many,
		    struct nbl_closer_ticket **out, char err[NBL_ERROR_SIZE])
{
	struct nbl_closer_ticket *t = calloc(1, sizeof(*t));
	int rc;

	if (!t)
		return nbl_fail(err, -ENOMEM, "allocate a TAP");
	strcpy(t->ifname, ifname);
	rc = nbl_tap_open(ifname, many, &t->fd);
	if (rc == -EEXIST) {
		/* Not any more: it was closed between the two looks. */
		rc = nbl_closer_busy(c, ifname) ? -EINPROGRESS
						: nbl_tap_open(ifname, many,
							       &t->fd);
	}
	if (!rc) {
		*out = t;
		return 0;
	}
	if (rc != -EINPROGRESS)
		nbl_fail(err, rc, "open TAP %s", ifname);
	free(t);
	return rc;
}

int nbl_closer_adopt(const char *ifname, bool many, int held,
		     struct nbl_closer_ticket **out)
{
	struct nbl_closer_ticket *t = calloc(1, sizeof(*t));
	int rc = -ENOMEM;

	if (!t)
		goto err_close;
	strcpy(t->ifname, ifname);
	t->fd = held;
	rc = held < 0 ? nbl_tap_adopt(ifname, many, &t->fd)
		      : nbl_tap_again(held);
	if (rc)
		goto err_free;
	t->kept = true;
	*out = t;
	return 0;

err_free:
	free(t);
err_close:
	if (held >= 0)
		nbl_tap_close(held);
	return rc;
}

int nbl_closer_queue(const char *ifname, struct nbl_closer_ticket **out)
{
	struct nbl_closer_ticket *t = calloc(1, sizeof(*t));
	int rc;

	if (!t)
		return -ENOMEM;
	strcpy(t->ifname, ifname);
	rc = nbl_tap_queue(ifname, &t->fd);
	if (rc)
		free(t);
	else
		*out = t;
	return rc;
}

void nbl_closer_take(struct nbl_closer *c, const char *ifname, int fd)
{
	struct nbl_closer_ticket *t = calloc(1, sizeof(*t));

	if (!t) {
		nbl_tap_close(fd);
		return;
	}
	strcpy(t->ifname, ifname);
	t->fd = fd;
	nbl_closer_push(c, t);
}

int nbl_closer_fd(const struct nbl_closer *c)
{
	return c->evfd;
}

void nbl_closer_ack(struct nbl_closer *c)
{
	uint64_t n;

	/* EAGAIN: somebody has read it already. */
	if (read(c->evfd, &n, sizeof(n)) < 0)
		return;
}

struct nbl_closer_ticket *nbl_closer_done(struct nbl_closer *c)
{
	struct nbl_closer_ticket *t;

	pthread_mutex_lock(&c->lock);
	t = TAILQ_FIRST(&c->done);
	if (t)
		TAILQ_REMOVE(&c->done, t, link);
	pthread_mutex_unlock(&c->lock);
	return t;
}

void nbl_closer_push(struct nbl_closer *c, struct nbl_closer_ticket *t)
{
	pthread_mutex_lock(&c->lock);
	TAILQ_INSERT_TAIL(&c->queue, t, link);
	pthread_mutex_unlock(&c->lock);
	__atomic_store_n(&c->kick_due, true, __ATOMIC_RELAXED);
}

void nbl_closer_kick(struct nbl_closer *c)
{
	if (!__atomic_load_n(&c->kick_due, __ATOMIC_RELAXED))
		return;
	__atomic_store_n(&c->kick_due, false, __ATOMIC_RELAXED);
	pthread_mutex_lock(&c->lock);
	pthread_cond_broadcast(&c->wake);
	pthread_mutex_unlock(&c->lock);
}

static bool list_has(const struct ticket_list *list, const char *ifname)
{
	const struct nbl_closer_ticket *t;

	TAILQ_FOREACH(t, list, link)
		if (!strcmp(t->ifname, ifname))
			return true;
	return false;
}

bool nbl_closer_busy(struct nbl_closer *c, const char *ifname)
{
	bool busy;

	pthread_mutex_lock(&c->lock);
	busy = list_has(&c->queue, ifname) || list_has(&c->closing, ifname);
	pthread_mutex_unlock(&c->lock);
	return busy;
}

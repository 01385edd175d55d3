// SPDX-License-Identifier: BSD-2-Clause
/* The thread that has the consoles, and its mailbox. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "consoles-private.h"
#include "log.h"
#include "pool.h"

#define NICE		10	/* who types waits for it */
#define SETTLE_NS	(500 * UINT64_C(1000000))
#define MAX_POSTS	65536u	/* notes that nobody reads are no use */

enum post_kind { POST_STARTED, POST_RENAMED, POST_ENDED, POST_DYING, POST_ADOPT };

struct post {
	STAILQ_ENTRY(post) link;
	enum post_kind kind;
	uint32_t domid;
	bool soon;
	char name[CHAOS_NAME_MAX + 1];
	/* ADOPT */
	int fd;
	uint32_t cookie;
	size_t size;
	struct chaosd_console_request body;
};
STAILQ_HEAD(posts, post);

struct consoles {
	pthread_mutex_t lock;
	pthread_cond_t done;		/* nr_done has changed */
	struct posts posts;
	uint64_t nr_posted, nr_done;
	bool stop;
	int wake_fd;
	pthread_t thread;
	struct guest_table guests;
};

/* Returns which note it is, 0: it is lost. */
static uint64_t post(struct consoles *c, const struct post *from)
{
	struct post *p = malloc(sizeof(*p));
	uint64_t one = 1, nr = 0;

	pthread_mutex_lock(&c->lock);
	if (p && c->nr_posted - c->nr_done < MAX_POSTS) {
		*p = *from;
		STAILQ_INSERT_TAIL(&c->posts, p, link);
		nr = ++c->nr_posted;
		p = NULL;
	}
	pthread_mutex_unlock(&c->lock);
	if (nr && write(c->wake_fd, &one, sizeof(one)) != sizeof(one))
		log_line(LOG_WARNING, "wake the consoles: %s", strerror(errno));
	if (!nr)
		log_line(LOG_ERR, "no memory for a note to the consoles");
	free(p);
	return nr;
}

static void post_domid(struct consoles *c, enum post_kind kind, uint32_t domid,
		       const char *name, bool soon)
{
	struct post p = { .kind = kind, .domid = domid, .soon = soon };

	if (!c || domid >= MAX_DOMIDS)
		return;
	snprintf(p.name, sizeof(p.name), "%s", name);
	post(c, &p);
}

void consoles_started(struct consoles *c, uint32_t domid, bool soon)
{
	post_domid(c, POST_STARTED, domid, "", soon);
}

void consoles_renamed(struct consoles *c, uint32_t domid, const char *name)
{
	post_domid(c, POST_RENAMED, domid, name, false);
}

void consoles_ended(struct consoles *c, uint32_t domid)
{
	post_domid(c, POST_ENDED, domid, "", false);
}

void consoles_dying(struct consoles *c, uint32_t domid)
{
	post_domid(c, POST_DYING, domid, "", false);
}

void consoles_settle(struct consoles *c, uint32_t domid)
{
	struct post p = { .kind = POST_ENDED, .domid = domid };
	uint64_t nr, until = pool_now_ns() + SETTLE_NS;
	struct timespec ts = {
		.tv_sec = (time_t)(until / 1000000000u),
		.tv_nsec = (long)(until % 1000000000u),
	};

	if (!c || domid >= MAX_DOMIDS)
		return;
	nr = post(c, &p);
	pthread_mutex_lock(&c->lock);
	while (c->nr_done < nr && !c->stop &&
	       !pthread_cond_timedwait(&c->done, &c->lock, &ts))
		;
	pthread_mutex_unlock(&c->lock);
}

void consoles_adopt(struct consoles *c, int fd, uint32_t cookie,
		    const void *body, size_t size)
{
	struct post p = { .kind = POST_ADOPT, .fd = fd, .cookie = cookie,
			  .size = size };

	/* What is longer is none, whatever it is. */
	memcpy(&p.body, body, size < sizeof(p.body) ? size : sizeof(p.body));
	if (!post(c, &p))
		close(fd);
}

static void take(struct consoles *c, const struct post *p)
{
	struct guest_table *t = &c->guests;

	switch (p->kind) {
	case POST_STARTED:
		guests_started(t, p->domid, p->soon);
		break;
	case POST_RENAMED:
		guests_renamed(t, p->domid, p->name);
		break;
	case POST_ENDED:
		guests_ended(t, p->domid);
		break;
	case POST_DYING:
		guests_dying(t, p->domid);
		break;
	case POST_ADOPT:
		viewers_adopt(t, p->fd, p->cookie, &p->body, p->size);
		break;
	}
}

static int mail(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	struct consoles *c = arg;
	struct post *p;
	uint64_t n;
	bool stop;

	(void)source;
	(void)events;
	if (read(fd, &n, sizeof(n)) != sizeof(n))
		return 0;
	pthread_mutex_lock(&c->lock);
	while ((p = STAILQ_FIRST(&c->posts)) && !c->stop) {
		STAILQ_REMOVE_HEAD(&c->posts, link);
		pthread_mutex_unlock(&c->lock);
		take(c, p);
		free(p);
		pthread_mutex_lock(&c->lock);
		c->nr_done++;
		pthread_cond_broadcast(&c->done);
	}
	stop = c->stop;
	pthread_mutex_unlock(&c->lock);
	return stop ? sd_event_exit(c->guests.event, 0) : 0;
}

static void *run(void *arg)
{
	struct consoles *c = arg;

	/* Linux: of this thread alone.  Failing it is only less polite. */
	setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
	sd_event_loop(c->guests.event);
	return NULL;
}

static int start(struct consoles *c)
{
	pthread_condattr_t attr;
	sigset_t all, old;
	int rc;

	pthread_mutex_init(&c->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&c->done, &attr);
	pthread_condattr_destroy(&attr);
	/* Signals are the loop's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = -pthread_create(&c->thread, NULL, run, c);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc) {
		pthread_cond_destroy(&c->done);
		pthread_mutex_destroy(&c->lock);
	}
	return rc;
}

static int open_loop(struct consoles *c)
{
	int rc = sd_event_new(&c->guests.event);

	if (rc < 0)
		return rc;
	c->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (c->wake_fd < 0)
		return -errno;
	rc = sd_event_add_io(c->guests.event, NULL, c->wake_fd, EPOLLIN, mail,
			     c);
	return rc < 0 ? rc : guests_open(&c->guests);
}

static void free_all(struct consoles *c)
{
	guests_close(&c->guests);
	sd_event_unref(c->guests.event);
	if (c->wake_fd >= 0)
		close(c->wake_fd);
	free(c);
}

int consoles_open(struct chaos *ctx, size_t max_bytes, bool journal,
		  struct consoles **out)
{
	struct consoles *c = calloc(1, sizeof(*c));
	int rc;

	if (!c)
		return -ENOMEM;
	STAILQ_INIT(&c->posts);
	c->wake_fd = -1;
	c->guests.ctx = ctx;
	c->guests.max_bytes = max_bytes;
	c->guests.journal = journal;
	rc = open_loop(c);
	if (!rc)
		rc = start(c);
	if (rc) {
		free_all(c);
		return rc;
	}
	*out = c;
	return 0;
}

void consoles_close(struct consoles *c)
{
	struct chaos *ctx;
	struct post *p;
	uint64_t one = 1;

	if (!c)
		return;
	pthread_mutex_lock(&c->lock);
	c->stop = true;
	pthread_cond_broadcast(&c->done);
	pthread_mutex_unlock(&c->lock);
	if (write(c->wake_fd, &one, sizeof(one)) == sizeof(one))
		pthread_join(c->thread, NULL);
	while ((p = STAILQ_FIRST(&c->posts))) {
		STAILQ_REMOVE_HEAD(&c->posts, link);
		if (p->kind == POST_ADOPT)
			close(p->fd);
		free(p);
	}
	pthread_cond_destroy(&c->done);
	pthread_mutex_destroy(&c->lock);
	ctx = c->guests.ctx;
	free_all(c);
	chaos_close(ctx);
}

// SPDX-License-Identifier: BSD-2-Clause
/* Consoles of pretended guests: pages that tests write to, events that they raise. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "fail.h"
#include "fake_console.h"
#include "fake_xen.h"

struct chaos__xen_console {
	struct chaos__xen_consoles *set;
	uint32_t domid;
	int fd[2];		/* without a set */
	void *arg;
	bool pending, masked;
};

struct chaos__xen_consoles {
	int fd[2];		/* a byte for each that is pending and not masked */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct chaos__xen_console *held[FAKE_DOMAINS];
static void *pages[FAKE_DOMAINS];
static unsigned int nr_notified[FAKE_DOMAINS];

void fake_console_set_page(uint32_t domid, void *page)
{
	pages[domid] = page;
	nr_notified[domid] = 0;
}

unsigned int fake_console_nr_notified(uint32_t domid)
{
	return __atomic_load_n(&nr_notified[domid], __ATOMIC_RELAXED);
}

bool fake_console_is_held(uint32_t domid)
{
	bool is;

	pthread_mutex_lock(&lock);
	is = held[domid];
	pthread_mutex_unlock(&lock);
	return is;
}

static void wake(const struct chaos__xen_consoles *set)
{
	if (write(set->fd[1], "", 1) != 1)
		abort();
}

void fake_console_raise(uint32_t domid)
{
	struct chaos__xen_console *con;

	pthread_mutex_lock(&lock);
	con = held[domid];
	if (con && con->set && !con->pending) {
		con->pending = true;
		if (!con->masked)
			wake(con->set);
	}
	pthread_mutex_unlock(&lock);
}

int chaos__xen_consoles_open(struct chaos__xen *xen,
			     struct chaos__xen_consoles **out)
{
	struct chaos__xen_consoles *set;

	(void)xen;
	if (fail_here("xen consoles"))
		return -EMFILE;
	set = calloc(1, sizeof(*set));
	if (!set)
		return -ENOMEM;
	if (pipe(set->fd)) {
		free(set);
		return -EMFILE;
	}
	*out = set;
	return 0;
}

void chaos__xen_consoles_close(struct chaos__xen_consoles *set)
{
	unsigned int i;

	if (!set)
		return;
	for (i = 0; i < FAKE_DOMAINS; i++)
		if (held[i] && held[i]->set == set)
			abort();	/* they go first */
	close(set->fd[0]);
	close(set->fd[1]);
	free(set);
}

int chaos__xen_consoles_fd(const struct chaos__xen_consoles *set)
{
	return set->fd[0];
}

/* With the lock.  The next one after the last, so that all have their turn. */
static struct chaos__xen_console *find_pending(struct chaos__xen_consoles *set)
{
	static unsigned int last;
	unsigned int i, n;

	for (n = 1; n <= FAKE_DOMAINS; n++) {
		i = (last + n) % FAKE_DOMAINS;
		if (held[i] && held[i]->set == set && held[i]->pending &&
		    !held[i]->masked) {
			last = i;
			return held[i];
		}
	}
	return NULL;
}

int chaos__xen_consoles_next(struct chaos__xen_consoles *set, void **arg)
{
	struct pollfd pfd = { .fd = set->fd[0], .events = POLLIN };
	struct chaos__xen_console *con = NULL;
	char c;

	pthread_mutex_lock(&lock);
	while (!con && poll(&pfd, 1, 0) == 1) {
		if (read(set->fd[0], &c, 1) != 1)
			abort();
		con = find_pending(set);
	}
	if (con) {
		con->pending = false;
		con->masked = true;
		*arg = con->arg;
	}
	pthread_mutex_unlock(&lock);
	return !!con;
}

int chaos__xen_console_rearm(struct chaos__xen_console *con)
{
	pthread_mutex_lock(&lock);
	con->masked = false;
	if (con->pending)
		wake(con->set);
	pthread_mutex_unlock(&lock);
	return 0;
}

int chaos__xen_console_open(struct chaos__xen *xen, uint32_t domid,
			    const struct chaos__xen_console_where *where,
			    struct chaos__xen_consoles *set, void *arg,
			    struct chaos__xen_console **out, void **page)
{
	struct chaos__xen_console *con;

	(void)xen;
	(void)where;
	if (fake_xen.console_busy || fake_console_is_held(domid))
		return -EBUSY;
	if (fail_here("xen console"))
		return -EINVAL;
	con = calloc(1, sizeof(*con));
	if (!con)
		return -ENOMEM;
	if (!set && pipe(con->fd)) {
		free(con);
		return -EMFILE;
	}
	con->set = set;
	con->arg = arg;
	con->domid = domid;
	pthread_mutex_lock(&lock);
	held[domid] = con;
	fake_xen.nr_consoles++;
	pthread_mutex_unlock(&lock);
	/* As Xen does: what was raised before is not known. */
	fake_console_raise(domid);
	*out = con;
	*page = pages[domid] ? pages[domid] : fake_xen.console_page;
	return 0;
}

void chaos__xen_console_close(struct chaos__xen_console *con)
{
	if (!con)
		return;
	pthread_mutex_lock(&lock);
	held[con->domid] = NULL;
	fake_xen.nr_consoles--;
	pthread_mutex_unlock(&lock);
	if (!con->set) {
		close(con->fd[0]);
		close(con->fd[1]);
	}
	free(con);
}

int chaos__xen_console_fd(const struct chaos__xen_console *con)
{
	return con->fd[0];
}

int chaos__xen_console_event(struct chaos__xen_console *con)
{
	(void)con;
	return 0;
}

int chaos__xen_console_notify(struct chaos__xen_console *con)
{
	__atomic_add_fetch(&nr_notified[con->domid], 1, __ATOMIC_RELAXED);
	return 0;
}

// SPDX-License-Identifier: BSD-2-Clause
/* Accepting clients, also when descriptors or memory run out. */
#include <errno.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "listener.h"

/* It stays in the set, since a change of its events cannot fail. */
static void listener_update(struct nbl_listener *l)
{
	nbl_loop_mod(l->loop, l->fd, l->full || l->rests ? 0 : EPOLLIN,
		     &l->src);
}

/* A file of its own: a duplicate would give nothing back to the system. */
static void reserve_take(struct nbl_listener *l)
{
	if (l->reserve_fd < 0)
		l->reserve_fd = eventfd(0, EFD_CLOEXEC);
}

static void listener_rest(struct nbl_listener *l)
{
	static const struct itimerspec rest = {
		.it_value.tv_nsec = NBL_LISTENER_REST_MS * 1000000L,
	};

	timerfd_settime(l->timer_fd, 0, &rest, NULL);
	l->rests = true;
	listener_update(l);
}

static void listener_wake(struct nbl_listener *l)
{
	static const struct itimerspec never;

	timerfd_settime(l->timer_fd, 0, &never, NULL);
	l->rests = false;
	listener_update(l);
}

static void rest_over(struct nbl_source *src, uint32_t events)
{
	struct nbl_listener *l =
		nbl_container(src, struct nbl_listener, timer_src);

	(void)events;
	reserve_take(l);
	listener_wake(l);
}

/* Nobody was there after all, or left again. */
static bool nobody(int error)
{
	return error == EAGAIN || error == ECONNABORTED || error == EINTR;
}

/* The next client's descriptor; -1: none now. */
static int listener_accept(struct nbl_listener *l)
{
	int fd;

	fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0) {
		reserve_take(l);
		l->told = l->reserve_fd < 0;
		return fd;
	}
	if (nobody(errno))
		return -1;
	if (!l->told)
		nbl_log(NBL_WARN, "control: accept a client: %s",
			nbl_strerror(-errno));
	l->told = true;
	if (l->reserve_fd >= 0) {
		close(l->reserve_fd);
		l->reserve_fd = -1;
		fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	}
	if (fd < 0)
		listener_rest(l);
	return fd;
}

static void listener_ready(struct nbl_source *src, uint32_t events)
{
	struct nbl_listener *l = nbl_container(src, struct nbl_listener, src);
	int fd;

	(void)events;
	fd = listener_accept(l);
	if (fd >= 0)
		l->accepted(l, fd);
}

int nbl_listener_open(struct nbl_listener *l, struct nbl_loop *loop, int fd,
		      void (*accepted)(struct nbl_listener *l, int fd))
{
	int rc;

	*l = (struct nbl_listener){
		.loop = loop,
		.src.fn = listener_ready,
		.timer_src.fn = rest_over,
		.accepted = accepted,
		.fd = fd,
	};
	l->timer_fd = timerfd_create(CLOCK_MONOTONIC,
				     TFD_CLOEXEC | TFD_NONBLOCK);
	if (l->timer_fd < 0)
		return -errno;
	l->reserve_fd = eventfd(0, EFD_CLOEXEC);
	if (l->reserve_fd < 0) {
		rc = -errno;
		goto err_timer;
	}
	rc = nbl_loop_add(loop, l->timer_fd, EPOLLIN, &l->timer_src);
	if (rc)
		goto err_reserve;
	rc = nbl_loop_add(loop, fd, EPOLLIN, &l->src);
	if (rc)
		goto err_timer_del;
	return 0;

err_timer_del:
	nbl_loop_del(loop, l->timer_fd);
err_reserve:
	close(l->reserve_fd);
err_timer:
	close(l->timer_fd);
	return rc;
}

void nbl_listener_close(struct nbl_listener *l)
{
	nbl_loop_del(l->loop, l->fd);
	nbl_loop_del(l->loop, l->timer_fd);
	if (l->reserve_fd >= 0)
		close(l->reserve_fd);
	close(l->timer_fd);
	close(l->fd);
}

void nbl_listener_full(struct nbl_listener *l, bool full)
{
	l->full = full;
	listener_update(l);
}

void nbl_listener_freed(struct nbl_listener *l)
{
	reserve_take(l);
	if (l->rests)
		listener_wake(l);
}

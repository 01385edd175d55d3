// SPDX-License-Identifier: BSD-2-Clause
/* One epoll set, dispatched from one thread. */
#include <errno.h>
#include <unistd.h>

#include "loop.h"

#define MAX_EVENTS	64

int nbl_loop_init(struct nbl_loop *loop)
{
	loop->epfd = epoll_create1(EPOLL_CLOEXEC);
	return loop->epfd < 0 ? -errno : 0;
}

void nbl_loop_fini(struct nbl_loop *loop)
{
	if (loop->epfd >= 0)
		close(loop->epfd);
	loop->epfd = -1;
}

static int loop_ctl(struct nbl_loop *loop, int op, int fd, uint32_t events,
		    struct nbl_source *src)
{
	struct epoll_event ev = { .events = events, .data.ptr = src };

	return epoll_ctl(loop->epfd, op, fd, &ev) ? -errno : 0;
}

int nbl_loop_add(struct nbl_loop *loop, int fd, uint32_t events,
		 struct nbl_source *src)
{
	return loop_ctl(loop, EPOLL_CTL_ADD, fd, events, src);
}

int nbl_loop_mod(struct nbl_loop *loop, int fd, uint32_t events,
		 struct nbl_source *src)
{
	return loop_ctl(loop, EPOLL_CTL_MOD, fd, events, src);
}

void nbl_loop_del(struct nbl_loop *loop, int fd)
{
	loop_ctl(loop, EPOLL_CTL_DEL, fd, 0, NULL);
}

int nbl_loop_wait(struct nbl_loop *loop, int timeout_ms)
{
	struct epoll_event ev[MAX_EVENTS];
	struct nbl_source *src;
	int i, n;

	n = epoll_wait(loop->epfd, ev, MAX_EVENTS, timeout_ms);
	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	for (i = 0; i < n; i++) {
		src = ev[i].data.ptr;
		src->fn(src, ev[i].events);
	}
	return 0;
}

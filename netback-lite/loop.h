/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * loop.h owns epoll: descriptors and what to call when they are ready.
 *
 * A source belongs to its registrant and must stay in memory until the turn
 * in which it was deleted has ended (events of that turn may still name it).
 */
#ifndef NBL_LOOP_H
#define NBL_LOOP_H

#include <stdint.h>
#include <sys/epoll.h>

struct nbl_source {
	void (*fn)(struct nbl_source *src, uint32_t events);
};

struct nbl_loop {
	int epfd;
};

/* The structure that holds a member. */
#define nbl_container(ptr, type, member) \
	((type *)(void *)((char *)(ptr) - offsetof(type, member)))

int nbl_loop_init(struct nbl_loop *loop);
void nbl_loop_fini(struct nbl_loop *loop);

int nbl_loop_add(struct nbl_loop *loop, int fd, uint32_t events,
		 struct nbl_source *src);
int nbl_loop_mod(struct nbl_loop *loop, int fd, uint32_t events,
		 struct nbl_source *src);
void nbl_loop_del(struct nbl_loop *loop, int fd);

/* Wait up to timeout_ms (-1: for ever), call what is ready.  -errno. */
int nbl_loop_wait(struct nbl_loop *loop, int timeout_ms);

#endif

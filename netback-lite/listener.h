/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * listener.h owns the socket that clients connect to, and when it is heard.
 *
 * Model
 *   A client that cannot be accepted stays in the backlog and would keep the
 *   socket readable: the loop would never sleep.  So the listener is deaf
 *   while its owner serves as many as it wants, and for NBL_LISTENER_REST_MS
 *   after an accept that failed for want of something.
 *
 *   When there is no descriptor left, it is by the control socket that some
 *   can be given back.  One is kept in reserve for that: it is spent on one
 *   client and taken back as soon as a client's was closed, before anybody
 *   else can have it.
 *
 * States: initialised -> open -> { full, rests } -> closed.
 */
#ifndef NBL_LISTENER_H
#define NBL_LISTENER_H

#include <stdbool.h>

#include "log.h"
#include "loop.h"

#define NBL_LISTENER_REST_MS	100

struct nbl_listener {
	struct nbl_loop *loop;
	struct nbl_source src, timer_src;
	/* Gets each client's descriptor, which is then its own. */
	void (*accepted)(struct nbl_listener *l, int fd);
	int fd;
	int timer_fd;
	int reserve_fd;		/* -1: spent */
	bool full;		/* the owner wants no more */
	bool rests;		/* until the timer fires */
	bool told;		/* of the want, in the log; until it is over */
};

/*
 * Hear a listening, non-blocking socket, which is the listener's only if this
 * succeeds.  accepted is called from the loop.  -EMFILE, -ENFILE, -ENOMEM,
 * -ENOSPC.
 */
int nbl_listener_open(struct nbl_listener *l, struct nbl_loop *loop, int fd,
		      void (*accepted)(struct nbl_listener *l, int fd));
/* To be called in the loop's last turn, or outside of it. */
void nbl_listener_close(struct nbl_listener *l);
/* Whether the owner has enough clients. */
void nbl_listener_full(struct nbl_listener *l, bool full);
/* A client's descriptor was closed just now. */
void nbl_listener_freed(struct nbl_listener *l);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * closer.h owns TAPs on their way out.  Closing one takes tens of ms, nearly
 * all of it a wait for the kernel's RCU, so a few threads do it behind the
 * caller.  A name is busy until its close returned.
 *
 * Bounded: a ticket is allocated with its TAP, so there are never more than
 * there were TAPs, and queueing cannot fail.  stop closes all that is queued.
 *
 * A kept TAP (tap.h) goes with its close, unless it is to be left.
 *
 * Any thread may push, kick and ask whether one is busy; the rest is the
 * creator's.
 */
#ifndef NBL_CLOSER_H
#define NBL_CLOSER_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "log.h"

struct nbl_closer;

struct nbl_closer_ticket {	/* heap */
	TAILQ_ENTRY(nbl_closer_ticket) link;
	int fd;
	bool kept;		/* it outlives its descriptor */
	bool leave;		/* and is to */
	uint32_t record;	/* for the caller, who erases it */
	char ifname[IFNAMSIZ];
};

/* Starts the threads. */
int nbl_closer_create(struct nbl_closer **out);
/* Waits until everything is closed, and nothing can be pushed any more.  NULL
 * is allowed. */
void nbl_closer_stop(struct nbl_closer *c);
void nbl_closer_destroy(struct nbl_closer *c);	/* the same, before */

/*
 * Open a TAP (tap.h) that it will close, for what is its ticket then.  -EINPROGRESS: one
 * of this name is being closed, see nbl_vif_attach.
 */
int nbl_closer_open(struct nbl_closer *c, const char *ifname, bool many,
		    struct nbl_closer_ticket **out, char err[NBL_ERROR_SIZE]);
/*
 * The same of a kept one: nbl_tap_adopt, or what that promises for the descriptor
 * held, if there is one (keeper.h; else -1), which is closed on an error.
 */
int nbl_closer_adopt(const char *ifname, bool many, int held,
		     struct nbl_closer_ticket **out);
/* nbl_tap_queue likewise. */
int nbl_closer_queue(const char *ifname, struct nbl_closer_ticket **out);

/* Close fd, one of this name's, as if it had been pushed. */
void nbl_closer_take(struct nbl_closer *c, const char *ifname, int fd);

/* Readable after something was closed; nbl_closer_ack makes it unreadable. */
int nbl_closer_fd(const struct nbl_closer *c);
void nbl_closer_ack(struct nbl_closer *c);
/* One that was closed, which is the caller's then, to be freed; or NULL. */
struct nbl_closer_ticket *nbl_closer_done(struct nbl_closer *c);

/* Close t->fd after the next kick.  Takes the ticket over. */
void nbl_closer_push(struct nbl_closer *c, struct nbl_closer_ticket *t);
/* Wake the threads if there is something to do: when replies have gone out, so
 * that nobody who waits for one waits for a close that began before it. */
void nbl_closer_kick(struct nbl_closer *c);
/* Is a TAP of this name still being closed? */
bool nbl_closer_busy(struct nbl_closer *c, const char *ifname);

#endif

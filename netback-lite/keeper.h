/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * keeper.h owns what TAPs are in between two processes.
 *
 * A TAP without a descriptor has no carrier: the kernel tells everybody, takes
 * the port out of its bridge's forwarding and puts it back, and with a thousand
 * ports most of a second goes by for either.  So a child, the keeper, shares the
 * process's table of descriptors and does nothing else.
 *
 *   process ----- killed
 *   keeper  --------+--- others, then lock closed --- NBL_KEEPER_S: ends
 *   successor            +- lock taken, TAPs taken, keeper killed
 *
 * It knows what the process had at the end without being told, and closes all but
 * the TAPs.  If the process closed its lock before it ended, there is nothing to
 * keep.  It can be
 * killed at any time: then TAPs are without carrier for a while, as they would
 * be without it.  With memory of its own it survives what kills for want of
 * memory.  It has no capability and no thread of its own to be asked anything.
 */
#ifndef NBL_KEEPER_H
#define NBL_KEEPER_H

#include <net/if.h>
#include <stddef.h>

#define NBL_KEEPER_S	10	/* s: how long it waits for a successor */

struct nbl_kept_tap {
	char ifname[IFNAMSIZ];
	int fd;			/* -1: somebody took it */
};

struct nbl_kept {		/* heap; sorted by name */
	size_t nr;
	struct nbl_kept_tap tap[];
};

/*
 * Start the keeper and note it in the lock file, whose descriptor (open for
 * writing) the process closes before an end after which nothing is to be kept.
 * One thread only.  Errors of clone and write: then there is none.
 */
int nbl_keeper_start(int lock_fd);
/*
 * What the keeper noted in this file holds, if there is one; it is gone when this
 * returns.  NULL: nothing.  As root.
 */
struct nbl_kept *nbl_keeper_take(int lock_fd);

/* kept.c: a queue of the TAP of this name, the caller's from now on; -1: there is
 * none (any more).  kept may be NULL. */
int nbl_kept_tap(struct nbl_kept *kept, const char *ifname);
/* Closes those that nobody took. */
void nbl_kept_free(struct nbl_kept *kept);
int nbl_kept_compare(const void *a, const void *b);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stall.h owns guests that take nothing of what is sent to them.  What waits for
 * one is kernel memory, up to the TAP's queue of 500 frames of 64 KiB, and
 * may never be asked for.
 *
 * A queue in which frames are without buffers for NBL_STALL_MS is cut off: what
 * waits there is dropped, and its vif's TAP has no carrier, so that the bridge
 * sends it nothing more.  When the guest posts buffers in all of those that are cut
 * off it is as before.  One that sleeps to be woken by its frames (await.h) is not
 * meant.
 */
#ifndef NBL_STALL_H
#define NBL_STALL_H

#include <stdbool.h>
#include <stdint.h>

struct nbl;
struct nbl_queue;

/* As xen-netback's rx_drain_timeout_msecs; tests have another. */
#ifndef NBL_STALL_MS
#define NBL_STALL_MS	10000
#endif

enum nbl_stall {
	NBL_STALL_NONE,
	NBL_STALL_WAITS,	/* in nbl.stalls */
	NBL_STALL_CUT_OFF,
};

/* Frames found no buffers, or did: also when that is no news. */
void nbl_stall_begin(struct nbl_queue *q);
void nbl_stall_end(struct nbl_queue *q);
/* As nbl_rate_timeout: cut off whose time is up. */
int nbl_stall_timeout(struct nbl *nb, int timeout_ms);

#endif

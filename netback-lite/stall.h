/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stall.h owns guests that take nothing of what is sent to them.  What waits for
 * one is kernel memory, up to the TAP's queue of 500 frames of 64 KiB, and
 * may never be asked for.
 *
 * A vif whose guest leaves frames without buffers for NBL_STALL_MS is cut off:
 * what waits is dropped, and its TAP has no carrier, so that the bridge sends
 * it nothing more.  When the guest posts buffers it is as before.  One that
 * sleeps to be woken by its frames (await.h) is not meant.
 */
#ifndef NBL_STALL_H
#define NBL_STALL_H

#include <stdbool.h>
#include <stdint.h>

struct nbl;
struct nbl_vif;

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
void nbl_stall_begin(struct nbl_vif *vif);
void nbl_stall_end(struct nbl_vif *vif);
/* As nbl_rate_timeout: cut off whose time is up. */
int nbl_stall_timeout(struct nbl *nb, int timeout_ms);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * damp.h owns the patience with guests that keep us busy for nothing: events
 * without news, states that come and go, frames that cannot be read.  Each costs
 * a turn, and its neighbours the time of it.
 *
 * A turn is idle when no frame passed, either way.  After NBL_DAMP_FREE of them
 * in a row the vif is put off: neither is its port unmasked nor the rest of its
 * work done for 1 ms, then 2, at most NBL_DAMP_MAX_MS; a frame that passes, for
 * it from the network too, ends that.  So an honest guest that was unlucky waits
 * for so long once, and the others are safe from one that is not.  As the kernel
 * does with events of its own backends (lateeoi).
 */
#ifndef NBL_DAMP_H
#define NBL_DAMP_H

#include <stdbool.h>
#include <stdint.h>

struct nbl;
struct nbl_vif;

#define NBL_DAMP_FREE	16u
#define NBL_DAMP_MAX_MS	16
/* Idle turns that are further apart are not in a row. */
#define NBL_DAMP_APART_MS	100

struct nbl_damp {
	bool on;		/* put off until due_ms: its vif is in nbl.damped */
	bool more;		/* then it has work, too */
	unsigned int idle;	/* turns in a row */
	uint64_t passed;	/* frames, when that was looked at last */
	int64_t idle_ms, due_ms;
};

/* After a turn of vif that left work or not: is what comes next put off? */
bool nbl_damp(struct nbl_vif *vif, bool more);
void nbl_damp_end(struct nbl_vif *vif);
/* As nbl_rate_timeout: go on with those whose time has come. */
int nbl_damp_timeout(struct nbl *nb, int timeout_ms);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * damp.h owns the patience with guests that keep us busy for nothing: events
 * without news, states that come and go, frames that cannot be read.  Each costs
 * a turn, and its neighbours the time of it.
 *
 * A turn is idle when no frame passed, either way.  NBL_DAMP_FREE of them are
 * free, and one more every NBL_DAMP_MS, which is more than any honest guest needs,
 * one that is suspended 10 times a second included; then the vif is put off until
 * the next is: neither is its port unmasked nor the rest of its work done.  A frame
 * that passes, for it from the network too, makes it start anew.  The kernel puts off
 * events of its own backends likewise (lateeoi).
 */
#ifndef NBL_DAMP_H
#define NBL_DAMP_H

#include <stdbool.h>
#include <stdint.h>

struct nbl;
struct nbl_vif;

#define NBL_DAMP_FREE	64u
#define NBL_DAMP_MS	16

struct nbl_damp {
	bool on;		/* put off until due_ms: its vif is in nbl.damped */
	bool more;		/* then it has work, too */
	unsigned int idle;	/* turns that are not forgiven yet */
	uint64_t passed;	/* frames, when that was looked at last */
	int64_t forgiven_ms;	/* up to when */
	int64_t due_ms;
};

/* After a turn of vif that left work or not: is what comes next put off? */
bool nbl_damp(struct nbl_vif *vif, bool more);
void nbl_damp_end(struct nbl_vif *vif);
/* As nbl_rate_timeout: go on with those whose time has come. */
int nbl_damp_timeout(struct nbl *nb, int timeout_ms);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * damp.h owns the patience with guests that keep us busy for nothing: events
 * without news, frames that cannot be read, states that come and go.  Each costs
 * a turn, and its neighbours the time of it.
 *
 * Two kinds of turns are counted: idle ones, in which no frame passed, either way;
 * and those that changed the vif's state, which are dear (rings are mapped, TAPs
 * set).  NBL_DAMP_FREE of each are free, and one more every NBL_DAMP_MS, which is more
 * than any honest guest needs, one that is suspended 10 times a second included.
 * Beyond that the vif is put off: an idle one's port is not unmasked and the rest
 * of its work not done; one that changes its state is not looked at, either.  A frame that
 * passes makes up for NBL_DAMP_FRAME idle turns, but not for changes.  The kernel
 * puts off events of its own backends likewise (lateeoi).
 */
#ifndef NBL_DAMP_H
#define NBL_DAMP_H

#include <stdbool.h>
#include <stdint.h>

struct nbl;
struct nbl_vif;

#ifndef NBL_DAMP_FREE
#define NBL_DAMP_FREE	64u
#endif
#define NBL_DAMP_MS	16
#define NBL_DAMP_FRAME	8u

/* Turns of a kind that are not forgiven yet, and up to when they are. */
struct nbl_patience {
	unsigned int used;
	int64_t forgiven_ms;
};

struct nbl_damp {
	bool on;		/* put off until due_ms: its vif is in nbl.damped */
	bool blind;		/* and not looked at */
	bool more;		/* then it has work, too */
	struct nbl_patience idle, change;
	uint64_t passed;	/* frames, when that was looked at last */
	bool changed;		/* a state was published since then */
	int64_t due_ms;
};

/* A state was published. */
static inline void nbl_damp_change(struct nbl_damp *d)
{
	d->changed = true;
}

/* Is this vif not to be looked at?  Then it is run again when it is. */
bool nbl_damp_blind(struct nbl_vif *vif);
/* After a turn of vif that left work or not: is what comes next put off? */
bool nbl_damp(struct nbl_vif *vif, bool more);
void nbl_damp_end(struct nbl_vif *vif);
/* As nbl_rate_timeout: go on with those whose time has come. */
int nbl_damp_timeout(struct nbl *nb, int timeout_ms);

#endif

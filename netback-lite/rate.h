/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rate.h owns the limit on what a guest may send: so many bytes per interval,
 * as a bucket that is filled once an interval and holds one interval's worth.
 * A packet that begins while there is credit goes out whole; what it takes too
 * much is missing in the next interval.
 *
 * A vif without credit leaves its ring alone and waits in nbl.throttled; the
 * next turn of the loop ends when the first of them has credit again.  Without
 * a limit none of this costs anything.
 */
#ifndef NBL_RATE_H
#define NBL_RATE_H

#include <stdbool.h>
#include <stdint.h>

struct nbl;
struct nbl_vif;

struct nbl_rate {
	uint64_t bytes;		/* in each interval; 0: no limit */
	int64_t interval_ns;
	int64_t credit;		/* negative: a packet took too much */
	int64_t refill_ns;	/* when the next interval begins */
	bool waiting;		/* in nbl.throttled */
};

/* May the vif send now?  If not, it is run again when it may. */
bool nbl_rate_open(struct nbl_vif *vif);
/* One that goes does not wait any more. */
void nbl_rate_forget(struct nbl_vif *vif);
/* Those whose time has come are ready.  How long the next turn may last: at
 * most timeout_ms, -1: for ever. */
int nbl_rate_timeout(struct nbl *nb, int timeout_ms);

#endif

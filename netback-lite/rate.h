/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rate.h owns the limits of a vif: so many bytes and so many frames per
 * interval, each way, as buckets that are filled once an interval and hold one
 * interval's worth.  A frame that begins while there is credit goes whole; what
 * it takes too much is missing in the next interval.
 *
 * A vif without credit leaves its ring or its TAP alone and waits in
 * nbl.throttled; the next turn of the loop ends when the first of them has
 * credit again.  So nothing is dropped here: the guest's own queue fills, or
 * the TAP's, whose kernel drops what is too much.  The clock is looked at when
 * a bucket is empty, never per frame.  Without a limit none of this costs more
 * than a look at a flag.
 */
#ifndef NBL_RATE_H
#define NBL_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include <noxs/netback.h>

struct nbl;
struct nbl_vif;

struct nbl_bucket {
	int64_t amount;		/* in each interval; 0: no limit */
	int64_t interval_ns;
	int64_t credit;		/* negative: a frame took too much */
	int64_t refill_ns;	/* when the next interval begins */
};

/* Of one way. */
struct nbl_rate {
	bool on;		/* there is a limit */
	bool waiting;		/* for credit: its vif is in nbl.throttled */
	struct nbl_bucket bytes, frames;
};

/* bytes, frames: of the request.  What waited is looked at again. */
void nbl_rate_set(struct nbl_rate *r, const struct noxs_netback_limit *bytes,
		  const struct noxs_netback_limit *frames);

/* May one more frame begin?  Looks at no clock. */
static inline bool nbl_rate_has(const struct nbl_rate *r)
{
	return !r->on || (r->bytes.credit > 0 && r->frames.credit > 0);
}

/* frames: one, or the segments of a large one. */
static inline void nbl_rate_take(struct nbl_rate *r, uint32_t bytes,
				 uint32_t frames)
{
	if (r->on) {
		r->bytes.credit -= bytes;
		r->frames.credit -= frames;
	}
}

/*
 * May a batch begin?  If not, the vif is run again when it may, and *throttled
 * counts it.  r is one of vif's two.
 */
bool nbl_rate_open(struct nbl_vif *vif, struct nbl_rate *r,
		   uint64_t *throttled);
/* One that goes does not wait any more. */
void nbl_rate_forget(struct nbl_vif *vif);
/* Those whose time has come are ready.  How long the next turn may last: at
 * most timeout_ms, -1: for ever. */
int nbl_rate_timeout(struct nbl *nb, int timeout_ms);

#endif

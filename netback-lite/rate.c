// SPDX-License-Identifier: BSD-2-Clause
/* The limits of a vif. */
#include <time.h>

#include "vif.h"

#define NS_PER_MS	1000000
#define NO_LIMIT	(INT64_MAX / 2)	/* no one lives to see it spent */

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

static void bucket_set(struct nbl_bucket *b,
		       const struct noxs_netback_limit *limit)
{
	*b = (struct nbl_bucket){
		.amount = (int64_t)limit->amount,
		.interval_ns = (int64_t)limit->interval_us * 1000,
		/* Of a limit: none until the first look at the clock. */
		.credit = limit->amount ? 0 : NO_LIMIT,
	};
}

/* What was not used is lost: the bucket holds one interval's worth. */
static void bucket_refill(struct nbl_bucket *b, int64_t now)
{
	int64_t intervals, gain;

	if (!b->amount || now < b->refill_ns)
		return;
	intervals = 1 + (now - b->refill_ns) / b->interval_ns;
	b->refill_ns += intervals * b->interval_ns;
	if (__builtin_mul_overflow(intervals, b->amount, &gain) ||
	    gain > b->amount - b->credit)
		b->credit = b->amount;
	else
		b->credit += gain;
}

/* When the bucket is filled next, if that is what it waits for. */
static int64_t bucket_wait(const struct nbl_bucket *b, int64_t until)
{
	return b->credit <= 0 && b->refill_ns > until ? b->refill_ns : until;
}

void nbl_rate_set(struct nbl_rate *r, const struct noxs_netback_limit *bytes,
		  const struct noxs_netback_limit *frames)
{
	bucket_set(&r->bytes, bytes);
	bucket_set(&r->frames, frames);
	r->on = bytes->amount || frames->amount;
}

bool nbl_rate_open(struct nbl_vif *vif, struct nbl_rate *r, uint64_t *throttled)
{
	bool queued = vif->tx_rate.waiting || vif->rx_rate.waiting;
	int64_t now;

	if (nbl_rate_has(r))
		return true;
	now = now_ns();
	bucket_refill(&r->bytes, now);
	bucket_refill(&r->frames, now);
	if (nbl_rate_has(r))
		return true;
	if (r->waiting)
		return false;
	r->waiting = true;
	(*throttled)++;
	if (!queued)
		TAILQ_INSERT_TAIL(&vif->nb->throttled, vif, throttled_link);
	return false;
}

void nbl_rate_forget(struct nbl_vif *vif)
{
	if (vif->tx_rate.waiting || vif->rx_rate.waiting)
		TAILQ_REMOVE(&vif->nb->throttled, vif, throttled_link);
	vif->tx_rate.waiting = false;
	vif->rx_rate.waiting = false;
}

/* When the first way of the vif may go on. */
static int64_t rate_due(const struct nbl_vif *vif)
{
	const struct nbl_rate *way[] = { &vif->tx_rate, &vif->rx_rate };
	int64_t due = INT64_MAX, one;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		if (!way[i]->waiting)
			continue;
		one = bucket_wait(&way[i]->bytes, 0);
		one = bucket_wait(&way[i]->frames, one);
		if (one < due)
			due = one;
	}
	return due;
}

int nbl_rate_timeout(struct nbl *nb, int timeout_ms)
{
	struct nbl_vif *vif, *next;
	int64_t now, left;

	if (TAILQ_EMPTY(&nb->throttled))
		return timeout_ms;
	now = now_ns();
	for (vif = TAILQ_FIRST(&nb->throttled); vif; vif = next) {
		next = TAILQ_NEXT(vif, throttled_link);
		left = rate_due(vif) - now;
		if (left <= 0) {
			/* The way that has no credit yet waits anew. */
			nbl_rate_forget(vif);
			nbl_vif_ready(vif);
			timeout_ms = 0;
			continue;
		}
		left = (left + NS_PER_MS - 1) / NS_PER_MS;
		if (timeout_ms < 0 || left < timeout_ms)
			timeout_ms = left > 1000 ? 1000 : (int)left;
	}
	return timeout_ms;
}

// SPDX-License-Identifier: BSD-2-Clause
/* The limit on what a guest may send. */
#include <time.h>

#include "vif.h"

#define NS_PER_MS 1000000

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

/* What was not used is lost: the bucket holds one interval's worth. */
static void refill(struct nbl_rate *r, int64_t now)
{
	int64_t full = (int64_t)r->bytes, intervals, gain;

	if (now < r->refill_ns)
		return;
	intervals = 1 + (now - r->refill_ns) / r->interval_ns;
	r->refill_ns += intervals * r->interval_ns;
	if (__builtin_mul_overflow(intervals, full, &gain) ||
	    gain > full - r->credit)
		r->credit = full;
	else
		r->credit += gain;
}

bool nbl_rate_open(struct nbl_vif *vif)
{
	struct nbl_rate *r = &vif->rate;

	if (r->credit > 0)
		return true;
	refill(r, now_ns());
	if (r->credit > 0)
		return true;
	if (!r->waiting) {
		r->waiting = true;
		vif->stats.tx_throttled++;
		TAILQ_INSERT_TAIL(&vif->nb->throttled, vif, throttled_link);
	}
	return false;
}

void nbl_rate_forget(struct nbl_vif *vif)
{
	if (vif->rate.waiting)
		TAILQ_REMOVE(&vif->nb->throttled, vif, throttled_link);
	vif->rate.waiting = false;
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
		left = vif->rate.refill_ns - now;
		if (left <= 0) {
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

// SPDX-License-Identifier: BSD-2-Clause
/* Guests that keep us busy for nothing. */
#include "damp.h"
#include "vif.h"

static bool is_idle(struct nbl_vif *vif)
{
	uint64_t passed = vif->stats.tx_packets + vif->stats.rx_packets;
	bool idle = passed == vif->damp.passed;

	vif->damp.passed = passed;
	return idle;
}

static void put_off(struct nbl_vif *vif, int64_t now)
{
	struct nbl_damp *d = &vif->damp;
	unsigned int times = d->idle - NBL_DAMP_FREE;
	int64_t ms = times < 8 ? INT64_C(1) << times : NBL_DAMP_MAX_MS;

	d->on = true;
	d->due_ms = now + (ms < NBL_DAMP_MAX_MS ? ms : NBL_DAMP_MAX_MS);
	vif->stats.damped++;
	TAILQ_INSERT_TAIL(&vif->nb->damped, vif, damped_link);
}

bool nbl_damp(struct nbl_vif *vif, bool more)
{
	struct nbl_damp *d = &vif->damp;
	int64_t now;

	if (!is_idle(vif)) {
		nbl_damp_end(vif);
		d->idle = 0;
		return false;
	}
	d->more = more;
	if (d->on)
		return true;
	/* Nobody asks for more: it was the TAP's turn. */
	if (!more && !vif->unmask_due)
		return false;
	now = nbl_now_ms();
	if (now - d->idle_ms > NBL_DAMP_APART_MS)
		d->idle = 0;
	d->idle_ms = now;
	if (d->idle < NBL_DAMP_FREE) {
		d->idle++;
		return false;
	}
	put_off(vif, now);
	d->idle += d->idle < NBL_DAMP_FREE + 8;
	return true;
}

void nbl_damp_end(struct nbl_vif *vif)
{
	if (vif->damp.on)
		TAILQ_REMOVE(&vif->nb->damped, vif, damped_link);
	vif->damp.on = false;
}

int nbl_damp_timeout(struct nbl *nb, int timeout_ms)
{
	struct nbl_vif *vif, *next;
	int64_t now, left;

	if (TAILQ_EMPTY(&nb->damped))
		return timeout_ms;
	now = nbl_now_ms();
	for (vif = TAILQ_FIRST(&nb->damped); vif; vif = next) {
		next = TAILQ_NEXT(vif, damped_link);
		left = vif->damp.due_ms - now;
		if (left <= 0) {
			nbl_damp_end(vif);
			nbl_vif_go_on(vif, vif->damp.more);
			continue;
		}
		if (timeout_ms < 0 || left < timeout_ms)
			timeout_ms = (int)left;
	}
	return timeout_ms;
}

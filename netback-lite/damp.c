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

static void forgive(struct nbl_damp *d, int64_t now)
{
	int64_t nr = (now - d->forgiven_ms) / NBL_DAMP_MS;

	if (nr >= d->idle) {
		d->idle = 0;
		d->forgiven_ms = now;
		return;
	}
	d->idle -= (unsigned int)nr;
	d->forgiven_ms += nr * NBL_DAMP_MS;
}

static void put_off(struct nbl_vif *vif)
{
	vif->damp.on = true;
	vif->damp.due_ms = vif->damp.forgiven_ms + NBL_DAMP_MS;
	vif->stats.damped++;
	TAILQ_INSERT_TAIL(&vif->nb->damped, vif, damped_link);
}

bool nbl_damp(struct nbl_vif *vif, bool more)
{
	struct nbl_damp *d = &vif->damp;

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
	forgive(d, nbl_now_ms());
	if (++d->idle < NBL_DAMP_FREE)
		return false;
	put_off(vif);
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

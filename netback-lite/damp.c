// SPDX-License-Identifier: BSD-2-Clause
/* Guests that keep us busy for nothing. */
#include "damp.h"
#include "vif.h"

/* Frames that passed since the last look. */
static uint64_t frames(struct nbl_vif *vif)
{
	uint64_t passed = vif->stats.tx_packets + vif->stats.rx_packets;
	uint64_t nr = passed - vif->damp.passed;

	vif->damp.passed = passed;
	return nr;
}

static void forgive(struct nbl_patience *p, int64_t now)
{
	int64_t nr = (now - p->forgiven_ms) / NBL_DAMP_MS;

	if (nr >= p->used) {
		p->used = 0;
		p->forgiven_ms = now;
		return;
	}
	p->used -= (unsigned int)nr;
	p->forgiven_ms += nr * NBL_DAMP_MS;
}

static void make_up(struct nbl_patience *p, uint64_t nr)
{
	p->used -= nr < p->used / NBL_DAMP_FRAME ?
		   (unsigned int)nr * NBL_DAMP_FRAME : p->used;
}

/* One more.  False: it is too many, until due_ms. */
static bool spend(struct nbl_damp *d, struct nbl_patience *p)
{
	forgive(p, nbl_now_ms());
	if (++p->used < NBL_DAMP_FREE)
		return true;
	d->due_ms = p->forgiven_ms + NBL_DAMP_MS;
	return false;
}

static void put_off(struct nbl_vif *vif, bool blind)
{
	if (!vif->damp.on)
		TAILQ_INSERT_TAIL(&vif->nb->damped, vif, damped_link);
	vif->damp.on = true;
	vif->damp.blind = blind;
	vif->stats.damped++;
}

bool nbl_damp_blind(struct nbl_vif *vif)
{
	if (vif->damp.blind)
		vif->damp.more = true;
	return vif->damp.blind;
}

bool nbl_damp(struct nbl_vif *vif, bool more)
{
	struct nbl_damp *d = &vif->damp;
	uint64_t nr = frames(vif);
	bool changed = d->changed;

	d->more = more;
	d->changed = false;
	if (changed && !vif->broken && !spend(d, &d->change)) {
		put_off(vif, true);
		return true;
	}
	if (nr) {
		nbl_damp_end(vif);
		make_up(&d->idle, nr);
		return false;
	}
	if (d->on)
		return true;
	/* Nobody asks for more: it was the TAP's turn. */
	if (!more && !vif->unmask_due)
		return false;
	if (spend(d, &d->idle))
		return false;
	put_off(vif, false);
	return true;
}

void nbl_damp_end(struct nbl_vif *vif)
{
	if (vif->damp.on)
		TAILQ_REMOVE(&vif->nb->damped, vif, damped_link);
	vif->damp.on = false;
	vif->damp.blind = false;
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

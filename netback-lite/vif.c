// SPDX-License-Identifier: BSD-2-Clause
/* One turn of a vif: when it runs, and in which order. */
#include <errno.h>

#include "evtchn.h"
#include "vif.h"

void nbl_vif_ready(struct nbl_vif *vif)
{
	if (vif->on_ready)
		return;
	vif->on_ready = true;
	TAILQ_INSERT_TAIL(&vif->nb->ready, vif, ready_link);
}

void nbl_vif_event(struct nbl_vif *vif)
{
	vif->stats.events++;
	vif->unmask_due = true;
	nbl_vif_ready(vif);
}

void nbl_vif_notify(struct nbl_vif *vif)
{
	if (!vif->notify_due)
		return;
	vif->notify_due = false;
	vif->stats.notifies++;
	nbl_evtchn_notify(vif->nb->ec, vif->port);
}

/* True: budget used, work left. */
static bool vif_move_packets(struct nbl_vif *vif)
{
	const char *why = "";
	int tx, rx;

	tx = nbl_tx_run(vif, &why);
	if (tx < 0) {
		nbl_vif_break(vif, tx, why);
		return false;
	}
	rx = nbl_rx_run(vif, &why);
	if (rx < 0) {
		nbl_vif_break(vif, rx, why);
		return false;
	}
	nbl_vif_notify(vif);
	return tx > 0 || rx > 0;
}

/*
 * While there is work left the port stays masked: a guest that raises it all
 * the time costs one run a turn, like everybody who has work.  One that was
 * found lying is not listened to any more.
 */
void nbl_vif_go_on(struct nbl_vif *vif, bool more)
{
	if (more) {
		nbl_vif_ready(vif);
	} else if (vif->unmask_due && !vif->broken) {
		vif->unmask_due = false;
		nbl_evtchn_unmask(vif->nb->ec, vif->port);
	}
}

/* A spare is not looked at and its port stays masked, until it is bound. */
void nbl_vif_run(struct nbl_vif *vif)
{
	bool more;

	if (vif->spare || nbl_damp_blind(vif))
		return;
	nbl_vif_front(vif);
	more = vif->connected && vif_move_packets(vif);
	vif->stats.budget_spent += more;
	if (!nbl_damp(vif, more))
		nbl_vif_go_on(vif, more);
}

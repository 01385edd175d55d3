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

void nbl_vif_event(struct nbl_port *port)
{
	struct nbl_vif *vif = port->vif;

	vif->stats.events++;
	vif->unmask_due |= (uint8_t)(1u << (port - vif->port));
	nbl_vif_ready(vif);
}

void nbl_vif_notify(struct nbl_vif *vif)
{
	unsigned int i;

	for (i = 0; vif->notify_due; i++) {
		if (!(vif->notify_due & 1u << i))
			continue;
		vif->notify_due &= (uint8_t)~(1u << i);
		vif->stats.notifies++;
		nbl_evtchn_notify(vif->nb->ec, vif->port[i].port);
	}
}

unsigned int nbl_vif_mapped(const struct nbl_vif *vif)
{
	unsigned int i, nr = 0;

	for (i = 0; i < vif->nr_queues; i++)
		nr += nbl_mapped_pages(&vif->queue[i].mapped);
	return nr;
}

typedef int (*move_fn)(struct nbl_queue *q, int *budget, const char **why);

/*
 * One budget for all queues; who is first changes, so that what a few of them leave
 * is not always the same ones'.  > 0: there is more, 0: not now, -errno.
 */
static int vif_move(struct nbl_vif *vif, move_fn move, int budget,
		    const char **why)
{
	int more = 0, rc;
	unsigned int i;

	for (i = 0; i < vif->nr_queues; i++) {
		rc = move(&vif->queue[(vif->turn + i) % vif->nr_queues],
			  &budget, why);
		if (rc < 0)
			return rc;
		more |= rc;
	}
	return more;
}

/*
 * A guest hears of a turn's frames at its end.  One that shares a processor with us
 * takes them then, and its answers begin the next batch: so where nobody waits
 * for this vif a turn is as long as a ring.
 */
static int rx_budget(const struct nbl_vif *vif)
{
	return TAILQ_EMPTY(&vif->nb->ready) ? NBL_VIF_ALONE : NBL_VIF_BUDGET;
}

/* True: budget used, work left. */
static bool vif_move_packets(struct nbl_vif *vif)
{
	const char *why = "";
	int tx, rx = 0;

	tx = vif_move(vif, nbl_tx_run, NBL_VIF_BUDGET, &why);
	if (tx >= 0)
		rx = vif_move(vif, nbl_rx_run, rx_budget(vif), &why);
	if (tx < 0 || rx < 0) {
		nbl_vif_break(vif, tx < 0 ? tx : rx, why);
		return false;
	}
	vif->turn++;
	nbl_vif_notify(vif);
	return tx > 0 || rx > 0;
}

/*
 * While there is work left the ports stay masked: a guest that raises them all
 * the time costs one run a turn, like everybody who has work.  One that was
 * found lying is not listened to any more.
 */
void nbl_vif_go_on(struct nbl_vif *vif, bool more)
{
	unsigned int i;

	if (more)
		nbl_vif_ready(vif);
	if (more || vif->broken)
		return;
	for (i = 0; vif->unmask_due; i++) {
		if (!(vif->unmask_due & 1u << i))
			continue;
		vif->unmask_due &= (uint8_t)~(1u << i);
		nbl_evtchn_unmask(vif->nb->ec, vif->port[i].port);
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

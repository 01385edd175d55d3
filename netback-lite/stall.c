// SPDX-License-Identifier: BSD-2-Clause
/* Guests that take nothing. */
#include <unistd.h>

#include "closer.h"
#include "guest.h"
#include "log.h"
#include "stall.h"
#include "stats.h"
#include "tap.h"
#include "vif.h"

#define QUEUE	500u	/* frames that a TAP holds at most (TUN_READQ_SIZE) */

void nbl_stall_begin(struct nbl_queue *q)
{
	struct nbl_vif *vif = q->vif;

	if (q->stall != NBL_STALL_NONE || vif->dozing || vif->await)
		return;
	q->stall = NBL_STALL_WAITS;
	q->stall_ms = nbl_now_ms();
	TAILQ_INSERT_TAIL(&vif->nb->stalls, q, stall_link);
}

/* The bridge takes up to a second to heed the carrier; deaf is at once. */
static void hear(struct nbl_vif *vif, bool on)
{
	/* Rather all of it than nothing. */
	if (!on || nbl_groups_apply(vif))
		nbl_tap_deaf(vif->tap->fd, !on);
	nbl_tap_carrier(vif->tap->fd, on);
}

void nbl_stall_end(struct nbl_queue *q)
{
	struct nbl_vif *vif = q->vif;
	enum nbl_stall was = q->stall;

	q->stall = NBL_STALL_NONE;
	if (was == NBL_STALL_WAITS)
		TAILQ_REMOVE(&vif->nb->stalls, q, stall_link);
	else if (was == NBL_STALL_CUT_OFF && !--vif->nr_cut_off)
		hear(vif, true);
}

static void count_drop(struct nbl_queue *q)
{
	nbl_stats_drop(&q->vif->stats, NOXS_NETBACK_DROP_RX_STALL);
}

/* A read takes a frame as a whole, however little of it is asked for. */
static bool drop_next(struct nbl_queue *q)
{
	struct virtio_net_hdr hdr;

	if (!q->reads || read(q->fd, &hdr, sizeof(hdr)) < 0)
		return false;
	count_drop(q);
	return true;
}

/* Is there anything at all?  The last that came may have been taken. */
static bool drop_first(struct nbl_queue *q)
{
	q->rx_need = 1;
	if (nbl_held_empty(&q->stalled))
		return drop_next(q);
	nbl_held_drop(&q->stalled);
	count_drop(q);
	return true;
}

static void cut_off(struct nbl_queue *q)
{
	struct nbl_vif *vif = q->vif;
	unsigned int i;

	nbl_stall_end(q);
	if (!drop_first(q)) {
		q->tap_readable = false;
		return;
	}
	/* Nothing more comes, then what came goes. */
	q->stall = NBL_STALL_CUT_OFF;
	if (!vif->nr_cut_off++)
		hear(vif, false);
	for (i = 0; i < QUEUE && drop_next(q); i++)
		;
	nbl_log(NBL_WARN, "%s: domain %u takes no frames; no carrier until it does",
		vif->tap->ifname, vif->guest->domid);
}

/* They are in the order of their time. */
int nbl_stall_timeout(struct nbl *nb, int timeout_ms)
{
	struct nbl_queue *q;
	int64_t left;

	while ((q = TAILQ_FIRST(&nb->stalls))) {
		left = q->stall_ms + NBL_STALL_MS - nbl_now_ms();
		if (left > 0)
			return timeout_ms < 0 || left < timeout_ms ?
			       (int)left : timeout_ms;
		cut_off(q);
	}
	return timeout_ms;
}

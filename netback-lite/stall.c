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

void nbl_stall_begin(struct nbl_vif *vif)
{
	if (vif->stall != NBL_STALL_NONE || vif->dozing || vif->await)
		return;
	vif->stall = NBL_STALL_WAITS;
	vif->stall_ms = nbl_now_ms();
	TAILQ_INSERT_TAIL(&vif->nb->stalls, vif, stall_link);
}

/* The bridge takes up to a second to heed the carrier; deaf is at once. */
static void hear(struct nbl_vif *vif, bool on)
{
	/* Rather all of it than nothing. */
	if (!on || nbl_groups_apply(vif))
		nbl_tap_deaf(vif->tap->fd, !on);
	nbl_tap_carrier(vif->tap->fd, on);
}

void nbl_stall_end(struct nbl_vif *vif)
{
	enum nbl_stall was = vif->stall;

	vif->stall = NBL_STALL_NONE;
	if (was == NBL_STALL_WAITS)
		TAILQ_REMOVE(&vif->nb->stalls, vif, stall_link);
	else if (was == NBL_STALL_CUT_OFF)
		hear(vif, true);
}

static void count_drop(struct nbl_vif *vif)
{
	nbl_stats_drop(&vif->stats, NOXS_NETBACK_DROP_RX_STALL);
}

/* A read takes a frame as a whole, however little of it is asked for. */
static bool drop_next(struct nbl_vif *vif)
{
	struct virtio_net_hdr hdr;

	if (read(vif->tap->fd, &hdr, sizeof(hdr)) < 0)
		return false;
	count_drop(vif);
	return true;
}

/* Is there anything at all?  The last that came may have been taken. */
static bool drop_first(struct nbl_vif *vif)
{
	vif->rx_need = 1;
	if (nbl_held_empty(&vif->stalled))
		return drop_next(vif);
	nbl_held_drop(&vif->stalled);
	count_drop(vif);
	return true;
}

static void cut_off(struct nbl_vif *vif)
{
	unsigned int i;

	nbl_stall_end(vif);
	if (!drop_first(vif)) {
		vif->tap_readable = false;
		return;
	}
	/* Nothing more comes, then what came goes. */
	vif->stall = NBL_STALL_CUT_OFF;
	hear(vif, false);
	for (i = 0; i < QUEUE && drop_next(vif); i++)
		;
	nbl_log(NBL_WARN, "%s: domain %u takes no frames; no carrier until it does",
		vif->tap->ifname, vif->guest->domid);
}

/* They are in the order of their time. */
int nbl_stall_timeout(struct nbl *nb, int timeout_ms)
{
	struct nbl_vif *vif;
	int64_t left;

	while ((vif = TAILQ_FIRST(&nb->stalls))) {
		left = vif->stall_ms + NBL_STALL_MS - nbl_now_ms();
		if (left > 0)
			return timeout_ms < 0 || left < timeout_ms ?
			       (int)left : timeout_ms;
		cut_off(vif);
	}
	return timeout_ms;
}

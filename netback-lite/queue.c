// SPDX-License-Identifier: BSD-2-Clause
/* One pair of rings: its memory, and its descriptor of the TAP. */
#include <errno.h>
#include <sys/epoll.h>

#include "await.h"
#include "closer.h"
#include "gnttab.h"
#include "guest.h"
#include "link.h"
#include "vif.h"

#define NR_RING_PAGES	2

static void tap_ready(struct nbl_source *src, uint32_t events)
{
	struct nbl_queue *q = nbl_container(src, struct nbl_queue, tap_src);

	(void)events;
	q->tap_readable = true;
	if (q->vif->dozing)
		nbl_await_stir(q->vif);
	nbl_vif_ready(q->vif);
}

void nbl_queue_init(struct nbl_queue *q, struct nbl_vif *vif)
{
	q->vif = vif;
	q->fd = -1;
	q->tap_src.fn = tap_ready;
	nbl_held_init(&q->stalled, &vif->nb->stalled_bytes);
}

int nbl_queue_map(struct nbl_queue *q, const struct xen_noxs_net_queue *f)
{
	const uint32_t grefs[NR_RING_PAGES] = { f->tx_ref, f->rx_ref };
	netif_tx_sring_t *txs;
	netif_rx_sring_t *rxs;
	int rc;

	rc = nbl_gnttab_map(q->vif->nb->gt, q->vif->guest->domid, grefs,
			    NR_RING_PAGES, true, &q->rings);
	if (rc)
		return rc;
	txs = q->rings;
	rxs = (void *)((char *)q->rings + NBL_PAGE_SIZE);
	BACK_RING_INIT(&q->tx.ring, txs, NBL_PAGE_SIZE);
	BACK_RING_INIT(&q->rx.ring, rxs, NBL_PAGE_SIZE);
	q->tx_port = (uint8_t)f->tx_port;
	q->rx_port = (uint8_t)f->rx_port;
	q->rx_need = 1;
	return 0;
}

/* By its name, which somebody may have given to another since. */
static int queue_tap(struct nbl_queue *q)
{
	struct nbl_vif *vif = q->vif;
	unsigned int mtu;
	int ifindex, rc;

	rc = nbl_link_find(vif->nb->link, vif->tap->ifname, &ifindex, &mtu);
	if (!rc && ifindex != vif->ifindex)
		rc = -ENODEV;
	return rc ? rc : nbl_closer_queue(vif->tap->ifname, &q->tap);
}

/* Read frames from fd, and write them there. */
static int queue_use(struct nbl_queue *q, int fd)
{
	int rc = nbl_loop_add(&q->vif->nb->loop, fd, EPOLLIN | EPOLLET,
			      &q->tap_src);

	if (!rc) {
		q->fd = fd;
		q->reads = true;
	}
	return rc;
}

/*
 * A queue of the TAP's own; if there is none for it, it is not the guest's fault.
 * Behind one without there is none: by its place it is found (steer.h).
 */
static void queue_open_own(struct nbl_queue *q)
{
	struct nbl_vif *vif = q->vif;
	int rc;

	q->fd = vif->tap->fd;
	if (!q[-1].reads)
		return;
	rc = queue_tap(q);
	if (!rc) {
		rc = queue_use(q, q->tap->fd);
		if (!rc)
			return;
		nbl_closer_push(vif->nb->closer, q->tap);
		q->tap = NULL;
	}
	nbl_log(NBL_WARN, "%s: no queue of its own for queue %d of the guest's: %s: that and those behind it only send",
		vif->tap->ifname, (int)(q - vif->queue), nbl_strerror(rc));
}

/* The first one's is the vif's own, which is there without any. */
int nbl_queue_open(struct nbl_queue *q)
{
	if (q == q->vif->queue)
		return queue_use(q, q->vif->tap->fd);
	queue_open_own(q);
	return 0;
}

/*
 * What its TAP has for it is lost, and what comes for it until a closer has
 * closed it.
 */
void nbl_queue_close(struct nbl_queue *q)
{
	struct nbl *nb = q->vif->nb;

	if (q->reads)
		nbl_loop_del(&nb->loop, q->fd);
	q->reads = false;
	q->fd = -1;
	if (q->tap)
		nbl_closer_push(nb->closer, q->tap);
	q->tap = NULL;
	q->tap_readable = false;
	q->rx_stalled = false;
	nbl_stall_end(q);
	nbl_held_drop(&q->stalled);
	nbl_mapped_drop(q);
	if (q->rings)
		nbl_gnttab_unmap(nb->gt, q->rings, NR_RING_PAGES);
	q->rings = NULL;
}

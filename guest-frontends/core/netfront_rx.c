/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netfront_rx.c owns the receive ring: posting buffers, putting frames
 * together from responses, and handing them out.
 */
#include "netfront.h"

#define CSUM_ANY	(XEN_NOXS_NET_F_CSUM4 | XEN_NOXS_NET_F_CSUM6)
#define FLAGS_KNOWN	(NETRXF_data_validated | NETRXF_csum_blank | \
			 NETRXF_more_data)

static void rx_post(struct nf_rx *rx, uint16_t id)
{
	struct netif_rx_request *req =
		RING_GET_REQUEST(&rx->ring, rx->ring.req_prod_pvt);

	req->id = id;
	req->pad = 0;
	req->gref = rx->pool->page[id].ref;
	rx->asked[rx->ring.req_prod_pvt % NF_MAX_PAGES] = id;
	rx->posted[id] = true;
	rx->nr_posted++;
	rx->ring.req_prod_pvt++;
}

void nf_rx_connect(struct noxs_netq *q)
{
	struct nf_rx *rx = &q->rx;
	unsigned int i;

	rx->nr = 0;
	rx->nr_ids = 0;
	rx->extra_due = false;
	rx->nr_posted = 0;
	for (i = 0; i < rx->pool->nr; i++)
		rx_post(rx, (uint16_t)i);
	/*
	 * No event: the backend looks here when it connects, and sees the
	 * requests before the state that the caller writes next.
	 */
	rx->pushed = rx->ring.req_prod_pvt;
	rx->ring.sring->req_prod = rx->pushed;
}

static void rx_push(struct noxs_netq *q)
{
	struct nf_rx *rx = &q->rx;
	RING_IDX prod = rx->ring.req_prod_pvt, event;

	if (prod == rx->pushed)
		return;
	/* The backend sees requests before req_prod. */
	xen_wmb();
	rx->ring.sring->req_prod = prod;
	/* It sees req_prod before we look at whether it waits for buffers. */
	xen_mb();
	event = *(volatile RING_IDX *)&rx->ring.sring->req_event;
	if (prod - event < prod - rx->pushed)
		noxs_device_notify(q->nf->dev, q->rx_port);
	rx->pushed = prod;
}

/* Why a response is a lie, or NULL. */
static const char *rx_check(const struct noxs_netq *q,
			    const struct netif_rx_response *rsp)
{
	const struct nf_rx *rx = &q->rx;
	uint32_t features = q->features;
	/* Only the first slot can have it. */
	unsigned int extra = features & NF_GSO_ANY && !rx->nr ?
			     NETRXF_extra_info : 0;

	if (rsp->id >= rx->pool->nr || !rx->posted[rsp->id])
		return "rx response for nothing posted";
	if (rsp->flags & ~(FLAGS_KNOWN | extra))
		return "rx flags that were not agreed on";
	if (rsp->flags & NETRXF_csum_blank && !(features & CSUM_ANY))
		return "rx blank checksum, not agreed on";
	if (rsp->flags & NETRXF_more_data &&
	    !(features & XEN_NOXS_NET_F_SG))
		return "rx frame of several slots, not agreed on";
	if (rsp->flags & NETRXF_more_data &&
	    rx->nr + 1 == NOXS_NET_MAX_FRAGS)
		return "rx frame of too many slots";
	if (rsp->flags & (NETRXF_more_data | NETRXF_extra_info) &&
	    rx->nr_posted == 1)
		return "rx frame of too many slots";
	if (rsp->status > 0 && (rsp->offset > NOXS_OS_PAGE_SIZE ||
	    (unsigned int)rsp->status > NOXS_OS_PAGE_SIZE - rsp->offset))
		return "rx data outside of its page";
	return NULL;
}

/* Why extra info is a lie, or NULL. */
static const char *rx_check_extra(const struct noxs_netq *q,
				  const struct netif_extra_info *extra)
{
	uint32_t features = q->features;
	uint8_t type = extra->u.gso.type;

	if (extra->type != XEN_NETIF_EXTRA_TYPE_GSO)
		return "rx extra info of unknown type";
	/* There is one kind: a second one would be the same again. */
	if (extra->flags & XEN_NETIF_EXTRA_FLAG_MORE)
		return "rx more than one extra info";
	if (extra->flags || extra->u.gso.pad || extra->u.gso.features)
		return "rx unknown GSO flags";
	if (!(type == XEN_NETIF_GSO_TYPE_TCPV4 &&
	      features & XEN_NOXS_NET_F_GSO4) &&
	    !(type == XEN_NETIF_GSO_TYPE_TCPV6 &&
	      features & XEN_NOXS_NET_F_GSO6))
		return "rx GSO type that was not agreed on";
	if (!extra->u.gso.size)
		return "rx GSO size 0";
	return NULL;
}

/*
 * The slot after a frame's first.  It says no id: it is in the place of the
 * request that was consumed for it.
 */
static bool rx_extra(struct noxs_netq *q, RING_IDX idx, bool *complete)
{
	struct nf_rx *rx = &q->rx;
	uint16_t id = rx->asked[idx % NF_MAX_PAGES];
	struct netif_rx_response rsp;
	struct netif_extra_info extra;
	const char *lie;

	RING_COPY_RESPONSE(&rx->ring, idx, &rsp);
	memcpy(&extra, &rsp, sizeof(extra));
	if (!rx->posted[id])
		lie = "rx extra info for nothing posted";
	else if (rx->last_flags & NETRXF_more_data && rx->nr_posted == 1)
		lie = "rx frame of too many slots";
	else
		lie = rx_check_extra(q, &extra);
	if (lie) {
		nf_ring_kill(q, lie);
		return false;
	}
	rx->posted[id] = false;
	rx->nr_posted--;
	rx->id[rx->nr_ids++] = id;
	rx->gso_size = extra.u.gso.size;
	rx->gso_flag = extra.u.gso.type == XEN_NETIF_GSO_TYPE_TCPV4 ?
		       NOXS_NET_GSO4 : NOXS_NET_GSO6;
	rx->extra_due = false;
	*complete = !(rx->last_flags & NETRXF_more_data);
	return true;
}

/* Add a slot to the frame.  False: the backend lied. */
static bool rx_slot(struct noxs_netq *q, RING_IDX idx, bool *complete)
{
	struct nf_rx *rx = &q->rx;
	struct netif_rx_response rsp;
	const char *lie;

	if (rx->extra_due)
		return rx_extra(q, idx, complete);
	RING_COPY_RESPONSE(&rx->ring, idx, &rsp);
	lie = rx_check(q, &rsp);
	if (lie) {
		nf_ring_kill(q, lie);
		return false;
	}
	rx->posted[rsp.id] = false;
	rx->nr_posted--;
	if (!rx->nr) {
		rx->len = 0;
		rx->bad = false;
		rx->flags = rsp.flags;
		rx->gso_size = 0;
		rx->extra_due = rsp.flags & NETRXF_extra_info;
	}
	rx->last_flags = rsp.flags;
	rx->id[rx->nr_ids++] = rsp.id;
	rx->frag[rx->nr].data = (uint8_t *)rx->pool->page[rsp.id].addr +
				(rsp.status > 0 ? rsp.offset : 0);
	rx->frag[rx->nr].len = rsp.status > 0 ? (uint32_t)rsp.status : 0;
	rx->len += rx->frag[rx->nr].len;
	/* Nothing in it, or a copy that failed: the frame is not whole. */
	if (rsp.status <= 0)
		rx->bad = true;
	rx->nr++;
	*complete = !rx->extra_due && !(rsp.flags & NETRXF_more_data);
	return true;
}

/* Whole, and of a length that can be? */
static bool rx_good(const struct nf_rx *rx)
{
	if (rx->bad || rx->len < NF_ETH_HEADER)
		return false;
	return !rx->gso_size ||
	       (rx->flags & NETRXF_csum_blank && rx->gso_size < rx->len &&
		rx->len <= NOXS_NET_MAX_GSO_RX);
}

/* Hand out the frame and post its buffers again.  True: it was good. */
static bool rx_frame(struct noxs_netq *q)
{
	struct nf_rx *rx = &q->rx;
	struct noxs_net_frame frame = {
		.frags = rx->frag,
		.nr_frags = rx->nr,
		.len = rx->len,
	};
	bool good = rx_good(rx);
	unsigned int i;

	if (rx->flags & NETRXF_csum_blank)
		frame.flags = NOXS_NET_CSUM_BLANK | NOXS_NET_CSUM_VALID;
	else if (rx->flags & NETRXF_data_validated)
		frame.flags = NOXS_NET_CSUM_VALID;
	if (rx->gso_size) {
		frame.flags |= rx->gso_flag;
		frame.gso_size = rx->gso_size;
	}
	if (good) {
		q->stats.rx_packets++;
		q->stats.rx_bytes += rx->len;
		q->nf->cfg->ops->rx(q->nf->priv, q->nr, &frame);
	} else {
		q->stats.rx_errors++;
	}
	for (i = 0; i < rx->nr_ids; i++)
		rx_post(rx, rx->id[i]);
	rx->nr = 0;
	rx->nr_ids = 0;
	return good;
}

/* rsp_prod, if it is possible; else the device is dead and nothing is new. */
static RING_IDX rx_prod(struct noxs_netq *q)
{
	struct nf_rx *rx = &q->rx;
	RING_IDX prod = *(volatile RING_IDX *)&rx->ring.sring->rsp_prod;

	if (prod - rx->ring.rsp_cons > rx->nr_posted) {
		nf_ring_kill(q, "more rx responses than requests");
		return rx->ring.rsp_cons;
	}
	/* We see rsp_prod before the responses that it covers. */
	xen_rmb();
	return prod;
}

/*
 * Take responses until rsp_prod, budget frames or a lie.  Frames that are
 * thrown away count too: a backend cannot keep us here with them.
 */
static unsigned int rx_take(struct noxs_netq *q, unsigned int budget,
			    unsigned int *delivered)
{
	struct nf_rx *rx = &q->rx;
	RING_IDX prod = rx_prod(q);
	unsigned int taken = 0;
	bool complete;

	while (taken < budget && rx->ring.rsp_cons != prod) {
		if (!rx_slot(q, rx->ring.rsp_cons, &complete))
			break;
		rx->ring.rsp_cons++;
		if (!complete)
			continue;
		taken++;
		*delivered += rx_frame(q);
		if (q->dead)
			break;
	}
	return taken;
}

unsigned int nf_rx_poll(struct noxs_netq *q, unsigned int budget)
{
	struct nf_rx *rx = &q->rx;
	unsigned int taken = 0, delivered = 0;

	do {
		taken += rx_take(q, budget - taken, &delivered);
		if (q->dead)
			return delivered;
		rx_push(q);
		if (taken >= budget)
			return budget;
		rx->ring.sring->rsp_event = rx->ring.rsp_cons + 1;
		/*
		 * The backend sees rsp_event before we look at rsp_prod
		 * again: either it raises the event, or we see its response.
		 */
		xen_mb();
	} while (rx_prod(q) != rx->ring.rsp_cons);
	return delivered;
}

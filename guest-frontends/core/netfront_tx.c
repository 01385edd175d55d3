/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netfront_tx.c owns the transmit ring: copying frames into granted buffers
 * and taking the buffers back.
 */
#include "netfront.h"

#define CSUM_ANY	(XEN_NOXS_NET_F_CSUM4 | XEN_NOXS_NET_F_CSUM6)

void nf_tx_connect(struct noxs_netfront *nf)
{
	struct nf_tx *tx = &nf->ring.tx;
	unsigned int i;

	tx->pushed = 0;
	tx->wanted = false;
	tx->buf_size = NOXS_OS_PAGE_SIZE;
	if (nf->ring.max_len <= NOXS_OS_PAGE_SIZE / 2)
		tx->buf_size = NOXS_OS_PAGE_SIZE / 2;
	tx->nr_bufs = tx->pool->nr * (NOXS_OS_PAGE_SIZE / tx->buf_size);
	if (tx->nr_bufs > RING_SIZE(&tx->ring))
		tx->nr_bufs = RING_SIZE(&tx->ring);
	tx->nr_free = tx->nr_bufs;
	for (i = 0; i < tx->nr_bufs; i++) {
		/* The last is taken first. */
		tx->free[i] = (uint16_t)(tx->nr_bufs - 1 - i);
		tx->in_flight[i] = false;
	}
	/*
	 * Not news: completions are collected when room is needed, and only
	 * a send without room asks for an event.
	 */
	tx->ring.sring->rsp_event = 0;
}

/* One response.  False: the backend lied. */
static bool tx_response(struct noxs_netfront *nf, RING_IDX idx)
{
	struct nf_tx *tx = &nf->ring.tx;
	struct netif_tx_response rsp;

	RING_COPY_RESPONSE(&tx->ring, idx, &rsp);
	if (rsp.id >= tx->nr_bufs || !tx->in_flight[rsp.id]) {
		nf_ring_kill(nf, "tx response for nothing sent");
		return false;
	}
	switch (rsp.status) {
	case NETIF_RSP_OKAY:
		break;
	case NETIF_RSP_DROPPED:
	case NETIF_RSP_ERROR:
		nf->ring.stats.tx_errors++;
		break;
	default:
		nf_ring_kill(nf, "tx response of unknown status");
		return false;
	}
	tx->in_flight[rsp.id] = false;
	tx->free[tx->nr_free++] = rsp.id;
	return true;
}

void nf_tx_reap(struct noxs_netfront *nf)
{
	struct nf_tx *tx = &nf->ring.tx;
	RING_IDX prod = *(volatile RING_IDX *)&tx->ring.sring->rsp_prod;

	if (prod - tx->ring.rsp_cons > tx->nr_bufs - tx->nr_free) {
		nf_ring_kill(nf, "more tx responses than requests");
		return;
	}
	/* We see rsp_prod before the responses that it covers. */
	xen_rmb();
	while (tx->ring.rsp_cons != prod) {
		if (!tx_response(nf, tx->ring.rsp_cons))
			return;
		tx->ring.rsp_cons++;
	}
}

/* Is there room for nr buffers?  If not, an event will come when there is. */
static bool tx_room(struct noxs_netfront *nf, unsigned int nr)
{
	struct nf_tx *tx = &nf->ring.tx;
	unsigned int half, more;

	if (tx->nr_free < nr)
		nf_tx_reap(nf);
	if (tx->nr_free >= nr || nf->ring.dead)
		return tx->nr_free >= nr;
	/* Wake up when half of it is done, but not before nr can fit. */
	half = (tx->nr_bufs - tx->nr_free + 1) / 2;
	more = nr - tx->nr_free;
	if (more < half)
		more = half;
	tx->ring.sring->rsp_event = tx->ring.rsp_cons + more;
	/*
	 * The backend sees rsp_event before we look at rsp_prod again: either
	 * it raises the event, or we see its response here.
	 */
	xen_mb();
	nf_tx_reap(nf);
	return tx->nr_free >= nr;
}

static void tx_push(struct noxs_netfront *nf)
{
	struct nf_tx *tx = &nf->ring.tx;
	RING_IDX prod = tx->ring.req_prod_pvt, event;

	/* The backend sees requests and data before req_prod. */
	xen_wmb();
	tx->ring.sring->req_prod = prod;
	/* It sees req_prod before we look at whether it went to sleep. */
	xen_mb();
	event = *(volatile RING_IDX *)&tx->ring.sring->req_event;
	if (prod - event < prod - tx->pushed)
		noxs_device_notify(nf->dev, 0);
	tx->pushed = prod;
}

static uint16_t tx_flags(uint32_t flags)
{
	uint16_t to = 0;

	if (flags & NOXS_NET_CSUM_BLANK)
		to |= NETTXF_csum_blank | NETTXF_data_validated;
	else if (flags & NOXS_NET_CSUM_VALID)
		to |= NETTXF_data_validated;
	return to;
}

/* Copy from the fragments, from *frag and *offset on. */
static void tx_gather(uint8_t *to, uint32_t len,
		      const struct noxs_net_frag **frag, uint32_t *offset)
{
	while (len) {
		uint32_t chunk = (*frag)->len - *offset;

		if (chunk > len)
			chunk = len;
		memcpy(to, (const uint8_t *)(*frag)->data + *offset, chunk);
		to += chunk;
		len -= chunk;
		*offset += chunk;
		if (*offset == (*frag)->len) {
			(*frag)++;
			*offset = 0;
		}
	}
}

static void tx_queue(struct noxs_netfront *nf,
		     const struct noxs_net_frag *frag, uint32_t len,
		     uint32_t flags)
{
	struct nf_tx *tx = &nf->ring.tx;
	unsigned int per_page = NOXS_OS_PAGE_SIZE / tx->buf_size;
	uint16_t more = tx_flags(flags);
	uint32_t left = len, offset = 0;

	while (left) {
		uint16_t id = tx->free[--tx->nr_free];
		const struct noxs_pool_page *page =
			&tx->pool->page[id / per_page];
		uint16_t at = (uint16_t)(id % per_page * tx->buf_size);
		uint32_t chunk = left < tx->buf_size ? left : tx->buf_size;
		struct netif_tx_request *req =
			RING_GET_REQUEST(&tx->ring, tx->ring.req_prod_pvt);

		tx_gather((uint8_t *)page->addr + at, chunk, &frag, &offset);
		tx->in_flight[id] = true;
		req->gref = page->ref;
		req->offset = at;
		req->id = id;
		/* The first slot tells the length of all, the others theirs. */
		req->size = (uint16_t)(left == len ? len : chunk);
		left -= chunk;
		req->flags = more | (left ? NETTXF_more_data : 0);
		more = 0;
		tx->ring.req_prod_pvt++;
	}
}

int noxs_netfront_send(struct noxs_netfront *nf,
		       const struct noxs_net_frag *frags,
		       unsigned int nr_frags, uint32_t flags)
{
	struct nf_ring *ring = &nf->ring;
	unsigned int i, nr;
	uint32_t len = 0;

	if (!ring->up)
		return -ENOTCONN;
	if (ring->dead)
		return -EIO;
	if (!nr_frags || nr_frags > NOXS_NET_MAX_FRAGS ||
	    flags & ~(NOXS_NET_CSUM_BLANK | NOXS_NET_CSUM_VALID))
		return -EINVAL;
	if (flags & NOXS_NET_CSUM_BLANK && !(ring->features & CSUM_ANY))
		return -EOPNOTSUPP;
	for (i = 0; i < nr_frags; i++) {
		if (frags[i].len > ring->max_len - len)
			return -EMSGSIZE;
		len += frags[i].len;
	}
	if (len < NF_ETH_HEADER)
		return -EMSGSIZE;
	nr = (len + ring->tx.buf_size - 1) / ring->tx.buf_size;
	if (nr > ring->tx.nr_bufs)
		return -EMSGSIZE;
	if (!tx_room(nf, nr)) {
		if (ring->dead)
			return -EIO;
		ring->tx.wanted = true;
		ring->stats.tx_full++;
		return -EAGAIN;
	}
	tx_queue(nf, frags, len, flags);
	tx_push(nf);
	ring->stats.tx_packets++;
	ring->stats.tx_bytes += len;
	return 0;
}

unsigned int noxs_netfront_tx_room(struct noxs_netfront *nf)
{
	struct nf_ring *ring = &nf->ring;

	if (!ring->up || ring->dead)
		return 0;
	if (!tx_room(nf, 1)) {
		ring->tx.wanted = true;
		return 0;
	}
	return ring->tx.nr_free;
}

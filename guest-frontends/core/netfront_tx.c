/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netfront_tx.c owns the transmit ring: copying frames into granted buffers
 * and taking the buffers back.
 */
#include "netfront.h"

#define SMALL_PER_PAGE	(NOXS_OS_PAGE_SIZE / NF_SMALL)
#define CSUM_ANY	(XEN_NOXS_NET_F_CSUM4 | XEN_NOXS_NET_F_CSUM6)

void nf_tx_connect(struct noxs_netq *q)
{
	struct nf_tx *tx = &q->tx;
	unsigned int i, small = 0;

	tx->pushed = 0;
	tx->wanted = 0;
	tx->nr_extras = 0;
	tx->buf_size = NOXS_OS_PAGE_SIZE;
	/* The largest frame must be no more than NOXS_NET_MAX_FRAGS buffers. */
	if (q->max_len <= NOXS_OS_PAGE_SIZE / 2 &&
	    !(q->features & NF_GSO_ANY))
		tx->buf_size = NOXS_OS_PAGE_SIZE / 2;
	tx->largest = (q->max_len + tx->buf_size - 1) / tx->buf_size;
	tx->largest_extras = 0;
	if (q->features & XEN_NOXS_NET_F_MCAST)
		tx->largest_extras = 1;
	if (q->features & NF_GSO_ANY) {
		tx->largest = (NOXS_NET_MAX_GSO_TX + tx->buf_size - 1) /
			      tx->buf_size;
		tx->largest_extras = 1;
		small = (tx->pool->nr - tx->largest) / 2;
	}
	/* As many as the ring has slots are enough. */
	if (small > NF_MAX_PAGES / SMALL_PER_PAGE)
		small = NF_MAX_PAGES / SMALL_PER_PAGE;
	tx->nr_bufs = (tx->pool->nr - small) *
		      (NOXS_OS_PAGE_SIZE / tx->buf_size);
	if (tx->nr_bufs > RING_SIZE(&tx->ring))
		tx->nr_bufs = RING_SIZE(&tx->ring);
	tx->nr_free = tx->nr_bufs;
	tx->nr_small = small * SMALL_PER_PAGE;
	tx->nr_free_small = tx->nr_small;
	/* The last is taken first. */
	for (i = 0; i < tx->nr_bufs; i++)
		tx->free[i] = (uint16_t)(tx->nr_bufs - 1 - i);
	for (i = 0; i < tx->nr_small; i++)
		tx->free_small[i] = (uint16_t)(tx->nr_bufs + tx->nr_small -
					       1 - i);
	memset(tx->in_flight, 0, sizeof(tx->in_flight));
	/*
	 * Not news: completions are collected when room is needed, and only
	 * a send without room asks for an event.
	 */
	tx->ring.sring->rsp_event = 0;
}

/* One response.  False: the backend lied. */
static bool tx_response(struct noxs_netq *q, RING_IDX idx)
{
	struct nf_tx *tx = &q->tx;
	struct netif_tx_response rsp;

	RING_COPY_RESPONSE(&tx->ring, idx, &rsp);
	/* Of a slot with extra info: it has no id. */
	if (rsp.status == NETIF_RSP_NULL && tx->nr_extras) {
		tx->nr_extras--;
		return true;
	}
	if (rsp.id >= tx->nr_bufs + tx->nr_small || !tx->in_flight[rsp.id]) {
		nf_ring_kill(q, "tx response for nothing sent");
		return false;
	}
	switch (rsp.status) {
	case NETIF_RSP_OKAY:
		break;
	case NETIF_RSP_DROPPED:
	case NETIF_RSP_ERROR:
		q->stats.tx_errors++;
		break;
	default:
		nf_ring_kill(q, "tx response of unknown status");
		return false;
	}
	tx->in_flight[rsp.id] = false;
	if (rsp.id < tx->nr_bufs)
		tx->free[tx->nr_free++] = rsp.id;
	else
		tx->free_small[tx->nr_free_small++] = rsp.id;
	return true;
}

void nf_tx_reap(struct noxs_netq *q)
{
	struct nf_tx *tx = &q->tx;
	RING_IDX prod = *(volatile RING_IDX *)&tx->ring.sring->rsp_prod;

	if (prod - tx->ring.rsp_cons >
	    tx->ring.req_prod_pvt - tx->ring.rsp_cons) {
		nf_ring_kill(q, "more tx responses than requests");
		return;
	}
	/* We see rsp_prod before the responses that it covers. */
	xen_rmb();
	while (tx->ring.rsp_cons != prod) {
		if (!tx_response(q, tx->ring.rsp_cons))
			return;
		tx->ring.rsp_cons++;
	}
}

/* A buffer for a frame of so many bytes that needs no other one? */
static bool tx_fits_small(const struct nf_tx *tx, uint32_t len)
{
	return len <= NF_SMALL && tx->nr_free_small &&
	       RING_FREE_REQUESTS(&tx->ring);
}

/* Buffers, and slots for them and for extra info? */
static bool tx_fits(const struct nf_tx *tx, unsigned int nr)
{
	return tx->nr_free >= nr &&
	       RING_FREE_REQUESTS(&tx->ring) >= nr + tx->largest_extras;
}

/* Is there room for nr buffers?  If not, an event will come when there is. */
static bool tx_room(struct noxs_netq *q, unsigned int nr)
{
	struct nf_tx *tx = &q->tx;
	unsigned int half, more;

	if (!tx_fits(tx, nr))
		nf_tx_reap(q);
	if (tx_fits(tx, nr) || q->dead)
		return !q->dead;
	/* Wake up when half of it is done, but not before nr can fit. */
	half = (RING_SIZE(&tx->ring) - RING_FREE_REQUESTS(&tx->ring) + 1) / 2;
	more = tx->nr_free < nr ? nr - tx->nr_free : 1;
	if (more < half)
		more = half;
	tx->ring.sring->rsp_event = tx->ring.rsp_cons + more;
	/*
	 * The backend sees rsp_event before we look at rsp_prod again: either
	 * it raises the event, or we see its response here.
	 */
	xen_mb();
	nf_tx_reap(q);
	return tx_fits(tx, nr) && !q->dead;
}

bool nf_tx_wanted(struct noxs_netq *q)
{
	struct nf_tx *tx = &q->tx;

	if (q->dead || !tx->wanted || !tx_room(q, tx->wanted))
		return false;
	tx->wanted = 0;
	return true;
}

static void tx_push(struct noxs_netq *q)
{
	struct nf_tx *tx = &q->tx;
	RING_IDX prod = tx->ring.req_prod_pvt, event;

	/* The backend sees requests and data before req_prod. */
	xen_wmb();
	tx->ring.sring->req_prod = prod;
	/* It sees req_prod before we look at whether it went to sleep. */
	xen_mb();
	event = *(volatile RING_IDX *)&tx->ring.sring->req_event;
	if (prod - event < prod - tx->pushed)
		noxs_device_notify(q->nf->dev, q->tx_port);
	tx->pushed = prod;
}

static uint16_t tx_flags(uint32_t flags)
{
	uint16_t to = 0;

	if (flags & NOXS_NET_CSUM_BLANK)
		to |= NETTXF_csum_blank | NETTXF_data_validated;
	else if (flags & NOXS_NET_CSUM_VALID)
		to |= NETTXF_data_validated;
	if (flags & NOXS_NET_GSO)
		to |= NETTXF_extra_info;
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

static void tx_queue_extra(struct nf_tx *tx, uint32_t flags,
			   uint16_t gso_size)
{
	struct netif_extra_info extra;

	memset(&extra, 0, sizeof(extra));
	extra.type = XEN_NETIF_EXTRA_TYPE_GSO;
	extra.u.gso.size = gso_size;
	extra.u.gso.type = flags & NOXS_NET_GSO4 ? XEN_NETIF_GSO_TYPE_TCPV4 :
						   XEN_NETIF_GSO_TYPE_TCPV6;
	memcpy(RING_GET_REQUEST(&tx->ring, tx->ring.req_prod_pvt), &extra,
	       sizeof(extra));
	tx->nr_extras++;
	tx->ring.req_prod_pvt++;
}

/* A free buffer for a frame of len bytes, or for a part of it. */
static const struct noxs_pool_page *tx_take(struct nf_tx *tx, uint32_t len,
					    uint16_t *id, uint16_t *at)
{
	unsigned int per_page = NOXS_OS_PAGE_SIZE / tx->buf_size;
	unsigned int i;

	if (len <= NF_SMALL && tx->nr_free_small) {
		*id = tx->free_small[--tx->nr_free_small];
		i = *id - tx->nr_bufs;
		*at = (uint16_t)(i % SMALL_PER_PAGE * NF_SMALL);
		/* The last pages of the pool. */
		return &tx->pool->page[tx->pool->nr - 1 - i / SMALL_PER_PAGE];
	}
	*id = tx->free[--tx->nr_free];
	*at = (uint16_t)(*id % per_page * tx->buf_size);
	return &tx->pool->page[*id / per_page];
}

static void tx_queue(struct noxs_netq *q,
		     const struct noxs_net_frag *frag, uint32_t len,
		     uint32_t flags, uint16_t gso_size)
{
	struct nf_tx *tx = &q->tx;
	uint16_t more = tx_flags(flags);
	uint32_t left = len, offset = 0;

	while (left) {
		uint16_t id, at;
		const struct noxs_pool_page *page =
			tx_take(tx, len, &id, &at);
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
		if (gso_size)
			tx_queue_extra(tx, flags, gso_size);
		gso_size = 0;
	}
}

/* 0, or why the frame cannot be sent with such flags. */
static int tx_check(const struct noxs_netq *q, unsigned int nr_frags,
		    uint32_t flags, uint16_t gso_size)
{
	uint32_t gso = flags & NOXS_NET_GSO, need;

	if (!nr_frags || nr_frags > NOXS_NET_MAX_FRAGS ||
	    flags & ~(NOXS_NET_CSUM_BLANK | NOXS_NET_CSUM_VALID |
		      NOXS_NET_GSO))
		return -EINVAL;
	if (flags & NOXS_NET_CSUM_BLANK && !(q->features & CSUM_ANY))
		return -EOPNOTSUPP;
	if (!gso)
		return gso_size ? -EINVAL : 0;
	if (gso == NOXS_NET_GSO || gso_size < XEN_NOXS_NET_MIN_GSO ||
	    !(flags & NOXS_NET_CSUM_BLANK))
		return -EINVAL;
	need = gso == NOXS_NET_GSO4 ? XEN_NOXS_NET_F_GSO4 :
				      XEN_NOXS_NET_F_GSO6;
	return q->features & need ? 0 : -EOPNOTSUPP;
}

/* Of the whole frame, or 0: too long. */
static uint32_t tx_len(const struct noxs_net_frag *frags,
		       unsigned int nr_frags, uint32_t max)
{
	uint32_t len = 0;
	unsigned int i;

	for (i = 0; i < nr_frags; i++) {
		if (frags[i].len > max - len)
			return 0;
		len += frags[i].len;
	}
	return len;
}

int noxs_netq_send_gso(struct noxs_netq *q, const struct noxs_net_frag *frags,
		       unsigned int nr_frags, uint32_t flags,
		       uint16_t gso_size)
{
	unsigned int nr;
	uint32_t len;
	int rc;

	if (!q->up)
		return -ENOTCONN;
	if (q->dead)
		return -EIO;
	rc = tx_check(q, nr_frags, flags, gso_size);
	if (rc)
		return rc;
	len = tx_len(frags, nr_frags, gso_size ? NOXS_NET_MAX_GSO_TX :
						 q->max_len);
	if (len < NF_ETH_HEADER)
		return -EMSGSIZE;
	if (gso_size >= len)
		return -EINVAL;
	nr = (len + q->tx.buf_size - 1) / q->tx.buf_size;
	if (nr > q->tx.nr_bufs)
		return -EMSGSIZE;
	if (!tx_fits_small(&q->tx, len) && !tx_room(q, nr)) {
		if (q->dead)
			return -EIO;
		q->tx.wanted = nr;
		q->stats.tx_full++;
		return -EAGAIN;
	}
	tx_queue(q, frags, len, flags, gso_size);
	tx_push(q);
	q->stats.tx_packets++;
	q->stats.tx_bytes += len;
	return 0;
}

int noxs_netq_send(struct noxs_netq *q, const struct noxs_net_frag *frags,
		   unsigned int nr_frags, uint32_t flags)
{
	if (flags & NOXS_NET_GSO)
		return -EINVAL;
	return noxs_netq_send_gso(q, frags, nr_frags, flags, 0);
}

/* A slot without data, whose buffer is only its id, and the group behind it. */
static void tx_queue_group(struct nf_tx *tx, const uint8_t mac[6], bool add)
{
	struct netif_extra_info extra;
	uint16_t id, at;
	const struct noxs_pool_page *page = tx_take(tx, 0, &id, &at);
	struct netif_tx_request *req =
		RING_GET_REQUEST(&tx->ring, tx->ring.req_prod_pvt);

	memset(req, 0, sizeof(*req));
	req->gref = page->ref;
	req->id = id;
	req->flags = NETTXF_extra_info;
	tx->in_flight[id] = true;
	tx->ring.req_prod_pvt++;
	memset(&extra, 0, sizeof(extra));
	extra.type = add ? XEN_NETIF_EXTRA_TYPE_MCAST_ADD :
			   XEN_NETIF_EXTRA_TYPE_MCAST_DEL;
	memcpy(extra.u.mcast.addr, mac, sizeof(extra.u.mcast.addr));
	memcpy(RING_GET_REQUEST(&tx->ring, tx->ring.req_prod_pvt), &extra,
	       sizeof(extra));
	tx->nr_extras++;
	tx->ring.req_prod_pvt++;
}

int noxs_netq_group(struct noxs_netq *q, const uint8_t mac[6], bool add)
{
	if (!q->up)
		return -ENOTCONN;
	if (q->dead)
		return -EIO;
	if (!(q->features & XEN_NOXS_NET_F_MCAST))
		return -EOPNOTSUPP;
	if (!(mac[0] & 1))
		return -EINVAL;
	if (!tx_room(q, 1)) {
		if (q->dead)
			return -EIO;
		q->tx.wanted = 1;
		return -EAGAIN;
	}
	tx_queue_group(&q->tx, mac, add);
	tx_push(q);
	return 0;
}

unsigned int noxs_netq_tx_room(struct noxs_netq *q)
{
	struct nf_tx *tx = &q->tx;

	if (!q->up || q->dead)
		return 0;
	if (!tx_room(q, tx->largest)) {
		tx->wanted = tx->largest;
		return 0;
	}
	return tx->nr_free / tx->largest;
}

// SPDX-License-Identifier: BSD-2-Clause
/*
 * Guest -> TAP.
 *
 * A batch: take whole packets off the ring into private copies of their
 * slots, copy all their data by one grant operation into the arena, write
 * frame by frame to the TAP, respond in the order of the requests.
 *
 * A guest whose ring cannot be followed any more (an index, a chain or a page
 * bound that is wrong) loses its vif; a frame that is merely bad gets
 * NETIF_RSP_ERROR.
 */
#include <errno.h>
#include <linux/if_ether.h>
#include <unistd.h>

#include "batch.h"
#include "closer.h"
#include "csum.h"
#include "guest.h"
#include "vif.h"

#define TX_FLAGS	(NETTXF_csum_blank | NETTXF_data_validated | \
			 NETTXF_more_data)

/* One packet's requests, copied. */
struct tx_chain {
	unsigned int nr;
	uint32_t len;		/* of the frame */
	struct netif_tx_request slot[NBL_MAX_SLOTS];
};

/* Copy the packet that starts at index cons.  NULL, or what is wrong. */
static const char *tx_copy_chain(struct nbl_vif *vif, RING_IDX cons,
				 RING_IDX prod, struct tx_chain *c)
{
	unsigned int max = vif->features & XEN_NOXS_NET_F_SG ? NBL_MAX_SLOTS
							     : 1;
	struct netif_tx_request *req;

	c->nr = 0;
	do {
		if (c->nr == max)
			return "tx ring: packet of too many slots";
		if (cons + c->nr == prod)
			return "tx ring: packet without its end";
		req = &c->slot[c->nr];
		RING_COPY_REQUEST(&vif->tx.ring, cons + c->nr, req);
		if (req->flags & ~TX_FLAGS)
			return "tx ring: unknown flags";
		c->nr++;
	} while (req->flags & NETTXF_more_data);
	return NULL;
}

/*
 * The first slot says the size of all; make it say its own.  All in 32 bits:
 * nothing wraps.
 */
static const char *tx_check_chain(struct tx_chain *c)
{
	uint32_t rest = 0;
	unsigned int i;

	c->len = c->slot[0].size;
	for (i = 1; i < c->nr; i++)
		rest += c->slot[i].size;
	if (c->nr > 1 && rest >= c->len)
		return "tx ring: sizes of a packet do not add up";
	c->slot[0].size = (uint16_t)(c->len - rest);
	for (i = 0; i < c->nr; i++) {
		if (c->slot[i].size == 0 && c->nr > 1)
			return "tx ring: empty fragment";
		if ((uint32_t)c->slot[i].offset + c->slot[i].size >
		    NBL_PAGE_SIZE)
			return "tx ring: data past the end of a page";
	}
	return NULL;
}

static void tx_add_copies(struct nbl_vif *vif, struct nbl_batch *b,
			  struct nbl_packet *p, const struct tx_chain *c)
{
	struct xengnttab_grant_copy_segment *seg;
	uint8_t *to = p->frame;
	unsigned int i;

	for (i = 0; i < c->nr; i++) {
		seg = &b->seg[b->nr_segs++];
		seg->source.foreign.ref = c->slot[i].gref;
		seg->source.foreign.offset = c->slot[i].offset;
		seg->source.foreign.domid = vif->guest->domid;
		seg->dest.virt = to;
		seg->len = c->slot[i].size;
		seg->flags = GNTCOPY_source_gref;
		seg->status = GNTST_general_error;
		to += c->slot[i].size;
	}
	p->nr_segs = (uint16_t)c->nr;
}

static void tx_add_packet(struct nbl_vif *vif, struct nbl_batch *b,
			  const struct tx_chain *c)
{
	bool bad = c->len < ETH_HLEN || c->len > vif->max_frame;
	struct nbl_packet *p = nbl_batch_packet(b, bad ? 0 : c->len);
	unsigned int i;

	p->nr_slots = (uint16_t)c->nr;
	p->flags = c->slot[0].flags;
	for (i = 0; i < c->nr; i++)
		b->slot_id[b->nr_slots++] = c->slot[i].id;
	if (bad)
		p->status = NETIF_RSP_ERROR;
	else
		tx_add_copies(vif, b, p, c);
}

/* Fill the batch.  Returns 0, or -EPROTO. */
static int tx_take(struct nbl_vif *vif, struct nbl_batch *b, RING_IDX prod,
		   int budget, const char **why)
{
	struct tx_chain c;

	nbl_batch_reset(b);
	while (vif->tx.ring.req_cons != prod && budget-- > 0 &&
	       (!vif->rate.bytes || vif->rate.credit > 0)) {
		if (!nbl_batch_room(b, NBL_MAX_SLOTS, vif->max_frame))
			break;
		*why = tx_copy_chain(vif, vif->tx.ring.req_cons, prod, &c);
		if (!*why)
			*why = tx_check_chain(&c);
		if (*why)
			return -EPROTO;
		tx_add_packet(vif, b, &c);
		if (vif->rate.bytes)
			vif->rate.credit -= c.len;
		vif->tx.ring.req_cons += c.nr;
	}
	return 0;
}

/* To the TAP; what the network does not take is lost, as on any wire. */
static void tx_send(struct nbl_vif *vif, const struct nbl_batch *b,
		    struct nbl_packet *p)
{
	ssize_t n;

	if (p->status == NETIF_RSP_OKAY && !nbl_batch_copied(b, p))
		p->status = NETIF_RSP_ERROR;
	if (p->status == NETIF_RSP_OKAY && (p->flags & NETTXF_csum_blank) &&
	    nbl_csum_offload(p->frame, &p->len, vif->features, p->hdr))
		p->status = NETIF_RSP_ERROR;
	if (p->status == NETIF_RSP_OKAY) {
		n = write(vif->tap->fd, p->hdr, sizeof(*p->hdr) + p->len);
		if (n < 0)
			p->status = NETIF_RSP_DROPPED;
	}
	if (p->status == NETIF_RSP_OKAY) {
		vif->stats.tx_packets++;
		vif->stats.tx_bytes += p->len;
	} else {
		vif->stats.tx_dropped++;
	}
}

static void tx_respond(struct nbl_vif *vif, const struct nbl_batch *b)
{
	netif_tx_back_ring_t *ring = &vif->tx.ring;
	const struct nbl_packet *p;
	struct netif_tx_response *rsp;
	unsigned int i, s;
	int notify;

	for (i = 0; i < b->nr_packets; i++) {
		p = &b->packet[i];
		for (s = 0; s < p->nr_slots; s++) {
			rsp = RING_GET_RESPONSE(ring, ring->rsp_prod_pvt);
			rsp->id = b->slot_id[p->first_slot + s];
			rsp->status = p->status;
			ring->rsp_prod_pvt++;
		}
	}
	RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(ring, notify);
	if (notify)
		vif->notify_due = true;
}

static void tx_batch(struct nbl_vif *vif, struct nbl_batch *b)
{
	unsigned int i;

	/* On -errno no status was written: all are still errors. */
	if (b->nr_segs)
		nbl_gnttab_copy(vif->nb->gt, b->seg, b->nr_segs);
	for (i = 0; i < b->nr_packets; i++)
		tx_send(vif, b, &b->packet[i]);
	tx_respond(vif, b);
}

int nbl_tx_run(struct nbl_vif *vif, const char **why)
{
	netif_tx_back_ring_t *ring = &vif->tx.ring;
	struct nbl_batch *b = vif->nb->batch;
	int budget = NBL_VIF_BUDGET, rc;
	RING_IDX prod;

	for (;;) {
		prod = nbl_ring_prod(&ring->sring->req_prod);
		if (prod == ring->req_cons)
			prod = nbl_ring_arm(&ring->sring->req_event,
					    ring->req_cons + 1,
					    &ring->sring->req_prod);
		if (prod == ring->req_cons)
			return 0;
		/* All taken ones are answered: at most a ring full is new. */
		if (prod - ring->req_cons > NBL_RING_SIZE) {
			*why = "tx ring: producer index out of range";
			return -EPROTO;
		}
		if (budget <= 0)
			return 1;
		if (vif->rate.bytes && !nbl_rate_open(vif))
			return 0;
		rc = tx_take(vif, b, prod, budget, why);
		budget -= (int)b->nr_packets;
		/* What was taken before a lie is answered; no one may care. */
		tx_batch(vif, b);
		if (rc)
			return rc;
	}
}

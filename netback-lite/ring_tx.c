// SPDX-License-Identifier: BSD-2-Clause
/*
 * Guest -> TAP.
 *
 * A batch: take whole packets off the ring into private copies of their
 * slots, copy all their data by one grant operation into the arena, write
 * them to the TAP at once (writer.h), respond in the order of the requests.
 *
 * A guest whose ring cannot be followed any more (an index, a chain or a page
 * bound that is wrong) loses its vif; a frame that is merely bad gets
 * NETIF_RSP_ERROR.
 */
#include <errno.h>
#include <linux/if_ether.h>

#include "batch.h"
#include "closer.h"
#include "csum.h"
#include "gso.h"
#include "guest.h"
#include "stats.h"
#include "switch.h"
#include "vif.h"
#include "writer.h"

#define TX_FLAGS	(NETTXF_csum_blank | NETTXF_data_validated | \
			 NETTXF_more_data)
#define GSO_ANY		(XEN_NOXS_NET_F_GSO4 | XEN_NOXS_NET_F_GSO6)

/* One packet's requests, copied. */
struct tx_chain {
	unsigned int nr;
	unsigned int nr_extras;	/* 0 or 1, behind the first of them */
	uint32_t len;		/* of the frame */
	struct nbl_gso gso;
	bool group;		/* no frame: extra says what to hear */
	struct netif_extra_info extra;
	struct netif_tx_request slot[NBL_MAX_SLOTS];
};

static const char *tx_copy_extra(struct nbl_queue *q, RING_IDX at,
				 RING_IDX prod, struct tx_chain *c)
{
	struct netif_tx_request req;
	const char *why;

	if (at == prod)
		return "tx ring: packet without its extra info";
	nbl_ring_get(&req, RING_GET_REQUEST(&q->tx.ring, at), sizeof(req));
	memcpy(&c->extra, &req, sizeof(c->extra));
	c->nr_extras = 1;
	c->group = nbl_groups_mean(&c->extra, q->vif->features, &why);
	if (!c->group)
		return nbl_gso_take(&c->extra, q->vif->features, &c->gso);
	if (c->slot[0].flags & NETTXF_more_data)
		why = "tx ring: data with a group";
	return why;
}

/* Copy the packet that starts at index cons.  NULL, or what is wrong. */
static const char *tx_copy_chain(struct nbl_queue *q, RING_IDX cons,
				 RING_IDX prod, struct tx_chain *c)
{
	uint32_t features = q->vif->features;
	unsigned int max = features & XEN_NOXS_NET_F_SG ? NBL_MAX_SLOTS : 1;
	unsigned int extra = features & (GSO_ANY | XEN_NOXS_NET_F_MCAST) ?
			     NETTXF_extra_info : 0;
	struct netif_tx_request *req;
	const char *why = NULL;

	c->nr = 0;
	c->nr_extras = 0;
	c->gso.size = 0;
	c->group = false;
	do {
		if (c->nr == max)
			return "tx ring: packet of too many slots";
		if (cons == prod)
			return "tx ring: packet without its end";
		req = &c->slot[c->nr];
		nbl_ring_get(req, RING_GET_REQUEST(&q->tx.ring, cons),
			     sizeof(*req));
		if (req->flags & ~(TX_FLAGS | extra))
			return "tx ring: unknown flags";
		cons++;
		c->nr++;
		if (req->flags & NETTXF_extra_info)
			why = tx_copy_extra(q, cons++, prod, c);
		extra = 0;	/* not behind the others */
	} while (!why && (req->flags & NETTXF_more_data));
	return why;
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

static void tx_drop(struct nbl_packet *p, int16_t status,
		    enum noxs_netback_drop why)
{
	p->status = status;
	p->drop = (uint8_t)why;
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

/* What the slot says of data is ignored, as by any backend. */
static void tx_add_group(struct nbl_vif *vif, struct nbl_batch *b,
			 const struct tx_chain *c)
{
	struct nbl_packet *p = nbl_batch_packet(b, 0);

	p->nr_slots = 1;
	p->group = true;
	b->slot_id[b->nr_slots++] = c->slot[0].id;
	if (nbl_groups_change(vif, &c->extra))
		p->status = NETIF_RSP_ERROR;
}

static void tx_add_packet(struct nbl_vif *vif, struct nbl_batch *b,
			  const struct tx_chain *c)
{
	uint32_t max = c->gso.size ? NBL_GSO_MAX_TX : vif->max_frame;
	bool bad = c->len < ETH_HLEN || c->len > max;
	struct nbl_packet *p = nbl_batch_packet(b, bad ? 0 : c->len);
	unsigned int i;

	p->nr_slots = (uint16_t)c->nr;
	p->flags = c->slot[0].flags;
	p->gso = c->gso;
	for (i = 0; i < c->nr; i++)
		b->slot_id[b->nr_slots++] = c->slot[i].id;
	if (bad)
		tx_drop(p, NETIF_RSP_ERROR, NOXS_NETBACK_DROP_TX_SIZE);
	else
		tx_add_copies(vif, b, p, c);
}

/* Fill the batch.  Returns 0, or -EPROTO. */
static int tx_take(struct nbl_queue *q, struct nbl_batch *b, RING_IDX prod,
		   int *budget, const char **why)
{
	struct nbl_vif *vif = q->vif;
	uint32_t room = vif->features & GSO_ANY ? NBL_GSO_MAX_TX
						: vif->max_frame;
	struct tx_chain c;

	nbl_batch_reset(b);
	while (q->tx.ring.req_cons != prod && *budget > 0 &&
	       nbl_rate_has(&vif->tx_rate)) {
		if (!nbl_batch_room(b, NBL_MAX_SLOTS, room))
			break;
		*why = tx_copy_chain(q, q->tx.ring.req_cons, prod, &c);
		if (!*why && !c.group)
			*why = tx_check_chain(&c);
		if (*why)
			return -EPROTO;
		q->tx.ring.req_cons += c.nr + c.nr_extras;
		if (c.group) {
			tx_add_group(vif, b, &c);
			nbl_rate_take(&vif->tx_rate, 0, 1);
			--*budget;
			continue;
		}
		tx_add_packet(vif, b, &c);
		nbl_rate_take(&vif->tx_rate, c.len,
			      nbl_gso_frames(&c.gso, c.len));
		*budget -= nbl_vif_cost(c.len);
	}
	return 0;
}

/* What is left to the kernel to do: the header of the frame. */
static int tx_offload(const struct nbl_vif *vif, struct nbl_packet *p)
{
	int rc = 0;

	if (p->flags & NETTXF_csum_blank)
		rc = nbl_csum_offload(p->frame, &p->len, vif->features,
				      p->hdr);
	else if (p->gso.size)
		return -EINVAL;
	if (!rc && p->gso.size)
		rc = nbl_gso_offload(p->frame, p->len, vif->max_frame,
				     &p->gso, p->hdr);
	return rc;
}

/* What may not leave, or cannot, is dropped here. */
static void tx_judge(struct nbl_vif *vif, const struct nbl_batch *b,
		     struct nbl_packet *p)
{
	int why;

	if (p->status == NETIF_RSP_OKAY && !nbl_batch_copied(b, p))
		tx_drop(p, NETIF_RSP_ERROR, NOXS_NETBACK_DROP_TX_COPY);
	if (p->status == NETIF_RSP_OKAY && vif->spoof.mac) {
		why = nbl_spoof_check(&vif->spoof, p->frame, p->len);
		if (why != NBL_SPOOF_NONE)
			tx_drop(p, NETIF_RSP_DROPPED,
				(enum noxs_netback_drop)why);
	}
	if (p->status == NETIF_RSP_OKAY && tx_offload(vif, p))
		tx_drop(p, NETIF_RSP_ERROR, NOXS_NETBACK_DROP_TX_OFFLOAD);
}

/* What the network did not take is lost, as on any wire. */
static void tx_count(struct nbl_vif *vif, struct nbl_packet *p)
{
	if (p->status == NETIF_RSP_OKAY && p->written)
		tx_drop(p, NETIF_RSP_DROPPED, NOXS_NETBACK_DROP_TX_TAP);
	if (p->status == NETIF_RSP_OKAY) {
		vif->stats.tx_packets++;
		vif->nb->pace.tx++;
		vif->stats.tx_bytes += p->len;
	} else {
		nbl_stats_drop(&vif->stats, p->drop);
	}
}

static void tx_response(netif_tx_back_ring_t *ring, uint16_t id,
			int16_t status)
{
	const struct netif_tx_response rsp = { .id = id, .status = status };

	nbl_ring_put(RING_GET_RESPONSE(ring, ring->rsp_prod_pvt++), &rsp,
		     sizeof(rsp));
}

static void tx_respond(struct nbl_queue *q, const struct nbl_batch *b)
{
	netif_tx_back_ring_t *ring = &q->tx.ring;
	RING_IDX old = ring->rsp_prod_pvt;
	const struct nbl_packet *p;
	unsigned int i, s;

	for (i = 0; i < b->nr_packets; i++) {
		p = &b->packet[i];
		for (s = 0; s < p->nr_slots; s++) {
			tx_response(ring, b->slot_id[p->first_slot + s],
				    p->status);
			/* A slot of extra info has no id. */
			if (s == 0 && (p->gso.size || p->group))
				tx_response(ring, 0, NETIF_RSP_NULL);
		}
	}
	if (nbl_ring_push(&ring->sring->rsp_prod, &ring->sring->rsp_event, old,
			  ring->rsp_prod_pvt))
		nbl_vif_notify_later(q->vif, q->tx_port);
}

static void tx_batch(struct nbl_queue *q, struct nbl_batch *b)
{
	struct nbl_vif *vif = q->vif;
	struct nbl_writer *w = vif->nb->writer;
	struct nbl_packet *p;

	/* Who is told that it will hear them does. */
	if (vif->groups.changed && nbl_groups_apply(vif))
		nbl_log(NBL_WARN, "%s: its groups are not filtered",
			vif->tap->ifname);
	nbl_mapped_copy(q, b);
	for (p = b->packet; p < b->packet + b->nr_packets; p++) {
		if (p->group)
			continue;
		tx_judge(vif, b, p);
		if (p->status == NETIF_RSP_OKAY && !nbl_switch_frame(q, p))
			nbl_writer_add(w, q->fd, p);
	}
	nbl_switch_flush(vif->nb);
	nbl_writer_flush(w);
	for (p = b->packet; p < b->packet + b->nr_packets; p++)
		if (!p->group)
			tx_count(vif, p);
	tx_respond(q, b);
}

int nbl_tx_run(struct nbl_queue *q, int *budget, const char **why)
{
	struct nbl_vif *vif = q->vif;
	netif_tx_back_ring_t *ring = &q->tx.ring;
	struct nbl_batch *b = vif->nb->batch;
	RING_IDX prod;
	int rc;

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
		if (*budget <= 0)
			return 1;
		if (!nbl_rate_has(&vif->tx_rate) &&
		    !nbl_rate_open(vif, &vif->tx_rate,
				   &vif->stats.tx_throttled))
			return 0;
		rc = tx_take(q, b, prod, budget, why);
		/* What was taken before a lie is answered; no one may care. */
		tx_batch(q, b);
		if (rc)
			return rc;
	}
}

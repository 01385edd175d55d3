// SPDX-License-Identifier: BSD-2-Clause
/*
 * TAP -> guest.
 *
 * A batch: read frames into the arena as long as the guest has posted buffers
 * for them, copy all by one grant operation, respond.
 *
 * How many buffers a frame needs is not known before it is read.  The next is
 * taken to be like the last; one that needs more than there is is kept, one a
 * vif, until there is room for it.
 *
 * The TAP is watched edge-triggered: without buffers, or while other vifs have
 * their turn, frames wait in the TAP's own bounded queue and nothing polls.
 */
#include <errno.h>
#include <unistd.h>

#include "batch.h"
#include "closer.h"
#include "csum.h"
#include "gso.h"
#include "guest.h"
#include "stats.h"
#include "vif.h"

#define GSO_ANY	(XEN_NOXS_NET_F_GSO4 | XEN_NOXS_NET_F_GSO6)

/* Slots that the frame needs, with those of extra info. */
static unsigned int rx_slots(const struct nbl_packet *p)
{
	return (p->len + NBL_PAGE_SIZE - 1) / NBL_PAGE_SIZE +
	       (p->gso.size != 0);
}

/*
 * How many requests there are, at least need: or 0 with the event armed.
 * -EPROTO: an index that cannot be.
 */
static int rx_available(struct nbl_queue *q, unsigned int need,
			const char **why)
{
	netif_rx_back_ring_t *ring = &q->rx.ring;
	RING_IDX prod = nbl_ring_prod(&ring->sring->req_prod);

	if (prod - ring->req_cons < need)
		prod = nbl_ring_arm(&ring->sring->req_event,
				    ring->req_cons + need,
				    &ring->sring->req_prod);
	if (prod - ring->req_cons > NBL_RING_SIZE) {
		*why = "rx ring: producer index out of range";
		return -EPROTO;
	}
	return prod - ring->req_cons < need ? 0 : (int)(prod - ring->req_cons);
}

/*
 * Checksum flags for the guest.  The kernel leaves checksums blank for both
 * families or for none; those that the guest did not take are done here.
 */
static int rx_flags(const struct nbl_vif *vif, struct nbl_packet *p)
{
	const uint32_t any = XEN_NOXS_NET_F_CSUM4 | XEN_NOXS_NET_F_CSUM6;

	if (p->gso.size) {
		p->flags = NETRXF_csum_blank | NETRXF_data_validated |
			   NETRXF_extra_info;
	} else if (p->hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
		if (!(nbl_csum_family(p->frame, p->len) & vif->features))
			return nbl_csum_complete(p->frame, p->len, p->hdr);
		p->flags = NETRXF_csum_blank | NETRXF_data_validated;
	} else if ((p->hdr->flags & VIRTIO_NET_HDR_F_DATA_VALID) &&
		   (vif->features & any)) {
		p->flags = NETRXF_data_validated;
	}
	return 0;
}

/* The guest's buffers for one frame: one copy per page, none for extra info. */
static void rx_add_copies(struct nbl_queue *q, struct nbl_batch *b,
			  struct nbl_packet *p)
{
	struct xengnttab_grant_copy_segment *seg;
	struct netif_rx_request req;
	uint32_t off, n;

	for (off = 0; off < p->len; off += n) {
		n = p->len - off;
		if (n > NBL_PAGE_SIZE)
			n = NBL_PAGE_SIZE;
		nbl_ring_get(&req, RING_GET_REQUEST(&q->rx.ring,
						    q->rx.ring.req_cons++),
			     sizeof(req));
		if (off == 0 && p->gso.size)
			q->rx.ring.req_cons++;
		b->slot_id[b->nr_slots++] = req.id;
		seg = &b->seg[b->nr_segs++];
		seg->source.virt = p->frame + off;
		seg->dest.foreign.ref = req.gref;
		seg->dest.foreign.offset = 0;
		seg->dest.foreign.domid = q->vif->guest->domid;
		seg->len = (uint16_t)n;
		seg->flags = GNTCOPY_dest_gref;
		seg->status = GNTST_general_error;
		p->nr_slots++;
		p->nr_segs++;
	}
}

/* What had no room comes first, then what came before the guest was there. */
static ssize_t rx_next(struct nbl_queue *q, void *packet, size_t size)
{
	struct nbl_held *held = &q->vif->held;

	if (!nbl_held_empty(&q->stalled))
		return (ssize_t)nbl_held_get(&q->stalled, packet, size);
	if (!nbl_held_empty(held))
		return (ssize_t)nbl_held_get(held, packet, size);
	if (!q->reads) {
		errno = EAGAIN;
		return -1;
	}
	return read(q->fd, packet, size);
}

/* Is it one that the guest can take at all?  If not, why. */
static bool rx_fits(const struct nbl_vif *vif, struct nbl_packet *p,
		    enum noxs_netback_drop *why)
{
	uint32_t max = vif->max_frame;

	*why = NOXS_NETBACK_DROP_RX_OFFLOAD;
	if (nbl_gso_read(p->hdr, vif->features, &p->gso))
		return false;
	if (p->gso.size)
		max = NBL_GSO_MAX_FRAME;
	else if (!(vif->features & XEN_NOXS_NET_F_SG) && max > NBL_PAGE_SIZE)
		max = NBL_PAGE_SIZE;
	*why = NOXS_NETBACK_DROP_RX_SIZE;
	return p->len > 0 && p->len <= max;
}

static uint32_t rx_max(const struct nbl_vif *vif)
{
	return vif->features & GSO_ANY ? NBL_GSO_MAX_FRAME : vif->max_frame;
}

/*
 * One frame from the TAP into the batch, for at most avail slots.  Slots that
 * it took, 0 if it was dropped; -EAGAIN: none there, or no room for it;
 * -errno: the TAP is gone.
 */
static int rx_read(struct nbl_queue *q, struct nbl_batch *b,
		   unsigned int avail)
{
	struct nbl_vif *vif = q->vif;
	/* One byte more than is allowed, to see that a frame is too long. */
	uint32_t hdr = sizeof(struct virtio_net_hdr), max = rx_max(vif) + 1;
	struct nbl_packet *p = nbl_batch_packet(b, max);
	enum noxs_netback_drop why;
	ssize_t n;

	n = rx_next(q, p->hdr, hdr + max);
	if (n < 0) {
		nbl_batch_trim(b, 0);
		q->tap_readable = false;
		return errno == EINTR ? -EAGAIN : -errno;
	}
	p->len = (uint32_t)n > hdr ? (uint32_t)n - hdr : 0;
	if (!rx_fits(vif, p, &why))
		goto drop;
	q->rx_need = rx_slots(p);
	if (q->rx_need > avail) {
		why = NOXS_NETBACK_DROP_RX_ROOM;
		if (nbl_held_put(&q->stalled, p->hdr, (size_t)n))
			goto drop;
		nbl_batch_trim(b, 0);
		return -EAGAIN;
	}
	why = NOXS_NETBACK_DROP_RX_OFFLOAD;
	if (rx_flags(vif, p))
		goto drop;
	nbl_batch_trim(b, (uint32_t)n);
	nbl_rate_take(&vif->rx_rate, p->len, nbl_gso_frames(&p->gso, p->len));
	rx_add_copies(q, b, p);
	return (int)q->rx_need;

drop:
	nbl_batch_trim(b, 0);
	q->rx_need = 1;
	nbl_stats_drop(&vif->stats, why);
	return 0;
}

static void rx_put_extra(netif_rx_back_ring_t *ring, const struct nbl_gso *gso)
{
	struct netif_extra_info extra;

	nbl_gso_put(gso, &extra);
	/* In place of the response to the request that it consumed. */
	nbl_ring_put(RING_GET_RESPONSE(ring, ring->rsp_prod_pvt++), &extra,
		     sizeof(extra));
}

static void rx_respond_packet(struct nbl_queue *q, const struct nbl_batch *b,
			      const struct nbl_packet *p)
{
	struct nbl_vif *vif = q->vif;
	netif_rx_back_ring_t *ring = &q->rx.ring;
	const struct xengnttab_grant_copy_segment *seg;
	struct netif_rx_response rsp;
	bool ok = nbl_batch_copied(b, p);
	unsigned int s;

	for (s = 0; s < p->nr_slots; s++) {
		seg = &b->seg[p->first_seg + s];
		rsp.id = b->slot_id[p->first_slot + s];
		rsp.offset = 0;
		rsp.flags = s == 0 ? p->flags : 0;
		if (s + 1 < p->nr_slots)
			rsp.flags |= NETRXF_more_data;
		rsp.status = ok ? (int16_t)seg->len : NETIF_RSP_ERROR;
		nbl_ring_put(RING_GET_RESPONSE(ring, ring->rsp_prod_pvt++),
			     &rsp, sizeof(rsp));
		if (s == 0 && p->gso.size)
			rx_put_extra(ring, &p->gso);
	}
	if (ok) {
		vif->stats.rx_packets++;
		vif->nb->pace.rx++;
		vif->rx_unicast += !(p->frame[0] & 1);
		vif->stats.rx_bytes += p->len;
	} else {
		nbl_stats_drop(&vif->stats, NOXS_NETBACK_DROP_RX_COPY);
	}
}

static void rx_batch(struct nbl_queue *q, struct nbl_batch *b)
{
	netif_rx_back_ring_t *ring = &q->rx.ring;
	RING_IDX old = ring->rsp_prod_pvt;
	unsigned int i;

	if (!b->nr_packets)
		return;
	nbl_mapped_copy(q, b);
	for (i = 0; i < b->nr_packets; i++)
		rx_respond_packet(q, b, &b->packet[i]);
	if (nbl_ring_push(&ring->sring->rsp_prod, &ring->sring->rsp_event, old,
			  ring->rsp_prod_pvt))
		nbl_vif_notify_later(q->vif, q->rx_port);
}

/*
 * One batch, for at most avail slots.  > 0: there may be more, 0: no frame or
 * no room, -errno: the TAP is gone.
 */
static int rx_take(struct nbl_queue *q, struct nbl_batch *b,
		   unsigned int avail, int *budget)
{
	struct nbl_vif *vif = q->vif;
	int rc = 1;

	nbl_batch_reset(b);
	while (*budget > 0 && avail >= q->rx_need &&
	       nbl_rate_has(&vif->rx_rate) &&
	       nbl_batch_room(b, NBL_MAX_SLOTS, rx_max(vif) + 1)) {
		rc = rx_read(q, b, avail);
		if (rc < 0)
			break;
		avail -= (unsigned int)rc;
		*budget -= rc ? nbl_vif_cost(b->packet[b->nr_packets - 1].len)
			      : 1;
	}
	rx_batch(q, b);
	return rc == -EAGAIN ? 0 : rc < 0 ? rc : 1;
}

bool nbl_rx_may_put(const struct nbl_vif *vif)
{
	const struct nbl_queue *q;

	for (q = vif->queue; q < vif->queue + vif->nr_queues; q++)
		if (q->tap_readable || q->stall != NBL_STALL_NONE)
			return false;
	return !vif->damp.blind && !vif->dozing && !vif->await &&
	       nbl_vif_in_step(vif);
}

int nbl_rx_put(struct nbl_queue *q, struct nbl_batch *b,
	       const struct nbl_packet *from, const char **why)
{
	struct nbl_vif *vif = q->vif;
	struct nbl_packet p = {
		.hdr = from->hdr, .frame = from->frame, .len = from->len,
	};
	enum noxs_netback_drop drop;
	int rc;

	if (!nbl_rate_has(&vif->rx_rate) || !rx_fits(vif, &p, &drop))
		return 0;
	rc = rx_available(q, rx_slots(&p), why);
	if (rc <= 0)
		return rc;
	/* It may complete the checksum: no frame for the TAP any more. */
	if (rx_flags(vif, &p))
		return 0;
	if (!nbl_batch_room(b, NBL_MAX_SLOTS, 0))
		nbl_rx_flush(q, b);
	nbl_rate_take(&vif->rx_rate, p.len, nbl_gso_frames(&p.gso, p.len));
	rx_add_copies(q, b, nbl_batch_alias(b, &p));
	return 1;
}

void nbl_rx_flush(struct nbl_queue *q, struct nbl_batch *b)
{
	rx_batch(q, b);
	nbl_batch_reset(b);
}

/* Are there buffers? */
static void rx_stall(struct nbl_queue *q, int available)
{
	q->vif->stats.rx_stalls += !available && !q->rx_stalled;
	q->rx_stalled = !available;
	if (available)
		nbl_stall_end(q);
	else
		nbl_stall_begin(q);
}

int nbl_rx_run(struct nbl_queue *q, int *budget, const char **why)
{
	struct nbl_vif *vif = q->vif;
	struct nbl_batch *b = vif->nb->batch;
	int rc;

	while (q->tap_readable && *budget > 0) {
		rc = rx_available(q, q->rx_need, why);
		rx_stall(q, rc);
		if (rc <= 0)
			return rc;
		if (!nbl_rate_has(&vif->rx_rate) &&
		    !nbl_rate_open(vif, &vif->rx_rate,
				   &vif->stats.rx_throttled))
			return 0;
		rc = rx_take(q, b, (unsigned int)rc, budget);
		if (rc < 0) {
			*why = "TAP";
			return rc;
		}
	}
	return q->tap_readable;
}

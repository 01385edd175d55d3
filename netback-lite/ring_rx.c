// SPDX-License-Identifier: BSD-2-Clause
/*
 * TAP -> guest.
 *
 * A batch: read frames into the arena as long as the guest has posted enough
 * buffers for the largest, copy all by one grant operation, respond.
 *
 * The TAP is watched edge-triggered: without buffers, or while other vifs have
 * their turn, frames wait in the TAP's own bounded queue and nothing polls.
 */
#include <errno.h>
#include <unistd.h>

#include "batch.h"
#include "closer.h"
#include "csum.h"
#include "guest.h"
#include "vif.h"

/* Slots that the largest frame needs. */
static unsigned int rx_need(const struct nbl_vif *vif)
{
	if (!(vif->features & XEN_NOXS_NET_F_SG))
		return 1;
	return (vif->max_frame + NBL_PAGE_SIZE - 1) / NBL_PAGE_SIZE;
}

/*
 * How many requests there are, at least need: or 0 with the event armed.
 * -EPROTO: an index that cannot be.
 */
static int rx_available(struct nbl_vif *vif, unsigned int need,
			const char **why)
{
	netif_rx_back_ring_t *ring = &vif->rx.ring;
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

	if (p->hdr->gso_type != VIRTIO_NET_HDR_GSO_NONE)
		return -EOPNOTSUPP;	/* never asked for */
	if (p->hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
		if (!(nbl_csum_family(p->frame, p->len) & vif->features))
			return nbl_csum_complete(p->frame, p->len, p->hdr);
		p->flags = NETRXF_csum_blank | NETRXF_data_validated;
	} else if ((p->hdr->flags & VIRTIO_NET_HDR_F_DATA_VALID) &&
		   (vif->features & any)) {
		p->flags = NETRXF_data_validated;
	}
	return 0;
}

/* The guest's buffers for one frame: one copy per page. */
static void rx_add_copies(struct nbl_vif *vif, struct nbl_batch *b,
			  struct nbl_packet *p)
{
	struct xengnttab_grant_copy_segment *seg;
	struct netif_rx_request req;
	uint32_t off, n;

	for (off = 0; off < p->len; off += n) {
		n = p->len - off;
		if (n > NBL_PAGE_SIZE)
			n = NBL_PAGE_SIZE;
		RING_COPY_REQUEST(&vif->rx.ring, vif->rx.ring.req_cons, &req);
		vif->rx.ring.req_cons++;
		b->slot_id[b->nr_slots++] = req.id;
		seg = &b->seg[b->nr_segs++];
		seg->source.virt = p->frame + off;
		seg->dest.foreign.ref = req.gref;
		seg->dest.foreign.offset = 0;
		seg->dest.foreign.domid = vif->guest->domid;
		seg->len = (uint16_t)n;
		seg->flags = GNTCOPY_dest_gref;
		seg->status = GNTST_general_error;
		p->nr_slots++;
		p->nr_segs++;
	}
}

/* What came before the guest was there comes first. */
static ssize_t rx_next(struct nbl_vif *vif, void *packet, size_t size)
{
	if (!nbl_held_empty(&vif->held))
		return (ssize_t)nbl_held_get(&vif->held, packet, size);
	return read(vif->tap->fd, packet, size);
}

/*
 * One frame from the TAP into the batch.  1: taken, or dropped, 0: no frame
 * there; -errno: the TAP is gone.
 */
static int rx_read(struct nbl_vif *vif, struct nbl_batch *b,
		   unsigned int need)
{
	/* One byte more than is allowed, to see that a frame is too long. */
	uint32_t max = vif->max_frame + 1, hdr = sizeof(struct virtio_net_hdr);
	struct nbl_packet *p = nbl_batch_packet(b, max);
	uint32_t used = b->used;
	ssize_t n;

	n = rx_next(vif, p->hdr, hdr + max);
	b->nr_packets--;
	b->used = (uint32_t)((uint8_t *)p->hdr - b->arena);
	if (n < 0) {
		vif->tap_readable = false;
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	}
	p->len = (uint32_t)n > hdr ? (uint32_t)n - hdr : 0;
	if (p->len == 0 || p->len > vif->max_frame ||
	    p->len > need * NBL_PAGE_SIZE || rx_flags(vif, p)) {
		vif->stats.rx_dropped++;
		return 1;
	}
	b->nr_packets++;
	b->used = used;
	rx_add_copies(vif, b, p);
	return 1;
}

static void rx_respond_packet(struct nbl_vif *vif, const struct nbl_batch *b,
			      const struct nbl_packet *p)
{
	netif_rx_back_ring_t *ring = &vif->rx.ring;
	const struct xengnttab_grant_copy_segment *seg;
	struct netif_rx_response *rsp;
	bool ok = nbl_batch_copied(b, p);
	unsigned int s;

	for (s = 0; s < p->nr_slots; s++) {
		seg = &b->seg[p->first_seg + s];
		rsp = RING_GET_RESPONSE(ring, ring->rsp_prod_pvt);
		rsp->id = b->slot_id[p->first_slot + s];
		rsp->offset = 0;
		rsp->flags = s == 0 ? p->flags : 0;
		if (s + 1 < p->nr_slots)
			rsp->flags |= NETRXF_more_data;
		rsp->status = ok ? (int16_t)seg->len : NETIF_RSP_ERROR;
		ring->rsp_prod_pvt++;
	}
	if (ok) {
		vif->stats.rx_packets++;
		vif->rx_unicast += !(p->frame[0] & 1);
		vif->stats.rx_bytes += p->len;
	} else {
		vif->stats.rx_dropped++;
	}
}

static void rx_batch(struct nbl_vif *vif, struct nbl_batch *b)
{
	unsigned int i;
	int notify;

	if (!b->nr_packets)
		return;
	/* On -errno no status was written: all are still errors. */
	nbl_gnttab_copy(vif->nb->gt, b->seg, b->nr_segs);
	for (i = 0; i < b->nr_packets; i++)
		rx_respond_packet(vif, b, &b->packet[i]);
	RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(&vif->rx.ring, notify);
	if (notify)
		vif->notify_due = true;
}

int nbl_rx_run(struct nbl_vif *vif, const char **why)
{
	unsigned int need = rx_need(vif), avail, i;
	struct nbl_batch *b = vif->nb->batch;
	int budget = NBL_VIF_BUDGET, rc = 1;

	while (vif->tap_readable && budget > 0) {
		rc = rx_available(vif, need, why);
		if (rc <= 0)
			return rc;
		avail = (unsigned int)rc;
		nbl_batch_reset(b);
		for (i = 0; i < avail && budget > 0; budget--) {
			if (avail - i < need ||
			    !nbl_batch_room(b, need, vif->max_frame + 1))
				break;
			rc = rx_read(vif, b, need);
			if (rc <= 0)
				break;
			i = b->nr_slots;
		}
		rx_batch(vif, b);
		if (rc < 0) {
			*why = "TAP";
			return rc;
		}
	}
	return vif->tap_readable;
}

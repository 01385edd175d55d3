/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * batch.h owns the memory through which packets pass: one arena, one list of
 * copy segments, one of packets, for the whole process.  A vif uses it from
 * the first packet of a batch to the last within one call, so nothing in here
 * outlives that call and memory does not grow with the number of vifs.
 *
 * A packet lies in the arena as a TAP wants it: struct virtio_net_hdr, then
 * the frame.
 */
#ifndef NBL_BATCH_H
#define NBL_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/virtio_net.h>

#include "gnttab.h"
#include "gso.h"

#define NBL_BATCH_SEGS	128u	/* copies, and slots */
#define NBL_BATCH_PKTS	64u
#define NBL_BATCH_ARENA	(320u * 1024)	/* four of the largest, and room to read */

struct nbl_packet {
	struct virtio_net_hdr *hdr;
	uint8_t *frame;		/* behind hdr */
	uint32_t len;		/* of the frame */
	uint16_t first_slot, nr_slots;
	uint16_t first_seg, nr_segs;
	uint16_t flags;		/* of the ring */
	struct nbl_gso gso;	/* of size 0: none */
	bool group;		/* no frame, but what a guest wants to hear */
	int16_t status;		/* NETIF_RSP_* */
	uint8_t drop;		/* NOXS_NETBACK_DROP_*, unless it is OKAY */
	int written;		/* by writer.h: 0 or -errno */
};

struct nbl_batch {
	unsigned int nr_segs, nr_packets, nr_slots;
	uint32_t used;			/* of the arena */
	uint16_t slot_id[NBL_BATCH_SEGS];	/* to be echoed */
	struct nbl_packet packet[NBL_BATCH_PKTS];
	struct xengnttab_grant_copy_segment seg[NBL_BATCH_SEGS];
	uint8_t *arena;
};

int nbl_batch_create(struct nbl_batch **out);
void nbl_batch_destroy(struct nbl_batch *b);	/* NULL is allowed */

/* Room for one more packet of so many slots and frame bytes? */
bool nbl_batch_room(const struct nbl_batch *b, unsigned int slots,
		    uint32_t len);
/* The next packet: zeroed header, frame of len bytes.  There must be room. */
struct nbl_packet *nbl_batch_packet(struct nbl_batch *b, uint32_t len);
/* The same for one whose header, frame and what else is known of it lie elsewhere. */
struct nbl_packet *nbl_batch_alias(struct nbl_batch *b,
				   const struct nbl_packet *from);
/* The last packet is n bytes, header included, and no longer; 0: none at all. */
void nbl_batch_trim(struct nbl_batch *b, uint32_t n);
/* Forget everything. */
void nbl_batch_reset(struct nbl_batch *b);
/* Did all copies of this packet succeed? */
bool nbl_batch_copied(const struct nbl_batch *b, const struct nbl_packet *p);

#endif

// SPDX-License-Identifier: BSD-2-Clause
/* The arena that all packets pass through. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "batch.h"

#define ALIGN		64u
#define HDR		((uint32_t)sizeof(struct virtio_net_hdr))

static uint32_t batch_size(uint32_t len)
{
	return (HDR + len + ALIGN - 1) & ~(ALIGN - 1);
}

int nbl_batch_create(struct nbl_batch **out)
{
	struct nbl_batch *b;
	void *p;

	b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	if (posix_memalign(&p, NBL_PAGE_SIZE, NBL_BATCH_ARENA)) {
		free(b);
		return -ENOMEM;
	}
	memset(p, 0, NBL_BATCH_ARENA);
	b->arena = p;
	*out = b;
	return 0;
}

void nbl_batch_destroy(struct nbl_batch *b)
{
	if (!b)
		return;
	free(b->arena);
	free(b);
}

bool nbl_batch_room(const struct nbl_batch *b, unsigned int slots,
		    uint32_t len)
{
	return b->nr_packets < NBL_BATCH_PKTS &&
	       b->nr_slots + slots <= NBL_BATCH_SEGS &&
	       b->nr_segs + slots <= NBL_BATCH_SEGS &&
	       b->used + batch_size(len) <= NBL_BATCH_ARENA;
}

struct nbl_packet *nbl_batch_packet(struct nbl_batch *b, uint32_t len)
{
	struct nbl_packet *p = &b->packet[b->nr_packets++];

	memset(p, 0, sizeof(*p));
	p->hdr = (struct virtio_net_hdr *)(void *)(b->arena + b->used);
	memset(p->hdr, 0, sizeof(*p->hdr));
	p->frame = b->arena + b->used + HDR;
	p->len = len;
	p->first_slot = (uint16_t)b->nr_slots;
	p->first_seg = (uint16_t)b->nr_segs;
	b->used += batch_size(len);
	return p;
}

struct nbl_packet *nbl_batch_alias(struct nbl_batch *b,
				   const struct nbl_packet *from)
{
	struct nbl_packet *p = &b->packet[b->nr_packets++];

	*p = *from;
	p->first_slot = (uint16_t)b->nr_slots;
	p->first_seg = (uint16_t)b->nr_segs;
	p->nr_slots = p->nr_segs = 0;
	return p;
}

void nbl_batch_trim(struct nbl_batch *b, uint32_t n)
{
	struct nbl_packet *p = &b->packet[b->nr_packets - 1];

	b->used = (uint32_t)((uint8_t *)p->hdr - b->arena);
	if (!n) {
		b->nr_packets--;
		return;
	}
	p->len = n - HDR;
	b->used += batch_size(p->len);
}

void nbl_batch_reset(struct nbl_batch *b)
{
	b->nr_segs = 0;
	b->nr_packets = 0;
	b->nr_slots = 0;
	b->used = 0;
}

bool nbl_batch_copied(const struct nbl_batch *b, const struct nbl_packet *p)
{
	unsigned int i;

	for (i = 0; i < p->nr_segs; i++)
		if (b->seg[p->first_seg + i].status != GNTST_okay)
			return false;
	return true;
}

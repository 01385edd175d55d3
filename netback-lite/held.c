// SPDX-License-Identifier: BSD-2-Clause
/* Frames that came before their guest. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "held.h"

void nbl_held_init(struct nbl_held *h, size_t *all)
{
	memset(h, 0, sizeof(*h));
	STAILQ_INIT(&h->packets);
	h->all = all;
}

int nbl_held_put(struct nbl_held *h, const void *packet, size_t size)
{
	struct nbl_held_packet *p;

	if (h->nr == NBL_HELD_PACKETS || size > NBL_HELD_BYTES - h->bytes ||
	    size > NBL_HELD_ALL - *h->all)
		return -ENOSPC;
	p = calloc(1, sizeof(*p) + size);
	if (!p)
		return -ENOMEM;
	p->size = size;
	memcpy(p->bytes, packet, size);
	STAILQ_INSERT_TAIL(&h->packets, p, link);
	h->nr++;
	h->bytes += size;
	*h->all += size;
	return 0;
}

bool nbl_held_empty(const struct nbl_held *h)
{
	return !h->nr;
}

static void drop_first(struct nbl_held *h)
{
	struct nbl_held_packet *p = STAILQ_FIRST(&h->packets);

	STAILQ_REMOVE_HEAD(&h->packets, link);
	h->nr--;
	h->bytes -= p->size;
	*h->all -= p->size;
	free(p);
}

size_t nbl_held_get(struct nbl_held *h, void *packet, size_t size)
{
	const struct nbl_held_packet *p = STAILQ_FIRST(&h->packets);

	if (!p)
		return 0;
	if (size > p->size)
		size = p->size;
	memcpy(packet, p->bytes, size);
	drop_first(h);
	return size;
}

void nbl_held_move(struct nbl_held *to, struct nbl_held *from)
{
	STAILQ_CONCAT(&to->packets, &from->packets);
	to->nr = from->nr;
	to->bytes = from->bytes;
	from->nr = 0;
	from->bytes = 0;
}

void nbl_held_drop(struct nbl_held *h)
{
	while (h->nr)
		drop_first(h);
}

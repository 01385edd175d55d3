/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * held.h owns frames that came before their guest: a queue of whole packets,
 * as a TAP gives them (struct virtio_net_hdr first).  Those that come when it
 * is full are not taken: the first ones are what makes a connection.
 */
#ifndef NBL_HELD_H
#define NBL_HELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#define NBL_HELD_PACKETS	64u
#define NBL_HELD_BYTES		(65u << 10)	/* one of the largest */
/* Of all queues together: whoever scans a network gets no more memory. */
#define NBL_HELD_ALL		(16u << 20)

struct nbl_held_packet {
	STAILQ_ENTRY(nbl_held_packet) link;
	size_t size;
	uint8_t bytes[];
};

STAILQ_HEAD(nbl_held_packets, nbl_held_packet);

struct nbl_held {
	struct nbl_held_packets packets;
	unsigned int nr;
	size_t bytes;
	size_t *all;		/* bytes of all queues */
};

/* all: where the bytes of all queues are counted. */
void nbl_held_init(struct nbl_held *h, size_t *all);
/* -ENOSPC: full; -ENOMEM. */
int nbl_held_put(struct nbl_held *h, const void *packet, size_t size);
bool nbl_held_empty(const struct nbl_held *h);
/* The first one's bytes, cut to size; 0: there is none. */
size_t nbl_held_get(struct nbl_held *h, void *packet, size_t size);
/* to, which is empty, gets them all. */
void nbl_held_move(struct nbl_held *to, struct nbl_held *from);
void nbl_held_drop(struct nbl_held *h);

#endif

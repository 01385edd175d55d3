/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * toeplitz.h owns the hash by which a frame finds its queue (XEN_NOXS_NET_F_HASH):
 * that of receive-side scaling, as NIC makers and Microsoft's "RSS Hashing Types"
 * have it, by tables: a look-up for each byte.
 */
#ifndef NBL_TOEPLITZ_H
#define NBL_TOEPLITZ_H

#include <stdint.h>

#include <xen/noxs.h>

#define NBL_TOEPLITZ_INPUT	36u	/* bytes: IPv6 addresses and ports */

struct nbl_toeplitz {
	uint8_t key[XEN_NOXS_NET_HASH_KEY];
	uint32_t table[NBL_TOEPLITZ_INPUT][256];	/* by place and value of a byte */
};

/* t->key is there. */
void nbl_toeplitz_init(struct nbl_toeplitz *t);
/* Of a frame from its Ethernet header on; 0 of one that has no addresses. */
uint32_t nbl_toeplitz_frame(const struct nbl_toeplitz *t, const uint8_t *frame,
			    uint32_t len);

/* Which of nr queues: a TAP takes 16 bits of what a steering program returns. */
static inline unsigned int nbl_toeplitz_queue(uint32_t hash, unsigned int nr)
{
	return (hash & 0xffff) % nr;
}

#endif

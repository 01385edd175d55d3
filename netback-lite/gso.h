/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gso.h owns TCP frames that are longer than the MTU, to be cut into segments
 * by whoever comes to a wire: how the ring tells of one, and how the TAP does.
 *
 * All work is on private copies: of the frame, and of the ring's slot.
 */
#ifndef NBL_GSO_H
#define NBL_GSO_H

#include <stdint.h>

#include <linux/virtio_net.h>

#include "ring.h"

/* A frame from the TAP: an IP packet of any length, behind Ethernet and VLAN. */
#define NBL_GSO_MAX_FRAME	(0xffffu + 18u)
/* One from the guest: its length has 16 bits. */
#define NBL_GSO_MAX_TX		((uint32_t)XEN_NETIF_MAX_TX_SIZE)

struct nbl_gso {
	uint16_t size;		/* payload bytes of a segment; 0: no GSO */
	uint8_t type;		/* XEN_NETIF_GSO_TYPE_* */
};

/* How many frames it is on a wire, about. */
static inline uint32_t nbl_gso_frames(const struct nbl_gso *gso, uint32_t len)
{
	return gso->size ? len / gso->size + 1 : 1;
}

/* Of features (XEN_NOXS_NET_F_*), those that need what is not there; or 0. */
uint32_t nbl_gso_alone(uint32_t features);
/* What the TAP's kernel may leave to the guest: TUN_F_*, checksums included. */
unsigned int nbl_gso_tun(uint32_t features);

/* A guest's extra slot.  NULL, or what is wrong with it. */
const char *nbl_gso_take(const struct netif_extra_info *extra,
			 uint32_t features, struct nbl_gso *out);
/*
 * What hdr tells the kernel of a guest's frame, for which nbl_csum_offload
 * has filled it in.  max_frame: of a segment with its headers.  -EINVAL: not
 * a TCP frame of that type, or segments that nobody needs or wants.
 */
int nbl_gso_offload(const uint8_t *frame, uint32_t len, uint32_t max_frame,
		    const struct nbl_gso *gso, struct virtio_net_hdr *hdr);

/* What the TAP says.  -EOPNOTSUPP: not agreed on with the guest. */
int nbl_gso_read(const struct virtio_net_hdr *hdr, uint32_t features,
		 struct nbl_gso *out);
/* The extra slot for it. */
void nbl_gso_put(const struct nbl_gso *gso, struct netif_extra_info *extra);

#endif

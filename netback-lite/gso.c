// SPDX-License-Identifier: BSD-2-Clause
/* Frames of several segments: what the guest says, and what the TAP says. */
#include <errno.h>
#include <linux/if_tun.h>
#include <stdbool.h>
#include <string.h>

#include <xen/noxs.h>

#include "csum.h"
#include "gso.h"

#define TCP_HLEN	20u
#define TCP_CSUM	16u	/* offset of the checksum */

uint32_t nbl_gso_alone(uint32_t features)
{
	const uint32_t need4 = XEN_NOXS_NET_F_SG | XEN_NOXS_NET_F_CSUM4;
	const uint32_t need6 = XEN_NOXS_NET_F_SG | XEN_NOXS_NET_F_CSUM6;
	uint32_t alone = 0;

	if ((features & need4) != need4)
		alone |= XEN_NOXS_NET_F_GSO4;
	if ((features & need6) != need6)
		alone |= XEN_NOXS_NET_F_GSO6;
	return alone & features;
}

unsigned int nbl_gso_tun(uint32_t features)
{
	unsigned int tun = 0;

	/*
	 * The kernel knows checksums of both families or of none: see rx_flags
	 * in ring_rx.c.
	 */
	if (features & (XEN_NOXS_NET_F_CSUM4 | XEN_NOXS_NET_F_CSUM6))
		tun |= TUN_F_CSUM;
	if (features & XEN_NOXS_NET_F_GSO4)
		tun |= TUN_F_TSO4;
	if (features & XEN_NOXS_NET_F_GSO6)
		tun |= TUN_F_TSO6;
	return tun;
}

static bool type_agreed(uint8_t type, uint32_t features)
{
	return (type == XEN_NETIF_GSO_TYPE_TCPV4 &&
		(features & XEN_NOXS_NET_F_GSO4)) ||
	       (type == XEN_NETIF_GSO_TYPE_TCPV6 &&
		(features & XEN_NOXS_NET_F_GSO6));
}

const char *nbl_gso_take(const struct netif_extra_info *extra,
			 uint32_t features, struct nbl_gso *out)
{
	if (extra->type != XEN_NETIF_EXTRA_TYPE_GSO)
		return "tx ring: extra info of unknown type";
	/* There is one kind: a second one would be the same again. */
	if (extra->flags & XEN_NETIF_EXTRA_FLAG_MORE)
		return "tx ring: more than one extra info";
	if (extra->flags || extra->u.gso.pad || extra->u.gso.features)
		return "tx ring: unknown GSO flags";
	if (!type_agreed(extra->u.gso.type, features))
		return "tx ring: GSO type that was not agreed on";
	if (!extra->u.gso.size)
		return "tx ring: GSO size 0";
	out->size = extra->u.gso.size;
	out->type = extra->u.gso.type;
	return NULL;
}

int nbl_gso_offload(const uint8_t *frame, uint32_t len, uint32_t max_frame,
		    const struct nbl_gso *gso, struct virtio_net_hdr *hdr)
{
	bool v4 = gso->type == XEN_NETIF_GSO_TYPE_TCPV4;
	uint32_t tcp = hdr->csum_start, headers;

	/* UDP's checksum is elsewhere. */
	if (hdr->csum_offset != TCP_CSUM || len < tcp + TCP_HLEN ||
	    nbl_csum_family(frame, len) != (v4 ? XEN_NOXS_NET_F_CSUM4
					       : XEN_NOXS_NET_F_CSUM6))
		return -EINVAL;
	headers = tcp + (frame[tcp + 12] >> 4) * 4u;
	if (headers < tcp + TCP_HLEN || headers > len)
		return -EINVAL;
	/*
	 * Not smaller than they need be, or one frame would be tens of
	 * thousands; not longer than a frame may be; and more than one.
	 */
	if (gso->size < XEN_NOXS_NET_MIN_GSO ||
	    headers + gso->size > max_frame || gso->size >= len - headers)
		return -EINVAL;
	hdr->gso_type = v4 ? VIRTIO_NET_HDR_GSO_TCPV4
			   : VIRTIO_NET_HDR_GSO_TCPV6;
	hdr->gso_size = gso->size;
	hdr->hdr_len = (uint16_t)headers;
	return 0;
}

int nbl_gso_read(const struct virtio_net_hdr *hdr, uint32_t features,
		 struct nbl_gso *out)
{
	uint8_t type;

	out->size = 0;
	out->type = XEN_NETIF_GSO_TYPE_NONE;
	switch (hdr->gso_type) {
	case VIRTIO_NET_HDR_GSO_NONE:
		return 0;
	case VIRTIO_NET_HDR_GSO_TCPV4:
		type = XEN_NETIF_GSO_TYPE_TCPV4;
		break;
	case VIRTIO_NET_HDR_GSO_TCPV6:
		type = XEN_NETIF_GSO_TYPE_TCPV6;
		break;
	default:
		return -EOPNOTSUPP;
	}
	/* What a former connection asked for may still be on its way. */
	if (!type_agreed(type, features) || !hdr->gso_size ||
	    !(hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM))
		return -EOPNOTSUPP;
	out->size = hdr->gso_size;
	out->type = type;
	return 0;
}

void nbl_gso_put(const struct nbl_gso *gso, struct netif_extra_info *extra)
{
	memset(extra, 0, sizeof(*extra));
	extra->type = XEN_NETIF_EXTRA_TYPE_GSO;
	extra->u.gso.size = gso->size;
	extra->u.gso.type = gso->type;
}

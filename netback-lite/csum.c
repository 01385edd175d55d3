// SPDX-License-Identifier: BSD-2-Clause
/* TCP and UDP checksums: where they are, their pseudo header, the sum. */
#include <errno.h>
#include <linux/if_ether.h>
#include <stdbool.h>

#include <xen/noxs.h>

#include "csum.h"

#define VLAN_HLEN	4u
#define TYPE_IPV4	0x0800
#define TYPE_IPV6	0x86dd
#define TYPE_VLAN	0x8100
#define PROTO_HOPOPTS	0
#define PROTO_TCP	6
#define PROTO_UDP	17
#define PROTO_ROUTING	43
#define PROTO_DSTOPTS	60
#define MAX_EXTS	8u	/* headers of IPv6, as many as Linux looks at */

struct l4 {
	uint32_t start;		/* of the TCP or UDP header */
	uint32_t len;		/* header and payload */
	uint32_t csum;		/* offset of the checksum from start */
	const uint8_t *addrs;	/* source and destination */
	uint32_t addrs_len;
	uint8_t proto;
};

static uint32_t get16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* Sum of big-endian words; an odd byte is the high half of one. */
static uint32_t sum_bytes(const uint8_t *p, uint32_t n, uint32_t sum)
{
	for (; n > 1; n -= 2, p += 2)
		sum += get16(p);
	if (n)
		sum += (uint32_t)p[0] << 8;
	return sum;
}

static uint32_t fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

/* Ethernet type and where its header starts; 0: frame too short. */
static uint32_t l3_find(const uint8_t *f, uint32_t len, uint32_t *off)
{
	uint32_t type;

	if (len < ETH_HLEN)
		return 0;
	type = get16(f + ETH_HLEN - 2);
	*off = ETH_HLEN;
	if (type != TYPE_VLAN)
		return type;
	if (len < ETH_HLEN + VLAN_HLEN)
		return 0;
	*off += VLAN_HLEN;
	return get16(f + *off - 2);
}

static int l4_find_v4(const uint8_t *f, uint32_t len, uint32_t off,
		      struct l4 *l4)
{
	uint32_t ihl, total;

	if (len < off + 20)
		return -EINVAL;
	ihl = (f[off] & 0xfu) * 4;
	total = get16(f + off + 2);
	if (f[off] >> 4 != 4 || ihl < 20 || total < ihl || total > len - off)
		return -EINVAL;
	if (get16(f + off + 6) & 0x3fff)	/* a fragment */
		return -EOPNOTSUPP;
	l4->proto = f[off + 9];
	l4->start = off + ihl;
	l4->len = total - ihl;
	l4->addrs = f + off + 12;
	l4->addrs_len = 8;
	return 0;
}

/*
 * Past an extension header of IPv6.  0, or -EINVAL, -EOPNOTSUPP: there is no TCP or
 * UDP behind it, or not all of it, or not with these addresses.
 */
static int v6_skip(const uint8_t *f, struct l4 *l4)
{
	const uint8_t *ext = f + l4->start;
	uint32_t size;

	switch (l4->proto) {
	case PROTO_ROUTING:
		if (l4->len < 8)
			return -EINVAL;
		if (ext[3])	/* segments left: the last address is in there */
			return -EOPNOTSUPP;
		break;
	case PROTO_HOPOPTS:
	case PROTO_DSTOPTS:
		if (l4->len < 8)
			return -EINVAL;
		break;
	default:
		return -EOPNOTSUPP;
	}
	size = (ext[1] + 1u) * 8;
	if (size > l4->len)
		return -EINVAL;
	l4->proto = ext[0];
	l4->start += size;
	l4->len -= size;
	return 0;
}

static int l4_find_v6(const uint8_t *f, uint32_t len, uint32_t off,
		      struct l4 *l4)
{
	uint32_t payload;
	unsigned int i;
	int rc = 0;

	if (len < off + 40)
		return -EINVAL;
	payload = get16(f + off + 4);
	if (f[off] >> 4 != 6 || payload > len - off - 40)
		return -EINVAL;
	l4->proto = f[off + 6];
	l4->start = off + 40;
	l4->len = payload;
	l4->addrs = f + off + 8;
	l4->addrs_len = 32;
	for (i = 0; i < MAX_EXTS && !rc && l4->proto != PROTO_TCP &&
	     l4->proto != PROTO_UDP; i++)
		rc = v6_skip(f, l4);
	return rc;
}

static int l4_find(const uint8_t *f, uint32_t len, uint32_t features,
		   struct l4 *l4)
{
	uint32_t type, off = 0, hlen;
	int rc = -EOPNOTSUPP;

	type = l3_find(f, len, &off);
	if (type == TYPE_IPV4 && (features & XEN_NOXS_NET_F_CSUM4))
		rc = l4_find_v4(f, len, off, l4);
	else if (type == TYPE_IPV6 && (features & XEN_NOXS_NET_F_CSUM6))
		rc = l4_find_v6(f, len, off, l4);
	if (rc)
		return rc;
	switch (l4->proto) {
	case PROTO_TCP:
		hlen = 20;
		l4->csum = 16;
		break;
	case PROTO_UDP:
		hlen = 8;
		l4->csum = 6;
		break;
	default:
		return -EOPNOTSUPP;
	}
	return l4->len < hlen ? -EINVAL : 0;
}

int nbl_csum_offload(uint8_t *frame, uint32_t *len, uint32_t features,
		     struct virtio_net_hdr *hdr)
{
	struct l4 l4;
	uint32_t sum;
	int rc;

	rc = l4_find(frame, *len, features, &l4);
	if (rc)
		return rc;
	sum = sum_bytes(l4.addrs, l4.addrs_len, l4.proto + l4.len);
	put16(frame + l4.start + l4.csum, fold(sum));
	*len = l4.start + l4.len;	/* the kernel sums up to the end */
	hdr->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	hdr->csum_start = (uint16_t)l4.start;
	hdr->csum_offset = (uint16_t)l4.csum;
	return 0;
}

uint32_t nbl_csum_family(const uint8_t *frame, uint32_t len)
{
	uint32_t off;

	switch (l3_find(frame, len, &off)) {
	case TYPE_IPV4:
		return XEN_NOXS_NET_F_CSUM4;
	case TYPE_IPV6:
		return XEN_NOXS_NET_F_CSUM6;
	default:
		return 0;
	}
}

int nbl_csum_complete(uint8_t *frame, uint32_t len,
		      const struct virtio_net_hdr *hdr)
{
	uint32_t start = hdr->csum_start, at = start + hdr->csum_offset, sum;

	if (start > len || at + 2 > len)
		return -EINVAL;
	sum = ~fold(sum_bytes(frame + start, len - start, 0)) & 0xffff;
	put16(frame + at, sum ? sum : 0xffff);
	return 0;
}

// SPDX-License-Identifier: BSD-2-Clause
/* Whose addresses does a frame bear? */
#include <string.h>

#include <net/ethernet.h>
#include <noxs/netback.h>

#include "spoof.h"

#define TYPE_8021AD	0x88a8u
#define MAX_TAGS	2u

#define ARP_SIZE	28u
#define IP4_SIZE	20u
#define IP6_SIZE	40u
#define ICMP6_SIZE	4u
#define ND_SIZE		24u	/* solicitation, advertisement of a neighbour */
#define RS_SIZE		8u

enum {
	PROTO_HOP = 0, PROTO_UDP = 17, PROTO_ROUTING = 43,
	PROTO_FRAGMENT = 44, PROTO_AH = 51, PROTO_ICMP6 = 58, PROTO_DEST = 60,
	PROTO_MOBILITY = 135, PROTO_HIP = 139, PROTO_SHIM6 = 140,
};

enum {
	MLD_REPORT = 131, MLD_DONE = 132, ND_RS = 133, ND_RA = 134, ND_NS = 135,
	ND_NA = 136, ND_REDIRECT = 137, MLD2_REPORT = 143,
};

/* What is left of a frame. */
struct rest {
	const uint8_t *at;
	uint32_t len;
};

static const uint8_t zero[16];

static unsigned int get16(const uint8_t *p)
{
	return (unsigned int)p[0] << 8 | p[1];
}

static void skip(struct rest *r, uint32_t n)
{
	r->at += n;
	r->len -= n;
}

void nbl_spoof_off(struct nbl_spoof *s)
{
	memset(s, 0, sizeof(*s));
}

void nbl_spoof_set(struct nbl_spoof *s, const uint8_t mac[6],
		   const uint8_t ip4[4])
{
	nbl_spoof_off(s);
	s->mac = true;
	s->ip = ip4;
	memcpy(s->own_mac, mac, 6);
	if (!ip4)
		return;
	memcpy(s->own_ip4, ip4, 4);
	s->own_ip6[0] = 0xfe;
	s->own_ip6[1] = 0x80;
	s->own_ip6[8] = mac[0] ^ 2;	/* the bit says "locally made" inverted */
	s->own_ip6[9] = mac[1];
	s->own_ip6[10] = mac[2];
	s->own_ip6[11] = 0xff;
	s->own_ip6[12] = 0xfe;
	memcpy(s->own_ip6 + 13, mac + 3, 3);
}

static bool arp_is_ours(const struct nbl_spoof *s, const struct rest *r)
{
	static const uint8_t ethernet_ip4[6] = { 0, 1, 8, 0, 6, 4 };
	unsigned int op;

	if (r->len < ARP_SIZE ||
	    memcmp(r->at, ethernet_ip4, sizeof(ethernet_ip4)))
		return false;
	op = get16(r->at + 6);
	if ((op != 1 && op != 2) || memcmp(r->at + 8, s->own_mac, 6))
		return false;
	return !memcmp(r->at + 14, s->own_ip4, 4) ||
	       (op == 1 && !memcmp(r->at + 14, zero, 4));
}

/* Who has no address yet asks for one.  r has the fixed header. */
static bool ip4_is_dhcp(const struct rest *r)
{
	uint32_t header = (r->at[0] & 15u) * 4;

	return !memcmp(r->at + 12, zero, 4) && r->at[9] == PROTO_UDP &&
	       !(get16(r->at + 6) & 0x3fff) && r->len >= header + 8 &&
	       get16(r->at + header) == 68 && get16(r->at + header + 2) == 67;
}

static bool ip4_is_ours(const struct nbl_spoof *s, const struct rest *r)
{
	if (r->len < IP4_SIZE || r->at[0] >> 4 != 4 || (r->at[0] & 15) < 5)
		return false;
	return !memcmp(r->at + 12, s->own_ip4, 4) || ip4_is_dhcp(r);
}

/*
 * Options of neighbour discovery that name a link-layer address name ours; none
 * may, where there is no source address (anonymous).  Ends: each has a length.
 */
static bool nd_options_are_ours(const struct nbl_spoof *s, struct rest r,
				bool anonymous)
{
	uint32_t size;

	while (r.len) {
		size = r.len < 2 ? 0 : r.at[1] * 8u;
		if (!size || size > r.len)
			return false;
		if ((r.at[0] == 1 || r.at[0] == 2) &&
		    (anonymous || memcmp(r.at + 2, s->own_mac, 6)))
			return false;
		skip(&r, size);
	}
	return true;
}

static bool icmp6_is_ours(const struct nbl_spoof *s, struct rest r,
			  bool anonymous)
{
	uint8_t type;

	if (r.len < ICMP6_SIZE)
		return false;
	type = r.at[0];
	switch (type) {
	case ND_NS:
	case ND_NA:
		if (r.len < ND_SIZE || (type == ND_NA && anonymous) ||
		    ((type == ND_NA || anonymous) &&
		     memcmp(r.at + 8, s->own_ip6, 16)))
			return false;
		skip(&r, ND_SIZE);
		return nd_options_are_ours(s, r, anonymous);
	case ND_RS:
		if (r.len < RS_SIZE)
			return false;
		skip(&r, RS_SIZE);
		return nd_options_are_ours(s, r, anonymous);
	case ND_RA:
	case ND_REDIRECT:
		return false;
	case MLD_REPORT:
	case MLD_DONE:
	case MLD2_REPORT:
		return true;
	default:
		return !anonymous;
	}
}

static bool ip6_is_ours(const struct nbl_spoof *s, struct rest r)
{
	uint32_t size, payload;
	uint8_t next;
	bool anonymous;

	if (r.len < IP6_SIZE || r.at[0] >> 4 != 6)
		return false;
	anonymous = !memcmp(r.at + 8, zero, 16);
	if (!anonymous && memcmp(r.at + 8, s->own_ip6, 16))
		return false;
	next = r.at[6];
	payload = get16(r.at + 4);
	skip(&r, IP6_SIZE);
	/* Behind what is meant there may be padding.  0: a segment's, or jumbo */
	if (payload > r.len)
		return false;
	if (payload)
		r.len = payload;
	if (next == PROTO_HOP) {
		size = r.len < 8 ? 0 : (r.at[1] + 1u) * 8;
		if (!size || size > r.len)
			return false;
		next = r.at[0];
		skip(&r, size);
	}
	switch (next) {
	case PROTO_ICMP6:
		return icmp6_is_ours(s, r, anonymous);
	case PROTO_HOP:
	case PROTO_ROUTING:
	case PROTO_FRAGMENT:
	case PROTO_AH:
	case PROTO_DEST:
	case PROTO_MOBILITY:
	case PROTO_HIP:
	case PROTO_SHIM6:
		return false;
	default:
		return !anonymous;
	}
}

int nbl_spoof_check(const struct nbl_spoof *s, const uint8_t *frame,
		    uint32_t len)
{
	struct rest r = { frame, len };
	unsigned int type, tags;

	if (len < ETHER_HDR_LEN || memcmp(frame + 6, s->own_mac, 6))
		return NOXS_NETBACK_DROP_TX_MAC;
	if (!s->ip)
		return NBL_SPOOF_NONE;
	type = get16(frame + 12);
	skip(&r, ETHER_HDR_LEN);
	for (tags = 0; type == ETHERTYPE_VLAN || type == TYPE_8021AD; tags++) {
		if (tags == MAX_TAGS || r.len < 4)
			return NOXS_NETBACK_DROP_TX_PROTOCOL;
		type = get16(r.at + 2);
		skip(&r, 4);
	}
	switch (type) {
	case ETHERTYPE_IP:
		return ip4_is_ours(s, &r) ? NBL_SPOOF_NONE
					  : NOXS_NETBACK_DROP_TX_IP4;
	case ETHERTYPE_ARP:
		return arp_is_ours(s, &r) ? NBL_SPOOF_NONE
					  : NOXS_NETBACK_DROP_TX_ARP;
	case ETHERTYPE_IPV6:
		return ip6_is_ours(s, r) ? NBL_SPOOF_NONE
					 : NOXS_NETBACK_DROP_TX_IP6;
	default:
		return NOXS_NETBACK_DROP_TX_PROTOCOL;
	}
}

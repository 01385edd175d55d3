// SPDX-License-Identifier: BSD-2-Clause
/* Which of a guest's queues a frame is for. */
#include <net/ethernet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

#include "toeplitz.h"

#define TYPE_AT		12u	/* in a frame */
#define TAG_SIZE	4u
#define PORTS_SIZE	4u
#define IP4_HEADER	20u	/* without options */
#define IP4_FRAGMENT_AT	6u
#define IP4_PROTOCOL_AT	9u
#define IP4_ADDRESSES_AT 12u
#define IP4_ADDRESSES	8u	/* bytes */
#define IP6_HEADER	40u
#define IP6_NEXT_AT	6u
#define IP6_ADDRESSES_AT 8u
#define IP6_ADDRESSES	32u

static uint16_t get_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

/* The 32 bits of the key from bit nr on. */
static uint32_t window(const uint8_t *key, unsigned int nr)
{
	uint64_t v = 0;
	unsigned int i;

	for (i = 0; i < 5; i++)
		v = v << 8 | key[nr / 8 + i];
	return (uint32_t)(v >> (8 - nr % 8));
}

void nbl_toeplitz_init(struct nbl_toeplitz *t)
{
	unsigned int at, value, bit;

	memset(t->table, 0, sizeof(t->table));
	for (at = 0; at < NBL_TOEPLITZ_INPUT; at++)
		for (value = 0; value < 256; value++)
			for (bit = 0; bit < 8; bit++)
				if (value & 0x80 >> bit)
					t->table[at][value] ^=
						window(t->key, 8 * at + bit);
}

static uint32_t add(const struct nbl_toeplitz *t, uint32_t hash,
		    unsigned int at, const uint8_t *input, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		hash ^= t->table[at + i][input[i]];
	return hash;
}

static bool has_ports(uint8_t protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP;
}

static uint32_t hash4(const struct nbl_toeplitz *t, const uint8_t *ip,
		      uint32_t len)
{
	uint32_t hash, header;

	if (len < IP4_HEADER)
		return 0;
	hash = add(t, 0, 0, ip + IP4_ADDRESSES_AT, IP4_ADDRESSES);
	header = 4u * (ip[0] & 15u);
	if (!has_ports(ip[IP4_PROTOCOL_AT]) ||
	    get_be16(ip + IP4_FRAGMENT_AT) & 0x3fff ||
	    len < header + PORTS_SIZE)
		return hash;
	return add(t, hash, IP4_ADDRESSES, ip + header, PORTS_SIZE);
}

static uint32_t hash6(const struct nbl_toeplitz *t, const uint8_t *ip,
		      uint32_t len)
{
	uint32_t hash;

	if (len < IP6_HEADER)
		return 0;
	hash = add(t, 0, 0, ip + IP6_ADDRESSES_AT, IP6_ADDRESSES);
	if (!has_ports(ip[IP6_NEXT_AT]) || len < IP6_HEADER + PORTS_SIZE)
		return hash;
	return add(t, hash, IP6_ADDRESSES, ip + IP6_HEADER, PORTS_SIZE);
}

uint32_t nbl_toeplitz_frame(const struct nbl_toeplitz *t, const uint8_t *frame,
			    uint32_t len)
{
	uint32_t ip = ETH_HLEN;

	if (len < ip)
		return 0;
	if (get_be16(frame + TYPE_AT) == ETHERTYPE_VLAN) {
		ip += TAG_SIZE;
		if (len < ip)
			return 0;
	}
	switch (get_be16(frame + ip - 2)) {
	case ETHERTYPE_IP:
		return hash4(t, frame + ip, len - ip);
	case ETHERTYPE_IPV6:
		return hash6(t, frame + ip, len - ip);
	default:
		return 0;
	}
}

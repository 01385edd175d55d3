/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spoof.h owns the look at whose addresses a guest's frames bear.  It reads a
 * private copy of a frame, never past its end, and changes nothing.
 *
 * With the MAC alone (mac):  the source address is the vif's.
 * With the address too (ip), moreover, behind at most two VLAN tags:
 *   ARP    requests and replies of Ethernet and IPv4, whose sender is the
 *          vif's MAC and the address, or of a request no address (a probe).
 *   IPv4   from the address; or from none, a DHCP client's.
 *   IPv6   from the link-local address that the MAC makes (EUI-64), or from
 *          none what finds that address out (neighbour solicitations for it,
 *          router solicitations, listener reports).  No router advertisement,
 *          no redirect, no other's neighbour advertisement, no extension
 *          header but hop-by-hop options, behind which those could hide.
 *   Nothing else: in what is unknown another's address could be carried.
 */
#ifndef NBL_SPOOF_H
#define NBL_SPOOF_H

#include <stdbool.h>
#include <stdint.h>

#define NBL_SPOOF_NONE	(-1)

struct nbl_spoof {
	bool mac, ip;		/* what is looked at; ip: mac too */
	uint8_t own_mac[6];
	uint8_t own_ip4[4];
	uint8_t own_ip6[16];	/* link-local, of the MAC */
};

/* ip4 NULL: the MAC alone. */
void nbl_spoof_set(struct nbl_spoof *s, const uint8_t mac[6],
		   const uint8_t ip4[4]);
void nbl_spoof_off(struct nbl_spoof *s);

/* NBL_SPOOF_NONE, or the reason why not (NOXS_NETBACK_DROP_TX_*).  s->mac. */
int nbl_spoof_check(const struct nbl_spoof *s, const uint8_t *frame,
		    uint32_t len);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The network: every vif that noxs offers becomes an lwIP netif.
 *
 * Addresses of vif N, the first that is said: the command line (ip=ADDRESS
 * /PREFIX[,GATEWAY], ip=dhcp or ip=none for vif 0, ipN= for vif N), the
 * toolstack through the vif's back area, else DHCP.
 *
 * Applications use lwIP's callback interface from any thread: threads switch
 * only where they wait, and lwIP's calls never do.
 */
#ifndef MINIOS_NET_H
#define MINIOS_NET_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Bring up lwIP, the noxs bus and a thread that serves both.  -ENOSYS: this
 * Xen has no noxs; -ENOMEM.  lwIP is usable in any case but -ENOMEM; vifs may
 * also come later.
 */
int net_start(void);

struct net_address {
	bool dhcp, none;
	uint8_t ip[4], gateway[4];	/* network order; gateway 0: none */
	uint8_t prefix;
};

/* ADDRESS/PREFIX[,GATEWAY], dhcp or none.  -EINVAL. */
int net_address_parse(const char *text, struct net_address *out);

#endif

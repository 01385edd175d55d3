// SPDX-License-Identifier: BSD-2-Clause
/* The names of the reasons for which a backend drops frames. */
#include <stddef.h>

#include <noxs/netback.h>

static const struct {
	const char *name;
	bool tx;
} drops[NOXS_NETBACK_NR_DROPS] = {
	[NOXS_NETBACK_DROP_TX_SIZE] = { "size", true },
	[NOXS_NETBACK_DROP_TX_COPY] = { "copy", true },
	[NOXS_NETBACK_DROP_TX_OFFLOAD] = { "offload", true },
	[NOXS_NETBACK_DROP_TX_TAP] = { "tap", true },
	[NOXS_NETBACK_DROP_RX_SIZE] = { "size", false },
	[NOXS_NETBACK_DROP_RX_COPY] = { "copy", false },
	[NOXS_NETBACK_DROP_RX_OFFLOAD] = { "offload", false },
	[NOXS_NETBACK_DROP_RX_ROOM] = { "room", false },
	[NOXS_NETBACK_DROP_TX_MAC] = { "mac", true },
	[NOXS_NETBACK_DROP_TX_ARP] = { "arp", true },
	[NOXS_NETBACK_DROP_TX_IP4] = { "ip4", true },
	[NOXS_NETBACK_DROP_TX_IP6] = { "ip6", true },
	[NOXS_NETBACK_DROP_TX_PROTOCOL] = { "protocol", true },
	[NOXS_NETBACK_DROP_RX_STALL] = { "stall", false },
};

const char *noxs_netback_drop_name(unsigned int drop, bool *tx)
{
	if (drop >= NOXS_NETBACK_NR_DROPS)
		return NULL;
	*tx = drops[drop].tx;
	return drops[drop].name;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The network interfaces of a guest. */
#ifndef LIBCHAOS_NETWORK_H
#define LIBCHAOS_NETWORK_H

#include <chaos/context.h>

#ifdef __cplusplus
extern "C" {
#endif

struct chaos_vif {
	uint32_t id;
	const char *mac;	/* "00:16:3e:00:00:01" */
	const char *bridge;	/* "" none */
	const char *ifname;	/* the TAP, where the backend is */
	const char *ip;		/* "10.0.0.2/24", "dhcp" or "" */
	const char *gateway;	/* or "" */
	const char *backend_state;	/* "connected", ... or "unknown" */
	const char *frontend_state;
	uint32_t mtu;
	uint32_t guest_port;	/* 0: unknown */
	uint32_t backend_port;
	/* Received by the guest; all 0 where the backend is another domain */
	uint64_t rx_packets, rx_bytes;
	uint64_t tx_packets, tx_bytes;
	const char *backend;	/* its domain; "": this one */
};

/*
 * Add a network interface to a living guest.  spec: "bridge=xenbr0,ip=10.0.0.3/24",
 * as an entry of vif in a configuration; what it does not say is chosen.  Its
 * number comes from spec or is the lowest that is free.  Returns when the
 * interface is on its bridge and announced to the guest; that the guest takes
 * it shows in chaos_info_get().  All or nothing; part of what is made anew by a
 * restart or a restore.
 *
 * -ESRCH no such domain; -ENOENT it was not made by libchaos; -EINVAL spec;
 * -EEXIST the guest has that id or MAC; -ENOSPC it has 15; -EBUSY another
 * process is at work on it; -ENODEV no such bridge; -ECONNREFUSED no backend.
 * Of a backend in another domain: -ESRCH no such domain; -ETIMEDOUT nobody serves
 * there, and nothing of it is left.
 */
int chaos_network_attach(struct chaos *ctx, uint32_t domid, const char *spec,
			 uint32_t *id);
/* And take one away, whatever the guest does.  -ENODEV it has none of that id;
 * others as above. */
int chaos_network_detach(struct chaos *ctx, uint32_t domid, uint32_t id);

#ifdef __cplusplus
}
#endif

#endif

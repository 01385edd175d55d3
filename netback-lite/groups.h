/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * groups.h owns the multicast groups of a guest that names them
 * (XEN_NOXS_NET_F_MCAST): it gets frames to itself, to all stations and to these,
 * and is not woken by its neighbours' chatter.  The kernel sorts them out in front
 * of the TAP's queue; what a guest says changes its own filter alone.
 *
 * They are of one connection: a frontend names them again in the next one.
 */
#ifndef NBL_GROUPS_H
#define NBL_GROUPS_H

#include <stdbool.h>
#include <stdint.h>

#include "ring.h"
#include "tap.h"

struct nbl_vif;

/* As many as xen-netback's XEN_NETBK_MCAST_MAX. */
#define NBL_GROUPS_MAX	NBL_TAP_GROUPS

struct nbl_groups {
	uint8_t (*mac)[6];	/* room for all, or NULL: none was ever named */
	uint8_t nr;
	bool changed;		/* since the filter was set */
};

/* Is it about a group?  Then *why is NULL, or what is wrong with it. */
bool nbl_groups_mean(const struct netif_extra_info *extra, uint32_t features,
		     const char **why);
/*
 * Do what it says; the filter follows by nbl_groups_apply.  -EINVAL: not a group's
 * address, -ENOSPC, -ENOMEM.
 */
int nbl_groups_change(struct nbl_vif *vif,
		      const struct netif_extra_info *extra);
/* Set the filter that belongs to vif as it is now; 0 or -errno. */
int nbl_groups_apply(struct nbl_vif *vif);
/* The connection ends.  Also when it had none. */
void nbl_groups_drop(struct nbl_vif *vif);

#endif

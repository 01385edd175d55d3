// SPDX-License-Identifier: BSD-2-Clause
/* Multicast groups that a guest wants to hear. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xen/noxs.h>

#include "closer.h"
#include "groups.h"
#include "tap.h"
#include "vif.h"

bool nbl_groups_mean(const struct netif_extra_info *extra, uint32_t features,
		     const char **why)
{
	*why = NULL;
	if (!(features & XEN_NOXS_NET_F_MCAST) ||
	    (extra->type != XEN_NETIF_EXTRA_TYPE_MCAST_ADD &&
	     extra->type != XEN_NETIF_EXTRA_TYPE_MCAST_DEL))
		return false;
	if (extra->flags & XEN_NETIF_EXTRA_FLAG_MORE)
		*why = "tx ring: more than one extra info";
	else if (extra->flags)
		*why = "tx ring: unknown flags of a group";
	return true;
}

static unsigned int find(const struct nbl_groups *g, const uint8_t mac[6])
{
	unsigned int i;

	for (i = 0; i < g->nr; i++)
		if (!memcmp(g->mac[i], mac, 6))
			break;
	return i;
}

static int add(struct nbl_groups *g, const uint8_t mac[6])
{
	if (find(g, mac) < g->nr)
		return 0;
	if (g->nr == NBL_GROUPS_MAX)
		return -ENOSPC;
	if (!g->mac)
		g->mac = calloc(NBL_GROUPS_MAX, sizeof(g->mac[0]));
	if (!g->mac)
		return -ENOMEM;
	memcpy(g->mac[g->nr++], mac, 6);
	g->changed = true;
	return 0;
}

/* One that is not there is gone already. */
static void del(struct nbl_groups *g, const uint8_t mac[6])
{
	unsigned int i = find(g, mac);

	if (i == g->nr)
		return;
	memmove(g->mac[i], g->mac[--g->nr], 6);
	g->changed = true;
}

int nbl_groups_change(struct nbl_vif *vif,
		      const struct netif_extra_info *extra)
{
	static const uint8_t all[6] = { 255, 255, 255, 255, 255, 255 };
	const uint8_t *mac = extra->u.mcast.addr;

	/* All stations are everybody's. */
	if (!(mac[0] & 1) || !memcmp(mac, all, 6))
		return -EINVAL;
	if (extra->type == XEN_NETIF_EXTRA_TYPE_MCAST_ADD)
		return add(&vif->groups, mac);
	del(&vif->groups, mac);
	return 0;
}

int nbl_groups_apply(struct nbl_vif *vif)
{
	struct nbl_groups *g = &vif->groups;
	int rc = 0;

	/* One that is cut off hears nothing until it takes what it was sent. */
	if (vif->nr_cut_off)
		;
	else if (vif->features & XEN_NOXS_NET_F_MCAST)
		rc = nbl_tap_hear(vif->tap->fd, vif->back.mac, (void *)g->mac,
				  g->nr);
	else
		rc = nbl_tap_deaf(vif->tap->fd, false);
	g->changed = rc != 0;
	return rc;
}

void nbl_groups_drop(struct nbl_vif *vif)
{
	free(vif->groups.mac);
	memset(&vif->groups, 0, sizeof(vif->groups));
}

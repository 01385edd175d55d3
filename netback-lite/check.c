// SPDX-License-Identifier: BSD-2-Clause
/* Is a request to attach one that can be done at all? */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "vif.h"

static bool all_zero(const void *p, size_t n)
{
	const uint8_t *b = p;

	while (n--)
		if (*b++)
			return false;
	return true;
}

/* "", or what the kernel takes as the name of a device. */
static bool ifname_valid(const char name[NOXS_NETBACK_IFNAMSIZ])
{
	const char *c;

	if (!memchr(name, '\0', NOXS_NETBACK_IFNAMSIZ))
		return false;
	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return false;
	for (c = name; *c; c++)
		if (!isgraph((unsigned char)*c) || strchr("/:%", *c))
			return false;
	return true;
}

static bool ip_valid(const struct noxs_netback_request *req)
{
	switch (req->ip_mode) {
	case XEN_NOXS_NET_IP_NONE:
	case XEN_NOXS_NET_IP_DHCP:
		return !req->prefix && all_zero(req->ip, 4) &&
		       all_zero(req->gateway, 4);
	case XEN_NOXS_NET_IP_STATIC:
		return req->prefix <= 32 && !all_zero(req->ip, 4);
	default:
		return false;
	}
}

static bool mac_valid(const uint8_t mac[6])
{
	return !(mac[0] & 1) && !all_zero(mac, 6);
}

static bool limits_valid(const struct noxs_netback_request *req)
{
	const struct noxs_netback_limit *l;
	unsigned int i;

	for (i = 0; i < NOXS_NETBACK_NR_LIMITS; i++) {
		l = &req->limit[i];
		if (!l->amount != !l->interval_us || l->pad ||
		    l->amount > INT64_MAX / 2)
			return false;
	}
	return true;
}

/* BIND says what is missing here. */
static bool spare_valid(const struct noxs_netback_request *req)
{
	return all_zero(req->mac, 6) && !req->ip_mode && !req->prefix &&
	       all_zero(req->ip, 4) && all_zero(req->gateway, 4) &&
	       !req->ifname[0] && !req->vlan &&
	       all_zero(req->limit, sizeof(req->limit));
}

static bool flags_valid(const struct noxs_netback_request *req)
{
	const unsigned int all = NOXS_NETBACK_SPARE | NOXS_NETBACK_SPOOF_MAC |
				 NOXS_NETBACK_SPOOF_IP;
	unsigned int f = req->flags;

	if (f & ~all)
		return false;
	if (f & NOXS_NETBACK_SPARE)
		return f == NOXS_NETBACK_SPARE &&
		       req->op == NOXS_NETBACK_ATTACH;
	if (f & NOXS_NETBACK_SPOOF_IP)
		return f & NOXS_NETBACK_SPOOF_MAC &&
		       req->ip_mode == XEN_NOXS_NET_IP_STATIC;
	return true;
}

int nbl_attach_check(const struct noxs_netback_request *req,
		     char err[NBL_ERROR_SIZE])
{
	bool spare = req->flags & NOXS_NETBACK_SPARE;

	if (req->domid >= NBL_MAX_DOMID)
		return nbl_fail(err, -EINVAL, "domain %u", req->domid);
	if (req->vif == NOXS_NETBACK_ALL)
		return nbl_fail(err, -EINVAL, "vif %u", req->vif);
	if (!flags_valid(req))
		return nbl_fail(err, -EINVAL, "flags %#x", req->flags);
	if (!all_zero(req->pad, sizeof(req->pad)) || req->pad2)
		return nbl_fail(err, -EINVAL, "padding of the request");
	if (!ifname_valid(req->bridge))
		return nbl_fail(err, -EINVAL, "name of the bridge");
	if (!ifname_valid(req->ifname))
		return nbl_fail(err, -EINVAL, "name of the TAP");
	if (spare && !spare_valid(req))
		return nbl_fail(err, -EINVAL, "a spare with an owner");
	if (!spare && !mac_valid(req->mac))
		return nbl_fail(err, -EINVAL,
				"MAC address %02x:%02x:%02x:%02x:%02x:%02x",
				req->mac[0], req->mac[1], req->mac[2],
				req->mac[3], req->mac[4], req->mac[5]);
	if (req->mtu && (req->mtu < XEN_NOXS_NET_MIN_MTU ||
			 req->mtu > XEN_NOXS_NET_MAX_MTU))
		return nbl_fail(err, -EINVAL, "MTU %u", req->mtu);
	if (!ip_valid(req))
		return nbl_fail(err, -EINVAL, "addresses");
	if (req->vlan >= 4095 || (req->vlan && !req->bridge[0]))
		return nbl_fail(err, -EINVAL, "VLAN %u%s", req->vlan,
				req->bridge[0] ? "" : " without a bridge");
	if (req->queues > XEN_NOXS_NET_MAX_QUEUES)
		return nbl_fail(err, -EINVAL, "%u queues", req->queues);
	if (!limits_valid(req))
		return nbl_fail(err, -EINVAL, "rate");
	if (req->op != NOXS_NETBACK_AWAIT &&
	    (req->idle_ms || req->listener || req->token))
		return nbl_fail(err, -EINVAL, "fields of AWAIT");
	return 0;
}

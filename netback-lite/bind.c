// SPDX-License-Identifier: BSD-2-Clause
/*
 * The owner of a vif: what it decides, and how a spare gets one.
 *
 * BIND is what a guest made ahead waits for when somebody wants it, so it
 * asks the kernel for as little as can be: the TAP is what and where it was,
 * one call lets it hear, one message lets the bridge flood to it, one
 * hypercall makes the offer.
 */
#include <errno.h>
#include <string.h>

#include "await.h"
#include "closer.h"
#include "guest.h"
#include "link.h"
#include "tap.h"
#include "vif.h"

#define DEFAULT_MTU	1500u

/* A guest in a VLAN that is none would be in all of them. */
static int owner_vlan(struct nbl *nb, const struct noxs_netback_request *req,
		      struct nbl_place *p, char err[NBL_ERROR_SIZE])
{
	int rc;

	p->vlan = req->vlan;
	if (!p->vlan)
		return 0;
	rc = nbl_link_vlan_bridge(nb->link, p->master, &p->pvid);
	if (rc == -EPROTONOSUPPORT)
		return nbl_fail(err, rc, "VLAN %u: %s does not filter by VLAN",
				p->vlan, req->bridge);
	if (rc == -EOPNOTSUPP)
		return nbl_fail(err, rc, "%s is not a bridge", req->bridge);
	return rc ? nbl_fail(err, rc, "VLANs of %s", req->bridge) : 0;
}

int nbl_owner_place(struct nbl *nb, const struct noxs_netback_request *req,
		    struct nbl_place *out, char err[NBL_ERROR_SIZE])
{
	struct nbl_place p = { .mtu = DEFAULT_MTU };
	int rc;

	if (req->bridge[0]) {
		rc = nbl_link_find(nb->link, req->bridge, &p.master, &p.mtu);
		if (rc)
			return nbl_fail(err, rc, "bridge %s", req->bridge);
	}
	rc = owner_vlan(nb, req, &p, err);
	if (rc)
		return rc;
	if (req->mtu)
		p.mtu = req->mtu;
	if (p.mtu > XEN_NOXS_NET_MAX_MTU)
		p.mtu = XEN_NOXS_NET_MAX_MTU;
	*out = p;
	return 0;
}

int nbl_owner_attach(struct nbl_vif *vif, const struct nbl_place *p)
{
	struct nbl_link *link = vif->nb->link;
	const char *ifname = vif->tap->ifname;

	if (p->vlan)
		return nbl_link_attach_vlan(link, ifname, p->master, p->mtu,
					    p->pvid, p->vlan, &vif->ifindex);
	return nbl_link_attach(link, ifname, p->master, p->mtu, &vif->ifindex);
}

void nbl_owner_take(struct nbl_vif *vif,
		    const struct noxs_netback_request *req, unsigned int mtu)
{
	struct xen_noxs_net_back *back = &vif->back;

	memcpy(back->mac, req->mac, sizeof(back->mac));
	back->mtu = (uint16_t)mtu;
	back->ip_mode = req->ip_mode;
	back->prefix = req->prefix;
	memcpy(back->ip, req->ip, sizeof(back->ip));
	memcpy(back->gateway, req->gateway, sizeof(back->gateway));
	vif->flags = req->flags;
	vif->vlan = req->vlan;
	memcpy(vif->limit, req->limit, sizeof(vif->limit));
	nbl_spoof_off(&vif->spoof);
	if (req->flags & NOXS_NETBACK_SPOOF_MAC)
		nbl_spoof_set(&vif->spoof, req->mac,
			      req->flags & NOXS_NETBACK_SPOOF_IP ? req->ip
								 : NULL);
	nbl_rate_set(&vif->tx_rate, &req->limit[NOXS_NETBACK_TX_BYTES],
		     &req->limit[NOXS_NETBACK_TX_FRAMES]);
	nbl_rate_set(&vif->rx_rate, &req->limit[NOXS_NETBACK_RX_BYTES],
		     &req->limit[NOXS_NETBACK_RX_FRAMES]);
	vif->max_frame = mtu + NBL_ETH_OVERHEAD;
}

/* The spare that is meant, if it is one that this owner can have; or NULL. */
static struct nbl_vif *bind_find(struct nbl *nb,
				 const struct noxs_netback_request *req,
				 int *rc, char err[NBL_ERROR_SIZE])
{
	struct nbl_guest *guest = nbl_guest_find(nb, req->domid);
	struct nbl_vif *vif = guest ? nbl_guest_vif(guest, req->vif) : NULL;

	if (!vif || vif->id != req->vif)
		*rc = nbl_fail(err, -ENOENT, "vif %u of domain %u", req->vif,
			       req->domid);
	else if (!vif->spare)
		*rc = nbl_fail(err, -EBUSY, "vif %u of domain %u is no spare",
			       req->vif, req->domid);
	else if (vif->bridge[0] && strcmp(vif->bridge, req->bridge))
		*rc = nbl_fail(err, -EXDEV, "%s is on %s", vif->tap->ifname,
			       vif->bridge);
	else if (nbl_queues(req) != vif->max_queues)
		*rc = nbl_fail(err, -EXDEV, "%s has %u queues",
			       vif->tap->ifname, vif->max_queues);
	else if (req->ifname[0] && strcmp(vif->tap->ifname, req->ifname))
		*rc = nbl_fail(err, -EXDEV, "%s is not called %s",
			       vif->tap->ifname, req->ifname);
	else
		return vif;
	return NULL;
}

/* Already on its bridge.  mtu is what it has. */
static int bind_port(struct nbl_vif *vif, unsigned int mtu,
		     const struct nbl_place *to, char err[NBL_ERROR_SIZE])
{
	struct nbl_link *link = vif->nb->link;
	const char *ifname = vif->tap->ifname;
	int rc;

	if (to->mtu != mtu) {
		rc = nbl_link_set_mtu(link, ifname, to->mtu);
		if (rc)
			return nbl_fail(err, rc, "give %s MTU %u", ifname,
					to->mtu);
	}
	if (to->vlan) {
		rc = nbl_link_vlan(link, vif->ifindex, to->pvid, to->vlan);
		if (rc) {
			nbl_fail(err, rc, "put %s into VLAN %u", ifname,
				 to->vlan);
			goto err_vlan;
		}
	}
	rc = nbl_tap_deaf(vif->tap->fd, false);
	if (rc) {
		nbl_fail(err, rc, "let %s hear", ifname);
		goto err_vlan;
	}
	rc = nbl_link_flood(link, vif->ifindex, true);
	if (!rc)
		return 0;
	if (rc == -EOPNOTSUPP) {	/* somebody took it off */
		rc = -EXDEV;
		nbl_fail(err, rc, "%s is not on %s any more", ifname,
			 vif->bridge);
	} else {
		nbl_fail(err, rc, "let %s flood to %s", vif->bridge, ifname);
	}
	nbl_tap_deaf(vif->tap->fd, true);
err_vlan:
	if (to->vlan) {
		/* It may be in neither; what is left over is no harm. */
		nbl_link_vlan(link, vif->ifindex, to->vlan, 0);
		nbl_link_vlan(link, vif->ifindex, 0, to->pvid);
	}
	if (to->mtu != mtu)
		nbl_link_set_mtu(link, ifname, mtu);
	return rc;
}

static int bind_link(struct nbl_vif *vif,
		     const struct noxs_netback_request *req,
		     const struct nbl_place *to, unsigned int mtu,
		     char err[NBL_ERROR_SIZE])
{
	int rc;

	if (vif->bridge[0])
		return bind_port(vif, mtu, to, err);
	rc = nbl_owner_attach(vif, to);
	if (rc == -EOPNOTSUPP && to->master)
		return nbl_fail(err, rc, "%s is not a bridge", req->bridge);
	if (rc)
		return nbl_fail(err, rc, "put TAP on bridge %s", req->bridge);
	memcpy(vif->bridge, req->bridge, sizeof(vif->bridge));
	return 0;
}

/*
 * The guest never ran, so nobody waits for the offer.  If it did nevertheless,
 * it has seen (and refused, if it is honest) the spare's: this is another one.
 */
static int bind_offer(struct nbl_vif *vif)
{
	vif->back.hdr.generation++;
	return nbl_vif_say(vif, vif->unmask_due ? XEN_NOXS_PUBLISH_NOTIFY : 0);
}

int nbl_vif_bind(struct nbl *nb, const struct noxs_netback_request *req,
		 struct nbl_vif **out, char err[NBL_ERROR_SIZE])
{
	static const struct noxs_netback_request nobody;
	struct xen_noxs_net_back spare;
	struct nbl_place to = { .master = 0 };
	struct nbl_vif *vif;
	int rc;

	rc = nbl_attach_check(req, err);
	if (rc)
		return rc;
	vif = bind_find(nb, req, &rc, err);
	if (!vif)
		return rc;
	rc = nbl_owner_place(nb, req, &to, err);
	if (rc)
		return rc;
	spare = vif->back;
	nbl_owner_take(vif, req, to.mtu);
	rc = bind_offer(vif);
	if (rc) {
		if (rc == -ESTALE || rc == -ENOENT)
			rc = -ESRCH;
		nbl_fail(err, rc, "offer vif %u to domain %u", vif->id,
			 req->domid);
		goto err_take;
	}
	rc = bind_link(vif, req, &to, spare.mtu, err);
	if (rc)
		goto err_offer;
	vif->spare = false;
	nbl_vif_record(vif);
	nbl_await_own(vif);
	if (vif->unmask_due)
		nbl_vif_ready(vif);
	nbl_log(NBL_DEBUG, "%s: bound", vif->tap->ifname);
	*out = vif;
	return 0;

err_offer:
	/*
	 * Not the number of the first, nor the next owner's that of this one: each
	 * may have been answered.  Fails if the guest died: then it does not matter.
	 */
	spare.hdr.generation = vif->back.hdr.generation + 1;
	vif->back = spare;
	nbl_vif_say(vif, 0);
err_take:
	nbl_owner_take(vif, &nobody, spare.mtu);
	vif->back = spare;
	return rc;
}

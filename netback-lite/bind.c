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

int nbl_owner_place(struct nbl *nb, const struct noxs_netback_request *req,
		    int *master, unsigned int *mtu, char err[NBL_ERROR_SIZE])
{
	unsigned int of_bridge = DEFAULT_MTU;
	int rc;

	*master = 0;
	if (req->bridge[0]) {
		rc = nbl_link_find(nb->link, req->bridge, master, &of_bridge);
		if (rc) {
			nbl_fail(err, rc, "bridge %s", req->bridge);
			return rc;
		}
	}
	*mtu = req->mtu ? req->mtu : of_bridge;
	if (*mtu > XEN_NOXS_NET_MAX_MTU)
		*mtu = XEN_NOXS_NET_MAX_MTU;
	return 0;
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
	vif->rate.bytes = req->rate_bytes;
	vif->rate.interval_ns = (int64_t)req->rate_interval_us * 1000;
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
	else if (req->ifname[0] && strcmp(vif->tap->ifname, req->ifname))
		*rc = nbl_fail(err, -EXDEV, "%s is not called %s",
			       vif->tap->ifname, req->ifname);
	else
		return vif;
	return NULL;
}

/* Already on its bridge.  mtu is what it has. */
static int bind_port(struct nbl_vif *vif, unsigned int mtu,
		     unsigned int new_mtu, char err[NBL_ERROR_SIZE])
{
	struct nbl_link *link = vif->nb->link;
	const char *ifname = vif->tap->ifname;
	int rc;

	if (new_mtu != mtu) {
		rc = nbl_link_set_mtu(link, ifname, new_mtu);
		if (rc)
			return nbl_fail(err, rc, "give %s MTU %u", ifname,
					new_mtu);
	}
	rc = nbl_tap_deaf(vif->tap->fd, false);
	if (rc) {
		nbl_fail(err, rc, "let %s hear", ifname);
		goto err_mtu;
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
err_mtu:
	if (new_mtu != mtu)
		nbl_link_set_mtu(link, ifname, mtu);
	return rc;
}

static int bind_link(struct nbl_vif *vif,
		     const struct noxs_netback_request *req, int master,
		     unsigned int mtu, unsigned int new_mtu,
		     char err[NBL_ERROR_SIZE])
{
	int rc;

	if (vif->bridge[0])
		return bind_port(vif, mtu, new_mtu, err);
	rc = nbl_link_attach(vif->nb->link, vif->tap->ifname, master, new_mtu);
	if (rc == -EOPNOTSUPP && master)
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
	struct nbl_vif *vif;
	unsigned int mtu;
	int master, rc;

	rc = nbl_attach_check(req, err);
	if (rc)
		return rc;
	vif = bind_find(nb, req, &rc, err);
	if (!vif)
		return rc;
	rc = nbl_owner_place(nb, req, &master, &mtu, err);
	if (rc)
		return rc;
	spare = vif->back;
	nbl_owner_take(vif, req, mtu);
	rc = bind_offer(vif);
	if (rc) {
		if (rc == -ESTALE || rc == -ENOENT)
			rc = -ESRCH;
		nbl_fail(err, rc, "offer vif %u to domain %u", vif->id,
			 req->domid);
		goto err_take;
	}
	rc = bind_link(vif, req, master, spare.mtu, mtu, err);
	if (rc)
		goto err_offer;
	vif->spare = false;
	nbl_await_own(vif);
	if (vif->unmask_due)
		nbl_vif_ready(vif);
	nbl_log(NBL_DEBUG, "%s: bound", vif->tap->ifname);
	*out = vif;
	return 0;

err_offer:
	/* Fails if the guest died: then it does not matter. */
	vif->back = spare;
	nbl_vif_say(vif, 0);
err_take:
	nbl_owner_take(vif, &nobody, spare.mtu);
	vif->back = spare;
	return rc;
}

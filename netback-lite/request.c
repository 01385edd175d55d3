// SPDX-License-Identifier: BSD-2-Clause
/* What each request of the control protocol does. */
#include <errno.h>
#include <string.h>

#include "closer.h"
#include "control.h"
#include "guest.h"
#include "vif.h"

static void reply_vif(struct noxs_netback_reply *reply,
		      const struct nbl_vif *vif)
{
	reply->domid = vif->guest->domid;
	reply->vif = vif->id;
	reply->slot = vif->slot;
	reply->state = (uint8_t)vif->back.hdr.state;
	reply->flags = vif->spare ? NOXS_NETBACK_SPARE : 0;
	memcpy(reply->ifname, vif->tap->ifname, sizeof(reply->ifname));
	memcpy(reply->bridge, vif->bridge, sizeof(reply->bridge));
}

/* Fields that ATTACH and BIND have must be 0 in all others. */
static bool no_attach_fields(const struct noxs_netback_request *req)
{
	static const struct noxs_netback_request zero;
	const size_t from = offsetof(struct noxs_netback_request, mac);

	return !memcmp((const char *)req + from, (const char *)&zero + from,
		       sizeof(zero) - from);
}

static int request_detach(struct nbl *nb,
			  const struct noxs_netback_request *req,
			  struct noxs_netback_reply *reply)
{
	bool all = req->vif == NOXS_NETBACK_ALL;
	struct nbl_guest *guest = nbl_guest_find(nb, req->domid);
	struct nbl_vif *vif;

	vif = guest ? nbl_guest_vif(guest, all ? 0 : req->vif) : NULL;
	if (!vif || (!all && vif->id != req->vif))
		return all ? nbl_fail(reply->error, -ENOENT,
				      "vifs of domain %u", req->domid)
			   : nbl_fail(reply->error, -ENOENT,
				      "vif %u of domain %u", req->vif,
				      req->domid);
	reply_vif(reply, vif);
	if (all)
		nbl_guest_detach(nb, guest);
	else
		nbl_vif_detach(vif);
	return 0;
}

/* Walks at most all domids: guests are found by index. */
static int request_stats(struct nbl *nb,
			 const struct noxs_netback_request *req,
			 struct noxs_netback_reply *reply)
{
	uint16_t domid, id = req->vif;
	struct nbl_vif *vif;

	for (domid = req->domid; domid < NBL_MAX_DOMID; domid++, id = 0) {
		if (!nb->guest[domid])
			continue;
		vif = nbl_guest_vif(nb->guest[domid], id);
		if (!vif)
			continue;
		reply_vif(reply, vif);
		reply->stats = vif->stats;
		return 0;
	}
	return nbl_fail(reply->error, -ENOENT, "vif at or after %u.%u",
			req->domid, req->vif);
}

static int request_attach(struct nbl *nb,
			  const struct noxs_netback_request *req,
			  struct noxs_netback_reply *reply)
{
	struct nbl_vif *vif;
	int rc;

	rc = nbl_vif_attach(nb, req, &vif, reply->error);
	if (!rc)
		reply_vif(reply, vif);
	return rc;
}

static int request_bind(struct nbl *nb,
			const struct noxs_netback_request *req,
			struct noxs_netback_reply *reply)
{
	struct nbl_vif *vif;
	int rc;

	rc = nbl_vif_bind(nb, req, &vif, reply->error);
	if (!rc)
		reply_vif(reply, vif);
	return rc;
}

bool nbl_request_slow(const struct noxs_netback_request *req)
{
	return req->op == NOXS_NETBACK_ATTACH ||
	       req->op == NOXS_NETBACK_DETACH;
}

int nbl_request(struct nbl *nb, const struct noxs_netback_request *req,
		struct noxs_netback_reply *reply)
{
	int rc;

	memset(reply, 0, sizeof(*reply));
	reply->magic = NOXS_NETBACK_MAGIC;
	reply->version = NOXS_NETBACK_VERSION;
	reply->op = req->op;
	reply->cookie = req->cookie;
	reply->domid = req->domid;
	reply->vif = req->vif;

	if (req->magic != NOXS_NETBACK_MAGIC ||
	    req->version != NOXS_NETBACK_VERSION)
		rc = nbl_fail(reply->error, -EPROTO,
			      "version %u of the protocol", req->version);
	else if (req->op == NOXS_NETBACK_ATTACH)
		rc = request_attach(nb, req, reply);
	else if (req->op == NOXS_NETBACK_BIND)
		rc = request_bind(nb, req, reply);
	else if (!no_attach_fields(req))
		rc = nbl_fail(reply->error, -EINVAL, "fields of ATTACH");
	else if (req->op == NOXS_NETBACK_HELLO)
		rc = 0;
	else if (req->op == NOXS_NETBACK_DETACH)
		rc = request_detach(nb, req, reply);
	else if (req->op == NOXS_NETBACK_STATS)
		rc = request_stats(nb, req, reply);
	else
		rc = nbl_fail(reply->error, -ENOSYS, "request %u", req->op);
	if (rc == -EINPROGRESS)
		return rc;
	reply->rc = rc;
	return 0;
}

// SPDX-License-Identifier: BSD-2-Clause
/* Vifs that the toolstack of another domain adds. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "closer.h"
#include "device.h"
#include "guest.h"
#include "remote.h"
#include "shard.h"

/* An area, as it was copied. */
union area {
	uint8_t byte[XEN_NOXS_AREA_SIZE];
	struct xen_noxs_net_back back;
};

/* --- areas ------------------------------------------------------------------- */

/* Of a device that is gone: nothing that a guest could have said. */
void nbl_remote_fetch(const struct nbl_vif *vif)
{
	struct xen_noxs_read op = {
		.domid = vif->guest->domid,
		.id = vif->id,
		.type = XEN_NOXS_TYPE_NET,
		.side = XEN_NOXS_READ_FRONT,
		.serial = vif->guest->serial,
	};

	if (noxs_read(vif->nb->nx, &op))
		memset(vif->copy, 0, sizeof(op.data));
	else
		memcpy(vif->copy, op.data, sizeof(op.data));
}

/* --- the request --------------------------------------------------------------- */

static void request_at(const union area *a, struct xen_noxs_net_request *out)
{
	memcpy(out, a->byte + XEN_NOXS_NET_REQUEST, sizeof(*out));
}

/* Is it to be served?  Others are not ours, or were refused. */
static bool is_wanted(const union area *a)
{
	const struct xen_noxs_area_hdr *hdr = &a->back.hdr;
	struct xen_noxs_net_request q;

	request_at(a, &q);
	return hdr->magic == XEN_NOXS_BACK_MAGIC &&
	       hdr->version == XEN_NOXS_VERSION &&
	       q.magic == XEN_NOXS_NET_REQ_MAGIC &&
	       (hdr->state != XEN_NOXS_STATE_CLOSED || !hdr->error);
}

_Static_assert(sizeof(struct xen_noxs_net_limit) ==
	       sizeof(struct noxs_netback_limit) &&
	       XEN_NOXS_NET_NAME == NOXS_NETBACK_IFNAMSIZ,
	       "a request is the same by both ways");

/* What comes over the socket elsewhere, and is checked as if it did. */
static int request_of(const union area *a, const struct xen_noxs_list_entry *e,
		      struct noxs_netback_request *req,
		      char err[NBL_ERROR_SIZE])
{
	const struct xen_noxs_net_back *back = &a->back;
	struct xen_noxs_net_request q;

	memset(req, 0, sizeof(*req));
	request_at(a, &q);
	if (q.pad || q.flags & ~XEN_NOXS_NET_REQ_ALL)
		return nbl_fail(err, -EINVAL, "flags of the request");
	if (!e->nr_ports || e->nr_ports > XEN_NOXS_MAX_PORTS)
		return nbl_fail(err, -EINVAL, "%u event channels",
				e->nr_ports);
	if (q.queues > XEN_NOXS_NET_MAX_QUEUES)
		return nbl_fail(err, -EINVAL, "%u queues", q.queues);
	req->op = NOXS_NETBACK_ATTACH;
	req->domid = e->domid;
	req->vif = e->id;
	req->mtu = q.mtu;
	req->vlan = q.vlan;
	req->queues = (uint8_t)q.queues;
	memcpy(req->mac, back->mac, sizeof(req->mac));
	req->ip_mode = back->ip_mode;
	req->prefix = back->prefix;
	memcpy(req->ip, back->ip, sizeof(req->ip));
	memcpy(req->gateway, back->gateway, sizeof(req->gateway));
	if (q.flags & XEN_NOXS_NET_REQ_SPOOF_MAC)
		req->flags |= NOXS_NETBACK_SPOOF_MAC;
	if (q.flags & XEN_NOXS_NET_REQ_SPOOF_IP)
		req->flags |= NOXS_NETBACK_SPOOF_IP;
	memcpy(req->bridge, q.bridge, sizeof(req->bridge));
	memcpy(req->ifname, q.ifname, sizeof(req->ifname));
	memcpy(req->limit, q.limit, sizeof(req->limit));
	return nbl_attach_check(req, err);
}

/* --- taking one ------------------------------------------------------------------ */

/* From the guest on: the offer is what the toolstack waits for. */
static int take_guest(struct nbl_vif *vif, const struct xen_noxs_list_entry *e,
		      uint32_t generation, char err[NBL_ERROR_SIZE])
{
	int rc;

	rc = nbl_device_take(vif, e, err);
	if (rc)
		return rc;
	nbl_vif_offer(vif, generation ? generation : 1);
	rc = nbl_vif_say(vif, XEN_NOXS_PUBLISH_NOTIFY);
	if (rc) {
		nbl_device_release(vif);
		nbl_fail(err, rc, "offer it");
	}
	return rc;
}

static int take_vif(struct nbl_vif *vif, const struct xen_noxs_list_entry *e,
		    const struct noxs_netback_request *req,
		    uint32_t was_generation, char err[NBL_ERROR_SIZE])
{
	/* Of one that nobody has served there is nothing to be closed. */
	int64_t until_ms = was_generation ? 0 : nbl_now_ms();
	struct nbl *nb = vif->nb;
	int rc;

	rc = nbl_vif_link(nb, req, vif, err);
	if (rc)
		return rc;
	rc = nbl_device_ports(vif, e, &until_ms, err);
	if (rc)
		goto err_tap;
	rc = take_guest(vif, e, was_generation + 1, err);
	if (rc)
		goto err_ports;
	return 0;

err_ports:
	nbl_vif_ports_free(vif);
err_tap:
	nbl_closer_push(nb->closer, vif->tap);
	return rc;
}

/* If that cannot be said either, the toolstack's patience ends. */
static void refuse(struct nbl *nb, const struct xen_noxs_list_entry *e,
		   union area *a, int rc, const char *why)
{
	struct xen_noxs_net_refusal refusal = {
		.magic = XEN_NOXS_NET_REF_MAGIC,
	};
	struct xen_noxs_publish op = {
		.domid = e->domid,
		.id = e->id,
		.type = XEN_NOXS_TYPE_NET,
		.size = XEN_NOXS_NET_REFUSAL + sizeof(refusal),
		.serial = e->serial,
		.flags = XEN_NOXS_PUBLISH_NOTIFY,
	};

	snprintf(refusal.text, sizeof(refusal.text), "%s", why);
	a->back.hdr.size = op.size;
	a->back.hdr.seq = 0;
	a->back.hdr.state = XEN_NOXS_STATE_CLOSED;
	a->back.hdr.error = (uint32_t)-rc;
	memcpy(a->byte + XEN_NOXS_NET_REFUSAL, &refusal, sizeof(refusal));
	memcpy(op.data, a->byte, sizeof(op.data));
	rc = noxs_publish(nb->nx, &op);
	nbl_log(NBL_WARN, "vif %u of domain %u: %s%s%s", e->id, e->domid, why,
		rc ? "; which cannot be said: " : "",
		rc ? nbl_strerror(rc) : "");
}

/* 0; -EINPROGRESS: its TAP's name is not free yet; -errno, with err. */
static int take_wanted(struct nbl *nb, const struct xen_noxs_list_entry *e,
		       const union area *a, char err[NBL_ERROR_SIZE])
{
	struct noxs_netback_request req;
	struct nbl_vif *vif;
	int rc;

	rc = request_of(a, e, &req, err);
	if (rc)
		return rc;
	vif = nbl_vif_new(nb, e->id, nbl_queues(&req));
	if (!vif)
		return nbl_fail(err, -ENOMEM, "allocate a vif");
	rc = take_vif(vif, e, &req, a->back.hdr.generation, err);
	if (rc) {
		free(vif);
		return rc;
	}
	nbl_vif_enter(vif);
	nbl_log(NBL_DEBUG, "%s: vif %u of domain %u on %s", vif->tap->ifname,
		vif->id, e->domid, vif->bridge[0] ? vif->bridge : "nothing");
	return 0;
}

struct taken {
	const struct xen_noxs_list_entry *e;
	bool waits;
};

/* In the shard of its guest. */
static void take(struct nbl *nb, void *arg)
{
	char err[NBL_ERROR_SIZE] = "";
	struct taken *t = arg;
	union area a;
	int rc;

	if (nbl_device_back(nb, t->e, a.byte) || !is_wanted(&a))
		return;		/* it went meanwhile, or is not for us */
	rc = take_wanted(nb, t->e, &a, err);
	t->waits = rc == -EINPROGRESS;
	if (rc && !t->waits)
		refuse(nb, t->e, &a, rc, err);
}

/* --- which there are ------------------------------------------------------------- */

static struct nbl_vif *vif_of(struct nbl *nb,
			      const struct xen_noxs_list_entry *e)
{
	struct nbl_guest *guest = nbl_guest_find(nb, e->domid);
	struct nbl_vif *vif;

	if (!guest || guest->serial != e->serial)
		return NULL;
	vif = nbl_guest_vif(guest, e->id);
	return vif && vif->id == e->id && vif->seq == e->seq ? vif : NULL;
}

/* Those that were looked at and that nothing is to be done for. */
static bool is_done(struct nbl *nb, const struct xen_noxs_list_entry *e)
{
	union area a;

	return nbl_device_back(nb, e, a.byte) || !is_wanted(&a);
}

struct look {
	struct xen_noxs_list_entry first;	/* that is not served */
	unsigned int nr;			/* of them */
	const struct xen_noxs_list_entry *e;	/* looked at now, or NULL */
	unsigned int looks;			/* which look this is */
};

/* In the shard of its guest. */
static void look_at(struct nbl *nb, void *arg)
{
	struct look *look = arg;
	struct nbl_vif *vif = vif_of(nb, look->e);

	if (vif)
		vif->looked = look->looks;
	else if (!is_done(nb, look->e) && !look->nr++)
		look->first = *look->e;
}

static int look_at_all(struct nbl *nb, struct look *look)
{
	struct xen_noxs_list list = { .domid = XEN_NOXS_ANY };
	unsigned int i;
	int rc;

	look->looks = ++nb->remote.looks;
	list.backend = nb->domid;
	while (list.next_domid != XEN_NOXS_END) {
		rc = noxs_list(nb->nx, &list);
		if (rc)
			return rc;
		for (i = 0; i < list.nr && i < XEN_NOXS_LIST_MAX; i++) {
			if (list.entry[i].type != XEN_NOXS_TYPE_NET)
				continue;
			look->e = &list.entry[i];
			nbl_shard_do(nb, look->e->domid, look_at, look);
			look->e = NULL;
		}
	}
	return 0;
}

/* Their names and addresses may be those of the ones that came. */
static void drop_others(struct nbl *nb, void *arg)
{
	const struct look *look = arg;
	struct nbl_vif *vif, *next;

	for (vif = nbl_vif_next(nb, 0, 0); vif; vif = next) {
		next = nbl_vif_next(nb, vif->guest->domid,
				    (uint16_t)(vif->id + 1));
		if (vif->looked != look->looks)
			nbl_vif_drop(vif);
	}
}

bool nbl_remote_due(const struct nbl *nb)
{
	return nb->remote.on && nb->remote.due;
}

/* One device a turn: guests are served meanwhile. */
void nbl_remote_turn(struct nbl *nb)
{
	struct taken taken = { .waits = false };
	struct look look = { .nr = 0 };
	int rc;

	if (!nbl_remote_due(nb))
		return;
	nb->remote.due = nb->remote.waits = false;
	rc = look_at_all(nb, &look);
	if (rc) {
		nbl_log(NBL_ERROR, "list devices: %s", nbl_strerror(rc));
		return;
	}
	nbl_shards_each(nb, drop_others, &look);
	if (!look.nr)
		return;
	taken.e = &look.first;
	nbl_shard_do(nb, look.first.domid, take, &taken);
	nb->remote.waits = taken.waits;
	/* One that waits for a name is the first again, when it is free. */
	nb->remote.due = look.nr > 1 && !nb->remote.waits;
}

void nbl_remote_event(struct nbl *nb)
{
	nb->remote.due = true;
}

void nbl_remote_retry(struct nbl *nb)
{
	if (nb->remote.waits)
		nb->remote.due = true;
}

void nbl_remote_start(struct nbl *nb)
{
	nb->remote.on = nb->unprivileged;
	nb->remote.due = true;
}

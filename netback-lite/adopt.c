// SPDX-License-Identifier: BSD-2-Clause
/*
 * The devices that an earlier process of this domain served.
 *
 * Three know of a vif, and a process may be killed between any two of them:
 * Xen has the device and what was offered last; the ledger has the rest; the
 * kernel has the TAP, with its bridge.  Xen decides what there is.
 *
 *     Xen   ledger  TAP
 *     yes   yes     yes   served again: another offer, for fresh rings
 *     yes   yes     no    the same, with a TAP made anew
 *     yes   no      ?     if nobody serves it, removed
 *     yes   spare   ?     the same, if Xen has an owner's offer: somebody was
 *                         waiting for it to be bound, and heard nothing
 *     no    yes     ?     its guest died, or it was being detached: forgotten,
 *                         and the TAP with it
 *
 * In a driver domain the ledger may name a device that is another one by now, which
 * was never offered; it and those without a record are for remote.c.
 *
 * A TAP is ours if name and index are what the ledger says.  A device whose
 * port does not wait for our domain is somebody else's, or its guest closed the
 * port: it is left alone.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "closer.h"
#include "control.h"
#include "device.h"
#include "evtchn.h"
#include "gnttab.h"
#include "guest.h"
#include "keeper.h"
#include "known.h"
#include "link.h"
#include "remote.h"
#include "shard.h"
#include "tap.h"
#include "vif.h"

#define HALF_BOUND	1	/* what adopt_vif returns of a spare */
#define ANOTHER		2	/* and of one that nobody served yet */

struct adoption {
	struct nbl *nb;
	struct nbl_known_list known;
	/*
	 * The lock says that the other process has ended, not that the kernel has
	 * finished closing what it had: once, for all devices together.
	 */
	int64_t until_ms;	/* 0: nobody had to be waited for yet */
	unsigned int nr_adopted, nr_taps, nr_removed, nr_left;
	unsigned int nr_held;	/* TAPs that were never closed */
};

static int adopt_ticket(struct adoption *a, const char *ifname, bool many,
			struct nbl_closer_ticket **out)
{
	struct nbl_kept *kept = a->nb->kept;
	int held = nbl_kept_tap(kept, ifname), rc;

	a->nr_held += held >= 0;
	do {
		rc = nbl_closer_adopt(ifname, many, held, out);
	} while (rc == -EBUSY && nbl_device_wait(&a->until_ms));
	/* Of its queues one is enough until the guest has connected. */
	while ((held = nbl_kept_tap(kept, ifname)) >= 0)
		nbl_closer_take(a->nb->closer, ifname, held);
	return rc;
}

/* --- the TAP ----------------------------------------------------------------- */

/*
 * It is on its bridge and in its VLAN, and deaf if it is a spare's: an owned one
 * was all it should be before the ledger said that it is, and a spare's offer is
 * changed before its TAP is.  One that was cut off (stall.h) hears again.
 */
static int tap_adopt(struct adoption *a, struct nbl_vif *vif,
		     const struct nbl_record *r, char err[NBL_ERROR_SIZE])
{
	int rc;

	rc = adopt_ticket(a, r->ifname, vif->max_queues > 1, &vif->tap);
	if (rc)
		return nbl_fail(err, rc, "open TAP %s", r->ifname);
	if (!vif->spare)
		nbl_tap_deaf(vif->tap->fd, false);
	vif->ifindex = (int)r->ifindex;
	memcpy(vif->bridge, r->bridge, sizeof(vif->bridge));
	return 0;
}

/* Without its bridge a vif is what one is whose bridge was removed. */
static int tap_make(struct adoption *a, struct nbl_vif *vif,
		    struct noxs_netback_request *req, char err[NBL_ERROR_SIZE])
{
	int rc;

	rc = nbl_vif_link(vif->nb, req, vif, err);
	if (rc == -ENODEV && req->bridge[0]) {
		nbl_log(NBL_WARN, "vif %u of domain %u: %s", req->vif,
			req->domid, err);
		req->bridge[0] = '\0';
		rc = nbl_vif_link(vif->nb, req, vif, err);
	}
	a->nr_taps += !rc;
	return rc;
}

static int adopt_tap(struct adoption *a, struct nbl_vif *vif,
		     const struct nbl_record *r,
		     struct noxs_netback_request *req, char err[NBL_ERROR_SIZE])
{
	unsigned int mtu;
	int ifindex, rc;

	rc = nbl_link_find(a->nb->link, r->ifname, &ifindex, &mtu);
	if (rc == -ENODEV)
		return tap_make(a, vif, req, err);
	if (rc)
		return nbl_fail(err, rc, "look for TAP %s", r->ifname);
	if ((uint32_t)ifindex != r->ifindex)
		return nbl_fail(err, -EEXIST, "another device is called %s",
				r->ifname);
	return tap_adopt(a, vif, r, err);
}

/* --- the device -------------------------------------------------------------- */

/* What we, or who was here before, offered last. */
static int back_read(struct nbl *nb, const struct xen_noxs_list_entry *e,
		     struct xen_noxs_net_back *out)
{
	union {
		uint8_t area[XEN_NOXS_AREA_SIZE];
		struct xen_noxs_net_back back;
	} copy;
	int rc;

	if (e->pair >= XEN_NOXS_MAX_PAIRS || !e->nr_ports ||
	    e->nr_ports > XEN_NOXS_MAX_PORTS ||
	    e->offset > NBL_PAGE_SIZE - XEN_NOXS_AREA_SIZE)
		return -EPROTO;
	rc = nbl_device_back(nb, e, copy.area);
	if (rc)
		return rc;
	if (copy.back.hdr.magic != XEN_NOXS_BACK_MAGIC ||
	    copy.back.hdr.version != XEN_NOXS_VERSION ||
	    copy.back.hdr.size < XEN_NOXS_NET_BACK_LEAST)
		return -EPROTO;
	*out = copy.back;
	return 0;
}

static bool has_owner(const struct xen_noxs_net_back *back)
{
	static const uint8_t nobody[sizeof(back->mac)];

	return memcmp(back->mac, nobody, sizeof(nobody)) != 0;
}

/* The request that would make what it was; checked as if it came from outside. */
static int request_of(const struct nbl_record *r,
		      const struct xen_noxs_net_back *back,
		      struct noxs_netback_request *req,
		      char err[NBL_ERROR_SIZE])
{
	memset(req, 0, sizeof(*req));
	req->op = NOXS_NETBACK_ATTACH;
	req->domid = r->domid;
	req->vif = r->vif;
	req->mtu = back->mtu;
	memcpy(req->bridge, r->bridge, sizeof(req->bridge));
	req->flags = (uint8_t)r->flags;
	req->queues = r->queues;
	if (!(r->flags & NOXS_NETBACK_SPARE)) {
		memcpy(req->mac, back->mac, sizeof(req->mac));
		req->ip_mode = back->ip_mode;
		req->prefix = back->prefix;
		memcpy(req->ip, back->ip, sizeof(req->ip));
		memcpy(req->gateway, back->gateway, sizeof(req->gateway));
		memcpy(req->ifname, r->ifname, sizeof(req->ifname));
		memcpy(req->limit, r->limit, sizeof(req->limit));
		req->vlan = r->vlan;
	}
	return nbl_attach_check(req, err);
}

/* A guest that lied stays where it is; the others' frontends answer anew. */
static int offer_again(struct nbl_vif *vif,
		       const struct xen_noxs_net_back *was)
{
	nbl_vif_offer(vif, was->hdr.generation + 1);
	vif->broken = was->hdr.state == XEN_NOXS_STATE_CLOSED &&
		      was->hdr.error;
	if (!vif->broken)
		return nbl_vif_say(vif, XEN_NOXS_PUBLISH_NOTIFY);
	vif->back.hdr.state = XEN_NOXS_STATE_CLOSED;
	vif->back.hdr.error = was->hdr.error;
	vif->back.hdr.generation = was->hdr.generation;
	return 0;
}

static int adopt_guest(struct nbl_vif *vif,
		       const struct xen_noxs_list_entry *e,
		       const struct xen_noxs_net_back *was,
		       char err[NBL_ERROR_SIZE])
{
	int rc;

	rc = nbl_device_take(vif, e, err);
	if (rc)
		return rc;
	rc = offer_again(vif, was);
	if (rc) {
		nbl_device_release(vif);
		nbl_fail(err, rc, "offer it again");
	}
	return rc;
}

/* From the port on: if it is not ours to have, nothing was touched. */
static int adopt_vif(struct adoption *a, struct nbl_vif *vif,
		     const struct xen_noxs_list_entry *e,
		     const struct nbl_record *r, char err[NBL_ERROR_SIZE])
{
	struct noxs_netback_request req;
	struct xen_noxs_net_back was;
	struct nbl *nb = vif->nb;
	int rc;

	rc = back_read(nb, e, &was);
	if (rc)
		return nbl_fail(err, rc, "read its last offer");
	if (vif->spare && has_owner(&was))
		return HALF_BOUND;
	if (nb->unprivileged && !was.hdr.generation)
		return ANOTHER;
	rc = request_of(r, &was, &req, err);
	if (rc)
		return rc;
	rc = nbl_device_ports(vif, e, &a->until_ms, err);
	if (rc)
		return rc;
	nbl_owner_take(vif, &req, req.mtu);
	rc = adopt_tap(a, vif, r, &req, err);
	if (rc)
		goto err_ports;
	rc = adopt_guest(vif, e, &was, err);
	if (rc)
		goto err_tap;
	return 0;

err_tap:
	vif->tap->leave = true;
	nbl_closer_push(nb->closer, vif->tap);
err_ports:
	nbl_vif_ports_free(vif);
	return rc;
}

static bool is_alive(struct nbl *nb, const struct xen_noxs_list_entry *e)
{
	const struct nbl_guest guest = {
		.domid = e->domid,
		.serial = e->serial,
	};

	return nbl_guest_alive(nb, &guest);
}

/* Without a frontend's consent: nobody was ever told of it. */
static void remove_device(struct adoption *a,
			  const struct xen_noxs_list_entry *e, const char *why)
{
	const struct xen_noxs_remove op = {
		.domid = e->domid,
		.id = e->id,
		.type = XEN_NOXS_TYPE_NET,
		.serial = e->serial,
	};
	uint32_t port;
	int rc;

	rc = nbl_device_port(a->nb, e, 0, &a->until_ms, &port);
	if (rc) {
		a->nr_left++;
		nbl_log(NBL_WARN, "vif %u of domain %u %s, but its event channel is in use (%s): left alone",
			e->id, e->domid, why, nbl_strerror(rc));
		return;
	}
	nbl_evtchn_free(a->nb->ec, port);
	rc = noxs_remove(a->nb->nx, &op);
	if (rc)
		return;		/* its guest went first */
	a->nr_removed++;
	nbl_log(NBL_WARN, "vif %u of domain %u %s, and nobody serves it: removed",
		e->id, e->domid, why);
}

static void adopt_known(struct adoption *a,
			const struct xen_noxs_list_entry *e,
			struct nbl_known *k)
{
	struct nbl_vif *vif = nbl_vif_new(nbl_shard_of(a->nb, e->domid), e->id,
					  nbl_record_queues(&k->r));
	char err[NBL_ERROR_SIZE];
	int rc = -ENOMEM;

	if (vif) {
		vif->spare = k->r.flags & NOXS_NETBACK_SPARE;
		rc = adopt_vif(a, vif, e, &k->r, err);
	} else {
		nbl_fail(err, rc, "allocate a vif");
	}
	if (!rc) {
		k->used = true;
		vif->record = k->place;
		nbl_vif_enter(vif);
		a->nr_adopted++;
		nbl_log(NBL_DEBUG, "%s: adopted", vif->tap->ifname);
		return;
	}
	free(vif);
	if (rc == ANOTHER)
		return;
	if (rc == HALF_BOUND) {
		remove_device(a, e, "was being bound");
		return;
	}
	/* Its guest went meanwhile: then it is as if it had gone before. */
	if ((rc == -ESRCH || rc == -ESTALE || rc == -ENOENT) ||
	    !is_alive(a->nb, e))
		return;
	k->used = true;
	a->nr_left++;
	nbl_log(NBL_ERROR, "%s, vif %u of domain %u, is not served: %s",
		k->r.ifname, e->id, e->domid, err);
}

/* --- all of it --------------------------------------------------------------- */

static void serve(struct nbl *nb, void *arg)
{
	int *rc = arg;

	if (!*rc)
		*rc = nbl_turn(nb, 0);
}

static int adopt_devices(struct adoption *a)
{
	struct xen_noxs_list list = { .domid = XEN_NOXS_ANY };
	const struct xen_noxs_list_entry *e;
	struct nbl_known *k;
	unsigned int i;
	int rc;

	list.backend = a->nb->domid;
	while (list.next_domid != XEN_NOXS_END) {
		rc = noxs_list(a->nb->nx, &list);
		if (rc)
			return rc;
		for (i = 0; i < list.nr && i < XEN_NOXS_LIST_MAX; i++) {
			e = &list.entry[i];
			if (e->type != XEN_NOXS_TYPE_NET)
				continue;
			k = nbl_known_find(&a->known, e);
			if (k)
				adopt_known(a, e, k);
			else if (!a->nb->unprivileged)
				remove_device(a, e, "is not in the ledger");
		}
		/* The first ones do not wait for the last. */
		rc = 0;
		nbl_shards_each(a->nb, serve, &rc);
		if (rc)
			return rc;
	}
	return 0;
}

/* Records without a device.  The TAP goes behind our back, the record then. */
static void forget_others(struct adoption *a)
{
	struct nbl_closer_ticket *t;
	unsigned int mtu;
	struct nbl_known *k;
	int ifindex, rc;

	for (k = a->known.entry; k < a->known.entry + a->known.nr; k++) {
		if (k->used)
			continue;
		if (nbl_link_find(a->nb->link, k->r.ifname, &ifindex, &mtu) ||
		    (uint32_t)ifindex != k->r.ifindex) {
			nbl_ledger_erase(a->nb->ledger, k->place);
			continue;
		}
		rc = adopt_ticket(a, k->r.ifname,
				  nbl_record_queues(&k->r) > 1, &t);
		if (rc) {
			nbl_log(NBL_ERROR, "remove TAP %s of domain %u, which is gone: %s",
				k->r.ifname, k->r.domid, nbl_strerror(rc));
			continue;
		}
		t->record = k->place;
		nbl_closer_push(a->nb->closer, t);
	}
}

int nbl_adopt(struct nbl *nb, const char *path, char err[NBL_ERROR_SIZE])
{
	struct adoption a = { .nb = nb };
	int64_t began = nbl_now_ms();
	int rc;

	rc = nbl_ledger_open(path, &nb->ledger, err);
	if (rc)
		return rc;
	nbl_shards_share(nb);
	rc = nbl_known_read(nb->ledger, &a.known);
	if (rc)
		return nbl_fail(err, rc, "read the ledger");
	nbl_control_hold(nb->control, true);
	rc = adopt_devices(&a);
	nbl_control_hold(nb->control, false);
	if (rc)
		nbl_fail(err, rc, "list devices");
	else
		forget_others(&a);
	nbl_remote_start(nb);
	nbl_known_free(&a.known);
	nbl_kept_free(nb->kept);
	nb->kept = NULL;
	if (a.nr_adopted || a.nr_removed || a.nr_left)
		nbl_log(NBL_INFO, "of an earlier process: %u vifs adopted in %d ms (%u TAPs made anew), %u removed, %u left alone, %u TAPs held",
			a.nr_adopted, (int)(nbl_now_ms() - began), a.nr_taps,
			a.nr_removed, a.nr_left, a.nr_held);
	return rc;
}

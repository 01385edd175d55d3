// SPDX-License-Identifier: BSD-2-Clause
/* Life of a vif: from a request to a device in the guest's device page. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "await.h"
#include "closer.h"
#include "evtchn.h"
#include "gnttab.h"
#include "guest.h"
#include "ledger.h"
#include "link.h"
#include "steer.h"
#include "switch.h"
#include "tap.h"
#include "vif.h"

/* -EEXIST if the guest has this vif; a dead namesake's is dropped. */
static int attach_check_new(struct nbl *nb,
			    const struct noxs_netback_request *req,
			    char err[NBL_ERROR_SIZE])
{
	struct nbl_guest *guest = nbl_guest_find(nb, req->domid);
	struct nbl_vif *vif;

	if (!guest)
		return 0;
	vif = nbl_guest_vif(guest, req->vif);
	if (!vif || vif->id != req->vif)
		return 0;
	if (nbl_guest_alive(nb, guest))
		return nbl_fail(err, -EEXIST, "vif %u of domain %u", req->vif,
				req->domid);
	nbl_guest_drop(nb, guest);
	return 0;
}

static int attach_tap(struct nbl *nb, const struct noxs_netback_request *req,
		      struct nbl_vif *vif, char err[NBL_ERROR_SIZE])
{
	char ifname[NOXS_NETBACK_IFNAMSIZ];
	int rc;

	if (req->ifname[0])
		memcpy(ifname, req->ifname, sizeof(ifname));
	else
		snprintf(ifname, sizeof(ifname), "vif%u.%u", req->domid,
			 req->vif);
	rc = nbl_closer_open(nb->closer, ifname, vif->max_queues > 1,
			     &vif->tap, err);
	/* Without that it costs memory and time, and works. */
	if (!rc)
		nbl_link_no_qdisc(nb->link, ifname);
	return rc;
}

/*
 * It stays when the process goes, and the ledger says whose it is: in the other
 * order, one that nobody knows could be left.
 */
static void attach_keep(struct nbl_vif *vif)
{
	int rc;

	nbl_vif_record(vif);
	if (!vif->record || vif->tap->kept)
		return;
	rc = nbl_tap_keep(vif->tap->fd, true);
	if (rc)
		nbl_log(NBL_WARN, "keep %s: %s", vif->tap->ifname,
			nbl_strerror(rc));
	vif->tap->kept = !rc;
}

/* A spare without a bridge waits for one off any, and down. */
static int attach_bridge(struct nbl_vif *vif, const struct nbl_place *to)
{
	const char *ifname = vif->tap->ifname;
	struct nbl_link *link = vif->nb->link;
	unsigned int mtu;
	int rc;

	if (!vif->spare)
		return nbl_owner_attach(vif, to);
	if (!to->master)
		return nbl_link_find(link, ifname, &vif->ifindex, &mtu);
	rc = nbl_tap_deaf(vif->tap->fd, true);
	if (rc)
		return rc;
	return nbl_link_attach_quiet(link, ifname, to->master, to->mtu,
				     &vif->ifindex);
}

/* TAP on its bridge; the MTU is settled here. */
int nbl_vif_link(struct nbl *nb, const struct noxs_netback_request *req,
		 struct nbl_vif *vif, char err[NBL_ERROR_SIZE])
{
	struct nbl_place to = { .master = 0 };
	int rc;

	rc = nbl_owner_place(nb, req, &to, err);
	if (rc)
		return rc;
	nbl_owner_take(vif, req, to.mtu);
	memcpy(vif->bridge, req->bridge, sizeof(vif->bridge));

	rc = attach_tap(nb, req, vif, err);
	if (rc)
		return rc;
	rc = attach_bridge(vif, &to);
	if (rc) {
		nbl_closer_push(nb->closer, vif->tap);
		vif->tap = NULL;
		if (rc == -EOPNOTSUPP && to.master)
			return nbl_fail(err, rc, "%s is not a bridge",
					req->bridge);
		return nbl_fail(err, rc, "put TAP on bridge %s", req->bridge);
	}
	return 0;
}

void nbl_vif_offer(struct nbl_vif *vif, uint32_t generation)
{
	struct xen_noxs_net_back *back = &vif->back;

	back->hdr.magic = XEN_NOXS_BACK_MAGIC;
	back->hdr.version = XEN_NOXS_VERSION;
	back->hdr.size = sizeof(*back);
	back->hdr.state = XEN_NOXS_STATE_INIT;
	back->hdr.generation = generation;
	back->hdr.features = NBL_VIF_FEATURES;
	back->max_queues = (uint16_t)vif->max_queues;
	nbl_steer_offer(vif);
}

static int attach_device(struct nbl *nb,
			 const struct noxs_netback_request *req,
			 struct nbl_vif *vif, uint64_t *serial)
{
	struct xen_noxs_add op = {
		.domid = req->domid,
		.backend = nb->domid,
		.id = req->vif,
		.type = XEN_NOXS_TYPE_NET,
		.nr_ports = (uint8_t)vif->nr_ports,
	};
	unsigned int i;
	int rc;

	for (i = 0; i < vif->nr_ports; i++)
		op.port[i] = vif->port[i].port;
	nbl_vif_offer(vif, 1);
	memcpy(op.back, &vif->back, sizeof(vif->back));
	rc = noxs_add(nb->nx, &op);
	if (rc)
		return rc;
	vif->slot = op.slot;
	vif->pair = op.pair;
	vif->offset = op.offset;
	*serial = op.serial;
	return 0;
}

static void vif_remove_device(struct nbl_vif *vif, uint16_t domid,
			      uint64_t serial)
{
	struct xen_noxs_remove op = {
		.domid = domid,
		.id = vif->id,
		.type = XEN_NOXS_TYPE_NET,
		.serial = serial,
	};
	int rc = noxs_remove(vif->nb->nx, &op);

	/* Anything else than "the guest went first" is worth a line. */
	if (rc && rc != -ENOENT && rc != -ESRCH && rc != -ESTALE)
		nbl_log(NBL_ERROR, "remove vif %u of domain %u: %s", vif->id,
			domid, nbl_strerror(rc));
}

/* Where it cannot be mapped, a copy is what is looked at. */
static int front_copy(struct nbl_vif *vif)
{
	vif->copy = calloc(1, XEN_NOXS_AREA_SIZE);
	vif->front = vif->copy;
	return vif->copy ? 0 : -ENOMEM;
}

int nbl_vif_map_front(struct nbl_vif *vif)
{
	const uint8_t *addr;
	int rc;

	if (vif->offset % XEN_NOXS_AREA_SIZE ||
	    vif->offset > NBL_PAGE_SIZE - XEN_NOXS_AREA_SIZE)
		return -EPROTO;
	if (vif->nb->unprivileged)
		return front_copy(vif);
	rc = nbl_guest_front_get(vif->nb, vif->guest, vif->pair, &addr);
	if (rc)
		return rc;
	vif->front = (const void *)(addr + vif->offset);
	return 0;
}

void nbl_vif_unmap_front(struct nbl_vif *vif)
{
	if (!vif->copy)
		nbl_guest_front_put(vif->nb, vif->guest, vif->pair);
	free(vif->copy);
	vif->copy = NULL;
	vif->front = NULL;
}

struct nbl_vif *nbl_vif_new(struct nbl *nb, uint16_t id,
			    unsigned int max_queues)
{
	struct nbl_vif *vif;
	unsigned int i;

	vif = calloc(1, sizeof(*vif) + max_queues * sizeof(vif->queue[0]));
	if (!vif)
		return NULL;
	vif->nb = nb;
	vif->id = id;
	vif->max_queues = max_queues;
	nbl_held_init(&vif->held, &nb->held_bytes);
	for (i = 0; i < max_queues; i++)
		nbl_queue_init(&vif->queue[i], vif);
	return vif;
}

int nbl_vif_port_add(struct nbl_vif *vif, uint32_t nr)
{
	struct nbl_port *p = &vif->port[vif->nr_ports];
	int rc;

	p->vif = vif;
	p->port = nr;
	rc = nbl_port_set(vif->nb, nr, p);
	if (rc)
		nbl_evtchn_free(vif->nb->ec, nr);
	else
		vif->nr_ports++;
	return rc;
}

void nbl_vif_ports_free(struct nbl_vif *vif)
{
	uint32_t nr;

	while (vif->nr_ports) {
		nr = vif->port[--vif->nr_ports].port;
		nbl_port_set(vif->nb, nr, NULL);
		nbl_evtchn_free(vif->nb->ec, nr);
	}
}

static int attach_ports(struct nbl *nb, uint16_t domid, struct nbl_vif *vif)
{
	unsigned int nr = noxs_netback_ports(vif->max_queues);
	uint32_t port;
	int rc;

	while (vif->nr_ports < nr) {
		rc = nbl_evtchn_alloc(nb->ec, domid, &port);
		if (!rc)
			rc = nbl_vif_port_add(vif, port);
		if (rc) {
			nbl_vif_ports_free(vif);
			return rc;
		}
	}
	return 0;
}

/* From the event channel on: what the guest can see. */
static int attach_guest(struct nbl *nb, const struct noxs_netback_request *req,
			struct nbl_vif *vif, char err[NBL_ERROR_SIZE])
{
	uint64_t serial;
	int rc;

	rc = attach_ports(nb, req->domid, vif);
	if (rc)
		return nbl_fail(err, rc, "event channel for domain %u",
				req->domid);
	rc = attach_device(nb, req, vif, &serial);
	if (rc) {
		nbl_fail(err, rc, "add vif %u to domain %u", req->vif,
			 req->domid);
		goto err_ports;
	}
	rc = nbl_guest_get(nb, req->domid, serial, &vif->guest);
	if (rc) {
		nbl_fail(err, rc, "domain %u", req->domid);
		goto err_device;
	}
	rc = nbl_vif_map_front(vif);
	if (rc) {
		nbl_fail(err, rc, "map the front page of domain %u",
			 req->domid);
		goto err_guest;
	}
	return 0;

err_guest:
	nbl_guest_put(nb, vif->guest);
err_device:
	vif_remove_device(vif, req->domid, serial);
err_ports:
	nbl_vif_ports_free(vif);
	return rc;
}

void nbl_vif_record(struct nbl_vif *vif)
{
	struct nbl_record r = {
		.serial = vif->guest->serial,
		.domid = vif->guest->domid,
		.vif = vif->id,
		.flags = vif->spare ? NOXS_NETBACK_SPARE : vif->flags,
		.ifindex = (uint32_t)vif->ifindex,
		.vlan = vif->vlan,
		.queues = (uint8_t)vif->max_queues,
	};

	memcpy(r.limit, vif->limit, sizeof(r.limit));
	memcpy(r.ifname, vif->tap->ifname, sizeof(r.ifname));
	memcpy(r.bridge, vif->bridge, sizeof(r.bridge));
	nbl_ledger_put(vif->nb->ledger, &vif->record, &r);
}

void nbl_vif_enter(struct nbl_vif *vif)
{
	nbl_guest_vif_add(vif->guest, vif);
	vif->nb->nr_vifs++;
	attach_keep(vif);
}

int nbl_vif_attach(struct nbl *nb, const struct noxs_netback_request *req,
		   struct nbl_vif **out, char err[NBL_ERROR_SIZE])
{
	struct nbl_vif *vif;
	int rc;

	rc = nbl_attach_check(req, err);
	if (!rc)
		rc = attach_check_new(nb, req, err);
	if (rc)
		return rc;
	vif = nbl_vif_new(nb, req->vif, nbl_queues(req));
	if (!vif)
		return nbl_fail(err, -ENOMEM, "allocate a vif");
	vif->spare = req->flags & NOXS_NETBACK_SPARE;
	rc = nbl_vif_link(nb, req, vif, err);
	if (rc)
		goto err_free;
	rc = attach_guest(nb, req, vif, err);
	if (rc)
		goto err_tap;
	nbl_vif_enter(vif);
	if (!vif->spare)
		nbl_await_own(vif);
	nbl_log(NBL_DEBUG, "%s: %svif %u of domain %u on %s", vif->tap->ifname,
		vif->spare ? "spare " : "", vif->id, req->domid,
		vif->bridge[0] ? vif->bridge : "nothing");
	*out = vif;
	return 0;

err_tap:
	nbl_closer_push(nb->closer, vif->tap);
err_free:
	free(vif);
	return rc;
}

/* What a detach does when Xen and the guest have been told, or are gone. */
static void vif_release(struct nbl_vif *vif)
{
	struct nbl *nb = vif->nb;

	nbl_rate_forget(vif);
	nbl_damp_end(vif);
	nbl_steer_forget(vif);
	nbl_switch_forget(vif);
	nbl_await_disown(vif);
	nbl_held_drop(&vif->held);
	nbl_vif_ports_free(vif);
	nbl_guest_vif_del(vif->guest, vif);
	nbl_vif_unmap_front(vif);
	nbl_guest_put(nb, vif->guest);
	nbl_log(NBL_DEBUG, "%s: %s", vif->tap->ifname,
		vif->tap->leave ? "left" : "detached");
	/* Its record goes when its TAP has gone. */
	if (!vif->tap->leave)
		vif->tap->record = vif->record;
	nbl_closer_push(nb->closer, vif->tap);
	nb->nr_vifs--;
	if (vif->on_ready)
		TAILQ_REMOVE(&nb->ready, vif, ready_link);
	/* epoll may have reported its TAP in this very turn */
	TAILQ_INSERT_TAIL(&nb->dead, vif, ready_link);
	vif->on_ready = true;	/* never again on the ready list */
}

void nbl_vif_detach(struct nbl_vif *vif)
{
	bool connected = vif->connected;

	nbl_vif_disconnect(vif);
	/* A frontend that is up hears of it before its device vanishes. */
	if (connected)
		nbl_vif_publish(vif, XEN_NOXS_STATE_CLOSED, 0);
	vif_remove_device(vif, vif->guest->domid, vif->guest->serial);
	vif_release(vif);
}

void nbl_vif_drop(struct nbl_vif *vif)
{
	nbl_vif_disconnect(vif);
	vif_release(vif);
}

void nbl_vif_leave(struct nbl_vif *vif)
{
	nbl_vif_disconnect(vif);
	vif->tap->leave = true;
	vif_release(vif);
}

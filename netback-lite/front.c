// SPDX-License-Identifier: BSD-2-Clause
/* Connection of a vif: what the guest's front area says, and our answer. */
#include <errno.h>
#include <stddef.h>

#include "closer.h"
#include "evtchn.h"
#include "gnttab.h"
#include "gso.h"
#include "guest.h"
#include "steer.h"
#include "tap.h"
#include "vif.h"

int nbl_vif_say(struct nbl_vif *vif, uint32_t flags)
{
	struct xen_noxs_publish op = {
		.domid = vif->guest->domid,
		.id = vif->id,
		.type = XEN_NOXS_TYPE_NET,
		.size = sizeof(vif->back),
		.serial = vif->guest->serial,
		.flags = flags,
	};

	memcpy(op.data, &vif->back, sizeof(vif->back));
	return noxs_publish(vif->nb->nx, &op);
}

int nbl_vif_publish(struct nbl_vif *vif, uint32_t state, uint32_t error)
{
	vif->back.hdr.state = state;
	vif->back.hdr.error = error;
	nbl_damp_change(&vif->damp);
	return nbl_vif_say(vif, XEN_NOXS_PUBLISH_NOTIFY);
}

#define FRONT_WORDS	(sizeof(struct xen_noxs_net_front) / sizeof(uint32_t))

union front_copy {
	uint32_t word[FRONT_WORDS];
	struct xen_noxs_net_front front;
};

/* The one place where the area is read; after this only the copy counts. */
static void front_read(const volatile void *from, union front_copy *to)
{
	const volatile uint32_t *src = from;
	size_t i;

	for (i = 0; i < FRONT_WORDS; i++)
		to->word[i] = __atomic_load_n(src + i, __ATOMIC_RELAXED);
}

/* NULL, or what is wrong with what it says of its queues. */
static const char *front_check_queues(const struct nbl_vif *vif,
				      const struct xen_noxs_net_front *f)
{
	bool lists = f->hdr.features & XEN_NOXS_NET_F_STATIC;
	unsigned int i;

	if (!f->nr_queues || f->nr_queues > vif->back.max_queues)
		return "front area: bad number of queues";
	if (f->hdr.size > sizeof(*f) ||
	    f->hdr.size < (lists ?
			   offsetof(struct xen_noxs_net_front, list) +
			   f->nr_queues * sizeof(f->list[0]) :
			   offsetof(struct xen_noxs_net_front, queue) +
			   f->nr_queues * sizeof(f->queue[0])))
		return "front area: bad size";
	for (i = 0; i < f->nr_queues; i++) {
		if (f->queue[i].tx_port >= vif->nr_ports ||
		    f->queue[i].rx_port >= vif->nr_ports)
			return "front area: port out of range";
		if (lists && (!f->list[i].nr ||
			      f->list[i].nr > XEN_NOXS_NET_MAX_STATIC))
			return "front area: bad number of static grants";
	}
	return NULL;
}

/* NULL, or what is wrong with a front area that says CONNECTED. */
static const char *front_check(const struct nbl_vif *vif,
			       const struct xen_noxs_net_front *f)
{
	const struct xen_noxs_area_hdr *hdr = &f->hdr;

	if (hdr->magic != XEN_NOXS_FRONT_MAGIC)
		return "front area: bad magic";
	if (hdr->version != XEN_NOXS_VERSION)
		return "front area: unknown version";
	if (hdr->seq || hdr->pad || f->pad || f->pad2)
		return "front area: padding is not zero";
	if (hdr->features & ~vif->back.hdr.features)
		return "front area: features that were not offered";
	if (nbl_gso_alone(hdr->features))
		return "front area: GSO without what it needs";
	return front_check_queues(vif, f);
}

/* Does the guest say, at this moment, that it is connected by this offer? */
static bool front_stands(const struct nbl_vif *vif, uint32_t generation)
{
	const volatile struct xen_noxs_area_hdr *hdr = &vif->front->hdr;

	nbl_vif_fetch(vif);
	return __atomic_load_n(&hdr->state, __ATOMIC_ACQUIRE) ==
		       XEN_NOXS_STATE_CONNECTED &&
	       __atomic_load_n(&hdr->generation, __ATOMIC_ACQUIRE) ==
		       generation;
}

/* Whoever is next hears all again. */
static void groups_end(struct nbl_vif *vif)
{
	bool filtered = vif->features & XEN_NOXS_NET_F_MCAST;

	nbl_groups_drop(vif);
	vif->features = 0;
	if (filtered)
		nbl_groups_apply(vif);
}

static void queues_close(struct nbl_vif *vif)
{
	struct nbl_queue *q;

	for (q = vif->queue; q < vif->queue + vif->nr_queues; q++)
		nbl_queue_close(q);
	vif->nr_queues = 0;
}

static int queues_map(struct nbl_vif *vif, const struct xen_noxs_net_front *f)
{
	unsigned int i;
	int rc = 0;

	vif->nr_queues = f->nr_queues;
	for (i = 0; !rc && i < vif->nr_queues; i++)
		rc = nbl_queue_map(&vif->queue[i], &f->queue[i]);
	return rc;
}

static int queues_open(struct nbl_vif *vif, const struct xen_noxs_net_front *f)
{
	struct nbl_queue *q;
	unsigned int i;
	int rc = 0;

	for (i = 0; !rc && i < vif->nr_queues; i++) {
		q = &vif->queue[i];
		rc = nbl_queue_open(q);
		if (vif->features & XEN_NOXS_NET_F_STATIC)
			nbl_mapped_offer(&q->mapped, &f->list[i]);
		/* What came before is not overtaken by what a switch puts. */
		q->tap_readable = vif->nb->sw || !nbl_held_empty(&vif->held);
	}
	return rc;
}

static int vif_connect(struct nbl_vif *vif, const struct xen_noxs_net_front *f,
		       const char **why)
{
	unsigned int offloads = nbl_gso_tun(f->hdr.features);
	int rc;

	*why = "map the rings";
	rc = queues_map(vif, f);
	/*
	 * Who takes an answer back says so before what it names is gone: if it
	 * stands, what was mapped is what it named.
	 */
	if (!rc && !front_stands(vif, f->hdr.generation))
		rc = -ECANCELED;
	if (rc)
		goto err_queues;
	*why = "set the TAP's offloads";
	rc = offloads ? nbl_tap_offload(vif->tap->fd, offloads) : 0;
	if (rc)
		goto err_queues;
	vif->features = f->hdr.features;
	*why = "filter the TAP";
	rc = vif->features & XEN_NOXS_NET_F_MCAST ? nbl_groups_apply(vif) : 0;
	if (rc)
		goto err_offload;
	*why = "steer the TAP";
	rc = nbl_steer_begin(vif);
	if (rc)
		goto err_filter;
	*why = "open the TAP's queues";
	rc = queues_open(vif, f);
	if (rc)
		goto err_steer;
	vif->connected = true;
	*why = "publish";
	rc = nbl_vif_publish(vif, XEN_NOXS_STATE_CONNECTED, 0);
	if (rc)
		nbl_vif_disconnect(vif);
	return rc;

err_steer:
	nbl_steer_end(vif);
err_filter:
	groups_end(vif);
err_offload:
	vif->features = 0;
	if (offloads)
		nbl_tap_offload(vif->tap->fd, 0);
err_queues:
	queues_close(vif);
	return rc;
}

void nbl_vif_disconnect(struct nbl_vif *vif)
{
	if (!vif->connected)
		return;
	vif->connected = false;
	vif->notify_due = 0;
	if (nbl_gso_tun(vif->features))
		nbl_tap_offload(vif->tap->fd, 0);
	nbl_steer_end(vif);
	queues_close(vif);
	groups_end(vif);
}

void nbl_vif_break(struct nbl_vif *vif, int error, const char *why)
{
	vif->broken = true;
	vif->broken_why = why;
	nbl_log(NBL_WARN, "%s: domain %u: %s: %s; the vif is closed",
		vif->tap->ifname, vif->guest->domid, why, nbl_strerror(error));
	nbl_vif_disconnect(vif);
	nbl_vif_publish(vif, XEN_NOXS_STATE_CLOSED, (uint32_t)-error);
}

static void front_connected(struct nbl_vif *vif,
			    const struct xen_noxs_net_front *f)
{
	const char *why;
	int rc;

	/*
	 * An answer to an offer that is no more.  The frontend sees the new
	 * one: each publish raises its port.
	 */
	if (f->hdr.generation != vif->back.hdr.generation) {
		if (vif->connected)
			nbl_vif_break(vif, -EPROTO,
				      "front area: generation changed");
		return;
	}
	if (vif->connected)
		return;
	why = front_check(vif, f);
	if (why) {
		nbl_vif_break(vif, -EPROTO, why);
		return;
	}
	if (!nbl_steer_may(vif, f->hdr.features))
		return;
	rc = vif_connect(vif, f, &why);
	if (rc && !front_stands(vif, f->hdr.generation))
		return;		/* its event brings us here again */
	if (rc) {
		nbl_vif_break(vif, rc, why);
		return;
	}
	nbl_log(NBL_DEBUG, "%s: connected, features %#x", vif->tap->ifname,
		vif->features);
}

/* Rings are let go of before CLOSED is said: then the guest may reuse them. */
static void front_closing(struct nbl_vif *vif)
{
	if (vif->back.hdr.state == XEN_NOXS_STATE_CLOSED)
		return;
	nbl_vif_disconnect(vif);
	nbl_vif_publish(vif, XEN_NOXS_STATE_CLOSED, 0);
	nbl_log(NBL_DEBUG, "%s: closed by the guest", vif->tap->ifname);
}

/* Did the guest answer our offer, and take that back before we looked? */
static bool offer_spent(const struct nbl_vif *vif,
			const struct xen_noxs_area_hdr *hdr)
{
	return hdr->magic == XEN_NOXS_FRONT_MAGIC && !hdr->error &&
	       hdr->generation == vif->back.hdr.generation;
}

static void front_closed(struct nbl_vif *vif,
			 const struct xen_noxs_area_hdr *hdr)
{
	if (vif->connected)	/* CLOSING went by unseen */
		front_closing(vif);
	if (vif->back.hdr.state != XEN_NOXS_STATE_CLOSED &&
	    !offer_spent(vif, hdr))
		return;
	vif->back.hdr.generation++;
	nbl_vif_publish(vif, XEN_NOXS_STATE_INIT, 0);
}

bool nbl_vif_in_step(const struct nbl_vif *vif)
{
	return vif->connected && front_stands(vif, vif->back.hdr.generation);
}

void nbl_vif_front(struct nbl_vif *vif)
{
	union front_copy copy;
	uint32_t state, generation;

	if (vif->broken || nbl_vif_in_step(vif))
		return;
	/*
	 * Acquire: a guest writes body, generation, state, in this order; so
	 * a copy made after a look at the last two has all that was before
	 * them.  The look decides nothing but whether to believe it; it may
	 * say something newer.
	 */
	nbl_vif_fetch(vif);
	state = __atomic_load_n(&vif->front->hdr.state, __ATOMIC_ACQUIRE);
	generation = __atomic_load_n(&vif->front->hdr.generation,
				     __ATOMIC_ACQUIRE);
	nbl_vif_fetch(vif);
	front_read(vif->front, &copy);
	switch (copy.front.hdr.state) {
	case XEN_NOXS_STATE_CONNECTED:
		/* If it changed under the copy, an event is still to come. */
		if (state == XEN_NOXS_STATE_CONNECTED &&
		    generation == copy.front.hdr.generation)
			front_connected(vif, &copy.front);
		break;
	case XEN_NOXS_STATE_CLOSING:
		front_closing(vif);
		break;
	case XEN_NOXS_STATE_CLOSED:
		front_closed(vif, &copy.front.hdr);
		break;
	default:
		nbl_vif_break(vif, -EPROTO, "front area: bad state");
	}
}

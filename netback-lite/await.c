// SPDX-License-Identifier: BSD-2-Clause
/* Addresses that wait for their guest. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "await.h"
#include "closer.h"
#include "connection.h"
#include "guest.h"
#include "tap.h"
#include "vif.h"

#define LOOK_MS 250		/* how late IDLE may be */

/* Told in the next turn: a listener must not be closed in the middle of this. */
static void await_tell(struct nbl_await *a, uint16_t event)
{
	if (!a->due)
		TAILQ_INSERT_TAIL(&a->listener->due, a, due_link);
	a->due = event;
	nbl_connection_due(a->listener);
}

void nbl_await_frame(struct nbl_await *a, const void *packet, size_t size)
{
	if (a->vif)	/* its own TAP is on the bridge too */
		return;
	nbl_held_put(&a->held, packet, size);
	if (a->woken)
		return;
	a->woken = true;
	await_tell(a, NOXS_NETBACK_WAKE);
}

/* Packets that its vifs have seen, but for what is for everybody. */
static uint64_t guest_moved(struct nbl_guest *guest)
{
	struct nbl_vif *v;
	uint64_t n = 0;

	for (v = TAILQ_FIRST(&guest->vifs); v; v = TAILQ_NEXT(v, guest_link))
		n += v->stats.tx_packets + v->rx_unicast;
	return n;
}

static bool look_at_guest(struct nbl_await *a)
{
	uint64_t moved = guest_moved(a->vif->guest);
	bool quiet = moved == a->moved;

	a->moved = moved;
	return quiet;
}

static void await_bind(struct nbl_await *a, struct nbl_vif *vif)
{
	a->vif = vif;
	vif->await = a;
	look_at_guest(a);
	a->quiet_since = nbl_now_ms();
	vif->nb->looking = true;
}

/*
 * What the bridge flooded before the vif's own TAP was on it, is in the ear's
 * queue: taken out first, so that none is lost.  The last may come twice.
 */
void nbl_await_own(struct nbl_vif *vif)
{
	struct nbl_ear *ear = nbl_ear_find(vif->nb, vif->bridge);
	struct nbl_await *a;

	if (!ear)
		return;
	for (a = TAILQ_FIRST(&ear->awaits); a; a = TAILQ_NEXT(a, link))
		if (!memcmp(a->mac, vif->back.mac, 6))
			break;
	if (!a || a->vif)
		return;
	nbl_ear_drain(ear);
	nbl_held_move(&vif->held, &a->held);
	a->woken = false;
	await_bind(a, vif);
}

void nbl_await_disown(struct nbl_vif *vif)
{
	if (vif->await)
		vif->await->vif = NULL;
	vif->await = NULL;
	vif->dozing = false;
}

static struct nbl_vif *find_owner(struct nbl *nb,
				  const struct noxs_netback_request *req)
{
	struct nbl_guest *g;
	struct nbl_vif *v;

	for (g = TAILQ_FIRST(&nb->guests); g; g = TAILQ_NEXT(g, link))
		for (v = nbl_guest_vif(g, 0); v; v = TAILQ_NEXT(v, guest_link))
			if (!v->spare && !strcmp(v->bridge, req->bridge) &&
			    !memcmp(v->back.mac, req->mac, 6))
				return v;
	return NULL;
}

static void await_free(struct nbl_await *a)
{
	struct nbl_ear *ear = a->ear;

	if (a->vif)
		a->vif->await = NULL;
	if (a->due)
		TAILQ_REMOVE(&a->listener->due, a, due_link);
	TAILQ_REMOVE(&ear->awaits, a, link);
	nbl_held_drop(&a->held);
	ear->nb->nr_awaits--;
	free(a);
	nbl_ear_put(ear);
}

/* Of this bridge, by either address; *same: the listener asks for its own. */
static struct nbl_await *find_taken(const struct nbl_ear *ear,
				    const struct nbl_connection *listener,
				    const struct noxs_netback_request *req,
				    bool *same)
{
	struct nbl_await *a, *own = NULL;
	bool mac, ip;

	*same = false;
	for (a = TAILQ_FIRST(&ear->awaits); a; a = TAILQ_NEXT(a, link)) {
		mac = !memcmp(a->mac, req->mac, 6);
		ip = !memcmp(a->ip, req->ip, 4);
		if (mac && a->listener == listener && a->token == req->token)
			own = a;
		else if (mac || ip)
			return a;
	}
	*same = own;
	return own;
}

static int await_new(struct nbl_ear *ear, struct nbl_connection *listener,
		     const struct noxs_netback_request *req,
		     struct nbl_await **out, char err[NBL_ERROR_SIZE])
{
	struct nbl *nb = ear->nb;
	struct nbl_await *a;
	struct nbl_vif *vif;

	if (nb->nr_awaits == NOXS_NETBACK_MAX_AWAITS) {
		nbl_fail(err, -ENOSPC, "%u addresses wait already",
			 nb->nr_awaits);
		return -ENOSPC;
	}
	a = calloc(1, sizeof(*a));
	if (!a) {
		nbl_fail(err, -ENOMEM, "allocate an address");
		return -ENOMEM;
	}
	a->ear = ear;
	a->listener = listener;
	a->token = req->token;
	memcpy(a->mac, req->mac, sizeof(a->mac));
	nbl_held_init(&a->held, &nb->held_bytes);
	TAILQ_INSERT_TAIL(&ear->awaits, a, link);
	nb->nr_awaits++;
	vif = find_owner(nb, req);
	if (vif)
		await_bind(a, vif);
	*out = a;
	return 0;
}

/* That there is an ear for it is due to the caller. */
static int await_get(struct nbl_ear *ear,
		     const struct noxs_netback_request *req,
		     struct nbl_await **out, char err[NBL_ERROR_SIZE])
{
	struct nbl_connection *listener =
		nbl_connection_find(ear->nb->control, req->listener);
	struct nbl_await *a;
	bool same;

	if (!listener) {
		nbl_fail(err, -ENOENT, "listener %llu",
			 (unsigned long long)req->listener);
		return -ENOENT;
	}
	a = find_taken(ear, listener, req, &same);
	if (a && !same) {
		nbl_fail(err, -EEXIST,
			 "another guest waits for this MAC or IP");
		return -EEXIST;
	}
	if (!a)
		return await_new(ear, listener, req, out, err);
	*out = a;
	return 0;
}

static int await_check(const struct noxs_netback_request *req,
		       char err[NBL_ERROR_SIZE])
{
	int rc = nbl_attach_check(req, err);

	if (rc)
		return rc;
	if (!req->bridge[0])
		return nbl_fail(err, -EINVAL, "no bridge");
	if (req->ip_mode != XEN_NOXS_NET_IP_STATIC)
		return nbl_fail(err, -EINVAL, "no address");
	return 0;
}

int nbl_await_add(struct nbl *nb, const struct noxs_netback_request *req,
		  struct nbl_await **out, char err[NBL_ERROR_SIZE])
{
	struct nbl_await *a;
	struct nbl_ear *ear;
	int rc;

	rc = await_check(req, err);
	if (!rc)
		rc = nbl_ear_get(nb, req->bridge, &ear, err);
	if (rc)
		return rc;
	rc = await_get(ear, req, &a, err);
	if (rc) {
		nbl_ear_put(ear);
		return rc;
	}
	a->idle_ms = req->idle_ms;
	nb->looking |= a->vif != NULL;
	memcpy(a->ip, req->ip, sizeof(a->ip));
	if (!a->vif) {
		nbl_held_drop(&a->held);
		a->woken = false;
	}
	*out = a;
	return 0;
}

int nbl_await_forget(struct nbl *nb, const struct noxs_netback_request *req,
		     char err[NBL_ERROR_SIZE])
{
	struct nbl_connection *listener =
		nbl_connection_find(nb->control, req->listener);
	struct nbl_ear *ear = NULL;
	struct nbl_await *a;

	if (req->token || req->idle_ms)
		return nbl_fail(err, -EINVAL, "fields of AWAIT");
	if (memchr(req->bridge, '\0', sizeof(req->bridge)))
		ear = nbl_ear_find(nb, req->bridge);
	if (ear && listener)
		for (a = TAILQ_FIRST(&ear->awaits); a; a = TAILQ_NEXT(a, link))
			if (a->listener == listener &&
			    !memcmp(a->mac, req->mac, 6)) {
				await_free(a);
				return 0;
			}
	return nbl_fail(err, -ENOENT, "nobody waits for this");
}

void nbl_await_forget_all(struct nbl *nb, struct nbl_connection *listener)
{
	struct nbl_ear *ear, *next_ear;
	struct nbl_await *a, *next;

	for (ear = TAILQ_FIRST(&nb->ears); ear; ear = next_ear) {
		next_ear = TAILQ_NEXT(ear, link);	/* it may go with its last */
		for (a = TAILQ_FIRST(&ear->awaits); a; a = next) {
			next = TAILQ_NEXT(a, link);
			if (a->listener == listener)
				await_free(a);
		}
	}
}

/* Filters off: what is in a TAP already is what the filter let in. */
static void guest_rouse(struct nbl_guest *guest)
{
	struct nbl_vif *v;

	for (v = TAILQ_FIRST(&guest->vifs); v; v = TAILQ_NEXT(v, guest_link)) {
		if (v->dozing)
			nbl_tap_no_filter(v->tap->fd);
		v->dozing = false;
	}
}

/* The address by which its listener knows it: of any of its vifs. */
static struct nbl_await *guest_await(struct nbl_guest *guest)
{
	struct nbl_vif *v;

	for (v = TAILQ_FIRST(&guest->vifs); v; v = TAILQ_NEXT(v, guest_link))
		if (v->await)
			return v->await;
	return NULL;
}

void nbl_await_stir(struct nbl_vif *vif)
{
	struct nbl_await *a = guest_await(vif->guest);

	guest_rouse(vif->guest);
	if (a)
		await_tell(a, NOXS_NETBACK_WAKE);
}

/* It has received what it did not look at, or else it would wait for more. */
static bool has_unread(const struct nbl_queue *q)
{
	const netif_rx_back_ring_t *rx = &q->rx.ring;
	RING_IDX event = nbl_ring_prod(&rx->sring->rsp_event);

	return (int32_t)(event - rx->rsp_prod_pvt) <= 0;
}

static bool has_frames(const struct nbl_vif *vif)
{
	const struct nbl_queue *q;

	for (q = vif->queue; q < vif->queue + vif->nr_queues; q++)
		if (q->tap_readable || has_unread(q))
			return true;
	return false;
}

static bool is_quiet(struct nbl_guest *guest)
{
	struct nbl_vif *v;

	for (v = TAILQ_FIRST(&guest->vifs); v; v = TAILQ_NEXT(v, guest_link))
		if (!v->connected || v->on_ready || has_frames(v))
			return false;
	return true;
}

static int guest_doze(struct nbl_guest *guest)
{
	const uint8_t *ip;
	struct nbl_vif *v;
	int rc;

	for (v = TAILQ_FIRST(&guest->vifs); v; v = TAILQ_NEXT(v, guest_link)) {
		ip = v->back.ip_mode == XEN_NOXS_NET_IP_STATIC ? v->back.ip
							       : NULL;
		rc = nbl_tap_filter(v->tap->fd, v->back.mac, ip);
		if (rc) {
			guest_rouse(guest);
			return rc;
		}
		v->dozing = true;
	}
	return 0;
}

int nbl_await_doze(struct nbl *nb, const struct noxs_netback_request *req,
		   char err[NBL_ERROR_SIZE])
{
	struct nbl_guest *guest = nbl_guest_find(nb, req->domid);
	struct nbl_await *a;
	int rc;

	if (!guest)
		return nbl_fail(err, -ENOENT, "domain %u", req->domid);
	a = guest_await(guest);
	if (!a)
		return nbl_fail(err, -ENOENT, "nothing of domain %u is awaited",
				req->domid);
	if (!look_at_guest(a) || !is_quiet(guest))
		return nbl_fail(err, -EAGAIN, "domain %u is not quiet",
				req->domid);
	rc = guest_doze(guest);
	return rc ? nbl_fail(err, rc, "filter what domain %u hears",
			     req->domid) : 0;
}

/* Is there anything to look at again? */
static bool look(struct nbl_await *a, int64_t now)
{
	if (!a->vif || !a->idle_ms)
		return false;
	if (!look_at_guest(a) || a->vif->dozing)
		a->quiet_since = now;
	if (now - a->quiet_since >= (int64_t)a->idle_ms) {
		a->quiet_since = now;
		await_tell(a, NOXS_NETBACK_IDLE);
	}
	return true;
}

static void look_at_all(struct nbl *nb)
{
	struct nbl_ear *ear;
	struct nbl_await *a;
	bool again = false;

	for (ear = TAILQ_FIRST(&nb->ears); ear; ear = TAILQ_NEXT(ear, link))
		for (a = TAILQ_FIRST(&ear->awaits); a; a = TAILQ_NEXT(a, link))
			again |= look(a, nbl_now_ms());
	nb->looking = again;
}

int nbl_await_timeout(struct nbl *nb, int timeout_ms)
{
	if (!nb->looking)
		return timeout_ms;
	if (nbl_now_ms() >= nb->look_ms) {
		nb->look_ms = nbl_now_ms() + LOOK_MS;
		look_at_all(nb);
	}
	return timeout_ms < 0 || timeout_ms > LOOK_MS ? LOOK_MS : timeout_ms;
}

// SPDX-License-Identifier: BSD-2-Clause
/* What each request of the control protocol does. */
#include <errno.h>
#include <string.h>

#include "await.h"
#include "closer.h"
#include "connection.h"
#include "guest.h"
#include "shard.h"
#include "stats.h"
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

/* The first vif of all at or after the request's. */
struct first_vif {
	const struct noxs_netback_request *req;
	uint32_t key;		/* domid and vif of the first that was found */
};

static void look_for_vif(struct nbl *nb, void *arg)
{
	struct first_vif *f = arg;
	struct nbl_vif *vif = nbl_vif_next(nb, f->req->domid, f->req->vif);
	uint32_t key;

	if (!vif)
		return;
	key = (uint32_t)vif->guest->domid << 16 | vif->id;
	if (key < f->key)
		f->key = key;
}

static int vif_stats(struct nbl *nb, const struct noxs_netback_request *req,
		     struct noxs_netback_reply *reply)
{
	struct nbl_vif *vif = nbl_vif_next(nb, req->domid, req->vif);

	/* It may have gone since somebody looked. */
	if (!vif)
		return nbl_fail(reply->error, -ENOENT,
				"vif at or after %u.%u", req->domid, req->vif);
	reply_vif(reply, vif);
	reply->stats = vif->stats;
	reply->stats.mapped = nbl_vif_mapped(vif);
	reply->stats.queues = vif->nr_queues;
	if (vif->broken)
		nbl_fail(reply->error, -(int)vif->back.hdr.error, "%s",
			 vif->broken_why);
	nbl_stats_uuid(nb, vif->guest->domid, reply->uuid);
	return 0;
}

typedef int (*request_fn)(struct nbl *nb,
			  const struct noxs_netback_request *req,
			  struct noxs_netback_reply *reply);

struct call {
	request_fn fn;
	const struct noxs_netback_request *req;
	struct noxs_netback_reply *reply;
	int rc;
};

static void call(struct nbl *nb, void *arg)
{
	struct call *c = arg;

	c->rc = c->fn(nb, c->req, c->reply);
}

/* Where the guest of the request is. */
static int in_shard(struct nbl *nb, request_fn fn,
		    const struct noxs_netback_request *req,
		    struct noxs_netback_reply *reply)
{
	struct call c = { fn, req, reply, 0 };

	nbl_shard_do(nb, req->domid, call, &c);
	return c.rc;
}

static int request_stats(struct nbl *nb,
			 const struct noxs_netback_request *req,
			 struct noxs_netback_reply *reply)
{
	struct first_vif f = { .req = req, .key = UINT32_MAX };
	struct noxs_netback_request at = *req;

	nbl_shards_each(nb, look_for_vif, &f);
	if (f.key != UINT32_MAX) {
		at.domid = (uint16_t)(f.key >> 16);
		at.vif = (uint16_t)f.key;
	}
	return in_shard(nb, vif_stats, &at, reply);
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
	       req->op == NOXS_NETBACK_DETACH ||
	       req->op == NOXS_NETBACK_AWAIT;
}

static int request_await(struct nbl *nb, const struct noxs_netback_request *req,
			 struct noxs_netback_reply *reply)
{
	struct nbl_await *a;
	int rc;

	rc = nbl_await_add(nb, req, &a, reply->error);
	if (!rc && a->vif)
		reply_vif(reply, a->vif);
	return rc;
}

/* Those that have fields of ATTACH; -ENOSYS: it is none of them. */
static int request_of_vif(struct nbl *nb,
			  const struct noxs_netback_request *req,
			  struct noxs_netback_reply *reply)
{
	switch (req->op) {
	case NOXS_NETBACK_ATTACH:
		return in_shard(nb, request_attach, req, reply);
	case NOXS_NETBACK_BIND:
		return in_shard(nb, request_bind, req, reply);
	case NOXS_NETBACK_AWAIT:
		return request_await(nb, req, reply);
	case NOXS_NETBACK_FORGET:
		return nbl_await_forget(nb, req, reply->error);
	default:
		return -ENOSYS;
	}
}

/* Who is awaited is known before the guest that he will be. */
static int request_listen(const struct nbl_connection *conn,
			  struct noxs_netback_reply *reply)
{
	if (nbl_shards_nr(conn->ctl->nb) > 1)
		return nbl_fail(reply->error, -EOPNOTSUPP,
				"netback-lite has --threads, guests are started on demand with one");
	reply->token = conn->id;
	return 0;
}

static int request_other(struct nbl_connection *conn,
			 const struct noxs_netback_request *req,
			 struct noxs_netback_reply *reply)
{
	struct nbl *nb = conn->ctl->nb;

	if (!no_attach_fields(req))
		return nbl_fail(reply->error, -EINVAL, "fields of ATTACH");
	switch (req->op) {
	case NOXS_NETBACK_HELLO:
		return 0;
	case NOXS_NETBACK_DETACH:
		return in_shard(nb, request_detach, req, reply);
	case NOXS_NETBACK_STATS:
		return request_stats(nb, req, reply);
	case NOXS_NETBACK_LISTEN:
		return request_listen(conn, reply);
	case NOXS_NETBACK_DOZE:
		return nbl_await_doze(nb, req, reply->error);
	default:
		return nbl_fail(reply->error, -ENOSYS, "request %u", req->op);
	}
}

static void reply_init(struct noxs_netback_reply *reply, uint16_t op)
{
	memset(reply, 0, sizeof(*reply));
	reply->magic = NOXS_NETBACK_MAGIC;
	reply->version = NOXS_NETBACK_VERSION;
	reply->op = op;
}

bool nbl_request_event(const struct nbl_await *a,
		       struct noxs_netback_reply *event)
{
	if (a->due == NOXS_NETBACK_IDLE && !a->vif)
		return false;
	reply_init(event, a->due);
	if (a->vif)
		reply_vif(event, a->vif);
	event->token = a->token;
	return true;
}

int nbl_request(struct nbl_connection *conn,
		const struct noxs_netback_request *req,
		struct noxs_netback_reply *reply)
{
	int rc;

	reply_init(reply, req->op);
	reply->cookie = req->cookie;
	reply->domid = req->domid;
	reply->vif = req->vif;

	if (req->magic != NOXS_NETBACK_MAGIC ||
	    req->version != NOXS_NETBACK_VERSION)
		rc = nbl_fail(reply->error, -EPROTO,
			      "version %u of the protocol", req->version);
	else
		rc = request_of_vif(conn->ctl->nb, req, reply);
	if (rc == -ENOSYS && !reply->error[0])
		rc = request_other(conn, req, reply);
	if (rc == -EINPROGRESS)
		return rc;
	reply->rc = rc;
	return 0;
}

// SPDX-License-Identifier: BSD-2-Clause
/* Attaching and detaching a guest's vifs. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <noxs/noxs.h>

#include "devices.h"

#define STEP_ATTACH	"attach vif"
#define SLICE_MS	100
#define GRACE_MS	2000	/* a live backend's answer, after a cancel */

static void disconnect(struct chaos *ctx)
{
	noxs_netback_close(ctx->netback_fd);
	ctx->netback_fd = -1;
}

static int connect_backend(struct chaos *ctx)
{
	if (ctx->netback_fd >= 0)
		return 0;
	return noxs_netback_open(ctx->netback_socket, ctx->timeout_ms,
				 &ctx->netback_fd);
}

/* A connection kept from an earlier call may have lost its other end. */
static int send_request(struct chaos *ctx, struct noxs_netback_request *req,
			bool may_reconnect)
{
	bool kept = ctx->netback_fd >= 0;
	int rc;

	rc = connect_backend(ctx);
	if (!rc)
		rc = noxs_netback_send(ctx->netback_fd, req, ctx->timeout_ms);
	if (rc && kept && may_reconnect) {
		disconnect(ctx);
		return send_request(ctx, req, false);
	}
	if (rc)
		disconnect(ctx);
	return rc;
}

/*
 * In slices, to see a cancel.  A backend that lives is then given the time to
 * answer all the same, so that what it did is known; one that hangs is not
 * waited for.
 */
static int recv_reply(struct chaos *ctx, const struct noxs_netback_request *req,
		      struct noxs_netback_reply *reply)
{
	int rc, slice, left = ctx->timeout_ms;

	if (ctx->netback_fd < 0) {
		memset(reply, 0, sizeof(*reply));
		return -ENOTCONN;
	}
	do {
		if (ctx->cancelled && left > GRACE_MS)
			left = GRACE_MS;
		slice = left < SLICE_MS ? left : SLICE_MS;
		left -= slice;
		rc = noxs_netback_recv(ctx->netback_fd, req, reply, slice);
	} while (rc == -ETIMEDOUT && !reply->magic && left > 0);
	if (rc == -ETIMEDOUT && !reply->magic && ctx->cancelled)
		rc = -ECANCELED;
	/* An answer has a magic; without one the connection is out of step. */
	if (rc && !reply->magic)
		disconnect(ctx);
	return rc;
}

int chaos__no_backend(struct chaos *ctx, const char *object, const char *step,
		      int rc)
{
	if (rc != -ENOENT && rc != -ECONNREFUSED)
		return chaos__fail(ctx, rc, object, step, "",
				   "talk to the network backend: %s",
				   strerror(-rc));
	/* It does not run on a Xen that cannot have it: say the cause. */
	if (chaos__need_noxs(ctx) == -ENOSYS)
		return chaos__fail(ctx, -ENOSYS, object, step,
				   "boot the extended Xen, or leave out vif=",
				   "this Xen has no noxs extension");
	return chaos__fail(ctx, -ECONNREFUSED, object, step,
			   "start netback-lite",
			   "the network backend is not running");
}

static int no_backend(struct chaos *ctx, const char *object, int rc)
{
	return chaos__no_backend(ctx, object, STEP_ATTACH, rc);
}

int chaos__devices_call(struct chaos *ctx, struct noxs_netback_request *req,
			struct noxs_netback_reply *reply)
{
	int rc = send_request(ctx, req, true);

	memset(reply, 0, sizeof(*reply));
	/* Not to be taken for its answer that it has no such vif. */
	if (rc == -ENOENT)
		rc = -ECONNREFUSED;
	return rc ? rc : recv_reply(ctx, req, reply);
}

/* Who is told an address keeps to it, unless the configuration says otherwise. */
static uint8_t spoof_flags(const struct chaos__vif_config *v)
{
	bool has_ip = v->ip_mode == XEN_NOXS_NET_IP_STATIC;
	unsigned int how = v->spoofchk;

	if (how == CHAOS__SPOOFCHK_DEFAULT)
		how = has_ip ? CHAOS__SPOOFCHK_ON : CHAOS__SPOOFCHK_OFF;
	if (how == CHAOS__SPOOFCHK_OFF)
		return 0;
	if (how == CHAOS__SPOOFCHK_MAC || !has_ip)
		return NOXS_NETBACK_SPOOF_MAC;
	return NOXS_NETBACK_SPOOF_MAC | NOXS_NETBACK_SPOOF_IP;
}

static int fill_request(struct noxs_netback_request *req,
			const struct chaos__devices *dev,
			const struct chaos__vif_config *v)
{
	unsigned int i;

	memset(req, 0, sizeof(*req));
	req->op = dev->how == CHAOS__VIF_BIND ? NOXS_NETBACK_BIND :
						NOXS_NETBACK_ATTACH;
	req->domid = (uint16_t)dev->domid;
	req->vif = v->id;
	strcpy(req->bridge, v->bridge);
	req->queues = v->queues;
	if (dev->how == CHAOS__VIF_SPARE) {
		req->flags = NOXS_NETBACK_SPARE;
		return 0;
	}
	memcpy(req->mac, v->mac, sizeof(req->mac));
	if (!v->mac_set) {
		/* Xen's own prefix, as xl uses. */
		memcpy(req->mac, "\x00\x16\x3e", 3);
		if (getrandom(req->mac + 3, 3, 0) != 3)
			return -EIO;
	}
	req->mtu = v->mtu;
	req->ip_mode = v->ip_mode;
	req->prefix = v->prefix;
	memcpy(req->ip, v->ip, sizeof(req->ip));
	memcpy(req->gateway, v->gateway, sizeof(req->gateway));
	req->flags = spoof_flags(v);
	req->vlan = v->vlan;
	for (i = 0; i < NOXS_NETBACK_NR_LIMITS; i++) {
		req->limit[i].amount = v->limit[i].amount;
		req->limit[i].interval_us = v->limit[i].interval_us;
	}
	strcpy(req->ifname, v->ifname);
	return 0;
}

int chaos__devices_begin(struct chaos *ctx, struct chaos__devices *dev,
			 const struct chaos_config *cfg)
{
	bool sent = false;
	unsigned int i;
	int rc;

	for (i = 0; i < cfg->nr_vifs; i++) {
		const char *backend = cfg->vif[i].backend;

		dev->driver[i].name = NULL;
		rc = fill_request(&dev->req[i], dev, &cfg->vif[i]);
		if (!rc && *backend) {
			rc = chaos__driver_add(ctx, dev->object, backend,
					       &dev->req[i], &dev->driver[i]);
			if (rc)
				return rc;
			dev->nr_sent++;
			continue;
		}
		/* Once requests are out, a new connection would lose them. */
		if (!rc)
			rc = send_request(ctx, &dev->req[i], !sent);
		if (rc)
			return no_backend(ctx, dev->object, rc);
		sent = true;
		dev->nr_sent++;
	}
	return 0;
}

static bool is_bridge(const struct chaos *ctx, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s/bridge", ctx->class_net, name);
	return !access(path, F_OK);
}

static int no_bridge(struct chaos *ctx, const char *object, unsigned int i,
		     const char *name)
{
	char remedy[64];

	snprintf(remedy, sizeof(remedy), "ip link add %s type bridge", name);
	return chaos__fail(ctx, -ENODEV, object, STEP_ATTACH, remedy,
			   "vif %u: there is no bridge %s", i, name);
}

int chaos__devices_hello(struct chaos *ctx)
{
	struct noxs_netback_request req = { .op = NOXS_NETBACK_HELLO };
	struct noxs_netback_reply reply;

	return chaos__devices_call(ctx, &req, &reply);
}

static int check_ours(struct chaos *ctx, const char *object,
		      const struct chaos__vif_config *v, bool *answered)
{
	int rc;

	rc = *answered ? 0 : chaos__devices_hello(ctx);
	if (rc)
		return no_backend(ctx, object, rc);
	*answered = true;
	return *v->bridge && !is_bridge(ctx, v->bridge) ?
	       no_bridge(ctx, object, v->id, v->bridge) : 0;
}

int chaos__devices_check(struct chaos *ctx, const char *object,
			 const struct chaos_config *cfg)
{
	bool answered = false;
	unsigned int i;
	int rc = 0;

	for (i = 0; !rc && i < cfg->nr_vifs; i++) {
		const struct chaos__vif_config *v = &cfg->vif[i];

		rc = *v->backend ?
		     chaos__driver_check(ctx, object, v->id, v->backend) :
		     check_ours(ctx, object, v, &answered);
	}
	return rc;
}

static int attach_failed(struct chaos *ctx, struct chaos__devices *dev,
			 unsigned int i, int rc,
			 const struct noxs_netback_reply *reply)
{
	const char *bridge = dev->req[i].bridge;
	char remedy[64] = "";

	if (rc == -ENODEV && *bridge)
		snprintf(remedy, sizeof(remedy),
			 "ip link add %s type bridge", bridge);
	if (rc == -EPROTONOSUPPORT)
		snprintf(remedy, sizeof(remedy),
			 "ip link set %s type bridge vlan_filtering 1", bridge);
	if (rc == -ENOSYS)
		snprintf(remedy, sizeof(remedy), "boot the extended Xen");
	return chaos__fail(ctx, rc, dev->object, STEP_ATTACH, remedy,
			   "vif %u: %s: %s", dev->req[i].vif,
			   reply->error[0] ? reply->error : "network backend",
			   strerror(-rc));
}

static void format_ip(const struct noxs_netback_request *req,
		      struct chaos__vif_record *v)
{
	char ip[INET_ADDRSTRLEN];

	if (req->ip_mode == XEN_NOXS_NET_IP_DHCP)
		strcpy(v->ip, "dhcp");
	if (req->ip_mode != XEN_NOXS_NET_IP_STATIC)
		return;
	inet_ntop(AF_INET, req->ip, ip, sizeof(ip));
	snprintf(v->ip, sizeof(v->ip), "%s/%u", ip, req->prefix);
	if (memcmp(req->gateway, "\0\0\0\0", 4))
		inet_ntop(AF_INET, req->gateway, v->gateway,
			  sizeof(v->gateway));
}

static void fill_record(const struct noxs_netback_request *req,
			const char *ifname, const char *backend,
			struct chaos__vif_record *v)
{
	const uint8_t *m = req->mac;

	snprintf(v->mac, sizeof(v->mac), "%02x:%02x:%02x:%02x:%02x:%02x", m[0],
		 m[1], m[2], m[3], m[4], m[5]);
	v->id = req->vif;
	strcpy(v->bridge, req->bridge);
	if (*ifname)
		memcpy(v->ifname, ifname, sizeof(v->ifname));
	else
		snprintf(v->ifname, sizeof(v->ifname), "vif%u.%u", req->domid,
			 req->vif);
	snprintf(v->backend, sizeof(v->backend), "%s", backend);
	v->mtu = req->mtu;
	format_ip(req, v);
}

/* rec NULL: only what would answer the next request is of interest. */
static int end_one(struct chaos *ctx, struct chaos__devices *dev,
		   unsigned int i, struct chaos__record *rec, bool failed)
{
	const struct noxs_netback_request *req = &dev->req[i];
	const struct chaos__driver *driver = &dev->driver[i];
	struct noxs_netback_reply reply;
	int rc;

	if (driver->name) {
		rc = rec && !failed ? chaos__driver_wait(ctx, dev->object, req,
							 driver) : 0;
		if (!rc && rec)
			fill_record(req, req->ifname, driver->name,
				    &rec->vif[i]);
		return rc;
	}
	rc = recv_reply(ctx, req, &reply);
	if ((rc == -ETIMEDOUT || rc == -ECANCELED) && !reply.magic)
		dev->hung = true;
	if (!rc && rec)
		fill_record(req, reply.ifname, "", &rec->vif[i]);
	if (rc && rec && !failed)
		attach_failed(ctx, dev, i, rc, &reply);
	return rec ? rc : 0;
}

int chaos__devices_end(struct chaos *ctx, struct chaos__devices *dev,
		       struct chaos__record *rec)
{
	int rc, err = 0;

	/* All of them: what is not read now would answer the next request. */
	while (dev->nr_done < dev->nr_sent) {
		rc = end_one(ctx, dev, dev->nr_done++, rec, err);
		err = err ? err : rc;
	}
	if (rec && !err)
		rec->nr_vifs = dev->nr_sent;
	return err;
}

/* Was our own backend asked for any? */
static bool asked_ours(const struct chaos__devices *dev)
{
	unsigned int i;

	for (i = 0; i < dev->nr_sent; i++)
		if (!dev->driver[i].name)
			return true;
	return false;
}

int chaos__devices_detach(struct chaos *ctx, uint32_t domid,
			  struct chaos__devices *dev)
{
	struct noxs_netback_request req = {
		.op = NOXS_NETBACK_DETACH,
		.domid = (uint16_t)domid,
		.vif = NOXS_NETBACK_ALL,
	};
	struct noxs_netback_reply reply;
	int rc;

	if (dev)
		chaos__devices_end(ctx, dev, NULL);
	/* The others go with the domain. */
	if (dev && dev->nr_sent && !asked_ours(dev))
		return 0;
	rc = send_request(ctx, &req, true);
	if (rc == -ENOENT || rc == -ECONNREFUSED)
		return 0;
	if (!rc && dev && dev->hung) {
		/* It was waited for once.  It finds this when it wakes up. */
		disconnect(ctx);
		return -ETIMEDOUT;
	}
	if (!rc)
		rc = recv_reply(ctx, &req, &reply);
	return rc == -ENOENT ? 0 : rc;
}

int chaos__devices_detach_one(struct chaos *ctx, uint32_t domid,
			      unsigned int vif, const char *backend)
{
	struct noxs_netback_request req = {
		.op = NOXS_NETBACK_DETACH,
		.domid = (uint16_t)domid,
		.vif = (uint16_t)vif,
	};
	struct noxs_netback_reply reply;
	int rc;

	if (*backend)
		return chaos__driver_remove(ctx, domid, vif);
	/* Without a backend it stays, for the next one. */
	rc = chaos__devices_call(ctx, &req, &reply);
	return rc == -ENOENT ? 0 : rc;
}

int chaos__devices_next(struct chaos *ctx, uint32_t domid, unsigned int vif,
			struct noxs_netback_reply *reply)
{
	struct noxs_netback_request req = {
		.op = NOXS_NETBACK_STATS,
		.domid = (uint16_t)domid,
		.vif = (uint16_t)vif,
	};

	return chaos__devices_call(ctx, &req, reply);
}

int chaos__devices_stats(struct chaos *ctx, uint32_t domid, unsigned int vif,
			 struct noxs_netback_reply *reply)
{
	int rc = chaos__devices_next(ctx, domid, vif, reply);

	if (!rc && (reply->domid != domid || reply->vif != vif))
		rc = -ENOENT;
	return rc;
}

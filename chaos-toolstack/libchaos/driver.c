// SPDX-License-Identifier: BSD-2-Clause
/* Vifs whose backend is another domain. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <noxs/noxs.h>

#include "driver.h"

#define STEP		"attach vif"
#define LOOK_NS		1000000		/* between two looks at the answer */
#define MAX_ERRNO	133		/* of Linux's */

_Static_assert(sizeof(struct xen_noxs_net_limit) ==
	       sizeof(struct noxs_netback_limit) &&
	       XEN_NOXS_NET_NAME == NOXS_NETBACK_IFNAMSIZ,
	       "a request is the same by both ways");

union area {
	uint8_t byte[XEN_NOXS_AREA_SIZE];
	struct xen_noxs_net_back back;
};

static int find(struct chaos *ctx, const char *object, unsigned int vif,
		const char *name, uint32_t *domid)
{
	char why[CHAOS__WHY], remedy[CHAOS_NAME_MAX + 32];
	int rc = chaos__lookup(ctx, name, domid, why);

	snprintf(remedy, sizeof(remedy), "create %s first", name);
	return rc ? chaos__fail(ctx, rc, object, STEP,
				rc == -ESRCH ? remedy : "",
				"vif %u: its backend %s: %s", vif, name, why) :
		    0;
}

int chaos__driver_check(struct chaos *ctx, const char *object, unsigned int vif,
			const char *name)
{
	uint32_t domid;

	return find(ctx, object, vif, name, &domid);
}

static void fill_area(const struct noxs_netback_request *req, union area *a)
{
	struct xen_noxs_net_request q = {
		.magic = XEN_NOXS_NET_REQ_MAGIC,
		.mtu = req->mtu,
		.vlan = req->vlan,
		.queues = req->queues,
	};
	struct xen_noxs_net_back *back = &a->back;

	memset(a, 0, sizeof(*a));
	back->hdr.magic = XEN_NOXS_BACK_MAGIC;
	back->hdr.version = XEN_NOXS_VERSION;
	back->hdr.size = XEN_NOXS_NET_REQUEST + sizeof(q);
	back->hdr.state = XEN_NOXS_STATE_CLOSED;
	memcpy(back->mac, req->mac, sizeof(back->mac));
	back->ip_mode = req->ip_mode;
	back->prefix = req->prefix;
	memcpy(back->ip, req->ip, sizeof(back->ip));
	memcpy(back->gateway, req->gateway, sizeof(back->gateway));
	if (req->flags & NOXS_NETBACK_SPOOF_MAC)
		q.flags |= XEN_NOXS_NET_REQ_SPOOF_MAC;
	if (req->flags & NOXS_NETBACK_SPOOF_IP)
		q.flags |= XEN_NOXS_NET_REQ_SPOOF_IP;
	memcpy(q.bridge, req->bridge, sizeof(q.bridge));
	memcpy(q.ifname, req->ifname, sizeof(q.ifname));
	memcpy(q.limit, req->limit, sizeof(q.limit));
	memcpy(a->byte + XEN_NOXS_NET_REQUEST, &q, sizeof(q));
}

static int add_failed(struct chaos *ctx, const char *object, unsigned int vif,
		      const char *name, int rc)
{
	const char *why = strerror(-rc), *remedy = "";

	if (rc == -ENOSYS) {
		why = "this Xen has no noxs extension";
		remedy = "boot the extended Xen, or leave out vif=";
	} else if (rc == -EINVAL) {
		why = "this Xen has no driver domains";
		remedy = "install Xen and chaos of one release";
	}
	return chaos__fail(ctx, rc, object, STEP, remedy,
			   "vif %u: add it with backend %s: %s", vif, name,
			   why);
}

int chaos__driver_add(struct chaos *ctx, const char *object, const char *name,
		      const struct noxs_netback_request *req,
		      struct chaos__driver *out)
{
	struct xen_noxs_add op = {
		.domid = req->domid,
		.id = req->vif,
		.type = XEN_NOXS_TYPE_NET,
		.nr_ports = (uint8_t)noxs_netback_ports(req->queues),
	};
	union area area;
	unsigned int i;
	uint32_t backend;
	int rc;

	rc = find(ctx, object, req->vif, name, &backend);
	if (rc)
		return rc;
	if (backend == req->domid)
		return chaos__fail(ctx, -EINVAL, object, STEP,
				   "name another domain",
				   "vif %u: it cannot be its own backend",
				   req->vif);
	fill_area(req, &area);
	op.backend = (uint16_t)backend;
	for (i = 0; i < op.nr_ports; i++)
		op.port[i] = XEN_NOXS_PORT_WAIT;
	memcpy(op.back, area.byte, sizeof(op.back));
	rc = chaos__need_noxs(ctx);
	if (!rc)
		rc = noxs_add(ctx->nx, &op);
	if (rc)
		return add_failed(ctx, object, req->vif, name, rc);
	out->name = name;
	out->serial = op.serial;
	return 0;
}

static int read_back(struct noxs *nx, uint32_t domid, unsigned int vif,
		     uint64_t serial, union area *out)
{
	struct xen_noxs_read op = {
		.domid = (uint16_t)domid,
		.id = (uint16_t)vif,
		.type = XEN_NOXS_TYPE_NET,
		.side = XEN_NOXS_READ_BACK,
		.serial = serial,
	};
	int rc = noxs_read(nx, &op);

	if (!rc)
		memcpy(out->byte, op.data, sizeof(op.data));
	return rc;
}

static bool is_served(const struct xen_noxs_area_hdr *hdr)
{
	return hdr->state != XEN_NOXS_STATE_CLOSED ||
	       (hdr->generation && !hdr->error);
}

/* Another domain's words: for a terminal, and of a number that is an errno. */
static int refusal_of(const union area *a, char text[120])
{
	struct xen_noxs_net_refusal r;
	size_t i;

	memcpy(&r, a->byte + XEN_NOXS_NET_REFUSAL, sizeof(r));
	snprintf(text, 120, "refused");
	if (r.magic == XEN_NOXS_NET_REF_MAGIC && r.text[0])
		snprintf(text, 120, "%.119s", r.text);
	for (i = 0; text[i]; i++)
		if (!isprint((unsigned char)text[i]) ||
		    (unsigned char)text[i] > 126)
			text[i] = '?';
	return a->back.hdr.error <= MAX_ERRNO ? -(int)a->back.hdr.error :
						-EPROTO;
}

static int refused(struct chaos *ctx, const char *object,
		   const struct noxs_netback_request *req, const char *name,
		   const union area *a)
{
	char text[120], remedy[CHAOS_NAME_MAX + 80] = "";
	int rc = refusal_of(a, text);

	if (rc == -ENODEV && *req->bridge)
		snprintf(remedy, sizeof(remedy),
			 "in %s: ip link add %s type bridge", name,
			 req->bridge);
	if (rc == -EPROTONOSUPPORT)
		snprintf(remedy, sizeof(remedy),
			 "in %s: ip link set %s type bridge vlan_filtering 1",
			 name, req->bridge);
	return chaos__fail(ctx, rc, object, STEP, remedy,
			   "vif %u: backend %s: %s: %s", req->vif, name, text,
			   strerror(-rc));
}

static int not_answered(struct chaos *ctx, const char *object,
			const struct noxs_netback_request *req,
			const char *name, int rc)
{
	char remedy[CHAOS_NAME_MAX + 32];

	if (rc == -ECANCELED)
		return chaos__fail(ctx, rc, object, STEP, "", "interrupted");
	if (rc == -ETIMEDOUT) {
		snprintf(remedy, sizeof(remedy), "start netback-lite in %s",
			 name);
		return chaos__fail(ctx, rc, object, STEP, remedy,
				   "vif %u: netback-lite in domain %s does not answer",
				   req->vif, name);
	}
	if (rc == -ENOENT)
		return chaos__fail(ctx, -ESRCH, object, STEP, "",
				   "vif %u: its backend %s is gone", req->vif,
				   name);
	return chaos__fail(ctx, rc, object, STEP, "", "vif %u: backend %s: %s",
			   req->vif, name, strerror(-rc));
}

int chaos__driver_wait(struct chaos *ctx, const char *object,
		       const struct noxs_netback_request *req,
		       const struct chaos__driver *d)
{
	uint64_t until = chaos__now_ns() +
			 (uint64_t)ctx->timeout_ms * 1000000u;
	const struct timespec look = { .tv_nsec = LOOK_NS };
	union area a;
	int rc;

	for (;;) {
		rc = read_back(ctx->nx, req->domid, req->vif, d->serial, &a);
		if (rc || is_served(&a.back.hdr) || a.back.hdr.error)
			break;
		rc = ctx->cancelled ? -ECANCELED :
		     chaos__now_ns() >= until ? -ETIMEDOUT : 0;
		if (rc)
			break;
		nanosleep(&look, NULL);
	}
	if (!rc && is_served(&a.back.hdr))
		return 0;
	rc = rc ? not_answered(ctx, object, req, d->name, rc) :
		  refused(ctx, object, req, d->name, &a);
	chaos__driver_remove(ctx, req->domid, req->vif);
	return rc;
}

int chaos__driver_remove(struct chaos *ctx, uint32_t domid, unsigned int vif)
{
	const struct xen_noxs_remove op = {
		.domid = (uint16_t)domid,
		.id = (uint16_t)vif,
		.type = XEN_NOXS_TYPE_NET,
	};
	int rc = chaos__need_noxs(ctx);

	if (!rc)
		rc = noxs_remove(ctx->nx, &op);
	return rc == -ENOENT ? 0 : rc;
}

int chaos__driver_state(struct noxs *nx, uint32_t domid, unsigned int vif,
			unsigned int *state)
{
	union area a;
	int rc = read_back(nx, domid, vif, 0, &a);

	if (rc)
		return rc;
	if (!a.back.hdr.generation)
		return 0;
	*state = a.back.hdr.state;
	return 1;
}

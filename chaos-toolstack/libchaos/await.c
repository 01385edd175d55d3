// SPDX-License-Identifier: BSD-2-Clause
/* Guests that are made when somebody calls: what the network backend hears. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xen/noxs.h>

#include "devices.h"

#define STEP "await"

struct chaos_await {
	int fd;
	uint64_t id;		/* of the listener, which fd is */
};

static bool is_awaited(const struct chaos__vif_config *v)
{
	return *v->bridge && v->ip_mode == XEN_NOXS_NET_IP_STATIC &&
	       !*v->backend;	/* others hear for themselves alone */
}

/* A relative path is one of this process alone. */
static int make_absolute(struct chaos *ctx, const struct chaos_config *cfg,
			 char **path)
{
	char *full;
	int rc;

	if (!*path || !**path || **path == '/')
		return 0;
	full = realpath(*path, NULL);
	if (!full) {
		rc = -errno;
		return chaos__fail(ctx, rc, cfg->name, STEP, "", "%s: %s",
				   *path, strerror(-rc));
	}
	free(*path);
	*path = full;
	return 0;
}

/*
 * Of the address, which no two on a bridge share.  A caller remembers a MAC for
 * longer than a guest of this kind lives: it must not change.
 */
static void choose_mac(struct chaos__vif_config *v)
{
	memcpy(v->mac, "\x00\x16\x3e", 3);	/* Xen's, as for the others */
	memcpy(v->mac + 3, v->ip + 1, 3);
	v->mac_set = true;
}

int chaos_await_config(struct chaos *ctx, struct chaos_config *cfg)
{
	unsigned int i, n = 0;
	int rc;

	chaos__begin(ctx);
	rc = make_absolute(ctx, cfg, &cfg->kernel);
	if (!rc)
		rc = make_absolute(ctx, cfg, &cfg->ramdisk);
	if (rc)
		return rc;
	if (chaos__is_pattern(cfg->name))
		return chaos__fail(ctx, -EINVAL, cfg->name, STEP,
				   "give each a file of its own",
				   "a name with %%d is for several guests");
	for (i = 0; i < cfg->nr_vifs; i++) {
		if (!is_awaited(&cfg->vif[i]))
			continue;
		n++;
		if (!cfg->vif[i].mac_set)
			choose_mac(&cfg->vif[i]);
	}
	return n ? 0 : chaos__fail(ctx, -EINVAL, cfg->name, STEP,
				   "write vif = [ \"bridge=xenbr0,ip=10.0.0.2/24\" ]",
				   "none of its vifs has a bridge and an address, and is served here");
}

static int listen_on(struct chaos *ctx, struct chaos_await *aw)
{
	struct noxs_netback_request req = { .op = NOXS_NETBACK_LISTEN };
	struct noxs_netback_reply reply;
	int rc;

	rc = noxs_netback_open(ctx->netback_socket, ctx->timeout_ms, &aw->fd);
	if (rc)
		return chaos__no_backend(ctx, "listener", STEP, rc);
	rc = noxs_netback_call(aw->fd, &req, &reply, ctx->timeout_ms);
	if (rc) {
		chaos__fail(ctx, rc, "listener", STEP,
			    "install netback-lite and chaos of one release",
			    "%s: %s", reply.error, strerror(-rc));
		noxs_netback_close(aw->fd);
		return rc;
	}
	aw->id = reply.token;
	return 0;
}

int chaos_await_open(struct chaos *ctx, struct chaos_await **out)
{
	struct chaos_await *aw;
	int rc;

	chaos__begin(ctx);
	aw = calloc(1, sizeof(*aw));
	if (!aw)
		return chaos__fail(ctx, -ENOMEM, "listener", STEP, "", NULL);
	rc = listen_on(ctx, aw);
	if (rc) {
		free(aw);
		return rc;
	}
	*out = aw;
	return 0;
}

void chaos_await_close(struct chaos_await *aw)
{
	if (!aw)
		return;
	noxs_netback_close(aw->fd);
	free(aw);
}

int chaos_await_fd(const struct chaos_await *aw)
{
	return aw->fd;
}

static void fill(struct noxs_netback_request *req, unsigned int op,
		 const struct chaos_await *aw,
		 const struct chaos__vif_config *v)
{
	memset(req, 0, sizeof(*req));
	req->op = (uint16_t)op;
	req->listener = aw->id;
	strcpy(req->bridge, v->bridge);
	memcpy(req->mac, v->mac, sizeof(req->mac));
	req->ip_mode = v->ip_mode;
	req->prefix = v->prefix;
	memcpy(req->ip, v->ip, sizeof(req->ip));
}

/* What is missing is not worth an error: this is also how a failure is undone. */
static int forget(struct chaos *ctx, const struct chaos_await *aw,
		  const struct chaos_config *cfg, unsigned int nr)
{
	struct noxs_netback_request req;
	struct noxs_netback_reply reply;
	unsigned int i;
	int rc, err = 0;

	for (i = 0; i < nr; i++) {
		if (!is_awaited(&cfg->vif[i]))
			continue;
		fill(&req, NOXS_NETBACK_FORGET, aw, &cfg->vif[i]);
		rc = chaos__devices_call(ctx, &req, &reply);
		if (rc != -ENOENT && rc != -ECONNREFUSED && !err)
			err = rc;
	}
	return err;
}

static int add_failed(struct chaos *ctx, const struct chaos_config *cfg,
		      unsigned int i, int rc,
		      const struct noxs_netback_reply *reply)
{
	if (!reply->magic)
		return chaos__no_backend(ctx, cfg->name, STEP, rc);
	/* The number of a listener of a backend before this one. */
	if (rc == -ENOENT)
		return chaos__fail(ctx, -EPIPE, cfg->name, STEP, "",
				   "the network backend was restarted");
	return chaos__fail(ctx, rc, cfg->name, STEP,
			   rc == -EEXIST ? "see chaos jit list" : "",
			   "vif %u: %s: %s", cfg->vif[i].id, reply->error,
			   strerror(-rc));
}

int chaos_await_add(struct chaos *ctx, const struct chaos_await *aw,
		    const struct chaos_config *cfg, uint64_t token,
		    uint32_t *domid)
{
	struct noxs_netback_request req;
	struct noxs_netback_reply reply;
	uint32_t owner = 0;
	unsigned int i;
	int rc;

	chaos__begin(ctx);
	for (i = 0; i < cfg->nr_vifs; i++) {
		if (!is_awaited(&cfg->vif[i]))
			continue;
		fill(&req, NOXS_NETBACK_AWAIT, aw, &cfg->vif[i]);
		req.token = token;
		req.idle_ms = (uint32_t)cfg->idle_timeout * 1000u;
		rc = chaos__devices_call(ctx, &req, &reply);
		if (rc) {
			rc = add_failed(ctx, cfg, i, rc, &reply);
			forget(ctx, aw, cfg, i);
			return rc;
		}
		if (reply.domid)
			owner = reply.domid;
	}
	if (domid)
		*domid = owner;
	return 0;
}

int chaos_await_remove(struct chaos *ctx, const struct chaos_await *aw,
		       const struct chaos_config *cfg)
{
	int rc;

	chaos__begin(ctx);
	rc = forget(ctx, aw, cfg, cfg->nr_vifs);
	return rc ? chaos__no_backend(ctx, cfg->name, STEP, rc) : 0;
}

int chaos_await_doze(struct chaos *ctx, uint32_t domid)
{
	struct noxs_netback_request req = {
		.op = NOXS_NETBACK_DOZE,
		.domid = (uint16_t)domid,
	};
	struct noxs_netback_reply reply;
	int rc;

	chaos__begin(ctx);
	rc = chaos__devices_call(ctx, &req, &reply);
	if (rc && !reply.magic)
		return chaos__no_backend(ctx, "guest", STEP, rc);
	return rc ? chaos__fail(ctx, rc, "guest", STEP, "", "%s",
				reply.error) : 0;
}

int chaos_await_next(struct chaos_await *aw, struct chaos_await_event *e)
{
	struct noxs_netback_reply reply;
	int rc = noxs_netback_event(aw->fd, &reply);

	if (rc == -EAGAIN)
		return 0;
	if (rc)
		return rc == -EPROTO ? rc : -EPIPE;
	e->kind = reply.op == NOXS_NETBACK_WAKE ? CHAOS_AWAIT_WAKE :
						  CHAOS_AWAIT_IDLE;
	e->domid = reply.domid;
	e->token = reply.token;
	return 1;
}

// SPDX-License-Identifier: BSD-2-Clause
/* A network backend that remembers, and fails when told to. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <noxs/noxs.h>

#include "fail.h"
#include "fake_noxs.h"

#define FAKE_FD 1000	/* of the one connection; no number of a real file */

struct fake_noxs_state fake_noxs;

void fake_noxs_reset(void)
{
	memset(&fake_noxs, 0, sizeof(fake_noxs));
	fake_noxs.running = true;
	fake_noxs.bridge = "xenbr0";
}

void fake_noxs_forget(uint32_t domid, unsigned int vif)
{
	unsigned int i;

	for (i = 0; i < FAKE_VIFS; i++)
		if (fake_noxs.vif[i].domid == domid &&
		    fake_noxs.vif[i].vif == vif)
			fake_noxs.vif[i].used = false;
}

unsigned int fake_noxs_nr_vifs(void)
{
	unsigned int i, n = 0;

	for (i = 0; i < FAKE_VIFS; i++)
		n += fake_noxs.vif[i].used;
	return n;
}

int noxs_netback_open(const char *path, int timeout_ms, int *out)
{
	(void)path;
	(void)timeout_ms;
	if (!fake_noxs.running)
		return -ECONNREFUSED;
	if (fail_here("netback open"))
		return -EMFILE;
	fake_noxs.nr_connections++;
	fake_noxs.nr_queued = 0;
	fake_noxs.restarted = false;
	*out = FAKE_FD;
	return 0;
}

void noxs_netback_close(int fd)
{
	if (fd == FAKE_FD)
		fake_noxs.nr_connections--;
}

int noxs_netback_send(int fd, struct noxs_netback_request *req, int timeout_ms)
{
	(void)fd;
	(void)timeout_ms;
	if (!fake_noxs.running || fake_noxs.restarted)
		return -EPIPE;
	if (fail_here("netback send"))
		return -ECONNRESET;
	if (fake_noxs.nr_queued == FAKE_VIFS)
		return -ENOBUFS;
	req->magic = NOXS_NETBACK_MAGIC;
	fake_noxs.queue[fake_noxs.nr_queued++] = *req;
	return 0;
}

static int attach(const struct noxs_netback_request *req,
		  struct noxs_netback_reply *reply)
{
	unsigned int i;

	if (fake_noxs.attach_hook)
		fake_noxs.attach_hook();
	if (fail_here("netback attach"))
		return -EBUSY;
	if (*req->bridge && strcmp(req->bridge, fake_noxs.bridge)) {
		snprintf(reply->error, sizeof(reply->error),
			 "put TAP on bridge %.15s", req->bridge);
		return -ENODEV;
	}
	for (i = 0; fake_noxs.vif[i].used; i++)
		;
	fake_noxs.vif[i].used = true;
	fake_noxs.vif[i].domid = req->domid;
	fake_noxs.vif[i].vif = req->vif;
	fake_noxs.vif[i].req = *req;
	snprintf(reply->ifname, sizeof(reply->ifname), "vif%u.%u", req->domid,
		 req->vif);
	return 0;
}

/* Only a spare one can get an owner. */
static int bind_vif(const struct noxs_netback_request *req,
		    struct noxs_netback_reply *reply)
{
	unsigned int i;

	if (fail_here("netback bind"))
		return -EIO;
	for (i = 0; i < FAKE_VIFS; i++) {
		if (!fake_noxs.vif[i].used ||
		    fake_noxs.vif[i].domid != req->domid ||
		    fake_noxs.vif[i].vif != req->vif)
			continue;
		if (fake_noxs.vif[i].req.flags != NOXS_NETBACK_SPARE)
			return -EBUSY;
		fake_noxs.vif[i].req = *req;
		snprintf(reply->ifname, sizeof(reply->ifname), "vif%u.%u",
			 req->domid, req->vif);
		return 0;
	}
	return -ENOENT;
}

static int detach(const struct noxs_netback_request *req)
{
	unsigned int i, n = 0;

	if (fail_here("netback detach"))
		return -EIO;
	for (i = 0; i < FAKE_VIFS; i++) {
		if (!fake_noxs.vif[i].used ||
		    fake_noxs.vif[i].domid != req->domid ||
		    (req->vif != NOXS_NETBACK_ALL &&
		     fake_noxs.vif[i].vif != req->vif))
			continue;
		fake_noxs.vif[i].used = false;
		n++;
	}
	return n ? 0 : -ENOENT;
}

static int next_vif(const struct noxs_netback_request *req,
		    struct noxs_netback_reply *reply)
{
	uint32_t from = req->domid * 65536u + req->vif, best = UINT32_MAX, at;
	unsigned int i;

	if (fail_here("netback stats"))
		return -EIO;
	for (i = 0; i < FAKE_VIFS; i++) {
		at = fake_noxs.vif[i].domid * 65536u + fake_noxs.vif[i].vif;
		if (fake_noxs.vif[i].used && at >= from && at < best)
			best = at;
	}
	if (best == UINT32_MAX)
		return -ENOENT;
	reply->domid = (uint16_t)(best >> 16);
	reply->vif = (uint16_t)best;
	reply->state = XEN_NOXS_STATE_CONNECTED;
	return 0;
}

static struct noxs_netback_request *
find_await(const struct noxs_netback_request *req)
{
	unsigned int i;

	for (i = 0; i < FAKE_AWAITS; i++)
		if (fake_noxs.await[i].op &&
		    !memcmp(fake_noxs.await[i].mac, req->mac, 6))
			return &fake_noxs.await[i];
	return NULL;
}

static uint16_t owner(const struct noxs_netback_request *req)
{
	unsigned int i;

	for (i = 0; i < FAKE_VIFS; i++)
		if (fake_noxs.vif[i].used &&
		    !memcmp(fake_noxs.vif[i].req.mac, req->mac, 6))
			return fake_noxs.vif[i].domid;
	return 0;
}

static int add_await(const struct noxs_netback_request *req,
		     struct noxs_netback_reply *reply)
{
	struct noxs_netback_request *a = find_await(req);

	if (fail_here("netback await"))
		return -ENOMEM;
	if (req->listener != fake_noxs.listener) {
		strcpy(reply->error, "listener");
		return -ENOENT;
	}
	if (strcmp(req->bridge, fake_noxs.bridge))
		return -ENODEV;
	if (a && a->token != req->token)
		return -EEXIST;
	if (!a)
		for (a = fake_noxs.await; a->op; a++)
			;
	*a = *req;
	reply->domid = owner(req);
	return 0;
}

static int serve_await(const struct noxs_netback_request *req,
		       struct noxs_netback_reply *reply)
{
	struct noxs_netback_request *a;

	switch (req->op) {
	case NOXS_NETBACK_LISTEN:
		if (fail_here("netback listen"))
			return -ENOMEM;
		fake_noxs.lost = false;
		reply->token = ++fake_noxs.listener;
		return 0;
	case NOXS_NETBACK_AWAIT:
		return add_await(req, reply);
	case NOXS_NETBACK_FORGET:
		if (fail_here("netback forget"))
			return -EIO;
		a = find_await(req);
		if (a)
			a->op = 0;
		return a ? 0 : -ENOENT;
	default:
		if (fail_here("netback doze"))
			return -EIO;
		return fake_noxs.busy ? -EAGAIN : 0;
	}
}

static bool is_of_awaits(unsigned int op)
{
	return op == NOXS_NETBACK_LISTEN || op == NOXS_NETBACK_AWAIT ||
	       op == NOXS_NETBACK_FORGET || op == NOXS_NETBACK_DOZE;
}

void fake_noxs_tell(uint8_t last_of_ip, unsigned int op, uint32_t domid)
{
	struct noxs_netback_reply *e = &fake_noxs.event[fake_noxs.nr_events++];
	unsigned int i;

	memset(e, 0, sizeof(*e));
	e->op = (uint16_t)op;
	e->domid = (uint16_t)domid;
	for (i = 0; i < FAKE_AWAITS; i++)
		if (fake_noxs.await[i].op &&
		    fake_noxs.await[i].ip[3] == last_of_ip)
			e->token = fake_noxs.await[i].token;
}

unsigned int fake_noxs_nr_awaits(void)
{
	unsigned int i, n = 0;

	for (i = 0; i < FAKE_AWAITS; i++)
		n += fake_noxs.await[i].op != 0;
	return n;
}

void fake_noxs_restart(void)
{
	memset(fake_noxs.vif, 0, sizeof(fake_noxs.vif));
	memset(fake_noxs.await, 0, sizeof(fake_noxs.await));
	fake_noxs.nr_events = 0;
	fake_noxs.restarted = true;
	fake_noxs.lost = true;
	fake_noxs.listener += 10;
}

int noxs_netback_event(int fd, struct noxs_netback_reply *event)
{
	(void)fd;
	if (fake_noxs.lost)
		return -ECONNRESET;
	if (!fake_noxs.nr_events)
		return -EAGAIN;
	*event = fake_noxs.event[0];
	memmove(fake_noxs.event, fake_noxs.event + 1,
		--fake_noxs.nr_events * sizeof(*event));
	return 0;
}

int noxs_netback_call(int fd, struct noxs_netback_request *req,
		      struct noxs_netback_reply *reply, int timeout_ms)
{
	int rc = noxs_netback_send(fd, req, timeout_ms);

	memset(reply, 0, sizeof(*reply));
	return rc ? rc : noxs_netback_recv(fd, req, reply, timeout_ms);
}

int noxs_netback_recv(int fd, const struct noxs_netback_request *req,
		      struct noxs_netback_reply *reply, int timeout_ms)
{
	struct noxs_netback_request turn;

	(void)fd;
	memset(reply, 0, sizeof(*reply));
	if (fake_noxs.silent) {
		fake_noxs.waited_ms += (unsigned int)timeout_ms;
		if (fake_noxs.wait_hook)
			fake_noxs.wait_hook();
		return -ETIMEDOUT;
	}
	if (!fake_noxs.nr_queued)
		abort();	/* waits for a reply to nothing */
	turn = fake_noxs.queue[0];
	memmove(fake_noxs.queue, fake_noxs.queue + 1,
		--fake_noxs.nr_queued * sizeof(turn));
	if (turn.op != req->op || turn.vif != req->vif ||
	    turn.domid != req->domid)
		abort();	/* out of order */
	reply->magic = NOXS_NETBACK_MAGIC;
	reply->domid = req->domid;
	reply->vif = req->vif;
	if (req->op == NOXS_NETBACK_ATTACH)
		return attach(req, reply);
	if (req->op == NOXS_NETBACK_BIND)
		return bind_vif(req, reply);
	if (req->op == NOXS_NETBACK_STATS)
		return next_vif(req, reply);
	if (is_of_awaits(req->op))
		return serve_await(req, reply);
	if (req->op == NOXS_NETBACK_HELLO)
		return fail_here("netback hello") ? -EPROTO : 0;
	return req->op == NOXS_NETBACK_DETACH ? detach(req) : -ENOENT;
}

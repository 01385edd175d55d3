// SPDX-License-Identifier: BSD-2-Clause
/*
 * A vif's life in the words of XenStore: offer, answer, states.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "minios/hypercall.h"
#include <xen/event_channel.h>
#include <xen/io/xenbus.h>

#include "minios/barrier.h"
#include "minios/events.h"
#include "vif.h"

#define MAC_TEXT	18
#define NUMBER_TEXT	12
#define DEFAULT_MTU	1500
#define BACKEND_GONE	XenbusStateClosed

/* --- single nodes --------------------------------------------------------- */

static int node_read(const struct xb_vif *v, const char *key, char *value,
		     size_t size)
{
	char path[STORE_PATH_MAX];

	snprintf(path, sizeof(path), "device/vif/%u/%s", v->id, key);
	return store_read(path, value, size);
}

static int node_write(const struct xb_vif *v, const char *key, uint32_t n)
{
	char path[STORE_PATH_MAX], value[NUMBER_TEXT];

	snprintf(path, sizeof(path), "device/vif/%u/%s", v->id, key);
	snprintf(value, sizeof(value), "%u", n);
	return store_write(path, value);
}

/* A decimal number up to max; def: the node is missing or says else. */
static uint32_t number(const char *text, uint32_t max, uint32_t def)
{
	unsigned long n;
	char *end;

	if (*text < '0' || *text > '9')
		return def;
	n = strtoul(text, &end, 10);
	return *end || n > max ? def : n;
}

static uint32_t backend_number(const struct xb_vif *v, const char *key,
			       uint32_t max, uint32_t def)
{
	char path[STORE_PATH_MAX + 32], value[NUMBER_TEXT];

	snprintf(path, sizeof(path), "%s/%s", v->backend, key);
	return store_read(path, value, sizeof(value)) ? def :
	       number(value, max, def);
}

static int mac_parse(const char *text, uint8_t mac[6])
{
	unsigned int i;
	char *end;

	for (i = 0; i < 6; i++, text = end + 1) {
		unsigned long n = strtoul(text, &end, 16);

		if (end != text + 2 || *end != (i < 5 ? ':' : '\0'))
			return -EINVAL;
		mac[i] = n;
	}
	return 0;
}

/* --- what the frontend sees ----------------------------------------------- */

static void publish(struct xb_vif *v, uint32_t state)
{
	volatile uint32_t *dst = (volatile uint32_t *)v->back_area;
	uint32_t seq = v->back.hdr.seq, word;
	unsigned int i;

	v->back.hdr.state = state;
	v->back.hdr.seq = seq + 1;
	v->back_area->hdr.seq = seq + 1;
	xen_wmb();
	for (i = 0; i < sizeof(v->back) / sizeof(word); i++) {
		memcpy(&word, (const char *)&v->back + i * sizeof(word),
		       sizeof(word));
		dst[i] = word;
	}
	xen_wmb();
	v->back.hdr.seq = seq + 2;
	v->back_area->hdr.seq = seq + 2;
	event_raise(v->port);
}

static int offer(struct xb_vif *v)
{
	struct xen_noxs_net_back *back = &v->back;
	char text[MAC_TEXT], mtu[NUMBER_TEXT];

	if (node_read(v, "mac", text, sizeof(text)) ||
	    mac_parse(text, back->mac))
		return -EIO;
	back->mtu = DEFAULT_MTU;
	if (!node_read(v, "mtu", mtu, sizeof(mtu)))
		back->mtu = number(mtu, XEN_NOXS_NET_MAX_MTU, DEFAULT_MTU);
	if (back->mtu < XEN_NOXS_NET_MIN_MTU)
		back->mtu = XEN_NOXS_NET_MIN_MTU;
	back->max_queues = 1;
	back->hdr.magic = XEN_NOXS_BACK_MAGIC;
	back->hdr.version = XEN_NOXS_VERSION;
	back->hdr.size = sizeof(*back);
	back->hdr.generation++;
	back->hdr.features = XEN_NOXS_NET_F_CSUM4;
	if (backend_number(v, "feature-sg", 1, 0))
		back->hdr.features |= XEN_NOXS_NET_F_SG;
	if (backend_number(v, "feature-ipv6-csum-offload", 1, 0))
		back->hdr.features |= XEN_NOXS_NET_F_CSUM6;
	v->phase = XB_OFFERED;
	publish(v, XEN_NOXS_STATE_INIT);
	return 0;
}

/* --- what the backend sees ------------------------------------------------ */

static uint32_t front_state(const struct xb_vif *v)
{
	uint32_t state = v->front_area->hdr.state;

	/* The state is of the offer that the generation names. */
	xen_rmb();
	if (v->front_area->hdr.generation != v->back.hdr.generation)
		return XEN_NOXS_STATE_INIT;	/* no answer */
	return state;
}

bool xb_vif_is_news(const struct xb_vif *v)
{
	uint32_t state = front_state(v);

	return (v->phase == XB_OFFERED && state != XEN_NOXS_STATE_INIT) ||
	       (v->phase == XB_CONNECTED && state == XEN_NOXS_STATE_CLOSED);
}

/* The state comes last: the backend reads the rest when it changes. */
static int answer(struct xb_vif *v)
{
	uint32_t features = v->front_area->hdr.features;
	const struct {
		const char *key;
		uint32_t value;
	} words[] = {
		{ "tx-ring-ref", v->front_area->queue[0].tx_ref },
		{ "rx-ring-ref", v->front_area->queue[0].rx_ref },
		{ "event-channel", v->port },
		{ "request-rx-copy", 1 },
		{ "feature-rx-notify", 1 },
		{ "feature-sg", !!(features & XEN_NOXS_NET_F_SG) },
		{ "feature-no-csum-offload",
		  !(features & XEN_NOXS_NET_F_CSUM4) },
		{ "feature-ipv6-csum-offload",
		  !!(features & XEN_NOXS_NET_F_CSUM6) },
		{ "state", XenbusStateConnected },
	};
	unsigned int i;
	int rc = 0;

	v->phase = XB_CONNECTED;
	for (i = 0; !rc && i < sizeof(words) / sizeof(words[0]); i++)
		rc = node_write(v, words[i].key, words[i].value);
	return rc;
}

static int close_front(struct xb_vif *v)
{
	v->phase = XB_CLOSED;
	return node_write(v, "state", XenbusStateClosed);
}

/* --- the states of both ------------------------------------------------------ */

/* The backend is on its way out: the frontend answers CLOSED. */
static void follow_down(struct xb_vif *v, uint32_t backend)
{
	uint32_t state = backend == XenbusStateClosing ?
			 XEN_NOXS_STATE_CLOSING : XEN_NOXS_STATE_CLOSED;

	if (backend >= XenbusStateClosing && v->back.hdr.state != state)
		publish(v, state);
}

static int step(struct xb_vif *v, uint32_t backend)
{
	uint32_t front = front_state(v);

	switch (v->phase) {
	case XB_IDLE:
		if (backend == XenbusStateInitWait)
			return offer(v);
		/* It still talks to who was here before, or it goes. */
		if (backend == XenbusStateConnected ||
		    backend == XenbusStateClosing)
			return close_front(v);
		return 0;
	case XB_OFFERED:
		follow_down(v, backend);
		if (front == XEN_NOXS_STATE_CONNECTED)
			return answer(v);
		return front == XEN_NOXS_STATE_CLOSED ? close_front(v) : 0;
	case XB_CONNECTED:
		if (front == XEN_NOXS_STATE_CLOSED)
			return close_front(v);
		if (backend == XenbusStateConnected &&
		    v->back.hdr.state == XEN_NOXS_STATE_INIT)
			publish(v, XEN_NOXS_STATE_CONNECTED);
		follow_down(v, backend);
		return 0;
	case XB_CLOSED:
		follow_down(v, backend);
		if (backend < XenbusStateInitWait ||
		    backend == XenbusStateClosed)
			v->phase = XB_IDLE;
		return 0;
	}
	return 0;
}

int xb_vif_update(struct xb_vif *v)
{
	uint32_t backend = backend_number(v, "state", XenbusStateClosed,
					  BACKEND_GONE);
	int rc = step(v, backend);

	/* What was refused concerns this device alone. */
	return rc == -EPROTO ? rc : 0;
}

/* --- life ------------------------------------------------------------------- */

static int port_alloc(uint16_t domid, uint32_t *port)
{
	struct evtchn_alloc_unbound op = { .dom = DOMID_SELF,
					   .remote_dom = domid };

	if (hypercall2(__HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound,
		       &op))
		return -ENOSPC;
	*port = op.port;
	return 0;
}

/* Who the backend is, and where. */
static int backend_find(struct xb_vif *v, uint16_t *backend_id)
{
	char text[NUMBER_TEXT];
	uint32_t n;

	if (node_read(v, "backend", v->backend, sizeof(v->backend)) ||
	    node_read(v, "backend-id", text, sizeof(text)))
		return -EIO;
	n = number(text, DOMID_FIRST_RESERVED - 1, DOMID_SELF);
	if (n == DOMID_SELF)
		return -EIO;
	*backend_id = n;
	return 0;
}

static int backend_watch(const struct xb_vif *v)
{
	char path[STORE_PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/state", v->backend);
	return store_watch(path);
}

int xb_vif_init(struct xb_vif *v, uint16_t id)
{
	int rc;

	v->id = id;
	v->phase = XB_IDLE;
	rc = backend_find(v, &v->backend_id);
	if (rc)
		return rc;
	rc = port_alloc(v->backend_id, &v->port);
	if (rc)
		return rc;
	rc = backend_watch(v);
	if (rc) {
		port_close(v->port);
		return rc;
	}
	v->used = true;
	return 0;
}

int xb_vif_resume(struct xb_vif *v)
{
	int rc = port_alloc(v->backend_id, &v->port);

	if (rc)
		return rc;
	v->phase = XB_IDLE;
	if (v->back.hdr.magic)
		publish(v, XEN_NOXS_STATE_CLOSED);
	return 0;
}

int xb_vif_reread(struct xb_vif *v)
{
	uint16_t backend_id;
	int rc = backend_find(v, &backend_id);

	if (!rc && backend_id != v->backend_id)
		rc = -EIO;	/* the port is for somebody else */
	return rc ? rc : backend_watch(v);
}

void xb_vif_fini(struct xb_vif *v)
{
	char path[STORE_PATH_MAX + 32];

	/* The next device may have the same directory. */
	snprintf(path, sizeof(path), "%s/state", v->backend);
	store_unwatch(path);
	port_close(v->port);
	v->used = false;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* peer.c owns the scripted backend and the recording OS of peer.h. */
#include "peer.h"

struct peer_seen seen;
struct peer peer;

static int net_probe(void *arg, struct noxs_netfront *nf, uint16_t id,
		     void **priv)
{
	assert_ptr_equal(arg, &peer);
	assert_int_equal(id, 4);
	if (seen.probe_rc)
		return seen.probe_rc;
	seen.probed++;
	seen.nf = nf;
	*priv = &seen;
	return 0;
}

static void net_remove(void *priv)
{
	assert_ptr_equal(priv, &seen);
	assert_int_equal(seen.up, seen.down);
	seen.removed++;
	seen.nf = NULL;
}

static int net_link_up(void *priv, const struct noxs_net_info *info)
{
	assert_ptr_equal(priv, &seen);
	assert_int_equal(seen.up, seen.down);
	assert_ptr_equal(info, noxs_netfront_info(seen.nf));
	if (seen.link_rc)
		return seen.link_rc;
	seen.info = *info;
	seen.up++;
	return 0;
}

static void net_link_down(void *priv, unsigned int error)
{
	assert_ptr_equal(priv, &seen);
	seen.down++;
	seen.error = error;
	assert_int_equal(seen.up, seen.down);
}

static void net_event(void *priv, unsigned int queue, unsigned int port)
{
	assert_ptr_equal(priv, &seen);
	seen.event_queue = queue;
	seen.event_port = port;
	seen.events++;
}

static void net_rx(void *priv, unsigned int queue,
		   const struct noxs_net_frame *frame)
{
	uint32_t len = 0;
	unsigned int i;

	assert_ptr_equal(priv, &seen);
	seen.rx_queue = queue;
	assert_in_range(frame->nr_frags, 1, NOXS_NET_MAX_FRAGS);
	for (i = 0; i < frame->nr_frags; i++) {
		assert_in_range(frame->frags[i].len, 1, 4096);
		memcpy(seen.data + len, frame->frags[i].data,
		       frame->frags[i].len);
		len += frame->frags[i].len;
	}
	assert_int_equal(len, frame->len);
	seen.len = len;
	seen.nr_frags = frame->nr_frags;
	seen.flags = frame->flags;
	seen.gso_size = frame->gso_size;
	seen.frames++;
	if (seen.echo)
		seen.echo_rc = noxs_netfront_send(seen.nf, frame->frags,
						  frame->nr_frags, 0);
}

static void net_tx_room(void *priv, unsigned int queue)
{
	assert_ptr_equal(priv, &seen);
	seen.room_queue = queue;
	seen.rooms++;
}

static void net_starved(void *priv)
{
	assert_ptr_equal(priv, &seen);
	seen.starved++;
}

static const struct noxs_netfront_ops net_ops = {
	.probe = net_probe, .remove = net_remove, .link_up = net_link_up,
	.link_down = net_link_down, .event = net_event, .rx = net_rx,
	.tx_room = net_tx_room,
	.starved = net_starved,
};

static void bus_wake(void *arg)
{
	assert_ptr_equal(arg, &peer);
	seen.wakes++;
}

static const struct noxs_bus_ops bus_ops = { .wake = bus_wake };

void peer_reset(void)
{
	static const uint8_t mac[6] = { 0x00, 0x16, 0x3e, 1, 2, 3 };
	struct xen_noxs_net_back *back = &peer.back;

	os_reset();
	memset(&peer, 0, sizeof(peer));
	memset(&seen, 0, sizeof(seen));
	peer.cfg.ops = &net_ops;
	peer.cfg.arg = &peer;
	peer.cfg.features = XEN_NOXS_NET_F_SG | XEN_NOXS_NET_F_CSUM4 |
			    XEN_NOXS_NET_F_CSUM6;
	back->hdr.magic = XEN_NOXS_BACK_MAGIC;
	back->hdr.version = XEN_NOXS_VERSION;
	back->hdr.size = sizeof(*back);
	back->hdr.state = XEN_NOXS_STATE_INIT;
	back->hdr.generation = 100;
	back->hdr.features = XEN_NOXS_NET_F_ALL;
	memcpy(back->mac, mac, sizeof(mac));
	back->mtu = 1500;
	back->max_queues = 1;
}

int peer_start(void)
{
	static const struct noxs_driver *drivers[1];
	int rc;

	rc = noxs_netfront_driver_init(&peer.drv, &peer.cfg);
	if (rc)
		return rc;
	drivers[0] = &peer.drv;
	memcpy(os_back(PEER_SLOT), &peer.back, sizeof(peer.back));
	os_slot_add(PEER_SLOT, XEN_NOXS_TYPE_NET, 4, PEER_PORT);
	return noxs_bus_init(&peer.bus, drivers, 1, &bus_ops, &peer);
}

void peer_publish(uint32_t state, uint32_t error)
{
	unsigned int n = 0;
	int rc;

	peer.back.hdr.state = state;
	peer.back.hdr.error = error;
	os_publish(PEER_SLOT, &peer.back, sizeof(peer.back));
	assert_true(noxs_bus_pending(&peer.bus));
	do {
		rc = noxs_bus_poll(&peer.bus);
	} while (rc == -EAGAIN && n++ < 3);
	assert_int_equal(rc, 0);
}

struct xen_noxs_net_front peer_front(void)
{
	return *(struct xen_noxs_net_front *)os_front(PEER_SLOT);
}

void peer_attach(void)
{
	struct xen_noxs_net_front front = peer_front();

	assert_int_equal(front.hdr.state, XEN_NOXS_STATE_CONNECTED);
	assert_int_equal(front.hdr.generation, peer.back.hdr.generation);
	peer.tx = os_grant_page(front.queue[0].tx_ref, PEER_DOMID, true);
	peer.rx = os_grant_page(front.queue[0].rx_ref, PEER_DOMID, true);
	assert_non_null(peer.tx);
	assert_non_null(peer.rx);
	peer.tx_cons = 0;
	peer.rx_cons = 0;
}

void peer_connect(void)
{
	assert_int_equal(peer_start(), 0);
	peer_attach();
	peer_publish(XEN_NOXS_STATE_CONNECTED, 0);
	assert_true(noxs_netfront_connected(seen.nf));
}

void peer_comes_again(void)
{
	unsigned int up = seen.up;

	peer.back.hdr.generation++;
	peer_publish(XEN_NOXS_STATE_INIT, 0);
	assert_int_equal(seen.up, up + 1);
	peer_attach();
	peer_rx_frame(60, 1);
	assert_int_equal(noxs_netfront_poll(seen.nf, 8), 1);
}

void peer_finish(void)
{
	noxs_bus_fini(&peer.bus);
	assert_int_equal(seen.probed, seen.removed);
	assert_true(os_clean());
}

bool peer_tx_take(struct netif_tx_request *req)
{
	memset(req, 0, sizeof(*req));
	if (peer.tx_cons == peer.tx->req_prod)
		return false;
	*req = peer.tx->ring[peer.tx_cons++ % 256].req;
	return true;
}

bool peer_rx_take(struct netif_rx_request *req)
{
	memset(req, 0, sizeof(*req));
	if (peer.rx_cons == peer.rx->req_prod)
		return false;
	*req = peer.rx->ring[peer.rx_cons++ % 256].req;
	return true;
}

uint8_t *peer_tx_data(const struct netif_tx_request *req)
{
	uint8_t *page = os_grant_page(req->gref, PEER_DOMID, false);

	assert_non_null(page);
	assert_null(os_grant_page(req->gref, PEER_DOMID, true));
	return page + req->offset;
}

uint8_t *peer_rx_data(const struct netif_rx_request *req)
{
	uint8_t *page = os_grant_page(req->gref, PEER_DOMID, true);

	assert_non_null(page);
	return page;
}

void peer_tx_answer(uint16_t id, int16_t status)
{
	struct netif_tx_response *rsp =
		&peer.tx->ring[peer.tx->rsp_prod % 256].rsp;

	rsp->id = id;
	rsp->status = status;
	peer.tx->rsp_prod++;
}

void peer_rx_answer(uint16_t id, uint16_t offset, uint16_t flags,
		    int16_t status)
{
	struct netif_rx_response *rsp =
		&peer.rx->ring[peer.rx->rsp_prod % 256].rsp;

	rsp->id = id;
	rsp->offset = offset;
	rsp->flags = flags;
	rsp->status = status;
	peer.rx->rsp_prod++;
}

static void fill(uint8_t *to, uint32_t len, uint8_t first)
{
	while (len--)
		*to++ = first++;
}

void peer_rx_frame(uint16_t len, uint8_t first)
{
	struct netif_rx_request req;

	assert_true(peer_rx_take(&req));
	fill(peer_rx_data(&req), len, first);
	peer_rx_answer(req.id, 0, 0, (int16_t)len);
}

int peer_send(uint32_t len, uint8_t first, uint32_t flags)
{
	static uint8_t data[70000];
	struct noxs_net_frag frag = { data, len };

	assert_in_range(len, 0, sizeof(data));
	fill(data, len, first);
	return noxs_netfront_send(seen.nf, &frag, 1, flags);
}

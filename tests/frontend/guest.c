/* SPDX-License-Identifier: BSD-2-Clause */
/* guest.c owns the guest of the loopback test, see guest.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "fake.h"
#include "guest.h"

#define BUDGET	16

/* --- frames --------------------------------------------------------------- */

static uint32_t mix(uint32_t x)
{
	x ^= x << 13;
	x ^= x >> 17;
	return x ^ x << 5;
}

uint32_t frame_len(uint32_t nr, uint32_t max)
{
	uint32_t span = max - GUEST_MIN_FRAME + 1;

	/* Every size comes up, and the limits often. */
	switch (nr % 8) {
	case 0: return max;
	case 1: return GUEST_MIN_FRAME;
	default: return GUEST_MIN_FRAME + mix(nr * 2654435761u + 1) % span;
	}
}

void frame_make(uint8_t *frame, uint32_t len, uint32_t nr)
{
	static const uint8_t eth[14] = {
		0x00, 0x16, 0x3e, 0, 0, 1, 0x00, 0x16, 0x3e, 0, 0, 2, 0x88, 0xb5
	};
	uint32_t i, x = nr * 2246822519u + 1;

	memcpy(frame, eth, sizeof(eth));
	memcpy(frame + sizeof(eth), &nr, sizeof(nr));
	for (i = GUEST_MIN_FRAME; i < len; i++) {
		if (i % 4 == 2)
			x = mix(x);
		frame[i] = (uint8_t)(x >> i % 4 * 8);
	}
}

int guest_send(struct guest_vif *vif, uint32_t nr)
{
	static uint8_t frame[GUEST_MAX_FRAME];
	uint32_t len = frame_len(nr, vif->max_len), at = 0, chunk;
	struct noxs_net_frag frag[3];
	unsigned int i;

	frame_make(frame, len, nr);
	for (i = 0; i < 3; i++) {
		chunk = i == 2 ? len - at : mix(nr + i + 1) % (len - at);
		frag[i] = (struct noxs_net_frag){ frame + at, chunk };
		at += chunk;
	}
	return noxs_netfront_send(vif->nf, frag, 3, 0);
}

/* --- what the frontend calls -------------------------------------------------- */

static int net_probe(void *arg, struct noxs_netfront *nf, uint16_t id,
		     void **priv)
{
	struct guest *guest = arg;
	struct guest_vif *vif;

	if (id >= GUEST_MAX_VIFS)
		return -ENOSPC;
	vif = &guest->vif[id];
	assert_null(vif->nf);
	memset(vif, 0, sizeof(*vif));
	vif->guest = guest;
	vif->nf = nf;
	vif->id = id;
	*priv = vif;
	return 0;
}

static void net_remove(void *priv)
{
	struct guest_vif *vif = priv;

	assert_int_equal(vif->up, vif->down);
	vif->nf = NULL;
}

static int net_link_up(void *priv, const struct noxs_net_info *info)
{
	struct guest_vif *vif = priv;

	assert_int_equal(vif->up, vif->down);
	vif->up++;
	vif->max_len = info->mtu + 18u;
	vif->rx_next = 0;
	return 0;
}

static void net_link_down(void *priv, unsigned int error)
{
	struct guest_vif *vif = priv;

	vif->down++;
	assert_int_equal(vif->up, vif->down);
	vif->error = error;
}

static void net_event(void *priv, unsigned int queue, unsigned int port)
{
	(void)priv;
	(void)queue;
	(void)port;
}

static void net_rx(void *priv, unsigned int queue,
		   const struct noxs_net_frame *frame)
{
	struct guest_vif *vif = priv;
	static uint8_t expected[GUEST_MAX_FRAME];
	uint32_t at = 0;
	unsigned int i;

	vif->rx_queue = queue;
	assert_in_range(frame->len, 14, frame->gso_size ? sizeof(vif->rx_data) :
			GUEST_MAX_FRAME);
	for (i = 0; i < frame->nr_frags; i++) {
		memcpy(vif->rx_data + at, frame->frags[i].data,
		       frame->frags[i].len);
		at += frame->frags[i].len;
	}
	vif->rx_len = frame->len;
	vif->rx_flags = frame->flags;
	vif->rx_gso_size = frame->gso_size;
	if (!vif->rx_any) {
		assert_int_equal(frame->len,
				 frame_len(vif->rx_next, vif->max_len));
		frame_make(expected, frame->len, vif->rx_next);
		assert_memory_equal(vif->rx_data, expected, frame->len);
	}
	vif->rx_next++;
}

static void net_tx_room(void *priv, unsigned int queue)
{
	struct guest_vif *vif = priv;

	(void)queue;
	vif->rooms++;
}

static const struct noxs_netfront_ops net_ops = {
	.probe = net_probe, .remove = net_remove, .link_up = net_link_up,
	.link_down = net_link_down, .event = net_event, .rx = net_rx,
	.tx_room = net_tx_room,
};

/* --- the guest ------------------------------------------------------------------ */

int guest_start_queues(struct guest *guest, struct fake_domain *dom,
		       uint32_t features, unsigned int max_queues)
{
	int rc;

	memset(guest, 0, sizeof(*guest));
	guest->dom = dom;
	guest->cfg.ops = &net_ops;
	guest->cfg.arg = guest;
	guest->cfg.max_queues = max_queues;
	guest->cfg.nr_rx = 24;
	guest->cfg.nr_tx = features & XEN_NOXS_NET_F_GSO4 ? 40 : 12;
	guest->cfg.features = features;
	rc = noxs_netfront_driver_init(&guest->drv, &guest->cfg);
	if (rc)
		return rc;
	guest->drivers[0] = &guest->drv;
	guest_enter(guest);
	rc = noxs_bus_init(&guest->bus, guest->drivers, 1, NULL, NULL);
	guest->running = !rc;
	return rc;
}

int guest_start(struct guest *guest, struct fake_domain *dom,
		uint32_t features)
{
	return guest_start_queues(guest, dom, features, 0);
}

void guest_stop(struct guest *guest)
{
	guest_enter(guest);
	if (guest->running)
		noxs_bus_fini(&guest->bus);
	guest->running = false;
}

/* Events alone must be enough: nothing is polled that was not raised. */
static bool vif_poll(struct guest_vif *vif)
{
	struct noxs_netq *q;
	bool more = false;
	unsigned int i;

	for (i = 0; (q = noxs_netfront_queue(vif->nf, i)); i++) {
		if (!noxs_netq_pending(q))
			continue;
		more = true;
		while (noxs_netq_poll(q, BUDGET) == BUDGET)
			;
	}
	return more;
}

static bool vifs_poll(struct guest *guest)
{
	struct guest_vif *vif;
	bool more = false;
	unsigned int i;

	for (i = 0; i < GUEST_MAX_VIFS; i++) {
		vif = &guest->vif[i];
		if (vif->nf && !vif->deaf)
			more |= vif_poll(vif);
	}
	return more;
}

void guest_run(struct guest *guest)
{
	unsigned int n;

	guest_enter(guest);
	for (n = 0; n < 1000; n++) {
		bool more = fake_dom_run(guest->dom) != 0;

		if (guest->running && noxs_bus_pending(&guest->bus)) {
			noxs_bus_poll(&guest->bus);
			more = true;
		}
		if (guest->running && vifs_poll(guest))
			more = true;
		if (!more)
			return;
	}
	fail_msg("the guest does not come to rest");
}

// SPDX-License-Identifier: BSD-2-Clause
/*
 * A guest that writes whatever it likes, whenever it likes, beside one that
 * behaves.  The sequence follows from a seed; NETBACK_SEED repeats one,
 * NETBACK_STEPS makes it longer.
 */
#include "frame.h"
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

static uint64_t rnd_state;

/* xorshift64*: the same on every machine. */
static uint32_t rnd(uint32_t below)
{
	rnd_state ^= rnd_state >> 12;
	rnd_state ^= rnd_state << 25;
	rnd_state ^= rnd_state >> 27;
	return (uint32_t)((rnd_state * 0x2545f4914f6cdd1dull) >> 33) % below;
}

/* Values that lie near limits more often than not. */
static uint32_t rnd_word(void)
{
	static const uint32_t near[] = {
		0, 1, 2, 3, 14, 60, 255, 256, 257, 1500, 4095, 4096, 4097,
		0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000,
		0xffffffff, XEN_NOXS_FRONT_MAGIC, sizeof(struct xen_noxs_net_front),
	};

	return rnd(4) ? near[rnd(sizeof(near) / sizeof(near[0]))] + rnd(3) - 1
		      : rnd(0x7fffffff) * 2 + rnd(2);
}

static void write_word(void *page, size_t size)
{
	uint32_t word = rnd_word();

	memcpy((uint8_t *)page + rnd((uint32_t)size / 4) * 4, &word, 4);
}

/* A TCP frame of several segments; now and then not quite. */
static void large_step(struct test_guest *g)
{
	const uint32_t len = 0x1f00 + 14;
	const struct netif_extra_info e = {
		.type = (uint8_t)(rnd(50) ? XEN_NETIF_EXTRA_TYPE_GSO : rnd(6)),
		.flags = !rnd(100),
		.u.gso = { .size = (uint16_t)(rnd(20) ? 1400 : rnd_word()),
			   .type = (uint8_t)(rnd(50) ? 1 : rnd(4)) },
	};
	unsigned int i = rnd(GUEST_BUFFERS - 1);

	make_head4(g->buf[i], len);
	guest_tx(g, g->buf_ref[i], 0, len,
		 NETTXF_csum_blank | NETTXF_extra_info | NETTXF_more_data, i);
	memcpy(RING_GET_REQUEST(&g->tx, g->tx.req_prod_pvt), &e, sizeof(e));
	g->tx.req_prod_pvt++;
	guest_tx(g, g->buf_ref[i + 1], 0, len - 4096, 0, i + 1);
	guest_tx_push(g);
}

/* Behaves more or less, so that deep states are reached. */
static void honest_step(struct test_guest *g)
{
	switch (rnd(6)) {
	case 0:
		SHARED_RING_INIT(g->tx.sring);
		SHARED_RING_INIT(g->rx.sring);
		FRONT_RING_INIT(&g->tx, g->tx.sring, FAKE_PAGE);
		FRONT_RING_INIT(&g->rx, g->rx.sring, FAKE_PAGE);
		g->front->hdr.seq = 0;
		g->front->hdr.pad = 0;
		g->front->pad = 0;
		g->front->pad2 = 0;
		guest_answer(g, rnd(3) ? NBL_VIF_FEATURES :
				     rnd(XEN_NOXS_NET_F_ALL + 1));
		break;
	case 1:
		guest_tx(g, g->buf_ref[rnd(GUEST_BUFFERS)], rnd(100),
			 14 + rnd(1500), rnd(3), rnd(0x10000));
		guest_tx_push(g);
		break;
	case 2:
		guest_rx_post(g, rnd(40));
		break;
	case 3:
		large_step(g);
		break;
	case 4:
		guest_tx(g, g->buf_ref[rnd(GUEST_BUFFERS)], 0, 100 + rnd(1400),
			 NETTXF_more_data, 1);
		guest_tx(g, g->buf_ref[rnd(GUEST_BUFFERS)], 0, 1 + rnd(99), 0,
			 2);
		guest_tx_push(g);
		break;
	default:
		guest_say(g, rnd(2) ? XEN_NOXS_STATE_CLOSING
				    : XEN_NOXS_STATE_CLOSED);
	}
}

static void wild_step(struct test_guest *g)
{
	switch (rnd(5)) {
	case 0:		/* indices */
		write_word(g->ring_page[rnd(2)], 16);
		break;
	case 1:		/* slots near the beginning */
		write_word(g->ring_page[rnd(2)], 64 + 24 * 12);
		break;
	case 2:
		write_word(g->front, 64);
		break;
	case 3:
		g->front->hdr.state = rnd(5);
		break;
	default:
		write_word(g->buf[rnd(GUEST_BUFFERS)], FAKE_PAGE);
	}
	guest_notify(g);
}

static void drain(struct test_guest *g)
{
	static uint8_t out[70000];

	while (net_recv(g, out, sizeof(out), NULL) >= 0)
		;
}

/* A vif that was broken is broken for good: take a new one. */
static void renew(struct test_state *s)
{
	char err[NBL_ERROR_SIZE];
	struct test_guest *g = &s->guest;

	nbl_vif_detach(the_vif(s));
	fake_dom_unmap(g->dom, XEN_NOXS_PAGE_FRONT(g->slot.pair),
		       g->front_page);
	fake_dom_unmap(g->dom, XEN_NOXS_PAGE_BACK(g->slot.pair),
		       g->back_page);
	g->front_page = NULL;
	wait_taps(s->nb, 1);
	assert_int_equal(attach(s->nb, 1, 0, err), 0);
	guest_find_device(g, 1, 0);
}

static void neighbour_works(struct test_state *s, struct test_guest *n)
{
	struct netif_rx_response rsp;
	uint8_t frame[100], out[200];

	memset(frame, (int)rnd(256), sizeof(frame));
	memcpy(n->buf[0], frame, sizeof(frame));
	guest_tx(n, n->buf_ref[0], 0, sizeof(frame), 0, 9);
	guest_tx_push(n);
	guest_rx_post(n, 1);
	net_send(n, frame, sizeof(frame), NULL);
	turns(s->nb);
	assert_int_equal(guest_tx_status(n, NULL), NETIF_RSP_OKAY);
	assert_int_equal(net_recv(n, out, sizeof(out), NULL), sizeof(frame));
	assert_memory_equal(out, frame, sizeof(frame));
	guest_rx_response(n, &rsp);
	assert_int_equal(rsp.status, sizeof(frame));
}

static void wild_guest(void **state)
{
	static uint8_t frame[9100];
	static uint8_t large[66000];
	static const struct virtio_net_hdr gso = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .gso_size = 1400,
	};
	struct test_state *s = *state;
	struct test_guest *g = &s->guest, other = { .tap = -1 };
	const char *env = getenv("NETBACK_SEED"),
		   *steps = getenv("NETBACK_STEPS");
	unsigned long i, n = steps ? strtoul(steps, NULL, 0) : 60000;
	unsigned int broken = 0;
	char err[NBL_ERROR_SIZE];

	memcpy(large, &gso, sizeof(gso));
	rnd_state = env ? strtoull(env, NULL, 0) : 0x6e6f7873;
	rnd_state += !rnd_state;
	fake_dom_create(2);
	assert_int_equal(attach(s->nb, 2, 0, err), 0);
	guest_find_device(&other, 2, 0);
	guest_make_rings(&other);
	guest_answer(&other, 0);
	for (i = 0; i < n; i++) {
		if (rnd(20))
			honest_step(g);
		else
			wild_step(g);
		/* a queue that is full loses it */
		if (rnd(4) == 0 &&
		    send(g->tap, frame, 24 + rnd(2000), MSG_DONTWAIT) < 0)
			assert_int_equal(errno, EAGAIN);
		if (rnd(10) == 0 &&
		    send(g->tap, large, 24 + rnd(65600), MSG_DONTWAIT) < 0)
			assert_int_equal(errno, EAGAIN);
		if (rnd(3) == 0)
			nbl_turn(s->nb, 0);
		if (rnd(50) == 0) {
			turns(s->nb);
			neighbour_works(s, &other);
		}
		drain(g);
		if (the_vif(s)->broken) {
			broken++;
			renew(s);
		}
	}
	turns(s->nb);
	neighbour_works(s, &other);
	printf("# %lu steps, %u lies found\n", n, broken);
	assert_true(broken > 0);
	guest_forget(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(wild_guest, setup_connected,
						teardown_backend),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("netback-random", tests, NULL,
					   NULL);
}

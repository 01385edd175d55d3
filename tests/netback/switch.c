// SPDX-License-Identifier: BSD-2-Clause
/* Frames from guest to guest; the bridge sees one a second (dir.mk). */
#include "harness.h"

#include <stdlib.h>
#include <steer.h>
#include <switch.h>
#include <unistd.h>

#define LEN	100u
#define A	0u	/* guests, each the station of its number */
#define B	1u
#define C	2u
#define OUTSIDE	77u

/* Behind the first, which is the fixture's. */
static struct test_guest more[2];

static struct test_guest *guest(struct test_state *s, unsigned int i)
{
	return i ? &more[i - 1] : &s->guest;
}

static struct nbl_vif *vif_of(struct test_state *s, unsigned int i)
{
	return nbl_guest_vif(nbl_guest_find(s->nb, (uint16_t)(i + 1)), 0);
}

static uint64_t switched(struct test_state *s, unsigned int i)
{
	return vif_of(s, i)->stats.tx_switched;
}

static void fill(uint8_t frame[LEN], unsigned int to, unsigned int from)
{
	memset(frame, 0x5a, LEN);
	memset(frame, 0, 14);
	frame[0] = frame[6] = 2;
	frame[5] = (uint8_t)to;
	frame[11] = (uint8_t)from;
	frame[12] = 0x88;
	frame[13] = 0xb5;
}

/* A frame as it is in its buffer i. */
static void push(struct test_state *s, struct test_guest *g, unsigned int i,
		 unsigned int flags)
{
	guest_tx(g, g->buf_ref[i], 0, LEN, flags, i);
	guest_tx_push(g);
	turns(s->nb);
	assert_int_equal(guest_tx_status(g, NULL), NETIF_RSP_OKAY);
}

static void send_as(struct test_state *s, unsigned int sender,
		    unsigned int from, unsigned int to)
{
	struct test_guest *g = guest(s, sender);

	fill(g->buf[0], to, from);
	push(s, g, 0, 0);
}

static void send_to(struct test_state *s, unsigned int from, unsigned int to)
{
	send_as(s, from, from, to);
}

/* What came out of the TAP of who sent it. */
static unsigned int on_the_bridge(struct test_state *s, unsigned int i)
{
	uint8_t frame[LEN + 1];
	unsigned int n = 0;

	while (net_recv(guest(s, i), frame, sizeof(frame), NULL) >= 0)
		n++;
	return n;
}

/* Frames in its buffers, that are of this length. */
static unsigned int received(struct test_state *s, unsigned int i)
{
	struct netif_rx_response rsp;
	unsigned int n = 0;

	while (guest_rx_responses(guest(s, i))) {
		guest_rx_response(guest(s, i), &rsp);
		assert_int_equal(rsp.status, LEN);
		assert_int_equal(guest(s, i)->buf[rsp.id][LEN - 1], 0x5a);
		n++;
	}
	return n;
}

static void check_mac(struct test_state *s, unsigned int i)
{
	const uint8_t mac[6] = { 2, 0, 0, 0, 0, (uint8_t)i };

	nbl_spoof_set(&vif_of(s, i)->spoof, mac, NULL);
}

static void add(struct test_state *s, unsigned int i, const char *bridge,
		uint32_t features)
{
	struct noxs_netback_request req;
	char err[NBL_ERROR_SIZE];
	struct nbl_vif *vif;
	uint16_t domid = (uint16_t)(i + 1);

	fake_dom_create(domid);
	request_init(&req, domid, 0);
	strcpy(req.bridge, bridge);
	assert_int_equal(nbl_vif_attach(s->nb, &req, &vif, err), 0);
	guest_find_device(guest(s, i), domid, 0);
	guest_make_rings(guest(s, i));
	guest_answer(guest(s, i), features);
	turns(s->nb);
	assert_true(vif->connected);
	check_mac(s, i);
}

/* A and B, with buffers, known. */
static int setup(void **state)
{
	struct test_state *s;
	unsigned int i;

	memset(more, 0, sizeof(more));
	setup_connected(state);
	s = *state;
	assert_int_equal(nbl_switch_open(s->nb), 0);
	check_mac(s, A);
	add(s, B, TEST_BRIDGE, NBL_VIF_FEATURES);
	for (i = A; i <= B; i++) {
		guest_rx_post(guest(s, i), 32);
		send_to(s, i, OUTSIDE);
		assert_int_equal(on_the_bridge(s, i), 1);
	}
	return 0;
}

static int teardown(void **state)
{
	unsigned int i;

	for (i = 0; i < 2; i++)
		if (more[i].front_page)
			guest_forget(&more[i]);
	return teardown_backend(state);
}

static void arrives(struct test_state *s, unsigned int from, unsigned int to)
{
	uint64_t before = switched(s, from);

	send_to(s, from, to);
	assert_int_equal(received(s, to), 1);
	assert_int_equal(on_the_bridge(s, from), 0);
	assert_int_equal(switched(s, from), before + 1);
}

static void goes_by_the_bridge(struct test_state *s, unsigned int from,
			       unsigned int to)
{
	uint64_t before = switched(s, from);

	send_to(s, from, to);
	assert_int_equal(on_the_bridge(s, from), 1);
	assert_int_equal(switched(s, from), before);
}

static void from_guest_to_guest(void **state)
{
	struct test_state *s = *state;
	unsigned int i;

	for (i = 0; i < 10; i++) {
		fake_dom_port_clear(more[0].dom, more[0].slot.port[0]);
		arrives(s, A, B);
		assert_true(fake_dom_port_pending(more[0].dom,
						  more[0].slot.port[0]));
		arrives(s, B, A);
	}
	assert_int_equal(vif_of(s, A)->stats.tx_packets, 11);
	assert_int_equal(vif_of(s, A)->stats.rx_packets, 10);
	assert_int_equal(vif_of(s, B)->stats.rx_bytes, 10 * LEN);
}

/* A batch with a frame for each of two, and for the network, in turn. */
static void many_at_once(void **state)
{
	static const unsigned int to[] = { B, C, OUTSIDE };
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	unsigned int i;

	add(s, C, TEST_BRIDGE, 0);
	guest_rx_post(&more[1], 32);
	send_to(s, C, OUTSIDE);
	for (i = 0; i < 30; i++) {
		fill(g->buf[i], to[i % 3], A);
		g->buf[i][20] = (uint8_t)i;
		guest_tx(g, g->buf_ref[i], 0, LEN, 0, i);
	}
	guest_tx_push(g);
	turns(s->nb);
	for (i = 0; i < 30; i++)
		assert_int_equal(guest_tx_status(g, NULL), NETIF_RSP_OKAY);
	for (i = 0; i < 10; i++) {
		assert_int_equal(more[0].buf[i][20], 3 * i);
		assert_int_equal(more[1].buf[i][20], 3 * i + 1);
	}
	assert_int_equal(received(s, B), 10);
	assert_int_equal(received(s, C), 10);
	assert_int_equal(on_the_bridge(s, A), 10);
	assert_int_equal(switched(s, A), 20);
}

static void what_is_the_bridges(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;

	goes_by_the_bridge(s, A, OUTSIDE);
	goes_by_the_bridge(s, A, A);
	fill(g->buf[1], B, A);
	memset(g->buf[1], 0xff, 6);
	push(s, g, 1, 0);
	fill(g->buf[1], B, A);
	g->buf[1][0] |= 1;
	push(s, g, 1, 0);
	fill(g->buf[1], B, A);
	g->buf[1][12] = 0x81;
	g->buf[1][13] = 0;
	push(s, g, 1, 0);
	assert_int_equal(on_the_bridge(s, A), 3);
	assert_int_equal(switched(s, A), 0);
}

static void other_bridge_or_vlan(void **state)
{
	struct test_state *s = *state;

	add(s, C, "jumbo0", 0);
	guest_rx_post(&more[1], 32);
	send_to(s, C, OUTSIDE);
	goes_by_the_bridge(s, A, C);
	vif_of(s, B)->vlan = 7;
	goes_by_the_bridge(s, A, B);
	vif_of(s, B)->vlan = 0;
	arrives(s, A, B);
}

/* Its queue is its TAP's, and those behind it wait there, too. */
static void without_buffers(void **state)
{
	struct test_state *s = *state;
	unsigned int i;

	for (i = 0; i < 32; i++)
		send_to(s, A, B);
	assert_int_equal(received(s, B), 32);
	goes_by_the_bridge(s, A, B);
	goes_by_the_bridge(s, A, B);
	assert_true(vif_of(s, B)->connected);
	guest_rx_post(&more[0], 8);
	turns(s->nb);
	arrives(s, A, B);
}

/* What came to its TAP first is received first. */
static void nothing_is_overtaken(void **state)
{
	struct test_state *s = *state;
	static uint8_t frame[LEN];
	struct netif_rx_response rsp;

	fill(s->guest.buf[0], B, A);
	s->guest.buf[0][20] = 2;
	guest_tx(&s->guest, s->guest.buf_ref[0], 0, LEN, 0, 0);
	guest_tx_push(&s->guest);
	fill(frame, B, OUTSIDE);
	frame[20] = 1;
	net_send(&more[0], frame, LEN, NULL);
	vif_of(s, B)->queue[0].tap_readable = true;
	turns(s->nb);
	guest_rx_response(&more[0], &rsp);
	assert_int_equal(more[0].buf[rsp.id][20], 1);
	assert_int_equal(on_the_bridge(s, A), 1);
	arrives(s, A, B);
}

/* A checksum that it does not take is completed, segments are the kernel's. */
static void what_it_can_take(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	struct netif_rx_response rsp;
	uint8_t *f = g->buf[1];
	unsigned int flags;

	add(s, C, TEST_BRIDGE, 0);
	guest_rx_post(&more[1], 32);
	send_to(s, C, OUTSIDE);
	for (flags = 0; flags < 2; flags++) {
		fill(f, flags ? B : C, A);
		f[12] = 8;
		f[13] = 0;
		f[14] = 0x45;
		f[16] = 0;
		f[17] = LEN - 14;
		f[20] = f[21] = 0;
		f[23] = 17;			/* UDP */
		f[38] = 0;
		f[39] = LEN - 34;
		push(s, g, 1, NETTXF_csum_blank | NETTXF_data_validated);
		assert_int_equal(guest_rx_responses(&more[!flags]), 1);
		guest_rx_response(&more[!flags], &rsp);
		assert_int_equal(rsp.flags & NETRXF_csum_blank,
				 flags ? NETRXF_csum_blank : 0);
	}
	assert_int_equal(switched(s, A), 2);
}

/* One that could send as anybody is nobody here, and takes nothing from others. */
static void unchecked_is_no_station(void **state)
{
	struct test_state *s = *state;

	add(s, C, TEST_BRIDGE, 0);
	nbl_spoof_off(&vif_of(s, C)->spoof);
	guest_rx_post(&more[1], 32);
	send_as(s, C, B, OUTSIDE);
	send_to(s, C, OUTSIDE);
	assert_int_equal(on_the_bridge(s, C), 2);
	arrives(s, A, B);
	goes_by_the_bridge(s, A, C);
	goes_by_the_bridge(s, C, A);
}

/* Its first frame to another goes by the bridge, and so do those behind it. */
static void first_frame_is_not_overtaken(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &more[1];
	unsigned int i;

	add(s, C, TEST_BRIDGE, 0);
	for (i = 0; i < 3; i++) {
		fill(g->buf[i], A, C);
		guest_tx(g, g->buf_ref[i], 0, LEN, 0, i);
	}
	guest_tx_push(g);
	turns(s->nb);
	for (i = 0; i < 3; i++)
		assert_int_equal(guest_tx_status(g, NULL), NETIF_RSP_OKAY);
	assert_int_equal(on_the_bridge(s, C), 3);
	arrives(s, C, A);
}

/* Its grants may be gone as soon as it says so. */
static void receiver_that_closes(void **state)
{
	struct test_state *s = *state;

	more[0].front->hdr.state = XEN_NOXS_STATE_CLOSED;
	goes_by_the_bridge(s, A, B);
	assert_int_equal(received(s, B), 0);
}

static void receiver_that_lies(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	unsigned int i;

	for (i = 0; i < 5; i++) {
		fill(g->buf[i], B, A);
		guest_tx(g, g->buf_ref[i], 0, LEN, 0, i);
	}
	more[0].rx.sring->req_prod += 1000;
	guest_tx_push(g);
	turns(s->nb);
	assert_true(vif_of(s, B)->broken);
	assert_int_equal(vif_of(s, B)->stats.rx_dropped, 0);
	for (i = 0; i < 5; i++)
		assert_int_equal(guest_tx_status(g, NULL), NETIF_RSP_OKAY);
	assert_int_equal(on_the_bridge(s, A), 5);
	goes_by_the_bridge(s, A, B);
}

static void receiver_that_goes(void **state)
{
	struct test_state *s = *state;

	guest_say(&more[0], XEN_NOXS_STATE_CLOSING);
	turns(s->nb);
	goes_by_the_bridge(s, A, B);
	nbl_vif_detach(vif_of(s, B));
	turns(s->nb);
	goes_by_the_bridge(s, A, B);
}

static void receiver_with_a_limit(void **state)
{
	const struct noxs_netback_limit one = {
		.amount = 3, .interval_us = 10000000,
	}, none = { 0 };
	struct test_state *s = *state;
	unsigned int i;

	nbl_rate_set(&vif_of(s, B)->rx_rate, &none, &one);
	send_to(s, A, B);
	on_the_bridge(s, A);
	turns(s->nb);
	for (i = 0; i < 5; i++)
		send_to(s, A, B);
	assert_int_equal(received(s, B) + on_the_bridge(s, A), 5);
	assert_in_range(vif_of(s, B)->stats.rx_packets, 1, 3);
}

static void bridge_sees_one_now_and_then(void **state)
{
	struct test_state *s = *state;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		usleep(1000 * (NBL_SWITCH_SHOW_MS + 10));
		goes_by_the_bridge(s, A, B);
		turns(s->nb);
		send_to(s, A, B);
		assert_in_range(received(s, B) + on_the_bridge(s, A), 1, 1);
	}
}

/* A guest of two queues finds a frame where it would by its TAP. */
static void queue_is_the_hash_s(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_request req;
	struct test_guest *g = &more[1], second;
	char err[NBL_ERROR_SIZE];
	unsigned int i, k, by, got[2] = { 0 };
	struct nbl_vif *vif;

	fake_dom_create(C + 1);
	request_init(&req, C + 1, 0);
	req.queues = 2;
	assert_int_equal(nbl_vif_attach(s->nb, &req, &vif, err), 0);
	guest_find_device(g, C + 1, 0);
	guest_make_rings(g);
	guest_add_queue(g, 1, &second);
	guest_answer_queues(g, XEN_NOXS_NET_F_HASH, 2);
	turns(s->nb);
	assert_true(vif->connected);
	check_mac(s, C);
	guest_rx_post(g, 32);
	guest_rx_post(&second, 32);
	send_to(s, C, OUTSIDE);
	for (i = 0; i < 24; i++) {
		fill(guest(s, A)->buf[0], C, A);
		guest(s, A)->buf[0][12] = 0x08;
		guest(s, A)->buf[0][13] = 0;
		/* Whatever the key is, not all are for one. */
		for (k = 26; k < 34; k++)
			guest(s, A)->buf[0][k] = (uint8_t)rand();
		by = nbl_steer_queue(vif, guest(s, A)->buf[0], LEN);
		push(s, guest(s, A), 0, 0);
		got[by]++;
		assert_int_equal(guest_rx_responses(g), got[0]);
		assert_int_equal(guest_rx_responses(&second), got[1]);
	}
	assert_true(got[0] && got[1]);
	assert_int_equal(switched(s, A), 24);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(from_guest_to_guest),
		TEST(many_at_once),
		TEST(what_is_the_bridges),
		TEST(other_bridge_or_vlan),
		TEST(without_buffers),
		TEST(nothing_is_overtaken),
		TEST(what_it_can_take),
		TEST(unchecked_is_no_station),
		TEST(first_frame_is_not_overtaken),
		TEST(receiver_that_closes),
		TEST(receiver_that_lies),
		TEST(receiver_that_goes),
		TEST(receiver_with_a_limit),
		TEST(bridge_sees_one_now_and_then),
		TEST(queue_is_the_hash_s),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("netback-switch", tests, NULL, NULL);
}

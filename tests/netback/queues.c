// SPDX-License-Identifier: BSD-2-Clause
/* Guests with several queues, each with rings and ports of its own. */
#include "harness.h"

#include <steer.h>
#include <stdlib.h>
#include <unistd.h>

#define QUEUES	3u
#define LEN	100u
#define IFNAME	"vif1.0"

static char err[NBL_ERROR_SIZE];
/* Queues of the fixture's guest; the first is a copy of it. */
static struct test_guest queue[QUEUES];

static void attach_queues(struct test_state *s, unsigned int nr)
{
	struct noxs_netback_request req;
	struct nbl_vif *vif;

	fake_dom_create(1);
	request_init(&req, 1, 0);
	req.queues = (uint8_t)nr;
	assert_int_equal(nbl_vif_attach(s->nb, &req, &vif, err), 0);
	guest_find_device(&s->guest, 1, 0);
	guest_make_rings(&s->guest);
}

static int setup_queues(void **state)
{
	struct test_state *s;
	unsigned int i;

	setup_backend(state);
	s = *state;
	attach_queues(s, QUEUES);
	queue[0] = s->guest;
	for (i = 1; i < QUEUES; i++)
		guest_add_queue(&s->guest, i, &queue[i]);
	return 0;
}

static void answer(struct test_state *s, unsigned int nr)
{
	guest_answer_queues(&s->guest, (NBL_VIF_FEATURES | XEN_NOXS_NET_F_HASH) &
			    ~XEN_NOXS_NET_F_MCAST, nr);
}

/* Until the TAP has no queues of an earlier connection. */
static void in_order(struct test_state *s)
{
	unsigned int i;

	turns(s->nb);
	for (i = 0; i < 1000 && !TAILQ_EMPTY(&s->nb->unordered); i++)
		assert_int_equal(nbl_turn(s->nb, 10), 0);
	turns(s->nb);
}

static void connect_queues(struct test_state *s, unsigned int nr)
{
	unsigned int i;

	answer(s, nr);
	in_order(s);
	assert_int_equal(guest_sees(&s->guest), XEN_NOXS_STATE_CONNECTED);
	for (i = 0; i < QUEUES; i++)
		queue[i].tap = fake_tap_queue_peer(IFNAME, i);
	fake_dom_port_clear(s->guest.dom, s->guest.slot.port[0]);
}

static void send_by(struct test_state *s, unsigned int i, uint8_t mark)
{
	struct test_guest *g = &queue[i];

	memset(g->buf[0], mark, LEN);
	guest_tx(g, g->buf_ref[0], 0, LEN, 0, 5);
	guest_tx_push(g);
	turns(s->nb);
	assert_int_equal(guest_tx_status(g, NULL), NETIF_RSP_OKAY);
}

static bool came_out(unsigned int i, uint8_t mark)
{
	uint8_t frame[LEN + 1];

	return net_recv(&queue[i], frame, sizeof(frame), NULL) == LEN &&
	       frame[LEN - 1] == mark;
}

static void receive_by(struct test_state *s, unsigned int i, uint8_t mark)
{
	struct netif_rx_response rsp;
	uint8_t frame[LEN];

	memset(frame, mark, LEN);
	net_send(&queue[i], frame, LEN, NULL);
	turns(s->nb);
	guest_rx_response(&queue[i], &rsp);
	assert_int_equal(rsp.status, LEN);
	assert_int_equal(queue[i].buf[rsp.id][LEN - 1], mark);
}

static void device_has_ports_for_all(void **state)
{
	static const unsigned int ports[] = { 1, 1, 4, 4, 4, 4, 4, 4, 4 };
	struct noxs_netback_request req;
	struct test_state *s = *state;
	struct test_guest g;
	struct nbl_vif *vif;
	unsigned int i;

	for (i = 0; i <= XEN_NOXS_NET_MAX_QUEUES; i++) {
		fake_dom_create((uint16_t)(10 + i));
		request_init(&req, (uint16_t)(10 + i), 0);
		req.queues = (uint8_t)i;
		assert_int_equal(nbl_vif_attach(s->nb, &req, &vif, err), 0);
		guest_find_device(&g, (uint16_t)(10 + i), 0);
		assert_int_equal(g.slot.nr_ports, ports[i]);
		assert_int_equal(g.back->max_queues, i ? i : 1);
		guest_forget(&g);
	}
}

static void each_queue_moves_frames(void **state)
{
	struct test_state *s = *state;
	unsigned int i, k;

	connect_queues(s, QUEUES);
	for (i = 0; i < QUEUES; i++)
		guest_rx_post(&queue[i], 4);
	turns(s->nb);
	for (i = 0; i < QUEUES; i++) {
		send_by(s, i, (uint8_t)(i + 1));
		for (k = 0; k < QUEUES; k++)
			assert_int_equal(came_out(k, (uint8_t)(i + 1)),
					 k == i);
		receive_by(s, i, (uint8_t)(i + 0x41));
	}
	assert_int_equal(the_vif(s)->stats.tx_packets, QUEUES);
	assert_int_equal(the_vif(s)->stats.rx_packets, QUEUES);
}

/* Who is told of responses is who the guest named. */
static void each_queue_has_ports(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &queue[1];

	/* tx and rx apart: of this queue ports 1 and 3 */
	s->guest.front->queue[1].rx_port = 3;
	connect_queues(s, 2);
	guest_rx_post(g, 4);
	turns(s->nb);
	fake_dom_port_clear(g->dom, g->slot.port[1]);
	fake_dom_port_clear(g->dom, g->slot.port[3]);
	send_by(s, 1, 7);
	assert_true(fake_dom_port_pending(g->dom, g->slot.port[1]));
	assert_false(fake_dom_port_pending(g->dom, g->slot.port[3]));
	fake_dom_port_clear(g->dom, g->slot.port[1]);
	receive_by(s, 1, 8);
	assert_false(fake_dom_port_pending(g->dom, g->slot.port[1]));
	assert_true(fake_dom_port_pending(g->dom, g->slot.port[3]));
	assert_false(fake_dom_port_pending(g->dom, g->slot.port[0]));
}

static void fewer_than_offered_are_enough(void **state)
{
	struct test_state *s = *state;

	connect_queues(s, 1);
	assert_int_equal(fake_tap_queue_peer(IFNAME, 1), -1);
	send_by(s, 0, 9);
	assert_true(came_out(0, 9));
}

/* From offer to offer it may be another number. */
static void number_changes_with_the_connection(void **state)
{
	struct test_state *s = *state;
	unsigned int i, nr;

	for (i = 0; i < 6; i++) {
		nr = 1 + i % QUEUES;
		connect_queues(s, nr);
		assert_int_equal(the_vif(s)->nr_queues, nr);
		guest_say(&s->guest, XEN_NOXS_STATE_CLOSED);
		turns(s->nb);
		assert_int_equal(guest_sees(&s->guest), XEN_NOXS_STATE_INIT);
		assert_int_equal(the_vif(s)->nr_queues, 0);
	}
}

static void expect_lie(struct test_state *s, unsigned int nr)
{
	answer(s, nr);
	assert_broken(s, EPROTO);
	assert_int_equal(fake_tap_queue_peer(IFNAME, 1), -1);
}

static void more_than_offered_is_a_lie(void **state)
{
	expect_lie(*state, QUEUES + 1);
}

static void none_is_a_lie(void **state)
{
	expect_lie(*state, 0);
}

static void port_of_another_queue_out_of_range(void **state)
{
	struct test_state *s = *state;

	s->guest.front->queue[1].tx_port = 4;
	expect_lie(s, 2);
}

static void list_of_another_queue_out_of_range(void **state)
{
	struct test_state *s = *state;

	s->guest.front->list[2].nr = XEN_NOXS_NET_MAX_STATIC + 1;
	expect_lie(s, 3);
}

/* Nothing of the first ones is left when a later one cannot be had. */
static void bad_ring_of_the_last_queue(void **state)
{
	struct test_state *s = *state;

	s->guest.front->queue[QUEUES - 1].rx_ref = 12345;
	answer(s, QUEUES);
	turns(s->nb);
	assert_int_equal(guest_sees(&s->guest), XEN_NOXS_STATE_CLOSED);
	assert_int_equal(the_vif(s)->nr_queues, 0);
	wait_taps(s->nb, 1);
}

static void a_lie_in_one_closes_all(void **state)
{
	struct test_state *s = *state;

	connect_queues(s, QUEUES);
	queue[2].tx.sring->req_prod = 10000;
	guest_notify(&queue[2]);
	assert_broken(s, EPROTO);
	assert_int_equal(the_vif(s)->nr_queues, 0);
}

/* Of all queues together it is the budget of one, and each has some of it. */
static void queues_share_a_budget(void **state)
{
	struct test_state *s = *state;
	unsigned int i, k, got[QUEUES], sum = 0;
	struct test_guest *g;

	connect_queues(s, QUEUES);
	for (i = 0; i < QUEUES; i++) {
		g = &queue[i];
		for (k = 0; k < 250; k++)
			guest_tx(g, g->buf_ref[0], 0, LEN, 0, k);
		guest_tx_push(g);
	}
	for (k = 0; k < 3; k++)
		assert_int_equal(nbl_turn(s->nb, 0), 0);
	for (i = 0; i < QUEUES; i++) {
		got[i] = guest_tx_responses(&queue[i]);
		assert_true(got[i] > 0);
		sum += got[i];
	}
	assert_in_range(sum, 2 * NBL_VIF_BUDGET, 3 * NBL_VIF_BUDGET);
	turns(s->nb);
	for (i = 0; i < QUEUES; i++)
		assert_int_equal(guest_tx_responses(&queue[i]), 250);
}

static bool has_carrier(void)
{
	struct fake_tap_info info;

	assert_int_equal(fake_tap_info(IFNAME, &info), 0);
	return !info.no_carrier;
}

static void let_stall(struct test_state *s, unsigned int i)
{
	uint8_t frame[LEN] = { 0 };

	net_send(&queue[i], frame, LEN, NULL);
	turns(s->nb);
	usleep((NBL_STALL_MS + 5) * 1000);
	assert_int_equal(nbl_turn(s->nb, 0), 0);
}

static void one_that_takes_nothing_cuts_it_off(void **state)
{
	struct test_state *s = *state;

	connect_queues(s, QUEUES);
	let_stall(s, 1);
	assert_false(has_carrier());
	let_stall(s, 2);
	/* Both have to take frames again. */
	guest_rx_post(&queue[1], 4);
	guest_notify(&queue[1]);
	turns(s->nb);
	assert_false(has_carrier());
	guest_rx_post(&queue[2], 4);
	guest_notify(&queue[2]);
	turns(s->nb);
	assert_true(has_carrier());
	receive_by(s, 2, 3);
}

static void cut_off_ends_with_the_connection(void **state)
{
	struct test_state *s = *state;

	connect_queues(s, QUEUES);
	let_stall(s, 1);
	assert_false(has_carrier());
	guest_say(&s->guest, XEN_NOXS_STATE_CLOSED);
	turns(s->nb);
	assert_true(has_carrier());
	assert_int_equal(the_vif(s)->nr_cut_off, 0);
}

static void spare_is_bound_with_as_many(void **state)
{
	struct noxs_netback_request req;
	struct test_state *s = *state;
	struct nbl_vif *vif;

	fake_dom_create(1);
	request_init(&req, 1, 0);
	memset(req.mac, 0, sizeof(req.mac));
	req.flags = NOXS_NETBACK_SPARE;
	req.queues = 2;
	assert_int_equal(nbl_vif_attach(s->nb, &req, &vif, err), 0);
	request_init(&req, 1, 0);
	req.op = NOXS_NETBACK_BIND;
	assert_int_equal(nbl_vif_bind(s->nb, &req, &vif, err), -EXDEV);
	assert_non_null(strstr(err, "has 2 queues"));
	req.queues = 2;
	assert_int_equal(nbl_vif_bind(s->nb, &req, &vif, err), 0);
}

/* Not the guest's fault: it goes on by the others. */
static void queue_without_a_tap_sends(void **state)
{
	struct test_state *s = *state;

	/* Somebody has another device of that name now. */
	fake_tap_rename(IFNAME, "mine");
	answer(s, QUEUES);
	turns(s->nb);
	fake_tap_rename("mine", IFNAME);
	assert_int_equal(guest_sees(&s->guest), XEN_NOXS_STATE_CONNECTED);
	assert_int_equal(the_vif(s)->nr_queues, QUEUES);
	assert_int_equal(fake_tap_queue_peer(IFNAME, 1), -1);
	queue[0].tap = fake_tap_peer(IFNAME);
	send_by(s, 1, 5);
	assert_true(came_out(0, 5));
	guest_rx_post(&queue[0], 4);
	guest_rx_post(&queue[1], 4);
	turns(s->nb);
	receive_by(s, 0, 6);
	assert_int_equal(guest_rx_responses(&queue[1]), 0);
	guest_say(&s->guest, XEN_NOXS_STATE_CLOSED);
	turns(s->nb);
	connect_queues(s, QUEUES);
	assert_int_not_equal(fake_tap_queue_peer(IFNAME, 1), -1);
}

static bool is_steered(void)
{
	struct fake_tap_info info;

	assert_int_equal(fake_tap_info(IFNAME, &info), 0);
	return info.steered;
}

static void hash_is_agreed_on(void **state)
{
	static const uint8_t none[XEN_NOXS_NET_HASH_KEY];
	struct test_state *s = *state;

	assert_true(s->guest.back->hdr.features & XEN_NOXS_NET_F_HASH);
	assert_memory_not_equal((const void *)s->guest.back->hash_key, none,
				sizeof(none));
	guest_answer_queues(&s->guest, 0, QUEUES);
	turns(s->nb);
	assert_int_equal(guest_sees(&s->guest), XEN_NOXS_STATE_CONNECTED);
	assert_false(is_steered());
	guest_say(&s->guest, XEN_NOXS_STATE_CLOSED);
	turns(s->nb);
	connect_queues(s, QUEUES);
	assert_true(is_steered());
	guest_say(&s->guest, XEN_NOXS_STATE_CLOSED);
	turns(s->nb);
	assert_false(is_steered());
}

/* The kernel's order of a TAP's queues is what the hash goes by. */
static void order_is_kept(void **state)
{
	struct test_state *s = *state;
	unsigned int i, k;

	for (i = 0; i < 10; i++) {
		connect_queues(s, QUEUES);
		for (k = 0; k < QUEUES; k++)
			assert_int_equal(fake_tap_queue(
				IFNAME, the_vif(s)->queue[k].fd), k);
		assert_int_equal(fake_tap_queue_peer(IFNAME, QUEUES), -1);
		guest_say(&s->guest, XEN_NOXS_STATE_CLOSED);
		turns(s->nb);
	}
}

/* Its guest goes while it waits for the queues of before. */
static void gone_while_it_waits(void **state)
{
	struct test_state *s = *state;

	connect_queues(s, QUEUES);
	guest_say(&s->guest, XEN_NOXS_STATE_CLOSED);
	assert_int_equal(nbl_turn(s->nb, 0), 0);
	answer(s, QUEUES);
	assert_int_equal(nbl_turn(s->nb, 0), 0);
	assert_true(the_vif(s)->unordered);
	assert_int_equal(guest_sees(&s->guest), XEN_NOXS_STATE_INIT);
	nbl_vif_detach(the_vif(s));
	assert_true(TAILQ_EMPTY(&s->nb->unordered));
	turns(s->nb);
}

static void one_queue_needs_no_hash(void **state)
{
	struct test_state *s = *state;

	attach_queues(s, 1);
	assert_false(s->guest.back->hdr.features & XEN_NOXS_NET_F_HASH);
	guest_answer(&s->guest, XEN_NOXS_NET_F_HASH);
	assert_broken(s, EPROTO);
}

/* Then it is as it was before there was such a thing. */
static void kernel_without_programs(void **state)
{
	struct test_state *s = *state;
	struct nbl_steer *steer = s->nb->steer;

	s->nb->steer = NULL;
	fake_fail_at(1);
	nbl_steer_open(s->nb);
	assert_true(fake_fail_hit());
	fake_fail_at(0);
	assert_null(s->nb->steer);
	attach_queues(s, 2);
	assert_false(s->guest.back->hdr.features & XEN_NOXS_NET_F_HASH);
	s->nb->steer = steer;
}

/* What a failure of each call leaves, at each place where there is one. */
static void every_failure_leaves_nothing(void **state)
{
	struct test_state *s = *state;
	struct fake_usage u;
	unsigned int n;

	for (n = 1;; n++) {
		fake_fail_at(n);
		answer(s, QUEUES);
		turns(s->nb);
		if (!fake_fail_hit())
			break;
		fake_fail_at(0);
		guest_say(&s->guest, XEN_NOXS_STATE_CLOSED);
		turns(s->nb);
		fake_host_usage(&u);
		assert_int_equal(u.grant_maps, 0);
		assert_false(is_steered());
		assert_int_equal(the_vif(s)->nr_queues, 0);
		/* One that was found lying, or so it seemed, stays closed. */
		nbl_vif_detach(the_vif(s));
		guest_forget(&s->guest);
		wait_taps(s->nb, 0);
		fake_dom_kill(s->guest.dom);
		fake_dom_vanish(s->guest.dom);
		attach_queues(s, QUEUES);
		queue[0] = s->guest;
		guest_add_queue(&s->guest, 1, &queue[1]);
		guest_add_queue(&s->guest, 2, &queue[2]);
	}
	fake_fail_at(0);
	assert_true(n > QUEUES * 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_queues, \
						   teardown_backend)
#define BACKEND(name) cmocka_unit_test_setup_teardown(name, setup_backend, \
						      teardown_backend)
	const struct CMUnitTest tests[] = {
		BACKEND(device_has_ports_for_all),
		TEST(each_queue_moves_frames),
		TEST(each_queue_has_ports),
		TEST(fewer_than_offered_are_enough),
		TEST(number_changes_with_the_connection),
		TEST(more_than_offered_is_a_lie),
		TEST(none_is_a_lie),
		TEST(port_of_another_queue_out_of_range),
		TEST(list_of_another_queue_out_of_range),
		TEST(bad_ring_of_the_last_queue),
		TEST(a_lie_in_one_closes_all),
		TEST(queues_share_a_budget),
		TEST(one_that_takes_nothing_cuts_it_off),
		TEST(cut_off_ends_with_the_connection),
		BACKEND(spare_is_bound_with_as_many),
		TEST(queue_without_a_tap_sends),
		TEST(hash_is_agreed_on),
		TEST(order_is_kept),
		TEST(gone_while_it_waits),
		BACKEND(one_queue_needs_no_hash),
		BACKEND(kernel_without_programs),
		TEST(every_failure_leaves_nothing),
	};

	return cmocka_run_group_tests_name("netback-queues", tests, NULL, NULL);
}

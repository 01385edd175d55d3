// SPDX-License-Identifier: BSD-2-Clause
/* TAP -> guest. */
#include "harness.h"

#include <linux/if_tun.h>
#include <stdlib.h>

static uint8_t frame[16384];

static void fill(uint8_t *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		p[i] = (uint8_t)(i * 7 + i / 256);
}

static void one_frame(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	struct netif_rx_response rsp;

	fill(frame, 100);
	guest_rx_post(g, 4);
	net_send(g, frame, 100, NULL);
	turns(s->nb);
	guest_rx_response(g, &rsp);
	assert_int_equal(rsp.id, 0);
	assert_int_equal(rsp.status, 100);
	assert_int_equal(rsp.offset, 0);
	assert_int_equal(rsp.flags, 0);
	assert_memory_equal(g->buf[0], frame, 100);
	assert_true(fake_dom_port_pending(g->dom, g->slot.port[0]));
	assert_int_equal(guest_rx_responses(g), 0);
}

static void frames_wait_for_buffers(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	struct netif_rx_response rsp;
	unsigned int i;

	for (i = 0; i < 10; i++) {
		fill(frame, 60 + i);
		net_send(g, frame, 60 + i, NULL);
	}
	turns(s->nb);	/* fails if it spins */
	assert_int_equal(guest_rx_responses(g), 0);
	guest_rx_post(g, 3);
	turns(s->nb);
	assert_int_equal(guest_rx_responses(g), 3);
	guest_rx_post(g, 20);
	turns(s->nb);
	for (i = 0; i < 10; i++) {
		guest_rx_response(g, &rsp);
		assert_int_equal(rsp.status, 60 + i);
	}
	assert_int_equal(guest_rx_responses(g), 0);
}

static void frames_before_connect_arrive(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	struct netif_rx_response rsp;

	net_send(g, frame, 64, NULL);
	turns(s->nb);
	guest_rx_post(g, 8);
	guest_answer(g, 0);
	turns(s->nb);
	guest_rx_response(g, &rsp);
	assert_int_equal(rsp.status, 64);
}

static void ring_wraps_many_times(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	struct netif_rx_response rsp;
	unsigned int round, i;

	for (round = 0; round < 60; round++) {
		guest_rx_post(g, 32);
		for (i = 0; i < 32; i++) {
			memset(frame, (int)(round + i), 200);
			net_send(g, frame, 200, NULL);
		}
		turns(s->nb);
		for (i = 0; i < 32; i++) {
			guest_rx_response(g, &rsp);
			assert_int_equal(rsp.status, 200);
			assert_int_equal(g->buf[rsp.id][199],
					 (uint8_t)(round + i));
		}
	}
}

static void jumbo_over_several_slots(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	struct noxs_netback_request req;
	struct netif_rx_response rsp;
	char err[NBL_ERROR_SIZE];
	struct nbl_vif *vif;

	fake_dom_create(1);
	request_init(&req, 1, 0);
	strcpy(req.bridge, "jumbo0");
	assert_int_equal(nbl_vif_attach(s->nb, &req, &vif, err), 0);
	guest_find_device(g, 1, 0);
	guest_make_rings(g);
	guest_answer(g, XEN_NOXS_NET_F_SG);
	fill(frame, 9014);
	net_send(g, frame, 9014, NULL);
	guest_rx_post(g, 2);
	turns(s->nb);
	assert_int_equal(guest_rx_responses(g), 0);	/* needs three */
	guest_rx_post(g, 1);
	turns(s->nb);
	assert_int_equal(guest_rx_responses(g), 3);
	guest_rx_response(g, &rsp);
	assert_int_equal(rsp.status, 4096);
	assert_int_equal(rsp.flags, NETRXF_more_data);
	guest_rx_response(g, &rsp);
	assert_int_equal(rsp.flags, NETRXF_more_data);
	guest_rx_response(g, &rsp);
	assert_int_equal(rsp.status, 9014 - 8192);
	assert_int_equal(rsp.flags, 0);
	assert_memory_equal(g->buf[0], frame, 4096);
	assert_memory_equal(g->buf[1], frame + 4096, 4096);
	assert_memory_equal(g->buf[2], frame + 8192, 9014 - 8192);
}

static void frames_too_long_are_dropped(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	struct netif_rx_response rsp;

	guest_rx_post(g, 4);
	net_send(g, frame, 1519, NULL);
	net_send(g, frame, 9000, NULL);
	net_send(g, frame, 1518, NULL);
	turns(s->nb);
	guest_rx_response(g, &rsp);
	assert_int_equal(rsp.status, 1518);
	assert_int_equal(guest_rx_responses(g), 0);
	assert_int_equal(the_vif(s)->stats.rx_dropped, 2);
}

static void bad_buffers_are_answered(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	struct netif_rx_response rsp;
	uint32_t good = g->buf_ref[1];

	assert_int_equal(fake_dom_grant(g->dom, FAKE_BACKEND, g->buf[1], true,
					&g->buf_ref[1]), 0);
	g->buf_ref[2] = 0xfffffff0;
	guest_rx_post(g, 4);
	net_send(g, frame, 60, NULL);
	net_send(g, frame, 61, NULL);
	net_send(g, frame, 62, NULL);
	net_send(g, frame, 63, NULL);
	turns(s->nb);
	guest_rx_response(g, &rsp);
	assert_int_equal(rsp.status, 60);
	guest_rx_response(g, &rsp);
	assert_int_equal(rsp.status, NETIF_RSP_ERROR);	/* read-only */
	guest_rx_response(g, &rsp);
	assert_int_equal(rsp.status, NETIF_RSP_ERROR);
	guest_rx_response(g, &rsp);
	assert_int_equal(rsp.status, 63);
	assert_int_equal(the_vif(s)->stats.rx_dropped, 2);
	g->buf_ref[1] = good;
}

static void grant_copy_that_fails_is_an_error(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	struct netif_rx_response rsp;

	guest_answer(g, NBL_VIF_FEATURES & ~XEN_NOXS_NET_F_STATIC);
	turns(s->nb);
	guest_rx_post(g, 2);
	net_send(g, frame, 60, NULL);
	fake_fail_at(1);
	turns(s->nb);
	assert_true(fake_fail_hit());
	guest_rx_response(g, &rsp);
	assert_int_equal(rsp.status, NETIF_RSP_ERROR);
}

static void producer_overrun_is_a_lie(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;

	g->rx.sring->req_prod = 257;
	net_send(g, frame, 60, NULL);
	assert_broken(s, EPROTO);
}

static void producer_going_back_is_a_lie(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;

	guest_rx_post(g, 4);
	net_send(g, frame, 60, NULL);
	turns(s->nb);
	g->rx.sring->req_prod = 0;
	net_send(g, frame, 60, NULL);
	assert_broken(s, EPROTO);
}

/* Nothing is sent to a guest that closes with frames waiting. */
static void closing_with_frames_waiting(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;

	net_send(g, frame, 60, NULL);
	turns(s->nb);
	guest_say(g, XEN_NOXS_STATE_CLOSING);
	turns(s->nb);
	assert_int_equal(guest_sees(g), XEN_NOXS_STATE_CLOSED);
	net_send(g, frame, 60, NULL);
	turns(s->nb);
}

/* 100 frames and the buffers for them; how many are there after one turn. */
static unsigned int after_one_turn(struct test_state *s)
{
	struct test_guest *g = &s->guest;
	unsigned int i;

	guest_rx_post(g, 200);
	turns(s->nb);
	for (i = 0; i < 100; i++)
		net_send(g, frame, 60, NULL);
	nbl_vif_ready(the_vif(s));
	if (nbl_guest_find(s->nb, 2))
		nbl_vif_ready(nbl_guest_vif(nbl_guest_find(s->nb, 2), 0));
	nbl_turn(s->nb, 0);
	return guest_rx_responses(g);
}

static void budget_leaves_the_rest_for_later(void **state)
{
	struct test_state *s = *state;
	char err[NBL_ERROR_SIZE];

	fake_dom_create(2);
	assert_int_equal(attach(s->nb, 2, 0, err), 0);
	assert_int_equal(after_one_turn(s), NBL_VIF_BUDGET);
	turns(s->nb);
	assert_int_equal(guest_rx_responses(&s->guest), 100);
}

static void alone_it_has_them_all_by_one_event(void **state)
{
	struct test_state *s = *state;
	uint64_t before = the_vif(s)->stats.notifies;

	assert_int_equal(after_one_turn(s), 100);
	assert_int_equal(the_vif(s)->stats.notifies, before + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define CONN(fn) cmocka_unit_test_setup_teardown(fn, setup_connected, \
						 teardown_backend)
		CONN(one_frame),
		CONN(frames_wait_for_buffers),
		cmocka_unit_test_setup_teardown(frames_before_connect_arrive,
						setup_attached,
						teardown_backend),
		CONN(ring_wraps_many_times),
		cmocka_unit_test_setup_teardown(jumbo_over_several_slots,
						setup_backend,
						teardown_backend),
		CONN(frames_too_long_are_dropped),
		CONN(bad_buffers_are_answered),
		cmocka_unit_test_setup_teardown(grant_copy_that_fails_is_an_error,
						setup_attached,
						teardown_backend),
		CONN(producer_overrun_is_a_lie),
		CONN(producer_going_back_is_a_lie),
		CONN(closing_with_frames_waiting),
		CONN(budget_leaves_the_rest_for_later),
		CONN(alone_it_has_them_all_by_one_event),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("netback-rx", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net.c owns the tests of both rings with a backend that keeps to the rules.
 */
#include "peer.h"

static int setup(void **state)
{
	(void)state;
	peer_reset();
	return 0;
}

/* --- transmit ---------------------------------------------------------------- */

static void small_frames_share_pages(void **state)
{
	struct netif_tx_request a, b;

	(void)state;
	peer_connect();
	assert_int_equal(noxs_netfront_tx_room(seen.nf), 32);
	assert_int_equal(peer_send(1518, 1, NOXS_NET_CSUM_BLANK), 0);
	assert_int_equal(peer_send(14, 2, NOXS_NET_CSUM_VALID), 0);
	assert_int_equal(peer_send(1519, 1, 0), -EMSGSIZE);
	assert_int_equal(peer_send(13, 1, 0), -EMSGSIZE);
	assert_int_equal(peer_send(60, 1, 4), -EINVAL);
	assert_true(peer_tx_take(&a));
	assert_true(peer_tx_take(&b));
	assert_int_equal(a.size, 1518);
	assert_int_equal(a.flags, NETTXF_csum_blank | NETTXF_data_validated);
	assert_int_equal(b.flags, NETTXF_data_validated);
	assert_int_equal(a.gref, b.gref);
	assert_int_equal(a.offset ^ b.offset, 2048);
	assert_int_not_equal(a.id, b.id);
	assert_int_equal(peer_tx_data(&a)[1517], (1 + 1517) % 256);
	assert_int_equal(peer_tx_data(&b)[13], 15);
	peer_finish();
}

static void fragments_are_gathered(void **state)
{
	uint8_t data[300];
	struct noxs_net_frag frag[NOXS_NET_MAX_FRAGS + 1];
	struct netif_tx_request req;
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)i;
	for (i = 0; i <= NOXS_NET_MAX_FRAGS; i++)
		frag[i] = (struct noxs_net_frag){ data + i * 10,
						  i % 5 ? 10 : 0 };
	peer_connect();
	assert_int_equal(noxs_netfront_send(seen.nf, frag, 0, 0), -EINVAL);
	assert_int_equal(noxs_netfront_send(seen.nf, frag,
					    NOXS_NET_MAX_FRAGS + 1, 0),
			 -EINVAL);
	assert_int_equal(noxs_netfront_send(seen.nf, frag,
					    NOXS_NET_MAX_FRAGS, 0), 0);
	assert_true(peer_tx_take(&req));
	assert_int_equal(req.size, 140);
	assert_int_equal(peer_tx_data(&req)[0], 10);
	assert_int_equal(peer_tx_data(&req)[40], 60);
	assert_int_equal(peer_tx_data(&req)[139], 179);
	peer_finish();
}

static void big_frames_take_several_slots(void **state)
{
	struct netif_tx_request req[3], none;
	unsigned int i;

	(void)state;
	peer.back.mtu = 9000;
	peer_connect();
	assert_int_equal(noxs_netfront_tx_room(seen.nf), 5);
	assert_int_equal(peer_send(9018, 9, NOXS_NET_CSUM_BLANK), 0);
	assert_int_equal(peer_send(9019, 9, 0), -EMSGSIZE);
	for (i = 0; i < 3; i++)
		assert_true(peer_tx_take(&req[i]));
	assert_false(peer_tx_take(&none));
	assert_int_equal(req[0].size, 9018);
	assert_int_equal(req[1].size, 4096);
	assert_int_equal(req[2].size, 9018 - 8192);
	assert_int_equal(req[0].flags, NETTXF_csum_blank |
			 NETTXF_data_validated | NETTXF_more_data);
	assert_int_equal(req[1].flags, NETTXF_more_data);
	assert_int_equal(req[2].flags, 0);
	assert_int_equal(peer_tx_data(&req[1])[0], (9 + 4096) % 256);
	assert_int_equal(peer_tx_data(&req[2])[825], (9 + 9017) % 256);
	peer_finish();
}

static void checksums_need_the_feature(void **state)
{
	(void)state;
	peer.back.hdr.features = XEN_NOXS_NET_F_SG;
	peer_connect();
	assert_int_equal(peer_send(60, 1, NOXS_NET_CSUM_BLANK), -EOPNOTSUPP);
	assert_int_equal(peer_send(60, 1, NOXS_NET_CSUM_VALID), 0);
	peer_finish();
}

static bool event_wanted(RING_IDX event, RING_IDX before, RING_IDX after)
{
	return after - event < after - before;
}

static void full_ring_asks_for_an_event(void **state)
{
	struct netif_tx_request req[32];
	unsigned int i;

	(void)state;
	peer_connect();
	for (i = 0; i < 32; i++)
		assert_int_equal(peer_send(60, 1, 0), 0);
	/* Completions are not asked for while there is room. */
	assert_false(event_wanted(peer.tx->rsp_event, 0, 32));
	assert_int_equal(peer_send(60, 1, 0), -EAGAIN);
	assert_false(event_wanted(peer.tx->rsp_event, 0, 15));
	assert_true(event_wanted(peer.tx->rsp_event, 15, 16));
	for (i = 0; i < 32; i++)
		assert_true(peer_tx_take(&req[i]));
	assert_int_equal(noxs_netfront_poll(seen.nf, 8), 0);
	assert_int_equal(seen.rooms, 0);
	for (i = 0; i < 16; i++)
		peer_tx_answer(req[i].id, NETIF_RSP_OKAY);
	assert_int_equal(noxs_netfront_poll(seen.nf, 0), 0);
	assert_int_equal(seen.rooms, 1);
	assert_int_equal(noxs_netfront_tx_room(seen.nf), 16);
	/* Answers come in any order, failed ones too; send takes them. */
	for (i = 31; i >= 16; i--)
		peer_tx_answer(req[i].id, i % 2 ? NETIF_RSP_ERROR :
			       NETIF_RSP_DROPPED);
	for (i = 0; i < 32; i++)
		assert_int_equal(peer_send(60, 1, 0), 0);
	assert_int_equal(noxs_netfront_tx_room(seen.nf), 0);
	peer_tx_take(&req[0]);
	peer_tx_answer(req[0].id, NETIF_RSP_OKAY);
	noxs_netfront_poll(seen.nf, 0);
	assert_int_equal(seen.rooms, 2);
	peer_finish();
}

static void answer_one(void)
{
	struct netif_tx_request req;

	os_rmb_hook = NULL;
	assert_true(peer_tx_take(&req));
	peer_tx_answer(req.id, NETIF_RSP_OKAY);
}

static void answer_that_comes_while_asking_for_an_event(void **state)
{
	unsigned int i;

	(void)state;
	peer_connect();
	for (i = 0; i < 32; i++)
		assert_int_equal(peer_send(60, 1, 0), 0);
	/* After the first look at the ring, before the event is asked for. */
	os_rmb_hook = answer_one;
	assert_int_equal(peer_send(60, 1, 0), 0);
	assert_int_equal(seen.rooms, 0);
	peer_finish();
}

static void notifies_when_the_backend_waits_for_buffers(void **state)
{
	(void)state;
	peer_connect();
	os_notified(PEER_PORT);
	peer_rx_frame(60, 1);
	peer.rx->req_event = 40;
	assert_int_equal(noxs_netfront_poll(seen.nf, 8), 1);
	assert_int_equal(os_notified(PEER_PORT), 0);
	peer.rx->req_event = 34;
	peer_rx_frame(60, 1);
	assert_int_equal(noxs_netfront_poll(seen.nf, 8), 1);
	assert_int_equal(os_notified(PEER_PORT), 1);
	peer_finish();
}

static void notifies_when_the_backend_sleeps(void **state)
{
	struct netif_tx_request req;

	(void)state;
	peer_connect();
	os_notified(PEER_PORT);
	assert_int_equal(peer_send(60, 1, 0), 0);
	assert_int_equal(os_notified(PEER_PORT), 1);
	assert_int_equal(peer_send(60, 1, 0), 0);
	assert_int_equal(os_notified(PEER_PORT), 0);	/* still busy */
	assert_true(peer_tx_take(&req));
	assert_true(peer_tx_take(&req));
	peer.tx->req_event = 3;				/* sleeps */
	assert_int_equal(peer_send(60, 1, 0), 0);
	assert_int_equal(os_notified(PEER_PORT), 1);
	peer_finish();
}

/* --- receive ----------------------------------------------------------------- */

static void frames_arrive_and_buffers_return(void **state)
{
	struct netif_rx_request req;
	unsigned int i;

	(void)state;
	peer_connect();
	for (i = 0; i < 1000; i++) {
		peer_rx_frame((uint16_t)(14 + i), (uint8_t)i);
		assert_int_equal(noxs_netfront_poll(seen.nf, 8), 1);
		assert_int_equal(seen.len, 14 + i);
		assert_int_equal(seen.data[13 + i], (13 + 2 * i) % 256);
		assert_true(event_wanted(peer.rx->rsp_event, i + 1, i + 2));
	}
	assert_int_equal(peer.rx->req_prod, 1032);
	assert_true(peer_rx_take(&req));
	peer_finish();
}

static void flags_of_received_frames(void **state)
{
	static const struct {
		uint16_t ring;
		uint32_t os;
	} flag[] = {
		{ 0, 0 },
		{ NETRXF_data_validated, NOXS_NET_CSUM_VALID },
		{ NETRXF_csum_blank, NOXS_NET_CSUM_BLANK | NOXS_NET_CSUM_VALID },
		{ NETRXF_csum_blank | NETRXF_data_validated,
		  NOXS_NET_CSUM_BLANK | NOXS_NET_CSUM_VALID },
	};
	struct netif_rx_request req;
	unsigned int i;

	(void)state;
	peer_connect();
	for (i = 0; i < 4; i++) {
		assert_true(peer_rx_take(&req));
		peer_rx_answer(req.id, 4000, flag[i].ring, 96);
		assert_int_equal(noxs_netfront_poll(seen.nf, 1), 1);
		assert_int_equal(seen.flags, flag[i].os);
		assert_int_equal(seen.len, 96);
	}
	peer_finish();
}

static void frame_of_many_slots_in_pieces(void **state)
{
	struct netif_rx_request req;
	unsigned int i;

	(void)state;
	peer_connect();
	for (i = 0; i < NOXS_NET_MAX_FRAGS; i++) {
		assert_true(peer_rx_take(&req));
		memset(peer_rx_data(&req), (int)i, 4096);
		peer_rx_answer(req.id, 0, i == NOXS_NET_MAX_FRAGS - 1 ? 0 :
			       NETRXF_more_data | (i ? 0 : NETRXF_data_validated),
			       4096);
		assert_int_equal(noxs_netfront_poll(seen.nf, 1),
				 i == NOXS_NET_MAX_FRAGS - 1);
	}
	assert_int_equal(seen.nr_frags, NOXS_NET_MAX_FRAGS);
	assert_int_equal(seen.len, NOXS_NET_MAX_FRAGS * 4096);
	assert_int_equal(seen.flags, NOXS_NET_CSUM_VALID);
	assert_int_equal(seen.data[17 * 4096], 17);
	assert_int_equal(peer.rx->req_prod, 32 + NOXS_NET_MAX_FRAGS);
	peer_finish();
}

static void frames_that_are_not_whole_are_dropped(void **state)
{
	struct noxs_netfront_stats stats;
	struct netif_rx_request a, b;

	(void)state;
	peer_connect();
	assert_true(peer_rx_take(&a));
	peer_rx_answer(a.id, 0, 0, NETIF_RSP_ERROR);
	assert_true(peer_rx_take(&a));
	peer_rx_answer(a.id, 0, 0, 0);
	assert_true(peer_rx_take(&a));
	peer_rx_answer(a.id, 0, 0, 13);
	assert_true(peer_rx_take(&a));
	assert_true(peer_rx_take(&b));
	peer_rx_answer(a.id, 0, NETRXF_more_data, 100);
	peer_rx_answer(b.id, 0xffff, 0, NETIF_RSP_DROPPED);
	assert_true(peer_rx_take(&a));
	assert_true(peer_rx_take(&b));
	peer_rx_answer(a.id, 0, NETRXF_more_data, 100);
	peer_rx_answer(b.id, 0, 0, 0);
	assert_int_equal(noxs_netfront_poll(seen.nf, 8), 0);
	noxs_netfront_stats(seen.nf, &stats);
	assert_int_equal(stats.rx_errors, 5);
	assert_int_equal(peer.rx->req_prod, 32 + 7);
	peer_rx_frame(60, 1);
	assert_int_equal(noxs_netfront_poll(seen.nf, 8), 1);
	peer_finish();
}

static void budget_bounds_a_poll(void **state)
{
	struct netif_rx_request req;
	unsigned int i;

	(void)state;
	peer_connect();
	for (i = 0; i < 20; i++)
		peer_rx_frame(60, 1);
	assert_int_equal(noxs_netfront_poll(seen.nf, 0), 0);
	assert_int_equal(noxs_netfront_poll(seen.nf, 8), 8);
	assert_false(event_wanted(peer.rx->rsp_event, 20, 21));
	assert_int_equal(noxs_netfront_poll(seen.nf, 8), 8);
	assert_int_equal(noxs_netfront_poll(seen.nf, 8), 4);
	assert_true(event_wanted(peer.rx->rsp_event, 20, 21));
	/* Frames thrown away use the budget up, too. */
	for (i = 0; i < 20; i++) {
		assert_true(peer_rx_take(&req));
		peer_rx_answer(req.id, 0, 0, NETIF_RSP_ERROR);
	}
	assert_int_equal(noxs_netfront_poll(seen.nf, 8), 8);
	assert_int_equal(peer.rx->req_prod, 32 + 28);
	peer_finish();
}

static unsigned int late_frames;

static void late_frame(void)
{
	if (late_frames) {
		late_frames--;
		peer_rx_frame(60, 1);
	}
}

static void frame_that_comes_while_going_to_sleep(void **state)
{
	(void)state;
	peer_connect();
	late_frames = 3;
	os_rmb_hook = late_frame;
	assert_int_equal(noxs_netfront_poll(seen.nf, 64), 3);
	os_rmb_hook = NULL;
	assert_true(event_wanted(peer.rx->rsp_event, 3, 4));
	peer_finish();
}

static void events_mark_the_device(void **state)
{
	(void)state;
	peer_connect();
	noxs_netfront_poll(seen.nf, 8);
	assert_false(noxs_netfront_pending(seen.nf));
	seen.events = 0;
	os_raise(PEER_PORT);
	assert_int_equal(seen.events, 1);
	assert_true(noxs_netfront_pending(seen.nf));
	noxs_netfront_poll(seen.nf, 8);
	assert_false(noxs_netfront_pending(seen.nf));
	peer_finish();
}

static void echo_from_the_callback(void **state)
{
	struct netif_tx_request req;

	(void)state;
	peer_connect();
	seen.echo = true;
	peer_rx_frame(500, 3);
	assert_int_equal(noxs_netfront_poll(seen.nf, 8), 1);
	assert_int_equal(seen.echo_rc, 0);
	assert_true(peer_tx_take(&req));
	assert_int_equal(req.size, 500);
	assert_int_equal(peer_tx_data(&req)[499], (3 + 499) % 256);
	peer_finish();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(small_frames_share_pages, setup),
		cmocka_unit_test_setup(fragments_are_gathered, setup),
		cmocka_unit_test_setup(big_frames_take_several_slots, setup),
		cmocka_unit_test_setup(checksums_need_the_feature, setup),
		cmocka_unit_test_setup(full_ring_asks_for_an_event, setup),
		cmocka_unit_test_setup(
			answer_that_comes_while_asking_for_an_event, setup),
		cmocka_unit_test_setup(
			notifies_when_the_backend_waits_for_buffers, setup),
		cmocka_unit_test_setup(notifies_when_the_backend_sleeps, setup),
		cmocka_unit_test_setup(frames_arrive_and_buffers_return, setup),
		cmocka_unit_test_setup(flags_of_received_frames, setup),
		cmocka_unit_test_setup(frame_of_many_slots_in_pieces, setup),
		cmocka_unit_test_setup(frames_that_are_not_whole_are_dropped,
				       setup),
		cmocka_unit_test_setup(budget_bounds_a_poll, setup),
		cmocka_unit_test_setup(frame_that_comes_while_going_to_sleep,
				       setup),
		cmocka_unit_test_setup(events_mark_the_device, setup),
		cmocka_unit_test_setup(echo_from_the_callback, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

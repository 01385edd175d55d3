/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hostile.c owns the tests of the network frontend with a backend that lies:
 * each lie costs the connection, at once and with a reason, and nothing else.
 */
#include "peer.h"

static int setup(void **state)
{
	(void)state;
	peer_reset();
	return 0;
}

/* The lie is in the ring: what does the frontend do? */
static void expect_dead(void)
{
	struct noxs_netfront_stats before, after;
	unsigned int frames;

	noxs_netfront_poll(seen.nf, 64);
	assert_int_equal(peer_send(60, 1, 0), -EIO);
	assert_int_equal(noxs_netfront_tx_room(seen.nf), 0);
	/* No more traffic, whatever the backend writes. */
	frames = seen.frames;
	noxs_netfront_stats(seen.nf, &before);
	peer.rx->rsp_prod++;
	peer.tx->rsp_prod++;
	assert_int_equal(noxs_netfront_poll(seen.nf, 64), 0);
	noxs_netfront_stats(seen.nf, &after);
	assert_memory_equal(&before, &after, sizeof(before));
	assert_int_equal(seen.frames, frames);
	assert_int_equal(seen.down, 0);
	/* The bus was woken for it. */
	assert_true(seen.wakes > 0 && noxs_bus_pending(&peer.bus));
	assert_int_equal(noxs_bus_poll(&peer.bus), 0);
	assert_int_equal(seen.down, 1);
	assert_int_equal(seen.error, EPROTO);
	assert_int_equal(peer_front().hdr.state, XEN_NOXS_STATE_CLOSED);
	assert_int_equal(peer_front().hdr.error, EPROTO);
	assert_int_equal(os_nr_logged, 1);
	assert_int_equal(peer_send(60, 1, 0), -ENOTCONN);
	/* Not with the same offer again, but with a new one. */
	peer_publish(XEN_NOXS_STATE_INIT, 0);
	assert_int_equal(seen.up, 1);
	peer_comes_again();
	peer_finish();
}

/* --- offers ----------------------------------------------------------------- */

static void refused_offer(unsigned int i)
{
	struct xen_noxs_net_back *back = &peer.back;

	switch (i) {
	case 0: back->mtu = XEN_NOXS_NET_MIN_MTU - 1; break;
	case 1: back->mtu = XEN_NOXS_NET_MAX_MTU + 1; break;
	case 2: back->max_queues = 0; break;
	case 3: back->max_queues = XEN_NOXS_NET_MAX_QUEUES + 1; break;
	case 4: back->mac[0] = 1; break;
	case 5: memset(back->mac, 0, 6); break;
	case 6: back->ip_mode = XEN_NOXS_NET_IP_DHCP + 1; break;
	case 7: back->ip_mode = 1; back->ip[0] = 1; back->prefix = 33; break;
	case 8: back->ip[3] = 1; break;
	case 9: back->gateway[3] = 1; break;
	case 10: back->prefix = 1; break;
	case 11: back->ip_mode = XEN_NOXS_NET_IP_STATIC; break;
	case 12: back->pad = 1; break;
	case 13: back->hdr.size = XEN_NOXS_NET_BACK_LEAST - 8; break;
	case 14: back->hdr.magic++; break;
	case 15: back->hdr.version++; break;
	case 16: back->hdr.pad = 1; break;
	case 17: back->hdr.state = XEN_NOXS_STATE_MAX + 1; break;
	}
}

static void bad_offers_are_refused(void **state)
{
	struct xen_noxs_net_back good;
	unsigned int i;

	(void)state;
	for (i = 0; i <= 17; i++) {
		peer_reset();
		good = peer.back;
		refused_offer(i);
		assert_int_equal(peer_start(), 0);
		assert_int_equal(seen.probed, 1);
		assert_int_equal(seen.up, 0);
		assert_int_equal(os_nr_grants(), 0);
		assert_int_equal(peer_front().hdr.state,
				 XEN_NOXS_STATE_CLOSED);
		assert_int_equal(peer_front().hdr.error, EPROTO);
		assert_true(os_nr_logged <= 1);
		peer.back = good;
		peer.back.hdr.generation++;
		peer_publish(XEN_NOXS_STATE_INIT, 0);
		assert_int_equal(seen.up, 1);
		peer_finish();
	}
}

static void offer_that_turns_bad_while_connected(void **state)
{
	(void)state;
	peer_connect();
	peer.back.hdr.magic++;
	peer_publish(XEN_NOXS_STATE_CONNECTED, 0);
	assert_int_equal(seen.down, 1);
	assert_int_equal(seen.error, EPROTO);
	peer_finish();
}

static void connected_with_another_generation(void **state)
{
	(void)state;
	peer_connect();
	peer.back.hdr.generation++;
	peer_publish(XEN_NOXS_STATE_CONNECTED, 0);
	assert_int_equal(seen.down, 1);
	assert_int_equal(peer_front().hdr.state, XEN_NOXS_STATE_CLOSED);
	peer_finish();
}

static void logs_once_however_often_it_lies(void **state)
{
	unsigned int i;

	(void)state;
	peer_connect();
	for (i = 0; i < 50; i++) {
		peer_rx_answer(999, 0, 0, 60);
		noxs_netfront_poll(seen.nf, 8);
		peer.back.hdr.generation++;
		peer_publish(XEN_NOXS_STATE_INIT, 0);
		peer_attach();
	}
	assert_int_equal(seen.up, 51);
	assert_int_equal(os_nr_logged, 1);
	peer_finish();
}

/* --- rx --------------------------------------------------------------------- */

static void rx_id_out_of_range(void **state)
{
	(void)state;
	peer_connect();
	peer_rx_answer(32, 0, 0, 60);
	expect_dead();
}

static void rx_id_that_is_huge(void **state)
{
	(void)state;
	peer_connect();
	peer_rx_answer(0xffff, 0, 0, 60);
	expect_dead();
}

static void rx_id_twice_in_a_frame(void **state)
{
	(void)state;
	peer_connect();
	peer_rx_answer(3, 0, NETRXF_more_data, 60);
	peer_rx_answer(3, 0, 0, 60);
	expect_dead();
	assert_int_equal(seen.frames, 1);	/* the good one at the end */
}

static void rx_overrun(void **state)
{
	(void)state;
	peer_connect();
	peer.rx->rsp_prod = 33;
	expect_dead();
}

static void rx_prod_backwards(void **state)
{
	(void)state;
	peer_connect();
	peer.rx->rsp_prod = (RING_IDX)-1;
	expect_dead();
}

static void rx_overrun_after_traffic(void **state)
{
	unsigned int i;

	(void)state;
	peer_connect();
	for (i = 0; i < 500; i++) {
		peer_rx_frame(60, 1);
		noxs_netfront_poll(seen.nf, 8);
	}
	peer.rx->rsp_prod += 33;
	expect_dead();
}

static void rx_data_past_the_page(void **state)
{
	static const uint16_t at[][2] = {
		{ 4096, 1 }, { 4095, 2 }, { 1, 4096 }, { 0, 4097 },
		{ 0xffff, 1 }, { 0xffff, 0x7fff }, { 0, 0x7fff },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		peer_reset();
		peer_connect();
		peer_rx_answer(1, at[i][0], 0, (int16_t)at[i][1]);
		expect_dead();
	}
}

static void rx_flags_unknown(void **state)
{
	static const uint16_t flags[] = {
		NETRXF_extra_info, NETRXF_gso_prefix, 1 << 5, 1 << 15,
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		peer_reset();
		peer_connect();
		peer_rx_answer(1, 0, flags[i], 60);
		expect_dead();
	}
}

static void rx_checksum_not_agreed_on(void **state)
{
	(void)state;
	peer.cfg.features = XEN_NOXS_NET_F_SG;
	peer_connect();
	peer_rx_answer(1, 0, NETRXF_csum_blank, 60);
	expect_dead();
}

static void rx_slots_not_agreed_on(void **state)
{
	(void)state;
	peer.cfg.features = XEN_NOXS_NET_F_CSUM4;
	peer_connect();
	peer_rx_answer(1, 0, NETRXF_more_data, 60);
	expect_dead();
}

static void rx_frame_of_too_many_slots(void **state)
{
	uint16_t i;

	(void)state;
	peer_connect();
	for (i = 0; i <= NOXS_NET_MAX_FRAGS; i++)
		peer_rx_answer(i, 0, NETRXF_more_data, 1);
	expect_dead();
}

static void rx_frame_that_takes_all_buffers(void **state)
{
	uint16_t i;

	(void)state;
	peer.cfg.nr_rx = 5;
	peer_connect();
	for (i = 0; i < 5; i++)
		peer_rx_answer(i, 0, NETRXF_more_data, 1);
	expect_dead();
}

/* --- tx --------------------------------------------------------------------- */

static void tx_answer_for_nothing_sent(void **state)
{
	(void)state;
	peer_connect();
	peer_tx_answer(0, NETIF_RSP_OKAY);
	expect_dead();
}

static void tx_id_out_of_range(void **state)
{
	static const uint16_t id[] = { 32, 255, 256, 0xffff };
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(id) / sizeof(id[0]); i++) {
		peer_reset();
		peer_connect();
		assert_int_equal(peer_send(60, 1, 0), 0);
		peer_tx_answer(id[i], NETIF_RSP_OKAY);
		expect_dead();
	}
}

static void tx_id_of_another_buffer(void **state)
{
	struct netif_tx_request req;

	(void)state;
	peer_connect();
	assert_int_equal(peer_send(60, 1, 0), 0);
	assert_true(peer_tx_take(&req));
	peer_tx_answer(req.id ^ 1, NETIF_RSP_OKAY);
	expect_dead();
}

static void tx_answer_twice(void **state)
{
	struct netif_tx_request req;

	(void)state;
	peer_connect();
	assert_int_equal(peer_send(60, 1, 0), 0);
	assert_int_equal(peer_send(60, 1, 0), 0);
	assert_true(peer_tx_take(&req));
	peer_tx_answer(req.id, NETIF_RSP_OKAY);
	peer_tx_answer(req.id, NETIF_RSP_OKAY);
	expect_dead();
}

static void tx_status_unknown(void **state)
{
	static const int16_t status[] = { NETIF_RSP_NULL, 2, -3, 0x7fff };
	struct netif_tx_request req;
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(status) / sizeof(status[0]); i++) {
		peer_reset();
		peer_connect();
		assert_int_equal(peer_send(60, 1, 0), 0);
		assert_true(peer_tx_take(&req));
		peer_tx_answer(req.id, status[i]);
		expect_dead();
	}
}

static void tx_overrun(void **state)
{
	(void)state;
	peer_connect();
	assert_int_equal(peer_send(60, 1, 0), 0);
	peer.tx->rsp_prod = 2;
	expect_dead();
}

static void tx_prod_backwards(void **state)
{
	(void)state;
	peer_connect();
	peer.tx->rsp_prod = (RING_IDX)-1;
	expect_dead();
}

static void tx_overrun_found_by_send(void **state)
{
	unsigned int i;

	(void)state;
	peer_connect();
	for (i = 0; i < 32; i++)
		assert_int_equal(peer_send(60, 1, 0), 0);
	peer.tx->rsp_prod = 33;
	assert_int_equal(peer_send(60, 1, 0), -EIO);
	expect_dead();
}

/* Between the reaping of the poll and that of the echo's send. */
static void lie_at_second_barrier(void)
{
	static unsigned int nr;

	if (++nr != 2)
		return;
	peer.tx->ring[0].rsp.id = 77;
	peer.tx->rsp_prod = 1;
}

static void tx_lie_found_by_an_echo(void **state)
{
	unsigned int i;

	(void)state;
	peer_connect();
	for (i = 0; i < 32; i++)
		assert_int_equal(peer_send(60, 1, 0), 0);
	seen.echo = true;
	peer_rx_frame(60, 1);
	peer_rx_frame(60, 1);
	os_rmb_hook = lie_at_second_barrier;
	assert_int_equal(noxs_netfront_poll(seen.nf, 8), 1);
	os_rmb_hook = NULL;
	assert_int_equal(seen.echo_rc, -EIO);
	assert_int_equal(seen.frames, 1);
	seen.echo = false;
	expect_dead();
}

/* The backend's own ring entries and indices are never taken back from it. */
static void requests_altered_by_the_backend(void **state)
{
	struct netif_tx_request req;
	unsigned int i;

	(void)state;
	peer_connect();
	for (i = 0; i < 100; i++) {
		memset(&peer.tx->ring[i % 256], 0xff, sizeof(req));
		assert_int_equal(peer_send(60, 1, 0), 0);
		assert_true(peer_tx_take(&req));
		peer_tx_answer(req.id, NETIF_RSP_OKAY);
		peer.tx->req_prod = 0x80000000;
		peer.rx->req_prod = 0x80000000;
		peer_rx_answer((uint16_t)(i % 32), 0, 0, 60);
		assert_int_equal(noxs_netfront_poll(seen.nf, 8), 1);
		assert_int_equal(peer.rx->req_prod, 32 + i + 1);
	}
	peer_finish();
}

/* Everything shared is noise, all the time. */
static void noise(void **state)
{
	unsigned int i, seed = 1;
	size_t at;

	(void)state;
	peer_connect();
	for (i = 0; i < 20000; i++) {
		seed = seed * 1103515245u + 12345u;
		at = seed >> 8 & 4095;
		((uint8_t *)peer.tx)[at] = (uint8_t)(seed >> 20);
		((uint8_t *)peer.rx)[4095 - at] = (uint8_t)(seed >> 22);
		if (seed & 0x10000) {
			peer.rx->rsp_prod++;
			peer.tx->rsp_prod++;
		}
		peer_send(14 + (seed >> 16) % 1500, 1, 0);
		noxs_netfront_poll(seen.nf, 8);
		if (i % 16)
			continue;
		peer.back.hdr.generation++;
		peer_publish(XEN_NOXS_STATE_INIT, 0);
		peer_attach();
	}
	peer_finish();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(bad_offers_are_refused, setup),
		cmocka_unit_test_setup(offer_that_turns_bad_while_connected,
				       setup),
		cmocka_unit_test_setup(connected_with_another_generation,
				       setup),
		cmocka_unit_test_setup(logs_once_however_often_it_lies, setup),
		cmocka_unit_test_setup(rx_id_out_of_range, setup),
		cmocka_unit_test_setup(rx_id_that_is_huge, setup),
		cmocka_unit_test_setup(rx_id_twice_in_a_frame, setup),
		cmocka_unit_test_setup(rx_overrun, setup),
		cmocka_unit_test_setup(rx_prod_backwards, setup),
		cmocka_unit_test_setup(rx_overrun_after_traffic, setup),
		cmocka_unit_test_setup(rx_data_past_the_page, setup),
		cmocka_unit_test_setup(rx_flags_unknown, setup),
		cmocka_unit_test_setup(rx_checksum_not_agreed_on, setup),
		cmocka_unit_test_setup(rx_slots_not_agreed_on, setup),
		cmocka_unit_test_setup(rx_frame_of_too_many_slots, setup),
		cmocka_unit_test_setup(rx_frame_that_takes_all_buffers, setup),
		cmocka_unit_test_setup(tx_answer_for_nothing_sent, setup),
		cmocka_unit_test_setup(tx_id_out_of_range, setup),
		cmocka_unit_test_setup(tx_id_of_another_buffer, setup),
		cmocka_unit_test_setup(tx_answer_twice, setup),
		cmocka_unit_test_setup(tx_status_unknown, setup),
		cmocka_unit_test_setup(tx_overrun, setup),
		cmocka_unit_test_setup(tx_prod_backwards, setup),
		cmocka_unit_test_setup(tx_overrun_found_by_send, setup),
		cmocka_unit_test_setup(tx_lie_found_by_an_echo, setup),
		cmocka_unit_test_setup(requests_altered_by_the_backend, setup),
		cmocka_unit_test_setup(noise, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * groups.c owns the tests of multicast groups that the OS names, with a backend
 * whose every answer is the test's.
 */
#include "peer.h"

static const uint8_t mdns[6] = { 1, 0, 0x5e, 0, 0, 0xfb };

static int setup(void **state)
{
	(void)state;
	peer_reset();
	peer.cfg.features = XEN_NOXS_NET_F_ALL;
	return 0;
}

static void take(struct netif_tx_request *req, struct netif_extra_info *extra)
{
	struct netif_tx_request second;

	assert_true(peer_tx_take(req));
	assert_int_equal(req->flags, NETTXF_extra_info);
	assert_int_equal(req->size, 0);
	assert_true(peer_tx_take(&second));
	memcpy(extra, &second, sizeof(*extra));
	assert_int_equal(extra->flags, 0);
}

static void named_by_extra_info(void **state)
{
	struct netif_extra_info extra;
	struct netif_tx_request req;

	(void)state;
	peer_connect();
	assert_int_equal(noxs_netfront_group(seen.nf, mdns, true), 0);
	take(&req, &extra);
	assert_int_equal(extra.type, XEN_NETIF_EXTRA_TYPE_MCAST_ADD);
	assert_memory_equal(extra.u.mcast.addr, mdns, 6);
	peer_tx_answer(req.id, NETIF_RSP_OKAY);
	peer_tx_answer(0, NETIF_RSP_NULL);
	assert_int_equal(noxs_netfront_group(seen.nf, mdns, false), 0);
	take(&req, &extra);
	assert_int_equal(extra.type, XEN_NETIF_EXTRA_TYPE_MCAST_DEL);
	peer_tx_answer(req.id, NETIF_RSP_ERROR);
	peer_tx_answer(0, NETIF_RSP_NULL);
	noxs_netfront_poll(seen.nf, 8);
	assert_int_equal(seen.down, 0);
	peer_finish();
}

/* As many as there are buffers, and then again. */
static void ring_that_is_full(void **state)
{
	struct netif_extra_info extra;
	struct netif_tx_request req;
	unsigned int i, nr = 0, round;

	(void)state;
	peer_connect();
	for (round = 0; round < 20; round++) {
		for (nr = 0; !noxs_netfront_group(seen.nf, mdns, true); nr++)
			;
		assert_true(nr >= 16);
		assert_int_equal(noxs_netfront_group(seen.nf, mdns, true),
				 -EAGAIN);
		for (i = 0; i < nr; i++) {
			take(&req, &extra);
			peer_tx_answer(req.id, NETIF_RSP_OKAY);
			peer_tx_answer(0, NETIF_RSP_NULL);
		}
		noxs_netfront_poll(seen.nf, 8);
		assert_int_equal(seen.rooms, round + 1);
	}
	assert_int_equal(seen.down, 0);
	peer_finish();
}

static void refused(void **state)
{
	static const uint8_t single[6] = { 2, 1, 2, 3, 4, 5 };

	(void)state;
	peer_connect();
	assert_int_equal(noxs_netfront_group(seen.nf, single, true), -EINVAL);
	peer_publish(XEN_NOXS_STATE_CLOSED, 0);
	assert_int_equal(noxs_netfront_group(seen.nf, mdns, true), -ENOTCONN);
	peer_finish();
}

static void without_the_feature(void **state)
{
	(void)state;
	peer.cfg.features &= ~XEN_NOXS_NET_F_MCAST;
	peer_connect();
	assert_int_equal(noxs_netfront_group(seen.nf, mdns, true),
			 -EOPNOTSUPP);
	peer_finish();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(named_by_extra_info, setup),
		cmocka_unit_test_setup(ring_that_is_full, setup),
		cmocka_unit_test_setup(refused, setup),
		cmocka_unit_test_setup(without_the_feature, setup),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("frontend-groups", tests, NULL,
					   NULL);
}

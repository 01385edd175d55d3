/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * life.c owns the tests of a network device's life with a backend that keeps
 * to the rules: negotiation, restarts, removal, resources.
 */
#include <stdlib.h>

#include "peer.h"

static int setup(void **state)
{
	(void)state;
	peer_reset();
	return 0;
}

/* --- negotiation ---------------------------------------------------------- */

static void answers_the_offer_at_once(void **state)
{
	struct xen_noxs_net_front front;
	struct netif_rx_request req;
	bool posted[256] = { false };
	unsigned int i;

	(void)state;
	peer.back.ip_mode = XEN_NOXS_NET_IP_STATIC;
	peer.back.prefix = 24;
	memcpy(peer.back.ip, "\x0a\x00\x00\x02", 4);
	memcpy(peer.back.gateway, "\x0a\x00\x00\x01", 4);
	assert_int_equal(peer_start(), 0);
	assert_int_equal(seen.up, 1);
	assert_false(noxs_netfront_connected(seen.nf));
	assert_int_equal(os_notified(PEER_PORT), 1);
	front = peer_front();
	assert_int_equal(front.hdr.size,
			 offsetof(struct xen_noxs_net_front, list));
	assert_int_equal(front.hdr.features, peer.cfg.features);
	assert_int_equal(front.hdr.error, 0);
	assert_int_equal(front.nr_queues, 1);
	assert_int_equal(front.queue[0].tx_port | front.queue[0].rx_port, 0);
	assert_int_equal(seen.info.id, 4);
	assert_int_equal(seen.info.mtu, 1500);
	assert_int_equal(seen.info.prefix, 24);
	assert_memory_equal(seen.info.mac, peer.back.mac, 6);
	assert_memory_equal(seen.info.ip, "\x0a\x00\x00\x02", 4);
	assert_memory_equal(seen.info.gateway, "\x0a\x00\x00\x01", 4);
	peer_attach();
	for (i = 0; i < 32; i++) {
		assert_true(peer_rx_take(&req));
		assert_in_range(req.id, 0, 31);
		assert_false(posted[req.id]);
		posted[req.id] = true;
		peer_rx_data(&req);
	}
	assert_false(peer_rx_take(&req));
	peer_finish();
}

static void sends_before_the_backend_connects(void **state)
{
	struct netif_tx_request req;

	(void)state;
	assert_int_equal(peer_start(), 0);
	assert_int_equal(peer_send(60, 1, 0), 0);
	peer_attach();
	assert_true(peer_tx_take(&req));
	assert_int_equal(peer_tx_data(&req)[59], 60);
	peer_rx_frame(60, 7);
	assert_int_equal(noxs_netfront_poll(seen.nf, 8), 1);
	assert_int_equal(seen.data[59], 66);
	peer_finish();
}

static void features_are_what_both_want(void **state)
{
	(void)state;
	peer.back.hdr.features = XEN_NOXS_NET_F_CSUM4 | XEN_NOXS_NET_F_GSO4;
	peer.cfg.features = XEN_NOXS_NET_F_CSUM4 | XEN_NOXS_NET_F_SG;
	assert_int_equal(peer_start(), 0);
	assert_int_equal(peer_front().hdr.features, XEN_NOXS_NET_F_CSUM4);
	assert_int_equal(seen.info.features, XEN_NOXS_NET_F_CSUM4);
	peer_finish();
	peer_reset();
	peer.cfg.features = XEN_NOXS_NET_F_ALL + 1;
	assert_int_equal(peer_start(), -EINVAL);
	peer.cfg.features = 0;
	peer.cfg.nr_rx = 257;
	assert_int_equal(peer_start(), -EINVAL);
}

/* Of a later kind than ours: not for us. */
static void unknown_features_are_not_taken(void **state)
{
	(void)state;
	peer.back.hdr.features = ~0u;
	peer_connect();
	assert_int_equal(peer_front().hdr.features, peer.cfg.features);
	peer_finish();
}

/* All pages that requests name, and how they are granted. */
static void buffers_are_listed(void **state)
{
	const struct xen_noxs_net_static *list;
	struct xen_noxs_net_front front;
	struct netif_rx_request req;
	unsigned int i, writable = 0;

	(void)state;
	peer.cfg.features |= XEN_NOXS_NET_F_STATIC;
	peer_connect();
	front = peer_front();
	assert_int_equal(front.hdr.size, sizeof(front));
	assert_int_equal(front.list[0].nr, 16 + 32);
	list = os_grant_page(front.list[0].ref, PEER_DOMID, false);
	assert_non_null(list);
	for (i = 0; i < front.list[0].nr; i++) {
		writable += !list[i].flags;
		assert_non_null(os_grant_page(list[i].ref, PEER_DOMID,
					      !list[i].flags));
	}
	assert_int_equal(writable, 32);
	assert_true(peer_rx_take(&req));
	for (i = 0; list[i].ref != req.gref; i++)
		assert_in_range(i, 0, front.list[0].nr - 2);
	assert_int_equal(list[i].flags, 0);
	peer_finish();
}

static void mtu_fits_one_slot_without_sg(void **state)
{
	(void)state;
	peer.back.mtu = 9000;
	peer.cfg.features = 0;
	assert_int_equal(peer_start(), 0);
	assert_int_equal(seen.info.mtu, 4096 - 18);
	assert_int_equal(peer_send(4096, 0, 0), 0);
	assert_int_equal(peer_send(4097, 0, 0), -EMSGSIZE);
	peer_finish();
}

static void mtu_fits_the_buffers(void **state)
{
	(void)state;
	peer.back.mtu = 9000;
	peer.cfg.nr_rx = 2;	/* too few for one frame */
	assert_int_equal(peer_start(), 0);
	assert_int_equal(seen.info.mtu, 4096 - 18);
	assert_int_equal(peer_front().hdr.features & XEN_NOXS_NET_F_SG, 0);
	peer_finish();
	peer_reset();
	peer.back.mtu = 9000;
	peer.cfg.nr_rx = 3;
	peer.cfg.nr_tx = 2;
	assert_int_equal(peer_start(), 0);
	assert_int_equal(seen.info.mtu, 8192 - 18);
	assert_true(peer_front().hdr.features & XEN_NOXS_NET_F_SG);
	assert_int_equal(peer_send(8192, 0, 0), 0);
	assert_int_equal(peer_send(8193, 0, 0), -EMSGSIZE);
	assert_int_equal(peer_send(60, 0, 0), -EAGAIN);
	peer_finish();
}

/* --- life cycle ------------------------------------------------------------- */

static void backend_restarts(void **state)
{
	struct netif_tx_request req;
	unsigned int grants, i;

	(void)state;
	peer_connect();
	grants = os_nr_grants();
	for (i = 0; i < 5; i++) {
		assert_int_equal(peer_send(60, 1, 0), 0);
		peer.back.hdr.generation++;
		peer_publish(XEN_NOXS_STATE_INIT, 0);
		assert_int_equal(seen.down, i + 1);
		assert_int_equal(seen.error, 0);
		assert_int_equal(seen.up, i + 2);
		assert_false(noxs_netfront_connected(seen.nf));
		peer_attach();
		assert_false(peer_tx_take(&req));
		peer_rx_frame(100, 3);
		assert_int_equal(noxs_netfront_poll(seen.nf, 8), 1);
		peer_publish(XEN_NOXS_STATE_CONNECTED, 0);
		assert_true(noxs_netfront_connected(seen.nf));
	}
	assert_int_equal(os_nr_grants(), grants);
	peer_finish();
}

static void same_offer_is_answered_once(void **state)
{
	(void)state;
	assert_int_equal(peer_start(), 0);
	os_notified(PEER_PORT);
	peer_publish(XEN_NOXS_STATE_INIT, 0);
	assert_int_equal(seen.up, 1);
	assert_int_equal(os_notified(PEER_PORT), 0);
	peer_finish();
}

static void backend_closes_and_opens(void **state)
{
	(void)state;
	peer_connect();
	os_notified(PEER_PORT);
	peer_publish(XEN_NOXS_STATE_CLOSING, 0);
	assert_int_equal(seen.down, 1);
	assert_int_equal(seen.error, 0);
	assert_int_equal(peer_front().hdr.state, XEN_NOXS_STATE_CLOSED);
	assert_int_equal(os_notified(PEER_PORT), 1);
	assert_int_equal(peer_send(60, 1, 0), -ENOTCONN);
	assert_int_equal(noxs_netfront_poll(seen.nf, 8), 0);
	assert_int_equal(noxs_netfront_tx_room(seen.nf), 0);
	peer_publish(XEN_NOXS_STATE_CLOSED, 0);
	assert_int_equal(seen.down, 1);
	assert_int_equal(os_notified(PEER_PORT), 0);
	peer.back.hdr.generation++;
	peer_publish(XEN_NOXS_STATE_INIT, 0);
	assert_int_equal(seen.up, 2);
	peer_finish();
}

static void backend_closes_with_a_reason(void **state)
{
	(void)state;
	peer_connect();
	peer_publish(XEN_NOXS_STATE_CLOSED, EPROTO);
	assert_int_equal(seen.down, 1);
	assert_int_equal(seen.error, EPROTO);
	peer_finish();
}

/* Without a word; the OS has found out, and another one takes its place. */
static void backend_is_not_there(void **state)
{
	(void)state;
	peer_connect();
	noxs_netfront_abandon(seen.nf);
	assert_int_equal(seen.down, 0);
	assert_int_equal(peer_send(60, 1, 0), -EIO);
	assert_int_equal(noxs_netfront_poll(seen.nf, 8), 0);
	assert_int_equal(noxs_bus_poll(&peer.bus), 0);
	assert_int_equal(seen.down, 1);
	assert_int_equal(seen.error, ENOTCONN);
	assert_int_equal(peer_front().hdr.state, XEN_NOXS_STATE_CLOSED);
	assert_int_equal(os_nr_logged, 0);
	/* Twice is as good as once. */
	noxs_netfront_abandon(seen.nf);
	assert_false(noxs_bus_pending(&peer.bus));
	peer_comes_again();
	peer_finish();
}

/* The other one may be quicker than whoever looks for the first. */
static void backend_is_followed_by_another(void **state)
{
	(void)state;
	peer_connect();
	assert_int_equal(peer_send(60, 1, 0), 0);
	peer.back.hdr.generation++;
	peer_publish(XEN_NOXS_STATE_INIT, 0);
	assert_int_equal(seen.down, 1);
	assert_int_equal(seen.error, 0);
	assert_int_equal(seen.up, 2);
	peer_attach();
	peer_publish(XEN_NOXS_STATE_CONNECTED, 0);
	peer_rx_frame(60, 1);
	assert_int_equal(noxs_netfront_poll(seen.nf, 8), 1);
	assert_int_equal(peer_send(60, 1, 0), 0);
	peer_finish();
}

static void backend_connected_to_somebody_before(void **state)
{
	(void)state;
	peer.back.hdr.state = XEN_NOXS_STATE_CONNECTED;
	assert_int_equal(peer_start(), 0);
	assert_int_equal(seen.probed, 1);
	assert_int_equal(seen.up, 0);
	assert_int_equal(peer_front().hdr.state, XEN_NOXS_STATE_CLOSED);
	assert_int_equal(os_notified(PEER_PORT), 1);
	peer.back.hdr.generation++;
	peer_publish(XEN_NOXS_STATE_INIT, 0);
	assert_int_equal(seen.up, 1);
	peer_finish();
}

static void says_closed_when_the_bus_ends(void **state)
{
	(void)state;
	peer_connect();
	os_notified(PEER_PORT);
	peer_finish();
	assert_int_equal(seen.down, 1);
	assert_int_equal(peer_front().hdr.state, XEN_NOXS_STATE_CLOSED);
	assert_int_equal(os_notified(PEER_PORT), 1);
}

static void stop_waits_for_the_backend(void **state)
{
	uint32_t ref;

	(void)state;
	peer_connect();
	ref = peer_front().queue[0].tx_ref;
	os_grant_map(ref, true);
	assert_int_equal(noxs_bus_stop(&peer.bus), -EBUSY);
	assert_int_equal(seen.removed, 1);
	assert_int_equal(peer_front().hdr.state, XEN_NOXS_STATE_CLOSED);
	assert_int_equal(noxs_bus_stop(&peer.bus), -EBUSY);
	assert_int_equal(os_nr_grants(), 1);
	os_grant_map(ref, false);
	assert_int_equal(noxs_bus_stop(&peer.bus), 0);
	peer_finish();
}

static void fini_does_not_wait(void **state)
{
	uint32_t ref;

	(void)state;
	peer_connect();
	ref = peer_front().queue[0].rx_ref;
	os_grant_map(ref, true);
	os_nr_logged = 0;
	noxs_bus_fini(&peer.bus);
	/* The page is lost, but nobody else gets it. */
	assert_int_equal(os_nr_logged, 1);
	assert_int_equal(os_nr_grants(), 1);
	assert_non_null(os_grant_page(ref, PEER_DOMID, true));
	free(os_grant_page(ref, PEER_DOMID, true));
}

static void hot_remove(void **state)
{
	struct xen_noxs_net_front zero = { 0 }, front;

	(void)state;
	peer_connect();
	os_notified(PEER_PORT);
	os_slot_remove(PEER_SLOT);
	assert_int_equal(noxs_bus_poll(&peer.bus), 0);
	assert_int_equal(seen.down, 1);
	assert_int_equal(seen.removed, 1);
	/* The area may be another device's by now. */
	front = peer_front();
	assert_memory_equal(&front, &zero, sizeof(zero));
	assert_int_equal(os_notified(PEER_PORT), 0);
	assert_int_equal(os_nr_grants(), 0);
	peer_finish();
}

static void not_wanted_by_the_os(void **state)
{
	(void)state;
	seen.probe_rc = -ENODEV;
	assert_int_equal(peer_start(), 0);
	assert_int_equal(seen.probed, 0);
	assert_int_equal(os_nr_grants(), 0);
	peer_finish();
}

static void resumed_elsewhere(void **state)
{
	unsigned int grants;

	(void)state;
	peer_connect();
	grants = os_nr_grants();
	os_device_page()->slot[PEER_SLOT].port[0] = 30;
	os_device_page()->slot[PEER_SLOT].seq++;
	memset(os_front(PEER_SLOT), 0, XEN_NOXS_AREA_SIZE);
	peer.back.hdr.state = XEN_NOXS_STATE_INIT;	/* same generation */
	memcpy(os_back(PEER_SLOT), &peer.back, sizeof(peer.back));
	os_notified(PEER_PORT);
	assert_int_equal(noxs_bus_resume(&peer.bus), 0);
	assert_int_equal(seen.down, 1);
	assert_int_equal(seen.up, 2);
	assert_int_equal(os_notified(PEER_PORT), 0);
	assert_int_equal(os_notified(30), 1);
	assert_int_equal(os_nr_grants(), grants);
	peer_attach();
	peer_finish();
}

/*
 * The backend may be late and take the first answer yet, whose grants are gone:
 * another one to the same offer would not be seen.
 */
static void offer_of_an_earlier_life_is_not_answered_again(void **state)
{
	uint32_t ref;

	(void)state;
	assert_int_equal(peer_start(), 0);
	assert_int_equal(peer_front().hdr.state, XEN_NOXS_STATE_CONNECTED);
	ref = peer_front().queue[0].tx_ref;
	os_notified(PEER_PORT);
	assert_int_equal(noxs_bus_resume(&peer.bus), 0);
	assert_int_equal(seen.up, 1);
	assert_int_equal(seen.down, 1);
	assert_null(os_grant_page(ref, PEER_DOMID, true));
	assert_int_equal(peer_front().hdr.state, XEN_NOXS_STATE_CLOSED);
	assert_int_equal(peer_front().hdr.error, 0);
	assert_int_equal(peer_front().hdr.generation, 100);
	assert_int_equal(os_notified(PEER_PORT), 1);
	/* Not in a later life either, and whatever else is news. */
	peer_publish(XEN_NOXS_STATE_INIT, 0);
	assert_int_equal(noxs_bus_resume(&peer.bus), 0);
	assert_int_equal(seen.up, 1);
	assert_int_equal(os_notified(PEER_PORT), 1);
	peer_comes_again();
	peer_finish();
}

static void offer_that_another_driver_answered(void **state)
{
	const struct noxs_driver *drv = &peer.drv;
	struct noxs_device *dev;

	(void)state;
	assert_int_equal(peer_start(), 0);
	dev = noxs_netfront_device(seen.nf);
	noxs_device_detach(dev);
	assert_int_equal(seen.removed, 1);
	os_notified(PEER_PORT);
	assert_int_equal(noxs_device_attach(dev, drv), 0);
	assert_int_equal(seen.up, 1);
	assert_int_equal(peer_front().hdr.state, XEN_NOXS_STATE_CLOSED);
	assert_int_equal(os_notified(PEER_PORT), 1);
	peer_comes_again();
	peer_finish();
}

/* A refusal is not repeated, but the next life may be able to. */
static void offer_that_an_earlier_life_refused(void **state)
{
	(void)state;
	peer.back.mtu = 1;
	assert_int_equal(peer_start(), 0);
	assert_int_equal(peer_front().hdr.error, EPROTO);
	os_notified(PEER_PORT);
	assert_int_equal(noxs_bus_resume(&peer.bus), 0);
	assert_int_equal(peer_front().hdr.error, 0);
	assert_int_equal(os_notified(PEER_PORT), 1);
	peer.back.mtu = 1500;
	peer_comes_again();
	peer_finish();
}

static void pages_that_the_backend_maps_are_kept(void **state)
{
	struct xen_noxs_net_front front;

	(void)state;
	peer_connect();
	front = peer_front();
	os_grant_map(front.queue[0].tx_ref, true);
	os_slot_remove(PEER_SLOT);
	assert_int_equal(noxs_bus_poll(&peer.bus), 0);
	assert_int_equal(seen.removed, 1);
	assert_int_equal(os_nr_grants(), 1);
	os_grant_map(front.queue[0].tx_ref, false);
	os_raise_virq();
	assert_int_equal(noxs_bus_poll(&peer.bus), 0);
	assert_int_equal(os_nr_grants(), 0);
	peer_finish();
}

static void pages_kept_are_bounded(void **state)
{
	unsigned int i;

	(void)state;
	peer_connect();
	for (i = 0; i < 20; i++) {
		os_grant_map(peer_front().queue[0].rx_ref, true);
		os_slot_remove(PEER_SLOT);
		noxs_bus_poll(&peer.bus);
		memcpy(os_back(PEER_SLOT), &peer.back, sizeof(peer.back));
		os_slot_add(PEER_SLOT, XEN_NOXS_TYPE_NET, 4, PEER_PORT);
		peer.back.hdr.generation++;
		peer_publish(XEN_NOXS_STATE_INIT, 0);
	}
	/* Four of the one device that there is, and eight. */
	assert_int_equal(os_nr_grants(), 12);
	assert_int_equal(seen.up, 12);
	assert_int_equal(peer_front().hdr.error, EBUSY);
	for (i = 0; i < OS_NR_GRANTS; i++)
		os_grant_map(i, false);
	noxs_netfront_retry(seen.nf);
	peer.back.hdr.generation++;
	peer_publish(XEN_NOXS_STATE_INIT, 0);
	assert_int_equal(seen.up, 13);
	peer_finish();
}

/* --- resources ----------------------------------------------------------------- */

static void each_failing_call(void **state)
{
	unsigned int n, ups = 0;

	(void)state;
	for (n = 1;; n++) {
		peer_reset();
		os_fail_at(n);
		if (!peer_start()) {
			peer.back.hdr.generation++;
			peer_publish(XEN_NOXS_STATE_INIT, 0);
			peer.back.hdr.generation++;
			if (!noxs_bus_resume(&peer.bus))
				peer_publish(XEN_NOXS_STATE_INIT, 0);
			noxs_bus_fini(&peer.bus);
		}
		ups += seen.up;
		assert_int_equal(seen.probed, seen.removed);
		assert_true(os_clean());
		if (!os_fail_hit())
			break;
	}
	/* Three connects, each with 50 pages that are allocated and granted. */
	assert_in_range(n, 200, 400);
	assert_int_equal(seen.up, 3);
	assert_in_range(ups, n, 3 * n);
}

static void retry(void)
{
	noxs_netfront_retry(seen.nf);
	assert_true(noxs_bus_pending(&peer.bus));
	assert_int_equal(noxs_bus_poll(&peer.bus), 0);
}

static void no_memory_is_said_to_the_backend(void **state)
{
	(void)state;
	assert_int_equal(noxs_netfront_driver_init(&peer.drv, &peer.cfg), 0);
	/* Page, VIRQ, device, areas, frontend, then the ring's pool. */
	os_fail_at(8);
	assert_int_equal(peer_start(), 0);
	assert_true(os_fail_hit());
	assert_int_equal(seen.up, 0);
	assert_int_equal(peer_front().hdr.state, XEN_NOXS_STATE_CLOSED);
	assert_int_equal(peer_front().hdr.error, ENOMEM);
	assert_int_equal(peer_front().hdr.generation, 100);
	assert_int_equal(seen.starved, 1);
	/* A new offer waits until the OS says that there is memory. */
	peer.back.hdr.generation++;
	peer_publish(XEN_NOXS_STATE_INIT, 0);
	assert_int_equal(seen.up, 0);
	retry();
	assert_int_equal(seen.up, 1);
	assert_int_equal(peer_front().hdr.generation, 101);
	peer_finish();
}

/* Nobody makes another offer to who has refused one, unless he is asked to. */
static void asks_for_another_offer_when_there_is_memory(void **state)
{
	unsigned int i;

	(void)state;
	os_fail_at(8);
	assert_int_equal(peer_start(), 0);
	for (i = 0; i < 3; i++) {
		/* ENOMEM, or ENOSPC of grants */
		assert_int_not_equal(peer_front().hdr.error, 0);
		os_notified(PEER_PORT);
		retry();
		assert_int_equal(peer_front().hdr.state,
				 XEN_NOXS_STATE_CLOSED);
		assert_int_equal(peer_front().hdr.error, 0);
		assert_int_equal(os_notified(PEER_PORT), 1);
		/* Once is enough. */
		retry();
		assert_int_equal(os_notified(PEER_PORT), 0);
		os_fail_at(i < 2 ? 8 : 0);
		peer.back.hdr.generation++;
		peer_publish(XEN_NOXS_STATE_INIT, 0);
	}
	assert_int_equal(seen.starved, 3);
	assert_int_equal(seen.up, 1);
	/* Who has a connection asks for nothing. */
	retry();
	assert_int_equal(peer_front().hdr.state, XEN_NOXS_STATE_CONNECTED);
	peer_finish();
}

/* The backend, which had an answer, makes another offer at once. */
static void os_that_cannot_link_up(void **state)
{
	(void)state;
	seen.link_rc = -ENOMEM;
	assert_int_equal(peer_start(), 0);
	assert_int_equal(peer_front().hdr.state, XEN_NOXS_STATE_CLOSED);
	assert_int_equal(peer_front().hdr.error, ENOMEM);
	assert_int_equal(seen.starved, 1);
	assert_int_equal(seen.down, 0);
	peer.back.hdr.generation++;
	peer_publish(XEN_NOXS_STATE_INIT, 0);
	assert_int_equal(seen.starved, 1);
	seen.link_rc = 0;
	retry();
	assert_int_equal(seen.up, 1);
	peer_finish();
}

/* What there is no memory for is done without. */
static void fewer_queues_than_offered(void **state)
{
	(void)state;
	peer.back.max_queues = 1;
	peer.cfg.max_queues = 4;
	assert_int_equal(peer_start(), 0);
	assert_int_equal(seen.info.queues, 1);
	peer_finish();
}

/* What an offer lacks no memory will mend. */
static void a_bad_offer_is_not_asked_for_again(void **state)
{
	(void)state;
	peer.back.mtu = 1;
	assert_int_equal(peer_start(), 0);
	assert_int_equal(peer_front().hdr.error, EPROTO);
	assert_int_equal(seen.starved, 0);
	retry();
	assert_int_equal(peer_front().hdr.error, EPROTO);
	peer_finish();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(answers_the_offer_at_once, setup),
		cmocka_unit_test_setup(sends_before_the_backend_connects,
				       setup),
		cmocka_unit_test_setup(features_are_what_both_want, setup),
		cmocka_unit_test_setup(unknown_features_are_not_taken, setup),
		cmocka_unit_test_setup(buffers_are_listed, setup),
		cmocka_unit_test_setup(mtu_fits_one_slot_without_sg, setup),
		cmocka_unit_test_setup(mtu_fits_the_buffers, setup),
		cmocka_unit_test_setup(backend_restarts, setup),
		cmocka_unit_test_setup(same_offer_is_answered_once, setup),
		cmocka_unit_test_setup(backend_closes_and_opens, setup),
		cmocka_unit_test_setup(backend_closes_with_a_reason, setup),
		cmocka_unit_test_setup(backend_is_not_there, setup),
		cmocka_unit_test_setup(backend_is_followed_by_another, setup),
		cmocka_unit_test_setup(backend_connected_to_somebody_before,
				       setup),
		cmocka_unit_test_setup(says_closed_when_the_bus_ends, setup),
		cmocka_unit_test_setup(stop_waits_for_the_backend, setup),
		cmocka_unit_test_setup(fini_does_not_wait, setup),
		cmocka_unit_test_setup(hot_remove, setup),
		cmocka_unit_test_setup(not_wanted_by_the_os, setup),
		cmocka_unit_test_setup(resumed_elsewhere, setup),
		cmocka_unit_test_setup(
			offer_of_an_earlier_life_is_not_answered_again, setup),
		cmocka_unit_test_setup(offer_that_another_driver_answered,
				       setup),
		cmocka_unit_test_setup(offer_that_an_earlier_life_refused,
				       setup),
		cmocka_unit_test_setup(pages_that_the_backend_maps_are_kept,
				       setup),
		cmocka_unit_test_setup(pages_kept_are_bounded, setup),
		cmocka_unit_test_setup(each_failing_call, setup),
		cmocka_unit_test_setup(no_memory_is_said_to_the_backend, setup),
		cmocka_unit_test_setup(
			asks_for_another_offer_when_there_is_memory, setup),
		cmocka_unit_test_setup(os_that_cannot_link_up, setup),
		cmocka_unit_test_setup(fewer_queues_than_offered, setup),
		cmocka_unit_test_setup(a_bad_offer_is_not_asked_for_again,
				       setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: BSD-2-Clause
/* Spares: a vif for nobody yet, and how it gets its owner. */
#include "harness.h"

#include <poll.h>
#include <stdlib.h>

static char err[NBL_ERROR_SIZE];

static void spare_init(struct noxs_netback_request *req, uint16_t domid,
		       uint16_t vif)
{
	request_init(req, domid, vif);
	memset(req->mac, 0, sizeof(req->mac));
	req->flags = NOXS_NETBACK_SPARE;
}

static void bind_init(struct noxs_netback_request *req, uint16_t domid,
		      uint16_t vif)
{
	request_init(req, domid, vif);
	req->op = NOXS_NETBACK_BIND;
}

static int try_bind(struct test_state *s,
		    const struct noxs_netback_request *req)
{
	struct nbl_vif *vif;

	memset(err, 0, sizeof(err));
	return nbl_vif_bind(s->nb, req, &vif, err);
}

static int setup_spare_of(void **state, const char *bridge)
{
	struct noxs_netback_request req;
	struct test_state *s;
	struct nbl_vif *vif;

	setup_backend(state);
	s = *state;
	fake_dom_create(1);
	spare_init(&req, 1, 0);
	strcpy(req.bridge, bridge);
	assert_int_equal(nbl_vif_attach(s->nb, &req, &vif, err), 0);
	guest_find_device(&s->guest, 1, 0);
	guest_make_rings(&s->guest);
	return 0;
}

static int setup_spare(void **state)
{
	return setup_spare_of(state, TEST_BRIDGE);
}

static int setup_no_bridge(void **state)
{
	return setup_spare_of(state, "");
}

/* As it was attached, whatever was tried since. */
static void assert_spare(struct test_state *s, const char *bridge)
{
	static const uint8_t zero[6];
	const volatile struct xen_noxs_net_back *back = s->guest.back;
	struct nbl_vif *vif = the_vif(s);
	struct fake_tap_info info;
	uint8_t mac[6];
	unsigned int i;

	for (i = 0; i < 6; i++)
		mac[i] = back->mac[i];
	assert_memory_equal(mac, zero, 6);
	assert_int_equal(back->hdr.state, XEN_NOXS_STATE_INIT);
	assert_int_equal(back->mtu, 1500);
	assert_int_equal(back->ip_mode, XEN_NOXS_NET_IP_NONE);
	assert_int_equal(back->ip[0], 0);
	assert_true(vif->spare);
	assert_false(vif->connected);
	assert_int_equal(vif->tx_rate.on, false);
	assert_int_equal(vif->max_frame, 1500 + NBL_ETH_OVERHEAD);
	assert_string_equal(vif->bridge, bridge);
	assert_int_equal(fake_tap_info("vif1.0", &info), 0);
	assert_string_equal(info.bridge, bridge);
	assert_int_equal(info.up, bridge[0] != '\0');
	assert_int_equal(info.mtu, 1500);
	assert_false(info.flood);
	assert_int_equal(info.deaf, bridge[0] != '\0');
}

static void spare_carries_nothing(void **state)
{
	struct test_state *s = *state;

	assert_spare(s, TEST_BRIDGE);
	assert_int_equal(s->nb->nr_vifs, 1);
}

static void spare_without_bridge_is_down(void **state)
{
	assert_spare(*state, "");
}

static void bind_makes_it_ordinary(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_request req;
	struct fake_tap_info info;
	unsigned int raised;

	bind_init(&req, 1, 0);
	req.ip_mode = XEN_NOXS_NET_IP_STATIC;
	req.ip[0] = 10;
	req.prefix = 16;
	req.gateway[3] = 1;
	req.limit[0].amount = 5000;
	req.limit[0].interval_us = 50000;
	strcpy(req.ifname, "vif1.0");
	raised = fake_dom_port_raised(s->guest.dom, s->guest.slot.port[0]);
	assert_int_equal(try_bind(s, &req), 0);
	assert_false(the_vif(s)->spare);
	assert_int_equal(fake_dom_port_raised(s->guest.dom,
					      s->guest.slot.port[0]), raised);
	assert_int_equal(guest_sees(&s->guest), XEN_NOXS_STATE_INIT);
	assert_int_equal(s->guest.back->mac[5], 3);
	assert_int_equal(s->guest.back->ip[0], 10);
	assert_int_equal(s->guest.back->prefix, 16);
	assert_int_equal(s->guest.back->gateway[3], 1);
	assert_int_equal(s->guest.back->mtu, 1500);
	assert_int_equal(the_vif(s)->tx_rate.bytes.amount, 5000);
	assert_int_equal(the_vif(s)->tx_rate.bytes.interval_ns,
			 50000000);
	assert_int_equal(fake_tap_info("vif1.0", &info), 0);
	assert_true(info.up && info.flood && !info.deaf);
	assert_string_equal(info.bridge, TEST_BRIDGE);

	guest_answer(&s->guest, NBL_VIF_FEATURES);
	turns(s->nb);
	assert_int_equal(guest_sees(&s->guest), XEN_NOXS_STATE_CONNECTED);
	assert_int_equal(try_bind(s, &req), -EBUSY);
	assert_non_null(strstr(err, "no spare"));
	assert_int_equal(guest_sees(&s->guest), XEN_NOXS_STATE_CONNECTED);
}

static void bind_puts_it_on_a_bridge(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_request req;
	struct fake_tap_info info;

	bind_init(&req, 1, 0);
	strcpy(req.bridge, "jumbo0");
	assert_int_equal(try_bind(s, &req), 0);
	assert_int_equal(fake_tap_info("vif1.0", &info), 0);
	assert_true(info.up && info.flood && !info.deaf);
	assert_string_equal(info.bridge, "jumbo0");
	assert_string_equal(the_vif(s)->bridge, "jumbo0");
	assert_int_equal(info.mtu, 9000);
	assert_int_equal(s->guest.back->mtu, 9000);
	assert_int_equal(the_vif(s)->max_frame, 9000 + NBL_ETH_OVERHEAD);
}

static void bind_without_any_bridge(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_request req;
	struct fake_tap_info info;

	bind_init(&req, 1, 0);
	req.bridge[0] = '\0';
	assert_int_equal(try_bind(s, &req), 0);
	assert_int_equal(fake_tap_info("vif1.0", &info), 0);
	assert_true(info.up);
	assert_string_equal(info.bridge, "");
}

static void bind_changes_the_mtu(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_request req;
	struct fake_tap_info info;

	bind_init(&req, 1, 0);
	req.mtu = 1280;
	assert_int_equal(try_bind(s, &req), 0);
	assert_int_equal(fake_tap_info("vif1.0", &info), 0);
	assert_int_equal(info.mtu, 1280);
	assert_int_equal(s->guest.back->mtu, 1280);
	assert_int_equal(the_vif(s)->max_frame, 1280 + NBL_ETH_OVERHEAD);
}

static void expect_refused(struct test_state *s,
			   const struct noxs_netback_request *req, int rc,
			   const char *text)
{
	assert_int_equal(try_bind(s, req), rc);
	if (!strstr(err, text))
		fail_msg("\"%s\" does not say \"%s\"", err, text);
	assert_spare(s, TEST_BRIDGE);
}

static void bind_refuses_bad_requests(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_request good, req;

	bind_init(&good, 1, 0);
	req = good;
	req.vif = 1;
	expect_refused(s, &req, -ENOENT, "vif 1 of domain 1");
	req = good;
	req.domid = 2;
	expect_refused(s, &req, -ENOENT, "vif 0 of domain 2");
	req = good;
	req.domid = 0xffff;
	expect_refused(s, &req, -EINVAL, "domain");
	req = good;
	req.vif = NOXS_NETBACK_ALL;
	expect_refused(s, &req, -EINVAL, "vif");
	req = good;
	strcpy(req.bridge, "jumbo0");
	expect_refused(s, &req, -EXDEV, "vif1.0 is on " TEST_BRIDGE);
	req = good;
	req.bridge[0] = '\0';
	expect_refused(s, &req, -EXDEV, "vif1.0 is on " TEST_BRIDGE);
	req = good;
	strcpy(req.ifname, "web0");
	expect_refused(s, &req, -EXDEV, "not called web0");
	req = good;
	req.flags = NOXS_NETBACK_SPARE;
	expect_refused(s, &req, -EINVAL, "flags");
	req = good;
	req.flags = 8;
	expect_refused(s, &req, -EINVAL, "flags");
	req = good;
	req.pad[3] = 1;
	expect_refused(s, &req, -EINVAL, "padding");
	req = good;
	memset(req.mac, 0, 6);
	expect_refused(s, &req, -EINVAL, "MAC");
	req = good;
	req.mac[0] = 1;
	expect_refused(s, &req, -EINVAL, "MAC");
	req = good;
	req.mtu = 67;
	expect_refused(s, &req, -EINVAL, "MTU 67");
	req = good;
	req.ip[0] = 10;
	expect_refused(s, &req, -EINVAL, "addresses");
	req = good;
	req.limit[0].amount = 1;
	expect_refused(s, &req, -EINVAL, "rate");
	req = good;
	memset(req.bridge, 'x', sizeof(req.bridge));
	expect_refused(s, &req, -EINVAL, "bridge");
	assert_int_equal(try_bind(s, &good), 0);
}

static void bind_to_a_bridge_that_is_not_there(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_request req;

	bind_init(&req, 1, 0);
	strcpy(req.bridge, "nobr");
	assert_int_equal(try_bind(s, &req), -ENODEV);
	assert_non_null(strstr(err, "bridge nobr: No such device"));
	assert_spare(s, "");
}

static void bind_of_one_that_left_its_bridge(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_request req;

	fake_tap_leave_bridge("vif1.0");
	bind_init(&req, 1, 0);
	req.mtu = 1400;
	assert_int_equal(try_bind(s, &req), -EXDEV);
	assert_non_null(strstr(err, "not on " TEST_BRIDGE " any more"));
	assert_true(the_vif(s)->spare);
	assert_int_equal(s->guest.back->mac[5], 0);
	assert_int_equal(s->guest.back->mtu, 1500);
}

static void attach_refuses_a_spare_with_an_owner(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_request req[8];
	struct nbl_vif *vif;
	unsigned int i;

	for (i = 0; i < 8; i++)
		spare_init(&req[i], 1, 1);
	req[0].mac[5] = 1;
	req[1].ip_mode = XEN_NOXS_NET_IP_DHCP;
	req[2].ip_mode = XEN_NOXS_NET_IP_STATIC;
	req[2].ip[0] = 10;
	strcpy(req[3].ifname, "web0");
	req[4].limit[0].amount = req[4].limit[0].interval_us = 1;
	req[5].flags |= 2;
	req[6].gateway[1] = 1;
	req[7].pad[0] = 1;
	for (i = 0; i < 8; i++) {
		assert_int_equal(nbl_vif_attach(s->nb, &req[i], &vif, err),
				 -EINVAL);
		assert_true(err[0]);
	}
	assert_spare(s, TEST_BRIDGE);
	assert_int_equal(s->nb->nr_vifs, 1);
}

static void spare_is_detached(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_request req;

	nbl_vif_detach(the_vif(s));
	wait_taps(s->nb, 0);
	assert_nothing_held();
	bind_init(&req, 1, 0);
	assert_int_equal(try_bind(s, &req), -ENOENT);
}

static void spare_of_a_dead_guest_is_dropped(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_request req;

	fake_dom_kill(s->guest.dom);
	bind_init(&req, 1, 0);
	/* before anybody heard of it, and after */
	assert_int_equal(try_bind(s, &req), -ESRCH);
	assert_non_null(strstr(err, "offer vif 0 to domain 1"));
	assert_true(the_vif(s)->spare);
	turns(s->nb);
	assert_int_equal(s->nb->nr_vifs, 0);
	assert_int_equal(try_bind(s, &req), -ENOENT);
	wait_taps(s->nb, 0);
	assert_nothing_held();
}

/* A spare's guest that was let run: it is not heard until it has an owner. */
static void guest_that_runs_too_early(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_request req;
	unsigned int i;

	guest_answer(&s->guest, NBL_VIF_FEATURES);
	for (i = 0; i < 10; i++) {
		turns(s->nb);
		guest_notify(&s->guest);
	}
	turns(s->nb);	/* fails if it spins */
	assert_spare(s, TEST_BRIDGE);
	assert_int_equal(the_vif(s)->stats.events, 1);

	bind_init(&req, 1, 0);
	fake_dom_port_clear(s->guest.dom, s->guest.slot.port[0]);
	assert_int_equal(try_bind(s, &req), 0);
	turns(s->nb);
	/* its answer was to another offer: it is told, and may answer anew */
	assert_false(the_vif(s)->connected);
	assert_false(the_vif(s)->broken);
	assert_true(fake_dom_port_pending(s->guest.dom,
					  s->guest.slot.port[0]));
	guest_answer(&s->guest, NBL_VIF_FEATURES);
	turns(s->nb);
	assert_int_equal(guest_sees(&s->guest), XEN_NOXS_STATE_CONNECTED);
}

static void guest_that_lies_too_early(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_request req;

	guest_say(&s->guest, 0xdead);
	turns(s->nb);
	assert_spare(s, TEST_BRIDGE);
	bind_init(&req, 1, 0);
	assert_int_equal(try_bind(s, &req), 0);
	assert_broken(s, EPROTO);
}

/* Let the n-th call fail: each time it stays a spare, as it was. */
static void bind_ladder_of(void **state, const char *bridge, unsigned int mtu,
			   unsigned int calls)
{
	struct test_state *s = *state;
	struct noxs_netback_request req;
	uint32_t offer = s->guest.back->hdr.generation, now;
	unsigned int n;

	bind_init(&req, 1, 0);
	req.mtu = (uint16_t)mtu;
	req.limit[0].amount = 5000;
	req.limit[0].interval_us = 50000;
	for (n = 1; n < 20; n++) {
		fake_fail_at(n);
		count_allocs(true);
		if (!try_bind(s, &req))
			break;
		count_allocs(false);
		assert_true(fake_fail_hit());
		fake_fail_at(0);
		assert_non_null(strstr(err, ": "));
		assert_spare(s, bridge);
		/* What was offered to the guest has a number of its own. */
		now = s->guest.back->hdr.generation;
		assert_true(now == offer || now == offer + 2);
		offer = now;
	}
	assert_int_equal(s->guest.back->hdr.generation, offer + 1);
	count_allocs(false);
	fake_fail_at(0);
	assert_int_equal(n - 1, calls);
	assert_false(the_vif(s)->spare);
}

static void bind_ladder(void **state)
{
	/* bridge, offer, TAP, flood */
	bind_ladder_of(state, TEST_BRIDGE, 0, 4);
}

static void bind_ladder_with_mtu(void **state)
{
	bind_ladder_of(state, TEST_BRIDGE, 1400, 5);
}

static void bind_ladder_without_bridge(void **state)
{
	bind_ladder_of(state, "", 0, 3);	/* bridge, offer, attach */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define SPARE(fn) cmocka_unit_test_setup_teardown(fn, setup_spare, \
						  teardown_backend)
#define OFF(fn) cmocka_unit_test_setup_teardown(fn, setup_no_bridge, \
						teardown_backend)
		SPARE(spare_carries_nothing),
		OFF(spare_without_bridge_is_down),
		SPARE(bind_makes_it_ordinary),
		OFF(bind_puts_it_on_a_bridge),
		OFF(bind_without_any_bridge),
		SPARE(bind_changes_the_mtu),
		SPARE(bind_refuses_bad_requests),
		OFF(bind_to_a_bridge_that_is_not_there),
		SPARE(bind_of_one_that_left_its_bridge),
		SPARE(attach_refuses_a_spare_with_an_owner),
		SPARE(spare_is_detached),
		SPARE(spare_of_a_dead_guest_is_dropped),
		SPARE(guest_that_runs_too_early),
		SPARE(guest_that_lies_too_early),
		SPARE(bind_ladder),
		SPARE(bind_ladder_with_mtu),
		OFF(bind_ladder_without_bridge),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("netback-spare", tests, NULL, NULL);
}

// SPDX-License-Identifier: BSD-2-Clause
/* The front area: handshake, ends of it, and lies. */
#include "harness.h"

#include <linux/if_tun.h>
#include <stdlib.h>

static void connects_and_tells_the_guest(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	struct fake_usage u;

	guest_answer(g, 0);
	turns(s->nb);
	assert_int_equal(guest_sees(g), XEN_NOXS_STATE_CONNECTED);
	assert_true(fake_dom_port_pending(g->dom, g->slot.port[0]));
	fake_host_usage(&u);
	assert_int_equal(u.grant_maps, 2);
}

static void offloads_follow_features(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	struct fake_tap_info info;

	guest_answer(g, XEN_NOXS_NET_F_CSUM4);
	turns(s->nb);
	fake_tap_info(g->ifname, &info);
	assert_int_equal(info.offload, TUN_F_CSUM);
	guest_say(g, XEN_NOXS_STATE_CLOSING);
	turns(s->nb);
	fake_tap_info(g->ifname, &info);
	assert_int_equal(info.offload, 0);
}

static void rings_are_free_when_closed_is_seen(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;

	guest_say(g, XEN_NOXS_STATE_CLOSING);
	turns(s->nb);
	assert_int_equal(guest_sees(g), XEN_NOXS_STATE_CLOSED);
	assert_int_equal(g->back->hdr.error, 0);
	assert_int_equal(fake_dom_grant_end(g->dom, g->ring_ref[0]), 0);
	assert_int_equal(fake_dom_grant_end(g->dom, g->ring_ref[1]), 0);
}

static void closed_leads_to_the_next_offer(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	unsigned int i;

	for (i = 0; i < 5; i++) {
		guest_say(g, XEN_NOXS_STATE_CLOSING);
		turns(s->nb);
		guest_say(g, XEN_NOXS_STATE_CLOSED);
		turns(s->nb);
		assert_int_equal(guest_sees(g), XEN_NOXS_STATE_INIT);
		assert_int_equal(g->back->hdr.generation, 2 + i);
		SHARED_RING_INIT(g->tx.sring);
		SHARED_RING_INIT(g->rx.sring);
		guest_answer(g, 0);
		turns(s->nb);
		assert_int_equal(guest_sees(g), XEN_NOXS_STATE_CONNECTED);
	}
}

/* CLOSING went by between two looks. */
static void closed_at_once(void **state)
{
	struct test_state *s = *state;

	guest_say(&s->guest, XEN_NOXS_STATE_CLOSED);
	turns(s->nb);
	assert_int_equal(guest_sees(&s->guest), XEN_NOXS_STATE_INIT);
}

/* An answer that was taken back before we looked: its grants are gone. */
static void withdrawn_answer_leads_to_the_next_offer(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	struct fake_usage u;
	unsigned int i;

	g->front->hdr.magic = XEN_NOXS_FRONT_MAGIC;
	for (i = 0; i < 5; i++) {
		fake_dom_grant_flip(g->dom, g->ring_ref[0], false);
		g->front->hdr.generation = g->back->hdr.generation;
		guest_say(g, XEN_NOXS_STATE_CLOSED);
		turns(s->nb);
		assert_int_equal(guest_sees(g), XEN_NOXS_STATE_INIT);
		assert_int_equal(g->back->hdr.generation, 2 + i);
		/* Said again, it is about no offer of ours. */
		guest_notify(g);
		turns(s->nb);
		assert_int_equal(g->back->hdr.generation, 2 + i);
	}
	fake_host_usage(&u);
	assert_int_equal(u.grant_maps, 0);
	fake_dom_grant_flip(g->dom, g->ring_ref[0], true);
	guest_answer(g, 0);
	turns(s->nb);
	assert_int_equal(guest_sees(g), XEN_NOXS_STATE_CONNECTED);
}

static void refused_offer_is_not_repeated(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;

	g->front->hdr.magic = XEN_NOXS_FRONT_MAGIC;
	g->front->hdr.generation = g->back->hdr.generation;
	g->front->hdr.error = ENOMEM;
	guest_say(g, XEN_NOXS_STATE_CLOSED);
	turns(s->nb);
	assert_int_equal(guest_sees(g), XEN_NOXS_STATE_INIT);
	assert_int_equal(g->back->hdr.generation, g->front->hdr.generation);
}

/* Also without waiting for the next offer. */
static void connected_again_after_closed(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;

	guest_say(g, XEN_NOXS_STATE_CLOSING);
	turns(s->nb);
	SHARED_RING_INIT(g->tx.sring);
	SHARED_RING_INIT(g->rx.sring);
	guest_answer(g, 0);
	turns(s->nb);
	assert_int_equal(guest_sees(g), XEN_NOXS_STATE_CONNECTED);
}

static void stale_generation_is_no_answer(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;

	guest_answer(g, 0);
	g->front->hdr.generation = 99;
	turns(s->nb);
	assert_int_equal(guest_sees(g), XEN_NOXS_STATE_INIT);
	assert_false(the_vif(s)->broken);
	guest_answer(g, 0);
	turns(s->nb);
	assert_int_equal(guest_sees(g), XEN_NOXS_STATE_CONNECTED);
}

static void flip_flop_of_the_state(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	struct fake_usage u;
	unsigned int i;

	for (i = 0; i < 500; i++) {
		g->front->hdr.generation = g->back->hdr.generation;
		guest_say(g, (uint32_t[]){ XEN_NOXS_STATE_CLOSING,
					   XEN_NOXS_STATE_CONNECTED,
					   XEN_NOXS_STATE_CLOSED,
					   XEN_NOXS_STATE_CONNECTED }[i % 4]);
		if (i % 3)
			nbl_turn(s->nb, 0);
	}
	turns(s->nb);
	fake_host_usage(&u);
	assert_true(u.grant_maps == 0 || u.grant_maps == 2);
}

static void area_without_a_frontend_is_left_alone(void **state)
{
	struct test_state *s = *state;

	guest_notify(&s->guest);
	turns(s->nb);
	assert_int_equal(guest_sees(&s->guest), XEN_NOXS_STATE_INIT);
}

/* Each: an answer with one thing wrong. */
#define LIE(name, error, statement)					\
static void name(void **state)						\
{									\
	struct test_state *s = *state;					\
	struct test_guest *g = &s->guest;				\
									\
	guest_answer(g, 0);						\
	statement;							\
	assert_broken(s, error);					\
	/* for good */							\
	guest_say(g, XEN_NOXS_STATE_CLOSED);				\
	turns(s->nb);							\
	guest_answer(g, 0);						\
	turns(s->nb);							\
	assert_int_equal(guest_sees(g), XEN_NOXS_STATE_CLOSED);		\
}

LIE(bad_magic, EPROTO, g->front->hdr.magic = XEN_NOXS_BACK_MAGIC)
LIE(bad_version, EPROTO, g->front->hdr.version = 2)
LIE(bad_seq, EPROTO, g->front->hdr.seq = 1)
LIE(bad_pad, EPROTO, g->front->hdr.pad = 1)
LIE(bad_pad1, EPROTO, g->front->pad = 1)
LIE(bad_pad2, EPROTO, g->front->pad2 = 1)
LIE(size_too_small, EPROTO, g->front->hdr.size = 55)
LIE(size_too_large, EPROTO, g->front->hdr.size = sizeof(*g->front) + 8)
LIE(no_queue, EPROTO, g->front->nr_queues = 0)
LIE(too_many_queues, EPROTO, g->front->nr_queues = 2)
LIE(feature_not_offered, EPROTO,
    the_vif(s)->back.hdr.features = XEN_NOXS_NET_F_CSUM4;
    g->front->hdr.features = XEN_NOXS_NET_F_CSUM6)
LIE(unknown_feature, EPROTO, g->front->hdr.features = 1u << 31)
LIE(tx_port_out_of_range, EPROTO, g->front->queue[0].tx_port = 1)
LIE(rx_port_out_of_range, EPROTO, g->front->queue[0].rx_port = 0xffffffff)
LIE(bad_tx_ref, EINVAL, g->front->queue[0].tx_ref = 1023)
LIE(bad_rx_ref, EINVAL, g->front->queue[0].rx_ref = 0xffffffff)
LIE(frontend_in_init, EPROTO, g->front->hdr.state = XEN_NOXS_STATE_INIT)
LIE(unknown_state, EPROTO, g->front->hdr.state = 4)
LIE(huge_state, EPROTO, g->front->hdr.state = 0xffffffff)

static void generation_change_while_connected(void **state)
{
	struct test_state *s = *state;

	s->guest.front->hdr.generation++;
	guest_notify(&s->guest);
	assert_broken(s, EPROTO);
}

/* Both rings in one page: the guest's own problem, never ours. */
static void same_page_for_both_rings(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	uint8_t noise[60] = { 0 };

	guest_answer(g, 0);
	g->front->queue[0].rx_ref = g->front->queue[0].tx_ref;
	turns(s->nb);
	g->tx.sring->req_prod = 200;
	guest_notify(g);
	net_send(g, noise, sizeof(noise), NULL);
	turns(s->nb);
}

/* Let the n-th call of a connect fail, until none is left to. */
static void connect_ladder(void **state)
{
	struct test_state *s;
	struct fake_usage u;
	unsigned int n;

	for (n = 1; n < 20; n++) {
		setup_attached(state);
		s = *state;
		guest_answer(&s->guest, NBL_VIF_FEATURES);
		fake_fail_at(n);
		turns(s->nb);
		if (!fake_fail_hit()) {
			teardown_backend(state);
			break;
		}
		assert_false(the_vif(s)->connected);
		fake_host_usage(&u);
		assert_int_equal(u.grant_maps, 0);
		teardown_backend(state);
	}
	assert_int_equal(n - 1, 4);	/* map, offload, filter, publish */
}

static void detach_of_a_connected_vif(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	uint32_t gref[2] = { g->ring_ref[0], g->ring_ref[1] };
	struct xen_noxs_device_page *page;

	nbl_vif_detach(the_vif(s));
	page = fake_dom_noxs_page(g->dom, XEN_NOXS_PAGE_DEVICE);
	assert_int_equal(page->slot[0].state, XEN_NOXS_SLOT_EMPTY);
	assert_int_equal(fake_dom_grant_end(g->dom, gref[0]), 0);
	assert_int_equal(fake_dom_grant_end(g->dom, gref[1]), 0);
	turns(s->nb);
}

/* The toolstack removed the device behind our back; nothing breaks. */
static void device_removed_by_others(void **state)
{
	struct test_state *s = *state;
	struct xen_noxs_remove op = {
		.domid = 1, .type = XEN_NOXS_TYPE_NET,
	};

	assert_int_equal(noxs_remove(s->nb->nx, &op), 0);
	guest_notify(&s->guest);
	turns(s->nb);
	nbl_vif_detach(the_vif(s));
	turns(s->nb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define CONN(fn) cmocka_unit_test_setup_teardown(fn, setup_connected, \
						 teardown_backend)
#define ATT(fn) cmocka_unit_test_setup_teardown(fn, setup_attached, \
						teardown_backend)
		ATT(connects_and_tells_the_guest),
		ATT(offloads_follow_features),
		CONN(rings_are_free_when_closed_is_seen),
		CONN(closed_leads_to_the_next_offer),
		CONN(closed_at_once),
		ATT(withdrawn_answer_leads_to_the_next_offer),
		ATT(refused_offer_is_not_repeated),
		CONN(connected_again_after_closed),
		ATT(stale_generation_is_no_answer),
		CONN(flip_flop_of_the_state),
		ATT(area_without_a_frontend_is_left_alone),
		ATT(bad_magic),
		ATT(bad_version),
		ATT(bad_seq),
		ATT(bad_pad),
		ATT(bad_pad1),
		ATT(bad_pad2),
		ATT(size_too_small),
		ATT(size_too_large),
		ATT(no_queue),
		ATT(too_many_queues),
		ATT(feature_not_offered),
		ATT(unknown_feature),
		ATT(tx_port_out_of_range),
		ATT(rx_port_out_of_range),
		ATT(bad_tx_ref),
		ATT(bad_rx_ref),
		ATT(frontend_in_init),
		ATT(unknown_state),
		ATT(huge_state),
		CONN(generation_change_while_connected),
		ATT(same_page_for_both_rings),
		cmocka_unit_test(connect_ladder),
		CONN(detach_of_a_connected_vif),
		CONN(device_removed_by_others),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("netback-connect", tests, NULL,
					   NULL);
}

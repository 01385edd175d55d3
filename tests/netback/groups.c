// SPDX-License-Identifier: BSD-2-Clause
/* Multicast groups that a guest names; what the kernel makes of them is in tap.c. */
#include "harness.h"

static const uint8_t mdns[6] = { 1, 0, 0x5e, 0, 0, 0xfb };

static struct fake_tap_info info(struct test_state *s)
{
	struct fake_tap_info info;

	assert_int_equal(fake_tap_info(s->guest.ifname, &info), 0);
	return info;
}

/* What the backend answers; one that names many is put off (damp.h). */
static int name(struct test_state *s, bool add, const uint8_t mac[6])
{
	struct test_guest *g = &s->guest;
	unsigned int id;
	int status;

	guest_tx_group(g, add ? XEN_NETIF_EXTRA_TYPE_MCAST_ADD
			: XEN_NETIF_EXTRA_TYPE_MCAST_DEL, 0, mac, 7);
	guest_tx_push(g);
	while (!guest_tx_responses(g))
		assert_int_equal(nbl_turn(s->nb, 1000), 0);
	assert_int_equal(guest_tx_responses(g), 2);
	status = guest_tx_status(g, &id);
	assert_int_equal(id, 7);
	assert_int_equal(guest_tx_status(g, NULL), NETIF_RSP_NULL);
	return status;
}

static void filter_is_of_the_connection(void **state)
{
	struct test_state *s = *state;

	assert_true(info(s).by_group);
	assert_int_equal(info(s).groups, 0);
	assert_memory_equal(info(s).own, (const void *)s->guest.back->mac, 6);
	assert_int_equal(name(s, true, mdns), NETIF_RSP_OKAY);
	assert_int_equal(info(s).groups, 1);
	guest_say(&s->guest, XEN_NOXS_STATE_CLOSING);
	turns(s->nb);
	assert_false(info(s).by_group);
	guest_say(&s->guest, XEN_NOXS_STATE_CLOSED);
	turns(s->nb);
	SHARED_RING_INIT(s->guest.tx.sring);
	guest_answer(&s->guest, NBL_VIF_FEATURES & ~XEN_NOXS_NET_F_MCAST);
	turns(s->nb);
	assert_true(the_vif(s)->connected);
	assert_false(info(s).by_group);
}

static void groups_come_and_go(void **state)
{
	struct test_state *s = *state;
	uint8_t other[6] = { 0x33, 0x33, 0, 0, 0, 1 };

	assert_int_equal(name(s, true, mdns), NETIF_RSP_OKAY);
	assert_int_equal(name(s, true, mdns), NETIF_RSP_OKAY);
	assert_int_equal(info(s).groups, 1);
	assert_int_equal(name(s, true, other), NETIF_RSP_OKAY);
	assert_int_equal(info(s).groups, 2);
	assert_int_equal(name(s, false, mdns), NETIF_RSP_OKAY);
	assert_int_equal(name(s, false, mdns), NETIF_RSP_OKAY);
	assert_int_equal(info(s).groups, 1);
	assert_memory_equal(the_vif(s)->groups.mac[0], other, 6);
	/* They are no frames. */
	assert_int_equal(the_vif(s)->stats.tx_packets, 0);
	assert_int_equal(the_vif(s)->stats.tx_dropped, 0);
}

static void what_is_no_group(void **state)
{
	static const uint8_t single[6] = { 2, 1, 2, 3, 4, 5 };
	static const uint8_t all[6] = { 255, 255, 255, 255, 255, 255 };
	struct test_state *s = *state;

	assert_int_equal(name(s, true, single), NETIF_RSP_ERROR);
	assert_int_equal(name(s, true, all), NETIF_RSP_ERROR);
	assert_int_equal(name(s, false, single), NETIF_RSP_ERROR);
	assert_int_equal(info(s).groups, 0);
	assert_true(the_vif(s)->connected);
}

static void no_more_than_there_is_room_for(void **state)
{
	struct test_state *s = *state;
	uint8_t mac[6] = { 1, 0, 0x5e, 1, 0, 0 };
	unsigned int i;

	for (i = 0; i < NBL_GROUPS_MAX; i++, mac[5]++)
		assert_int_equal(name(s, true, mac), NETIF_RSP_OKAY);
	assert_int_equal(name(s, true, mac), NETIF_RSP_ERROR);
	assert_int_equal(info(s).groups, NBL_GROUPS_MAX);
	mac[5]--;
	assert_int_equal(name(s, false, mac), NETIF_RSP_OKAY);
	mac[5]++;
	assert_int_equal(name(s, true, mac), NETIF_RSP_OKAY);
}

/* In one batch with frames, each answered in its turn. */
static void between_frames(void **state)
{
	static uint8_t frame[100] = { [12] = 0x88, [13] = 0xb5 };
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	unsigned int i, id, want[] = { 1, 2, 0, 3, 4, 0, 5 };
	bool group[] = { false, true, false, false, true, false, false };

	for (i = 0; i < 7; i++) {
		if (group[i])
			guest_tx_group(g, XEN_NETIF_EXTRA_TYPE_MCAST_ADD, 0, mdns,
				 want[i]);
		else if (want[i])
			guest_tx(g, g->buf_ref[i], 0, sizeof(frame), 0,
				 want[i]);
	}
	guest_tx_push(g);
	turns(s->nb);
	for (i = 0; i < 7; i++) {
		assert_int_equal(guest_tx_status(g, &id),
				 want[i] ? NETIF_RSP_OKAY : NETIF_RSP_NULL);
		assert_int_equal(id, want[i]);
	}
	for (i = 0; i < 3; i++)
		assert_int_equal(net_recv(g, frame, sizeof(frame), NULL),
				 sizeof(frame));
	assert_int_equal(the_vif(s)->stats.tx_packets, 3);
	assert_int_equal(info(s).groups, 1);
}

/* A filter that cannot be set leaves the one that is. */
static void kernel_that_refuses(void **state)
{
	struct test_state *s = *state;

	fake_fail_at(1);
	name(s, true, mdns);
	fake_fail_at(0);
	assert_int_equal(info(s).groups, 0);
	assert_true(the_vif(s)->connected);
	assert_int_equal(name(s, false, mdns), NETIF_RSP_OKAY);
}

TX_LIE(two_extras, guest_tx_group(g, XEN_NETIF_EXTRA_TYPE_MCAST_ADD,
			    XEN_NETIF_EXTRA_FLAG_MORE, mdns, 1);)
TX_LIE(unknown_flags, guest_tx_group(g, XEN_NETIF_EXTRA_TYPE_MCAST_DEL, 0x80, mdns,
			       1);)
TX_LIE(unknown_type, guest_tx_group(g, XEN_NETIF_EXTRA_TYPE_HASH, 0, mdns, 1);)
TX_LIE(without_its_extra, guest_tx(g, 0, 0, 0, NETTXF_extra_info, 1);)
TX_LIE(with_data_behind,
       guest_tx_group(g, XEN_NETIF_EXTRA_TYPE_MCAST_ADD, 0, mdns, 1);
       RING_GET_REQUEST(&g->tx, g->tx.req_prod_pvt - 2)->flags |=
	       NETTXF_more_data;
       guest_tx(g, g->buf_ref[0], 0, 60, 0, 2);)

static void not_agreed_on(void **state)
{
	struct test_state *s = *state;

	guest_answer(&s->guest, NBL_VIF_FEATURES & ~XEN_NOXS_NET_F_MCAST);
	turns(s->nb);
	guest_tx_group(&s->guest, XEN_NETIF_EXTRA_TYPE_MCAST_ADD, 0, mdns, 1);
	assert_tx_lie(s);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup_connected, \
						 teardown_backend)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(filter_is_of_the_connection),
		TEST(groups_come_and_go),
		TEST(what_is_no_group),
		TEST(no_more_than_there_is_room_for),
		TEST(between_frames),
		TEST(kernel_that_refuses),
		TEST(two_extras),
		TEST(unknown_flags),
		TEST(unknown_type),
		TEST(without_its_extra),
		TEST(with_data_behind),
		cmocka_unit_test_setup_teardown(not_agreed_on, setup_attached,
						teardown_backend),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("netback-groups", tests, NULL, NULL);
}

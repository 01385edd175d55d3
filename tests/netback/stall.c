// SPDX-License-Identifier: BSD-2-Clause
/* Guests that take nothing of what is sent to them; 30 ms are too long (dir.mk). */
#include "harness.h"

#include <unistd.h>

static uint8_t frame[100];

static bool has_carrier(struct test_state *s)
{
	struct fake_tap_info info;

	assert_int_equal(fake_tap_info(s->guest.ifname, &info), 0);
	assert_int_equal(info.deaf, info.no_carrier);
	return !info.no_carrier;
}

static void send_some(struct test_state *s, unsigned int nr)
{
	while (nr--)
		net_send(&s->guest, frame, sizeof(frame), NULL);
	turns(s->nb);
}

static void wait_longer(struct test_state *s)
{
	usleep(40000);
	turns(s->nb);
	assert_int_equal(nbl_turn(s->nb, 0), 0);
}

static uint64_t lost(struct test_state *s)
{
	return the_vif(s)->stats.drop[NOXS_NETBACK_DROP_RX_STALL];
}

static void is_cut_off_and_comes_back(void **state)
{
	struct test_state *s = *state;
	unsigned int i;

	for (i = 1; i < 4; i++) {
		send_some(s, 5);
		assert_true(has_carrier(s));
		wait_longer(s);
		assert_false(has_carrier(s));
		assert_int_equal(lost(s), 5 * i);
		guest_rx_post(&s->guest, 2);
		turns(s->nb);
		assert_true(has_carrier(s));
		assert_int_equal(guest_rx_responses(&s->guest), 0);
		send_some(s, 2);
		assert_int_equal(guest_rx_responses(&s->guest), 2);
		s->guest.rx.rsp_cons += 2;
	}
	assert_int_equal(the_vif(s)->stats.rx_dropped, 15);
	assert_int_equal(the_vif(s)->stats.rx_packets, 6);
}

/* What was read and had no room is dropped with the others. */
static void large_frame_that_waits(void **state)
{
	const struct virtio_net_hdr hdr = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 34,
		.csum_offset = 16, .gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
		.gso_size = 1000,
	};
	static uint8_t large[20000] = { [12] = 8, [14] = 0x45 };
	struct test_state *s = *state;

	guest_rx_post(&s->guest, 2);
	net_send(&s->guest, large, sizeof(large), &hdr);
	send_some(s, 3);
	assert_int_equal(s->nb->stalled_bytes, sizeof(hdr) + sizeof(large));
	wait_longer(s);
	assert_false(has_carrier(s));
	assert_int_equal(lost(s), 4);
	assert_int_equal(s->nb->stalled_bytes, 0);
}

static void in_time_is_in_time(void **state)
{
	struct test_state *s = *state;
	unsigned int i;

	for (i = 0; i < 5; i++) {
		send_some(s, 1);
		usleep(10000);
		turns(s->nb);
		guest_rx_post(&s->guest, 1);
		turns(s->nb);
	}
	wait_longer(s);
	assert_true(has_carrier(s));
	assert_int_equal(guest_rx_responses(&s->guest), 5);
	assert_int_equal(lost(s), 0);
}

static void nothing_to_take_is_no_stall(void **state)
{
	struct test_state *s = *state;

	wait_longer(s);
	assert_true(has_carrier(s));
}

/* Its listener is to hear of frames; that it never looks into it does not matter. */
static void one_that_may_be_asleep(void **state)
{
	static char somebody;
	struct test_state *s = *state;

	the_vif(s)->await = (void *)&somebody;
	send_some(s, 5);
	wait_longer(s);
	assert_true(has_carrier(s));
	assert_int_equal(lost(s), 0);
	the_vif(s)->await = NULL;
}

static void guest_that_closes(void **state)
{
	struct test_state *s = *state;

	send_some(s, 5);
	wait_longer(s);
	assert_false(has_carrier(s));
	guest_say(&s->guest, XEN_NOXS_STATE_CLOSING);
	turns(s->nb);
	assert_true(has_carrier(s));
}

/* What it wants to hear it does when it takes frames. */
static void groups_named_meanwhile(void **state)
{
	static const uint8_t mdns[6] = { 1, 0, 0x5e, 0, 0, 0xfb };
	struct test_state *s = *state;
	struct fake_tap_info info;

	send_some(s, 5);
	wait_longer(s);
	guest_tx_group(&s->guest, XEN_NETIF_EXTRA_TYPE_MCAST_ADD, 0, mdns, 1);
	guest_tx_push(&s->guest);
	turns(s->nb);
	assert_int_equal(guest_tx_status(&s->guest, NULL), NETIF_RSP_OKAY);
	assert_false(has_carrier(s));
	guest_rx_post(&s->guest, 2);
	turns(s->nb);
	assert_true(has_carrier(s));
	assert_int_equal(fake_tap_info(s->guest.ifname, &info), 0);
	assert_true(info.by_group);
	assert_int_equal(info.groups, 1);
}

/* The list has it no more. */
static void detached_while_it_waits(void **state)
{
	struct test_state *s = *state;

	send_some(s, 5);
	nbl_vif_detach(the_vif(s));
	assert_int_equal(nbl_turn(s->nb, 0), 0);
	assert_true(TAILQ_EMPTY(&s->nb->stalls));
	usleep(40000);
	assert_int_equal(nbl_turn(s->nb, 0), 0);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup_connected, \
						 teardown_backend)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(is_cut_off_and_comes_back),
		TEST(large_frame_that_waits),
		TEST(in_time_is_in_time),
		TEST(nothing_to_take_is_no_stall),
		TEST(one_that_may_be_asleep),
		TEST(guest_that_closes),
		TEST(groups_named_meanwhile),
		TEST(detached_while_it_waits),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("netback-stall", tests, NULL, NULL);
}

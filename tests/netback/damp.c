// SPDX-License-Identifier: BSD-2-Clause
/* Guests whose events bring nothing are put off; those whose frames pass are not. */
#include "harness.h"

#include <unistd.h>

#define MANY	1000u
#define NO_GREF	77777u

static uint8_t frame[100] = { [12] = 0x88, [13] = 0xb5 };

static uint64_t damped(struct test_state *s)
{
	return the_vif(s)->stats.damped;
}

static void one_turn(struct test_state *s)
{
	assert_int_equal(nbl_turn(s->nb, 0), 0);
}

static void send_one(struct test_state *s, uint32_t ref)
{
	struct test_guest *g = &s->guest;

	while (guest_tx_responses(g))
		guest_tx_status(g, NULL);
	guest_tx(g, ref, 0, sizeof(frame), 0, 1);
	guest_tx_push(g);
	guest_notify(g);
}

/* Turns for nothing since start: those that are free, and one each NBL_DAMP_MS. */
static unsigned int at_most(int64_t start)
{
	return NBL_DAMP_FREE + 3 +
	       (unsigned int)(nbl_now_ms() - start) / NBL_DAMP_MS;
}

/* As often as it likes, for about so long. */
static void storm(struct test_state *s, int ms)
{
	int64_t end = nbl_now_ms() + ms;

	while (nbl_now_ms() < end) {
		guest_notify(&s->guest);
		one_turn(s);
	}
}

/* Until it is: the machine may be too busy for a storm in so many ms. */
static void until_put_off(struct test_state *s)
{
	unsigned int i;

	for (i = 0; i < 100 * MANY && !the_vif(s)->damp.on; i++) {
		guest_notify(&s->guest);
		one_turn(s);
	}
	assert_true(the_vif(s)->damp.on);
}

static void storm_is_put_off(void **state)
{
	struct test_state *s = *state;
	int64_t start = nbl_now_ms();

	storm(s, 200);
	assert_in_range(the_vif(s)->stats.events, NBL_DAMP_FREE,
			at_most(start));
	assert_true(damped(s) > 0);
}

/* Its own next event is heard, at the latest after the time that it has to wait. */
static void it_is_heard_again(void **state)
{
	struct test_state *s = *state;

	until_put_off(s);
	send_one(s, s->guest.buf_ref[0]);
	usleep(1000 * (NBL_DAMP_MS + 1));
	one_turn(s);
	one_turn(s);
	assert_int_equal(the_vif(s)->stats.tx_packets, 1);
	assert_false(the_vif(s)->damp.on);
	assert_in_range(the_vif(s)->damp.idle.used, 0,
			NBL_DAMP_FREE - NBL_DAMP_FRAME);
}

/* A frame that comes for it ends it, and its own go with it. */
static void network_ends_it(void **state)
{
	struct test_state *s = *state;

	guest_rx_post(&s->guest, 8);
	until_put_off(s);
	send_one(s, s->guest.buf_ref[0]);
	net_send(&s->guest, frame, sizeof(frame), NULL);
	one_turn(s);
	assert_false(the_vif(s)->damp.on);
	assert_int_equal(the_vif(s)->stats.rx_packets, 1);
	assert_int_equal(the_vif(s)->stats.tx_packets, 1);
	assert_true(TAILQ_EMPTY(&s->nb->damped));
}

static void bad_frames_are_put_off(void **state)
{
	struct test_state *s = *state;
	int64_t start = nbl_now_ms();

	while (nbl_now_ms() < start + 200) {
		if (!RING_FULL(&s->guest.tx))
			send_one(s, NO_GREF);
		one_turn(s);
	}
	/* Each turn takes all that is there. */
	assert_in_range(the_vif(s)->stats.events, NBL_DAMP_FREE,
			at_most(start));
	assert_true(the_vif(s)->stats.tx_dropped > 0);
	assert_true(the_vif(s)->connected);
}

static void flip_flop_is_put_off(void **state)
{
	static const uint32_t states[] = {
		XEN_NOXS_STATE_CLOSING, XEN_NOXS_STATE_CLOSED,
	};
	struct test_state *s = *state;
	uint32_t first = s->guest.back->hdr.generation;
	int64_t start = nbl_now_ms();
	unsigned int i;

	while (nbl_now_ms() < start + 200) {
		for (i = 0; i < 2; i++) {
			guest_say(&s->guest, states[i]);
			one_turn(s);
		}
		guest_answer(&s->guest, NBL_VIF_FEATURES);
		one_turn(s);
	}
	assert_in_range(s->guest.back->hdr.generation - first, 1,
			at_most(start));
	assert_false(the_vif(s)->broken);
}

/* Each connection sends a frame: that makes up for nothing. */
static void flip_flop_that_sends_is_put_off(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	uint32_t first = g->back->hdr.generation;
	int64_t start = nbl_now_ms();

	while (nbl_now_ms() < start + 200) {
		switch (guest_sees(g)) {
		case XEN_NOXS_STATE_CONNECTED:
			guest_say(g, XEN_NOXS_STATE_CLOSING);
			break;
		case XEN_NOXS_STATE_CLOSED:
			guest_say(g, XEN_NOXS_STATE_CLOSED);
			break;
		default:
			SHARED_RING_INIT(g->tx.sring);
			FRONT_RING_INIT(&g->tx, g->tx.sring, FAKE_PAGE);
			send_one(s, g->buf_ref[0]);
			guest_answer(g, NBL_VIF_FEATURES);
		}
		one_turn(s);
		net_recv(g, frame, sizeof(frame), NULL);
	}
	assert_true(the_vif(s)->stats.tx_packets > 0);
	/* CLOSED, INIT, CONNECTED */
	assert_in_range(3 * (g->back->hdr.generation - first), NBL_DAMP_FREE,
			at_most(start));
	assert_false(the_vif(s)->broken);
}

/* Nor do frames from the network make it be looked at. */
static void network_does_not_end_that(void **state)
{
	static const uint32_t states[] = {
		XEN_NOXS_STATE_CLOSING, XEN_NOXS_STATE_CLOSED,
	};
	struct test_state *s = *state;
	uint32_t generation;
	unsigned int i, n;

	for (i = 0; i < 100 * MANY && !the_vif(s)->damp.blind; i++) {
		guest_say(&s->guest, states[i % 2]);
		one_turn(s);
		if (i % 2)
			guest_answer(&s->guest, NBL_VIF_FEATURES);
		one_turn(s);
	}
	assert_true(the_vif(s)->damp.blind);
	generation = s->guest.back->hdr.generation;
	for (n = 0; n < 10 && the_vif(s)->damp.blind; n++) {
		guest_say(&s->guest, XEN_NOXS_STATE_CLOSED);
		net_send(&s->guest, frame, sizeof(frame), NULL);
		one_turn(s);
		if (the_vif(s)->damp.blind)
			assert_int_equal(s->guest.back->hdr.generation,
					 generation);
	}
}

static void frames_that_pass_are_not(void **state)
{
	struct test_state *s = *state;
	unsigned int i;

	for (i = 0; i < MANY; i++) {
		send_one(s, s->guest.buf_ref[0]);
		one_turn(s);
		/* One for nothing after each. */
		guest_notify(&s->guest);
		one_turn(s);
		net_recv(&s->guest, frame, sizeof(frame), NULL);
	}
	assert_int_equal(the_vif(s)->stats.tx_packets, MANY);
	assert_int_equal(damped(s), 0);
}

/* As of a guest that is suspended again and again. */
static void nor_are_rare_events(void **state)
{
	struct test_state *s = *state;
	unsigned int i;

	for (i = 0; i < 2 * NBL_DAMP_FREE; i++) {
		usleep(1000 * (NBL_DAMP_MS + 1));
		guest_notify(&s->guest);
		one_turn(s);
	}
	assert_int_equal(damped(s), 0);
}

static void detached_meanwhile(void **state)
{
	struct test_state *s = *state;

	until_put_off(s);
	nbl_vif_detach(the_vif(s));
	assert_true(TAILQ_EMPTY(&s->nb->damped));
	one_turn(s);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup_connected, \
						 teardown_backend)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(storm_is_put_off),
		TEST(it_is_heard_again),
		TEST(network_ends_it),
		TEST(bad_frames_are_put_off),
		TEST(flip_flop_is_put_off),
		TEST(flip_flop_that_sends_is_put_off),
		TEST(network_does_not_end_that),
		TEST(frames_that_pass_are_not),
		TEST(nor_are_rare_events),
		TEST(detached_meanwhile),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("netback-damp", tests, NULL, NULL);
}

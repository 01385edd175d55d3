// SPDX-License-Identifier: BSD-2-Clause
/*
 * A hundred guests that always have something to send: after any number of
 * turns none had more than another by more than one budget.
 */
#include "harness.h"

#include <stdlib.h>

#define NR		100u
#define NR_TURNS	64u
#define FIRST_DOMID	1u
#define SMALL		60u
#define LARGE_SLOTS	3u	/* pages of a large frame */
#define LARGE		(LARGE_SLOTS * 2900u)
#define LARGE_COST	3u	/* of a budget; a small one takes 1 */

struct crowd {
	struct test_state *s;
	struct test_guest guest[NR];
	bool large[NR];
	bool stormy[NR];	/* raises its port all the time */
};

static uint8_t out[16384];

static struct nbl_vif *vif_of(struct crowd *c, unsigned int i)
{
	struct nbl_guest *guest = nbl_guest_find(c->s->nb, FIRST_DOMID + i);

	assert_non_null(guest);
	return nbl_guest_vif(guest, 0);
}

static void crowd_make(struct crowd *c)
{
	char err[NBL_ERROR_SIZE];
	struct noxs_netback_request req;
	struct test_guest *g;
	struct nbl_vif *vif;
	unsigned int i;

	for (i = 0; i < NR; i++) {
		g = &c->guest[i];
		fake_dom_create((uint16_t)(FIRST_DOMID + i));
		request_init(&req, (uint16_t)(FIRST_DOMID + i), 0);
		strcpy(req.bridge, "jumbo0");
		assert_int_equal(nbl_vif_attach(c->s->nb, &req, &vif, err), 0);
		guest_find_device(g, (uint16_t)(FIRST_DOMID + i), 0);
		guest_make_rings(g);
		guest_answer(g, NBL_VIF_FEATURES);
	}
	turns(c->s->nb);
	for (i = 0; i < NR; i++)
		assert_true(vif_of(c, i)->connected);
}

static void crowd_forget(struct crowd *c)
{
	unsigned int i;

	for (i = 0; i < NR; i++)
		guest_forget(&c->guest[i]);
	free(c);
}

static void send_large(struct test_guest *g)
{
	unsigned int i;

	for (i = 0; i < LARGE_SLOTS; i++)
		guest_tx(g, g->buf_ref[i], 0,
			 i ? LARGE / LARGE_SLOTS : LARGE,
			 i + 1 < LARGE_SLOTS ? NETTXF_more_data : 0, i);
}

/* Takes what came back and fills the ring again. */
static void refill(struct test_guest *g, bool large, bool stormy)
{
	while (guest_tx_responses(g))
		guest_tx_status(g, NULL);
	while (net_recv(g, out, sizeof(out), NULL) >= 0)
		;
	while (RING_FREE_REQUESTS(&g->tx) >= LARGE_SLOTS) {
		if (large)
			send_large(g);
		else
			guest_tx(g, g->buf_ref[0], 0, SMALL, 0, 0);
	}
	guest_tx_push(g);
	if (stormy)
		guest_notify(g);
}

static uint64_t cost_of(struct crowd *c, unsigned int i)
{
	const struct noxs_netback_stats *st = &vif_of(c, i)->stats;
	uint64_t packets = st->tx_packets + st->drop[NOXS_NETBACK_DROP_TX_TAP];

	return packets * (c->large[i] ? LARGE_COST : 1);
}

/*
 * One budget; and with large frames, by how much the last one of each budget
 * was larger than what was left of it.
 */
static void assert_equal_shares(struct crowd *c, unsigned int turn, bool large)
{
	uint64_t rounds = (turn + 1) * NBL_VIFS_PER_TURN / NR + 1;
	uint64_t beyond = large ? LARGE_COST - 1 : 0;
	uint64_t cost, min = UINT64_MAX, max = 0;
	unsigned int i;

	for (i = 0; i < NR; i++) {
		cost = cost_of(c, i);
		if (cost < min)
			min = cost;
		if (cost > max)
			max = cost;
	}
	assert_true(max - min <= NBL_VIF_BUDGET + rounds * beyond);
}

static void crowd_run(struct crowd *c)
{
	bool large = false;
	uint64_t all = 0;
	unsigned int i, turn;

	for (i = 0; i < NR; i++)
		large |= c->large[i];

	for (turn = 0; turn < NR_TURNS; turn++) {
		for (i = 0; i < NR; i++)
			refill(&c->guest[i], c->large[i], c->stormy[i]);
		assert_int_equal(nbl_turn(c->s->nb, 0), 0);
		assert_equal_shares(c, turn, large);
	}
	/* Each turn was full of them: nothing else held anybody up. */
	for (i = 0; i < NR; i++)
		all += cost_of(c, i);
	assert_true(all >= (uint64_t)(NR_TURNS - 1) * NBL_VIFS_PER_TURN *
				   NBL_VIF_BUDGET);
}

static struct crowd *crowd_new(void **state)
{
	struct crowd *c = calloc(1, sizeof(*c));

	assert_non_null(c);
	c->s = *state;
	crowd_make(c);
	return c;
}

static void equal_frames(void **state)
{
	struct crowd *c = crowd_new(state);

	crowd_run(c);
	crowd_forget(c);
}

static void large_and_small_frames(void **state)
{
	struct crowd *c = crowd_new(state);
	unsigned int i;

	for (i = 0; i < NR; i++)
		c->large[i] = i % 3 == 0;
	crowd_run(c);
	crowd_forget(c);
}

static void events_buy_nothing(void **state)
{
	struct crowd *c = crowd_new(state);
	unsigned int i;

	for (i = 0; i < NR; i++)
		c->stormy[i] = i % 7 == 0;
	crowd_run(c);
	crowd_forget(c);
}

/* What a vif receives does not come out of what it sends, nor of the others'. */
static void receivers_among_them(void **state)
{
	struct crowd *c = crowd_new(state);
	struct test_guest *g;
	unsigned int i, n;

	for (i = 0; i < NR; i += 5) {
		g = &c->guest[i];
		guest_rx_post(g, GUEST_BUFFERS);
		for (n = 0; n < 32; n++)
			net_send(g, out, SMALL, NULL);
	}
	crowd_run(c);
	for (i = 0; i < NR; i += 5)
		assert_int_equal(guest_rx_responses(&c->guest[i]), 32);
	crowd_forget(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define BACKEND(fn) cmocka_unit_test_setup_teardown(fn, setup_backend, \
						    teardown_backend)
		BACKEND(equal_frames),
		BACKEND(large_and_small_frames),
		BACKEND(events_buy_nothing),
		BACKEND(receivers_among_them),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("netback-fair", tests, NULL, NULL);
}

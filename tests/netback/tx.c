// SPDX-License-Identifier: BSD-2-Clause
/* Guest -> TAP: what a good guest sends, and what a bad one tries. */
#include "harness.h"

#include <stdlib.h>

static uint8_t out[16384];

static void fill(uint8_t *p, size_t n, unsigned int seed)
{
	while (n--) {
		seed = seed * 1103515245u + 12345u;
		*p++ = (uint8_t)(seed >> 16);
	}
}

/* The next response. */
static int status(struct test_state *s)
{
	turns(s->nb);
	return guest_tx_status(&s->guest, NULL);
}

static void one_packet(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	struct virtio_net_hdr hdr;
	unsigned int id;

	fill(g->buf[0], 100, 1);
	guest_tx(g, g->buf_ref[0], 0, 100, 0, 77);
	guest_tx_push(g);
	turns(s->nb);
	assert_int_equal(guest_tx_status(g, &id), NETIF_RSP_OKAY);
	assert_int_equal(id, 77);
	assert_int_equal(net_recv(g, out, sizeof(out), &hdr), 100);
	assert_memory_equal(out, g->buf[0], 100);
	assert_int_equal(hdr.flags, 0);
	assert_int_equal(hdr.gso_type, 0);
	assert_true(fake_dom_port_pending(g->dom, g->slot.port[0]));
	assert_int_equal(the_vif(s)->stats.tx_packets, 1);
	assert_int_equal(the_vif(s)->stats.tx_bytes, 100);
}

static void packets_before_connect_leave_first(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;

	fill(g->buf[0], 60, 1);
	guest_tx(g, g->buf_ref[0], 0, 60, 0, 0);
	guest_tx_push(g);
	guest_answer(g, 0);
	assert_int_equal(status(s), NETIF_RSP_OKAY);
	assert_int_equal(net_recv(g, out, sizeof(out), NULL), 60);
}

static void batch_in_order(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	unsigned int i, id;

	for (i = 0; i < 40; i++) {
		fill(g->buf[i], 60 + i, i);
		guest_tx(g, g->buf_ref[i], 0, 60 + i, 0, 1000 + i);
	}
	guest_tx_push(g);
	turns(s->nb);
	assert_int_equal(guest_tx_responses(g), 40);
	for (i = 0; i < 40; i++) {
		assert_int_equal(guest_tx_status(g, &id), NETIF_RSP_OKAY);
		assert_int_equal(id, 1000 + i);
		assert_int_equal(net_recv(g, out, sizeof(out), NULL), 60 + i);
		assert_memory_equal(out, g->buf[i], 60 + i);
	}
	assert_int_equal(fake_dom_port_raised(g->dom, g->slot.port[0]), 2);
}

/* More than the ring, the batch and the socket hold, in many rounds. */
static void ring_wraps_many_times(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	unsigned int round, i;

	for (round = 0; round < 100; round++) {
		for (i = 0; i < 50; i++) {
			memset(g->buf[i], (int)(round + i), 80);
			guest_tx(g, g->buf_ref[i], i, 80, 0, i);
		}
		guest_tx_push(g);
		for (i = 0; i < 50; i++) {
			assert_int_equal(status(s), NETIF_RSP_OKAY);
			assert_int_equal(net_recv(g, out, sizeof(out), NULL),
					 80);
		}
	}
	assert_int_equal(the_vif(s)->stats.tx_packets, 5000);
}

static void full_ring_uses_budget(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	unsigned int i;

	for (i = 0; i < 256; i++)
		guest_tx(g, g->buf_ref[0], 0, 60, 0, i);
	guest_tx_push(g);
	nbl_turn(s->nb, 0);
	assert_int_equal(guest_tx_responses(g), NBL_VIF_BUDGET);
	turns(s->nb);
	assert_int_equal(guest_tx_responses(g), 256);
	assert_int_equal(the_vif(s)->stats.budget_spent, 3);
}

static void several_slots(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;

	fill(g->buf[0], 4096, 3);
	fill(g->buf[1], 4096, 4);
	guest_tx(g, g->buf_ref[0], 4000, 1000, NETTXF_more_data, 1);
	guest_tx(g, g->buf_ref[1], 100, 904, 0, 2);
	guest_tx_push(g);
	assert_int_equal(status(s), NETIF_RSP_OKAY);
	assert_int_equal(status(s), NETIF_RSP_OKAY);
	assert_int_equal(net_recv(g, out, sizeof(out), NULL), 1000);
	assert_memory_equal(out, g->buf[0] + 4000, 96);
	assert_memory_equal(out + 96, g->buf[1] + 100, 904);
}

static void eighteen_one_byte_slots(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	unsigned int i;

	fill(g->buf[0], 18, 9);
	for (i = 0; i < 18; i++)
		guest_tx(g, g->buf_ref[0], i, i ? 1 : 18,
			 i < 17 ? NETTXF_more_data : 0, i);
	guest_tx_push(g);
	for (i = 0; i < 18; i++)
		assert_int_equal(status(s), NETIF_RSP_OKAY);
	assert_int_equal(net_recv(g, out, sizeof(out), NULL), 18);
	assert_memory_equal(out, g->buf[0], 18);
}

static void nineteen_slots_are_a_lie(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	unsigned int i;

	for (i = 0; i < 19; i++)
		guest_tx(g, g->buf_ref[0], i, i ? 1 : 60,
			 i < 18 ? NETTXF_more_data : 0, i);
	guest_tx_push(g);
	assert_broken(s, EPROTO);
}

static void endless_chain_is_a_lie(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	unsigned int i;

	for (i = 0; i < 256; i++)
		guest_tx(g, g->buf_ref[0], 0, 1, NETTXF_more_data, i);
	guest_tx_push(g);
	assert_broken(s, EPROTO);
}

static void chain_without_end_is_a_lie(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;

	guest_tx(g, g->buf_ref[0], 0, 200, NETTXF_more_data, 0);
	guest_tx(g, g->buf_ref[0], 0, 100, NETTXF_more_data, 1);
	guest_tx_push(g);
	assert_broken(s, EPROTO);
}

static void producer_overrun_is_a_lie(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;

	g->tx.sring->req_prod = 257;
	guest_notify(g);
	assert_broken(s, EPROTO);
}

static void producer_going_back_is_a_lie(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;

	guest_tx(g, g->buf_ref[0], 0, 60, 0, 0);
	guest_tx_push(g);
	assert_int_equal(status(s), NETIF_RSP_OKAY);
	g->tx.sring->req_prod = 0;
	guest_notify(g);
	assert_broken(s, EPROTO);
}

/* Indices that wrap past 2^32 are no lie; those of the guest are not used. */
static void response_indices_of_guest_are_ignored(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;

	g->tx.sring->rsp_prod = 0xdeadbeef;
	guest_tx(g, g->buf_ref[0], 0, 60, 0, 5);
	guest_tx_push(g);
	turns(s->nb);
	assert_int_equal(g->tx.sring->rsp_prod, 1);
	assert_int_equal(net_recv(g, out, sizeof(out), NULL), 60);
}

static void expect_error(struct test_state *s, unsigned int size,
			 unsigned int flags, uint32_t gref)
{
	struct test_guest *g = &s->guest;
	uint64_t dropped = the_vif(s)->stats.tx_dropped;

	guest_tx(g, gref, 0, size, flags, 3);
	guest_tx_push(g);
	assert_int_equal(status(s), NETIF_RSP_ERROR);
	assert_int_equal(net_recv(g, out, sizeof(out), NULL), -1);
	assert_int_equal(the_vif(s)->stats.tx_dropped, dropped + 1);
	/* and life goes on */
	guest_tx(g, g->buf_ref[0], 0, 60, 0, 4);
	guest_tx_push(g);
	assert_int_equal(status(s), NETIF_RSP_OKAY);
	assert_int_equal(net_recv(g, out, sizeof(out), NULL), 60);
}

static void bad_packets_are_answered(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	uint32_t other, readonly;

	expect_error(s, 0, 0, g->buf_ref[0]);
	expect_error(s, 13, 0, g->buf_ref[0]);
	expect_error(s, 1519, 0, g->buf_ref[0]);
	expect_error(s, 60, 0, 0);
	expect_error(s, 60, 0, 1023);
	expect_error(s, 60, 0, 0xffffffff);
	assert_int_equal(fake_dom_grant(g->dom, 5, g->buf[1], false, &other),
			 0);
	expect_error(s, 60, 0, other);
	/* nothing in there that has a checksum */
	expect_error(s, 60, NETTXF_csum_blank, g->buf_ref[0]);
	/* reading a read-only page is fine */
	assert_int_equal(fake_dom_grant(g->dom, FAKE_BACKEND, g->buf[1], true,
					&readonly), 0);
	guest_tx(g, readonly, 0, 60, 0, 4);
	guest_tx_push(g);
	assert_int_equal(status(s), NETIF_RSP_OKAY);
}

/* One bad reference in a batch fails its own packet alone. */
static void bad_gref_among_good(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;

	guest_tx(g, g->buf_ref[0], 0, 60, 0, 0);
	guest_tx(g, g->buf_ref[1], 0, 200, NETTXF_more_data, 1);
	guest_tx(g, 999, 0, 100, 0, 2);
	guest_tx(g, g->buf_ref[2], 0, 61, 0, 3);
	guest_tx_push(g);
	assert_int_equal(status(s), NETIF_RSP_OKAY);
	assert_int_equal(status(s), NETIF_RSP_ERROR);
	assert_int_equal(status(s), NETIF_RSP_ERROR);
	assert_int_equal(status(s), NETIF_RSP_OKAY);
	assert_int_equal(net_recv(g, out, sizeof(out), NULL), 60);
	assert_int_equal(net_recv(g, out, sizeof(out), NULL), 61);
	assert_int_equal(net_recv(g, out, sizeof(out), NULL), -1);
}

static void grant_copy_that_fails_is_an_error(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;

	guest_answer(g, NBL_VIF_FEATURES & ~XEN_NOXS_NET_F_STATIC);
	turns(s->nb);
	/* what an earlier packet left in the arena must not go out */
	fill(g->buf[0], 60, 1);
	guest_tx(g, g->buf_ref[0], 0, 60, 0, 0);
	guest_tx_push(g);
	assert_int_equal(status(s), NETIF_RSP_OKAY);
	assert_int_equal(net_recv(g, out, sizeof(out), NULL), 60);
	guest_tx(g, g->buf_ref[1], 0, 60, 0, 1);
	guest_tx_push(g);
	fake_fail_at(1);
	assert_int_equal(status(s), NETIF_RSP_ERROR);
	assert_true(fake_fail_hit());
	assert_int_equal(net_recv(g, out, sizeof(out), NULL), -1);
}

/* Each: one slot or chain that no honest frontend makes. */
TX_LIE(size_past_page, guest_tx(g, g->buf_ref[0], 4000, 97, 0, 0);)
TX_LIE(offset_and_size_wrap, guest_tx(g, g->buf_ref[0], 0xffff, 0xffff, 0, 0);)
TX_LIE(empty_fragment,
    guest_tx(g, g->buf_ref[0], 0, 100, NETTXF_more_data, 0);
    guest_tx(g, g->buf_ref[0], 0, 0, 0, 1);)
TX_LIE(first_fragment_empty,
    guest_tx(g, g->buf_ref[0], 0, 100, NETTXF_more_data, 0);
    guest_tx(g, g->buf_ref[0], 0, 100, 0, 1);)
TX_LIE(fragments_longer_than_packet,
    guest_tx(g, g->buf_ref[0], 0, 100, NETTXF_more_data, 0);
    guest_tx(g, g->buf_ref[0], 0, 4000, 0, 1);)
TX_LIE(fragment_past_page,
    guest_tx(g, g->buf_ref[0], 0, 1000, NETTXF_more_data, 0);
    guest_tx(g, g->buf_ref[0], 4095, 2, 0, 1);)
TX_LIE(unknown_flag, guest_tx(g, g->buf_ref[0], 0, 60, 1u << 15, 0);)

static void chain_without_sg_is_a_lie(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;

	guest_answer(g, XEN_NOXS_NET_F_CSUM4);
	turns(s->nb);
	assert_int_equal(guest_sees(g), XEN_NOXS_STATE_CONNECTED);
	guest_tx(g, g->buf_ref[0], 0, 100, NETTXF_more_data, 0);
	guest_tx(g, g->buf_ref[0], 0, 50, 0, 1);
	guest_tx_push(g);
	assert_broken(s, EPROTO);
}

/* The honest packets before a lie are sent, the rings let go of after. */
static void lie_costs_its_own_device_only(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest, other = { .tap = -1 };
	char err[NBL_ERROR_SIZE];

	fake_dom_create(2);
	assert_int_equal(attach(s->nb, 2, 0, err), 0);
	guest_find_device(&other, 2, 0);
	guest_make_rings(&other);
	guest_answer(&other, 0);
	turns(s->nb);
	guest_tx(g, g->buf_ref[0], 0, 60, 0, 0);
	guest_tx(g, g->buf_ref[0], 0, 61, 1u << 9, 0);
	guest_tx_push(g);
	guest_tx(&other, other.buf_ref[0], 0, 62, 0, 0);
	guest_tx_push(&other);
	turns(s->nb);
	assert_int_equal(guest_sees(g), XEN_NOXS_STATE_CLOSED);
	assert_int_equal(net_recv(g, out, sizeof(out), NULL), 60);
	assert_int_equal(net_recv(g, out, sizeof(out), NULL), -1);
	assert_int_equal(guest_sees(&other), XEN_NOXS_STATE_CONNECTED);
	assert_int_equal(guest_tx_status(&other, NULL), NETIF_RSP_OKAY);
	assert_int_equal(net_recv(&other, out, sizeof(out), NULL), 62);
	guest_forget(&other);
}

/* A guest that raises its port for ever gets one run a turn. */
static void event_storm_starves_nobody(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	uint64_t before = the_vif(s)->stats.events;
	unsigned int i;

	for (i = 0; i < 1000; i++)
		guest_notify(g);
	turns(s->nb);
	assert_true(the_vif(s)->stats.events - before <= 2);
}

static void nobody_listens_to_a_liar(void **state)
{
	struct test_state *s = *state;
	uint64_t before;
	int i;

	s->guest.tx.sring->req_prod = 1000;
	guest_notify(&s->guest);
	assert_broken(s, EPROTO);
	before = the_vif(s)->stats.events;
	for (i = 0; i < 100; i++) {
		guest_notify(&s->guest);
		nbl_turn(s->nb, 0);
	}
	assert_int_equal(the_vif(s)->stats.events, before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define CONN(fn) cmocka_unit_test_setup_teardown(fn, setup_connected, \
						 teardown_backend)
#define ATT(fn) cmocka_unit_test_setup_teardown(fn, setup_attached, \
						teardown_backend)
		CONN(one_packet),
		ATT(packets_before_connect_leave_first),
		CONN(batch_in_order),
		CONN(ring_wraps_many_times),
		CONN(full_ring_uses_budget),
		CONN(several_slots),
		CONN(eighteen_one_byte_slots),
		CONN(nineteen_slots_are_a_lie),
		CONN(endless_chain_is_a_lie),
		CONN(chain_without_end_is_a_lie),
		CONN(producer_overrun_is_a_lie),
		CONN(producer_going_back_is_a_lie),
		CONN(response_indices_of_guest_are_ignored),
		CONN(bad_packets_are_answered),
		CONN(bad_gref_among_good),
		cmocka_unit_test_setup_teardown(grant_copy_that_fails_is_an_error,
						setup_attached,
						teardown_backend),
		CONN(size_past_page),
		CONN(offset_and_size_wrap),
		CONN(empty_fragment),
		CONN(first_fragment_empty),
		CONN(fragments_longer_than_packet),
		CONN(fragment_past_page),
		CONN(unknown_flag),
		ATT(chain_without_sg_is_a_lie),
		CONN(lie_costs_its_own_device_only),
		CONN(event_storm_starves_nobody),
		CONN(nobody_listens_to_a_liar),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("netback-tx", tests, NULL, NULL);
}

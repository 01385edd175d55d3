// SPDX-License-Identifier: BSD-2-Clause
/*
 * Buffers that stay mapped: when they are, when not, who gives way.  Here 8
 * copies are busy, and 160 pages are all that there are (dir.mk).  That frames
 * are what they are without, tx.c, rx.c and gso.c show.
 */
#include "harness.h"

#include <stdio.h>

#define RINGS	2u	/* pages of a vif that are always mapped */
#define LIST	512u

static uint8_t out[8192];

static unsigned int pages_mapped(void)
{
	struct fake_usage u;

	fake_host_usage(&u);
	return u.grant_maps;
}

/* One frame each way, from and into a buffer of this reference. */
static void exchange(struct test_state *s, struct test_guest *g, unsigned int i)
{
	struct netif_rx_response rsp;

	memset(g->buf[i], (int)i + 1, 100);
	guest_tx(g, g->buf_ref[i], 0, 100, 0, i);
	guest_tx_push(g);
	turns(s->nb);
	assert_int_equal(guest_tx_status(g, NULL), NETIF_RSP_OKAY);
	assert_int_equal(net_recv(g, out, sizeof(out), NULL), 100);
	assert_memory_equal(out, g->buf[i], 100);
	guest_rx_post(g, 1);
	memset(out, 0x55, 90);
	net_send(g, out, 90, NULL);
	turns(s->nb);
	guest_rx_response(g, &rsp);
	assert_int_equal(rsp.status, 90);
	assert_memory_equal(g->buf[rsp.id], out, 90);
}

static void prove_busy(struct test_state *s, struct test_guest *g)
{
	unsigned int i;

	for (i = 0; i < 10; i++)
		exchange(s, g, i);
}

static void mapped_when_busy(void **state)
{
	struct test_state *s = *state;

	exchange(s, &s->guest, 0);
	exchange(s, &s->guest, 1);
	assert_int_equal(pages_mapped(), RINGS);
	assert_int_equal(nbl_mapped_pages(&the_vif(s)->queue[0].mapped), 0);
	prove_busy(s, &s->guest);
	assert_int_equal(pages_mapped(), RINGS + GUEST_BUFFERS);
	assert_int_equal(nbl_mapped_pages(&the_vif(s)->queue[0].mapped), GUEST_BUFFERS);
	exchange(s, &s->guest, 2);
}

static void never_without_the_feature(void **state)
{
	struct test_state *s = *state;

	guest_answer(&s->guest, NBL_VIF_FEATURES & ~XEN_NOXS_NET_F_STATIC);
	turns(s->nb);
	prove_busy(s, &s->guest);
	assert_int_equal(pages_mapped(), RINGS);
}

static void let_go_of_before_closed(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	unsigned int i;

	prove_busy(s, g);
	guest_say(g, XEN_NOXS_STATE_CLOSING);
	turns(s->nb);
	assert_int_equal(guest_sees(g), XEN_NOXS_STATE_CLOSED);
	assert_int_equal(nbl_mapped_pages(&the_vif(s)->queue[0].mapped), 0);
	for (i = 0; i < GUEST_BUFFERS; i++)
		assert_int_equal(fake_dom_grant_end(g->dom, g->buf_ref[i]), 0);
}

/* Some pages are granted read-only, as those of frames that leave are. */
static void read_only_pages(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	struct netif_rx_response rsp;

	fake_dom_grant_end(g->dom, g->buf_ref[20]);
	fake_dom_grant(g->dom, FAKE_BACKEND, g->buf[20], true, &g->buf_ref[20]);
	g->list[20].ref = g->buf_ref[20];
	g->list[20].flags = XEN_NOXS_NET_STATIC_RO;
	guest_answer(g, NBL_VIF_FEATURES);
	turns(s->nb);
	prove_busy(s, g);
	assert_int_equal(pages_mapped(), RINGS + GUEST_BUFFERS);
	guest_tx(g, g->buf_ref[20], 0, 100, 0, 0);
	guest_tx_push(g);
	turns(s->nb);
	assert_int_equal(guest_tx_status(g, NULL), NETIF_RSP_OKAY);
	/* Posted nevertheless: the copy fails, as Xen's would. */
	while (g->rx.req_prod_pvt % GUEST_BUFFERS != 20) {
		guest_rx_post(g, 1);
		net_send(g, out, 90, NULL);
		turns(s->nb);
		guest_rx_response(g, &rsp);
		assert_int_equal(rsp.status, 90);
	}
	guest_rx_post(g, 1);
	net_send(g, out, 90, NULL);
	turns(s->nb);
	guest_rx_response(g, &rsp);
	assert_int_equal(rsp.id, 20);
	assert_int_equal(rsp.status, NETIF_RSP_ERROR);
}

/* A buffer that is not in the list is copied by grant, between two that are. */
static void pages_that_are_not_listed(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	unsigned int i;

	guest_answer(g, NBL_VIF_FEATURES);
	g->front->list[0].nr = 8;
	turns(s->nb);
	prove_busy(s, g);
	assert_int_equal(pages_mapped(), RINGS + 8);
	for (i = 0; i < 3; i++)
		memset(g->buf[6 + i], (int)i + 1, 100);
	guest_tx(g, g->buf_ref[6], 0, 300, NETTXF_more_data, 1);
	guest_tx(g, g->buf_ref[8], 0, 100, NETTXF_more_data, 2);
	guest_tx(g, g->buf_ref[7], 0, 100, 0, 3);
	guest_tx_push(g);
	turns(s->nb);
	assert_int_equal(net_recv(g, out, sizeof(out), NULL), 300);
	assert_int_equal(out[0], 1);
	assert_int_equal(out[100], 3);
	assert_int_equal(out[200], 2);
}

/* --- what is wrong with a list, and costs the guest nothing but the mapping ----- */

static void expect_copies(struct test_state *s)
{
	guest_answer(&s->guest, NBL_VIF_FEATURES);
	turns(s->nb);
	prove_busy(s, &s->guest);
	prove_busy(s, &s->guest);
	assert_int_equal(pages_mapped(), RINGS);
	assert_false(the_vif(s)->broken);
}

static void list_of_nobodys_pages(void **state)
{
	struct test_state *s = *state;

	s->guest.list[63].ref = 1000;
	expect_copies(s);
}

static void list_with_one_twice(void **state)
{
	struct test_state *s = *state;

	s->guest.list[63].ref = s->guest.list[0].ref;
	expect_copies(s);
}

static void list_with_unknown_flags(void **state)
{
	struct test_state *s = *state;

	s->guest.list[1].flags = 2;
	expect_copies(s);
}

static void list_that_is_not_granted(void **state)
{
	struct test_state *s = *state;

	assert_int_equal(fake_dom_grant_end(s->guest.dom, s->guest.list_ref),
			 0);
	expect_copies(s);
}

/* --- what is a lie --------------------------------------------------------------- */

static void list_of_too_many(void **state)
{
	struct test_state *s = *state;

	guest_answer(&s->guest, NBL_VIF_FEATURES);
	s->guest.front->list[0].nr = LIST + 1;
	assert_broken(s, EPROTO);
}

static void list_of_none(void **state)
{
	struct test_state *s = *state;

	guest_answer(&s->guest, NBL_VIF_FEATURES);
	s->guest.front->list[0].nr = 0;
	assert_broken(s, EPROTO);
}

static void area_too_short_for_it(void **state)
{
	struct test_state *s = *state;

	guest_answer(&s->guest, NBL_VIF_FEATURES);
	s->guest.front->hdr.size = offsetof(struct xen_noxs_net_front, list);
	assert_broken(s, EPROTO);
}

/* --- who gives way ---------------------------------------------------------------- */

/* Room is for two vifs and a half. */
static void an_idle_one_gives_way(void **state)
{
	struct test_state *s = *state;
	struct test_guest g[3];
	char err[NBL_ERROR_SIZE];
	unsigned int i;

	memset(g, 0, sizeof(g));
	for (i = 0; i < 3; i++) {
		fake_dom_create((uint16_t)(10 + i));
		assert_int_equal(attach(s->nb, (uint16_t)(10 + i), 0, err), 0);
		guest_find_device(&g[i], (uint16_t)(10 + i), 0);
		guest_make_rings(&g[i]);
		guest_answer(&g[i], NBL_VIF_FEATURES);
		turns(s->nb);
	}
	prove_busy(s, &g[0]);
	prove_busy(s, &g[1]);
	assert_int_equal(s->nb->mapped.nr_pages, 2 * GUEST_BUFFERS);
	/* Both were used: the third asks once in vain, then takes the first. */
	prove_busy(s, &g[2]);
	exchange(s, &g[1], 0);
	prove_busy(s, &g[2]);
	assert_int_equal(s->nb->mapped.nr_pages, 2 * GUEST_BUFFERS);
	assert_int_equal(fake_dom_grant_end(g[0].dom, g[0].buf_ref[0]), 0);
	assert_int_equal(fake_dom_grant_end(g[1].dom, g[1].buf_ref[0]),
			 -EBUSY);
	assert_int_equal(fake_dom_grant_end(g[2].dom, g[2].buf_ref[0]),
			 -EBUSY);
	/* It goes on, and is served as before. */
	exchange(s, &g[0], 3);
	for (i = 0; i < 3; i++)
		guest_forget(&g[i]);
}

/* Nothing is left of a try that failed, whichever call it was. */
static void every_call_may_fail(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	unsigned int n, i;
	bool hit;

	for (n = 1, hit = true; hit; n++) {
		assert_in_range(n, 1, 100);
		SHARED_RING_INIT(g->tx.sring);
		SHARED_RING_INIT(g->rx.sring);
		FRONT_RING_INIT(&g->tx, g->tx.sring, FAKE_PAGE);
		FRONT_RING_INIT(&g->rx, g->rx.sring, FAKE_PAGE);
		guest_answer(g, NBL_VIF_FEATURES);
		turns(s->nb);
		the_vif(s)->queue[0].mapped.copies = 8;
		guest_tx(g, g->buf_ref[0], 0, 100, 0, 0);
		count_allocs(true);
		fake_fail_at(n);
		guest_tx_push(g);
		turns(s->nb);
		hit = fake_fail_hit();
		fake_fail_at(0);
		count_allocs(false);
		for (i = 0; i < 10; i++)
			net_recv(g, out, sizeof(out), NULL);
		guest_say(g, XEN_NOXS_STATE_CLOSING);
		turns(s->nb);
		assert_int_equal(pages_mapped(), 0);
		assert_int_equal(s->nb->mapped.nr_pages, 0);
		guest_say(g, XEN_NOXS_STATE_CLOSED);
		turns(s->nb);
	}
	assert_true(n > 4);	/* memory, the list, two areas */
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup_connected, \
						 teardown_backend)
#define FRESH(fn) cmocka_unit_test_setup_teardown(fn, setup_attached, \
						  teardown_backend)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(mapped_when_busy),
		FRESH(never_without_the_feature),
		TEST(let_go_of_before_closed),
		FRESH(read_only_pages),
		FRESH(pages_that_are_not_listed),
		FRESH(list_of_nobodys_pages),
		FRESH(list_with_one_twice),
		FRESH(list_with_unknown_flags),
		FRESH(list_that_is_not_granted),
		FRESH(list_of_too_many),
		FRESH(list_of_none),
		FRESH(area_too_short_for_it),
		cmocka_unit_test_setup_teardown(an_idle_one_gives_way,
						setup_backend,
						teardown_backend),
		FRESH(every_call_may_fail),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("netback-mapped", tests, NULL, NULL);
}

// SPDX-License-Identifier: BSD-2-Clause
/* The limits of a vif. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define FRAME		1000u
#define INTERVAL_MS	40

static uint8_t out[2048];

/* Until the next interval has begun, and been seen. */
static void next_interval(struct nbl *nb)
{
	const struct timespec ts = { .tv_nsec = (INTERVAL_MS + 5) * 1000000 };

	nanosleep(&ts, NULL);
	assert_int_equal(nbl_turn(nb, 0), 0);
	turns(nb);
}

static void limit_all(struct test_state *s, uint64_t tx_bytes,
		      uint64_t tx_frames, uint64_t rx_bytes, uint64_t rx_frames)
{
	const uint64_t amount[NOXS_NETBACK_NR_LIMITS] = {
		tx_bytes, tx_frames, rx_bytes, rx_frames
	};
	struct noxs_netback_limit l[NOXS_NETBACK_NR_LIMITS];
	struct nbl_vif *vif = the_vif(s);
	unsigned int i;

	for (i = 0; i < NOXS_NETBACK_NR_LIMITS; i++)
		l[i] = (struct noxs_netback_limit){
			.amount = amount[i],
			.interval_us = amount[i] ? INTERVAL_MS * 1000 : 0,
		};
	nbl_rate_set(&vif->tx_rate, &l[NOXS_NETBACK_TX_BYTES],
		     &l[NOXS_NETBACK_TX_FRAMES]);
	nbl_rate_set(&vif->rx_rate, &l[NOXS_NETBACK_RX_BYTES],
		     &l[NOXS_NETBACK_RX_FRAMES]);
}

static void limit(struct test_state *s, uint64_t bytes)
{
	limit_all(s, bytes, 0, 0, 0);
}

static void push(struct test_guest *g, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		guest_tx(g, g->buf_ref[i], 0, FRAME, 0, i);
	guest_tx_push(g);
}

static unsigned int answered(struct test_guest *g)
{
	unsigned int n = 0;

	while (guest_tx_responses(g)) {
		assert_int_equal(guest_tx_status(g, NULL), NETIF_RSP_OKAY);
		assert_int_equal(net_recv(g, out, sizeof(out), NULL), FRAME);
		n++;
	}
	return n;
}

/* An interval's worth at once, and not more until the next begins. */
static void test_burst(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	unsigned int got, more;

	limit(s, 5 * FRAME);
	push(g, 12);
	turns(s->nb);
	got = answered(g);
	/* The interval may have ended in between, on a busy machine. */
	assert_in_range(got, 5, 11);
	assert_true(the_vif(s)->stats.tx_throttled > 0);
	assert_true(nbl_rate_timeout(s->nb, -1) <= INTERVAL_MS);
	next_interval(s->nb);
	more = answered(g);
	assert_in_range(more, 1, 12 - got);
	while (got + more < 12) {
		next_interval(s->nb);
		more += answered(g);
	}
	/* Nothing is left to wait for. */
	next_interval(s->nb);
	assert_int_equal(nbl_rate_timeout(s->nb, -1), -1);
}

/* Over many intervals it is the rate that was asked for. */
static void test_mean(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	struct timespec begin, now;
	unsigned int sent = 0, i = 0;
	double seconds, mean;

	limit(s, 3 * FRAME + 500);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	do {
		while (i - sent < 16) {
			guest_tx(g, g->buf_ref[i % 32], 0, FRAME, 0, i % 32);
			i++;
		}
		guest_tx_push(g);
		guest_notify(g);
		nbl_turn(s->nb, 5);
		turns(s->nb);
		sent += answered(g);
		clock_gettime(CLOCK_MONOTONIC, &now);
		seconds = (double)(now.tv_sec - begin.tv_sec) +
			  (double)(now.tv_nsec - begin.tv_nsec) / 1e9;
	} while (seconds < 1.2);
	mean = sent * FRAME / seconds;
	/* 3,500 bytes in 40 ms; the first interval's worth comes on top. */
	if (mean > 87500 * 1.10)
		fail_msg("%.0f bytes a second", mean);
	assert_true(sent > 10);
}

/* A frame that is larger than the bucket goes, and is paid for after. */
static void test_debt(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	unsigned int got;

	limit(s, 300);
	push(g, 2);
	turns(s->nb);
	got = answered(g);
	assert_int_equal(got, 1);
	assert_true(the_vif(s)->tx_rate.bytes.credit < 0);
	while (got < 2) {
		next_interval(s->nb);
		got += answered(g);
	}
}

/* One that waits goes like any other. */
static void test_detached_while_waiting(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;

	limit(s, 300);
	push(g, 4);
	turns(s->nb);
	assert_int_equal(answered(g), 1);
	assert_true(the_vif(s)->tx_rate.waiting);
	nbl_vif_detach(the_vif(s));
	turns(s->nb);
	assert_int_equal(nbl_rate_timeout(s->nb, -1), -1);
}

static void test_no_limit(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;

	push(g, 32);
	turns(s->nb);
	assert_int_equal(answered(g), 32);
	assert_int_equal(the_vif(s)->stats.tx_throttled, 0);
}

/* Frames, however small they are. */
static void test_frames(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	unsigned int i, got;

	limit_all(s, 1000000, 3, 0, 0);
	for (i = 0; i < 8; i++)
		guest_tx(g, g->buf_ref[i], 0, 60, 0, i);
	guest_tx_push(g);
	turns(s->nb);
	got = guest_tx_responses(g);
	assert_in_range(got, 3, 7);
	assert_int_equal(the_vif(s)->stats.tx_throttled, 1);
	for (i = 0; i < 20 && guest_tx_responses(g) < 8; i++)
		next_interval(s->nb);
	assert_int_equal(guest_tx_responses(g), 8);
	assert_true(i > 0);
}

static unsigned int received(struct test_guest *g)
{
	struct netif_rx_response rsp;
	unsigned int n = 0;

	for (; guest_rx_responses(g); n++) {
		guest_rx_response(g, &rsp);
		assert_int_equal(rsp.status, FRAME);
	}
	return n;
}

/* What is for the guest waits in its TAP, and comes in order, all of it. */
static void receive(struct test_state *s, unsigned int most)
{
	struct test_guest *g = &s->guest;
	unsigned int i, got;

	guest_rx_post(g, 32);
	for (i = 0; i < 12; i++)
		net_send(g, out, FRAME, NULL);
	turns(s->nb);
	got = received(g);
	assert_in_range(got, most, 11);
	assert_true(the_vif(s)->stats.rx_throttled > 0);
	assert_int_equal(the_vif(s)->stats.tx_throttled, 0);
	assert_in_range(nbl_rate_timeout(s->nb, -1), 0, INTERVAL_MS);
	for (i = 0; i < 20 && got < 12; i++) {
		next_interval(s->nb);
		got += received(g);
	}
	assert_int_equal(got, 12);
	assert_int_equal(the_vif(s)->stats.rx_dropped, 0);
	next_interval(s->nb);
	assert_int_equal(nbl_rate_timeout(s->nb, -1), -1);
}

static void test_rx_bytes(void **state)
{
	struct test_state *s = *state;

	limit_all(s, 0, 0, 4 * FRAME, 0);
	receive(s, 4);
}

static void test_rx_frames(void **state)
{
	struct test_state *s = *state;

	limit_all(s, 0, 0, 0, 4);
	receive(s, 4);
}

/* One way that waits does not keep the other one waiting. */
static void test_ways_apart(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;

	limit_all(s, 0, 1, 0, 1);
	push(g, 4);
	guest_rx_post(g, 8);
	net_send(g, out, FRAME, NULL);
	net_send(g, out, FRAME, NULL);
	turns(s->nb);
	assert_true(the_vif(s)->tx_rate.waiting);
	assert_true(the_vif(s)->rx_rate.waiting);
	assert_in_range(answered(g), 1, 3);
	limit_all(s, 0, 1, 0, 0);
	nbl_vif_detach(the_vif(s));
	turns(s->nb);
	assert_int_equal(nbl_rate_timeout(s->nb, -1), -1);
}

static void test_request(void **state)
{
	struct noxs_netback_request req;
	char err[NBL_ERROR_SIZE];
	unsigned int i;

	(void)state;
	for (i = 0; i < NOXS_NETBACK_NR_LIMITS; i++) {
		request_init(&req, 1, 0);
		assert_int_equal(nbl_attach_check(&req, err), 0);
		req.limit[i].amount = 1;
		assert_int_equal(nbl_attach_check(&req, err), -EINVAL);
		req.limit[i].interval_us = 50000;
		assert_int_equal(nbl_attach_check(&req, err), 0);
		req.flags = NOXS_NETBACK_SPARE;
		memset(req.mac, 0, sizeof(req.mac));
		assert_int_equal(nbl_attach_check(&req, err), -EINVAL);
		request_init(&req, 1, 0);
		req.limit[i].interval_us = 50000;
		assert_int_equal(nbl_attach_check(&req, err), -EINVAL);
		req.limit[i].amount = UINT64_MAX;
		assert_int_equal(nbl_attach_check(&req, err), -EINVAL);
		req.limit[i].amount = 1;
		req.limit[i].pad = 1;
		assert_int_equal(nbl_attach_check(&req, err), -EINVAL);
	}
	request_init(&req, 1, 0);
	req.idle_ms = 1;
	assert_int_equal(nbl_attach_check(&req, err), -EINVAL);
}

/* From the request to the vif. */
static void test_attach(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_request req;
	char err[NBL_ERROR_SIZE];
	struct nbl_vif *vif;

	request_init(&req, 1, 1);
	req.limit[NOXS_NETBACK_RX_FRAMES].amount = 7;
	req.limit[NOXS_NETBACK_RX_FRAMES].interval_us = 50000;
	assert_int_equal(nbl_vif_attach(s->nb, &req, &vif, err), 0);
	assert_false(vif->tx_rate.on);
	assert_true(vif->rx_rate.on);
	assert_int_equal(vif->rx_rate.frames.amount, 7);
	assert_int_equal(vif->rx_rate.frames.interval_ns, 50000000);
	assert_true(vif->rx_rate.bytes.credit > INT64_MAX / 4);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup_connected, \
						teardown_backend)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_burst), T(test_mean), T(test_debt),
		T(test_detached_while_waiting), T(test_no_limit),
		T(test_frames), T(test_rx_bytes), T(test_rx_frames),
		T(test_ways_apart), T(test_request), T(test_attach),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

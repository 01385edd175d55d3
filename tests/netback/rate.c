// SPDX-License-Identifier: BSD-2-Clause
/* The limit on what a guest may send. */
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

static void limit(struct test_state *s, uint64_t bytes)
{
	struct nbl_vif *vif = the_vif(s);

	vif->rate.bytes = bytes;
	vif->rate.interval_ns = INTERVAL_MS * 1000000;
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
	assert_true(the_vif(s)->rate.credit < 0);
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
	assert_true(the_vif(s)->rate.waiting);
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

static void test_request(void **state)
{
	struct noxs_netback_request req;
	char err[NBL_ERROR_SIZE];

	(void)state;
	request_init(&req, 1, 0);
	assert_int_equal(nbl_attach_check(&req, err), 0);
	req.rate_bytes = 1;
	assert_int_equal(nbl_attach_check(&req, err), -EINVAL);
	req.rate_interval_us = 50000;
	assert_int_equal(nbl_attach_check(&req, err), 0);
	req.rate_bytes = 0;
	assert_int_equal(nbl_attach_check(&req, err), -EINVAL);
	req.rate_bytes = UINT64_MAX;
	assert_int_equal(nbl_attach_check(&req, err), -EINVAL);
	req.rate_bytes = 1;
	req.idle_ms = 1;
	assert_int_equal(nbl_attach_check(&req, err), -EINVAL);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup_connected, \
						teardown_backend)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_burst), T(test_mean), T(test_debt),
		T(test_detached_while_waiting), T(test_no_limit),
		T(test_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

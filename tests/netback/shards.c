// SPDX-License-Identifier: BSD-2-Clause
/* Guests shared out among threads (shard.h); under the thread sanitizer as well. */
#include "harness.h"

#include <connection.h>
#include <pthread.h>
#include <shard.h>
#include <stdlib.h>

#define SHARDS	3u
#define GUESTS	7u	/* domains 1 to this */

static int setup_shards(void **state)
{
	struct test_state *s = calloc(1, sizeof(*s));
	const char *step;
	unsigned int i;

	assert_non_null(s);
	fake_host_create();
	fake_bridge_add(TEST_BRIDGE, 1500);
	nbl_log_start(NBL_ERROR, false);
	assert_int_equal(nbl_open_confined(&s->nb, SHARDS, &step, NULL, NULL),
			 0);
	for (i = 1; i <= GUESTS; i++)
		fake_dom_create((uint16_t)i);
	*state = s;
	return 0;
}

static int ask(struct test_state *s, uint16_t op, uint16_t domid,
	       struct noxs_netback_reply *reply)
{
	struct noxs_netback_request req;
	struct nbl_control ctl = { .nb = s->nb };
	struct nbl_connection conn = { .ctl = &ctl, .id = 9 };

	request_init(&req, domid, 0);
	if (op != NOXS_NETBACK_ATTACH) {
		memset(req.mac, 0, sizeof(req.mac));
		memset(req.bridge, 0, sizeof(req.bridge));
	}
	req.op = op;
	assert_int_equal(nbl_request(&conn, &req, reply), 0);
	return reply->rc;
}

static void attach_all(struct test_state *s)
{
	struct noxs_netback_reply reply;
	unsigned int i;

	for (i = 1; i <= GUESTS; i++)
		assert_int_equal(ask(s, NOXS_NETBACK_ATTACH, (uint16_t)i,
				     &reply), 0);
	assert_int_equal(nbl_vifs(s->nb), GUESTS);
}

/* The shard where each guest has to be knows it; no other one does. */
static void look(struct nbl *nb, void *arg)
{
	unsigned int *nr = arg, i;

	for (i = 1; i <= GUESTS; i++)
		assert_int_equal(nbl_guest_find(nb, (uint16_t)i) != NULL,
				 i % SHARDS == *nr);
	++*nr;
}

static void guests_are_shared_out(struct test_state *s)
{
	unsigned int nr = 0;

	nbl_shards_each(s->nb, look, &nr);
	assert_int_equal(nr, SHARDS);
}

/* Clients see one backend: vifs in the order of domains. */
static void clients_see_one(struct test_state *s)
{
	struct noxs_netback_reply reply = { .domid = 0 };
	uint16_t next = 0;
	unsigned int n;

	for (n = 0; !ask(s, NOXS_NETBACK_STATS, next, &reply); n++) {
		assert_int_equal(reply.domid, n + 1);
		next = (uint16_t)(reply.domid + 1);
	}
	assert_int_equal(n, GUESTS);
	assert_int_equal(ask(s, NOXS_NETBACK_ATTACH, 4, &reply), -EEXIST);
	assert_int_equal(ask(s, NOXS_NETBACK_DETACH, 99, &reply), -ENOENT);
	assert_int_equal(ask(s, NOXS_NETBACK_LISTEN, 0, &reply), -EOPNOTSUPP);
	assert_non_null(strstr(reply.error, "--threads"));
}

static void one_dies(struct test_state *s, uint16_t domid)
{
	struct fake_domain *dom = fake_dom_find(domid);
	unsigned int had = nbl_vifs(s->nb), n;

	fake_dom_kill(dom);
	for (n = 0; nbl_vifs(s->nb) == had && n < 100; n++)
		assert_int_equal(nbl_turn(s->nb, 10), 0);
	assert_int_equal(nbl_vifs(s->nb), had - 1);
	fake_dom_vanish(dom);
}

static void detach_all(struct test_state *s, unsigned int but)
{
	struct noxs_netback_reply reply;
	unsigned int i;

	for (i = 1; i <= GUESTS; i++)
		assert_int_equal(ask(s, NOXS_NETBACK_DETACH, (uint16_t)i,
				     &reply), i == but ? -ENOENT : 0);
	assert_int_equal(nbl_vifs(s->nb), 0);
	wait_taps(s->nb, 0);
	assert_nothing_held();
}

static void without_threads(void **state)
{
	struct test_state *s = *state;

	attach_all(s);
	guests_are_shared_out(s);
	clients_see_one(s);
	one_dies(s, 5);
	detach_all(s, 5);
}

static void with_threads(void **state)
{
	struct test_state *s = *state;

	assert_int_equal(nbl_shards_start(s->nb), 0);
	attach_all(s);
	guests_are_shared_out(s);
	clients_see_one(s);
	one_dies(s, 5);
	detach_all(s, 5);
	nbl_shards_stop(s->nb);
}

static void who(struct nbl *nb, void *arg)
{
	pthread_t **at = arg;

	(void)nb;
	*(*at)++ = pthread_self();
}

static void each_has_a_thread(void **state)
{
	struct test_state *s = *state;
	pthread_t t[SHARDS], *at = t;

	assert_int_equal(nbl_shards_start(s->nb), 0);
	nbl_shards_each(s->nb, who, &at);
	assert_true(pthread_equal(t[0], pthread_self()));
	assert_false(pthread_equal(t[1], pthread_self()));
	assert_false(pthread_equal(t[1], t[2]));
	at = t;
	nbl_shard_do(s->nb, SHARDS + 2, who, &at);
	assert_true(pthread_equal(t[0], t[2]));
	nbl_shards_stop(s->nb);
	at = t;
	nbl_shards_each(s->nb, who, &at);
	assert_true(pthread_equal(t[2], pthread_self()));
}

/* Vifs that are there when threads begin and end, and when all is closed. */
static void vifs_outlive_threads(void **state)
{
	struct test_state *s = *state;

	attach_all(s);
	assert_int_equal(nbl_shards_start(s->nb), 0);
	guests_are_shared_out(s);
	nbl_shards_stop(s->nb);
	clients_see_one(s);
	assert_int_equal(nbl_shards_start(s->nb), 0);
	clients_see_one(s);
}

static void set_error(struct nbl *nb, void *arg)
{
	(void)arg;
	nb->error = -EIO;
}

static void failure_of_one_ends_all(void **state)
{
	struct test_state *s = *state;
	unsigned int n;
	int rc = 0;

	assert_int_equal(nbl_shards_start(s->nb), 0);
	nbl_shard_do(s->nb, 2, set_error, NULL);
	for (n = 0; !rc && n < 100; n++) {
		rc = nbl_turn(s->nb, 10);
		/* It looks when something wakes it. */
		nbl_shard_do(s->nb, 2, set_error, NULL);
	}
	assert_int_equal(rc, -EIO);
}

/* Each call that opening needs, failing: nothing is left. */
static void open_ladder(void **state)
{
	struct nbl *nb = NULL;
	struct fake_usage u;
	const char *step;
	unsigned int n;
	int rc;

	(void)state;
	fake_host_create();
	nbl_log_start(NBL_ERROR, false);
	for (n = 1; n < 60; n++) {
		fake_fail_at(n);
		count_allocs(true);
		rc = nbl_open_confined(&nb, SHARDS, &step, NULL, NULL);
		count_allocs(false);
		if (!rc)
			nbl_close(nb);
		fake_host_usage(&u);
		assert_int_equal(u.handles, 0);
		assert_int_equal(u.ports, 0);
		if (!fake_fail_hit())
			break;
	}
	assert_in_range(n, 20, 50);
	fake_host_destroy();
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_shards, \
						   teardown_backend)
	const struct CMUnitTest tests[] = {
		TEST(without_threads),
		TEST(with_threads),
		TEST(each_has_a_thread),
		TEST(vifs_outlive_threads),
		TEST(failure_of_one_ends_all),
		cmocka_unit_test(open_ladder),
	};

	return cmocka_run_group_tests_name("netback-shards", tests, NULL, NULL);
}

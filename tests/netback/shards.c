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
	int rc;

	request_init(&req, domid, 0);
	if (op != NOXS_NETBACK_ATTACH) {
		memset(req.mac, 0, sizeof(req.mac));
		memset(req.bridge, 0, sizeof(req.bridge));
	}
	req.op = op;
	/* A TAP of that name may still be closing. */
	while ((rc = nbl_request(&conn, &req, reply)) == -EINPROGRESS)
		assert_int_equal(nbl_turn(s->nb, 1), 0);
	assert_int_equal(rc, 0);
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

/* --- packets, while threads are asked things --------------------------------------- */

#define PACKETS	2000u	/* each way of each guest */
#define BURST	16u
#define PATIENCE 5000	/* ms */

#define TX_BUFFERS (GUEST_BUFFERS / 2)

struct talker {
	struct test_guest guest;
	uint8_t *buf[TX_BUFFERS];	/* the guest's own are for what it is given */
	uint32_t ref[TX_BUFFERS];
	unsigned int sent, seen;	/* from it, and at the TAP */
	unsigned int given, got;	/* to it */
};

static void turn_first(struct test_state *s)
{
	assert_int_equal(nbl_turn(s->nb, 1), 0);
}

static void connect_talker(struct test_state *s, struct talker *t, uint16_t domid)
{
	unsigned int i, n;

	memset(t, 0, sizeof(*t));
	guest_find_device(&t->guest, domid, 0);
	guest_make_rings(&t->guest);
	for (i = 0; i < TX_BUFFERS; i++) {
		t->buf[i] = fake_dom_pages_alloc(t->guest.dom, 1);
		assert_int_equal(fake_dom_grant(t->guest.dom, FAKE_BACKEND,
						t->buf[i], true, &t->ref[i]), 0);
	}
	guest_answer(&t->guest, NBL_VIF_FEATURES);
	for (n = 0; guest_sees(&t->guest) != XEN_NOXS_STATE_CONNECTED; n++) {
		assert_in_range(n, 0, PATIENCE);
		turn_first(s);
	}
}

/* A frame whose number and guest are in it. */
static void frame_of(const struct talker *t, unsigned int nr, uint8_t frame[60])
{
	memset(frame, (int)t->guest.domid, 60);
	memcpy(frame + 20, &nr, sizeof(nr));
}

static void from_talker(struct talker *t)
{
	struct test_guest *g = &t->guest;
	uint8_t frame[60], expected[60];
	unsigned int i, id;

	for (i = 0; i < BURST && t->sent < PACKETS &&
		    t->sent - t->seen < TX_BUFFERS; i++, t->sent++) {
		id = t->sent % TX_BUFFERS;
		frame_of(t, t->sent, frame);
		guest_write(t->buf[id], frame, sizeof(frame));
		guest_tx(g, t->ref[id], 0, 60, 0, id);
	}
	if (i)
		guest_tx_push(g);
	for (; net_recv(g, frame, sizeof(frame), NULL) == 60; t->seen++) {
		frame_of(t, t->seen, expected);
		assert_memory_equal(frame, expected, sizeof(frame));
	}
	while (guest_tx_responses(g))
		assert_int_equal(guest_tx_status(g, &id), NETIF_RSP_OKAY);
}

static void to_talker(struct talker *t)
{
	struct netif_rx_response rsp;
	struct test_guest *g = &t->guest;
	uint8_t frame[60];
	unsigned int i;

	if (!t->given)
		guest_rx_post(g, GUEST_BUFFERS / 2);
	for (i = 0; i < BURST && t->given < PACKETS &&
		    t->given - t->got < GUEST_BUFFERS / 2; i++, t->given++) {
		frame_of(t, t->given, frame);
		net_send(g, frame, sizeof(frame), NULL);
	}
	for (; guest_rx_responses(g); t->got++) {
		guest_rx_response(g, &rsp);
		assert_int_equal(rsp.status, 60);
		frame_of(t, t->got, frame);
		assert_memory_equal(g->buf[rsp.id] + rsp.offset, frame,
				    sizeof(frame));
		guest_rx_post(g, 1);
	}
}

/* One more guest comes and goes, and all are asked for their counters. */
static void disturb(struct test_state *s, unsigned int nr)
{
	struct noxs_netback_reply reply;
	uint16_t i;

	if (nr % 8)
		return;
	if (nr % 16)
		ask(s, NOXS_NETBACK_DETACH, GUESTS, &reply);
	else
		ask(s, NOXS_NETBACK_ATTACH, GUESTS, &reply);
	for (i = 1; i < GUESTS; i++)
		assert_int_equal(ask(s, NOXS_NETBACK_STATS, i, &reply), 0);
}

static void packets_of_all_threads(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_reply reply;
	static struct talker t[GUESTS];
	unsigned int i, n, done = 0, idle = 0;

	assert_int_equal(nbl_shards_start(s->nb), 0);
	for (i = 1; i < GUESTS; i++) {
		assert_int_equal(ask(s, NOXS_NETBACK_ATTACH, (uint16_t)i,
				     &reply), 0);
		connect_talker(s, &t[i], (uint16_t)i);
	}
	for (n = 0; done < 4 * PACKETS * (GUESTS - 1); n++) {
		unsigned int before = done;

		for (i = 1, done = 0; i < GUESTS; i++) {
			from_talker(&t[i]);
			to_talker(&t[i]);
			done += t[i].sent + t[i].seen + t[i].given + t[i].got;
		}
		turn_first(s);
		disturb(s, n);
		idle = done == before ? idle + 1 : 0;
		assert_in_range(idle, 0, PATIENCE);
	}
	for (i = 1; i < GUESTS; i++)
		guest_forget(&t[i].guest);
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
		TEST(packets_of_all_threads),
		TEST(failure_of_one_ends_all),
		cmocka_unit_test(open_ladder),
	};

	return cmocka_run_group_tests_name("netback-shards", tests, NULL, NULL);
}

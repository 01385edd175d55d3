// SPDX-License-Identifier: BSD-2-Clause
/*
 * A guest that changes what it shares while the backend looks at it: another
 * thread, at full speed, one class of lies each, beside a neighbour that behaves.
 * Under the thread sanitizer every access of the backend's to shared memory that
 * is not atomic is a report.
 */
#include "harness.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <switch.h>
#include <sys/socket.h>

#define TURNS		8000	/* of the backend, for each class */
#define MAX_TURNS	(50 * TURNS)	/* until a lie was told and found */
#define MAX_RENEWALS	100
#define PATIENCE	200	/* turns that a neighbour's frame may take */

struct peer {
	pthread_t thread;
	bool stop;		/* atomic */
	uint32_t port;		/* atomic: another one after an attach */
	uint32_t rnd;
	uint64_t steps;
	void (*step)(struct peer *p);
	struct fake_domain *dom;
	uint32_t *front, *tx, *rx, *list;
	const uint32_t *back;
	uint8_t **buf;
	const uint32_t *ref;
	uint32_t ring_ref[2], list_ref;
};

static uint32_t load(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static void store(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELAXED);
}

static uint32_t rnd(struct peer *p, uint32_t below)
{
	p->rnd = p->rnd * 1664525u + 1013904223u;
	return (p->rnd >> 8) % below;
}

static uint32_t rnd_word(struct peer *p)
{
	static const uint32_t near[] = {
		0, 1, 2, 3, 255, 256, 257, 4096, 0xffff, 0x10000, 0x80000000,
		0xffffffff,
	};

	return near[rnd(p, sizeof(near) / sizeof(near[0]))];
}

static void notify(struct peer *p)
{
	fake_dom_evtchn_notify(p->dom, load(&p->port));
}

/* Words of an area and of a ring. */
enum { STATE = 3, GENERATION = 4 };
enum { REQ_PROD, REQ_EVENT, RSP_PROD, RSP_EVENT, RING = 16 };

/* --- honest steps --------------------------------------------------------------- */

static void front_state(struct peer *p, uint32_t state)
{
	__atomic_store_n(&p->front[STATE], state, __ATOMIC_RELEASE);
	notify(p);
}

static void front_answer(struct peer *p)
{
	struct xen_noxs_net_front f = {
		.hdr = { .magic = XEN_NOXS_FRONT_MAGIC,
			 .version = XEN_NOXS_VERSION, .size = sizeof(f),
			 .features = NBL_VIF_FEATURES },
		.nr_queues = 1,
		.queue = { { .tx_ref = p->ring_ref[0],
			     .rx_ref = p->ring_ref[1] } },
		.list = { { .ref = p->list_ref, .nr = GUEST_BUFFERS } },
	};
	uint32_t word;
	size_t i;

	for (i = 0; i < sizeof(f) / sizeof(word); i++) {
		memcpy(&word, (const char *)&f + i * sizeof(word), sizeof(word));
		if (i != STATE)
			store(p->front + i, word);
	}
	store(&p->front[GENERATION], load(&p->back[GENERATION]));
	front_state(p, XEN_NOXS_STATE_CONNECTED);
}

static void rings_init(struct peer *p)
{
	int i;

	for (i = REQ_PROD; i <= RSP_EVENT; i++) {
		store(&p->tx[i], i & 1);
		store(&p->rx[i], i & 1);
	}
}

/* A request each way, if there is room by what the backend says. */
static void post(struct peer *p)
{
	uint32_t prod = load(&p->tx[REQ_PROD]), i = rnd(p, GUEST_BUFFERS);
	uint32_t *slot;

	if (prod - load(&p->tx[RSP_PROD]) < 200) {
		slot = p->tx + RING + prod % NBL_RING_SIZE * 3;
		store(slot, p->ref[i]);
		store(slot + 1, 0);		/* offset, flags */
		store(slot + 2, 60u << 16 | i);	/* id, size */
		__atomic_store_n(&p->tx[REQ_PROD], prod + 1, __ATOMIC_RELEASE);
	}
	prod = load(&p->rx[REQ_PROD]);
	if (prod - load(&p->rx[RSP_PROD]) < 200) {
		slot = p->rx + RING + prod % NBL_RING_SIZE * 2;
		store(slot, i);			/* id */
		store(slot + 1, p->ref[i]);
		__atomic_store_n(&p->rx[REQ_PROD], prod + 1, __ATOMIC_RELEASE);
	}
	notify(p);
}

/* --- classes of lies ------------------------------------------------------------- */

static void lie_indices(struct peer *p)
{
	uint32_t *ring = rnd(p, 2) ? p->tx : p->rx;

	post(p);
	if (rnd(p, 4) == 0)
		store(&ring[rnd(p, 4)], rnd_word(p));
}

/* Requests change after they were announced. */
static void lie_requests(struct peer *p)
{
	uint32_t word, size = NBL_RING_SIZE;

	post(p);
	word = rnd(p, 3) ? 1u << rnd(p, 32) : rnd_word(p);
	if (rnd(p, 2))
		store(p->tx + RING + rnd(p, size * 3), word);
	else
		store(p->rx + RING + rnd(p, size * 2), word);
}

static void lie_front(struct peer *p)
{
	store(p->front + rnd(p, sizeof(struct xen_noxs_net_front) / 4),
	      rnd_word(p));
	notify(p);
}

/* Each state in its turn: no lie, however often. */
static void lie_states(struct peer *p)
{
	front_state(p, XEN_NOXS_STATE_CLOSING);
	front_state(p, XEN_NOXS_STATE_CLOSED);
	store(&p->front[GENERATION], load(&p->back[GENERATION]));
	front_state(p, XEN_NOXS_STATE_CONNECTED);
}

static void lie_data(struct peer *p)
{
	uint8_t *buf = p->buf[rnd(p, GUEST_BUFFERS)];

	post(p);
	__atomic_store_n(buf + rnd(p, 60), (uint8_t)rnd_word(p),
			 __ATOMIC_RELAXED);
}

/* In the middle of a copy, or of a mapping. */
static void lie_grants(struct peer *p)
{
	uint32_t ref = p->ref[rnd(p, GUEST_BUFFERS)];

	post(p);
	fake_dom_grant_flip(p->dom, ref, false);
	notify(p);
	fake_dom_grant_flip(p->dom, ref, true);
}

/* Connects anew, with rings that begin anew. */
static void reconnect(struct peer *p)
{
	front_state(p, XEN_NOXS_STATE_CLOSED);
	while (load(&p->back[STATE]) != XEN_NOXS_STATE_INIT)
		if (__atomic_load_n(&p->stop, __ATOMIC_RELAXED))
			return;
	rings_init(p);
	front_answer(p);
}

/*
 * An answer is taken back, and its grants with it, at whatever moment of the
 * backend's: no lie.
 */
static void lie_withdraw(struct peer *p)
{
	uint32_t i, late = rnd(p, 2000), offer = load(&p->back[GENERATION]);

	rings_init(p);
	if (load(&p->back[STATE]) == XEN_NOXS_STATE_INIT)
		front_answer(p);
	for (i = 0; i < late; i++)
		load(&p->back[STATE]);
	front_state(p, XEN_NOXS_STATE_CLOSED);
	fake_dom_grant_flip(p->dom, p->ring_ref[rnd(p, 2)], false);
	while (load(&p->back[GENERATION]) == offer &&
	       !__atomic_load_n(&p->stop, __ATOMIC_RELAXED))
		sched_yield();
	for (i = 0; i < 2; i++)
		fake_dom_grant_flip(p->dom, p->ring_ref[i], true);
}

/* The list of static grants, which is read again after each connect. */
static void lie_list(struct peer *p)
{
	unsigned int i;

	for (i = 0; i < 20; i++) {
		post(p);
		store(p->list + rnd(p, GUEST_BUFFERS * 2),
		      rnd(p, 2) ? p->ref[rnd(p, GUEST_BUFFERS)]
				: rnd_word(p));
	}
	if (rnd(p, 10) == 0)
		reconnect(p);
}

static void lie_storm(struct peer *p)
{
	notify(p);
}

static void lie_all(struct peer *p)
{
	static void (*const steps[])(struct peer *p) = {
		lie_indices, lie_requests, lie_front, lie_states, lie_data,
		lie_grants, lie_storm, front_answer,
	};

	steps[rnd(p, sizeof(steps) / sizeof(steps[0]))](p);
}

/*
 * One that is often there to be sent to, whoever of the two has the CPU for how
 * long: with as many lies as lie_all's it would hardly ever have a buffer left.
 */
static void lie_rarely(struct peer *p)
{
	if (rnd(p, 2000))
		post(p);
	else
		lie_all(p);
}

/* --- the run ----------------------------------------------------------------------- */

static void *peer_thread(void *arg)
{
	struct peer *p = arg;

	while (!__atomic_load_n(&p->stop, __ATOMIC_RELAXED)) {
		p->step(p);
		__atomic_fetch_add(&p->steps, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void peer_init(struct peer *p, struct test_guest *g)
{
	p->rnd = 4711;
	p->dom = g->dom;
	p->front = (void *)g->front;
	p->back = (const void *)(uintptr_t)g->back;
	p->tx = g->ring_page[0];
	p->rx = g->ring_page[1];
	p->list = (void *)g->list;
	p->buf = g->buf;
	p->ref = g->buf_ref;
	memcpy(p->ring_ref, g->ring_ref, sizeof(p->ring_ref));
	p->list_ref = g->list_ref;
	store(&p->port, g->slot.port[0]);
}

/* One that sends from this address alone: with a switch, its station. */
static void check_mac(struct nbl_vif *vif, uint8_t byte)
{
	uint8_t mac[6];

	memset(mac, byte, sizeof(mac));
	if (vif->nb->sw)
		nbl_spoof_set(&vif->spoof, mac, NULL);
}

/* The slot and its area are used again while the peer goes on. */
static void renew(struct test_state *s, struct peer *p)
{
	char err[NBL_ERROR_SIZE];

	nbl_vif_detach(the_vif(s));
	guest_forget(&s->guest);
	wait_taps(s->nb, 1);
	rings_init(p);
	assert_int_equal(attach(s->nb, 1, 0, err), 0);
	guest_find_device(&s->guest, 1, 0);
	assert_ptr_equal(s->guest.front, p->front);
	store(&p->port, s->guest.slot.port[0]);
	check_mac(the_vif(s), 0);
	front_answer(p);
}

/* A frame each way, however busy the other one is. */
static void neighbour_works(struct test_state *s, struct test_guest *n)
{
	uint8_t frame[100], out[200];
	struct netif_rx_response rsp;
	unsigned int i;

	memset(frame, 0x5a, sizeof(frame));
	memcpy(n->buf[0], frame, sizeof(frame));
	guest_tx(n, n->buf_ref[0], 0, sizeof(frame), 0, 9);
	guest_tx_push(n);
	guest_rx_post(n, 1);
	net_send(n, frame, sizeof(frame), NULL);
	for (i = 0; i < PATIENCE && (!guest_tx_responses(n) ||
				     !guest_rx_responses(n)); i++)
		assert_int_equal(nbl_turn(s->nb, 0), 0);
	assert_int_equal(guest_tx_status(n, NULL), NETIF_RSP_OKAY);
	assert_int_equal(net_recv(n, out, sizeof(out), NULL), sizeof(frame));
	assert_memory_equal(out, frame, sizeof(frame));
	guest_rx_response(n, &rsp);
	assert_int_equal(rsp.status, sizeof(frame));
}

/* A frame to the hostile guest, whose address is 0. */
static void neighbour_sends(struct test_state *s, struct test_guest *n)
{
	uint8_t out[1000];
	unsigned int i;

	memset(n->buf[1], 0x5a, 14);
	memset(n->buf[1], 0, 6);
	guest_tx(n, n->buf_ref[1], 0, sizeof(out), 0, 1);
	guest_tx_push(n);
	for (i = 0; i < PATIENCE && !guest_tx_responses(n); i++)
		assert_int_equal(nbl_turn(s->nb, 0), 0);
	assert_int_equal(guest_tx_status(n, NULL), NETIF_RSP_OKAY);
	while (net_recv(n, out, sizeof(out), NULL) >= 0)
		;
}

/* What this class of lies is here to show has happened. */
static bool shown(struct test_state *s, bool closes, unsigned int broken)
{
	struct nbl_guest *neighbour = nbl_guest_find(s->nb, 2);

	return (!closes || broken) &&
	       (!s->nb->sw || nbl_guest_vif(neighbour, 0)->stats.tx_switched);
}

static void serve(struct test_state *s, struct peer *p, struct test_guest *n,
		  bool closes, unsigned int *broken)
{
	static uint8_t frame[200], out[70000];
	struct test_guest *g = &s->guest;
	unsigned int i;

	for (i = 0; *broken < MAX_RENEWALS &&
	     i < (shown(s, closes, *broken) ? TURNS : MAX_TURNS); i++) {
		assert_int_equal(nbl_turn(s->nb, 0), 0);
		if (i % 4 == 0 && send(g->tap, frame, sizeof(frame),
				       MSG_DONTWAIT) < 0)
			assert_int_equal(errno, EAGAIN);
		while (net_recv(g, out, sizeof(out), NULL) >= 0)
			;
		if (i % 16 == 0) {
			neighbour_works(s, n);
			if (s->nb->sw)
				neighbour_sends(s, n);
		}
		if (the_vif(s)->broken) {
			(*broken)++;
			renew(s, p);
		}
	}
}

/* Returns how often the vif was closed; its counters of the last life in st. */
static unsigned int race(struct test_state *s, void (*step)(struct peer *p),
			 bool closes, struct noxs_netback_stats *st)
{
	struct test_guest n = { .tap = -1 };
	struct peer p = { .step = step };
	char err[NBL_ERROR_SIZE];
	unsigned int broken = 0;

	fake_dom_create(2);
	assert_int_equal(attach(s->nb, 2, 0, err), 0);
	check_mac(the_vif(s), 0);
	check_mac(nbl_guest_vif(nbl_guest_find(s->nb, 2), 0), 0x5a);
	guest_find_device(&n, 2, 0);
	guest_make_rings(&n);
	guest_answer(&n, 0);
	peer_init(&p, &s->guest);
	front_answer(&p);
	turns(s->nb);
	assert_true(the_vif(s)->connected);
	assert_int_equal(pthread_create(&p.thread, NULL, peer_thread, &p), 0);
	/* A lie takes two: it has begun. */
	while (!__atomic_load_n(&p.steps, __ATOMIC_RELAXED))
		nbl_turn(s->nb, 0);
	serve(s, &p, &n, closes, &broken);
	__atomic_store_n(&p.stop, true, __ATOMIC_RELAXED);
	assert_int_equal(pthread_join(p.thread, NULL), 0);
	turns(s->nb);
	neighbour_works(s, &n);
	*st = the_vif(s)->stats;
	printf("# %llu steps of the guest, closed %u times\n",
	       (unsigned long long)p.steps, broken);
	guest_forget(&n);
	return broken;
}

/* Lies that end a vif sooner or later. */
#define CLOSES(class)						\
static void class##_close(void **state)				\
{								\
	struct noxs_netback_stats st;				\
								\
	assert_true(race(*state, lie_##class, true, &st) > 0);	\
}

CLOSES(indices)
CLOSES(requests)
CLOSES(front)
CLOSES(all)

/* What it is sent goes right into its buffers, at any moment of its life. */
static void receiver_closes(void **state)
{
	struct noxs_netback_stats st;
	struct test_state *s = *state;
	struct nbl_guest *neighbour;

	assert_int_equal(nbl_switch_open(s->nb), 0);
	assert_true(race(s, lie_rarely, true, &st) > 0);
	neighbour = nbl_guest_find(s->nb, 2);
	assert_true(nbl_guest_vif(neighbour, 0)->stats.tx_switched > 0);
}

static void states_cost_nothing(void **state)
{
	struct noxs_netback_stats st;

	assert_int_equal(race(*state, lie_states, false, &st), 0);
	assert_true(st.events > 0);
}

static void answers_taken_back_cost_nothing(void **state)
{
	struct noxs_netback_stats st;

	assert_int_equal(race(*state, lie_withdraw, false, &st), 0);
	assert_true(st.events > 0);
}

static void data_is_the_guests_own(void **state)
{
	struct noxs_netback_stats st;

	assert_int_equal(race(*state, lie_data, false, &st), 0);
	assert_true(st.tx_packets > 0 && st.rx_packets > 0);
	assert_int_equal(st.drop[NOXS_NETBACK_DROP_TX_COPY], 0);
}

static void grants_cost_their_frames(void **state)
{
	struct noxs_netback_stats st;

	assert_int_equal(race(*state, lie_grants, false, &st), 0);
	assert_true(st.tx_packets > 0 && st.rx_packets > 0);
}

static void list_costs_the_mapping(void **state)
{
	struct noxs_netback_stats st;

	assert_int_equal(race(*state, lie_list, false, &st), 0);
	assert_true(st.tx_packets > 0);
}

/* However many were raised: a turn serves one. */
static void storm_is_one_event_a_turn(void **state)
{
	struct noxs_netback_stats st;

	assert_int_equal(race(*state, lie_storm, false, &st), 0);
	assert_in_range(st.events, 1, TURNS * 2);
}

/* setup_attached, with pages at the same place for both. */
static int setup_alias(void **state)
{
	char err[NBL_ERROR_SIZE];
	struct test_state *s;

	setup_backend(state);
	s = *state;
	fake_host_alias(true);
	fake_dom_create(1);
	assert_int_equal(attach(s->nb, 1, 0, err), 0);
	guest_find_device(&s->guest, 1, 0);
	guest_make_rings(&s->guest);
	return 0;
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup_alias, \
						teardown_backend)
	const struct CMUnitTest tests[] = {
		T(indices_close), T(requests_close), T(front_close),
		T(states_cost_nothing), T(answers_taken_back_cost_nothing),
		T(data_is_the_guests_own),
		T(grants_cost_their_frames), T(list_costs_the_mapping),
		T(storm_is_one_event_a_turn), T(all_close), T(receiver_closes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("netback-race", tests, NULL, NULL);
}

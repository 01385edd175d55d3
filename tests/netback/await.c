// SPDX-License-Identifier: BSD-2-Clause
/* Addresses that wait for their guest: woken, owned, quiet, asleep. */
#include "client.h"

#include <ear.h>
#include <held.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define EAR	"wake1"		/* of TEST_BRIDGE, the first one */
#define TOKEN	0x1234567890u

static const uint8_t ip5[4] = { 10, 0, 0, 5 };
static int fd, ear;		/* the listener's; the bridge's end of the ear */
static uint64_t listener;

static void await_init(struct noxs_netback_request *req)
{
	request_init(req, 0, 0);
	req->op = NOXS_NETBACK_AWAIT;
	req->cookie = 7;
	req->ip_mode = XEN_NOXS_NET_IP_STATIC;
	req->prefix = 24;
	memcpy(req->ip, ip5, 4);
	req->listener = listener;
	req->token = TOKEN;
}

static int listen_on(struct test_state *s, int conn, uint64_t *id)
{
	struct noxs_netback_request req;
	struct noxs_netback_reply reply;
	int rc;

	plain(&req, NOXS_NETBACK_LISTEN, 0, 0);
	rc = call(s, conn, &req, &reply);
	*id = reply.token;
	return rc;
}

static int setup_listener(void **state)
{
	struct test_state *s;

	setup_control(state);
	s = *state;
	fd = dial();
	assert_int_equal(listen_on(s, fd, &listener), 0);
	assert_int_not_equal(listener, 0);
	return 0;
}

/* One address, with an ear for it. */
static int setup_await(void **state)
{
	struct noxs_netback_request req;
	struct noxs_netback_reply reply;
	struct test_state *s;

	setup_listener(state);
	s = *state;
	await_init(&req);
	assert_int_equal(call(s, fd, &req, &reply), 0);
	assert_int_equal(reply.domid, 0);
	ear = fake_tap_peer(EAR);
	assert_true(ear >= 0);
	return 0;
}

static int teardown_await(void **state)
{
	struct test_state *s = *state;

	if (fd >= 0)
		close(fd);
	turns(s->nb);
	assert_true(TAILQ_EMPTY(&s->nb->ears));
	assert_int_equal(s->nb->nr_awaits, 0);
	if (!s->nb->nr_vifs)
		assert_int_equal(s->nb->held_bytes, 0);
	return teardown_control(state);
}

/* A frame as the bridge floods it. */
struct packet {
	struct virtio_net_hdr hdr;
	uint8_t dst[6], src[6], type[2], data[46];
} __attribute__((packed));

static struct packet packet(uint8_t n)
{
	struct packet p = { .dst = { 0x00, 0x16, 0x3e, 1, 2, 3 },
			    .src = { 2, 0, 0, 0, 0, 1 }, .type = { 8, 0 } };

	p.data[0] = n;
	return p;
}

static struct packet arp(const uint8_t from[4], const uint8_t to[4])
{
	static const uint8_t head[] = { 0, 1, 8, 0, 6, 4, 0, 1 };
	struct packet p = { .type = { 8, 6 } };

	memset(p.dst, 0xff, 6);
	memcpy(p.data, head, sizeof(head));
	memcpy(p.data + 14, from, 4);
	memcpy(p.data + 24, to, 4);
	return p;
}

static void flood(struct test_state *s, const struct packet *p)
{
	assert_int_equal(send(ear, p, sizeof(*p), MSG_NOSIGNAL), sizeof(*p));
	turns(s->nb);
}

static bool told_nothing(struct test_state *s)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	turns(s->nb);
	return !poll(&pfd, 1, 0);
}

static void assert_told(struct test_state *s, unsigned int op,
			struct noxs_netback_reply *event)
{
	take(s, fd, event);
	assert_int_equal(event->op, op);
	assert_true(event->token == TOKEN);
	assert_int_equal(event->rc, 0);
	assert_true(told_nothing(s));
}

/* The guest takes its vif, and what was held for it. */
static void guest_comes(struct test_state *s)
{
	char err[NBL_ERROR_SIZE];

	assert_int_equal(attach(s->nb, 1, 0, err), 0);
	guest_find_device(&s->guest, 1, 0);
	guest_make_rings(&s->guest);
	guest_rx_post(&s->guest, 64);
	guest_answer(&s->guest, NBL_VIF_FEATURES);
	turns(s->nb);
	assert_int_equal(guest_sees(&s->guest), XEN_NOXS_STATE_CONNECTED);
}

static void assert_received(struct test_guest *g, uint8_t n)
{
	struct packet want = packet(n);
	struct netif_rx_response rsp;

	guest_rx_response(g, &rsp);
	assert_int_equal(rsp.status, sizeof(want) - sizeof(want.hdr));
	assert_memory_equal(g->buf[rsp.id], want.dst, (size_t)rsp.status);
}

static void wakes_once_and_delivers(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_reply event;
	struct packet p;
	uint8_t i;

	for (i = 0; i < 3; i++) {
		p = packet(i);
		flood(s, &p);
	}
	assert_told(s, NOXS_NETBACK_WAKE, &event);
	assert_int_equal(event.domid, 0);
	guest_comes(s);
	for (i = 0; i < 3; i++)
		assert_received(&s->guest, i);
	assert_int_equal(guest_rx_responses(&s->guest), 0);
	assert_int_equal(s->nb->held_bytes, 0);
	/* The bridge floods it to the vif's own TAP too. */
	p = packet(9);
	flood(s, &p);
	assert_true(told_nothing(s));
	assert_int_equal(guest_rx_responses(&s->guest), 0);
}

/* Not read from the ear yet when the guest comes. */
static void none_is_lost_at_the_change(void **state)
{
	struct test_state *s = *state;
	struct packet p = packet(1);

	assert_int_equal(send(ear, &p, sizeof(p), MSG_NOSIGNAL), sizeof(p));
	guest_comes(s);
	assert_received(&s->guest, 1);
}

static void spares_owner_gets_it_too(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_request req;
	struct noxs_netback_reply reply, event;
	struct packet p = packet(5);
	int conn = dial();

	request_init(&req, 1, 0);
	memset(req.mac, 0, sizeof(req.mac));
	req.flags = NOXS_NETBACK_SPARE;
	assert_int_equal(call(s, conn, &req, &reply), 0);
	flood(s, &p);
	assert_told(s, NOXS_NETBACK_WAKE, &event);
	assert_int_equal(event.domid, 0);
	request_init(&req, 1, 0);
	req.op = NOXS_NETBACK_BIND;
	assert_int_equal(call(s, conn, &req, &reply), 0);
	guest_find_device(&s->guest, 1, 0);
	guest_make_rings(&s->guest);
	guest_rx_post(&s->guest, 8);
	guest_answer(&s->guest, NBL_VIF_FEATURES);
	turns(s->nb);
	assert_received(&s->guest, 5);
	close(conn);
}

static void only_what_is_for_it(void **state)
{
	static const uint8_t ip6[4] = { 10, 0, 0, 6 }, any[4];
	struct test_state *s = *state;
	struct noxs_netback_reply event;
	struct packet other = packet(0), told = arp(ip5, ip5),
		      not_ours = arp(any, ip6), probe = arp(any, ip5),
		      odd = arp(ip6, ip5), group = packet(0);

	other.dst[5]++;
	group.dst[0] |= 1;
	odd.data[4] = 8;	/* not Ethernet's addresses */
	flood(s, &other);
	flood(s, &group);
	flood(s, &told);
	flood(s, &not_ours);
	flood(s, &odd);
	assert_int_equal(send(ear, &other, sizeof(other.hdr), 0),
			 sizeof(other.hdr));
	assert_int_equal(send(ear, &other, sizeof(other.hdr) + 5, 0),
			 sizeof(other.hdr) + 5);
	assert_true(told_nothing(s));
	flood(s, &probe);
	assert_told(s, NOXS_NETBACK_WAKE, &event);
}

static void holds_the_first_only(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_reply event;
	struct packet p;
	unsigned int i;

	for (i = 0; i < 2 * NBL_HELD_PACKETS; i++) {
		p = packet((uint8_t)i);
		flood(s, &p);
	}
	assert_int_equal(s->nb->held_bytes, NBL_HELD_PACKETS * sizeof(p));
	assert_told(s, NOXS_NETBACK_WAKE, &event);
	guest_comes(s);
	for (i = 0; i < NBL_HELD_PACKETS; i++)
		assert_received(&s->guest, (uint8_t)i);
	assert_int_equal(guest_rx_responses(&s->guest), 0);
}

static void waits_again_when_told(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_request req;
	struct noxs_netback_reply reply;
	struct packet p = packet(1);

	flood(s, &p);
	assert_told(s, NOXS_NETBACK_WAKE, &reply);
	await_init(&req);
	assert_int_equal(call(s, fd, &req, &reply), 0);
	assert_int_equal(s->nb->held_bytes, 0);
	assert_int_equal(s->nb->nr_awaits, 1);
	flood(s, &p);
	assert_told(s, NOXS_NETBACK_WAKE, &reply);
}

static void waits_again_when_the_guest_goes(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_request req;
	struct noxs_netback_reply reply;
	struct packet p = packet(1);
	int conn = dial();

	guest_comes(s);
	plain(&req, NOXS_NETBACK_DETACH, 1, NOXS_NETBACK_ALL);
	assert_int_equal(call(s, conn, &req, &reply), 0);
	assert_true(told_nothing(s));
	flood(s, &p);
	assert_told(s, NOXS_NETBACK_WAKE, &reply);
	assert_int_equal(reply.domid, 0);
	close(conn);
}

/* What was held goes with a guest that dies before it took it. */
static void held_goes_with_its_guest(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_reply reply;
	char err[NBL_ERROR_SIZE];
	struct packet p = packet(1);

	flood(s, &p);
	assert_told(s, NOXS_NETBACK_WAKE, &reply);
	assert_int_equal(attach(s->nb, 1, 0, err), 0);
	assert_int_equal(s->nb->held_bytes, sizeof(p));
	fake_dom_kill(fake_dom_find(1));
	turns(s->nb);
	assert_int_equal(s->nb->nr_vifs, 0);
	assert_int_equal(s->nb->held_bytes, 0);
}

static void finds_a_guest_that_is_there(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_request req;
	struct noxs_netback_reply reply;
	char err[NBL_ERROR_SIZE];

	assert_int_equal(attach(s->nb, 1, 0, err), 0);
	await_init(&req);
	assert_int_equal(call(s, fd, &req, &reply), 0);
	assert_int_equal(reply.domid, 1);
	assert_string_equal(reply.ifname, "vif1.0");
}

static void refuses_what_is_wrong(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_request req;
	struct noxs_netback_reply reply;
	uint64_t other;
	int conn = dial();

#define WRONG(err, change)						\
	do {								\
		await_init(&req);					\
		change;							\
		assert_int_equal(call(s, conn, &req, &reply), err);	\
	} while (0)
	WRONG(-EINVAL, req.bridge[0] = '\0');
	WRONG(-EINVAL, memset(req.bridge, 'x', sizeof(req.bridge)));
	WRONG(-EINVAL, (req.ip_mode = 0, req.prefix = 0,
			memset(req.ip, 0, 4)));
	WRONG(-EINVAL, req.mac[0] = 1);
	WRONG(-ENODEV, strcpy(req.bridge, "nobr0"));
	WRONG(-ENOENT, req.listener += 100);
	WRONG(-ENOENT, (req.listener += 100, strcpy(req.bridge, "jumbo0")));
	WRONG(-EINVAL, req.op = NOXS_NETBACK_ATTACH);
	WRONG(-EINVAL, req.op = NOXS_NETBACK_DOZE);
	assert_int_equal(listen_on(s, conn, &other), 0);
	assert_true(other != listener);
	WRONG(-EEXIST, req.token++);
	WRONG(-EEXIST, req.listener = other);
	WRONG(-EEXIST, (req.listener = other, req.mac[5]++));
	WRONG(-EEXIST, (req.listener = other, req.ip[3]++));
	WRONG(0, (req.listener = other, req.mac[5]++, req.ip[3]++));
	WRONG(0, (req.listener = other, strcpy(req.bridge, "jumbo0")));
	assert_int_equal(s->nb->nr_awaits, 3);
	WRONG(-ENOENT, (req.op = NOXS_NETBACK_FORGET, req.token = 0,
			req.mac[5] += 2));
	WRONG(-EINVAL, (req.op = NOXS_NETBACK_FORGET));
	close(conn);
	turns(s->nb);
	assert_int_equal(s->nb->nr_awaits, 1);
}

static void forgets(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_request req;
	struct noxs_netback_reply reply;
	struct packet p = packet(1);

	flood(s, &p);
	assert_told(s, NOXS_NETBACK_WAKE, &reply);
	await_init(&req);
	req.op = NOXS_NETBACK_FORGET;
	req.token = 0;
	assert_int_equal(call(s, fd, &req, &reply), 0);
	assert_int_equal(s->nb->held_bytes, 0);
	assert_int_equal(call(s, fd, &req, &reply), -ENOENT);
	wait_taps(s->nb, 0);
	/* And comes to hear anew. */
	await_init(&req);
	assert_int_equal(call(s, fd, &req, &reply), 0);
	assert_true(fake_tap_peer(EAR) >= 0);
}

/* A listener that reads nothing is told nothing twice. */
static void deaf_listener_costs_nothing(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_request req;
	struct noxs_netback_reply reply;
	struct packet p = packet(1);
	unsigned int i, n;
	int conn = dial();

	await_init(&req);
	for (i = 0; i < 2000; i++) {
		flood(s, &p);
		assert_int_equal(call(s, conn, &req, &reply), 0);
	}
	flood(s, &p);
	for (n = 0; recv(fd, &reply, sizeof(reply), MSG_DONTWAIT) > 0; n++)
		turns(s->nb);
	assert_in_range(n, 2, 2001);
	close(conn);
}

static void wait_idle(struct test_state *s, struct noxs_netback_reply *event)
{
	int64_t end = nbl_now_ms() + 5000;
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	while (!poll(&pfd, 1, 0) && nbl_now_ms() < end)
		nbl_turn(s->nb, -1);
	take(s, fd, event);
	assert_int_equal(event->op, NOXS_NETBACK_IDLE);
	assert_int_equal(event->domid, 1);
	assert_string_equal(event->ifname, "vif1.0");
}

static void idle_after(struct test_state *s, uint32_t ms)
{
	struct noxs_netback_request req;
	struct noxs_netback_reply reply;

	await_init(&req);
	req.idle_ms = ms;
	assert_int_equal(call(s, fd, &req, &reply), 0);
}

static void quiet_guest_is_told_of(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_reply event;
	struct packet p = packet(1);
	int64_t begin;
	int i;

	guest_comes(s);
	idle_after(s, 600);
	begin = nbl_now_ms();
	for (i = 0; i < 4; i++) {
		net_send(&s->guest, p.dst, sizeof(p) - sizeof(p.hdr), NULL);
		turns(s->nb);
		nbl_turn(s->nb, 200);
	}
	wait_idle(s, &event);
	assert_true(nbl_now_ms() - begin >= 600);
	/* Again, as long as it is quiet. */
	wait_idle(s, &event);
}

static int doze(struct test_state *s)
{
	struct noxs_netback_request req;
	struct noxs_netback_reply reply;
	struct fake_tap_info info;
	int conn = dial(), rc;

	plain(&req, NOXS_NETBACK_DOZE, 1, 0);
	rc = call(s, conn, &req, &reply);
	close(conn);
	turns(s->nb);
	assert_int_equal(fake_tap_info("vif1.0", &info), 0);
	assert_int_equal(info.filtered, !rc);
	return rc;
}

static void dozes_until_a_frame_comes(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_reply event;
	struct fake_tap_info info;
	struct packet p = packet(3);

	guest_comes(s);
	idle_after(s, 1);
	wait_idle(s, &event);
	assert_int_equal(doze(s), 0);
	assert_true(told_nothing(s));
	net_send(&s->guest, p.dst, sizeof(p) - sizeof(p.hdr), NULL);
	assert_told(s, NOXS_NETBACK_WAKE, &event);
	assert_int_equal(event.domid, 1);
	assert_int_equal(fake_tap_info("vif1.0", &info), 0);
	assert_false(info.filtered);
	assert_received(&s->guest, 3);
}

/* It got a frame while nobody could have told of it. */
static void does_not_doze_with_unread_frames(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_request req;
	struct noxs_netback_reply reply;
	struct packet p = packet(3);

	guest_comes(s);
	net_send(&s->guest, p.dst, sizeof(p) - sizeof(p.hdr), NULL);
	turns(s->nb);
	await_init(&req);
	assert_int_equal(call(s, fd, &req, &reply), 0);
	assert_int_equal(doze(s), -EAGAIN);
	assert_received(&s->guest, 3);
	assert_int_equal(doze(s), 0);
}

/* Something came between IDLE and the pause. */
static void does_not_doze_when_it_moved(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_reply event;
	struct packet p = packet(3);

	guest_comes(s);
	idle_after(s, 1);
	wait_idle(s, &event);
	net_send(&s->guest, p.dst, sizeof(p) - sizeof(p.hdr), NULL);
	turns(s->nb);
	assert_int_equal(doze(s), -EAGAIN);
}

/* Frames that it has no room for wait in its TAP already: it is hung, not quiet. */
static void full_guest_does_not_doze(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_reply event;
	struct packet p = packet(3);
	unsigned int i;

	guest_comes(s);
	for (i = 0; i < 65; i++)
		net_send(&s->guest, p.dst, sizeof(p) - sizeof(p.hdr), NULL);
	turns(s->nb);
	idle_after(s, 1);
	wait_idle(s, &event);
	assert_int_equal(doze(s), -EAGAIN);
}

static void doze_of_strangers_fails(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_request req;
	struct noxs_netback_reply reply;
	int conn = dial();

	plain(&req, NOXS_NETBACK_DOZE, 1, 0);
	assert_int_equal(call(s, conn, &req, &reply), -ENOENT);
	guest_comes(s);
	plain(&req, NOXS_NETBACK_DOZE, 2, 0);
	assert_int_equal(call(s, conn, &req, &reply), -ENOENT);
	plain(&req, NOXS_NETBACK_DOZE, 1, 0);
	assert_int_equal(call(s, conn, &req, &reply), -ENOENT);
	close(conn);
}

/* A killed listener leaves the guest as any other. */
static void listener_goes_while_it_dozes(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_reply event;
	struct packet p = packet(3);

	guest_comes(s);
	idle_after(s, 1);
	wait_idle(s, &event);
	assert_int_equal(doze(s), 0);
	close(fd);
	fd = -1;
	turns(s->nb);
	net_send(&s->guest, p.dst, sizeof(p) - sizeof(p.hdr), NULL);
	turns(s->nb);
	assert_received(&s->guest, 3);
}

/* Whatever fails: nothing stays behind, and it can be asked for again. */
static void every_step_fails(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_request req;
	struct noxs_netback_reply reply;
	unsigned int n;
	int rc;

	await_init(&req);
	for (n = 1; n < 50; n++) {
		count_allocs(true);
		fake_fail_at(n);
		rc = call(s, fd, &req, &reply);
		fake_fail_at(0);
		count_allocs(false);
		if (!rc)
			break;
		assert_int_equal(s->nb->nr_awaits, 0);
		wait_taps(s->nb, 0);
	}
	assert_in_range(n, 4, 49);
}

#define T(name, setup) cmocka_unit_test_setup_teardown(name, setup,	\
						       teardown_await)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		T(wakes_once_and_delivers, setup_await),
		T(none_is_lost_at_the_change, setup_await),
		T(spares_owner_gets_it_too, setup_await),
		T(only_what_is_for_it, setup_await),
		T(holds_the_first_only, setup_await),
		T(waits_again_when_told, setup_await),
		T(waits_again_when_the_guest_goes, setup_await),
		T(held_goes_with_its_guest, setup_await),
		T(finds_a_guest_that_is_there, setup_listener),
		T(refuses_what_is_wrong, setup_await),
		T(forgets, setup_await),
		T(deaf_listener_costs_nothing, setup_await),
		T(quiet_guest_is_told_of, setup_await),
		T(dozes_until_a_frame_comes, setup_await),
		T(does_not_doze_when_it_moved, setup_await),
		T(does_not_doze_with_unread_frames, setup_await),
		T(full_guest_does_not_doze, setup_await),
		T(doze_of_strangers_fails, setup_listener),
		T(listener_goes_while_it_dozes, setup_await),
		T(every_step_fails, setup_listener),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("netback-await", tests, NULL, NULL);
}

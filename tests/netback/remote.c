// SPDX-License-Identifier: BSD-2-Clause
/*
 * A backend in a domain without rights: devices that the toolstack adds behind
 * its back, with what it wants of them written in the back area.
 */
#include "harness.h"

#include <ledger.h>
#include <remote.h>
#include <shard.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char dir[64], path[96], err[NBL_ERROR_SIZE];

static void stop(struct test_state *s)
{
	nbl_leave(s->nb);
	assert_int_equal(s->nb->nr_vifs, 0);
	nbl_close(s->nb);
	s->nb = NULL;
}

static void start(struct test_state *s)
{
	const char *step;

	nbl_log_start(NBL_ERROR, false);
	assert_int_equal(nbl_open(&s->nb, &step), 0);
	assert_true(s->nb->unprivileged);
	assert_int_equal(nbl_adopt(s->nb, path, err), 0);
	turns(s->nb);
}

static int setup(void **state)
{
	struct test_state *s;

	strcpy(dir, "/tmp/netback-remote-XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/ledger", dir);
	setup_backend(state);
	s = *state;
	nbl_close(s->nb);
	fake_host_unprivileged(true);
	start(s);
	return 0;
}

static int teardown(void **state)
{
	teardown_backend(state);
	unlink(path);
	assert_int_equal(rmdir(dir), 0);
	return 0;
}

/* What the toolstack asks for. */
static struct xen_noxs_net_back back;
static struct xen_noxs_net_request req;

static void wish_init(void)
{
	back = (struct xen_noxs_net_back){
		.hdr.magic = XEN_NOXS_BACK_MAGIC,
		.hdr.version = XEN_NOXS_VERSION,
		.hdr.size = XEN_NOXS_NET_REQUEST + sizeof(req),
		.hdr.state = XEN_NOXS_STATE_CLOSED,
		.mac = { 0, 0x16, 0x3e, 1, 2, 3 },
	};
	req = (struct xen_noxs_net_request){
		.magic = XEN_NOXS_NET_REQ_MAGIC,
		.bridge = TEST_BRIDGE,
	};
}

static struct fake_domain *dom_of(uint16_t domid)
{
	struct fake_domain *dom = fake_dom_find(domid);

	return dom ? dom : fake_dom_create(domid);
}

static void ask(struct test_state *s, uint16_t domid, uint16_t id)
{
	assert_int_equal(fake_dom_ask_net(dom_of(domid), id, &back, &req), 0);
	turns(s->nb);
}

/* The device's back area, as Xen sees it. */
static const uint8_t *area_of(uint16_t domid, uint16_t id)
{
	struct fake_domain *dom = fake_dom_find(domid);
	const struct xen_noxs_device_page *page =
		fake_dom_noxs_page(dom, XEN_NOXS_PAGE_DEVICE);
	const struct xen_noxs_slot *s = page->slot;

	while (s->state != XEN_NOXS_SLOT_PRESENT || s->id != id)
		s++;
	return (uint8_t *)fake_dom_noxs_page(dom,
					     XEN_NOXS_PAGE_BACK(s->pair)) +
	       s->offset;
}

static const struct xen_noxs_net_back *offer_of(uint16_t domid, uint16_t id)
{
	return (const void *)area_of(domid, id);
}

static void assert_refused(struct test_state *s, uint16_t domid, uint16_t id,
			   int error, const char *why)
{
	const uint8_t *area = area_of(domid, id);
	const struct xen_noxs_net_refusal *r =
		(const void *)(area + XEN_NOXS_NET_REFUSAL);

	assert_int_equal(s->nb->nr_vifs, 0);
	assert_int_equal(offer_of(domid, id)->hdr.state,
			 XEN_NOXS_STATE_CLOSED);
	assert_int_equal(offer_of(domid, id)->hdr.error, error);
	assert_int_equal(r->magic, XEN_NOXS_NET_REF_MAGIC);
	assert_non_null(strstr(r->text, why));
}

static void answer(struct test_state *s)
{
	struct test_guest *g = &s->guest;

	if (!g->front_page)
		guest_find_device(g, 1, 0);
	g->tap = fake_tap_peer(g->ifname);
	guest_make_rings(g);
	guest_answer(g, NBL_VIF_FEATURES);
	turns(s->nb);
	assert_int_equal(guest_sees(g), XEN_NOXS_STATE_CONNECTED);
}

static void packets_flow(struct test_state *s)
{
	struct test_guest *g = &s->guest;
	struct netif_rx_response rsp;
	uint8_t frame[100];
	unsigned int id;

	memset(g->buf[0], 0x5a, 60);
	guest_tx(g, g->buf_ref[0], 0, 60, 0, 1);
	guest_tx_push(g);
	guest_rx_post(g, 8);
	turns(s->nb);
	assert_int_equal(guest_tx_status(g, &id), NETIF_RSP_OKAY);
	assert_int_equal(net_recv(g, frame, sizeof(frame), NULL), 60);
	memset(frame, 0xa5, sizeof(frame));
	net_send(g, frame, sizeof(frame), NULL);
	turns(s->nb);
	guest_rx_response(g, &rsp);
	assert_int_equal(rsp.status, sizeof(frame));
}

static void a_device_is_taken(void **state)
{
	struct test_state *s = *state;
	struct fake_tap_info info;
	struct fake_usage u;

	wish_init();
	ask(s, 1, 0);
	assert_int_equal(s->nb->nr_vifs, 1);
	assert_int_equal(offer_of(1, 0)->hdr.state, XEN_NOXS_STATE_INIT);
	assert_int_equal(offer_of(1, 0)->hdr.generation, 1);
	assert_int_equal(offer_of(1, 0)->mtu, 1500);
	assert_int_equal(offer_of(1, 0)->mac[5], 3);
	assert_int_equal(fake_tap_info("vif1.0", &info), 0);
	assert_string_equal(info.bridge, TEST_BRIDGE);
	answer(s);
	packets_flow(s);
	fake_host_usage(&u);
	assert_int_equal(u.noxs_maps, 0);
	/* The guest closes, and comes again. */
	guest_say(&s->guest, XEN_NOXS_STATE_CLOSED);
	turns(s->nb);
	assert_int_equal(guest_sees(&s->guest), XEN_NOXS_STATE_INIT);
	answer(s);
	packets_flow(s);
}

static void all_that_was_asked_for(void **state)
{
	struct test_state *s = *state;
	struct fake_tap_info info;
	struct nbl_vif *vif;

	wish_init();
	strcpy(req.bridge, "jumbo0");
	strcpy(req.ifname, "web");
	fake_bridge_filter("jumbo0");
	req.vlan = 30;
	req.mtu = 4000;
	req.flags = XEN_NOXS_NET_REQ_ALL;
	req.limit[0] = (struct xen_noxs_net_limit){ 5000, 50000, 0 };
	req.limit[3] = (struct xen_noxs_net_limit){ 70, 1000, 0 };
	back.ip_mode = XEN_NOXS_NET_IP_STATIC;
	back.prefix = 24;
	back.ip[0] = 10;
	back.gateway[0] = 9;
	ask(s, 1, 3);
	vif = the_vif(s);
	assert_int_equal(vif->id, 3);
	assert_string_equal(vif->tap->ifname, "web");
	assert_int_equal(fake_tap_info("web", &info), 0);
	assert_string_equal(info.bridge, "jumbo0");
	assert_int_equal(info.vlan, 30);
	assert_int_equal(offer_of(1, 3)->mtu, 4000);
	assert_int_equal(offer_of(1, 3)->gateway[0], 9);
	assert_int_equal(vif->tx_rate.bytes.amount, 5000);
	assert_int_equal(vif->rx_rate.frames.amount, 70);
	assert_int_equal(vif->flags, NOXS_NETBACK_SPOOF_MAC |
			 NOXS_NETBACK_SPOOF_IP);
}

#define REFUSED(error, why, ...) do {					\
	wish_init();							\
	__VA_ARGS__;							\
	ask(s, 1, 0);							\
	assert_refused(s, 1, 0, error, why);				\
	/* Once. */							\
	ask(s, 2, 0);							\
	assert_int_equal(fake_dom_take_net(fake_dom_find(2), 0), 0);	\
	turns(s->nb);							\
	assert_int_equal(fake_dom_take_net(fake_dom_find(1), 0), 0);	\
	turns(s->nb);							\
	wait_taps(s->nb, 0);						\
} while (0)

static void what_cannot_be_had_is_refused(void **state)
{
	struct test_state *s = *state;

	REFUSED(ENODEV, "bridge nobridge", strcpy(req.bridge, "nobridge"));
	REFUSED(EINVAL, "MAC", memset(back.mac, 0, 6));
	REFUSED(EINVAL, "flags", req.flags = 4);
	REFUSED(EINVAL, "flags", req.pad = 1);
	REFUSED(EINVAL, "name of the bridge",
		memset(req.bridge, 'x', sizeof(req.bridge)));
	REFUSED(EINVAL, "name of the TAP",
		memset(req.ifname, 'x', sizeof(req.ifname)));
	REFUSED(EINVAL, "name of the TAP", strcpy(req.ifname, "../x"));
	REFUSED(EINVAL, "rate", req.limit[1].amount = 5);
	REFUSED(EINVAL, "rate", req.limit[1].pad = 5);
	REFUSED(EINVAL, "MTU", req.mtu = 20);
	REFUSED(EINVAL, "VLAN", req.vlan = 4095);
	REFUSED(EPROTONOSUPPORT, "VLAN", req.vlan = 7);
	REFUSED(EINVAL, "flags", req.flags = XEN_NOXS_NET_REQ_SPOOF_IP);
	REFUSED(EINVAL, "addresses", back.prefix = 3);
	REFUSED(EINVAL, "addresses", back.ip_mode = 3);
}

/* Nor are the next process's, or another guest's. */
static void a_refusal_stands(void **state)
{
	struct test_state *s = *state;

	wish_init();
	strcpy(req.bridge, "nobridge");
	ask(s, 1, 0);
	assert_refused(s, 1, 0, ENODEV, "nobridge");
	fake_bridge_add("nobridge", 1500);
	stop(s);
	start(s);
	assert_refused(s, 1, 0, ENODEV, "nobridge");
	assert_int_equal(fake_dom_take_net(fake_dom_find(1), 0), 0);
}

/* What is no request for us is nobody's business. */
static void others_are_left_alone(void **state)
{
	struct test_state *s = *state;

	wish_init();
	req.magic = 0;
	ask(s, 1, 0);
	assert_int_equal(s->nb->nr_vifs, 0);
	assert_int_equal(offer_of(1, 0)->hdr.error, 0);
	assert_int_equal(fake_dom_take_net(fake_dom_find(1), 0), 0);
}

static void many_come_at_once(void **state)
{
	struct test_state *s = *state;
	struct fake_usage u;
	uint16_t i;

	wish_init();
	for (i = 1; i <= 20; i++)
		assert_int_equal(fake_dom_ask_net(dom_of(i), i % 3, &back,
						  &req), 0);
	turns(s->nb);
	assert_int_equal(s->nb->nr_vifs, 20);
	for (i = 1; i <= 20; i += 2)
		fake_dom_kill(fake_dom_find(i));
	turns(s->nb);
	assert_int_equal(s->nb->nr_vifs, 10);
	for (i = 2; i <= 20; i += 2)
		assert_int_equal(fake_dom_take_net(fake_dom_find(i), i % 3),
				 0);
	turns(s->nb);
	assert_int_equal(s->nb->nr_vifs, 0);
	wait_taps(s->nb, 0);
	fake_host_usage(&u);
	assert_int_equal(u.ports, u.watches);
}

/* Off and on again between two looks: the same name, guest and number. */
static void another_in_its_place(void **state)
{
	struct test_state *s = *state;
	struct fake_tap_info info;
	struct fake_domain *dom;
	int i;

	wish_init();
	ask(s, 1, 0);
	answer(s);
	dom = fake_dom_find(1);
	assert_int_equal(fake_dom_take_net(dom, 0), 0);
	strcpy(req.bridge, "jumbo0");
	assert_int_equal(fake_dom_ask_net(dom, 0, &back, &req), 0);
	/* Its name is free when the other TAP is closed. */
	turns(s->nb);
	for (i = 0; i < 2000 && !s->nb->nr_vifs; i++)
		assert_int_equal(nbl_turn(s->nb, 1), 0);
	assert_int_equal(s->nb->nr_vifs, 1);
	assert_int_equal(offer_of(1, 0)->hdr.generation, 1);
	assert_int_equal(fake_tap_info("vif1.0", &info), 0);
	assert_string_equal(info.bridge, "jumbo0");
	guest_forget(&s->guest);
	memset(&s->guest, 0, sizeof(s->guest));
	answer(s);
	packets_flow(s);
}

static void the_guest_dies(void **state)
{
	struct test_state *s = *state;
	struct fake_usage u;

	wish_init();
	ask(s, 1, 0);
	answer(s);
	fake_dom_kill(fake_dom_find(1));
	turns(s->nb);
	assert_int_equal(s->nb->nr_vifs, 0);
	wait_taps(s->nb, 0);
	fake_host_usage(&u);
	assert_int_equal(u.grant_maps, 0);
}

/* With what the ledger says, and with what the request says alone. */
static void the_next_process_goes_on(void **state)
{
	struct test_state *s = *state;
	uint32_t generation;

	wish_init();
	req.limit[0] = (struct xen_noxs_net_limit){ 500000, 50000, 0 };
	ask(s, 1, 0);
	answer(s);
	packets_flow(s);
	generation = s->guest.back->hdr.generation;
	stop(s);
	start(s);
	assert_int_equal(s->nb->nr_vifs, 1);
	assert_int_equal(guest_sees(&s->guest), XEN_NOXS_STATE_INIT);
	assert_int_equal(s->guest.back->hdr.generation, generation + 1);
	answer(s);
	packets_flow(s);
	stop(s);
	fake_tap_remove("vif1.0");
	unlink(path);
	start(s);
	assert_int_equal(s->nb->nr_vifs, 1);
	assert_int_equal(s->guest.back->hdr.generation, generation + 2);
	assert_int_equal(the_vif(s)->tx_rate.bytes.amount, 500000);
	answer(s);
	packets_flow(s);
}

/* The ledger names the one that was there before. */
static void another_while_nobody_is_there(void **state)
{
	struct test_state *s = *state;
	struct fake_tap_info info;
	int i;

	wish_init();
	ask(s, 1, 0);
	stop(s);
	assert_int_equal(fake_dom_take_net(fake_dom_find(1), 0), 0);
	strcpy(req.bridge, "jumbo0");
	assert_int_equal(fake_dom_ask_net(fake_dom_find(1), 0, &back, &req),
			 0);
	start(s);
	for (i = 0; i < 2000 && !s->nb->nr_vifs; i++)
		assert_int_equal(nbl_turn(s->nb, 1), 0);
	assert_int_equal(s->nb->nr_vifs, 1);
	assert_int_equal(fake_tap_info("vif1.0", &info), 0);
	assert_string_equal(info.bridge, "jumbo0");
	/* And one that came while nobody was there. */
	stop(s);
	wish_init();
	assert_int_equal(fake_dom_ask_net(dom_of(2), 0, &back, &req), 0);
	start(s);
	assert_int_equal(s->nb->nr_vifs, 2);
}

/* The guest lies: its vif is closed for good, and the others live. */
static void a_lie_costs_the_liar(void **state)
{
	struct test_state *s = *state;

	wish_init();
	ask(s, 2, 0);
	ask(s, 1, 0);
	answer(s);
	guest_say(&s->guest, 77);
	turns(s->nb);
	assert_true(the_vif(s)->broken);
	assert_int_equal(guest_sees(&s->guest), XEN_NOXS_STATE_CLOSED);
	ask(s, 3, 0);
	assert_int_equal(s->nb->nr_vifs, 3);
	assert_true(the_vif(s)->broken);
	stop(s);
	start(s);
	assert_int_equal(s->nb->nr_vifs, 3);
	assert_true(the_vif(s)->broken);
}

/* Whatever fails: it is served, refused, or looked at again, and nothing is left. */
static void every_step_fails(void **state)
{
	struct test_state *s = *state;
	unsigned int n, served = 0, refused = 0;
	bool hit = true;

	wish_init();
	for (n = 1; hit; n++) {
		struct fake_usage u;

		assert_true(n < 200);
		assert_int_equal(fake_dom_ask_net(dom_of(1), 0, &back, &req),
				 0);
		count_allocs(true);
		fake_fail_at(n);
		turns(s->nb);
		hit = fake_fail_hit();
		fake_fail_at(0);
		count_allocs(false);
		served += s->nb->nr_vifs;
		refused += offer_of(1, 0)->hdr.error != 0;
		/* Any event that comes. */
		nbl_remote_event(s->nb);
		turns(s->nb);
		assert_int_equal(s->nb->nr_vifs + !!offer_of(1, 0)->hdr.error,
				 1);
		assert_int_equal(fake_dom_take_net(fake_dom_find(1), 0), 0);
		turns(s->nb);
		nbl_remote_event(s->nb);
		turns(s->nb);
		assert_int_equal(s->nb->nr_vifs, 0);
		wait_taps(s->nb, 0);
		fake_host_usage(&u);
		assert_int_equal(u.ports, u.watches);
	}
	assert_true(n > 10);
	assert_true(served > 0);
	assert_true(refused > 5);
}

static void several_queues(void **state)
{
	struct test_state *s = *state;
	struct nbl_vif *vif;

	wish_init();
	req.queues = 3;
	ask(s, 1, 0);
	vif = the_vif(s);
	assert_int_equal(vif->max_queues, 3);
	assert_int_equal(vif->nr_ports, 4);
	assert_int_equal(offer_of(1, 0)->max_queues, 3);
	req.queues = 9;
	ask(s, 2, 0);
	assert_int_equal(offer_of(2, 0)->hdr.error, EINVAL);
	assert_int_equal(fake_dom_take_net(fake_dom_find(2), 0), 0);
}

static void in_shard(struct nbl *nb, void *arg)
{
	unsigned int *nr = arg;

	assert_int_equal(nb->nr_vifs, 2);
	++*nr;
}

/* As clients' requests do, devices go to the thread of their guest. */
static void several_threads(void **state)
{
	struct test_state *s = *state;
	const char *step;
	unsigned int i, n, nr = 0;

	nbl_close(s->nb);
	assert_int_equal(nbl_open_confined(&s->nb, 3, &step, NULL, NULL), 0);
	assert_int_equal(nbl_adopt(s->nb, path, err), 0);
	assert_int_equal(nbl_shards_start(s->nb), 0);
	wish_init();
	for (i = 1; i <= 6; i++)
		assert_int_equal(fake_dom_ask_net(dom_of((uint16_t)i), 0, &back,
						  &req), 0);
	for (n = 0; nbl_vifs(s->nb) < 6 && n < 100; n++)
		assert_int_equal(nbl_turn(s->nb, 10), 0);
	nbl_shards_each(s->nb, in_shard, &nr);
	assert_int_equal(nr, 3);
	for (i = 1; i <= 6; i++)
		assert_int_equal(fake_dom_take_net(dom_of((uint16_t)i), 0), 0);
	for (n = 0; nbl_vifs(s->nb) && n < 100; n++)
		assert_int_equal(nbl_turn(s->nb, 10), 0);
	assert_int_equal(nbl_vifs(s->nb), 0);
	nbl_shards_stop(s->nb);
	wait_taps(s->nb, 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_device_is_taken),
		T(all_that_was_asked_for),
		T(what_cannot_be_had_is_refused),
		T(a_refusal_stands),
		T(others_are_left_alone),
		T(many_come_at_once),
		T(another_in_its_place),
		T(the_guest_dies),
		T(the_next_process_goes_on),
		T(another_while_nobody_is_there),
		T(a_lie_costs_the_liar),
		T(every_step_fails),
		T(several_queues),
		T(several_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

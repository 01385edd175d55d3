// SPDX-License-Identifier: BSD-2-Clause
/*
 * A backend after another one: what it takes over, what it makes anew, what it
 * leaves alone, whatever the other one was in the middle of.
 */
#include "harness.h"

#include <evtchn.h>
#include <ledger.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <tap.h>
#include <unistd.h>

static char dir[64], path[96], err[NBL_ERROR_SIZE];

/* With the ledger from now on. */
static int with_ledger(void **state, int (*setup)(void **state))
{
	struct test_state *s;

	strcpy(dir, "/tmp/netback-adopt-XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/ledger", dir);
	setup(state);
	s = *state;
	assert_int_equal(nbl_adopt(s->nb, path, err), 0);
	return 0;
}

static int setup(void **state)
{
	return with_ledger(state, setup_backend);
}

static int teardown(void **state)
{
	teardown_backend(state);
	unlink(path);
	assert_int_equal(rmdir(dir), 0);
	return 0;
}

/* What is left when a process ends, however it does. */
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
	assert_int_equal(nbl_adopt(s->nb, path, err), 0);
}

static void restart(struct test_state *s)
{
	stop(s);
	start(s);
}

static void attach_one(struct test_state *s, uint16_t domid)
{
	if (!fake_dom_find(domid))
		fake_dom_create(domid);
	assert_int_equal(attach(s->nb, domid, 0, err), 0);
}

static void connect_one(struct test_state *s)
{
	attach_one(s, 1);
	guest_find_device(&s->guest, 1, 0);
	guest_make_rings(&s->guest);
	guest_answer(&s->guest, NBL_VIF_FEATURES);
	turns(s->nb);
	assert_int_equal(guest_sees(&s->guest), XEN_NOXS_STATE_CONNECTED);
	fake_dom_port_clear(s->guest.dom, s->guest.slot.port[0]);
}

/* The guest sees the new offer and answers it, with fresh rings. */
static void answer_again(struct test_state *s)
{
	struct test_guest *g = &s->guest;

	assert_true(fake_dom_port_pending(g->dom, g->slot.port[0]));
	fake_dom_port_clear(g->dom, g->slot.port[0]);
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
	assert_int_equal(frame[59], 0x5a);
	memset(frame, 0xa5, sizeof(frame));
	net_send(g, frame, sizeof(frame), NULL);
	turns(s->nb);
	guest_rx_response(g, &rsp);
	assert_int_equal(rsp.status, sizeof(frame));
}

static void connected_guests_go_on(void **state)
{
	struct test_state *s = *state;
	struct fake_tap_info info;
	uint32_t generation;

	connect_one(s);
	packets_flow(s);
	generation = s->guest.back->hdr.generation;
	stop(s);
	assert_int_equal(fake_tap_info("vif1.0", &info), 0);
	assert_true(info.kept);
	assert_int_equal(guest_sees(&s->guest), XEN_NOXS_STATE_CONNECTED);
	guest_notify(&s->guest);	/* to nobody */
	start(s);
	assert_int_equal(s->nb->nr_vifs, 1);
	assert_int_equal(guest_sees(&s->guest), XEN_NOXS_STATE_INIT);
	assert_int_equal(s->guest.back->hdr.generation, generation + 1);
	assert_int_equal(s->guest.back->mac[5], 3);
	/* Its answer to the old offer is none to this one. */
	turns(s->nb);
	assert_int_equal(guest_sees(&s->guest), XEN_NOXS_STATE_INIT);
	answer_again(s);
	packets_flow(s);
	assert_int_equal(fake_tap_info("vif1.0", &info), 0);
	assert_string_equal(info.bridge, TEST_BRIDGE);
	assert_int_equal(the_vif(s)->ifindex, 1);
	nbl_vif_detach(the_vif(s));
	wait_taps(s->nb, 0);
	restart(s);
	assert_int_equal(s->nb->nr_vifs, 0);
}

/* Who killed the process knew nothing of guests that had been cut off. */
static void a_guest_that_was_cut_off_is_not(void **state)
{
	struct test_state *s = *state;
	struct fake_tap_info info;
	int fd;

	connect_one(s);
	fd = the_vif(s)->tap->fd;
	nbl_tap_carrier(fd, false);
	assert_int_equal(nbl_tap_deaf(fd, true), 0);
	restart(s);
	assert_int_equal(fake_tap_info("vif1.0", &info), 0);
	assert_false(info.no_carrier);
	assert_false(info.deaf);
	answer_again(s);
	packets_flow(s);
}

static void all_of_the_owner_is_kept(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_request req;
	struct xen_noxs_net_back was;
	struct fake_tap_info info;
	struct nbl_spoof spoof;
	struct nbl_vif *vif;
	unsigned int i;

	fake_dom_create(7);
	request_init(&req, 7, 3);
	strcpy(req.ifname, "web");
	strcpy(req.bridge, "jumbo0");
	fake_bridge_filter("jumbo0");
	req.vlan = 30;
	req.queues = 4;
	req.flags = NOXS_NETBACK_SPOOF_MAC | NOXS_NETBACK_SPOOF_IP;
	req.mtu = 4000;
	req.ip_mode = XEN_NOXS_NET_IP_STATIC;
	req.prefix = 24;
	req.ip[0] = 10;
	req.gateway[0] = 9;
	for (i = 0; i < NOXS_NETBACK_NR_LIMITS; i++) {
		req.limit[i].amount = 5000 + i;
		req.limit[i].interval_us = 50000 + i;
	}
	assert_int_equal(nbl_vif_attach(s->nb, &req, &vif, err), 0);
	was = vif->back;
	spoof = vif->spoof;
	restart(s);
	vif = nbl_guest_vif(nbl_guest_find(s->nb, 7), 0);
	assert_int_equal(vif->id, 3);
	assert_string_equal(vif->tap->ifname, "web");
	assert_string_equal(vif->bridge, "jumbo0");
	assert_int_equal(vif->max_frame, 4000 + NBL_ETH_OVERHEAD);
	assert_int_equal(vif->tx_rate.bytes.amount, 5000);
	assert_int_equal(vif->tx_rate.frames.amount, 5001);
	assert_int_equal(vif->rx_rate.bytes.interval_ns, 50002000);
	assert_int_equal(vif->rx_rate.frames.amount, 5003);
	assert_memory_equal(vif->limit, req.limit, sizeof(req.limit));
	assert_memory_equal(&vif->spoof, &spoof, sizeof(spoof));
	assert_int_equal(vif->nr_ports, 4);
	assert_int_equal(fake_tap_info("web", &info), 0);
	assert_int_equal(info.vlan, 30);
	was.hdr.generation++;
	/* Each process has a key of its own. */
	assert_memory_not_equal(vif->back.hash_key, was.hash_key,
				sizeof(was.hash_key));
	memcpy(was.hash_key, vif->back.hash_key, sizeof(was.hash_key));
	assert_memory_equal(&vif->back, &was, sizeof(was));

	/* Also when its TAP was lost. */
	stop(s);
	fake_tap_remove("web");
	start(s);
	assert_int_equal(fake_tap_info("web", &info), 0);
	assert_int_equal(info.vlan, 30);
	assert_string_equal(info.bridge, "jumbo0");
	assert_int_equal(info.mtu, 4000);
}

static int setup_spare(void **state)
{
	struct noxs_netback_request req;
	struct test_state *s;
	struct nbl_vif *vif;

	setup(state);
	s = *state;
	fake_dom_create(1);
	request_init(&req, 1, 0);
	memset(req.mac, 0, sizeof(req.mac));
	req.flags = NOXS_NETBACK_SPARE;
	assert_int_equal(nbl_vif_attach(s->nb, &req, &vif, err), 0);
	return 0;
}

static void bind_it(struct test_state *s)
{
	struct noxs_netback_request req;
	struct nbl_vif *vif;

	request_init(&req, 1, 0);
	req.op = NOXS_NETBACK_BIND;
	req.mtu = 1400;
	assert_int_equal(nbl_vif_bind(s->nb, &req, &vif, err), 0);
}

static void assert_spare(struct test_state *s)
{
	static const uint8_t nobody[6];
	struct fake_tap_info info;

	assert_true(the_vif(s)->spare);
	assert_memory_equal(the_vif(s)->back.mac, nobody, 6);
	assert_int_equal(fake_tap_info("vif1.0", &info), 0);
	assert_string_equal(info.bridge, TEST_BRIDGE);
	assert_true(info.deaf);
	assert_false(info.flood);
}

static void spares_stay_spares(void **state)
{
	struct test_state *s = *state;
	struct fake_tap_info info;

	restart(s);
	assert_spare(s);
	bind_it(s);
	restart(s);
	assert_false(the_vif(s)->spare);
	assert_int_equal(the_vif(s)->back.mac[5], 3);
	assert_int_equal(the_vif(s)->back.mtu, 1400);
	assert_int_equal(fake_tap_info("vif1.0", &info), 0);
	assert_false(info.deaf);
	assert_true(info.flood);
	assert_int_equal(info.mtu, 1400);
}

/* Killed when all was done but the line in the ledger: nobody was answered. */
static void half_a_bind_is_none(void **state)
{
	struct test_state *s = *state;
	struct nbl_ledger *l = s->nb->ledger;
	struct fake_usage u;

	s->nb->ledger = NULL;
	bind_it(s);
	s->nb->ledger = l;
	restart(s);
	assert_int_equal(s->nb->nr_vifs, 0);
	wait_taps(s->nb, 0);
	fake_host_usage(&u);
	assert_int_equal(u.devices, 0);
}

/* Killed in an attach, when Xen had the device: nobody was answered. */
static void what_nobody_knows_is_removed(void **state)
{
	struct test_state *s = *state;
	struct nbl_ledger *l = s->nb->ledger;
	struct fake_usage u;
	int i;

	s->nb->ledger = NULL;
	for (i = 0; i < 9; i++)
		attach_one(s, (uint16_t)(20 + i));
	s->nb->ledger = l;
	attach_one(s, 5);
	restart(s);
	assert_int_equal(s->nb->nr_vifs, 1);
	fake_host_usage(&u);
	assert_int_equal(u.devices, 1);
	assert_int_equal(u.taps, 1);
}

/* What a release without a hash had offered is adopted by one with it. */
static void offer_of_an_older_release(void **state)
{
	struct xen_noxs_publish op = {
		.domid = 7, .type = XEN_NOXS_TYPE_NET,
		.size = XEN_NOXS_NET_BACK_LEAST,
	};
	struct test_state *s = *state;
	struct nbl_vif *vif;

	attach_one(s, 7);
	vif = nbl_guest_vif(nbl_guest_find(s->nb, 7), 0);
	op.serial = vif->guest->serial;
	vif->back.hdr.size = XEN_NOXS_NET_BACK_LEAST;
	memcpy(op.data, &vif->back, XEN_NOXS_NET_BACK_LEAST);
	assert_int_equal(noxs_publish(s->nb->nx, &op), 0);
	restart(s);
	assert_int_equal(s->nb->nr_vifs, 1);
	vif = nbl_guest_vif(nbl_guest_find(s->nb, 7), 0);
	assert_int_equal(vif->back.hdr.size, sizeof(vif->back));
}

/* Of another process, which lives: its port does not wait for anybody. */
static void what_others_serve_is_left_alone(void **state)
{
	struct test_state *s = *state;
	struct xen_noxs_net_back back = {
		.hdr = { .magic = XEN_NOXS_BACK_MAGIC,
			 .version = XEN_NOXS_VERSION,
			 .size = sizeof(back) },
	};
	struct xen_noxs_remove op = { .domid = 6, .type = XEN_NOXS_TYPE_NET };
	struct fake_usage u;
	uint32_t port;

	assert_int_equal(fake_dom_add_net(fake_dom_create(6), 0, &back, &port),
			 0);
	attach_one(s, 7);
	restart(s);
	assert_int_equal(s->nb->nr_vifs, 1);
	fake_host_usage(&u);
	assert_int_equal(u.devices, 2);
	assert_int_equal(noxs_remove(NULL, &op), 0);
	nbl_evtchn_free(s->nb->ec, port);
}

/* Ours by the ledger, and yet its port is not to be had. */
static void a_guest_that_closes_its_port_harms_itself(void **state)
{
	struct test_state *s = *state;
	struct xen_noxs_remove op = { .domid = 1, .type = XEN_NOXS_TYPE_NET };
	int64_t began;

	attach_one(s, 1);
	attach_one(s, 2);
	attach_one(s, 3);
	guest_find_device(&s->guest, 1, 0);
	stop(s);
	fake_dom_evtchn_close(s->guest.dom, s->guest.slot.port[0]);
	began = nbl_now_ms();
	start(s);
	assert_in_range(nbl_now_ms() - began, 0, 1000);
	assert_int_equal(s->nb->nr_vifs, 2);
	assert_null(nbl_guest_find(s->nb, 1));
	/* Its domain ends: what it had goes with the next start. */
	assert_int_equal(noxs_remove(NULL, &op), 0);
	guest_forget(&s->guest);
	restart(s);
	wait_taps(s->nb, 2);
	assert_int_equal(s->nb->nr_vifs, 2);
}

static void guests_that_ended_are_forgotten(void **state)
{
	struct test_state *s = *state;
	struct stat st;

	attach_one(s, 1);
	attach_one(s, 2);
	stop(s);
	fake_dom_kill(fake_dom_find(1));
	fake_dom_vanish(fake_dom_find(1));
	fake_dom_kill(fake_dom_find(2));	/* but is still listed */
	start(s);
	assert_int_equal(s->nb->nr_vifs, 0);
	wait_taps(s->nb, 0);
	/* The records went with the TAPs: their places are free. */
	attach_one(s, 3);
	attach_one(s, 4);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 256 * 3);
}

static void a_domids_next_owner_is_another(void **state)
{
	struct test_state *s = *state;
	struct fake_tap_info info;

	attach_one(s, 1);
	stop(s);
	fake_dom_kill(fake_dom_find(1));
	fake_dom_vanish(fake_dom_find(1));
	fake_dom_create(1);
	start(s);
	assert_int_equal(s->nb->nr_vifs, 0);
	wait_taps(s->nb, 0);
	attach_one(s, 1);
	restart(s);
	assert_int_equal(s->nb->nr_vifs, 1);
	assert_int_equal(fake_tap_info("vif1.0", &info), 0);
}

static void a_lost_tap_is_made_anew(void **state)
{
	struct test_state *s = *state;
	struct fake_tap_info info;

	attach_one(s, 1);
	attach_one(s, 2);
	stop(s);
	fake_tap_remove("vif1.0");
	fake_tap_remove("vif2.0");
	start(s);
	assert_int_equal(s->nb->nr_vifs, 2);
	assert_int_equal(fake_tap_info("vif1.0", &info), 0);
	assert_string_equal(info.bridge, TEST_BRIDGE);
	assert_true(info.kept && info.up);
	assert_int_equal(the_vif(s)->ifindex, 3);
	restart(s);
	assert_int_equal(the_vif(s)->ifindex, 3);
}

static void without_its_bridge_it_is_off_any(void **state)
{
	struct test_state *s = *state;
	struct fake_tap_info info;

	attach_one(s, 1);
	stop(s);
	fake_tap_remove("vif1.0");
	fake_bridge_remove(TEST_BRIDGE);
	start(s);
	assert_int_equal(s->nb->nr_vifs, 1);
	assert_int_equal(fake_tap_info("vif1.0", &info), 0);
	assert_string_equal(info.bridge, "");
}

/* Its name is somebody else's now: the device waits for better times. */
static void a_taken_name_is_not_fought_for(void **state)
{
	struct test_state *s = *state;
	struct fake_usage u;

	attach_one(s, 1);
	attach_one(s, 2);
	stop(s);
	fake_tap_rename("vif1.0", "mine");
	fake_bridge_add("vif1.0", 1500);
	start(s);
	assert_int_equal(s->nb->nr_vifs, 1);
	fake_host_usage(&u);
	assert_int_equal(u.devices, 2);
	stop(s);
	fake_bridge_remove("vif1.0");
	fake_tap_rename("mine", "vif1.0");
	start(s);
	assert_int_equal(s->nb->nr_vifs, 2);
}

static void liars_stay_closed(void **state)
{
	struct test_state *s = *state;

	connect_one(s);
	s->guest.front->hdr.state = 77;
	guest_notify(&s->guest);
	assert_broken(s, EPROTO);
	restart(s);
	assert_int_equal(guest_sees(&s->guest), XEN_NOXS_STATE_CLOSED);
	assert_int_equal(s->guest.back->hdr.error, EPROTO);
	guest_answer(&s->guest, 0);
	turns(s->nb);
	assert_int_equal(guest_sees(&s->guest), XEN_NOXS_STATE_CLOSED);
	assert_int_equal(s->nb->nr_vifs, 1);
}

/* It was closing, or closed, when nobody looked. */
static void guests_that_closed_may_come_again(void **state)
{
	struct test_state *s = *state;

	connect_one(s);
	stop(s);
	guest_say(&s->guest, XEN_NOXS_STATE_CLOSING);
	start(s);
	turns(s->nb);
	assert_int_equal(guest_sees(&s->guest), XEN_NOXS_STATE_CLOSED);
	stop(s);
	guest_say(&s->guest, XEN_NOXS_STATE_CLOSED);
	fake_dom_port_clear(s->guest.dom, s->guest.slot.port[0]);
	start(s);
	turns(s->nb);
	assert_int_equal(guest_sees(&s->guest), XEN_NOXS_STATE_INIT);
	answer_again(s);
	packets_flow(s);
}

/*
 * Whatever fails in an adoption: it says so or has the vif; and the next one,
 * in which nothing fails, has it all the same.
 */
static void a_failure_costs_nobody_his_vif(void **state)
{
	struct test_state *s = *state;
	struct fake_usage u;
	const char *step;
	unsigned int n;
	bool hit = true;

	connect_one(s);
	attach_one(s, 2);
	nbl_log_start(NBL_ERROR, false);
	for (n = 1; hit; n++) {
		stop(s);
		assert_int_equal(nbl_open(&s->nb, &step), 0);
		count_allocs(true);
		fake_fail_at(n);
		nbl_adopt(s->nb, path, err);
		hit = fake_fail_hit();
		fake_fail_at(0);
		count_allocs(false);
		turns(s->nb);
		restart(s);
		assert_int_equal(s->nb->nr_vifs, 2);
		fake_host_usage(&u);
		assert_int_equal(u.devices, 2);
		assert_int_equal(u.taps, 2);
	}
	assert_true(n > 20);
	answer_again(s);
	packets_flow(s);
}

/* A guest that answers at once. */
static void answer_at_once(void *data)
{
	struct test_guest *g = data;

	if (g->back->hdr.state != XEN_NOXS_STATE_INIT ||
	    g->front->hdr.generation == g->back->hdr.generation)
		return;
	guest_make_rings(g);
	guest_answer(g, 0);
}

static void the_first_do_not_wait_for_the_last(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	int i;

	connect_one(s);
	for (i = 0; i < 9; i++)
		attach_one(s, (uint16_t)(10 + i));
	stop(s);
	fake_host_sync(true);
	assert_int_equal(fake_dom_evtchn_bind(g->dom, g->slot.port[0],
					      answer_at_once, g), 0);
	start(s);
	assert_int_equal(s->nb->nr_vifs, 10);
	assert_int_equal(guest_sees(g), XEN_NOXS_STATE_CONNECTED);
	fake_dom_evtchn_unbind(g->dom, g->slot.port[0]);
	fake_host_sync(false);
}

static void a_bad_ledger_stops_the_start(void **state)
{
	struct test_state *s = *state;
	const char *step;
	struct fake_usage u;
	char keep[128];

	attach_one(s, 1);
	stop(s);
	snprintf(keep, sizeof(keep), "%s.keep", path);
	assert_int_equal(rename(path, keep), 0);
	assert_int_equal(truncate(keep, 300), 0);
	assert_int_equal(symlink(keep, path), 0);
	assert_int_equal(nbl_open(&s->nb, &step), 0);
	assert_int_equal(nbl_adopt(s->nb, path, err), -ELOOP);
	fake_host_usage(&u);
	assert_int_equal(u.devices, 1);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(unlink(keep), 0);
	nbl_close(s->nb);
	/* Without one, all is unknown: removed.  (The TAP is nobody's then.) */
	fake_tap_remove("vif1.0");
	start(s);
	assert_int_equal(s->nb->nr_vifs, 0);
	fake_host_usage(&u);
	assert_int_equal(u.devices, 0);
}

static void hundred_restarts_of_ten(void **state)
{
	struct test_state *s = *state;
	struct stat st;
	int i;

	for (i = 0; i < 9; i++)
		attach_one(s, (uint16_t)(10 + i));
	connect_one(s);
	for (i = 0; i < 100; i++) {
		restart(s);
		assert_int_equal(s->nb->nr_vifs, 10);
	}
	assert_int_equal(s->guest.back->hdr.generation, 101);
	answer_again(s);
	packets_flow(s);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 256 * 11);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		T(connected_guests_go_on),
		T(a_guest_that_was_cut_off_is_not),
		T(all_of_the_owner_is_kept),
		cmocka_unit_test_setup_teardown(spares_stay_spares, setup_spare,
						teardown),
		cmocka_unit_test_setup_teardown(half_a_bind_is_none,
						setup_spare, teardown),
		T(what_nobody_knows_is_removed),
		T(offer_of_an_older_release),
		T(what_others_serve_is_left_alone),
		T(a_guest_that_closes_its_port_harms_itself),
		T(guests_that_ended_are_forgotten),
		T(a_domids_next_owner_is_another),
		T(a_lost_tap_is_made_anew),
		T(without_its_bridge_it_is_off_any),
		T(a_taken_name_is_not_fought_for),
		T(liars_stay_closed),
		T(guests_that_closed_may_come_again),
		T(a_failure_costs_nobody_his_vif),
		T(the_first_do_not_wait_for_the_last),
		T(a_bad_ledger_stops_the_start),
		T(hundred_restarts_of_ten),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("netback-adopt", tests, NULL, NULL);
}

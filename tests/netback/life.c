// SPDX-License-Identifier: BSD-2-Clause
/* Attach, detach, the ladder of each, death of guests. */
#include "harness.h"

#include <stdlib.h>
#include <unistd.h>

#include <evtchn.h>

static char err[NBL_ERROR_SIZE];

static void attach_makes_device(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_request req;
	struct fake_tap_info info;
	struct nbl_vif *vif;

	fake_dom_create(7);
	request_init(&req, 7, 3);
	req.ip_mode = XEN_NOXS_NET_IP_STATIC;
	req.prefix = 24;
	req.ip[0] = 10;
	assert_int_equal(nbl_vif_attach(s->nb, &req, &vif, err), 0);
	guest_find_device(&s->guest, 7, 3);
	assert_int_equal(guest_sees(&s->guest), XEN_NOXS_STATE_INIT);
	assert_int_equal(s->guest.back->hdr.generation, 1);
	assert_int_equal(s->guest.back->hdr.features, NBL_VIF_FEATURES);
	assert_int_equal(s->guest.back->mtu, 1500);
	assert_int_equal(s->guest.back->max_queues, 1);
	assert_int_equal(s->guest.back->mac[5], 3);
	assert_int_equal(s->guest.back->ip[0], 10);
	assert_int_equal(s->guest.back->prefix, 24);
	assert_int_equal(fake_tap_info("vif7.3", &info), 0);
	assert_string_equal(info.bridge, TEST_BRIDGE);
	assert_true(info.up);
	assert_true(info.no_qdisc);
	nbl_vif_detach(vif);
	wait_taps(s->nb, 0);
	assert_nothing_held();
}

static void attach_mtu_of_bridge_or_request(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_request req;
	struct nbl_vif *vif;

	fake_dom_create(1);
	request_init(&req, 1, 0);
	strcpy(req.bridge, "jumbo0");
	assert_int_equal(nbl_vif_attach(s->nb, &req, &vif, err), 0);
	assert_int_equal(vif->back.mtu, 9000);
	request_init(&req, 1, 1);
	req.mtu = 1280;
	assert_int_equal(nbl_vif_attach(s->nb, &req, &vif, err), 0);
	assert_int_equal(vif->back.mtu, 1280);
}

static void expect_refused(struct nbl *nb,
			   const struct noxs_netback_request *req, int rc,
			   const char *text)
{
	struct nbl_vif *vif;

	memset(err, 0, sizeof(err));
	assert_int_equal(nbl_vif_attach(nb, req, &vif, err), rc);
	if (!strstr(err, text))
		fail_msg("\"%s\" does not say \"%s\"", err, text);
	wait_taps(nb, 0);
	assert_nothing_held();
}

static void attach_refuses_bad_requests(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_request good, req;

	fake_dom_create(1);
	request_init(&good, 1, 0);
	req = good;
	strcpy(req.bridge, "nobr");
	expect_refused(s->nb, &req, -ENODEV, "bridge nobr: No such device");
	req = good;
	req.domid = 5;
	expect_refused(s->nb, &req, -ESRCH, "domain 5: No such domain");
	req = good;
	req.domid = 0x7ff0;
	expect_refused(s->nb, &req, -EINVAL, "domain");
	req = good;
	req.vif = NOXS_NETBACK_ALL;
	expect_refused(s->nb, &req, -EINVAL, "vif");
	req = good;
	req.mac[0] = 1;
	expect_refused(s->nb, &req, -EINVAL, "MAC address 01:16:3e");
	req = good;
	memset(req.mac, 0, 6);
	expect_refused(s->nb, &req, -EINVAL, "MAC");
	req = good;
	req.mtu = 9001;
	expect_refused(s->nb, &req, -EINVAL, "MTU 9001");
	req = good;
	req.mtu = 67;
	expect_refused(s->nb, &req, -EINVAL, "MTU 67");
	req = good;
	req.pad[3] = 1;
	expect_refused(s->nb, &req, -EINVAL, "padding");
	req = good;
	req.queues = 9;
	expect_refused(s->nb, &req, -EINVAL, "9 queues");
	req = good;
	req.ip[0] = 10;
	expect_refused(s->nb, &req, -EINVAL, "addresses");
	req = good;
	req.ip_mode = XEN_NOXS_NET_IP_STATIC;
	req.ip[0] = 10;
	req.prefix = 33;
	expect_refused(s->nb, &req, -EINVAL, "addresses");
	req = good;
	req.ip_mode = 3;
	expect_refused(s->nb, &req, -EINVAL, "addresses");
	req = good;
	memset(req.ifname, 'x', sizeof(req.ifname));
	expect_refused(s->nb, &req, -EINVAL, "TAP");
	req = good;
	strcpy(req.ifname, "a%d");
	expect_refused(s->nb, &req, -EINVAL, "TAP");
	req = good;
	strcpy(req.bridge, "../x");
	expect_refused(s->nb, &req, -EINVAL, "bridge");
}

static void attach_twice_is_eexist(void **state)
{
	struct test_state *s = *state;

	fake_dom_create(1);
	assert_int_equal(attach(s->nb, 1, 0, err), 0);
	assert_int_equal(attach(s->nb, 1, 0, err), -EEXIST);
	assert_non_null(strstr(err, "vif 0 of domain 1"));
	assert_int_equal(s->nb->nr_vifs, 1);
}

static void attach_name_of_other_tap_is_eexist(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_request req;
	struct nbl_vif *vif;

	fake_dom_create(1);
	request_init(&req, 1, 0);
	strcpy(req.ifname, "web0");
	assert_int_equal(nbl_vif_attach(s->nb, &req, &vif, err), 0);
	req.vif = 1;
	assert_int_equal(nbl_vif_attach(s->nb, &req, &vif, err), -EEXIST);
	assert_non_null(strstr(err, "open TAP web0: File exists"));
}

static void attach_waits_for_name_being_closed(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_request req;
	struct nbl_vif *vif;
	int rc;

	fake_dom_create(1);
	request_init(&req, 1, 0);
	assert_int_equal(nbl_vif_attach(s->nb, &req, &vif, err), 0);
	nbl_vif_detach(vif);
	rc = nbl_vif_attach(s->nb, &req, &vif, err);
	if (rc) {	/* the closer's threads may have been quicker */
		assert_int_equal(rc, -EINPROGRESS);
		wait_taps(s->nb, 0);
		rc = nbl_vif_attach(s->nb, &req, &vif, err);
	}
	assert_int_equal(rc, 0);
}

/* While on, a name that is taken is so until just before the caller hears of it. */
static struct nbl *close_meanwhile;

int __real_nbl_tap_open(const char *ifname, bool many, int *out);
int __wrap_nbl_tap_open(const char *ifname, bool many, int *out);

int __wrap_nbl_tap_open(const char *ifname, bool many, int *out)
{
	int rc = __real_nbl_tap_open(ifname, many, out);
	struct nbl *nb = close_meanwhile;

	close_meanwhile = NULL;
	if (!nb)
		return rc;
	wait_taps(nb, 0);
	/* The thread that closed it says so a moment later. */
	while (nbl_closer_busy(nb->closer, ifname))
		usleep(100);
	return rc;
}

static void attach_with_a_name_just_closed(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_request req;
	struct nbl_vif *vif;

	fake_dom_create(1);
	request_init(&req, 1, 0);
	assert_int_equal(nbl_vif_attach(s->nb, &req, &vif, err), 0);
	nbl_vif_detach(vif);
	close_meanwhile = s->nb;
	assert_int_equal(nbl_vif_attach(s->nb, &req, &vif, err), 0);
}

static void attach_maps_pair_once(void **state)
{
	struct test_state *s = *state;
	struct fake_usage u;
	unsigned int i;

	fake_dom_create(1);
	for (i = 0; i < XEN_NOXS_MAX_SLOTS; i++)
		assert_int_equal(attach(s->nb, 1, (uint16_t)i, err), 0);
	fake_host_usage(&u);
	assert_int_equal(u.noxs_maps, 8);	/* 62 areas, 8 a page */
	assert_int_equal(attach(s->nb, 1, 62, err), -ENOSPC);
	assert_non_null(strstr(err, "add vif 62 to domain 1"));
	nbl_vif_detach(nbl_guest_vif(nbl_guest_find(s->nb, 1), 8));
	fake_host_usage(&u);
	assert_int_equal(u.noxs_maps, 8);
}

/* The one call whose failure is nobody's: what a TAP costs the host. */
static bool attached_with_a_qdisc(void)
{
	struct fake_tap_info info;

	return !fake_tap_info("vif1.0", &info) && !info.no_qdisc;
}

/* Let the n-th call fail, n = 1, 2, ... until there is none. */
static void attach_ladder(void **state)
{
	struct test_state *s = *state;
	unsigned int n, done_without = 0;
	bool hit = true;
	int rc;

	fake_dom_create(1);
	for (n = 1; hit; n++) {
		assert_true(n < 50);
		memset(err, 0, sizeof(err));
		free(s->nb->port);	/* it only ever grows */
		s->nb->port = NULL;
		s->nb->nr_ports = 0;
		fake_fail_at(n);
		count_allocs(true);
		rc = attach(s->nb, 1, 0, err);
		count_allocs(false);
		hit = fake_fail_hit();
		fake_fail_at(0);
		if (rc) {
			assert_true(hit);
			assert_non_null(strstr(err, ": "));
		} else {
			assert_int_equal(attached_with_a_qdisc(), hit);
			done_without += hit;
			nbl_vif_detach(nbl_guest_vif(nbl_guest_find(s->nb, 1),
						     0));
		}
		wait_taps(s->nb, 0);
		assert_nothing_held();
		assert_int_equal(s->nb->nr_guests, 0);
		assert_int_equal(s->nb->nr_vifs, 0);
	}
	/* bridge, TAP, link, port, add, map; vif, ticket, table, guest; qdisc */
	assert_int_equal(n - 2, 11);
	assert_int_equal(done_without, 1);
}

/* The same for the whole backend. */
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
	for (n = 1; n < 50; n++) {
		fake_fail_at(n);
		count_allocs(true);
		rc = nbl_open(&nb, &step);
		count_allocs(false);
		if (!fake_fail_hit())
			break;
		/* Without a watch, or a program for TAPs, it does its work. */
		if (!rc)
			nbl_close(nb);
		fake_host_usage(&u);
		assert_int_equal(u.handles, 0);
		assert_int_equal(u.ports, 0);
		assert_int_equal(u.watches, 0);
	}
	assert_int_equal(n, 14);
	assert_int_equal(rc, 0);
	nbl_close(nb);
	fake_host_destroy();
}

static void dead_guest_is_dropped(void **state)
{
	struct test_state *s = *state;

	fake_dom_kill(s->guest.dom);
	turns(s->nb);
	assert_int_equal(s->nb->nr_vifs, 0);
	assert_int_equal(s->nb->nr_guests, 0);
	wait_taps(s->nb, 0);
	assert_nothing_held();
}

static void neighbours_of_the_dead_stay(void **state)
{
	struct test_state *s = *state;
	struct fake_domain *doms[20];
	unsigned int i;

	for (i = 0; i < 20; i++) {
		doms[i] = fake_dom_create((uint16_t)(10 + i));
		assert_int_equal(attach(s->nb, (uint16_t)(10 + i), 0, err), 0);
	}
	for (i = 0; i < 20; i += 2)
		fake_dom_kill(doms[i]);
	turns(s->nb);
	assert_int_equal(s->nb->nr_vifs, 1 + 10);
	for (i = 0; i < 20; i++)
		assert_int_equal(!nbl_guest_find(s->nb, (uint16_t)(10 + i)),
				 i % 2 == 0);
}

static void successor_of_a_domid_gets_its_own(void **state)
{
	struct test_state *s = *state;
	struct fake_domain *dom = fake_dom_create(9);
	struct nbl_guest *guest;
	int rc;

	assert_int_equal(attach(s->nb, 9, 0, err), 0);
	fake_dom_kill(dom);
	fake_dom_vanish(dom);
	dom = fake_dom_create(9);	/* before anybody told the backend */
	rc = attach(s->nb, 9, 0, err);
	if (rc == -EINPROGRESS) {
		wait_taps(s->nb, 0);
		rc = attach(s->nb, 9, 0, err);
	}
	assert_int_equal(rc, 0);
	guest = nbl_guest_find(s->nb, 9);
	assert_int_equal(guest->serial, fake_dom_serial(dom));
	assert_int_equal(s->nb->nr_vifs, 1);
	/* another vif number: the old guest is only found by its serial */
	fake_dom_kill(dom);
	fake_dom_vanish(dom);
	dom = fake_dom_create(9);
	assert_int_equal(attach(s->nb, 9, 5, err), 0);
	guest = nbl_guest_find(s->nb, 9);
	assert_int_equal(guest->serial, fake_dom_serial(dom));
	assert_int_equal(s->nb->nr_vifs, 1);
}

/* What setup and teardown look at is the test: 200 times nothing is lost. */
static void attach_detach_cycles(void **state)
{
	struct test_state *s = *state;
	unsigned int i;
	int rc;

	fake_dom_create(1);
	for (i = 0; i < 200; i++) {
		rc = attach(s->nb, 1, (uint16_t)i, err);
		assert_int_equal(rc, 0);
		nbl_vif_detach(nbl_guest_vif(nbl_guest_find(s->nb, 1), 0));
		nbl_turn(s->nb, 0);
	}
	wait_taps(s->nb, 0);
	assert_nothing_held();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH(setup, fn) cmocka_unit_test_setup_teardown(fn, setup, \
							teardown_backend)
		WITH(setup_backend, attach_makes_device),
		WITH(setup_backend, attach_mtu_of_bridge_or_request),
		WITH(setup_backend, attach_refuses_bad_requests),
		WITH(setup_backend, attach_twice_is_eexist),
		WITH(setup_backend, attach_name_of_other_tap_is_eexist),
		WITH(setup_backend, attach_waits_for_name_being_closed),
		WITH(setup_backend, attach_with_a_name_just_closed),
		WITH(setup_backend, attach_maps_pair_once),
		WITH(setup_backend, attach_ladder),
		cmocka_unit_test(open_ladder),
		WITH(setup_connected, dead_guest_is_dropped),
		WITH(setup_attached, neighbours_of_the_dead_stay),
		WITH(setup_backend, successor_of_a_domid_gets_its_own),
		WITH(setup_backend, attach_detach_cycles),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("netback-life", tests, NULL, NULL);
}

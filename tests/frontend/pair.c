// SPDX-License-Identifier: BSD-2-Clause
#include "pair.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "connection.h"
#include "fake.h"

#define BRIDGE	"br0"

struct pair pair;

void pair_open(void)
{
	const char *step;

	assert_int_equal(nbl_open(&pair.nb, &step), 0);
}

void pair_settle(void)
{
	unsigned int i;

	for (i = 0; i < 12; i++) {
		assert_int_equal(nbl_turn(pair.nb, 0), 0);
		guest_run(&pair.guest);
		if (!TAILQ_EMPTY(&pair.nb->unordered)) {
			usleep(1000);
			i = 0;
		}
	}
}

int pair_request(uint16_t op, uint16_t vif, uint16_t mtu,
		 struct noxs_netback_reply *reply)
{
	struct noxs_netback_request req = {
		.magic = NOXS_NETBACK_MAGIC,
		.version = NOXS_NETBACK_VERSION,
		.op = op,
		.domid = PAIR_DOMID,
		.vif = vif,
	};
	struct nbl_control ctl = { .nb = pair.nb };
	struct nbl_connection conn = { .ctl = &ctl };
	int n;

	if (op == NOXS_NETBACK_ATTACH) {
		memcpy(req.mac, "\x00\x16\x3e\x00\x00\x02", 6);
		req.mtu = mtu;
		req.queues = (uint8_t)pair.queues;
		strcpy(req.bridge, BRIDGE);
	}
	/* The TAP of that name may still be closing. */
	for (n = 0; nbl_request(&conn, &req, reply) == -EINPROGRESS; n++) {
		assert_in_range(n, 0, 1000);
		assert_int_equal(nbl_turn(pair.nb, 10), 0);
	}
	return reply->rc;
}

void pair_attach(uint16_t vif, uint16_t mtu)
{
	struct noxs_netback_reply reply;

	assert_int_equal(pair_request(NOXS_NETBACK_ATTACH, vif, mtu, &reply), 0);
}

void pair_detach(uint16_t vif)
{
	struct noxs_netback_reply reply;

	assert_int_equal(pair_request(NOXS_NETBACK_DETACH, vif, 0, &reply), 0);
}

void pair_expect_state(uint16_t vif, uint32_t state)
{
	struct noxs_netback_reply reply;

	assert_int_equal(pair_request(NOXS_NETBACK_STATS, vif, 0, &reply), 0);
	assert_int_equal(reply.vif, vif);
	assert_int_equal(reply.state, state);
}

int pair_tap(uint16_t vif)
{
	char name[16];
	int fd;

	snprintf(name, sizeof(name), "vif%d.%u", PAIR_DOMID, vif);
	fd = fake_tap_peer(name);
	assert_true(fd >= 0);
	return fd;
}

void pair_expect_connected(uint16_t vif)
{
	assert_non_null(pair.guest.vif[vif].nf);
	assert_true(noxs_netfront_connected(pair.guest.vif[vif].nf));
	assert_int_equal(pair.guest.vif[vif].up, pair.guest.vif[vif].down + 1);
	pair_expect_state(vif, XEN_NOXS_STATE_CONNECTED);
}

int pair_setup(void **state)
{
	(void)state;
	pair.queues = 0;
	fake_host_create();
	fake_bridge_add(BRIDGE, 1500);
	pair_open();
	pair.dom = fake_dom_create(PAIR_DOMID);
	return 0;
}

static void expect_nothing_left(void)
{
	struct fake_usage usage, none = { 0 };

	fake_host_usage(&usage);
	assert_memory_equal(&usage, &none, sizeof(none));
	assert_int_equal(guest_allocs(), 0);
	assert_int_equal(fake_dom_pages_used(pair.dom), 0);
	assert_int_equal(fake_dom_grants_used(pair.dom), 0);
}

/* A frontend that goes first waits for its pages. */
void pair_leave(void)
{
	unsigned int n;

	guest_enter(&pair.guest);
	for (n = 0; pair.guest.running && noxs_bus_stop(&pair.guest.bus); n++) {
		assert_in_range(n, 0, 2);
		assert_int_equal(nbl_turn(pair.nb, 0), 0);
	}
	guest_stop(&pair.guest);
}

void pair_finish(bool frontend_first)
{
	if (frontend_first)
		pair_leave();
	nbl_close(pair.nb);
	pair.nb = NULL;
	if (!frontend_first) {
		guest_run(&pair.guest);
		guest_stop(&pair.guest);
	}
	expect_nothing_left();
}

int pair_teardown(void **state)
{
	(void)state;
	if (pair.nb)
		nbl_close(pair.nb);
	pair.nb = NULL;
	fake_host_destroy();
	return 0;
}

unsigned int pair_failing_calls(unsigned int nr_queues, unsigned int *connected)
{
	struct noxs_netback_reply reply;
	unsigned int n;

	for (n = 1;; n++) {
		bool hit;

		pair_teardown(NULL);
		pair_setup(NULL);
		pair.queues = nr_queues;
		fake_fail_at(n);
		pair_request(NOXS_NETBACK_ATTACH, 0, 0, &reply);
		if (!guest_start_queues(&pair.guest, pair.dom,
					PAIR_FEATURES | XEN_NOXS_NET_F_HASH,
					nr_queues)) {
			pair_settle();
			*connected += pair.guest.vif[0].nf &&
				     noxs_netfront_connected(pair.guest.vif[0].nf);
		}
		hit = fake_fail_hit();
		fake_fail_at(0);
		pair_finish(n % 2);
		if (!hit)
			return n;
	}
}

// SPDX-License-Identifier: BSD-2-Clause
/*
 * The frontend core joined with netback-lite in one process: real negotiation, real
 * rings, every frame's content checked.
 */

#include "pair.h"

#include <sys/socket.h>

#include "fake.h"

/* --- frames ------------------------------------------------------------------- */

static int to_guest(int fd, uint32_t nr, uint32_t max)
{
	static uint8_t buf[HDR + GUEST_MAX_FRAME];
	uint32_t len = frame_len(nr, max);

	memset(buf, 0, HDR);
	frame_make(buf + HDR, len, nr);
	return send(fd, buf, HDR + len, MSG_DONTWAIT) < 0 ? -1 : 0;
}

/* 1: frame nr came, 0: nothing there. */
static int from_guest(int fd, uint32_t nr, uint32_t max)
{
	static uint8_t buf[HDR + GUEST_MAX_FRAME + 1];
	static uint8_t expected[GUEST_MAX_FRAME];
	ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
	uint32_t len = frame_len(nr, max);

	if (n < 0)
		return 0;
	assert_int_equal(n, HDR + len);
	frame_make(expected, len, nr);
	assert_memory_equal(buf + HDR, expected, len);
	return 1;
}

/* nr frames each way, in bursts; numbers go on from *next. */
static void traffic(uint16_t id, uint32_t nr, uint32_t *next)
{
	struct guest_vif *vif = &pair.guest.vif[id];
	const uint32_t first = *next, end = first + nr;
	uint32_t tx = first, rx = first, got = first;
	unsigned int idle = 0, burst;
	int fd = pair_tap(id);

	vif->rx_next = first;
	while ((got < end || vif->rx_next < end) && idle < 20) {
		uint32_t before = got + vif->rx_next;

		for (burst = tx % 11; burst-- && tx < end; tx++)
			if (guest_send(vif, tx))
				break;
		if (!(tx % 11) && tx < end && !guest_send(vif, tx))
			tx++;
		for (burst = 1 + rx % 13; burst-- && rx < end; rx++)
			if (to_guest(fd, rx, vif->max_len))
				break;
		assert_int_equal(nbl_turn(pair.nb, 0), 0);
		while (from_guest(fd, got, vif->max_len))
			got++;
		guest_run(&pair.guest);
		idle = got + vif->rx_next == before ? idle + 1 : 0;
	}
	assert_int_equal(got, end);
	assert_int_equal(vif->rx_next, end);
	*next = end;
}

static void handshake(void **state)
{
	const struct xen_noxs_net_back *back;
	const struct xen_noxs_net_front *front;

	(void)state;
	pair_attach(0, 0);
	pair_expect_state(0, XEN_NOXS_STATE_INIT);
	back = fake_dom_noxs_page(pair.dom, XEN_NOXS_PAGE_BACK(0));
	front = fake_dom_noxs_page(pair.dom, XEN_NOXS_PAGE_FRONT(0));
	assert_int_equal(back->hdr.state, XEN_NOXS_STATE_INIT);
	assert_int_equal(front->hdr.state, XEN_NOXS_STATE_CLOSED);

	assert_int_equal(guest_start(&pair.guest, pair.dom, PAIR_FEATURES), 0);
	assert_int_equal(pair.guest.vif[0].up, 1);
	assert_int_equal(front->hdr.state, XEN_NOXS_STATE_CONNECTED);
	assert_int_equal(front->hdr.generation, back->hdr.generation);
	assert_false(noxs_netfront_connected(pair.guest.vif[0].nf));

	assert_int_equal(nbl_turn(pair.nb, 0), 0);
	assert_int_equal(back->hdr.state, XEN_NOXS_STATE_CONNECTED);
	guest_run(&pair.guest);
	pair_expect_connected(0);
	assert_int_equal(pair.guest.vif[0].max_len, 1518);

	assert_int_equal(noxs_bus_stop(&pair.guest.bus), -EBUSY);
	assert_int_equal(front->hdr.state, XEN_NOXS_STATE_CLOSED);
	assert_int_equal(nbl_turn(pair.nb, 0), 0);
	assert_int_equal(back->hdr.state, XEN_NOXS_STATE_INIT);
	assert_int_equal(back->hdr.generation, 2);
	assert_int_equal(noxs_bus_stop(&pair.guest.bus), 0);
	pair_finish(true);
}

static void first_packet_waits_for_the_backend(void **state)
{
	uint32_t i;
	int fd;

	(void)state;
	pair_attach(0, 0);
	assert_int_equal(guest_start(&pair.guest, pair.dom, PAIR_FEATURES), 0);
	fd = pair_tap(0);
	for (i = 0; i < 5; i++)
		assert_int_equal(guest_send(&pair.guest.vif[0], i), 0);
	assert_int_equal(from_guest(fd, 0, 1518), 0);
	/* One turn of the backend: connect, and send what waited. */
	assert_int_equal(nbl_turn(pair.nb, 0), 0);
	for (i = 0; i < 5; i++)
		assert_int_equal(from_guest(fd, i, 1518), 1);
	pair_finish(false);
}

static void thousands_of_frames(void **state)
{
	uint32_t next = 0;

	(void)state;
	pair_attach(0, 0);
	assert_int_equal(guest_start(&pair.guest, pair.dom, PAIR_FEATURES), 0);
	pair_settle();
	traffic(0, 5000, &next);
	/* The buffers of both ways, which are mapped since it was busy. */
	assert_int_equal(pair.nb->mapped.nr_pages, 24 + 12);
	pair_expect_connected(0);
	pair_finish(false);
}

static void thousands_of_frames_of_several_slots(void **state)
{
	uint32_t next = 0;

	(void)state;
	pair_attach(0, 9000);
	assert_int_equal(guest_start(&pair.guest, pair.dom, PAIR_FEATURES), 0);
	pair_settle();
	assert_int_equal(pair.guest.vif[0].max_len, 9018);
	traffic(0, 3000, &next);
	pair_expect_connected(0);
	pair_finish(false);
}

static void frames_of_a_slot_when_sg_is_not_wanted(void **state)
{
	uint32_t next = 0;

	(void)state;
	pair_attach(0, 9000);
	assert_int_equal(guest_start(&pair.guest, pair.dom, 0), 0);
	pair_settle();
	assert_int_equal(pair.guest.vif[0].max_len, 4096);
	traffic(0, 1000, &next);
	pair_finish(false);
}

static void frontend_closes_and_opens(void **state)
{
	uint32_t next;
	unsigned int i;

	(void)state;
	pair_attach(0, 0);
	for (i = 0; i < 40; i++) {
		assert_int_equal(guest_start(&pair.guest, pair.dom, PAIR_FEATURES), 0);
		/* Frames that the one before left in the network. */
		pair.guest.vif[0].rx_any = true;
		pair_settle();
		pair_expect_connected(0);
		pair.guest.vif[0].rx_any = false;
		next = 0;
		traffic(0, 50, &next);
		/* Leave with frames under way in both directions. */
		guest_send(&pair.guest.vif[0], 0);
		if (i % 2)
			to_guest(pair_tap(0), 0, 1518);
		pair_leave();
		while (recv(pair_tap(0), &(char){ 0 }, 1, MSG_DONTWAIT) > 0)
			;
	}
	pair_finish(true);
}

static void backend_restarts(void **state)
{
	uint32_t next;
	unsigned int i;

	(void)state;
	pair_attach(0, 0);
	assert_int_equal(guest_start(&pair.guest, pair.dom, PAIR_FEATURES), 0);
	for (i = 0; i < 20; i++) {
		pair_settle();
		pair_expect_connected(0);
		next = 0;
		traffic(0, 50, &next);
		guest_send(&pair.guest.vif[0], 0);
		nbl_close(pair.nb);
		if (i % 2) {
			guest_run(&pair.guest);
			assert_null(pair.guest.vif[0].nf);
		}
		pair_open();
		pair_attach(0, 0);
	}
	pair_settle();
	pair_expect_connected(0);
	pair_finish(false);
}

static void hot_add_and_remove(void **state)
{
	uint32_t next[GUEST_MAX_VIFS] = { 0 };
	unsigned int i;

	(void)state;
	assert_int_equal(guest_start(&pair.guest, pair.dom, PAIR_FEATURES), 0);
	pair_settle();
	for (i = 0; i < 30; i++) {
		uint16_t id = (uint16_t)(i % GUEST_MAX_VIFS);

		if (pair.guest.vif[id].nf) {
			pair_detach(id);
			guest_run(&pair.guest);
			assert_null(pair.guest.vif[id].nf);
		}
		pair_attach(id, i % 2 ? 9000 : 0);
		pair_settle();
		pair_expect_connected(id);
		next[id] = 0;
		for (id = 0; id < GUEST_MAX_VIFS; id++)
			if (pair.guest.vif[id].nf)
				traffic(id, 20, &next[id]);
	}
	pair_finish(false);
}

static void detach_with_frames_under_way(void **state)
{
	unsigned int i;

	(void)state;
	assert_int_equal(guest_start(&pair.guest, pair.dom, PAIR_FEATURES), 0);
	for (i = 0; i < 20; i++) {
		pair_attach(0, 0);
		pair_settle();
		while (!guest_send(&pair.guest.vif[0], 0))
			;
		to_guest(pair_tap(0), 0, 1518);
		if (i % 2)
			nbl_turn(pair.nb, 0);
		pair_detach(0);
		pair_settle();
		assert_null(pair.guest.vif[0].nf);
	}
	pair_finish(false);
}

static void stalled_guest_goes_on(void **state)
{
	struct guest_vif *vif = &pair.guest.vif[0];
	uint32_t rx = 0, i, next;
	int fd;

	(void)state;
	pair_attach(0, 0);
	assert_int_equal(guest_start(&pair.guest, pair.dom, PAIR_FEATURES), 0);
	pair_settle();
	fd = pair_tap(0);
	vif->deaf = true;
	for (i = 0; i < 200 && !to_guest(fd, rx, 1518); i++) {
		rx++;
		nbl_turn(pair.nb, 0);
		guest_run(&pair.guest);
	}
	/* More than the guest has buffers: the rest waits in the TAP. */
	assert_in_range(rx, pair.guest.cfg.nr_rx + 1, 200);
	assert_int_equal(vif->rx_next, 0);
	vif->deaf = false;
	pair_settle();
	assert_int_equal(vif->rx_next, rx);
	next = rx;
	traffic(0, 500, &next);
	pair_finish(false);
}

static void stalled_backend_goes_on(void **state)
{
	struct guest_vif *vif = &pair.guest.vif[0];
	uint32_t tx = 0, got = 0, round;
	int fd, rc;

	(void)state;
	pair_attach(0, 0);
	assert_int_equal(guest_start(&pair.guest, pair.dom, PAIR_FEATURES), 0);
	pair_settle();
	fd = pair_tap(0);
	for (round = 1; round <= 50; round++) {
		while (!(rc = guest_send(vif, tx)))
			tx++;
		assert_int_equal(rc, -EAGAIN);
		assert_int_equal(vif->rooms, round - 1);
		assert_int_equal(nbl_turn(pair.nb, 0), 0);
		/* The event that was asked for, and nothing else, says so. */
		guest_run(&pair.guest);
		assert_int_equal(vif->rooms, round);
		while (from_guest(fd, got, 1518))
			got++;
	}
	assert_int_equal(got, tx);
	pair_finish(false);
}

static void resumed_with_a_new_device(void **state)
{
	uint32_t next = 0;

	(void)state;
	pair_attach(0, 0);
	assert_int_equal(guest_start(&pair.guest, pair.dom, PAIR_FEATURES), 0);
	pair_settle();
	traffic(0, 50, &next);
	/* The host binds its resources anew, then the guest wakes up. */
	pair_detach(0);
	fake_dom_restore(pair.dom);
	pair_attach(0, 0);
	guest_enter(&pair.guest);
	noxs_bus_resume(&pair.guest.bus);
	pair_settle();
	pair_expect_connected(0);
	next = 0;
	traffic(0, 50, &next);
	pair_finish(false);
}

static void killed_guest_leaves_nothing(void **state)
{
	struct fake_usage usage;

	(void)state;
	pair_attach(0, 0);
	assert_int_equal(guest_start(&pair.guest, pair.dom, PAIR_FEATURES), 0);
	pair_settle();
	guest_send(&pair.guest.vif[0], 0);
	fake_dom_kill(pair.dom);
	fake_dom_vanish(pair.dom);
	nbl_turn(pair.nb, 0);
	nbl_close(pair.nb);
	pair.nb = NULL;
	fake_host_usage(&usage);
	assert_int_equal(usage.grant_maps | usage.noxs_maps | usage.ports |
			 usage.taps | usage.handles | usage.watches, 0);
	guest_stop(&pair.guest);
	assert_int_equal(guest_allocs(), 0);
}

/* Some calls may fail without harm; most may not. */
static void each_failing_call(void **state)
{
	unsigned int connected = 0, n = pair_failing_calls(1, &connected);

	(void)state;
	assert_in_range(n, 60, 400);
	assert_in_range(connected, 1, n / 2);
}

#define T(name) cmocka_unit_test_setup_teardown(name, pair_setup, \
						pair_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(handshake),
		T(first_packet_waits_for_the_backend),
		T(thousands_of_frames),
		T(thousands_of_frames_of_several_slots),
		T(frames_of_a_slot_when_sg_is_not_wanted),
		T(frontend_closes_and_opens),
		T(backend_restarts),
		T(hot_add_and_remove),
		T(detach_with_frames_under_way),
		T(stalled_guest_goes_on),
		T(stalled_backend_goes_on),
		T(resumed_with_a_new_device),
		T(killed_guest_leaves_nothing),
		T(each_failing_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

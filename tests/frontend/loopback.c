/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * loopback.c owns the tests that join the frontend core with netback-lite in
 * one process: real negotiation, real rings, every frame's content checked.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <linux/virtio_net.h>

#include "connection.h"
#include "fake.h"
#include "frame.h"
#include "guest.h"
#include "nbl.h"

#define DOMID	5
#define BRIDGE	"br0"
#define FEATURES (XEN_NOXS_NET_F_SG | XEN_NOXS_NET_F_CSUM4 | \
		  XEN_NOXS_NET_F_CSUM6 | XEN_NOXS_NET_F_STATIC)
#define HDR	sizeof(struct virtio_net_hdr)

static struct nbl *nb;
static struct guest guest;
static struct fake_domain *dom;

/* --- running both sides ----------------------------------------------------- */

static void backend_open(void)
{
	const char *step;

	assert_int_equal(nbl_open(&nb, &step), 0);
}

/* Until neither side has anything to do. */
static void settle(void)
{
	unsigned int i;

	for (i = 0; i < 12; i++) {
		assert_int_equal(nbl_turn(nb, 0), 0);
		guest_run(&guest);
		if (!TAILQ_EMPTY(&nb->unordered)) {
			usleep(1000);
			i = 0;
		}
	}
}

static unsigned int queues;	/* of what is attached from now on */

static int request(uint16_t op, uint16_t vif, uint16_t mtu,
		   struct noxs_netback_reply *reply)
{
	struct noxs_netback_request req = {
		.magic = NOXS_NETBACK_MAGIC,
		.version = NOXS_NETBACK_VERSION,
		.op = op,
		.domid = DOMID,
		.vif = vif,
	};
	struct nbl_control ctl = { .nb = nb };
	struct nbl_connection conn = { .ctl = &ctl };
	int n;

	if (op == NOXS_NETBACK_ATTACH) {
		memcpy(req.mac, "\x00\x16\x3e\x00\x00\x02", 6);
		req.mtu = mtu;
		req.queues = (uint8_t)queues;
		strcpy(req.bridge, BRIDGE);
	}
	/* The TAP of that name may still be closing. */
	for (n = 0; nbl_request(&conn, &req, reply) == -EINPROGRESS; n++) {
		assert_in_range(n, 0, 1000);
		assert_int_equal(nbl_turn(nb, 10), 0);
	}
	return reply->rc;
}

static void attach(uint16_t vif, uint16_t mtu)
{
	struct noxs_netback_reply reply;

	assert_int_equal(request(NOXS_NETBACK_ATTACH, vif, mtu, &reply), 0);
}

static void detach(uint16_t vif)
{
	struct noxs_netback_reply reply;

	assert_int_equal(request(NOXS_NETBACK_DETACH, vif, 0, &reply), 0);
}

static void backend_state(uint16_t vif, uint32_t state)
{
	struct noxs_netback_reply reply;

	assert_int_equal(request(NOXS_NETBACK_STATS, vif, 0, &reply), 0);
	assert_int_equal(reply.vif, vif);
	assert_int_equal(reply.state, state);
}

static int tap(uint16_t vif)
{
	char name[16];
	int fd;

	snprintf(name, sizeof(name), "vif%d.%u", DOMID, vif);
	fd = fake_tap_peer(name);
	assert_true(fd >= 0);
	return fd;
}

static void expect_connected(uint16_t vif)
{
	assert_non_null(guest.vif[vif].nf);
	assert_true(noxs_netfront_connected(guest.vif[vif].nf));
	assert_int_equal(guest.vif[vif].up, guest.vif[vif].down + 1);
	backend_state(vif, XEN_NOXS_STATE_CONNECTED);
}

static int setup(void **state)
{
	(void)state;
	queues = 0;
	fake_host_create();
	fake_bridge_add(BRIDGE, 1500);
	backend_open();
	dom = fake_dom_create(DOMID);
	return 0;
}

static void expect_nothing_left(void)
{
	struct fake_usage usage, none = { 0 };

	fake_host_usage(&usage);
	assert_memory_equal(&usage, &none, sizeof(none));
	assert_int_equal(guest_allocs(), 0);
	assert_int_equal(fake_dom_pages_used(dom), 0);
	assert_int_equal(fake_dom_grants_used(dom), 0);
}

/* The frontend goes first, and waits for its pages, or the backend does. */
static void guest_leave(void)
{
	unsigned int n;

	guest_enter(&guest);
	for (n = 0; guest.running && noxs_bus_stop(&guest.bus); n++) {
		assert_in_range(n, 0, 2);
		assert_int_equal(nbl_turn(nb, 0), 0);
	}
	guest_stop(&guest);
}

static void finish(bool frontend_first)
{
	if (frontend_first)
		guest_leave();
	nbl_close(nb);
	nb = NULL;
	if (!frontend_first) {
		guest_run(&guest);
		guest_stop(&guest);
	}
	expect_nothing_left();
}

static int teardown(void **state)
{
	(void)state;
	if (nb)
		nbl_close(nb);
	nb = NULL;
	fake_host_destroy();
	return 0;
}

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
	struct guest_vif *vif = &guest.vif[id];
	const uint32_t first = *next, end = first + nr;
	uint32_t tx = first, rx = first, got = first;
	unsigned int idle = 0, burst;
	int fd = tap(id);

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
		assert_int_equal(nbl_turn(nb, 0), 0);
		while (from_guest(fd, got, vif->max_len))
			got++;
		guest_run(&guest);
		idle = got + vif->rx_next == before ? idle + 1 : 0;
	}
	assert_int_equal(got, end);
	assert_int_equal(vif->rx_next, end);
	*next = end;
}

/* --- tests ---------------------------------------------------------------------- */

static void handshake(void **state)
{
	const struct xen_noxs_net_back *back;
	const struct xen_noxs_net_front *front;

	(void)state;
	attach(0, 0);
	backend_state(0, XEN_NOXS_STATE_INIT);
	back = fake_dom_noxs_page(dom, XEN_NOXS_PAGE_BACK(0));
	front = fake_dom_noxs_page(dom, XEN_NOXS_PAGE_FRONT(0));
	assert_int_equal(back->hdr.state, XEN_NOXS_STATE_INIT);
	assert_int_equal(front->hdr.state, XEN_NOXS_STATE_CLOSED);

	assert_int_equal(guest_start(&guest, dom, FEATURES), 0);
	assert_int_equal(guest.vif[0].up, 1);
	assert_int_equal(front->hdr.state, XEN_NOXS_STATE_CONNECTED);
	assert_int_equal(front->hdr.generation, back->hdr.generation);
	assert_false(noxs_netfront_connected(guest.vif[0].nf));

	assert_int_equal(nbl_turn(nb, 0), 0);
	assert_int_equal(back->hdr.state, XEN_NOXS_STATE_CONNECTED);
	guest_run(&guest);
	expect_connected(0);
	assert_int_equal(guest.vif[0].max_len, 1518);

	assert_int_equal(noxs_bus_stop(&guest.bus), -EBUSY);
	assert_int_equal(front->hdr.state, XEN_NOXS_STATE_CLOSED);
	assert_int_equal(nbl_turn(nb, 0), 0);
	assert_int_equal(back->hdr.state, XEN_NOXS_STATE_INIT);
	assert_int_equal(back->hdr.generation, 2);
	assert_int_equal(noxs_bus_stop(&guest.bus), 0);
	finish(true);
}

static void first_packet_waits_for_the_backend(void **state)
{
	uint32_t i;
	int fd;

	(void)state;
	attach(0, 0);
	assert_int_equal(guest_start(&guest, dom, FEATURES), 0);
	fd = tap(0);
	for (i = 0; i < 5; i++)
		assert_int_equal(guest_send(&guest.vif[0], i), 0);
	assert_int_equal(from_guest(fd, 0, 1518), 0);
	/* One turn of the backend: connect, and send what waited. */
	assert_int_equal(nbl_turn(nb, 0), 0);
	for (i = 0; i < 5; i++)
		assert_int_equal(from_guest(fd, i, 1518), 1);
	finish(false);
}

static void thousands_of_frames(void **state)
{
	uint32_t next = 0;

	(void)state;
	attach(0, 0);
	assert_int_equal(guest_start(&guest, dom, FEATURES), 0);
	settle();
	traffic(0, 5000, &next);
	/* The buffers of both ways, which are mapped since it was busy. */
	assert_int_equal(nb->mapped.nr_pages, 24 + 12);
	expect_connected(0);
	finish(false);
}

static void thousands_of_frames_of_several_slots(void **state)
{
	uint32_t next = 0;

	(void)state;
	attach(0, 9000);
	assert_int_equal(guest_start(&guest, dom, FEATURES), 0);
	settle();
	assert_int_equal(guest.vif[0].max_len, 9018);
	traffic(0, 3000, &next);
	expect_connected(0);
	finish(false);
}

static void frames_of_a_slot_when_sg_is_not_wanted(void **state)
{
	uint32_t next = 0;

	(void)state;
	attach(0, 9000);
	assert_int_equal(guest_start(&guest, dom, 0), 0);
	settle();
	assert_int_equal(guest.vif[0].max_len, 4096);
	traffic(0, 1000, &next);
	finish(false);
}

static void frontend_closes_and_opens(void **state)
{
	uint32_t next;
	unsigned int i;

	(void)state;
	attach(0, 0);
	for (i = 0; i < 40; i++) {
		assert_int_equal(guest_start(&guest, dom, FEATURES), 0);
		/* Frames that the one before left in the network. */
		guest.vif[0].rx_any = true;
		settle();
		expect_connected(0);
		guest.vif[0].rx_any = false;
		next = 0;
		traffic(0, 50, &next);
		/* Leave with frames under way in both directions. */
		guest_send(&guest.vif[0], 0);
		if (i % 2)
			to_guest(tap(0), 0, 1518);
		guest_leave();
		while (recv(tap(0), &(char){ 0 }, 1, MSG_DONTWAIT) > 0)
			;
	}
	finish(true);
}

static void backend_restarts(void **state)
{
	uint32_t next;
	unsigned int i;

	(void)state;
	attach(0, 0);
	assert_int_equal(guest_start(&guest, dom, FEATURES), 0);
	for (i = 0; i < 20; i++) {
		settle();
		expect_connected(0);
		next = 0;
		traffic(0, 50, &next);
		guest_send(&guest.vif[0], 0);
		nbl_close(nb);
		if (i % 2) {
			guest_run(&guest);
			assert_null(guest.vif[0].nf);
		}
		backend_open();
		attach(0, 0);
	}
	settle();
	expect_connected(0);
	finish(false);
}

static void hot_add_and_remove(void **state)
{
	uint32_t next[GUEST_MAX_VIFS] = { 0 };
	unsigned int i;

	(void)state;
	assert_int_equal(guest_start(&guest, dom, FEATURES), 0);
	settle();
	for (i = 0; i < 30; i++) {
		uint16_t id = (uint16_t)(i % GUEST_MAX_VIFS);

		if (guest.vif[id].nf) {
			detach(id);
			guest_run(&guest);
			assert_null(guest.vif[id].nf);
		}
		attach(id, i % 2 ? 9000 : 0);
		settle();
		expect_connected(id);
		next[id] = 0;
		for (id = 0; id < GUEST_MAX_VIFS; id++)
			if (guest.vif[id].nf)
				traffic(id, 20, &next[id]);
	}
	finish(false);
}

static void detach_with_frames_under_way(void **state)
{
	unsigned int i;

	(void)state;
	assert_int_equal(guest_start(&guest, dom, FEATURES), 0);
	for (i = 0; i < 20; i++) {
		attach(0, 0);
		settle();
		while (!guest_send(&guest.vif[0], 0))
			;
		to_guest(tap(0), 0, 1518);
		if (i % 2)
			nbl_turn(nb, 0);
		detach(0);
		settle();
		assert_null(guest.vif[0].nf);
	}
	finish(false);
}

static void stalled_guest_goes_on(void **state)
{
	struct guest_vif *vif = &guest.vif[0];
	uint32_t rx = 0, i, next;
	int fd;

	(void)state;
	attach(0, 0);
	assert_int_equal(guest_start(&guest, dom, FEATURES), 0);
	settle();
	fd = tap(0);
	vif->deaf = true;
	for (i = 0; i < 200 && !to_guest(fd, rx, 1518); i++) {
		rx++;
		nbl_turn(nb, 0);
		guest_run(&guest);
	}
	/* More than the guest has buffers: the rest waits in the TAP. */
	assert_in_range(rx, guest.cfg.nr_rx + 1, 200);
	assert_int_equal(vif->rx_next, 0);
	vif->deaf = false;
	settle();
	assert_int_equal(vif->rx_next, rx);
	next = rx;
	traffic(0, 500, &next);
	finish(false);
}

static void stalled_backend_goes_on(void **state)
{
	struct guest_vif *vif = &guest.vif[0];
	uint32_t tx = 0, got = 0, round;
	int fd, rc;

	(void)state;
	attach(0, 0);
	assert_int_equal(guest_start(&guest, dom, FEATURES), 0);
	settle();
	fd = tap(0);
	for (round = 1; round <= 50; round++) {
		while (!(rc = guest_send(vif, tx)))
			tx++;
		assert_int_equal(rc, -EAGAIN);
		assert_int_equal(vif->rooms, round - 1);
		assert_int_equal(nbl_turn(nb, 0), 0);
		/* The event that was asked for, and nothing else, says so. */
		guest_run(&guest);
		assert_int_equal(vif->rooms, round);
		while (from_guest(fd, got, 1518))
			got++;
	}
	assert_int_equal(got, tx);
	finish(false);
}

static void resumed_with_a_new_device(void **state)
{
	uint32_t next = 0;

	(void)state;
	attach(0, 0);
	assert_int_equal(guest_start(&guest, dom, FEATURES), 0);
	settle();
	traffic(0, 50, &next);
	/* The host binds its resources anew, then the guest wakes up. */
	detach(0);
	fake_dom_restore(dom);
	attach(0, 0);
	guest_enter(&guest);
	noxs_bus_resume(&guest.bus);
	settle();
	expect_connected(0);
	next = 0;
	traffic(0, 50, &next);
	finish(false);
}

/* --- large frames -------------------------------------------------------------- */

#define MAX_LARGE	65535u
#define SEGMENT		1400

static uint32_t large_len(uint32_t nr)
{
	return nr % 5 ? 1600 + nr * 7919 % 63900 : MAX_LARGE;
}

/* Virtual header and TCP frame number nr; its checksum is blank. */
static uint32_t large_make(uint8_t *buf, uint32_t nr)
{
	const struct virtio_net_hdr hdr = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .gso_size = SEGMENT,
		.hdr_len = 54, .csum_start = 34, .csum_offset = 16,
	};
	uint32_t len = large_len(nr);
	uint8_t *f = buf + HDR;

	frame_make(f, len, nr);
	make_head4(f, len);
	memcpy(buf, &hdr, HDR);
	return len;
}

static int large_send(uint32_t nr)
{
	static uint8_t buf[HDR + MAX_LARGE];
	uint32_t len = large_make(buf, nr);
	const struct noxs_net_frag frag[3] = {
		{ buf + HDR, 54 }, { buf + HDR + 54, 700 },
		{ buf + HDR + 754, len - 754 },
	};

	return noxs_netfront_send_gso(guest.vif[0].nf, frag, 3,
				      NOXS_NET_CSUM_BLANK | NOXS_NET_GSO4,
				      SEGMENT);
}

/* True: it came as it was made. */
static bool large_came(int fd, uint32_t nr)
{
	static uint8_t buf[HDR + MAX_LARGE + 1], expected[HDR + MAX_LARGE];
	ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
	uint32_t len = large_make(expected, nr);

	if (n < 0)
		return false;
	assert_int_equal(n, HDR + len);
	assert_memory_equal(buf, expected, HDR);
	assert_memory_equal(buf + HDR + 54, expected + HDR + 54, len - 54);
	return true;
}

static void large_frames_both_ways(void **state)
{
	static uint8_t buf[HDR + MAX_LARGE];
	struct guest_vif *vif = &guest.vif[0];
	uint32_t tx = 0, got = 0, rx, len;
	unsigned int round;
	int fd;

	(void)state;
	attach(0, 0);
	assert_int_equal(guest_start(&guest, dom, XEN_NOXS_NET_F_ALL), 0);
	settle();
	fd = tap(0);
	vif->rx_any = true;
	for (round = 0; round < 300; round++) {
		rx = vif->rx_next;
		len = large_make(buf, round);
		assert_int_equal(send(fd, buf, HDR + len, 0), HDR + len);
		while (tx - got < 8 && !large_send(tx))
			tx++;
		settle();
		while (large_came(fd, got))
			got++;
		assert_int_equal(vif->rx_next, rx + 1);
		assert_int_equal(vif->rx_len, len);
		assert_int_equal(vif->rx_gso_size, SEGMENT);
		assert_memory_equal(vif->rx_data, buf + HDR, len);
	}
	assert_int_equal(got, tx);
	assert_true(vif->rooms > 0);
	finish(false);
}

static void killed_guest_leaves_nothing(void **state)
{
	struct fake_usage usage;

	(void)state;
	attach(0, 0);
	assert_int_equal(guest_start(&guest, dom, FEATURES), 0);
	settle();
	guest_send(&guest.vif[0], 0);
	fake_dom_kill(dom);
	fake_dom_vanish(dom);
	nbl_turn(nb, 0);
	nbl_close(nb);
	nb = NULL;
	fake_host_usage(&usage);
	assert_int_equal(usage.grant_maps | usage.noxs_maps | usage.ports |
			 usage.taps | usage.handles | usage.watches, 0);
	guest_stop(&guest);
	assert_int_equal(guest_allocs(), 0);
}

/* --- checksums ------------------------------------------------------------------ */

/* Ethernet, IPv4, UDP with a payload of 8 bytes. */
static const uint8_t udp_frame[50] = {
	0, 0x16, 0x3e, 0, 0, 1, 0, 0x16, 0x3e, 0, 0, 2, 0x08, 0x00,
	0x45, 0, 0, 36, 0, 1, 0, 0, 64, 17, 0x66, 0xb2,
	10, 0, 0, 2, 10, 0, 0, 1,
	0x30, 0x39, 0x00, 0x35, 0, 16, 0x14, 0x24,
	'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h',
};
#define UDP_SUM		40

static uint16_t udp_sum(const uint8_t *frame)
{
	uint32_t sum = 10 * 256 + 0 + 0x0002 + 10 * 256 + 0 + 0x0001 + 17 + 16;
	unsigned int i;

	for (i = 34; i < 50; i += 2)
		if (i != UDP_SUM)
			sum += (uint32_t)frame[i] << 8 | frame[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~((sum & 0xffff) + (sum >> 16));
}

static void blank_checksums(void **state)
{
	uint8_t data[sizeof(udp_frame)], buf[HDR + 100];
	struct noxs_net_frag frag = { data, sizeof(data) };
	struct virtio_net_hdr hdr;
	int fd;

	(void)state;
	memcpy(data, udp_frame, sizeof(data));
	attach(0, 0);
	assert_int_equal(guest_start(&guest, dom, FEATURES), 0);
	settle();
	fd = tap(0);
	assert_int_equal(noxs_netfront_send(guest.vif[0].nf, &frag, 1,
					    NOXS_NET_CSUM_BLANK), 0);
	settle();
	assert_int_equal(recv(fd, buf, sizeof(buf), MSG_DONTWAIT), HDR + 50);
	memcpy(&hdr, buf, HDR);
	assert_int_equal(hdr.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
	assert_int_equal(hdr.csum_start, 34);
	assert_int_equal(hdr.csum_offset, 6);
	assert_memory_equal(buf + HDR, udp_frame, UDP_SUM);

	guest.vif[0].rx_any = true;
	memcpy(buf + HDR, udp_frame, 50);
	assert_int_equal(send(fd, buf, HDR + 50, MSG_DONTWAIT), HDR + 50);
	settle();
	assert_int_equal(guest.vif[0].rx_len, 50);
	assert_int_equal(guest.vif[0].rx_flags,
			 NOXS_NET_CSUM_BLANK | NOXS_NET_CSUM_VALID);
	finish(false);
}

static void checksums_made_for_a_guest_that_wants_none(void **state)
{
	struct virtio_net_hdr hdr = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.csum_start = 34, .csum_offset = 6,
	};
	uint8_t buf[HDR + 50];
	const uint8_t *got = guest.vif[0].rx_data;

	(void)state;
	attach(0, 0);
	assert_int_equal(guest_start(&guest, dom, 0), 0);
	settle();
	guest.vif[0].rx_any = true;
	memcpy(buf, &hdr, HDR);
	memcpy(buf + HDR, udp_frame, 50);
	assert_int_equal(send(tap(0), buf, sizeof(buf), MSG_DONTWAIT),
			 sizeof(buf));
	settle();
	assert_int_equal(guest.vif[0].rx_len, 50);
	assert_int_equal(guest.vif[0].rx_flags & NOXS_NET_CSUM_BLANK, 0);
	assert_int_equal(got[UDP_SUM] << 8 | got[UDP_SUM + 1],
			 udp_sum(udp_frame));
	finish(false);
}

/* --- failures --------------------------------------------------------------------- */

static unsigned int failing_calls(unsigned int nr_queues,
				  unsigned int *connected)
{
	struct noxs_netback_reply reply;
	unsigned int n;

	for (n = 1;; n++) {
		bool hit;

		teardown(NULL);
		setup(NULL);
		queues = nr_queues;
		fake_fail_at(n);
		request(NOXS_NETBACK_ATTACH, 0, 0, &reply);
		if (!guest_start_queues(&guest, dom,
					FEATURES | XEN_NOXS_NET_F_HASH,
					nr_queues)) {
			settle();
			*connected += guest.vif[0].nf &&
				     noxs_netfront_connected(guest.vif[0].nf);
		}
		hit = fake_fail_hit();
		fake_fail_at(0);
		finish(n % 2);
		if (!hit)
			return n;
	}
}

/* Some calls may fail without harm; most may not. */
static void each_failing_call(void **state)
{
	unsigned int connected = 0, n = failing_calls(1, &connected);

	(void)state;
	assert_in_range(n, 60, 400);
	assert_in_range(connected, 1, n / 2);
}

static void each_failing_call_of_several_queues(void **state)
{
	unsigned int connected = 0, n = failing_calls(3, &connected);

	(void)state;
	assert_in_range(n, 180, 1200);
	/* Most cost a queue at worst. */
	assert_in_range(connected, n / 2, n - 20);
}

static int queue_tap(unsigned int i)
{
	return fake_tap_queue_peer("vif5.0", i);
}

/* A frame each way by each queue, and by no other. */
static void queues_work(unsigned int nr)
{
	struct guest_vif *vif = &guest.vif[0];
	struct noxs_netq *q;
	uint8_t frame[60] = { 0 };
	const struct noxs_net_frag frag = { frame, sizeof(frame) };
	uint8_t buf[HDR + sizeof(frame)];
	unsigned int i, k;

	vif->rx_any = true;
	for (i = 0; i < nr; i++) {
		q = noxs_netfront_queue(vif->nf, i);
		frame[59] = (uint8_t)i;
		assert_int_equal(noxs_netq_send(q, &frag, 1, 0), 0);
		settle();
		for (k = 0; k < nr; k++)
			assert_int_equal(recv(queue_tap(k), buf, sizeof(buf), 0),
					 k == i ? (int)sizeof(buf) : -1);
		assert_int_equal(buf[HDR + 59], i);
		memset(buf, 0, sizeof(buf));
		buf[HDR + 59] = (uint8_t)(i + 1);
		assert_int_equal(send(queue_tap(i), buf, sizeof(buf), 0),
				 sizeof(buf));
		settle();
		assert_int_equal(vif->rx_queue, i);
		assert_int_equal(vif->rx_data[59], i + 1);
	}
	assert_null(noxs_netfront_queue(vif->nf, nr));
	assert_int_equal(queue_tap(nr), -1);
}

/* What both can, and a device's ports are enough for. */
static void several_queues(void **state)
{
	static const struct {
		unsigned int offered, wanted, got;
		bool split;
	} cases[] = {
		{ 1, 4, 1, false }, { 4, 1, 1, false }, { 2, 2, 2, true },
		{ 2, 8, 2, true }, { 3, 3, 3, false }, { 4, 4, 4, false },
		{ 8, 8, 4, false }, { 4, 2, 2, true },
	};
	unsigned int i, k, tx, rx;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		queues = cases[i].offered;
		attach(0, 0);
		assert_int_equal(guest_start_queues(&guest, dom, FEATURES,
						    cases[i].wanted), 0);
		settle();
		expect_connected(0);
		assert_int_equal(noxs_netfront_info(guest.vif[0].nf)->queues,
				 cases[i].got);
		for (k = 0; k < cases[i].got; k++) {
			noxs_netq_ports(noxs_netfront_queue(guest.vif[0].nf, k),
					&tx, &rx);
			assert_int_equal(tx, cases[i].split ? 2 * k : k);
			assert_int_equal(rx, tx + cases[i].split);
		}
		queues_work(cases[i].got);
		guest_leave();
		detach(0);
	}
	finish(true);
}

static struct xen_noxs_net_back *offer(void)
{
	return fake_dom_noxs_page(dom, XEN_NOXS_PAGE_BACK(0));
}

/* An offer of size bytes with four queues, to a guest that wants nr: do they agree? */
static bool hash_is_agreed(size_t size, unsigned int nr)
{
	const struct noxs_net_info *info;
	struct fake_tap_info tap;
	bool agreed;

	teardown(NULL);
	setup(NULL);
	queues = 4;
	attach(0, 0);
	offer()->hdr.size = (uint16_t)size;
	assert_int_equal(guest_start_queues(&guest, dom, XEN_NOXS_NET_F_ALL,
					    nr), 0);
	settle();
	expect_connected(0);
	info = noxs_netfront_info(guest.vif[0].nf);
	agreed = info->features & XEN_NOXS_NET_F_HASH;
	assert_int_equal(fake_tap_info("vif5.0", &tap), 0);
	assert_int_equal(tap.steered, agreed);
	if (agreed)
		assert_memory_equal(info->hash_key, offer()->hash_key,
				    sizeof(info->hash_key));
	finish(false);
	return agreed;
}

/* By whom there is a choice, and who has been told the key. */
static void hash_of_several_queues(void **state)
{
	const size_t all = sizeof(*offer());

	(void)state;
	assert_true(hash_is_agreed(all, 4));
	assert_false(hash_is_agreed(all, 1));
	assert_false(hash_is_agreed(XEN_NOXS_NET_BACK_LEAST, 4));
	/* Half a key is none. */
	assert_false(hash_is_agreed(all - 8, 4));
}

/* With other numbers of them. */
static void several_queues_come_again(void **state)
{
	unsigned int i;

	(void)state;
	queues = 4;
	attach(0, 0);
	assert_int_equal(guest_start_queues(&guest, dom, FEATURES, 4), 0);
	settle();
	for (i = 0; i < 3; i++) {
		queues_work(4);
		detach(0);
		queues = 2 + i;
		attach(0, 0);
		settle();
		expect_connected(0);
		queues_work(2 + i);
		detach(0);
		queues = 4;
		attach(0, 0);
		settle();
	}
	finish(false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(handshake, setup, teardown),
		cmocka_unit_test_setup_teardown(
			first_packet_waits_for_the_backend, setup, teardown),
		cmocka_unit_test_setup_teardown(thousands_of_frames, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			thousands_of_frames_of_several_slots, setup, teardown),
		cmocka_unit_test_setup_teardown(
			frames_of_a_slot_when_sg_is_not_wanted, setup,
			teardown),
		cmocka_unit_test_setup_teardown(frontend_closes_and_opens,
						setup, teardown),
		cmocka_unit_test_setup_teardown(backend_restarts, setup,
						teardown),
		cmocka_unit_test_setup_teardown(hot_add_and_remove, setup,
						teardown),
		cmocka_unit_test_setup_teardown(detach_with_frames_under_way,
						setup, teardown),
		cmocka_unit_test_setup_teardown(stalled_guest_goes_on, setup,
						teardown),
		cmocka_unit_test_setup_teardown(stalled_backend_goes_on, setup,
						teardown),
		cmocka_unit_test_setup_teardown(resumed_with_a_new_device,
						setup, teardown),
		cmocka_unit_test_setup_teardown(large_frames_both_ways, setup,
						teardown),
		cmocka_unit_test_setup_teardown(killed_guest_leaves_nothing,
						setup, teardown),
		cmocka_unit_test_setup_teardown(blank_checksums, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			checksums_made_for_a_guest_that_wants_none, setup,
			teardown),
		cmocka_unit_test_setup_teardown(several_queues, setup,
						teardown),
		cmocka_unit_test_setup_teardown(hash_of_several_queues, setup,
						teardown),
		cmocka_unit_test_setup_teardown(several_queues_come_again,
						setup, teardown),
		cmocka_unit_test_setup_teardown(each_failing_call, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			each_failing_call_of_several_queues, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

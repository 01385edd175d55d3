// SPDX-License-Identifier: BSD-2-Clause
/* The frontend core joined with netback-lite: large frames, checksums made by either. */

#include "pair.h"

#include <stdio.h>
#include <sys/socket.h>

#include "fake.h"
#include "frame.h"

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

	return noxs_netfront_send_gso(pair.guest.vif[0].nf, frag, 3,
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
	struct guest_vif *vif = &pair.guest.vif[0];
	uint32_t tx = 0, got = 0, rx, len;
	unsigned int round;
	int fd;

	(void)state;
	pair_attach(0, 0);
	assert_int_equal(guest_start(&pair.guest, pair.dom, XEN_NOXS_NET_F_ALL), 0);
	pair_settle();
	fd = pair_tap(0);
	vif->rx_any = true;
	for (round = 0; round < 300; round++) {
		rx = vif->rx_next;
		len = large_make(buf, round);
		assert_int_equal(send(fd, buf, HDR + len, 0), HDR + len);
		while (tx - got < 8 && !large_send(tx))
			tx++;
		pair_settle();
		while (large_came(fd, got))
			got++;
		assert_int_equal(vif->rx_next, rx + 1);
		assert_int_equal(vif->rx_len, len);
		assert_int_equal(vif->rx_gso_size, SEGMENT);
		assert_memory_equal(vif->rx_data, buf + HDR, len);
	}
	assert_int_equal(got, tx);
	assert_true(vif->rooms > 0);
	pair_finish(false);
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
	pair_attach(0, 0);
	assert_int_equal(guest_start(&pair.guest, pair.dom, PAIR_FEATURES), 0);
	pair_settle();
	fd = pair_tap(0);
	assert_int_equal(noxs_netfront_send(pair.guest.vif[0].nf, &frag, 1,
					    NOXS_NET_CSUM_BLANK), 0);
	pair_settle();
	assert_int_equal(recv(fd, buf, sizeof(buf), MSG_DONTWAIT), HDR + 50);
	memcpy(&hdr, buf, HDR);
	assert_int_equal(hdr.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
	assert_int_equal(hdr.csum_start, 34);
	assert_int_equal(hdr.csum_offset, 6);
	assert_memory_equal(buf + HDR, udp_frame, UDP_SUM);

	pair.guest.vif[0].rx_any = true;
	memcpy(buf + HDR, udp_frame, 50);
	assert_int_equal(send(fd, buf, HDR + 50, MSG_DONTWAIT), HDR + 50);
	pair_settle();
	assert_int_equal(pair.guest.vif[0].rx_len, 50);
	assert_int_equal(pair.guest.vif[0].rx_flags,
			 NOXS_NET_CSUM_BLANK | NOXS_NET_CSUM_VALID);
	pair_finish(false);
}

static void checksums_made_for_a_guest_that_wants_none(void **state)
{
	struct virtio_net_hdr hdr = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.csum_start = 34, .csum_offset = 6,
	};
	uint8_t buf[HDR + 50];
	const uint8_t *got = pair.guest.vif[0].rx_data;

	(void)state;
	pair_attach(0, 0);
	assert_int_equal(guest_start(&pair.guest, pair.dom, 0), 0);
	pair_settle();
	pair.guest.vif[0].rx_any = true;
	memcpy(buf, &hdr, HDR);
	memcpy(buf + HDR, udp_frame, 50);
	assert_int_equal(send(pair_tap(0), buf, sizeof(buf), MSG_DONTWAIT),
			 sizeof(buf));
	pair_settle();
	assert_int_equal(pair.guest.vif[0].rx_len, 50);
	assert_int_equal(pair.guest.vif[0].rx_flags & NOXS_NET_CSUM_BLANK, 0);
	assert_int_equal(got[UDP_SUM] << 8 | got[UDP_SUM + 1],
			 udp_sum(udp_frame));
	pair_finish(false);
}

#define T(name) cmocka_unit_test_setup_teardown(name, pair_setup, \
						pair_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(large_frames_both_ways),
		T(blank_checksums),
		T(checksums_made_for_a_guest_that_wants_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

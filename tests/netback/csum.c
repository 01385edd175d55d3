// SPDX-License-Identifier: BSD-2-Clause
/* Blank checksums: parsed, completed, refused; and through the rings. */
#include "frame.h"
#include "harness.h"

#include <csum.h>

/* UDP from 10.0.0.2:1 to 10.0.0.1:2, "hi!", checksum 0. */
static const uint8_t udp4[45] = {
	2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x08, 0x00,
	0x45, 0, 0, 31, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 2, 10, 0, 0, 1,
	0, 1, 0, 2, 0, 11, 0, 0, 'h', 'i', '!',
};

/* TCP over IPv6, no payload. */
static const uint8_t tcp6[74] = {
	2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x86, 0xdd,
	0x60, 0, 0, 0, 0, 20, 6, 64,
	0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2,
	0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
	0, 80, 0, 13, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 0, 99, 0, 0, 0, 0,
};

#define CSUM4	XEN_NOXS_NET_F_CSUM4
#define CSUM6	XEN_NOXS_NET_F_CSUM6

/* Sums to 0xffff with its pseudo header: a receiver takes it. */
static void assert_valid_udp4(const uint8_t *f)
{
	uint16_t sum = rfc1071(f + 26, 8, 17 + 11);

	assert_int_not_equal(at16(f + 40), 0);
	assert_int_equal(rfc1071(f + 34, 11, sum), 0xffff);
}

static void udp4_is_completed(void **state)
{
	struct virtio_net_hdr hdr = { 0 };
	uint32_t len = sizeof(udp4);
	uint8_t f[64];

	(void)state;
	memcpy(f, udp4, sizeof(udp4));
	f[40] = 0x12;	/* whatever was in there */
	assert_int_equal(nbl_csum_offload(f, &len, CSUM4, &hdr), 0);
	assert_int_equal(len, sizeof(udp4));
	assert_int_equal(hdr.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
	assert_int_equal(hdr.csum_start, 34);
	assert_int_equal(hdr.csum_offset, 6);
	assert_int_equal(at16(f + 40), rfc1071(f + 26, 8, 17 + 11));
	assert_int_equal(nbl_csum_complete(f, len, &hdr), 0);
	assert_valid_udp4(f);
}

static void tcp6_is_completed(void **state)
{
	struct virtio_net_hdr hdr = { 0 };
	uint32_t len = sizeof(tcp6);
	uint8_t f[80];

	(void)state;
	memcpy(f, tcp6, sizeof(tcp6));
	assert_int_equal(nbl_csum_offload(f, &len, CSUM6, &hdr), 0);
	assert_int_equal(hdr.csum_start, 54);
	assert_int_equal(hdr.csum_offset, 16);
	assert_int_equal(nbl_csum_complete(f, len, &hdr), 0);
	assert_int_equal(rfc1071(f + 54, 20, rfc1071(f + 22, 32, 6 + 20)),
			 0xffff);
}

static void padding_is_cut(void **state)
{
	struct virtio_net_hdr hdr = { 0 };
	uint32_t len = 60;
	uint8_t f[60];

	(void)state;
	memset(f, 0xee, sizeof(f));
	memcpy(f, udp4, sizeof(udp4));
	assert_int_equal(nbl_csum_offload(f, &len, CSUM4, &hdr), 0);
	assert_int_equal(len, sizeof(udp4));
}

static void vlan_is_stepped_over(void **state)
{
	static const uint8_t tag[4] = { 0x81, 0, 0, 5 };
	struct virtio_net_hdr hdr = { 0 };
	uint32_t len = sizeof(udp4) + 4;
	uint8_t f[64];

	(void)state;
	memcpy(f, udp4, 12);
	memcpy(f + 12, tag, sizeof(tag));
	memcpy(f + 16, udp4 + 12, sizeof(udp4) - 12);
	assert_int_equal(nbl_csum_family(f, len), CSUM4);
	assert_int_equal(nbl_csum_offload(f, &len, CSUM4, &hdr), 0);
	assert_int_equal(hdr.csum_start, 38);
}

/* One byte changed must be refused, and nothing outside of len be read. */
static void expect_bad(const uint8_t *from, uint32_t n, unsigned int at,
		       uint8_t value, uint32_t features, int rc)
{
	struct virtio_net_hdr hdr = { 0 };
	uint8_t *f = test_malloc(n);
	uint32_t len = n;

	memcpy(f, from, n);
	if (at < n)
		f[at] = value;
	assert_int_equal(nbl_csum_offload(f, &len, features, &hdr), rc);
	assert_int_equal(hdr.flags, 0);
	test_free(f);
}

static void nonsense_is_refused(void **state)
{
	uint32_t n;

	(void)state;
	expect_bad(udp4, sizeof(udp4), 14, 0x44, CSUM4, -EINVAL);  /* ihl */
	expect_bad(udp4, sizeof(udp4), 14, 0x4f, CSUM4, -EINVAL);
	expect_bad(udp4, sizeof(udp4), 14, 0x65, CSUM4, -EINVAL);  /* version */
	expect_bad(udp4, sizeof(udp4), 17, 32, CSUM4, -EINVAL);	   /* total */
	expect_bad(udp4, sizeof(udp4), 17, 27, CSUM4, -EINVAL);
	expect_bad(udp4, sizeof(udp4), 17, 3, CSUM4, -EINVAL);
	expect_bad(udp4, sizeof(udp4), 16, 0xff, CSUM4, -EINVAL);
	expect_bad(udp4, sizeof(udp4), 20, 0x20, CSUM4, -EOPNOTSUPP);
	expect_bad(udp4, sizeof(udp4), 21, 1, CSUM4, -EOPNOTSUPP);
	expect_bad(udp4, sizeof(udp4), 23, 1, CSUM4, -EOPNOTSUPP);
	expect_bad(udp4, sizeof(udp4), 23, 6, CSUM4, -EINVAL);	/* too short */
	expect_bad(udp4, sizeof(udp4), 12, 0x88, CSUM4, -EOPNOTSUPP);
	expect_bad(udp4, sizeof(udp4), 99, 0, CSUM6, -EOPNOTSUPP);
	expect_bad(tcp6, sizeof(tcp6), 99, 0, CSUM4, -EOPNOTSUPP);
	expect_bad(tcp6, sizeof(tcp6), 19, 21, CSUM6, -EINVAL);
	expect_bad(tcp6, sizeof(tcp6), 18, 0xff, CSUM6, -EINVAL);
	expect_bad(tcp6, sizeof(tcp6), 20, 58, CSUM6, -EOPNOTSUPP);
	for (n = 1; n < sizeof(udp4); n++)
		expect_bad(udp4, n, 99, 0, CSUM4,
			   n < 14 ? -EOPNOTSUPP : -EINVAL);
	for (n = 14; n < sizeof(tcp6); n++)
		expect_bad(tcp6, n, 99, 0, CSUM6, -EINVAL);
}

#define EXT	54u	/* where the first extension header is */

/* tcp6 behind these headers of 8 bytes each. */
static uint32_t with_exts(uint8_t *f, const uint8_t *exts, uint32_t nr)
{
	uint32_t i;

	memcpy(f, tcp6, EXT);
	memcpy(f + EXT + 8 * nr, tcp6 + EXT, sizeof(tcp6) - EXT);
	memset(f + EXT, 0, 8 * nr);
	f[19] = (uint8_t)(20 + 8 * nr);
	for (i = 0; i < nr; i++)
		f[i ? EXT + 8 * (i - 1) : 20] = exts[i];
	f[EXT + 8 * (nr - 1)] = 6;
	return (uint32_t)sizeof(tcp6) + 8 * nr;
}

static void extension_headers_are_stepped_over(void **state)
{
	static const uint8_t exts[9] = { 0, 60, 43, 60, 60, 60, 60, 60, 60 };
	struct virtio_net_hdr hdr = { 0 };
	uint32_t len, nr;
	uint8_t f[160];

	(void)state;
	for (nr = 1; nr <= 8; nr++) {
		len = with_exts(f, exts, nr);
		assert_int_equal(nbl_csum_offload(f, &len, CSUM6, &hdr), 0);
		assert_int_equal(len, sizeof(tcp6) + 8 * nr);
		assert_int_equal(hdr.csum_start, EXT + 8 * nr);
		assert_int_equal(nbl_csum_complete(f, len, &hdr), 0);
		assert_int_equal(rfc1071(f + hdr.csum_start, 20,
					 rfc1071(f + 22, 32, 6 + 20)), 0xffff);
	}
	/* Two as one, of 16 bytes. */
	len = with_exts(f, exts, 2);
	f[EXT] = 6;
	f[EXT + 1] = 1;
	assert_int_equal(nbl_csum_offload(f, &len, CSUM6, &hdr), 0);
	assert_int_equal(hdr.csum_start, EXT + 16);
}

static void extension_headers_that_make_no_sense(void **state)
{
	static const uint8_t exts[9] = { 0, 60, 43, 60, 60, 60, 60, 60, 60 };
	uint8_t f[160];
	uint32_t len, n;

	(void)state;
	len = with_exts(f, exts, 9);
	expect_bad(f, len, 999, 0, CSUM6, -EOPNOTSUPP);	/* too many */
	len = with_exts(f, exts, 3);
	expect_bad(f, len, EXT + 1, 9, CSUM6, -EINVAL);	/* past the end */
	expect_bad(f, len, EXT + 1, 255, CSUM6, -EINVAL);
	/* Segments left; a fragment; encrypted. */
	expect_bad(f, len, EXT + 19, 1, CSUM6, -EOPNOTSUPP);
	expect_bad(f, len, EXT, 44, CSUM6, -EOPNOTSUPP);
	expect_bad(f, len, EXT, 50, CSUM6, -EOPNOTSUPP);
	/* Cut anywhere, whether the header says so or not. */
	for (n = 0; n < 20 + 24; n++) {
		f[19] = (uint8_t)n;
		expect_bad(f, EXT + n, 999, 0, CSUM6, -EINVAL);
		expect_bad(f, len, 999, 0, CSUM6, -EINVAL);
	}
}

static void complete_is_bounded(void **state)
{
	struct virtio_net_hdr hdr = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
	};
	uint8_t f[20] = { 0 };

	(void)state;
	hdr.csum_start = 21;
	assert_int_equal(nbl_csum_complete(f, 20, &hdr), -EINVAL);
	hdr.csum_start = 10;
	hdr.csum_offset = 9;
	assert_int_equal(nbl_csum_complete(f, 20, &hdr), -EINVAL);
	hdr.csum_start = 0xffff;
	hdr.csum_offset = 0xffff;
	assert_int_equal(nbl_csum_complete(f, 20, &hdr), -EINVAL);
	hdr.csum_start = 10;
	hdr.csum_offset = 8;
	assert_int_equal(nbl_csum_complete(f, 20, &hdr), 0);
	assert_int_equal(at16(f + 18), 0xffff);	/* never 0 */
}

static void guest_sends_blank(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	struct virtio_net_hdr hdr;
	uint8_t f[128];

	memcpy(g->buf[0], udp4, sizeof(udp4));
	guest_tx(g, g->buf_ref[0], 0, 60, NETTXF_csum_blank |
		 NETTXF_data_validated, 1);
	guest_tx_push(g);
	turns(s->nb);
	assert_int_equal(guest_tx_status(g, NULL), NETIF_RSP_OKAY);
	assert_int_equal(net_recv(g, f, sizeof(f), &hdr), sizeof(udp4));
	assert_int_equal(hdr.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
	assert_int_equal(nbl_csum_complete(f, sizeof(udp4), &hdr), 0);
	assert_valid_udp4(f);
	/* the guest's own page is as it was */
	assert_memory_equal(g->buf[0], udp4, sizeof(udp4));
}

static void guest_receives(struct test_state *s, uint32_t features,
			   unsigned int flags, unsigned int want)
{
	struct test_guest *g = &s->guest;
	struct virtio_net_hdr hdr = {
		.flags = (uint8_t)flags, .csum_start = 34, .csum_offset = 6,
	};
	struct netif_rx_response rsp;
	uint32_t len = sizeof(udp4);
	struct virtio_net_hdr ignored;
	uint8_t f[64];

	guest_answer(g, features);
	turns(s->nb);
	memcpy(f, udp4, sizeof(udp4));
	if (flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
		nbl_csum_offload(f, &len, CSUM4, &ignored);
	guest_rx_post(g, 1);
	net_send(g, f, len, &hdr);
	turns(s->nb);
	guest_rx_response(g, &rsp);
	assert_int_equal(rsp.status, sizeof(udp4));
	assert_int_equal(rsp.flags, want);
}

static void guest_with_csum4_receives_blank(void **state)
{
	guest_receives(*state, CSUM4, VIRTIO_NET_HDR_F_NEEDS_CSUM,
		       NETRXF_csum_blank | NETRXF_data_validated);
}

static void guest_with_csum6_alone_receives_complete(void **state)
{
	struct test_state *s = *state;

	guest_receives(s, CSUM6, VIRTIO_NET_HDR_F_NEEDS_CSUM, 0);
	assert_valid_udp4(s->guest.buf[0]);
}

static void guest_with_csum4_receives_validated(void **state)
{
	guest_receives(*state, CSUM4, VIRTIO_NET_HDR_F_DATA_VALID,
		       NETRXF_data_validated);
}

static void guest_without_receives_plain(void **state)
{
	guest_receives(*state, 0, VIRTIO_NET_HDR_F_DATA_VALID, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define ATT(fn) cmocka_unit_test_setup_teardown(fn, setup_attached, \
						teardown_backend)
		cmocka_unit_test(udp4_is_completed),
		cmocka_unit_test(tcp6_is_completed),
		cmocka_unit_test(padding_is_cut),
		cmocka_unit_test(vlan_is_stepped_over),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(extension_headers_are_stepped_over),
		cmocka_unit_test(extension_headers_that_make_no_sense),
		cmocka_unit_test(complete_is_bounded),
		cmocka_unit_test_setup_teardown(guest_sends_blank,
						setup_connected,
						teardown_backend),
		ATT(guest_with_csum4_receives_blank),
		ATT(guest_with_csum6_alone_receives_complete),
		ATT(guest_with_csum4_receives_validated),
		ATT(guest_without_receives_plain),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("netback-csum", tests, NULL, NULL);
}

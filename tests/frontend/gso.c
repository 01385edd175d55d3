/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gso.c owns the tests of frames of several segments, both ways, with a backend
 * that keeps to the rules and with one that does not.
 */
#include "peer.h"

#define GSO4	XEN_NOXS_NET_F_GSO4
#define GSO6	XEN_NOXS_NET_F_GSO6
#define REST	(XEN_NOXS_NET_F_SG | XEN_NOXS_NET_F_CSUM4 | \
		 XEN_NOXS_NET_F_CSUM6)
#define BLANK4	(NOXS_NET_CSUM_BLANK | NOXS_NET_GSO4)
#define BLANK6	(NOXS_NET_CSUM_BLANK | NOXS_NET_GSO6)
#define FIRST	(NETRXF_csum_blank | NETRXF_data_validated | NETRXF_extra_info)
#define GSO	XEN_NETIF_EXTRA_TYPE_GSO
#define TCP4	XEN_NETIF_GSO_TYPE_TCPV4
#define TCP6	XEN_NETIF_GSO_TYPE_TCPV6
#define MSS	1448

static int setup(void **state)
{
	(void)state;
	peer_reset();
	peer.cfg.features = XEN_NOXS_NET_F_ALL;
	peer.cfg.nr_tx = 64;
	return 0;
}

static int send_gso(uint32_t len, uint32_t flags, uint16_t size)
{
	static uint8_t data[70000];
	struct noxs_net_frag frag[2] = { { data, 100 },
					 { data + 100, len - 100 } };
	uint32_t i;

	assert_in_range(len, 100, sizeof(data));
	for (i = 0; i < len; i++)
		data[i] = (uint8_t)(i * 3 + i / 256);
	return noxs_netfront_send_gso(seen.nf, frag, 2, flags, size);
}

/* --- what is agreed on --------------------------------------------------------- */

static uint32_t agreed(uint32_t offered, unsigned int nr_tx,
		       unsigned int nr_rx)
{
	uint32_t features;

	peer_reset();
	peer.cfg.features = XEN_NOXS_NET_F_ALL;
	peer.cfg.nr_tx = nr_tx;
	peer.cfg.nr_rx = nr_rx;
	peer.back.hdr.features = offered;
	assert_int_equal(peer_start(), 0);
	features = peer_front().hdr.features;
	assert_int_equal(features, seen.info.features);
	peer_finish();
	return features;
}

static void gso_needs_the_others_and_buffers(void **state)
{
	const uint32_t sg = XEN_NOXS_NET_F_SG, c4 = XEN_NOXS_NET_F_CSUM4,
		       c6 = XEN_NOXS_NET_F_CSUM6,
		       all = XEN_NOXS_NET_F_ALL & ~XEN_NOXS_NET_F_HASH;

	(void)state;
	assert_int_equal(agreed(all, 18, 18), all);
	assert_int_equal(agreed(all, 17, 18), all & ~(GSO4 | GSO6));
	assert_int_equal(agreed(all, 18, 17), all & ~(GSO4 | GSO6));
	assert_int_equal(agreed(GSO4 | GSO6, 18, 18), 0);
	assert_int_equal(agreed(c4 | c6 | GSO4 | GSO6, 18, 18), c4 | c6);
	assert_int_equal(agreed(sg | c4 | GSO4 | GSO6, 18, 18),
			 sg | c4 | GSO4);
	assert_int_equal(agreed(sg | c6 | GSO4 | GSO6, 18, 18),
			 sg | c6 | GSO6);
	assert_int_equal(agreed(REST, 18, 18), REST);
}

/* --- transmit ----------------------------------------------------------------- */

/* The largest: all of it, its extra info behind the first slot. */
static void large_frame_leaves(void **state)
{
	struct netif_tx_request req, extra;
	struct netif_extra_info e;
	uint32_t at = 0, n;
	unsigned int i;

	(void)state;
	peer_connect();
	assert_int_equal(noxs_netfront_tx_room(seen.nf), 3);
	assert_int_equal(send_gso(65535, BLANK6, MSS), 0);
	for (i = 0; i < 16; i++, at += n) {
		assert_true(peer_tx_take(&req));
		n = i < 15 ? 4096 : 65535 - 15 * 4096;
		assert_int_equal(req.size, i ? n : 65535);
		assert_int_equal(peer_tx_data(&req)[n - 1],
				 (uint8_t)((at + n - 1) * 3 +
					   (at + n - 1) / 256));
		assert_int_equal(req.flags & NETTXF_more_data,
				 i < 15 ? NETTXF_more_data : 0);
		if (i) {
			assert_false(req.flags & ~NETTXF_more_data);
			continue;
		}
		assert_int_equal(req.flags & ~NETTXF_more_data,
				 NETTXF_csum_blank | NETTXF_data_validated |
				 NETTXF_extra_info);
		assert_true(peer_tx_take(&extra));
		memcpy(&e, &extra, sizeof(e));
		assert_int_equal(e.type, GSO);
		assert_int_equal(e.flags, 0);
		assert_int_equal(e.u.gso.type, TCP6);
		assert_int_equal(e.u.gso.size, MSS);
		assert_int_equal(e.u.gso.pad, 0);
		assert_int_equal(e.u.gso.features, 0);
	}
	assert_false(peer_tx_take(&req));
	peer_finish();
}

static void what_cannot_be_sent(void **state)
{
	struct netif_tx_request req;

	(void)state;
	peer.back.hdr.features &= ~GSO6;
	peer_connect();
	assert_int_equal(send_gso(65536, BLANK4, MSS), -EMSGSIZE);
	assert_int_equal(send_gso(2000, BLANK6, MSS), -EOPNOTSUPP);
	assert_int_equal(send_gso(2000, NOXS_NET_GSO4, MSS), -EINVAL);
	assert_int_equal(send_gso(2000, BLANK4 | BLANK6, MSS), -EINVAL);
	assert_int_equal(send_gso(2000, BLANK4, 0), -EINVAL);
	assert_int_equal(send_gso(2000, BLANK4, XEN_NOXS_NET_MIN_GSO - 1),
			 -EINVAL);
	assert_int_equal(send_gso(1400, BLANK4, MSS), -EINVAL);
	assert_int_equal(send_gso(1400, NOXS_NET_CSUM_BLANK, MSS), -EINVAL);
	assert_int_equal(peer_send(1400, 1, BLANK4), -EINVAL);
	/* Without the flag a frame is as long as it was. */
	assert_int_equal(peer_send(1519, 1, NOXS_NET_CSUM_BLANK), -EMSGSIZE);
	assert_false(peer_tx_take(&req));
	assert_int_equal(send_gso(2000, BLANK4, XEN_NOXS_NET_MIN_GSO), 0);
	peer_finish();
}

/* Answer a frame as a backend does; its slots. */
static unsigned int answer_frame(void)
{
	struct netif_tx_request req, extra;
	unsigned int nr = 0;

	do {
		if (!peer_tx_take(&req))
			return nr;
		peer_tx_answer(req.id, NETIF_RSP_OKAY);
		nr++;
		if (!(req.flags & NETTXF_extra_info))
			continue;
		assert_true(peer_tx_take(&extra));
		peer_tx_answer(0, NETIF_RSP_NULL);
		nr++;
	} while (req.flags & NETTXF_more_data);
	return nr;
}

static void rings_wrap_with_frames_of_all_lengths(void **state)
{
	unsigned int i, sent = 0;
	uint32_t len;

	(void)state;
	peer.cfg.nr_tx = 256;
	peer_connect();
	for (i = 0; i < 2000; i++) {
		len = 1600 + i * 7919 % 60000;
		if (send_gso(len, i % 2 ? BLANK4 : BLANK6, MSS) == 0)
			sent++;
		if (i % 3)
			assert_true(answer_frame());
	}
	assert_in_range(sent, 1300, 1999);
	while (answer_frame())
		;
	noxs_netfront_poll(seen.nf, 8);
	assert_int_equal(noxs_netfront_tx_room(seen.nf), 240 / 16);
	peer_finish();
}

/* The ring is full before the buffers are. */
static void slots_of_extra_info_count(void **state)
{
	unsigned int i, nr = 0;

	(void)state;
	peer.cfg.nr_tx = 256;
	peer_connect();
	while (!send_gso(2000, BLANK4, MSS))
		nr++;
	assert_int_equal(nr, 128);
	for (i = 0; i < nr; i++)
		assert_int_equal(answer_frame(), 2);
	assert_int_equal(answer_frame(), 0);
	assert_int_equal(send_gso(2000, BLANK4, MSS), 0);
	peer_finish();
}

/* Woken when all that was wanted has room, and not before. */
static void room_for_a_large_one(void **state)
{
	unsigned int i;

	(void)state;
	peer.cfg.nr_tx = 20;
	peer_connect();
	for (i = 0; i < 9; i++)
		assert_int_equal(send_gso(5000, BLANK4, MSS), 0);
	assert_int_equal(noxs_netfront_tx_room(seen.nf), 0);
	for (i = 0; i < 8; i++) {
		answer_frame();
		noxs_netfront_poll(seen.nf, 0);
		assert_int_equal(seen.rooms, i == 7);
		/* or else it asks for another event */
		if (i < 7)
			assert_true(peer.tx->rsp_event - peer.tx->rsp_prod -
				    1 < 27);
	}
	assert_int_equal(noxs_netfront_tx_room(seen.nf), 1);
	peer_finish();
}

/* As many as the ring has slots, though there are but 64 pages. */
static void small_frames_share_pages(void **state)
{
	struct netif_tx_request a, b;
	unsigned int i;

	(void)state;
	peer_connect();
	for (i = 0; i < 256; i++)
		assert_int_equal(peer_send(256, (uint8_t)i, 0), 0);
	assert_int_equal(peer_send(60, 1, 0), -EAGAIN);
	assert_true(peer_tx_take(&a));
	assert_true(peer_tx_take(&b));
	assert_int_equal(a.gref, b.gref);
	assert_int_equal(b.offset - a.offset, 256);
	assert_int_equal(peer_tx_data(&b)[255], (uint8_t)(1 + 255));
	peer.tx_cons = 0;
	for (i = 0; i < 256; i++) {
		assert_true(peer_tx_take(&a));
		assert_int_equal(peer_tx_data(&a)[0], (uint8_t)i);
		peer_tx_answer(a.id, NETIF_RSP_OKAY);
	}
	for (i = 0; i < 256; i++)
		assert_int_equal(peer_send(60, 1, 0), 0);
	peer_finish();
}

/* Large ones do not take them away, and find none of them. */
static void small_buffers_are_for_small_frames(void **state)
{
	struct netif_tx_request req;
	unsigned int i;

	(void)state;
	peer_connect();
	for (i = 0; i < 48; i++)
		assert_int_equal(peer_send(257, 1, 0), 0);
	assert_int_equal(peer_send(257, 1, 0), -EAGAIN);
	assert_int_equal(peer_send(256, 1, 0), 0);
	assert_true(peer_tx_take(&req));
	peer_tx_answer(req.id, NETIF_RSP_OKAY);
	assert_int_equal(peer_send(257, 1, 0), 0);
	peer_finish();
}

/* --- receive ------------------------------------------------------------------- */

static void put_extra(uint8_t type, uint8_t flags, uint8_t gso_type,
		      uint16_t size)
{
	struct netif_rx_request req;
	struct netif_extra_info e;

	assert_true(peer_rx_take(&req));
	memset(&e, 0, sizeof(e));
	e.type = type;
	e.flags = flags;
	e.u.gso.type = gso_type;
	e.u.gso.size = size;
	memcpy(&peer.rx->ring[peer.rx->rsp_prod++ % 256], &e, sizeof(e));
}

static void put_slot(uint16_t flags, uint16_t len, uint8_t first)
{
	struct netif_rx_request req;

	assert_true(peer_rx_take(&req));
	memset(peer_rx_data(&req), first, len);
	peer_rx_answer(req.id, 0, flags, (int16_t)len);
}

/* A frame of nr full slots and one of rest bytes. */
static void put_frame(unsigned int nr, uint16_t rest, uint8_t gso_type,
		      uint16_t size)
{
	unsigned int i;

	for (i = 0; i <= nr; i++) {
		put_slot((uint16_t)((i ? 0 : FIRST) |
				    (i < nr ? NETRXF_more_data : 0)),
			 i < nr ? 4096 : rest, (uint8_t)(i + 1));
		if (i == 0)
			put_extra(GSO, 0, gso_type, size);
	}
}

static void large_frames_arrive_and_buffers_return(void **state)
{
	unsigned int i;

	(void)state;
	peer.cfg.nr_rx = 18;
	peer_connect();
	for (i = 0; i < 300; i++) {
		put_frame(i % 17, 17, i % 2 ? TCP4 : TCP6,
			  (uint16_t)(i % 17 ? MSS : 16));
		assert_int_equal(noxs_netfront_poll(seen.nf, 8), 1);
		assert_int_equal(seen.len, i % 17 * 4096 + 17);
		assert_int_equal(seen.data[seen.len - 1], i % 17 + 1);
		assert_int_equal(seen.flags, NOXS_NET_CSUM_VALID |
				 (i % 2 ? BLANK4 : BLANK6));
		assert_int_equal(seen.gso_size, i % 17 ? MSS : 16);
	}
	peer_rx_frame(60, 1);
	assert_int_equal(noxs_netfront_poll(seen.nf, 8), 1);
	assert_int_equal(seen.flags, 0);
	assert_int_equal(seen.gso_size, 0);
	peer_finish();
}

/* The ring may be looked at between any two slots. */
static void frame_in_pieces(void **state)
{
	(void)state;
	peer_connect();
	put_slot(FIRST | NETRXF_more_data, 4096, 1);
	assert_int_equal(noxs_netfront_poll(seen.nf, 8), 0);
	put_extra(GSO, 0, TCP4, MSS);
	assert_int_equal(noxs_netfront_poll(seen.nf, 8), 0);
	put_slot(0, 100, 2);
	assert_int_equal(noxs_netfront_poll(seen.nf, 8), 1);
	assert_int_equal(seen.len, 4196);
	assert_int_equal(seen.gso_size, MSS);
	put_slot(FIRST, 4000, 1);
	assert_int_equal(noxs_netfront_poll(seen.nf, 8), 0);
	put_extra(GSO, 0, TCP4, MSS);
	assert_int_equal(noxs_netfront_poll(seen.nf, 8), 1);
	peer_finish();
}

/* Half of a frame, and then another connection: it begins anew. */
static void half_a_frame_is_forgotten(void **state)
{
	(void)state;
	peer_connect();
	put_slot(FIRST | NETRXF_more_data, 4096, 1);
	assert_int_equal(noxs_netfront_poll(seen.nf, 8), 0);
	peer_publish(XEN_NOXS_STATE_CLOSED, 0);
	peer_comes_again();
	assert_int_equal(seen.len, 60);
	peer_finish();
}

static void frames_that_are_not_whole_are_dropped(void **state)
{
	struct noxs_netfront_stats stats;
	struct netif_rx_request req;

	(void)state;
	peer_connect();
	/* a copy that failed, of the first slot and of a later one */
	assert_true(peer_rx_take(&req));
	peer_rx_answer(req.id, 0, FIRST, NETIF_RSP_ERROR);
	put_extra(GSO, 0, TCP4, MSS);
	put_slot(FIRST | NETRXF_more_data, 4096, 1);
	put_extra(GSO, 0, TCP4, MSS);
	assert_true(peer_rx_take(&req));
	peer_rx_answer(req.id, 0, 0, NETIF_RSP_ERROR);
	/* a segment as long as the frame; no blank checksum */
	put_slot(FIRST, 1000, 1);
	put_extra(GSO, 0, TCP4, 1000);
	put_slot(NETRXF_extra_info, 4000, 1);
	put_extra(GSO, 0, TCP4, MSS);
	assert_int_equal(noxs_netfront_poll(seen.nf, 8), 0);
	/* longer than an IP packet can be */
	put_frame(16, 18, TCP4, MSS);
	assert_int_equal(noxs_netfront_poll(seen.nf, 8), 0);
	noxs_netfront_stats(seen.nf, &stats);
	assert_int_equal(stats.rx_errors, 5);
	assert_int_equal(seen.frames, 0);
	put_frame(16, 17, TCP4, MSS);
	assert_int_equal(noxs_netfront_poll(seen.nf, 8), 1);
	assert_int_equal(seen.len, 65553);
	peer_finish();
}

/* --- lies ---------------------------------------------------------------------- */

static void expect_dead(void)
{
	noxs_netfront_poll(seen.nf, 64);
	assert_int_equal(seen.frames, 0);
	assert_int_equal(peer_send(60, 1, 0), -EIO);
	assert_int_equal(noxs_bus_poll(&peer.bus), 0);
	assert_int_equal(seen.down, 1);
	assert_int_equal(seen.error, EPROTO);
	assert_int_equal(os_nr_logged, 1);
	peer_comes_again();
	peer_finish();
}

#define LIE(name, ...)		\
static void name(void **state)	\
{				\
	(void)state;		\
	peer_connect();		\
	__VA_ARGS__		\
	expect_dead();		\
}

LIE(rx_extra_of_no_type,
    put_slot(FIRST, 4000, 1); put_extra(0, 0, TCP4, MSS);)
LIE(rx_extra_of_unknown_type,
    put_slot(FIRST, 4000, 1); put_extra(99, 0, TCP4, MSS);)
LIE(rx_extra_of_multicast,
    put_slot(FIRST, 4000, 1);
    put_extra(XEN_NETIF_EXTRA_TYPE_MCAST_ADD, 0, TCP4, MSS);)
LIE(rx_extra_with_unknown_flags,
    put_slot(FIRST, 4000, 1); put_extra(GSO, 2, TCP4, MSS);)
LIE(rx_extra_twice,
    put_slot(FIRST, 4000, 1); put_extra(GSO, 1, TCP4, MSS);
    put_extra(GSO, 0, TCP4, MSS);)
LIE(rx_extra_without_end,
    unsigned int i;
    put_slot(FIRST, 4000, 1);
    for (i = 0; i < 31; i++)
	    put_extra(GSO, 1, TCP4, MSS);)
LIE(rx_extra_with_padding,
    put_slot(FIRST, 4000, 1); put_extra(GSO, 0, TCP4, MSS);
    ((uint8_t *)&peer.rx->ring[1])[5] = 1;)
LIE(rx_extra_with_gso_features,
    put_slot(FIRST, 4000, 1); put_extra(GSO, 0, TCP4, MSS);
    ((uint8_t *)&peer.rx->ring[1])[6] = 1;)
LIE(rx_gso_of_no_type,
    put_slot(FIRST, 4000, 1); put_extra(GSO, 0, 0, MSS);)
LIE(rx_gso_of_unknown_type,
    put_slot(FIRST, 4000, 1); put_extra(GSO, 0, 3, MSS);)
LIE(rx_gso_size_zero,
    put_slot(FIRST, 4000, 1); put_extra(GSO, 0, TCP4, 0);)
LIE(rx_extra_on_a_continuation,
    put_slot(NETRXF_csum_blank | NETRXF_more_data, 4096, 1);
    put_slot(NETRXF_extra_info, 4096, 1); put_extra(GSO, 0, TCP4, MSS);)
LIE(rx_too_many_slots, put_frame(18, 100, TCP4, MSS);)
/* The buffer in whose place it is was used out of turn. */
LIE(rx_extra_in_a_place_that_is_taken,
    peer_rx_answer(1, 0, FIRST, 4000); put_extra(GSO, 0, TCP4, MSS);
    peer.rx->rsp_prod--; put_extra(GSO, 0, TCP4, MSS);)
LIE(tx_extra_answered_twice,
    assert_int_equal(send_gso(5000, BLANK4, MSS), 0);
    peer_tx_answer(0, NETIF_RSP_NULL);
    peer_tx_answer(0, NETIF_RSP_NULL);)
LIE(tx_more_answers_than_slots,
    assert_int_equal(send_gso(3000, BLANK4, MSS), 0);
    assert_int_equal(answer_frame(), 2);
    peer_tx_answer(0, NETIF_RSP_NULL);)

LIE(tx_small_id_out_of_range,
    assert_int_equal(peer_send(60, 1, 0), 0);
    peer_tx_answer(48 + 256, NETIF_RSP_OKAY);)
LIE(tx_small_id_not_in_flight,
    assert_int_equal(peer_send(60, 1, 0), 0);
    peer_tx_answer(49, NETIF_RSP_OKAY);)

static void rx_extra_that_was_not_agreed_on(void **state)
{
	(void)state;
	peer.cfg.features = REST;
	peer_connect();
	put_slot(FIRST, 4000, 1);
	put_extra(GSO, 0, TCP4, MSS);
	expect_dead();
}

static void rx_gso_of_the_other_family(void **state)
{
	(void)state;
	peer.back.hdr.features = REST | GSO6;
	peer_connect();
	put_slot(FIRST, 4000, 1);
	put_extra(GSO, 0, TCP4, MSS);
	expect_dead();
}

/* All buffers, and the frame has no end: there is nothing to wait for. */
static void rx_frame_that_takes_all_buffers(void **state)
{
	(void)state;
	peer.cfg.nr_rx = 18;
	peer.cfg.nr_tx = 18;
	peer_connect();
	put_slot(FIRST | NETRXF_more_data, 1, 1);
	put_extra(GSO, 0, TCP4, MSS);
	while (peer.rx_cons != 18)
		put_slot(NETRXF_more_data, 1, 1);
	expect_dead();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(fn) cmocka_unit_test_setup(fn, setup)
		T(gso_needs_the_others_and_buffers),
		T(large_frame_leaves),
		T(what_cannot_be_sent),
		T(rings_wrap_with_frames_of_all_lengths),
		T(slots_of_extra_info_count),
		T(room_for_a_large_one),
		T(small_frames_share_pages),
		T(small_buffers_are_for_small_frames),
		T(tx_small_id_out_of_range),
		T(tx_small_id_not_in_flight),
		T(large_frames_arrive_and_buffers_return),
		T(frame_in_pieces),
		T(half_a_frame_is_forgotten),
		T(frames_that_are_not_whole_are_dropped),
		T(rx_extra_of_no_type),
		T(rx_extra_of_unknown_type),
		T(rx_extra_of_multicast),
		T(rx_extra_with_unknown_flags),
		T(rx_extra_twice),
		T(rx_extra_without_end),
		T(rx_extra_with_padding),
		T(rx_extra_with_gso_features),
		T(rx_gso_of_no_type),
		T(rx_gso_of_unknown_type),
		T(rx_gso_size_zero),
		T(rx_extra_on_a_continuation),
		T(rx_too_many_slots),
		T(rx_extra_in_a_place_that_is_taken),
		T(tx_extra_answered_twice),
		T(tx_more_answers_than_slots),
		T(rx_extra_that_was_not_agreed_on),
		T(rx_gso_of_the_other_family),
		T(rx_frame_that_takes_all_buffers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

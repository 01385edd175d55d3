// SPDX-License-Identifier: BSD-2-Clause
/* Frames of several segments, both ways: what is passed on, what is a lie. */
#include "frame.h"
#include "harness.h"

#include <gso.h>
#include <linux/if_tun.h>

#define SG	XEN_NOXS_NET_F_SG
#define CSUM4	XEN_NOXS_NET_F_CSUM4
#define CSUM6	XEN_NOXS_NET_F_CSUM6
#define GSO4	XEN_NOXS_NET_F_GSO4
#define GSO6	XEN_NOXS_NET_F_GSO6

#define BLANK	(NETTXF_csum_blank | NETTXF_data_validated)
#define FIRST	(BLANK | NETTXF_extra_info)
#define MSS	1428u		/* with HEAD6 and options, what an MTU of 1500 takes */

static uint8_t frame[80000], out[80000];

/* --- guest -> TAP ------------------------------------------------------------- */

static void put_extra(struct test_guest *g, uint8_t type, uint8_t flags,
		      uint8_t gso_type, uint16_t size)
{
	struct netif_extra_info e;

	memset(&e, 0, sizeof(e));
	e.type = type;
	e.flags = flags;
	e.u.gso.type = gso_type;
	e.u.gso.size = size;
	memcpy(RING_GET_REQUEST(&g->tx, g->tx.req_prod_pvt), &e, sizeof(e));
	g->tx.req_prod_pvt++;
}

/* frame[] of len bytes in full pages; flags of the first slot. */
static void put_frame(struct test_guest *g, uint32_t len, unsigned int flags,
		      uint8_t gso_type, uint16_t size)
{
	uint32_t off, n;
	unsigned int i = 0;

	for (off = 0; off < len; off += n, i++) {
		n = len - off < 4096 ? len - off : 4096;
		memcpy(g->buf[i], frame + off, n);
		guest_tx(g, g->buf_ref[i], 0, i ? n : len, (i ? 0 : flags) |
			 (off + n < len ? NETTXF_more_data : 0), 100 + i);
		if (i == 0 && flags & NETTXF_extra_info)
			put_extra(g, XEN_NETIF_EXTRA_TYPE_GSO, 0, gso_type,
				  size);
	}
	guest_tx_push(g);
}

/* A response for each slot, with that status; NULL for the extra one. */
static void assert_answers(struct test_state *s, uint32_t len, int status)
{
	struct test_guest *g = &s->guest;
	unsigned int i, id, nr = (len + 4095) / 4096;

	turns(s->nb);
	assert_int_equal(guest_tx_responses(g), nr + 1);
	for (i = 0; i < nr; i++) {
		assert_int_equal(guest_tx_status(g, &id), status);
		assert_int_equal(id, 100 + i);
		if (i == 0)
			assert_int_equal(guest_tx_status(g, NULL),
					 NETIF_RSP_NULL);
	}
}

static void expect_sent(struct test_state *s, uint32_t len, uint8_t type,
			uint32_t head)
{
	struct virtio_net_hdr hdr;
	bool v4 = type == XEN_NETIF_GSO_TYPE_TCPV4;

	if (v4)
		make4(frame, len);
	else
		make6(frame, len);
	put_frame(&s->guest, len, FIRST, type, MSS);
	assert_answers(s, len, NETIF_RSP_OKAY);
	assert_int_equal(net_recv(&s->guest, out, sizeof(out), &hdr), len);
	assert_memory_equal(out + head, frame + head, len - head);
	assert_int_equal(hdr.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
	assert_int_equal(hdr.gso_type, v4 ? VIRTIO_NET_HDR_GSO_TCPV4
					  : VIRTIO_NET_HDR_GSO_TCPV6);
	assert_int_equal(hdr.gso_size, MSS);
	assert_int_equal(hdr.hdr_len, head);
	assert_int_equal(hdr.csum_start, head - 20);
	assert_int_equal(hdr.csum_offset, 16);
}

static void frames_of_all_lengths(void **state)
{
	struct test_state *s = *state;
	unsigned int i;

	for (i = 0; i < 20; i++) {
		expect_sent(s, 65535, XEN_NETIF_GSO_TYPE_TCPV4, HEAD4);
		expect_sent(s, HEAD4 + MSS + 1, XEN_NETIF_GSO_TYPE_TCPV4,
			    HEAD4);
		expect_sent(s, 65535, XEN_NETIF_GSO_TYPE_TCPV6, HEAD6);
		expect_sent(s, 40000, XEN_NETIF_GSO_TYPE_TCPV6, HEAD6);
	}
	assert_int_equal(the_vif(s)->stats.tx_packets, 80);
	assert_int_equal(the_vif(s)->stats.tx_dropped, 0);
}

/* As many large ones as the ring holds: more than the arena does. */
static void ring_full_of_large_ones(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	unsigned int i, sent = 0;

	make4(frame, 65535);
	for (i = 0; i < 14; i++)
		put_frame(g, 65535, FIRST, XEN_NETIF_GSO_TYPE_TCPV4, MSS);
	nbl_turn(s->nb, 0);
	/* A budget is 64 pages, so that the others have their turn. */
	assert_true(guest_tx_responses(g) <= 5 * 17);
	for (i = 0; i < 100; i++) {
		nbl_turn(s->nb, 0);
		while (net_recv(g, out, sizeof(out), NULL) == 65535)
			sent++;
	}
	assert_int_equal(guest_tx_responses(g), 14 * 17);
	assert_int_equal(sent, the_vif(s)->stats.tx_packets);
}

/* A limit on frames is one on segments. */
static void segments_count_as_frames(void **state)
{
	struct test_state *s = *state;
	struct nbl_vif *vif = the_vif(s);

	vif->tx_rate.on = true;
	vif->tx_rate.bytes.credit = 100000;
	vif->tx_rate.frames.credit = 100;
	expect_sent(s, 65535, XEN_NETIF_GSO_TYPE_TCPV4, HEAD4);
	assert_int_equal(vif->tx_rate.bytes.credit, 100000 - 65535);
	assert_int_equal(vif->tx_rate.frames.credit, 100 - 46);
	vif->tx_rate.on = false;
}

/* Merely bad: answered, and the next one goes. */
static void expect_error(struct test_state *s, uint32_t len,
			 unsigned int flags, uint8_t type, uint16_t size)
{
	uint64_t dropped = the_vif(s)->stats.tx_dropped;

	put_frame(&s->guest, len, flags, type, size);
	assert_answers(s, len, NETIF_RSP_ERROR);
	assert_int_equal(net_recv(&s->guest, out, sizeof(out), NULL), -1);
	assert_int_equal(the_vif(s)->stats.tx_dropped, dropped + 1);
	expect_sent(s, 5000, XEN_NETIF_GSO_TYPE_TCPV4, HEAD4);
}

static void bad_frames_are_answered(void **state)
{
	const uint8_t v4 = XEN_NETIF_GSO_TYPE_TCPV4;
	struct test_state *s = *state;

	make4(frame, 9000);
	expect_error(s, 9000, NETTXF_extra_info, v4, MSS);
	make4(frame, 9000);
	/* of the other family */
	expect_error(s, 9000, FIRST, XEN_NETIF_GSO_TYPE_TCPV6, MSS);
	make6(frame, 9000);
	expect_error(s, 9000, FIRST, v4, MSS);
	/* as long as all of the payload, or longer; too small; past the MTU */
	make4(frame, HEAD4 + MSS);
	expect_error(s, HEAD4 + MSS, FIRST, v4, MSS);
	make4(frame, 1000);
	expect_error(s, 1000, FIRST, v4, MSS);
	make4(frame, 9000);
	expect_error(s, 9000, FIRST, v4, XEN_NOXS_NET_MIN_GSO - 1);
	make4(frame, 9000);
	expect_error(s, 9000, FIRST, v4, 1518 - HEAD4 + 1);
	make4(frame, 9000);
	expect_error(s, 9000, FIRST, v4, 0xffff);
	/* UDP, no protocol at all, a fragment */
	make4(frame, 9000);
	frame[23] = 17;
	expect_error(s, 9000, FIRST, v4, MSS);
	make4(frame, 9000);
	frame[12] = 0;
	expect_error(s, 9000, FIRST, v4, MSS);
	make4(frame, 9000);
	frame[20] = 0x20;
	expect_error(s, 9000, FIRST, v4, MSS);
	/* a TCP header that is too short, and one longer than the frame */
	make4(frame, 9000);
	frame[46] = 0x40;
	expect_error(s, 9000, FIRST, v4, MSS);
	make4(frame, HEAD4 + 10);
	frame[46] = 0xf0;
	expect_error(s, HEAD4 + 10, FIRST, v4, MSS);
	/* lengths that lead out of the frame */
	make4(frame, 9000);
	put16(frame + 16, 9000);
	expect_error(s, 9000, FIRST, v4, MSS);
	make4(frame, 20);
	expect_error(s, 20, FIRST, v4, MSS);
}

/* A header in eighteen slots is a header. */
static void header_split_over_slots(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	struct virtio_net_hdr hdr;
	unsigned int i, off = 0, n, id;

	make4(frame, 4000);
	memcpy(g->buf[0], frame, 4000);
	for (i = 0; i < 18; i++, off += n) {
		n = i < 17 ? 3 : 4000 - off;
		guest_tx(g, g->buf_ref[0], off, i ? n : 4000,
			 (i ? 0 : FIRST) | (i < 17 ? NETTXF_more_data : 0), i);
		if (i == 0)
			put_extra(g, XEN_NETIF_EXTRA_TYPE_GSO, 0,
				  XEN_NETIF_GSO_TYPE_TCPV4, MSS);
	}
	guest_tx_push(g);
	turns(s->nb);
	assert_int_equal(guest_tx_responses(g), 19);
	assert_int_equal(guest_tx_status(g, &id), NETIF_RSP_OKAY);
	assert_int_equal(net_recv(g, out, sizeof(out), &hdr), 4000);
	assert_memory_equal(out + HEAD4, frame + HEAD4, 4000 - HEAD4);
	assert_int_equal(hdr.hdr_len, HEAD4);
}

#define FIRST_SLOT guest_tx(g, g->buf_ref[0], 0, 4000, FIRST, 0)
#define GSO XEN_NETIF_EXTRA_TYPE_GSO
#define TCP4 XEN_NETIF_GSO_TYPE_TCPV4

TX_LIE(extra_of_no_type, FIRST_SLOT; put_extra(g, 0, 0, TCP4, MSS);)
TX_LIE(extra_of_unknown_type, FIRST_SLOT; put_extra(g, 200, 0, TCP4, MSS);)
TX_LIE(extra_with_unknown_flags, FIRST_SLOT; put_extra(g, GSO, 2, TCP4, MSS);)
TX_LIE(extra_twice, FIRST_SLOT; put_extra(g, GSO, 1, TCP4, MSS);
    put_extra(g, GSO, 0, TCP4, MSS);)
TX_LIE(extra_without_end,
    unsigned int i;
    FIRST_SLOT;
    for (i = 0; i < 255; i++)
	    put_extra(g, GSO, XEN_NETIF_EXTRA_FLAG_MORE, TCP4, MSS);)
TX_LIE(extra_that_is_not_there, FIRST_SLOT;)
TX_LIE(extra_with_padding, FIRST_SLOT; put_extra(g, GSO, 0, TCP4, MSS);
    ((uint8_t *)RING_GET_REQUEST(&g->tx, 1))[5] = 1;)
TX_LIE(extra_with_gso_features, FIRST_SLOT; put_extra(g, GSO, 0, TCP4, MSS);
    ((uint8_t *)RING_GET_REQUEST(&g->tx, 1))[7] = 1;)
TX_LIE(gso_of_no_type, FIRST_SLOT; put_extra(g, GSO, 0, 0, MSS);)
TX_LIE(gso_of_unknown_type, FIRST_SLOT; put_extra(g, GSO, 0, 3, MSS);)
TX_LIE(gso_size_zero, FIRST_SLOT; put_extra(g, GSO, 0, TCP4, 0);)
TX_LIE(extra_on_a_continuation,
    guest_tx(g, g->buf_ref[0], 0, 4000, BLANK | NETTXF_more_data, 0);
    guest_tx(g, g->buf_ref[0], 0, 1000, NETTXF_extra_info, 0);
    put_extra(g, GSO, 0, TCP4, MSS);)
TX_LIE(large_frame_without_end,
    guest_tx(g, g->buf_ref[0], 0, 4000, FIRST | NETTXF_more_data, 0);
    put_extra(g, GSO, 0, TCP4, MSS);)
TX_LIE(nineteen_slots,
    unsigned int i;
    for (i = 0; i < 19; i++) {
	    guest_tx(g, g->buf_ref[0], 0, i ? 3000 : 60000,
		     (i ? 0 : FIRST) | (i < 18 ? NETTXF_more_data : 0), i);
	    if (i == 0)
		    put_extra(g, GSO, 0, TCP4, MSS);
    })
/* More than 16 bits can say: the sum of the rest is more than the whole. */
TX_LIE(longer_than_64k,
    unsigned int i;
    for (i = 0; i < 18; i++) {
	    guest_tx(g, g->buf_ref[0], 0, i ? 4096 : 65535,
		     (i ? 0 : FIRST) | (i < 17 ? NETTXF_more_data : 0), i);
	    if (i == 0)
		    put_extra(g, GSO, 0, TCP4, MSS);
    })

static void connect_with(struct test_state *s, uint32_t features)
{
	guest_answer(&s->guest, features);
	turns(s->nb);
	assert_int_equal(guest_sees(&s->guest), XEN_NOXS_STATE_CONNECTED);
}

static void extra_that_was_not_agreed_on(void **state)
{
	struct test_state *s = *state;

	connect_with(s, SG | CSUM4 | CSUM6);
	make4(frame, 4000);
	put_frame(&s->guest, 4000, FIRST, TCP4, MSS);
	assert_broken(s, EPROTO);
}

static void gso_of_the_other_family(void **state)
{
	struct test_state *s = *state;

	connect_with(s, SG | CSUM4 | CSUM6 | GSO6);
	make4(frame, 4000);
	put_frame(&s->guest, 4000, FIRST, TCP4, MSS);
	assert_broken(s, EPROTO);
}

/* Without extra info, frames are no longer than they were. */
static void long_frame_without_gso(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;

	make4(frame, 4000);
	memcpy(g->buf[0], frame, 4000);
	guest_tx(g, g->buf_ref[0], 0, 4000, BLANK, 7);
	guest_tx_push(g);
	turns(s->nb);
	assert_int_equal(guest_tx_status(g, NULL), NETIF_RSP_ERROR);
	assert_int_equal(net_recv(g, out, sizeof(out), NULL), -1);
}

/* --- TAP -> guest ------------------------------------------------------------- */

static void net_send_gso(struct test_guest *g, uint32_t len, uint8_t type,
			 uint16_t size)
{
	const struct virtio_net_hdr hdr = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .gso_type = type,
		.gso_size = size, .hdr_len = HEAD4, .csum_start = 34,
		.csum_offset = 16,
	};

	net_send(g, frame, len, &hdr);
}

/* The next frame of the ring into out[]; its length. */
static uint32_t take_frame(struct test_guest *g, struct netif_extra_info *e)
{
	struct netif_rx_response rsp;
	unsigned int more, at;
	uint32_t len = 0;

	memset(e, 0, sizeof(*e));
	do {
		guest_rx_response(g, &rsp);
		more = rsp.flags & NETRXF_more_data;
		assert_int_equal(rsp.offset, 0);
		assert_in_range(rsp.status, 1, 4096);
		memcpy(out + len, g->buf[rsp.id], (size_t)rsp.status);
		len += (uint32_t)rsp.status;
		if (!(rsp.flags & NETRXF_extra_info))
			continue;
		assert_int_equal(len, rsp.status);
		assert_int_equal(rsp.flags & ~NETRXF_more_data,
				 NETRXF_csum_blank | NETRXF_data_validated |
				 NETRXF_extra_info);
		/* in the place of the request that it consumed */
		at = g->rx.rsp_cons % 256;
		guest_rx_response(g, &rsp);
		memcpy(e, &g->rx.sring->ring[at].rsp, sizeof(*e));
	} while (more);
	return len;
}

static void large_frames_arrive(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	struct netif_extra_info e;
	unsigned int i;
	uint32_t len;

	for (i = 0; i < 40; i++) {
		len = i % 2 ? 65553 : 3000 + i * 1000;
		make4(frame, len);
		net_send_gso(g, len, VIRTIO_NET_HDR_GSO_TCPV4, MSS);
		guest_rx_post(g, 18 - (g->rx.req_prod_pvt - g->rx.rsp_cons));
		turns(s->nb);
		assert_int_equal(take_frame(g, &e), len);
		assert_memory_equal(out, frame, len);
		assert_int_equal(e.type, XEN_NETIF_EXTRA_TYPE_GSO);
		assert_int_equal(e.flags, 0);
		assert_int_equal(e.u.gso.type, XEN_NETIF_GSO_TYPE_TCPV4);
		assert_int_equal(e.u.gso.size, MSS);
		assert_int_equal(e.u.gso.pad, 0);
		assert_int_equal(e.u.gso.features, 0);
		assert_int_equal(guest_rx_responses(g), 0);
	}
	assert_int_equal(the_vif(s)->stats.rx_packets, 40);
}

/* Small ones need no room for large ones; a large one waits, alone. */
static void waits_for_as_many_as_it_needs(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	struct netif_extra_info e;

	make4(frame, 40000);
	guest_rx_post(g, 3);
	net_send(g, frame, 60, NULL);
	net_send_gso(g, 40000, VIRTIO_NET_HDR_GSO_TCPV4, MSS);
	net_send(g, frame, 61, NULL);
	turns(s->nb);		/* fails if it spins */
	assert_int_equal(guest_rx_responses(g), 1);
	assert_int_equal(take_frame(g, &e), 60);
	assert_int_equal(s->nb->stalled_bytes, 40010);
	guest_rx_post(g, 8);
	turns(s->nb);
	assert_int_equal(guest_rx_responses(g), 0);
	guest_rx_post(g, 1);
	turns(s->nb);
	assert_int_equal(take_frame(g, &e), 40000);
	assert_memory_equal(out, frame, 40000);
	assert_int_equal(e.u.gso.size, MSS);
	assert_int_equal(s->nb->stalled_bytes, 0);
	/* The one after a large one is taken to be large. */
	guest_rx_post(g, 11);
	turns(s->nb);
	assert_int_equal(take_frame(g, &e), 61);
	/* And no more than that. */
	net_send(g, frame, 62, NULL);
	turns(s->nb);
	assert_int_equal(take_frame(g, &e), 62);
}

static void what_waits_goes_with_the_connection(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;

	guest_rx_post(g, 2);
	make4(frame, 40000);
	net_send_gso(g, 40000, VIRTIO_NET_HDR_GSO_TCPV4, MSS);
	turns(s->nb);
	assert_int_equal(s->nb->stalled_bytes, 40010);
	guest_say(g, XEN_NOXS_STATE_CLOSING);
	turns(s->nb);
	assert_int_equal(guest_sees(g), XEN_NOXS_STATE_CLOSED);
	assert_int_equal(s->nb->stalled_bytes, 0);
}

/* Guests that take nothing may have so much together; then it is dropped. */
static void what_waits_is_bounded(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	struct netif_extra_info e;

	guest_rx_post(g, 2);
	s->nb->stalled_bytes = NBL_HELD_ALL - 40009;
	make4(frame, 40000);
	net_send_gso(g, 40000, VIRTIO_NET_HDR_GSO_TCPV4, MSS);
	net_send(g, frame, 60, NULL);
	turns(s->nb);
	assert_int_equal(take_frame(g, &e), 60);
	assert_int_equal(the_vif(s)->stats.rx_dropped, 1);
	s->nb->stalled_bytes = 0;
}

static void expect_rx_dropped(struct test_state *s, uint32_t len, uint8_t type,
			      uint16_t size)
{
	struct test_guest *g = &s->guest;
	uint64_t dropped = the_vif(s)->stats.rx_dropped;

	make4(frame, len);
	net_send_gso(g, len, type, size);
	turns(s->nb);
	assert_int_equal(guest_rx_responses(g), 0);
	assert_int_equal(the_vif(s)->stats.rx_dropped, dropped + 1);
}

/* What a former connection asked for, and what nobody did. */
static void what_was_not_asked_for_is_dropped(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	struct netif_extra_info e;

	connect_with(s, SG | CSUM4 | GSO4);
	guest_rx_post(g, 60);
	turns(s->nb);
	expect_rx_dropped(s, 4000, VIRTIO_NET_HDR_GSO_TCPV6, MSS);
	expect_rx_dropped(s, 4000, VIRTIO_NET_HDR_GSO_UDP, MSS);
	expect_rx_dropped(s, 4000, VIRTIO_NET_HDR_GSO_TCPV4 |
			  VIRTIO_NET_HDR_GSO_ECN, MSS);
	expect_rx_dropped(s, 4000, VIRTIO_NET_HDR_GSO_TCPV4, 0);
	expect_rx_dropped(s, 65554, VIRTIO_NET_HDR_GSO_TCPV4, MSS);
	net_send_gso(g, 3000, VIRTIO_NET_HDR_GSO_TCPV4, MSS);
	turns(s->nb);
	assert_int_equal(take_frame(g, &e), 3000);
}

static void copy_that_fails_is_an_error(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	struct netif_rx_response rsp;
	uint32_t good = g->buf_ref[2];

	g->buf_ref[2] = 0xfffffff0;
	guest_rx_post(g, 3);
	g->buf_ref[2] = good;
	make4(frame, 5000);
	net_send_gso(g, 5000, VIRTIO_NET_HDR_GSO_TCPV4, MSS);
	turns(s->nb);
	assert_int_equal(guest_rx_responses(g), 3);
	guest_rx_response(g, &rsp);
	assert_int_equal(rsp.status, NETIF_RSP_ERROR);
	assert_true(rsp.flags & NETRXF_extra_info);
	guest_rx_response(g, &rsp);
	guest_rx_response(g, &rsp);
	assert_int_equal(rsp.status, NETIF_RSP_ERROR);
	assert_int_equal(the_vif(s)->stats.rx_dropped, 1);
}

/* --- what is agreed on --------------------------------------------------------- */

static void tap_is_told_what_is_agreed_on(void **state)
{
	static const struct {
		uint32_t features;
		unsigned int tun;
	} is[] = {
		{ SG | CSUM4 | GSO4, TUN_F_CSUM | TUN_F_TSO4 },
		{ SG | CSUM6 | GSO6, TUN_F_CSUM | TUN_F_TSO6 },
		{ SG | CSUM4 | CSUM6 | GSO4 | GSO6,
		  TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 },
		{ SG | CSUM4 | CSUM6, TUN_F_CSUM },
		{ SG, 0 },
	};
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	struct fake_tap_info info;
	unsigned int i;

	for (i = 0; i < sizeof(is) / sizeof(is[0]); i++) {
		connect_with(s, is[i].features);
		fake_tap_info(g->ifname, &info);
		assert_int_equal(info.offload, is[i].tun);
		guest_say(g, XEN_NOXS_STATE_CLOSING);
		turns(s->nb);
		fake_tap_info(g->ifname, &info);
		assert_int_equal(info.offload, 0);
		guest_say(g, XEN_NOXS_STATE_CLOSED);
		turns(s->nb);
	}
}

static void gso_alone_is_a_lie(void **state)
{
	static const uint32_t alone[] = {
		GSO4, GSO6, SG | GSO4, CSUM4 | GSO4, SG | CSUM6 | GSO4,
		SG | CSUM4 | GSO6, SG | CSUM4 | GSO4 | GSO6,
	};
	struct test_state *s;
	unsigned int i;

	for (i = 0; i < sizeof(alone) / sizeof(alone[0]); i++) {
		setup_attached(state);
		s = *state;
		guest_answer(&s->guest, alone[i]);
		assert_broken(s, EPROTO);
		teardown_backend(state);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define CONN(fn) cmocka_unit_test_setup_teardown(fn, setup_connected, \
						 teardown_backend)
#define ATT(fn) cmocka_unit_test_setup_teardown(fn, setup_attached, \
						teardown_backend)
		CONN(frames_of_all_lengths),
		CONN(ring_full_of_large_ones),
		CONN(segments_count_as_frames),
		CONN(bad_frames_are_answered),
		CONN(header_split_over_slots),
		CONN(extra_of_no_type),
		CONN(extra_of_unknown_type),
		CONN(extra_with_unknown_flags),
		CONN(extra_twice),
		CONN(extra_without_end),
		CONN(extra_that_is_not_there),
		CONN(extra_with_padding),
		CONN(extra_with_gso_features),
		CONN(gso_of_no_type),
		CONN(gso_of_unknown_type),
		CONN(gso_size_zero),
		CONN(extra_on_a_continuation),
		CONN(large_frame_without_end),
		CONN(nineteen_slots),
		CONN(longer_than_64k),
		ATT(extra_that_was_not_agreed_on),
		ATT(gso_of_the_other_family),
		CONN(long_frame_without_gso),
		CONN(large_frames_arrive),
		CONN(waits_for_as_many_as_it_needs),
		CONN(what_waits_goes_with_the_connection),
		CONN(what_waits_is_bounded),
		ATT(what_was_not_asked_for_is_dropped),
		CONN(copy_that_fails_is_an_error),
		ATT(tap_is_told_what_is_agreed_on),
		cmocka_unit_test(gso_alone_is_a_lie),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("netback-gso", tests, NULL, NULL);
}

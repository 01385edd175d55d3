// SPDX-License-Identifier: BSD-2-Clause
/*
 * A hostile guest beside one that behaves: an input is a program of what the
 * first does to its rings, its control area, its pages and grants, of what comes
 * from the network, and of which call of the host fails.  Afterwards the
 * neighbour must have its packets, and the host all that was lent to it.
 *
 * An input is a byte of features and then operations, a byte each and its
 * arguments.  With the first byte's highest bit frames go from guest to guest by
 * the switch, too: the neighbour sends to the first at each turn.  With that bit of
 * a later answer the guest has two queues, and the operations take turns.
 */
#include <linux/virtio_net.h>
#include <stdio.h>
#include <stdlib.h>
#include <switch.h>
#include <sys/socket.h>

#include "harness.h"

#define MAX_STEPS	400u
#define MAX_HELD	(128u * 1024)	/* a frame of each vif, and what it costs */
#define SWITCHED	0x80u	/* of the first byte; no feature */
#define TWO_QUEUES	0x80u	/* of later answers */
#define NEIGHBOUR_RX	4u	/* buffers that the neighbour has posted */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz {
	struct test_state *state;
	struct nbl *nb;
	struct test_guest guest, neighbour;
	struct test_guest second;	/* queue of the guest's */
	bool two;		/* it said that it has that */
	struct nbl_vif *vif;	/* the guest's */
	unsigned int nr;	/* vifs it has had */
	bool switched, failing;	/* a call of the host's failed, or will */
	unsigned int sent, posted;	/* of the neighbour, without response */
};

static const uint8_t guest_mac[6], neighbour_mac[6] = {
	0x5a, 0x5a, 0x5a, 0x5a, 0x5a, 0x5a
};

struct input {
	const uint8_t *at, *end;
};

static void die(const char *what)
{
	fprintf(stderr, "%s\n", what);
	abort();
}

/* The next n bytes as a little-endian number; 0 behind the end. */
static uint32_t take(struct input *in, unsigned int n)
{
	uint32_t v = 0;
	unsigned int i;

	for (i = 0; i < n && in->at < in->end; i++)
		v |= (uint32_t)*in->at++ << (8 * i);
	return v;
}

static void write_word(struct input *in, void *page, size_t size)
{
	size_t at = take(in, 2) % (size - 3);
	uint32_t word = take(in, 4);

	memcpy((uint8_t *)page + at, &word, 4);
}

static void rings_begin(struct test_guest *g)
{
	SHARED_RING_INIT(g->tx.sring);
	SHARED_RING_INIT(g->rx.sring);
	FRONT_RING_INIT(&g->tx, g->tx.sring, FAKE_PAGE);
	FRONT_RING_INIT(&g->rx, g->rx.sring, FAKE_PAGE);
}

/* What a guest that means it says, with features of its own choice. */
static void answer(struct fuzz *f, uint32_t features, bool two)
{
	struct test_guest *g = &f->guest;

	rings_begin(g);
	rings_begin(&f->second);
	memset(g->front, 0, sizeof(*g->front));
	guest_name_queue(g, &f->second);
	f->two = two;
	guest_answer_queues(g, features, 1 + two);
}

static void tx_slot(struct input *in, struct test_guest *g)
{
	uint32_t buf = take(in, 1), offset = take(in, 2), size = take(in, 2),
		 flags = take(in, 1);

	/* Most are its own buffers; 255 is nothing at all. */
	guest_tx(g, buf == 255 ? 0xffffff : g->buf_ref[buf % GUEST_BUFFERS],
		 offset, size, flags, buf);
}

static void tx_extra(struct input *in, struct test_guest *g)
{
	struct netif_extra_info e = {
		.type = (uint8_t)take(in, 1), .flags = (uint8_t)take(in, 1),
		.u.gso = { .size = (uint16_t)take(in, 2),
			   .type = (uint8_t)take(in, 1) },
	};

	memcpy(RING_GET_REQUEST(&g->tx, g->tx.req_prod_pvt), &e, sizeof(e));
	g->tx.req_prod_pvt++;
}

/* A frame that comes from the network. */
static void from_network(struct input *in, struct test_guest *g)
{
	static uint8_t frame[70000];
	struct virtio_net_hdr hdr = {
		.flags = (uint8_t)take(in, 1), .gso_type = (uint8_t)take(in, 1),
		.gso_size = (uint16_t)take(in, 2),
	};
	uint32_t size = sizeof(hdr) + take(in, 2), given = take(in, 1);

	memcpy(frame, &hdr, sizeof(hdr));
	if (given > (size_t)(in->end - in->at))
		given = (uint32_t)(in->end - in->at);
	memcpy(frame + sizeof(hdr), in->at, given);
	in->at += given;
	(void)!send(g->tap, frame, size, MSG_DONTWAIT);
}

static void fill_buffer(struct input *in, struct test_guest *g)
{
	uint8_t *buf = g->buf[take(in, 1) % GUEST_BUFFERS];
	uint32_t n = take(in, 1);

	if (n > (size_t)(in->end - in->at))
		n = (uint32_t)(in->end - in->at);
	memcpy(buf, in->at, n);
	in->at += n;
}

/* A grant is taken back, or given again under another number. */
static void change_grant(struct input *in, struct test_guest *g)
{
	uint32_t which = take(in, 1);
	unsigned int i = which % GUEST_BUFFERS;

	if (!fake_dom_grant_end(g->dom, g->buf_ref[i]) && which & 0x80 &&
	    fake_dom_grant(g->dom, FAKE_BACKEND, g->buf[i], which & 0x40,
			   &g->buf_ref[i]))
		die("a guest without grants");
}

/* What leaves must be what a kernel takes, whatever the guest said. */
static void drain(struct test_guest *g)
{
	static uint8_t out[70000];
	struct virtio_net_hdr h;
	int n;

	while ((n = net_recv(g, out, sizeof(out), &h)) >= 0) {
		if (n < 14)
			die("a frame without a header left");
		if (h.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM &&
		    h.csum_start + h.csum_offset + 2 > n)
			die("a checksum outside of its frame");
		if (h.gso_type != VIRTIO_NET_HDR_GSO_NONE &&
		    (!h.gso_size || h.hdr_len > n ||
		     !(h.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)))
			die("segments that cannot be cut");
	}
}

/* Pages and grants as they were at first. */
static void renew_memory(struct test_guest *g)
{
	unsigned int i;

	for (i = 0; i < GUEST_BUFFERS; i++) {
		fake_dom_grant_end(g->dom, g->buf_ref[i]);
		if (fake_dom_grant(g->dom, FAKE_BACKEND, g->buf[i], false,
				   &g->buf_ref[i]))
			die("a guest without grants");
		memset(g->buf[i], 0, FAKE_PAGE);
	}
}

/* Whose addresses are checked is a station of the switch. */
static void check_mac(struct nbl_vif *vif, const uint8_t mac[6], bool on)
{
	if (on)
		nbl_spoof_set(&vif->spoof, mac, NULL);
	else
		nbl_spoof_off(&vif->spoof);
}

/*
 * A vif that was broken is broken for good, and each input has a new one.  Of
 * another number than the last, whose TAP may not be closed yet.
 */
static void renew(struct fuzz *f)
{
	struct noxs_netback_request req;
	char err[NBL_ERROR_SIZE];
	struct test_guest *g = &f->guest;
	int rc;

	if (f->vif) {
		nbl_vif_detach(f->vif);
		guest_forget(g);
		nbl_turn(f->nb, 0);	/* it is freed */
	}
	request_init(&req, 1, (uint16_t)(f->nr++ % 1000));
	req.queues = 2;
	while ((rc = nbl_vif_attach(f->nb, &req, &f->vif, err)) == -EINPROGRESS)
		nbl_turn(f->nb, 1);
	if (rc)
		die(err);
	guest_find_device(g, 1, req.vif);
	f->second.dom = g->dom;
	f->second.slot = g->slot;
	f->second.front = g->front;
	f->second.back = g->back;
	f->two = false;
	check_mac(f->vif, guest_mac, f->switched);
}

/* The neighbour takes back what is its own. */
static void neighbour_takes(struct fuzz *f)
{
	struct test_guest *n = &f->neighbour;
	struct netif_rx_response rsp;

	for (; guest_tx_responses(n); f->sent--)
		if (guest_tx_status(n, NULL) != NETIF_RSP_OKAY && !f->failing)
			die("a frame of the neighbour's is refused");
	for (; guest_rx_responses(n); f->posted--)
		guest_rx_response(n, &rsp);
	drain(n);
}

static void neighbour_sends(struct input *in, struct fuzz *f)
{
	struct test_guest *n = &f->neighbour;
	unsigned int i;

	neighbour_takes(f);
	guest_rx_post(n, NEIGHBOUR_RX - f->posted);
	f->posted = NEIGHBOUR_RX;
	if (f->sent == GUEST_BUFFERS)
		return;
	/* Not from a buffer that it receives into. */
	i = (n->rx.req_prod_pvt + GUEST_BUFFERS / 2) % GUEST_BUFFERS;
	memset(n->buf[i], 0x5a, FAKE_PAGE);
	memcpy(n->buf[i], guest_mac, 6);
	guest_tx(n, n->buf_ref[i], 0, 60 + take(in, 1) % 91 * 16, 0, 9);
	guest_tx_push(n);
	f->sent++;
}

/* Whose turn it is; of a queue that is not connected the TAP is the first's. */
static struct test_guest *queue(struct fuzz *f, unsigned int i)
{
	struct test_guest *s = &f->second;

	if (!f->two || !(i & 1))
		return &f->guest;
	s->tap = f->vif->nr_queues == 2 ?
		 fake_tap_queue_peer(f->guest.ifname, 1) : f->guest.tap;
	return s;
}

static void step(struct input *in, struct fuzz *f, struct test_guest *g)
{
	uint32_t byte;

	switch (take(in, 1) % 14) {
	case 0:
		write_word(in, g->front, XEN_NOXS_AREA_SIZE);
		break;
	case 1:
		write_word(in, g->ring_page[0], FAKE_PAGE);
		break;
	case 2:
		write_word(in, g->ring_page[1], FAKE_PAGE);
		break;
	case 3:
		byte = take(in, 1);
		answer(f, byte & ~TWO_QUEUES, byte & TWO_QUEUES);
		break;
	case 4:
		tx_slot(in, g);
		break;
	case 5:
		tx_extra(in, g);
		break;
	case 6:
		guest_tx_push(g);
		break;
	case 7:
		guest_rx_post(g, take(in, 1) % 65);
		break;
	case 8:
		from_network(in, g);
		break;
	case 9:
		fill_buffer(in, g);
		break;
	case 10:
		guest_say(g, take(in, 1));
		break;
	case 11:
		change_grant(in, g);
		break;
	case 12:
		fake_fail_at(take(in, 1) % 16);
		f->failing = true;
		break;
	default:
		if (f->switched)
			neighbour_sends(in, f);
		nbl_turn(f->nb, 0);
	}
	guest_notify(g);
}

static void neighbour_works(struct fuzz *f)
{
	struct test_guest *n = &f->neighbour;
	struct netif_rx_response rsp;
	uint8_t frame[100], out[200];

	neighbour_takes(f);
	memset(frame, 0x5a, sizeof(frame));
	memcpy(n->buf[0], frame, sizeof(frame));
	guest_tx(n, n->buf_ref[0], 0, sizeof(frame), 0, 9);
	guest_tx_push(n);
	guest_rx_post(n, 1);
	net_send(n, frame, sizeof(frame), NULL);
	turns(f->nb);
	if (guest_tx_status(n, NULL) != NETIF_RSP_OKAY ||
	    net_recv(n, out, sizeof(out), NULL) != sizeof(frame) ||
	    memcmp(out, frame, sizeof(frame)))
		die("the neighbour cannot send");
	guest_rx_response(n, &rsp);
	if (rsp.status != sizeof(frame))
		die("the neighbour cannot receive");
}

/*
 * With or without the switch; the first guest's frames go to the neighbour, who is no
 * station by an input before this one.
 */
static void set_switched(struct fuzz *f, bool on)
{
	struct nbl_vif *neighbour = nbl_guest_vif(nbl_guest_find(f->nb, 2), 0);
	unsigned int i;

	f->switched = on;
	f->failing = false;
	nbl_switch_forget(neighbour);
	check_mac(neighbour, neighbour_mac, on);
	for (i = 1; on && i < GUEST_BUFFERS; i += 2)
		memcpy(f->guest.buf[i], neighbour_mac, 6);
}

/* The host, which lives as long as the process: it has threads. */
static struct fuzz *prepare(void)
{
	static struct fuzz f;
	char err[NBL_ERROR_SIZE];
	void *state;

	if (f.nb)
		return &f;
	setup_backend(&state);
	f.state = state;
	f.nb = f.state->nb;
	if (nbl_switch_open(f.nb))
		die("no switch");
	fake_dom_create(1);
	renew(&f);
	guest_make_rings(&f.guest);
	guest_add_queue(&f.guest, 1, &f.second);
	fake_dom_create(2);
	if (attach(f.nb, 2, 0, err))
		die(err);
	guest_find_device(&f.neighbour, 2, 0);
	guest_make_rings(&f.neighbour);
	guest_answer(&f.neighbour, 0);
	turns(f.nb);
	return &f;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };
	struct fuzz *f = prepare();
	struct fake_usage before, after;
	unsigned int i;

	if (!size)
		return 0;
	renew_memory(&f->guest);
	renew_memory(&f->second);
	set_switched(f, *data & SWITCHED);
	renew(f);
	fake_host_usage(&before);
	answer(f, take(&in, 1) & ~SWITCHED, false);
	turns(f->nb);
	for (i = 0; i < MAX_STEPS && in.at < in.end; i++) {
		step(&in, f, queue(f, i));
		drain(queue(f, i));
		drain(&f->guest);
		if (f->vif->broken) {
			fake_fail_at(0);
			renew(f);
		}
	}
	fake_fail_at(0);
	turns(f->nb);
	drain(&f->guest);
	neighbour_works(f);
	if (f->nb->held_bytes > MAX_HELD)
		die("memory that a guest has taken");
	renew(f);
	fake_host_usage(&after);
	if (after.grant_maps != before.grant_maps ||
	    after.noxs_maps != before.noxs_maps ||
	    after.ports != before.ports || after.devices != before.devices)
		die("the host has not got back what it lent");
	return 0;
}

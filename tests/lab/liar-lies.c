// SPDX-License-Identifier: BSD-2-Clause
/*
 * The classes of lies of the guest in liar.c.  What becomes of each is in
 * netback-hostile.test.
 */
#include <string.h>

#include "minios/barrier.h"
#include "minios/events.h"
#include "minios/gnttab.h"
#include "minios/mm.h"
#include "minios/sched.h"

#include "liar.h"

#define STRANGER	0x7000	/* a domid that is not the backend's */
#define NO_GREF		0xfffff0

/* --- the front area --------------------------------------------------------- */

#define ANSWER(name, change)					\
static void name(struct xen_noxs_net_front *f)			\
{								\
	change;							\
}

ANSWER(bad_magic, f->hdr.magic ^= 1)
ANSWER(bad_version, f->hdr.version++)
ANSWER(size_short, f->hdr.size = 16)
ANSWER(size_long, f->hdr.size = 0xfff8)
ANSWER(features_unknown, f->hdr.features |= 1u << 31)
ANSWER(gso_alone, f->hdr.features = XEN_NOXS_NET_F_GSO4)
ANSWER(padding, f->pad2 = 1)
ANSWER(no_queue, f->nr_queues = 0)
ANSWER(many_queues, f->nr_queues = 0xffff)
ANSWER(port_range, f->queue[0].tx_port = 0xffffffff)
ANSWER(state_unknown, f->hdr.state = 99)
ANSWER(stale_generation, f->hdr.generation += 7)
ANSWER(ring_gref, f->queue[0].rx_ref = NO_GREF)
ANSWER(ring_foreign, f->queue[0].tx_ref =
       liar_grant(STRANGER, liar.tx.sring, false))
ANSWER(ring_readonly, f->queue[0].rx_ref =
       liar_grant(liar.backend, liar.rx.sring, true))
ANSWER(ring_twice, f->queue[0].rx_ref = f->queue[0].tx_ref)

/* --- buffers that stay mapped ------------------------------------------------ */

static struct xen_noxs_net_static *list;

static void offer(struct xen_noxs_net_front *f, unsigned int nr)
{
	list = liar_page();
	f->hdr.features |= XEN_NOXS_NET_F_STATIC;
	f->list[0].ref = liar_grant(liar.backend, list, true);
	f->list[0].nr = nr;
	list[0].ref = liar.ref;
}

static void static_none(struct xen_noxs_net_front *f)
{
	offer(f, 0);
}

static void static_many(struct xen_noxs_net_front *f)
{
	offer(f, 513);
}

static void static_short(struct xen_noxs_net_front *f)
{
	offer(f, 1);
	f->hdr.size = offsetof(struct xen_noxs_net_front, list);
}

static void static_no_list(struct xen_noxs_net_front *f)
{
	offer(f, 1);
	f->list[0].ref = NO_GREF;
}

static void static_twice(struct xen_noxs_net_front *f)
{
	offer(f, 2);
	list[1].ref = list[0].ref;
}

static void static_bad_gref(struct xen_noxs_net_front *f)
{
	offer(f, 2);
	list[1].ref = NO_GREF;
}

static void static_one(struct xen_noxs_net_front *f)
{
	offer(f, 1);
}

/* As many as make a backend map what was offered. */
static void be_busy(void)
{
	unsigned int i, n;

	for (i = 0; i < 8; i++) {
		for (n = 0; n < 100; n++)
			liar_tx(liar.ref, 0, 64, 0);
		liar_tx_answered();
	}
}

/* The grant of a page that is mapped, and of its list, are taken back. */
static void static_revoke(void)
{
	be_busy();
	memset(list, 0xff, PAGE_SIZE);
	gnttab_end(liar.ref);
	be_busy();
}

/* --- indices ---------------------------------------------------------------- */

static void tx_overrun(void)
{
	WRITE_ONCE(liar.tx.sring->req_prod, 300);
	liar_notify();
}

static void tx_backwards(void)
{
	liar_tx(liar.ref, 0, 64, 0);
	liar_tx_answered();
	WRITE_ONCE(liar.tx.sring->req_prod, 0);
	liar_notify();
}

static void rx_overrun(void)
{
	WRITE_ONCE(liar.rx.sring->req_prod, 0x80000000);
	liar_notify();
}

static void rx_backwards(void)
{
	WRITE_ONCE(liar.rx.sring->req_prod, -1);
	liar_notify();
}

/* What the backend consumed and answered is its own knowledge. */
static void cons_lies(void)
{
	WRITE_ONCE(liar.tx.sring->rsp_prod, 0xdeadbeef);
	WRITE_ONCE(liar.tx.sring->req_event, 0xdeadbeef);
	WRITE_ONCE(liar.rx.sring->rsp_prod, 0xdeadbeef);
	WRITE_ONCE(liar.rx.sring->req_event, 0xdeadbeef);
	WRITE_ONCE(liar.tx.sring->rsp_event, 0x12345678);
	liar_tx(liar.ref, 0, 64, 0);
	liar_tx_push();
}

/* Indices and requests change while they are looked at. */
static void scribble(void)
{
	volatile uint32_t *word = (void *)liar.tx.sring;
	uint32_t i, n = 1;

	for (;;) {
		n = n * 1664525 + 1013904223;
		i = n >> 22;
		if (i > 3)	/* behind the indices */
			word[i] = n;
		else
			liar.tx.sring->req_prod = liar.tx.sring->rsp_prod +
						  (n >> 8 & 0xff);
		liar_notify();
	}
}

/* --- grants ------------------------------------------------------------------- */

static void bad_gref(void)
{
	liar_tx(NO_GREF, 0, 64, 0);
	liar_tx_push();
}

static void foreign_gref(void)
{
	liar_tx(liar_grant(STRANGER, liar.page, false), 0, 64, 0);
	liar_tx_push();
}

/* For comparison: honest, and as much as it can. */
static void flood(void)
{
	for (;;) {
		if (liar.tx.req_prod_pvt -
		    READ_ONCE(liar.tx.sring->rsp_prod) < 128) {
			liar_tx(liar.ref, 0, 64, 0);
			liar_tx_push();
		}
	}
}

/* One that is there, and is not, while it is copied from. */
static void revoke(void)
{
	uint32_t ref;

	for (;;) {
		if (liar.tx.req_prod_pvt -
		    READ_ONCE(liar.tx.sring->rsp_prod) < 128) {
			liar_tx(liar.ref, 0, 64, 0);
			liar_tx_push();
		}
		/* The entry that was given back last is the next one. */
		if (!gnttab_end(liar.ref)) {
			event_notify(liar.port);
			ref = liar_grant(liar.backend, liar.page, false);
			liar.ref = ref;
		}
	}
}

/* --- requests -------------------------------------------------------------------- */

#define REQUESTS(name, ...)					\
static void name(void)						\
{								\
	__VA_ARGS__;						\
	liar_tx_push();						\
}

REQUESTS(zero_length, liar_tx(liar.ref, 0, 0, 0))
REQUESTS(zero_fragment, liar_tx(liar.ref, 0, 64, NETTXF_more_data);
	 liar_tx(liar.ref, 0, 0, 0))
REQUESTS(over_page, liar_tx(liar.ref, 4000, 97, 0))
REQUESTS(wrap, liar_tx(liar.ref, 0xffff, 0xffff, 0))
REQUESTS(sizes, liar_tx(liar.ref, 0, 64, NETTXF_more_data);
	 liar_tx(liar.ref, 0, 3000, 0))
REQUESTS(unknown_flags, liar_tx(liar.ref, 0, 64, 1u << 15))
REQUESTS(unfinished, liar_tx(liar.ref, 0, 64, NETTXF_more_data))
REQUESTS(no_extra, liar_tx(liar.ref, 0, 64, NETTXF_extra_info))

static void chain(unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		liar_tx(liar.ref, i, i ? 1 : nr,
			i < nr - 1 ? NETTXF_more_data : 0);
	liar_tx_push();
}

static void slots18(void)
{
	chain(18);
}

static void slots19(void)
{
	chain(19);
}

static void endless(void)
{
	unsigned int i;

	for (i = 0; i < 256; i++)
		liar_tx(liar.ref, 0, i ? 1 : 4000, NETTXF_more_data);
	liar_tx_push();
}

static void extra(uint8_t type, uint8_t flags, uint16_t size)
{
	struct netif_extra_info e;

	memset(&e, 0, sizeof(e));
	e.type = type;
	e.flags = flags;
	e.u.gso.size = size;
	e.u.gso.type = XEN_NETIF_GSO_TYPE_TCPV4;
	memcpy(RING_GET_REQUEST(&liar.tx, liar.tx.req_prod_pvt), &e, sizeof(e));
	liar.tx.req_prod_pvt++;
}

static void extra_endless(void)
{
	unsigned int i;

	liar_tx(liar.ref, 0, 64, NETTXF_extra_info);
	for (i = 1; i < 256; i++)
		extra(XEN_NETIF_EXTRA_TYPE_GSO, XEN_NETIF_EXTRA_FLAG_MORE, 1400);
	liar_tx_push();
}

static void extra_unknown(void)
{
	liar_tx(liar.ref, 0, 64, NETTXF_extra_info);
	extra(77, 0, 1400);
	liar_tx_push();
}

/* --- groups ------------------------------------------------------------------ */

static void with_groups(struct xen_noxs_net_front *f)
{
	f->hdr.features |= XEN_NOXS_NET_F_MCAST;
}

/* 224.0.0.n */
static void name_group(uint8_t n, unsigned int flags, bool add)
{
	const uint8_t mac[6] = { 1, 0, 0x5e, 0, 0, n };
	struct netif_extra_info e;

	memset(&e, 0, sizeof(e));
	e.type = add ? XEN_NETIF_EXTRA_TYPE_MCAST_ADD :
		       XEN_NETIF_EXTRA_TYPE_MCAST_DEL;
	memcpy(e.u.mcast.addr, mac, sizeof(mac));
	liar_tx(liar.ref, 0, 0, NETTXF_extra_info | flags);
	memcpy(RING_GET_REQUEST(&liar.tx, liar.tx.req_prod_pvt), &e, sizeof(e));
	liar.tx.req_prod_pvt++;
}

/* No lie: it listens to one. */
static void group(void)
{
	liar_rx_post(liar.ref, 200);
	name_group(251, 0, true);
	liar_tx_push();
}

static void group_data(void)
{
	name_group(251, NETTXF_more_data, true);
	liar_tx(liar.ref, 0, 64, 0);
	liar_tx_push();
}

/* More than there is room for, in and out, for ever. */
static void groups(void)
{
	unsigned int i, n;

	for (i = 0;; i++) {
		for (n = 0; n < 100; n++)
			name_group((uint8_t)n, 0, i % 2);
		liar_tx_push();
		/* As busy as one that spins. */
		while (READ_ONCE(liar.tx.sring->rsp_prod) !=
		       liar.tx.req_prod_pvt)
			;
	}
}

static void gso_zero(void)
{
	liar_tx(liar.ref, 0, 64, NETTXF_extra_info | NETTXF_csum_blank);
	extra(XEN_NETIF_EXTRA_TYPE_GSO, 0, 0);
	liar_tx_push();
}

/* Not a lie, but only who puts the frame together again can know. */
static void split_header(void)
{
	static const uint8_t ip_tcp[] = {
		0x08, 0x00,
		0x45, 0, 0, 50, 0, 0, 0, 0, 64, 6, 0, 0,
		10, 99, 0, 9, 10, 99, 0, 8,
		0, 7, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 2, 0, 0, 0, 0, 0, 0,
	};
	unsigned int i;

	memcpy(liar.page + 12, ip_tcp, sizeof(ip_tcp));
	for (i = 0; i < 64; i += 4)
		liar_tx(liar.ref, i, i ? 4 : 64,
			(i ? 0 : NETTXF_csum_blank) |
			(i < 60 ? NETTXF_more_data : 0));
	liar_tx_push();
}

static void half_header(void)
{
	liar.page[12] = 0x08;
	liar.page[13] = 0x00;
	liar.page[14] = 0x45;
	liar_tx(liar.ref, 0, 30, NETTXF_csum_blank);
	liar_tx_push();
}

/* --- what is received ---------------------------------------------------------- */

static void rx_bad_gref(void)
{
	liar_rx_post(NO_GREF, 64);
}

static void rx_foreign(void)
{
	liar_rx_post(liar_grant(STRANGER, liar.page, false), 64);
}

static void rx_readonly(void)
{
	liar_rx_post(liar_grant(liar.backend, liar.page, true), 64);
}

static void unread(void)
{
	liar_rx_post(liar.ref, 8);
}

/* --- states and events ------------------------------------------------------------ */

static void state_back(void)
{
	liar_state(XEN_NOXS_STATE_INIT);
}

static void generation_changes(void)
{
	liar.front->hdr.generation += 1;
	liar_notify();
}

/* Each step is a legal one, however many there are. */
static void flip_flop(void)
{
	for (;;) {
		liar_state(XEN_NOXS_STATE_CLOSING);
		liar_state(XEN_NOXS_STATE_CLOSED);
		liar.front->hdr.generation = liar.back->hdr.generation;
		liar_state(XEN_NOXS_STATE_CONNECTED);
	}
}

static void wait_for(uint32_t state)
{
	while (liar.back->hdr.state != state)
		;
}

/* As fast as the backend goes along; each connection sends a frame. */
static void flip_send(void)
{
	for (;;) {
		liar_state(XEN_NOXS_STATE_CLOSING);
		wait_for(XEN_NOXS_STATE_CLOSED);
		liar_state(XEN_NOXS_STATE_CLOSED);
		wait_for(XEN_NOXS_STATE_INIT);
		SHARED_RING_INIT(liar.tx.sring);
		FRONT_RING_INIT(&liar.tx, liar.tx.sring, PAGE_SIZE);
		liar_tx(liar.ref, 0, 64, 0);
		RING_PUSH_REQUESTS(&liar.tx);
		liar.front->hdr.generation = liar.back->hdr.generation;
		liar_state(XEN_NOXS_STATE_CONNECTED);
		wait_for(XEN_NOXS_STATE_CONNECTED);
	}
}

static void flip_garbage(void)
{
	volatile uint32_t *word = (volatile uint32_t *)liar.front;
	uint32_t n = 1;

	for (;;) {
		n = n * 1664525 + 1013904223;
		word[n >> 16 & 15] = n >> 28;
		liar_notify();
	}
}

static void storm(void)
{
	for (;;)
		liar_notify();
}

/* For comparison: as busy, and silent. */
static void spin(void)
{
	for (;;)
		barrier();
}

static void close_port(void)
{
	port_close(liar.port);
}

const struct lie lies[] = {
	{ "bad-magic", bad_magic, NULL },
	{ "bad-version", bad_version, NULL },
	{ "size-short", size_short, NULL },
	{ "size-long", size_long, NULL },
	{ "features-unknown", features_unknown, NULL },
	{ "gso-alone", gso_alone, NULL },
	{ "padding", padding, NULL },
	{ "no-queue", no_queue, NULL },
	{ "many-queues", many_queues, NULL },
	{ "port-range", port_range, NULL },
	{ "state-unknown", state_unknown, NULL },
	{ "stale-generation", stale_generation, NULL },
	{ "ring-gref", ring_gref, NULL },
	{ "ring-foreign", ring_foreign, NULL },
	{ "ring-readonly", ring_readonly, NULL },
	{ "ring-twice", ring_twice, tx_overrun },
	{ "static-none", static_none, NULL },
	{ "static-many", static_many, NULL },
	{ "static-short", static_short, NULL },
	{ "static-no-list", static_no_list, be_busy },
	{ "static-twice", static_twice, be_busy },
	{ "static-bad-gref", static_bad_gref, be_busy },
	{ "static-revoke", static_one, static_revoke },
	{ "tx-overrun", NULL, tx_overrun },
	{ "tx-backwards", NULL, tx_backwards },
	{ "rx-overrun", NULL, rx_overrun },
	{ "rx-backwards", NULL, rx_backwards },
	{ "cons-lies", NULL, cons_lies },
	{ "scribble", NULL, scribble },
	{ "bad-gref", NULL, bad_gref },
	{ "foreign-gref", NULL, foreign_gref },
	{ "flood", NULL, flood },
	{ "revoke", NULL, revoke },
	{ "zero-length", NULL, zero_length },
	{ "zero-fragment", NULL, zero_fragment },
	{ "over-page", NULL, over_page },
	{ "wrap", NULL, wrap },
	{ "sizes", NULL, sizes },
	{ "unknown-flags", NULL, unknown_flags },
	{ "unfinished", NULL, unfinished },
	{ "slots18", NULL, slots18 },
	{ "slots19", NULL, slots19 },
	{ "endless", NULL, endless },
	{ "no-extra", NULL, no_extra },
	{ "extra-endless", NULL, extra_endless },
	{ "extra-unknown", NULL, extra_unknown },
	{ "gso-zero", NULL, gso_zero },
	{ "group", with_groups, group },
	{ "group-data", with_groups, group_data },
	{ "group-alone", NULL, group },
	{ "groups", with_groups, groups },
	{ "split-header", NULL, split_header },
	{ "half-header", NULL, half_header },
	{ "rx-bad-gref", NULL, rx_bad_gref },
	{ "rx-foreign", NULL, rx_foreign },
	{ "rx-readonly", NULL, rx_readonly },
	{ "unread", NULL, unread },
	{ "state-back", NULL, state_back },
	{ "generation-changes", NULL, generation_changes },
	{ "flip-flop", NULL, flip_flop },
	{ "flip-send", NULL, flip_send },
	{ "flip-garbage", NULL, flip_garbage },
	{ "storm", NULL, storm },
	{ "spin", NULL, spin },
	{ "close-port", NULL, close_port },
	{ NULL, NULL, NULL },
};

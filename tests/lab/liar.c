// SPDX-License-Identifier: BSD-2-Clause
/*
 * liar: a guest that lies to its network backend, one class of lies a boot.
 *
 *   lie=NAME     of the list in liar-lies.c
 *
 * Says "liar: NAME: told" on its console when it has, unless it never ends.
 */
#include <stdio.h>
#include <string.h>

#include "minios/app.h"
#include "minios/barrier.h"
#include "minios/boot.h"
#include "minios/bus.h"
#include "minios/console.h"
#include "minios/events.h"
#include "minios/gnttab.h"
#include "minios/mm.h"
#include "minios/panic.h"
#include "minios/sched.h"
#include "minios/time.h"

#include "liar.h"

const char app_name[] = "liar";

struct liar liar;
static bool offered;

/* --- the device ------------------------------------------------------------ */

/* The bus maps areas and ports; nothing else of a frontend is there. */
static int liar_probe(struct noxs_device *dev)
{
	liar.port = dev->slot.port[0];
	liar.backend = dev->slot.backend;
	liar.front = dev->front;
	liar.back = dev->back;
	offered = true;
	return 0;
}

/* Areas stay mapped: who goes on lying does it to what comes after. */
static void liar_remove(struct noxs_device *dev)
{
	(void)dev;
}

static void liar_changed(struct noxs_device *dev)
{
	(void)dev;
}

static uint64_t liar_round(void)
{
	return bus_poll() ? 0 : SCHED_FOREVER;
}

static const struct noxs_driver driver = {
	.name = "liar",
	.type = XEN_NOXS_TYPE_NET,
	.probe = liar_probe,
	.remove = liar_remove,
	.changed = liar_changed,
	.lost = liar_changed,
};

static const struct bus_client client = { &driver, liar_round };

/* --- what lies are made of --------------------------------------------------- */

void liar_sleep_ms(unsigned int ms)
{
	sched_sleep_until(time_ns() + ms * NS_PER_MS);
}

void *liar_page(void)
{
	void *page = page_alloc(1);

	if (!page)
		panic("no page");
	return memset(page, 0, PAGE_SIZE);
}

uint32_t liar_grant(uint16_t domid, const void *page, bool readonly)
{
	uint32_t ref;

	if (gnttab_grant(domid, page, readonly, &ref))
		panic("no grant");
	return ref;
}

void liar_notify(void)
{
	event_notify(liar.port);
}

void liar_state(uint32_t state)
{
	xen_wmb();
	liar.front->hdr.state = state;
	liar_notify();
}

void liar_tx(uint32_t gref, unsigned int offset, unsigned int size,
	     unsigned int flags)
{
	struct netif_tx_request *req;

	req = RING_GET_REQUEST(&liar.tx, liar.tx.req_prod_pvt);
	req->gref = gref;
	req->offset = (uint16_t)offset;
	req->size = (uint16_t)size;
	req->flags = (uint16_t)flags;
	req->id = (uint16_t)liar.tx.req_prod_pvt;
	liar.tx.req_prod_pvt++;
}

void liar_tx_push(void)
{
	RING_PUSH_REQUESTS(&liar.tx);
	liar_notify();
}

void liar_tx_answered(void)
{
	liar_tx_push();
	while (READ_ONCE(liar.tx.sring->rsp_prod) != liar.tx.req_prod_pvt)
		liar_sleep_ms(1);
}

void liar_rx_post(uint32_t gref, unsigned int nr)
{
	struct netif_rx_request *req;

	while (nr--) {
		req = RING_GET_REQUEST(&liar.rx, liar.rx.req_prod_pvt);
		req->id = (uint16_t)liar.rx.req_prod_pvt;
		req->pad = 0;
		req->gref = gref;
		liar.rx.req_prod_pvt++;
	}
	RING_PUSH_REQUESTS(&liar.rx);
	liar_notify();
}

/* --- the connection ---------------------------------------------------------- */

/* To an address that bridges keep to themselves. */
static void make_frame(void)
{
	static const uint8_t header[] = {
		0x01, 0x80, 0xc2, 0, 0, 0x0e, 0x00, 0x16, 0x3e, 0, 0, 1,
		0x88, 0xb5,
	};

	liar.page = liar_page();
	memcpy(liar.page, header, sizeof(header));
	liar.ref = liar_grant(liar.backend, liar.page, false);
}

static void make_rings(void)
{
	netif_tx_sring_t *txs = liar_page();
	netif_rx_sring_t *rxs = liar_page();

	SHARED_RING_INIT(txs);
	SHARED_RING_INIT(rxs);
	FRONT_RING_INIT(&liar.tx, txs, PAGE_SIZE);
	FRONT_RING_INIT(&liar.rx, rxs, PAGE_SIZE);
	liar.ring_ref[0] = liar_grant(liar.backend, txs, false);
	liar.ring_ref[1] = liar_grant(liar.backend, rxs, false);
}

static void answer(const struct lie *lie)
{
	struct xen_noxs_net_front f;
	volatile uint32_t *to = (volatile uint32_t *)liar.front;
	uint32_t word;
	size_t i;

	memset(&f, 0, sizeof(f));
	f.hdr.magic = XEN_NOXS_FRONT_MAGIC;
	f.hdr.version = XEN_NOXS_VERSION;
	f.hdr.size = sizeof(f);
	f.hdr.features = liar.back->hdr.features &
		(XEN_NOXS_NET_F_SG | XEN_NOXS_NET_F_CSUM4 |
		 XEN_NOXS_NET_F_CSUM6 | XEN_NOXS_NET_F_GSO4);
	f.hdr.generation = liar.back->hdr.generation;
	f.hdr.state = XEN_NOXS_STATE_CONNECTED;
	f.nr_queues = 1;
	f.queue[0].tx_ref = liar.ring_ref[0];
	f.queue[0].rx_ref = liar.ring_ref[1];
	if (lie->answer)
		lie->answer(&f);
	for (i = 0; i < sizeof(f) / sizeof(word); i++) {
		memcpy(&word, (const char *)&f + i * sizeof(word), sizeof(word));
		if (i != offsetof(struct xen_noxs_area_hdr, state) / 4)
			to[i] = word;
	}
	liar_state(f.hdr.state);
}

static const struct lie *find_lie(void)
{
	const struct lie *lie;
	char name[32] = "";

	boot_option(boot.cmdline, "lie", name, sizeof(name));
	for (lie = lies; lie->name; lie++)
		if (!strcmp(lie->name, name))
			return lie;
	return NULL;
}

int app_main(void)
{
	const struct lie *lie = find_lie();
	struct waitq never = { 0 };

	if (!lie || bus_attach(&client))
		return 1;
	while (!offered || liar.back->hdr.state != XEN_NOXS_STATE_INIT)
		liar_sleep_ms(1);
	make_rings();
	make_frame();
	answer(lie);
	if (lie->told) {
		while (liar.back->hdr.state != XEN_NOXS_STATE_CONNECTED)
			liar_sleep_ms(1);
		lie->told();
	}
	printf("liar: %s: told\n", lie->name);
	console_flush();
	waitq_wait(&never, SCHED_FOREVER);
	return 0;
}

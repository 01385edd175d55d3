// SPDX-License-Identifier: BSD-2-Clause
/* A backend over the fake host, and a guest that can lie to it. */
#include "harness.h"

#include <poll.h>
#include <remote.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/*
 * What a guest does to memory it shares, another machine would do: the thread sanitizer
 * is to judge the backend's threads alone.
 */
#define AS_GUEST __attribute__((no_sanitize_thread))

static bool fail_allocs;

void *__real_calloc(size_t nr, size_t size);
void *__wrap_calloc(size_t nr, size_t size);
void *__real_realloc(void *ptr, size_t size);
void *__wrap_realloc(void *ptr, size_t size);

/* netback-lite allocates by these two alone. */
void *__wrap_calloc(size_t nr, size_t size)
{
	return fail_allocs && fake_fail_now() ? NULL : __real_calloc(nr, size);
}

void *__wrap_realloc(void *ptr, size_t size)
{
	return fail_allocs && fake_fail_now() ? NULL
					      : __real_realloc(ptr, size);
}

void count_allocs(bool on)
{
	fail_allocs = on;
}

void turns(struct nbl *nb)
{
	struct pollfd pfd = { .fd = nb->loop.epfd, .events = POLLIN };
	int i;

	/* Bounded: a backend that spins fails the test. */
	for (i = 0; i < 1000; i++) {
		if (TAILQ_EMPTY(&nb->ready) && !nbl_control_due(nb->control) &&
		    !nbl_remote_due(nb) &&
		    poll(&pfd, 1, 0) == 0)
			return;
		assert_int_equal(nbl_turn(nb, 0), 0);
	}
	fail_msg("the backend is never idle");
}

void wait_taps(struct nbl *nb, unsigned int left)
{
	struct fake_usage u;
	int i;

	for (i = 0; i < 2000; i++) {
		nbl_turn(nb, 0);
		fake_host_usage(&u);
		if (u.taps == left)
			return;
		usleep(1000);
	}
	fail_msg("%u TAPs instead of %u", u.taps, left);
}

void assert_nothing_held(void)
{
	struct fake_usage u;

	fake_host_usage(&u);
	assert_int_equal(u.grant_maps, 0);
	assert_int_equal(u.noxs_maps, 0);
	assert_int_equal(u.ports, u.watches);
	assert_int_equal(u.devices, 0);
	assert_int_equal(u.taps, 0);
}

int setup_backend(void **state)
{
	struct test_state *s = calloc(1, sizeof(*s));
	const char *step;

	assert_non_null(s);
	fake_host_create();
	fake_bridge_add(TEST_BRIDGE, 1500);
	fake_bridge_add("jumbo0", 9000);
	nbl_log_start(NBL_ERROR, false);
	assert_int_equal(nbl_open(&s->nb, &step), 0);
	*state = s;
	return 0;
}

int teardown_backend(void **state)
{
	struct test_state *s = *state;
	struct fake_usage u;

	nbl_close(s->nb);
	assert_nothing_held();
	fake_host_usage(&u);
	assert_int_equal(u.handles, 0);
	assert_int_equal(u.watches, 0);
	if (s->guest.front_page)
		guest_forget(&s->guest);
	fake_host_destroy();
	free(s);
	return 0;
}

int setup_attached(void **state)
{
	char err[NBL_ERROR_SIZE];
	struct test_state *s;

	setup_backend(state);
	s = *state;
	fake_dom_create(1);
	assert_int_equal(attach(s->nb, 1, 0, err), 0);
	guest_find_device(&s->guest, 1, 0);
	guest_make_rings(&s->guest);
	return 0;
}

int setup_connected(void **state)
{
	struct test_state *s;

	setup_attached(state);
	s = *state;
	guest_answer(&s->guest, NBL_VIF_FEATURES);
	turns(s->nb);
	assert_int_equal(guest_sees(&s->guest), XEN_NOXS_STATE_CONNECTED);
	fake_dom_port_clear(s->guest.dom, s->guest.slot.port[0]);
	return 0;
}

void request_init(struct noxs_netback_request *req, uint16_t domid,
		  uint16_t vif)
{
	static const uint8_t mac[6] = { 0x00, 0x16, 0x3e, 1, 2, 3 };

	memset(req, 0, sizeof(*req));
	req->magic = NOXS_NETBACK_MAGIC;
	req->version = NOXS_NETBACK_VERSION;
	req->op = NOXS_NETBACK_ATTACH;
	req->domid = domid;
	req->vif = vif;
	memcpy(req->mac, mac, sizeof(mac));
	strcpy(req->bridge, TEST_BRIDGE);
}

int attach(struct nbl *nb, uint16_t domid, uint16_t vif, char *err)
{
	struct noxs_netback_request req;
	struct nbl_vif *v;

	request_init(&req, domid, vif);
	return nbl_vif_attach(nb, &req, &v, err);
}

struct nbl_vif *the_vif(struct test_state *s)
{
	struct nbl_guest *guest = nbl_guest_find(s->nb, 1);

	assert_non_null(guest);
	return nbl_guest_vif(guest, 0);
}

void guest_find_device(struct test_guest *g, uint16_t domid, uint16_t vif)
{
	const struct xen_noxs_device_page *page;
	unsigned int i;
	void *p;

	g->domid = domid;
	g->dom = fake_dom_find(domid);
	assert_non_null(g->dom);
	page = fake_dom_noxs_page(g->dom, XEN_NOXS_PAGE_DEVICE);
	for (i = 0; i < page->nr_slots; i++)
		if (page->slot[i].state == XEN_NOXS_SLOT_PRESENT &&
		    page->slot[i].id == vif)
			break;
	assert_true(i < page->nr_slots);
	g->slot = page->slot[i];
	assert_int_equal(fake_dom_map(g->dom,
				      XEN_NOXS_PAGE_FRONT(g->slot.pair), true,
				      &p), 0);
	g->front_page = p;
	g->front = (void *)((char *)p + g->slot.offset);
	assert_int_equal(fake_dom_map(g->dom, XEN_NOXS_PAGE_BACK(g->slot.pair),
				      false, &p), 0);
	g->back_page = p;
	g->back = (void *)((char *)p + g->slot.offset);
	snprintf(g->ifname, sizeof(g->ifname), "vif%u.%u", domid, vif);
	g->tap = fake_tap_peer(g->ifname);
	assert_true(g->tap >= 0);
}

AS_GUEST
void guest_make_rings(struct test_guest *g)
{
	netif_tx_sring_t *txs;
	netif_rx_sring_t *rxs;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		g->ring_page[i] = fake_dom_pages_alloc(g->dom, 1);
		assert_int_equal(fake_dom_grant(g->dom, FAKE_BACKEND,
						g->ring_page[i], false,
						&g->ring_ref[i]), 0);
	}
	txs = g->ring_page[0];
	rxs = g->ring_page[1];
	SHARED_RING_INIT(txs);
	SHARED_RING_INIT(rxs);
	FRONT_RING_INIT(&g->tx, txs, FAKE_PAGE);
	FRONT_RING_INIT(&g->rx, rxs, FAKE_PAGE);
	g->list = fake_dom_pages_alloc(g->dom, 1);
	assert_int_equal(fake_dom_grant(g->dom, FAKE_BACKEND, g->list, true,
					&g->list_ref), 0);
	for (i = 0; i < GUEST_BUFFERS; i++) {
		g->buf[i] = fake_dom_pages_alloc(g->dom, 1);
		assert_int_equal(fake_dom_grant(g->dom, FAKE_BACKEND,
						g->buf[i], false,
						&g->buf_ref[i]), 0);
		g->list[i].ref = g->buf_ref[i];
	}
}

void guest_add_queue(struct test_guest *g, unsigned int nr,
		     struct test_guest *out)
{
	*out = *g;
	out->port = nr;
	guest_make_rings(out);
	guest_name_queue(g, out);
}

AS_GUEST
void guest_name_queue(struct test_guest *g, const struct test_guest *queue)
{
	struct xen_noxs_net_front *f = g->front;
	unsigned int nr = queue->port;

	f->queue[nr].tx_ref = queue->ring_ref[0];
	f->queue[nr].rx_ref = queue->ring_ref[1];
	f->queue[nr].tx_port = f->queue[nr].rx_port = nr;
	f->list[nr].ref = queue->list_ref;
	f->list[nr].nr = GUEST_BUFFERS;
}

void guest_forget(struct test_guest *g)
{
	fake_dom_unmap(g->dom, XEN_NOXS_PAGE_FRONT(g->slot.pair),
		       g->front_page);
	fake_dom_unmap(g->dom, XEN_NOXS_PAGE_BACK(g->slot.pair),
		       g->back_page);
	g->front_page = NULL;
}

void guest_notify(struct test_guest *g)
{
	fake_dom_evtchn_notify(g->dom, g->slot.port[g->port]);
}

AS_GUEST
void guest_answer_queues(struct test_guest *g, uint32_t features,
			 unsigned int nr)
{
	struct xen_noxs_net_front *f = g->front;

	f->hdr.magic = XEN_NOXS_FRONT_MAGIC;
	f->hdr.version = XEN_NOXS_VERSION;
	f->hdr.size = sizeof(*f);
	f->hdr.features = features;
	f->nr_queues = (uint16_t)nr;
	f->queue[0].tx_ref = g->ring_ref[0];
	f->queue[0].rx_ref = g->ring_ref[1];
	f->queue[0].tx_port = 0;
	f->queue[0].rx_port = 0;
	f->list[0].ref = g->list_ref;
	f->list[0].nr = GUEST_BUFFERS;
	f->hdr.generation = g->back->hdr.generation;
	guest_say(g, XEN_NOXS_STATE_CONNECTED);
}

void guest_answer(struct test_guest *g, uint32_t features)
{
	guest_answer_queues(g, features, 1);
}

AS_GUEST
void guest_say(struct test_guest *g, uint32_t state)
{
	xen_wmb();
	g->front->hdr.state = state;
	guest_notify(g);
}

AS_GUEST
uint32_t guest_sees(const struct test_guest *g)
{
	return g->back->hdr.state;
}

AS_GUEST
void guest_write(uint8_t *to, const uint8_t *from, size_t len)
{
	while (len--)
		*to++ = *from++;
}

AS_GUEST
void guest_tx(struct test_guest *g, uint32_t gref, unsigned int offset,
	      unsigned int size, unsigned int flags, unsigned int id)
{
	struct netif_tx_request *req;

	req = RING_GET_REQUEST(&g->tx, g->tx.req_prod_pvt);
	g->tx.req_prod_pvt++;
	req->gref = gref;
	req->offset = (uint16_t)offset;
	req->size = (uint16_t)size;
	req->flags = (uint16_t)flags;
	req->id = (uint16_t)id;
}

AS_GUEST
void guest_tx_group(struct test_guest *g, unsigned int type,
		    unsigned int extra_flags, const uint8_t mac[6],
		    unsigned int id)
{
	struct netif_extra_info extra = {
		.type = (uint8_t)type,
		.flags = (uint8_t)extra_flags,
	};

	memcpy(extra.u.mcast.addr, mac, 6);
	guest_tx(g, 0, 0, 0, NETTXF_extra_info, id);
	memcpy(RING_GET_REQUEST(&g->tx, g->tx.req_prod_pvt), &extra,
	       sizeof(extra));
	g->tx.req_prod_pvt++;
}

AS_GUEST
void guest_tx_push(struct test_guest *g)
{
	int notify;

	RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&g->tx, notify);
	if (notify)
		guest_notify(g);
}

AS_GUEST
unsigned int guest_tx_responses(struct test_guest *g)
{
	return g->tx.sring->rsp_prod - g->tx.rsp_cons;
}

AS_GUEST
int guest_tx_status(struct test_guest *g, unsigned int *id)
{
	struct netif_tx_response rsp;

	assert_true(guest_tx_responses(g) > 0);
	RING_COPY_RESPONSE(&g->tx, g->tx.rsp_cons, &rsp);
	g->tx.rsp_cons++;
	g->tx.sring->rsp_event = g->tx.rsp_cons + 1;
	if (id)
		*id = rsp.id;
	return rsp.status;
}

AS_GUEST
void guest_rx_post(struct test_guest *g, unsigned int nr)
{
	struct netif_rx_request *req;
	unsigned int i;
	int notify;

	while (nr--) {
		i = g->rx.req_prod_pvt % GUEST_BUFFERS;
		req = RING_GET_REQUEST(&g->rx, g->rx.req_prod_pvt);
		g->rx.req_prod_pvt++;
		req->id = (uint16_t)i;
		req->pad = 0;
		req->gref = g->buf_ref[i];
	}
	RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&g->rx, notify);
	if (notify)
		guest_notify(g);
}

AS_GUEST
unsigned int guest_rx_responses(struct test_guest *g)
{
	return g->rx.sring->rsp_prod - g->rx.rsp_cons;
}

AS_GUEST
void guest_rx_response(struct test_guest *g, struct netif_rx_response *out)
{
	assert_true(guest_rx_responses(g) > 0);
	RING_COPY_RESPONSE(&g->rx, g->rx.rsp_cons, out);
	g->rx.rsp_cons++;
	g->rx.sring->rsp_event = g->rx.rsp_cons + 1;
}

void net_send(struct test_guest *g, const void *frame, size_t len,
	      const struct virtio_net_hdr *hdr)
{
	struct virtio_net_hdr zero;
	struct iovec iov[2];

	memset(&zero, 0, sizeof(zero));
	iov[0].iov_base = (void *)(uintptr_t)(hdr ? hdr : &zero);
	iov[0].iov_len = sizeof(zero);
	iov[1].iov_base = (void *)(uintptr_t)frame;
	iov[1].iov_len = len;
	assert_int_equal(writev(g->tap, iov, 2), len + sizeof(zero));
}

int net_recv(struct test_guest *g, void *frame, size_t size,
	     struct virtio_net_hdr *hdr)
{
	struct virtio_net_hdr ignored;
	struct iovec iov[2] = {
		{ hdr ? hdr : &ignored, sizeof(ignored) }, { frame, size },
	};
	ssize_t n = readv(g->tap, iov, 2);

	return n < 0 ? -1 : (int)(n - (ssize_t)sizeof(ignored));
}

void assert_broken(struct test_state *s, int error)
{
	struct fake_usage u;

	turns(s->nb);
	assert_int_equal(guest_sees(&s->guest), XEN_NOXS_STATE_CLOSED);
	assert_int_equal(s->guest.back->hdr.error, error);
	fake_host_usage(&u);
	assert_int_equal(u.grant_maps, 0);
}

void assert_tx_lie(struct test_state *s)
{
	static uint8_t frame[80000];

	guest_tx_push(&s->guest);
	assert_broken(s, EPROTO);
	assert_int_equal(net_recv(&s->guest, frame, sizeof(frame), NULL), -1);
}

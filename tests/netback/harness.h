/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * harness.h owns what the tests of netback-lite share: a backend over the fake
 * host, and a guest that is driven word by word, so that it can lie.
 */
#ifndef NETBACK_HARNESS_H
#define NETBACK_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include <batch.h>
#include <closer.h>
#include <control.h>
#include <fake.h>
#include <guest.h>
#include <nbl.h>
#include <vif.h>

#define GUEST_BUFFERS	64u
#define TEST_BRIDGE	"xenbr0"

struct test_guest {
	struct fake_domain *dom;
	uint16_t domid;
	struct xen_noxs_slot slot;
	void *front_page, *back_page;
	struct xen_noxs_net_front *front;
	const volatile struct xen_noxs_net_back *back;
	void *ring_page[2];
	uint32_t ring_ref[2];
	netif_tx_front_ring_t tx;
	netif_rx_front_ring_t rx;
	struct xen_noxs_net_static *list;	/* of the buffers' grants */
	uint32_t list_ref;
	uint8_t *buf[GUEST_BUFFERS];
	uint32_t buf_ref[GUEST_BUFFERS];
	char ifname[NOXS_NETBACK_IFNAMSIZ];
	int tap;		/* the network's end */
	unsigned int port;	/* of slot.port[], by which it is heard */
};

struct test_state {
	struct nbl *nb;
	struct test_guest guest;
};

/* cmocka fixtures: a host with TEST_BRIDGE and a backend on it; afterwards
 * everything must be given back. */
int setup_backend(void **state);
int teardown_backend(void **state);
/* The same with domain 1, vif 0 attached, rings made, nothing said yet. */
int setup_attached(void **state);
/* The same and connected with all features. */
int setup_connected(void **state);

/* From now on, allocations are calls that fake_fail_at counts. */
void count_allocs(bool on);
/* Turns until nothing is due. */
void turns(struct nbl *nb);
/* Wait for the closer's threads. */
void wait_taps(struct nbl *nb, unsigned int left);
/* Everything the backend domain holds is given back but the backend's own. */
void assert_nothing_held(void);

void request_init(struct noxs_netback_request *req, uint16_t domid,
		  uint16_t vif);
int attach(struct nbl *nb, uint16_t domid, uint16_t vif, char *err);

/* The guest. */
void guest_find_device(struct test_guest *g, uint16_t domid, uint16_t vif);
void guest_make_rings(struct test_guest *g);
/* Rings of the same guest's queue nr; its port is that of the device's. */
void guest_add_queue(struct test_guest *g, unsigned int nr,
		     struct test_guest *out);
/* Name them in g's front area. */
void guest_name_queue(struct test_guest *g, const struct test_guest *queue);
void guest_forget(struct test_guest *g);
/* Fill in the front area and its state; raise the port. */
void guest_answer(struct test_guest *g, uint32_t features);
void guest_answer_queues(struct test_guest *g, uint32_t features,
			 unsigned int nr);
void guest_say(struct test_guest *g, uint32_t state);
void guest_notify(struct test_guest *g);
uint32_t guest_sees(const struct test_guest *g);	/* backend's state */

/* Into memory that it shares. */
void guest_write(uint8_t *to, const uint8_t *from, size_t len);
/* One slot into the tx ring, not pushed. */
void guest_tx(struct test_guest *g, uint32_t gref, unsigned int offset,
	      unsigned int size, unsigned int flags, unsigned int id);
/* One without data and what it wants to hear, or no more (XEN_NETIF_EXTRA_*). */
void guest_tx_group(struct test_guest *g, unsigned int type,
		    unsigned int extra_flags, const uint8_t mac[6],
		    unsigned int id);
void guest_tx_push(struct test_guest *g);
/* The next response's status and id; fails if there is none. */
int guest_tx_status(struct test_guest *g, unsigned int *id);
unsigned int guest_tx_responses(struct test_guest *g);

void guest_rx_post(struct test_guest *g, unsigned int nr);
unsigned int guest_rx_responses(struct test_guest *g);
void guest_rx_response(struct test_guest *g, struct netif_rx_response *out);

/* The network's end of the TAP. */
void net_send(struct test_guest *g, const void *frame, size_t len,
	      const struct virtio_net_hdr *hdr);
/* Length of the frame that came out, -1: none. */
int net_recv(struct test_guest *g, void *frame, size_t size,
	     struct virtio_net_hdr *hdr);

/* The vif is closed with this error, and the guest can see it. */
void assert_broken(struct test_state *s, int error);
/* What is on the TX ring, not pushed yet, is no honest frontend's: the vif is
 * closed, and no frame of it came out. */
void assert_tx_lie(struct test_state *s);
/* A test of that: its statements put slots of g there. */
#define TX_LIE(name, ...)						\
static void name(void **state)						\
{									\
	struct test_state *s = *state;					\
	struct test_guest *g = &s->guest;				\
									\
	__VA_ARGS__							\
	assert_tx_lie(s);						\
}
struct nbl_vif *the_vif(struct test_state *s);

#endif

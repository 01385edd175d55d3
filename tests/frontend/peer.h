/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * peer.h owns a backend that does exactly what a test tells it, lies
 * included, and an OS's network code that writes down what it is told.
 */
#ifndef PEER_H
#define PEER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "os_unit.h"

#define PEER_DOMID	3
#define PEER_PORT	5
#define PEER_SLOT	0

/* What the OS's network code was told. */
struct peer_seen {
	struct noxs_netfront *nf;
	struct noxs_net_info info;
	unsigned int probed, removed, up, down, events, rooms, wakes, starved;
	unsigned int error;		/* of the last link_down */
	unsigned int event_queue, event_port, rx_queue, room_queue;	/* last */
	unsigned int frames;
	unsigned int nr_frags;		/* of the last frame */
	uint32_t len, flags;
	uint16_t gso_size;
	uint8_t data[NOXS_NET_MAX_FRAGS * 4096];
	int probe_rc, link_rc;
	/* Send what comes back out. */
	bool echo;
	int echo_rc;
};
extern struct peer_seen seen;

struct peer {
	struct noxs_bus bus;
	struct noxs_netfront_config cfg;
	struct noxs_driver drv;
	struct xen_noxs_net_back back;	/* the offer */
	struct netif_tx_sring *tx;
	struct netif_rx_sring *rx;
	RING_IDX tx_cons, rx_cons;	/* requests taken */
};
extern struct peer peer;

/* os_reset, a config of 32 + 16 pages with all features, a good offer. */
void peer_reset(void);
/* Add the device, start the bus. */
int peer_start(void);
/* Publish state (and generation of the offer), let the bus see it. */
void peer_publish(uint32_t state, uint32_t error);
/* The front area as it is. */
struct xen_noxs_net_front peer_front(void);
/* Find the rings through the front area, begin at their start. */
void peer_attach(void);
/* Start, attach, CONNECTED. */
void peer_connect(void);
/* After a connection that ended: a new offer, taken, and a frame through it. */
void peer_comes_again(void);
/* Stop the bus; nothing may be left. */
void peer_finish(void);

/* Take the next request; false: there is none. */
bool peer_tx_take(struct netif_tx_request *req);
bool peer_rx_take(struct netif_rx_request *req);
/* Where a request's data lies. */
uint8_t *peer_tx_data(const struct netif_tx_request *req);
uint8_t *peer_rx_data(const struct netif_rx_request *req);
/* Append a response; no event. */
void peer_tx_answer(uint16_t id, int16_t status);
void peer_rx_answer(uint16_t id, uint16_t offset, uint16_t flags,
		    int16_t status);
/* Take a buffer, fill it with len bytes beginning with first, answer. */
void peer_rx_frame(uint16_t len, uint8_t first);

/* Send one fragment of len bytes, beginning with first. */
int peer_send(uint32_t len, uint8_t first, uint32_t flags);

#endif

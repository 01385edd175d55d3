/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * liar.h owns a vif without a frontend: its two areas, two rings and one page,
 * for a guest that says what it likes.
 */
#ifndef LIAR_H
#define LIAR_H

#include "noxs_bus.h"

struct liar {
	uint32_t port;
	uint16_t backend;	/* domid */
	volatile struct xen_noxs_net_front *front;
	const volatile struct xen_noxs_net_back *back;
	netif_tx_front_ring_t tx;
	netif_rx_front_ring_t rx;
	uint32_t ring_ref[2];	/* tx, rx */
	uint8_t *page;		/* a frame that no bridge forwards */
	uint32_t ref;		/* of it, for the backend */
};

extern struct liar liar;

/*
 * A class of lies.  answer spoils what is about to be written into the front
 * area; told runs when the backend says CONNECTED, and may never return.  Either
 * may be NULL.
 */
struct lie {
	const char *name;
	void (*answer)(struct xen_noxs_net_front *f);
	void (*told)(void);
};

/* Ends with a NULL name. */
extern const struct lie lies[];

/* Zeroed / a grant of the page, or a panic. */
void *liar_page(void);
uint32_t liar_grant(uint16_t domid, const void *page, bool readonly);
void liar_sleep_ms(unsigned int ms);
void liar_notify(void);
/* The state alone, and an event. */
void liar_state(uint32_t state);
/* One request into the tx ring, not pushed / push them. */
void liar_tx(uint32_t gref, unsigned int offset, unsigned int size,
	     unsigned int flags);
void liar_tx_push(void);
/* The same, and wait until they are answered. */
void liar_tx_answered(void);
/* Buffers for what is received: this grant for all nr of them. */
void liar_rx_post(uint32_t gref, unsigned int nr);

#endif

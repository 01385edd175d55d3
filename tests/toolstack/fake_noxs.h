/* SPDX-License-Identifier: BSD-2-Clause */
/* A network backend that remembers: implements <noxs/netback.h>. */
#ifndef TOOLSTACK_FAKE_NOXS_H
#define TOOLSTACK_FAKE_NOXS_H

#include <stdbool.h>
#include <stdint.h>

#include <noxs/netback.h>

#define FAKE_VIFS 64
#define FAKE_AWAITS 16

struct fake_noxs_state {
	bool running;			/* the backend */
	const char *bridge;		/* the only one there is */
	bool silent;			/* answers nothing, in time */
	unsigned int waited_ms;		/* for answers that did not come */
	void (*wait_hook)(void);	/* called while it is silent */
	void (*attach_hook)(void);	/* called before each */
	bool restarted;			/* connections of before are dead */
	unsigned int nr_connections;	/* open */
	unsigned int nr_queued;		/* requests without reply */
	struct noxs_netback_request queue[FAKE_VIFS];
	struct {
		bool used;
		uint16_t domid, vif;
		struct noxs_netback_request req;
	} vif[FAKE_VIFS];
	/* Addresses that are awaited, and what the listener was not told yet. */
	uint64_t listener;		/* 0: nobody listens */
	bool lost;			/* the listener's backend is gone */
	bool busy;			/* nobody may doze */
	struct noxs_netback_request await[FAKE_AWAITS];	/* op 0: free */
	unsigned int nr_events;
	struct noxs_netback_reply event[FAKE_AWAITS];
};

extern struct fake_noxs_state fake_noxs;

void fake_noxs_reset(void);
unsigned int fake_noxs_nr_vifs(void);
/* The listener will hear of the address that ends so: WAKE or IDLE, and of which
 * domain (0: none). */
void fake_noxs_tell(uint8_t last_of_ip, unsigned int op, uint32_t domid);
unsigned int fake_noxs_nr_awaits(void);
/* Another process in its place, which knows nothing. */
void fake_noxs_restart(void);
/* It has lost this one. */
void fake_noxs_forget(uint32_t domid, unsigned int vif);

#endif

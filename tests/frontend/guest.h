/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * guest.h owns a guest for the loopback test: the frontend core on a domain
 * of tests/fake, and network code that checks each frame it gets.
 *
 * One guest runs at a time; guest_run says which.  Frames are made from a
 * number: length and content follow from it, so that the receiver knows what
 * has to come.
 */
#ifndef GUEST_H
#define GUEST_H

#include "noxs_netfront.h"

#define GUEST_MAX_VIFS	4
#define GUEST_MIN_FRAME	18u		/* header and number */
#define GUEST_MAX_FRAME	9018u

struct fake_domain;

struct guest_vif {
	struct guest *guest;
	struct noxs_netfront *nf;	/* NULL: no such vif */
	uint16_t id;
	unsigned int up, down, rooms;
	unsigned int error;		/* of the last link_down */
	uint32_t max_len;		/* of frames */
	uint32_t rx_next;		/* number of the frame that comes next */
	uint32_t rx_flags;		/* of the last frame */
	uint32_t rx_len;
	uint16_t rx_gso_size;
	unsigned int rx_queue;
	uint8_t rx_data[NOXS_NET_MAX_GSO_RX];
	bool rx_any;			/* do not check numbers */
	bool deaf;			/* do not poll */
};

struct guest {
	struct fake_domain *dom;
	struct noxs_netfront_config cfg;
	struct noxs_driver drv;
	const struct noxs_driver *drivers[1];
	struct noxs_bus bus;
	bool running;			/* the bus is */
	struct guest_vif vif[GUEST_MAX_VIFS];
};

/* The guest that the OS's services act for. */
void guest_enter(struct guest *guest);
int guest_start(struct guest *guest, struct fake_domain *dom,
		uint32_t features);
int guest_start_queues(struct guest *guest, struct fake_domain *dom,
		       uint32_t features, unsigned int max_queues);
void guest_stop(struct guest *guest);
/* Deliver events, poll bus and vifs until nothing is due. */
void guest_run(struct guest *guest);
/* Small allocations that guests hold. */
unsigned int guest_allocs(void);

/* Length of frame nr for frames of at most max bytes, and its content. */
uint32_t frame_len(uint32_t nr, uint32_t max);
void frame_make(uint8_t *frame, uint32_t len, uint32_t nr);

/* Send frame nr in a few fragments. */
int guest_send(struct guest_vif *vif, uint32_t nr);

#endif

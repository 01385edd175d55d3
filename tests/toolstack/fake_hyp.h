/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The noxs hypercall over the domains of fake_xen.h, and guests with a power
 * driver that behaves as it is told.  Implements <noxs/noxs.h> and the ports of
 * xen/xen.h.
 */
#ifndef TOOLSTACK_FAKE_HYP_H
#define TOOLSTACK_FAKE_HYP_H

#include <stdbool.h>
#include <stdint.h>

#include <noxs/netback.h>
#include <noxs/noxs.h>

#include "fake_xen.h"

#define FAKE_WATCHES 3
#define FAKE_NETS 16

/* A vif of a driver domain. */
struct fake_net {
	uint64_t serial;	/* of the guest; 0: none */
	uint16_t domid, id, backend;
	union {
		struct xen_noxs_net_back back;
		uint8_t byte[XEN_NOXS_AREA_SIZE];
	} area;
};

/* Its page, as the guest writes it and as Xen writes it for the backend. */
struct fake_power {
	bool added;
	uint64_t serial;
	uint16_t offset;
	union {
		struct xen_noxs_power_front power;
		uint8_t bytes[CHAOS__PAGE_SIZE];
	} front __attribute__((aligned(8)));
	struct xen_noxs_power_back back;	/* what was published last */
	unsigned int nr_commands;		/* published, and not 0 */
};

struct fake_hyp_state {
	int open_rc;			/* of noxs_open */
	unsigned int nr_open, nr_maps;
	struct fake_power power[FAKE_DOMAINS];
	struct xen_noxs_device_page page[FAKE_DOMAINS];	/* generation alone */
	/* The guest: called with each command that is published for it. */
	void (*driver)(uint32_t domid, const struct xen_noxs_power_back *back);
	unsigned int nr_opened;		/* ever */
	/* A watch each; 0: free. */
	uint32_t watch[FAKE_WATCHES];
	unsigned int nr_watched;	/* ever */
	struct fake_net net[FAKE_NETS];
	/* netback-lite in a driver domain: it is asked at each look at its answer;
	 * NULL: nobody is there. */
	void (*netback)(struct fake_net *net);
	void *netback_arg;
};

extern struct fake_hyp_state fake_hyp;

void fake_hyp_reset(void);
unsigned int fake_hyp_nr_nets(void);
struct fake_net *fake_hyp_net(uint32_t domid, unsigned int id);
/* A netback-lite that has the bridge xenbr0. */
void fake_hyp_serve(struct fake_net *net);
void fake_watch_reset(void);
struct xen_noxs_power_front *fake_hyp_front(uint32_t domid);
/* The guest's driver comes up; features 0: it knows all commands. */
void fake_hyp_connect(uint32_t domid, uint32_t features);
void fake_hyp_ack(uint32_t domid, uint32_t id, uint32_t error);
/* Some domain changed: who watches is told.  What changed is found out. */
void fake_hyp_raise(void);
unsigned int fake_hyp_nr_watches(void);
/* A driver that acknowledges and does what it is asked, at once. */
void fake_hyp_obey(uint32_t domid, const struct xen_noxs_power_back *back);

#endif

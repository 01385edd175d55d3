/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nbl.h owns the backend as a whole: handles, guests, the table of ports and
 * the list of vifs that have work.
 *
 * Model
 *   One thread.  Sources (event channels, TAPs, control sockets) only mark
 *   what is due; after each wait, the ready vifs get one budget each, in
 *   turn, so that none is starved and a control request waits for a bounded
 *   time.
 *
 * Call order: nbl_open -> { nbl_turn } -> nbl_close.
 */
#ifndef NBL_H
#define NBL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include <noxs/netback.h>
#include <noxs/noxs.h>

#include "loop.h"

struct nbl_batch;
struct nbl_closer;
struct nbl_control;
struct nbl_ear;
struct nbl_evtchn;
struct nbl_gnttab;
struct nbl_guest;
struct nbl_link;
struct nbl_vif;

#define NBL_MAX_DOMID		0x7ff0	/* DOMID_FIRST_RESERVED */
#define NBL_MAX_PORT		(1u << 17) /* of the FIFO event channel ABI */
#define NBL_VIFS_PER_TURN	32

TAILQ_HEAD(nbl_vif_list, nbl_vif);
TAILQ_HEAD(nbl_guest_list, nbl_guest);
TAILQ_HEAD(nbl_ear_list, nbl_ear);

/* Changes of the host's domains, see watch.c. */
struct nbl_watch {
	bool on;
	uint32_t port;
	uint64_t since;		/* sequence number of what we know */
};

struct nbl {
	struct nbl_loop loop;
	struct noxs *nx;
	struct nbl_evtchn *ec;
	struct nbl_gnttab *gt;
	struct nbl_link *link;
	struct nbl_closer *closer;
	struct nbl_batch *batch;
	struct nbl_control *control;
	struct nbl_watch watch;
	uint16_t domid;			/* our own */
	int error;			/* what ends nbl_turn, or 0 */

	struct nbl_source evtchn_src;
	struct nbl_source closer_src;

	struct nbl_guest *guest[NBL_MAX_DOMID];
	struct nbl_guest_list guests;
	unsigned int nr_guests, nr_vifs;

	struct nbl_vif **port;		/* by port number */
	uint32_t nr_ports;		/* entries of port[] */
	struct nbl_vif_list ready;	/* have work */
	struct nbl_vif_list throttled;	/* wait for credit (rate.h) */
	struct nbl_vif_list dead;	/* detached in this turn, freed after */

	/* Addresses that wait for their guest (await.h) */
	struct nbl_ear_list ears, dead_ears;
	unsigned int nr_awaits;
	size_t held_bytes;		/* by all of them, and by new vifs */
	bool looking;			/* is a guest quiet?  At look_ms */
	int64_t look_ms;
};

/*
 * Open everything but the control socket.  step names what failed: "open
 * noxs", ...  Errors of noxs_open and of the wrappers.
 */
int nbl_open(struct nbl **out, const char **step);
/* Detaches every vif, waits for the TAPs.  NULL is allowed. */
void nbl_close(struct nbl *nb);

/* Remove devices that an earlier process of this domain left.  Number. */
int nbl_remove_leftovers(struct nbl *nb);

/* Wait for something (at most timeout_ms, -1: for ever), do what is due. */
int nbl_turn(struct nbl *nb, int timeout_ms);

/* port's events belong to vif; NULL: to nobody.  -ENOMEM, -ERANGE. */
int nbl_port_set(struct nbl *nb, uint32_t port, struct nbl_vif *vif);

/* CLOCK_MONOTONIC */
int64_t nbl_now_ms(void);

#endif

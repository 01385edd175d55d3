/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nbl.h owns the backend as a whole: handles, guests, the table of ports and
 * the list of vifs that have work.
 *
 * Model
 *   One thread, or several of which each has one of these (shard.h).  Sources
 *   (event channels, TAPs, control sockets) only mark what is due; after each wait, the ready vifs get one budget each, in
 *   turn, so that none is starved and a control request waits for a bounded
 *   time.
 *
 * Call order: nbl_open -> nbl_adopt -> { nbl_turn } -> nbl_leave -> nbl_close.
 *
 * With a ledger, vifs outlive the process: one that was killed, and one that
 * left, look the same to its successor.
 */
#ifndef NBL_H
#define NBL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include <noxs/netback.h>
#include <noxs/noxs.h>

#include "log.h"
#include "loop.h"
#include "mapped.h"
#include "pace.h"

struct nbl_batch;
struct nbl_closer;
struct nbl_control;
struct nbl_ear;
struct nbl_evtchn;
struct nbl_gnttab;
struct nbl_guest;
struct nbl_ledger;
struct nbl_link;
struct nbl_kept;
struct nbl_metrics;
struct nbl_port;
struct nbl_queue;
struct nbl_shards;
struct nbl_steer;
struct nbl_vif;
struct nbl_writer;

#define NBL_MAX_DOMID		0x7ff0	/* DOMID_FIRST_RESERVED */
#define NBL_MAX_PORT		(1u << 17) /* of the FIFO event channel ABI */
#define NBL_VIFS_PER_TURN	32

TAILQ_HEAD(nbl_vif_list, nbl_vif);
TAILQ_HEAD(nbl_queue_list, nbl_queue);
TAILQ_HEAD(nbl_guest_list, nbl_guest);
TAILQ_HEAD(nbl_ear_list, nbl_ear);

/* Changes of the host's domains, see watch.c. */
struct nbl_watch {
	bool on;
	uint32_t port;
	uint64_t since;		/* sequence number of what we know */
};

/* Devices that the toolstack of another domain adds, see remote.h. */
struct nbl_remote {
	bool on;
	bool due;		/* some may have come or gone */
	bool waits;		/* one of them, for a TAP's name */
	unsigned int looks;
};

struct nbl {
	struct nbl *first;		/* of several shards, NULL: it is that */
	struct nbl_shards *shards;	/* the first's: others, NULL: there are none */
	struct nbl_loop loop;
	struct noxs *nx;
	struct nbl_evtchn *ec;
	struct nbl_gnttab *gt;
	struct nbl_link *link;
	struct nbl_closer *closer;
	struct nbl_batch *batch;
	struct nbl_writer *writer;
	struct nbl_switch *sw;		/* NULL: all frames go by TAPs */
	struct nbl_steer *steer;	/* the first's; NULL: the kernel has none */
	struct nbl_mapped_all mapped;
	struct nbl_pace pace;
	struct nbl_control *control;
	struct nbl_metrics *metrics;	/* NULL: nobody asked for them */
	struct nbl_ledger *ledger;	/* NULL: vifs end with the process */
	struct nbl_kept *kept;		/* TAPs that were held; NULL: none */
	struct nbl_watch watch;
	struct nbl_remote remote;
	uint16_t domid;			/* our own */
	bool unprivileged;		/* no rights over guests: remote.h */
	unsigned int uid;		/* who may ask: root, and who opened it */
	int error;			/* what ends nbl_turn, or 0 */

	struct nbl_source evtchn_src;
	struct nbl_source closer_src;

	struct nbl_guest *guest[NBL_MAX_DOMID];
	struct nbl_guest_list guests;
	unsigned int nr_guests, nr_vifs;

	struct nbl_port **port;		/* by number */
	uint32_t nr_ports;		/* entries of port[] */
	struct nbl_vif_list ready;	/* have work */
	struct nbl_vif_list throttled;	/* wait for credit (rate.h) */
	struct nbl_vif_list damped;	/* are put off (damp.h) */
	struct nbl_vif_list unordered;	/* connect later (steer.h) */
	struct nbl_queue_list stalls;	/* take nothing (stall.h), oldest first */
	struct nbl_vif_list dead;	/* detached in this turn, freed after */

	/* Addresses that wait for their guest (await.h) */
	struct nbl_ear_list ears, dead_ears;
	unsigned int nr_awaits;
	size_t held_bytes;		/* by all of them, and by new vifs */
	size_t stalled_bytes;		/* by all guests without room */
	bool looking;			/* is a guest quiet?  At look_ms */
	int64_t look_ms;
};

/*
 * Open everything but the control socket.  step names what failed: "open
 * noxs", ...  Errors of noxs_open and of the wrappers.
 */
int nbl_open(struct nbl **out, const char **step);
/*
 * The same, of nr_shards (shard.h).  confine is called when all descriptors that
 * take root are open, and before there is a second thread; its error (with a text
 * of its own, where step is NULL then) is returned.
 */
int nbl_open_confined(struct nbl **out, unsigned int nr_shards,
		      const char **step,
		      int (*confine)(struct nbl *nb, void *arg), void *arg);
/* For shard.c: one of another thread (first NULL: the first), without what it has
 * for all. */
int nbl_open_shard(struct nbl *first, struct nbl **out, const char **step);
/* Detaches every vif, waits for the TAPs.  NULL is allowed. */
void nbl_close(struct nbl *nb);

/*
 * adopt.c: serve what an earlier process of this domain left, as the ledger at
 * path says; from then on it is kept there what this one has.  TAPs that nb->kept
 * has (keeper.h) are not opened but taken from there; the others there are closed.  What it does
 * not know and nobody serves is removed.  Each that is not as it was is logged
 * by its name, and all of them as numbers.  Vifs that it has already are served
 * meanwhile; clients wait.  Errors of nbl_ledger_open, noxs_list and nbl_turn.
 */
int nbl_adopt(struct nbl *nb, const char *path, char err[NBL_ERROR_SIZE]);
/* Let go of all vifs, for the next process.  All shards. */
void nbl_leave(struct nbl *nb);
/* How many there are, of all shards. */
unsigned int nbl_vifs(struct nbl *nb);

/* Wait for something (at most timeout_ms, -1: for ever), do what is due. */
int nbl_turn(struct nbl *nb, int timeout_ms);

/* The events of this number are port's; NULL: nobody's.  -ENOMEM, -ERANGE. */
int nbl_port_set(struct nbl *nb, uint32_t nr, struct nbl_port *port);

/* CLOCK_MONOTONIC */
int64_t nbl_now_ms(void);

#endif

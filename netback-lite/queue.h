/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * queue.h owns one pair of rings of a vif and what moves packets through it: the
 * descriptor of its TAP, the guest's buffers, what waits for either.
 *
 * What belongs to the guest as a whole (its addresses, limits, groups, how it is
 * connected) is vif.h's.
 */
#ifndef NBL_QUEUE_H
#define NBL_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include <xen/noxs.h>

#include "held.h"
#include "loop.h"
#include "mapped.h"
#include "ring.h"
#include "stall.h"

struct nbl_batch;
struct nbl_closer_ticket;
struct nbl_packet;
struct nbl_vif;

struct nbl_queue {
	struct nbl_vif *vif;
	void *rings;			/* mapped: tx, rx; NULL: not connected */
	struct nbl_tx_ring tx;
	struct nbl_rx_ring rx;
	struct nbl_mapped mapped;	/* buffers */
	uint8_t tx_port, rx_port;	/* of its vif's: who hears of responses */

	struct nbl_source tap_src;
	int fd;				/* of the TAP; -1: not connected */
	bool reads;			/* fd is for that, too: its own, or the first's */
	struct nbl_closer_ticket *tap;	/* fd's, if that is its own; or NULL */
	bool tap_readable;		/* until a read says EAGAIN */
	bool rx_stalled;		/* frames wait for the guest's buffers */
	enum nbl_stall stall;		/* and how long: since stall_ms */
	int64_t stall_ms;
	TAILQ_ENTRY(nbl_queue) stall_link;	/* nbl.stalls, if it waits */
	struct nbl_held stalled;	/* one that was read before, or none */
	unsigned int rx_need;		/* slots of that, or of one like the last */
};

/*
 * init -> { map -> open -> { run } -> close }.  close also after half of that.
 * f: checked.
 */
void nbl_queue_init(struct nbl_queue *q, struct nbl_vif *vif);
int nbl_queue_map(struct nbl_queue *q, const struct xen_noxs_net_queue *f);
int nbl_queue_open(struct nbl_queue *q);
/* Rings are let go of: before CLOSED is said. */
void nbl_queue_close(struct nbl_queue *q);

/*
 * At most *budget packets (nbl_vif_cost); > 0: there is more, 0: not now, -errno: a
 * lie, with the reason in *why.
 */
int nbl_tx_run(struct nbl_queue *q, int *budget, const char **why);
int nbl_rx_run(struct nbl_queue *q, int *budget, const char **why);
/*
 * ring_rx.c, for switch.h.  May frames come from elsewhere than vif's TAP, none of
 * which waits there?
 */
bool nbl_rx_may_put(const struct nbl_vif *vif);
/*
 * One that does; it stays where it is until nbl_rx_flush (by b, of no other queue).
 * 1; 0: q cannot take it as it is, or not now; -errno and why: its vif has to be
 * closed, with what is in b.
 */
int nbl_rx_put(struct nbl_queue *q, struct nbl_batch *b,
	       const struct nbl_packet *from, const char **why);
void nbl_rx_flush(struct nbl_queue *q, struct nbl_batch *b);

#endif

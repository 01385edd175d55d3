/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netfront.h owns the seam inside the network frontend: noxs_netfront.c talks
 * to the bus and decides when to connect, netfront_ring.c (with netfront_tx.c
 * and netfront_rx.c) moves packets.  Five functions lie between them.
 */
#ifndef NOXS_CORE_NETFRONT_H
#define NOXS_CORE_NETFRONT_H

#include "internal.h"
#include "noxs_netfront.h"

#define NF_MAX_PAGES	256	/* entries of one ring page, both kinds */
#define NF_ETH_HEADER	14u
#define NF_MAX_HEADER	18u	/* Ethernet with a VLAN tag */
#define NF_SMALL	256u	/* bytes of a small buffer, 16 a page */
#define NF_GSO_SLOTS	18u	/* of the longest GSO frame, extra info included */
#define NF_GSO_ANY	(XEN_NOXS_NET_F_GSO4 | XEN_NOXS_NET_F_GSO6)

struct nf_tx {
	struct netif_tx_front_ring ring;
	RING_IDX pushed;		/* req_prod as the backend knows it */
	struct noxs_pool *pool;
	/*
	 * Buffers.  With GSO they are pages, and frames that are small would
	 * waste most of it: some pages are cut into small ones.
	 */
	unsigned int buf_size;		/* a page or half of one */
	unsigned int nr_bufs;		/* ids from 0 */
	unsigned int nr_free;
	unsigned int nr_small;		/* ids from nr_bufs */
	unsigned int nr_free_small;
	unsigned int nr_extras;		/* slots under way that have no buffer */
	unsigned int largest;		/* buffers of the largest frame, */
	unsigned int largest_extras;	/* and slots of extra info */
	unsigned int wanted;		/* a send found no room for so many */
	uint16_t free[NF_MAX_PAGES];	/* ids; the first nr_free are valid */
	uint16_t free_small[NF_MAX_PAGES];
	bool in_flight[2 * NF_MAX_PAGES];	/* by id */
};

struct nf_rx {
	struct netif_rx_front_ring ring;
	RING_IDX pushed;
	struct noxs_pool *pool;
	unsigned int nr_posted;
	bool posted[NF_MAX_PAGES];	/* by id */
	uint16_t asked[NF_MAX_PAGES];	/* id, by place in the ring */
	/* The frame that is being put together. */
	struct noxs_net_frag frag[NOXS_NET_MAX_FRAGS];
	uint16_t id[NOXS_NET_MAX_FRAGS + 1];	/* of its buffers, */
	unsigned int nr_ids;		/* one more than fragments with GSO */
	unsigned int nr;
	uint32_t len;
	uint32_t flags;			/* NETRXF_* of its first slot */
	uint16_t last_flags;		/* NETRXF_* of the latest slot */
	bool extra_due;			/* the next slot is extra info */
	uint16_t gso_size;		/* 0: none */
	uint32_t gso_flag;		/* NOXS_NET_GSO4 or 6 */
	bool bad;			/* the backend could not fill it */
};

struct noxs_netq {
	struct noxs_netfront *nf;
	uint8_t nr;			/* of the device's queues */
	uint8_t tx_port, rx_port;	/* of the device's: who hears of requests */
	bool pending;			/* atomic: an event came */
	struct noxs_pool *pages;	/* tx ring page, rx ring page */
	struct noxs_pool *list;		/* names the buffers' grants, or NULL */
	bool up;
	bool dead;			/* the backend lied, or died */
	unsigned int error;		/* dead: positive errno of why */
	uint32_t max_len;		/* of a frame that is sent */
	uint32_t features;		/* XEN_NOXS_NET_F_* agreed on */
	struct nf_tx tx;
	struct nf_rx rx;
	struct noxs_netfront_stats stats;
};

struct noxs_netfront {
	struct noxs_device *dev;
	const struct noxs_netfront_config *cfg;
	void *priv;			/* the OS's */
	struct noxs_net_info info;
	uint32_t generation;		/* of the offer that was answered */
	bool answered;			/* generation is valid */
	bool connected;			/* the backend is */
	bool closed_sent;		/* our last word was CLOSED */
	bool complained;		/* atomic */
	bool starved;			/* no rings for the last offer */
	bool retry;			/* atomic: ask for another */
	bool up;			/* queues are */
	unsigned int nr_queues;		/* in use, when the link was up last; >= 1 */
	struct noxs_netq *queue[XEN_NOXS_NET_MAX_QUEUES]; /* NULL: never used */
	struct noxs_netq first;
};

/*
 * The seam.  init -> { connect -> disconnect } -> fini, task context.
 * fini and disconnect may come twice or early.
 */

/*
 * Allocate and grant pages and rings of *nr queues; those that are there are
 * kept.  *nr is how many there are then; -ENOMEM, -ENOSPC, -EBUSY (as pools): none.
 */
int nf_ring_init(struct noxs_netfront *nf, unsigned int *nr);
void nf_ring_fini(struct noxs_netfront *nf);
/*
 * Empty rings, all receive buffers posted, for nf->info.  The backend has not
 * been told yet: that is the caller's, to whom front names the queues.
 */
void nf_ring_connect(struct noxs_netfront *nf,
		     struct xen_noxs_net_front *front);
/* Forget what is under way.  The pages stay granted until fini. */
void nf_ring_disconnect(struct noxs_netfront *nf);
/* The first queue that is dead, or NULL. */
const struct noxs_netq *nf_ring_dead(const struct noxs_netfront *nf);

/* One port each for what is sent and what is received? */
static inline bool nf_ports_split(const struct noxs_netfront *nf)
{
	return nf->nr_queues > 1 &&
	       2 * nf->nr_queues <= nf->dev->slot.nr_ports;
}

/* Inside the ring. */

/* The backend lied: no more traffic; the bus will end the connection. */
void nf_ring_kill(struct noxs_netq *q, const char *why);
void nf_tx_connect(struct noxs_netq *q);
void nf_rx_connect(struct noxs_netq *q);
/* Take back sent buffers. */
void nf_tx_reap(struct noxs_netq *q);
/*
 * Is there room now that a send did not find?  If not all of it, an event will
 * come when there is.
 */
bool nf_tx_wanted(struct noxs_netq *q);
unsigned int nf_rx_poll(struct noxs_netq *q, unsigned int budget);

#endif

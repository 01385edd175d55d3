/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vif.h owns one network device: TAP, event channel, noxs device, rings.
 *
 * Life (attach.c, bind.c): attach -> { event, run } -> detach or drop, and for
 * a spare: attach -> bind -> the same.  Or leave, and the next process begins
 * with nbl_adopt (adopt.c) what this one had attached.
 * Connection (front.c), what the back area says:
 *
 *     INIT -> CONNECTED -> CLOSED -> INIT (next generation) -> ...
 *                  \
 *                   +-> CLOSED with an error: the guest lied; for good
 *
 * A guest never makes us wait: each step is the reaction to what its front
 * area says when we look, after an event of its.
 */
#ifndef NBL_VIF_H
#define NBL_VIF_H

#include "damp.h"
#include "gnttab.h"
#include "groups.h"
#include "held.h"
#include "log.h"
#include "nbl.h"
#include "queue.h"
#include "rate.h"
#include "spoof.h"

/* Of every one; and what steer.h offers. */
#define NBL_VIF_FEATURES	(XEN_NOXS_NET_F_ALL & ~XEN_NOXS_NET_F_HASH)
#define NBL_VIF_BUDGET		64	/* packets (nbl_vif_cost) each way and turn */
#define NBL_VIF_ALONE		256	/* those to the guest, while no other vif waits */
#define NBL_ETH_OVERHEAD	18u	/* header and one VLAN tag */

struct nbl_await;
struct nbl_batch;
struct nbl_closer_ticket;
struct nbl_packet;
struct nbl_station;

/* An event channel between us and the guest. */
struct nbl_port {
	struct nbl_vif *vif;
	uint32_t port;
};

struct nbl_vif {
	struct nbl *nb;
	struct nbl_guest *guest;
	TAILQ_ENTRY(nbl_vif) guest_link;
	TAILQ_ENTRY(nbl_vif) ready_link;	/* nbl.ready, or nbl.dead */
	TAILQ_ENTRY(nbl_vif) throttled_link;	/* nbl.throttled */
	TAILQ_ENTRY(nbl_vif) damped_link;	/* nbl.damped, if damp.on */
	TAILQ_ENTRY(nbl_vif) unordered_link;	/* nbl.unordered, if unordered */
	uint16_t id;
	uint16_t slot;
	uint16_t offset;
	uint8_t pair;
	uint16_t seq;		/* of its slot, see XEN_NOXS_OP_list */
	unsigned int nr_ports;
	struct nbl_port port[XEN_NOXS_MAX_PORTS];

	/* TAP */
	struct nbl_closer_ticket *tap;	/* descriptor and name */
	int ifindex;
	char bridge[NOXS_NETBACK_IFNAMSIZ];
	uint32_t max_frame;		/* bytes, from the Ethernet header on */
	uint32_t record;		/* in the ledger; 0: none */
	uint8_t flags;			/* of the request, its limits and VLAN */
	uint16_t vlan;
	struct noxs_netback_limit limit[NOXS_NETBACK_NR_LIMITS];

	/* What the guest says, and what we said last. */
	const volatile struct xen_noxs_net_front *front;
	void *copy;		/* front is this one (remote.h), or NULL */
	unsigned int looked;	/* when it was listed last: nbl.remote.looks */
	const char *broken_why;	/* static; with back.hdr.error */
	struct xen_noxs_net_back back;

	/* Connection */
	bool spare;		/* no owner yet: the guest is not listened to */
	bool connected;
	bool broken;		/* the guest lied: CLOSED for good */
	uint32_t features;	/* agreed on */
	unsigned int nr_queues;	/* in use: 0 or what was agreed on */

	/* What is due */
	bool on_ready;
	uint8_t unmask_due;	/* bits of port[]: an event came, it is masked */
	uint8_t notify_due;	/* the guest waits there for responses */
	uint8_t nr_cut_off;	/* queues (stall.h) */
	uint8_t turn;		/* which queue is first in the next one */
	bool unordered;		/* its TAP's queues are: it waits (steer.h) */
	bool dozing;		/* its guest is paused; its TAP is filtered */
	struct nbl_await *await;	/* what waited for it, or NULL */
	struct nbl_held held;	/* received before it was there */
	uint64_t rx_unicast;	/* packets, of those that were received */
	struct nbl_groups groups;	/* that it listens to */
	struct nbl_station *station;	/* that it is (switch.h), or NULL */
	struct nbl_damp damp;
	struct nbl_rate tx_rate;	/* of what the guest sends */
	struct nbl_rate rx_rate;	/* of what it receives */
	struct nbl_spoof spoof;		/* whose addresses it may send from */

	struct noxs_netback_stats stats;

	unsigned int max_queues;
	struct nbl_queue queue[];
};

/*
 * Everything ATTACH promises.  err gets the step and the reason.
 * -EINPROGRESS: a TAP of that name is being closed; call again after the
 * closer was heard of.
 */
int nbl_vif_attach(struct nbl *nb, const struct noxs_netback_request *req,
		   struct nbl_vif **out, char err[NBL_ERROR_SIZE]);
/* Everything BIND promises.  The vif is the caller's no more than before. */
int nbl_vif_bind(struct nbl *nb, const struct noxs_netback_request *req,
		 struct nbl_vif **out, char err[NBL_ERROR_SIZE]);
/* check.c: -EINVAL, and what is wrong in err. */
int nbl_attach_check(const struct noxs_netback_request *req,
		     char err[NBL_ERROR_SIZE]);
/* Of one that was checked. */
static inline unsigned int nbl_queues(const struct noxs_netback_request *req)
{
	return req->queues ? req->queues : 1;
}

/* Where a vif goes: its bridge (0: none), the VLAN there, its MTU. */
struct nbl_place {
	int master;
	unsigned int mtu;
	uint16_t vlan;		/* 0: any */
	uint16_t pvid;		/* with a VLAN: of the bridge's new ports */
};

/*
 * bind.c: what an owner decides.  The place that the request asks for; and what
 * the back area offers, and the vif's limits.
 */
int nbl_owner_place(struct nbl *nb, const struct noxs_netback_request *req,
		    struct nbl_place *place, char err[NBL_ERROR_SIZE]);
/* Puts the TAP there and up. */
int nbl_owner_attach(struct nbl_vif *vif, const struct nbl_place *place);
void nbl_owner_take(struct nbl_vif *vif,
		    const struct noxs_netback_request *req, unsigned int mtu);
/*
 * attach.c, the parts of which an adoption is made as well.  A vif that has
 * nothing yet, NULL: no memory; the bridge and TAP of a request (errors of
 * nbl_vif_attach); its front area; its ports; what is offered apart from what the owner
 * decides; and, when it is all there, its entry in the ledger and the lists.
 */
struct nbl_vif *nbl_vif_new(struct nbl *nb, uint16_t id,
			    unsigned int max_queues);
int nbl_vif_link(struct nbl *nb, const struct noxs_netback_request *req,
		 struct nbl_vif *vif, char err[NBL_ERROR_SIZE]);
int nbl_vif_map_front(struct nbl_vif *vif);
void nbl_vif_unmap_front(struct nbl_vif *vif);
/* Its next port, which is freed on an error; and all of them, freed. */
int nbl_vif_port_add(struct nbl_vif *vif, uint32_t nr);
void nbl_vif_ports_free(struct nbl_vif *vif);
void nbl_vif_offer(struct nbl_vif *vif, uint32_t generation);
void nbl_vif_enter(struct nbl_vif *vif);
/* Write into the ledger what it is now. */
void nbl_vif_record(struct nbl_vif *vif);
/* Everything DETACH promises.  vif is freed at the end of the turn. */
void nbl_vif_detach(struct nbl_vif *vif);
/* The same for a guest that is dead: nothing is said to it or to Xen. */
void nbl_vif_drop(struct nbl_vif *vif);
/* The guest, Xen and the TAP keep all that is not this process's. */
void nbl_vif_leave(struct nbl_vif *vif);

/* The guest's event, the TAP's, or work left: run it in its turn. */
void nbl_vif_ready(struct nbl_vif *vif);
void nbl_vif_event(struct nbl_port *port);
/* Tell the guest of responses, where it waits for them. */
void nbl_vif_notify(struct nbl_vif *vif);
/* Look at the guest's state, then move packets: one budget each way. */
void nbl_vif_run(struct nbl_vif *vif);
/* After that: with what is left, or wait for the next event. */
void nbl_vif_go_on(struct nbl_vif *vif, bool more);

/* remote.c: what the guest says now, into the copy. */
void nbl_remote_fetch(const struct nbl_vif *vif);
/* Before a look at the front area. */
static inline void nbl_vif_fetch(const struct nbl_vif *vif)
{
	if (vif->copy)
		nbl_remote_fetch(vif);
}

/* front.c: react to the front area.  disconnect: also when it is not. */
void nbl_vif_front(struct nbl_vif *vif);
/* It is connected, and its guest says so still. */
bool nbl_vif_in_step(const struct nbl_vif *vif);
void nbl_vif_disconnect(struct nbl_vif *vif);
/* Say state (and error, positive errno) in the back area; tell the guest. */
int nbl_vif_publish(struct nbl_vif *vif, uint32_t state, uint32_t error);
/* Say vif->back as it is.  flags: XEN_NOXS_PUBLISH_* */
int nbl_vif_say(struct nbl_vif *vif, uint32_t flags);
/*
 * The guest lied: disconnect, CLOSED with the error, one line in the log.  why is
 * kept, for who asks for counters.
 */
void nbl_vif_break(struct nbl_vif *vif, int error, const char *why);

/* What a packet takes of a budget: that of a guest with large ones is no more. */
static inline int nbl_vif_cost(uint32_t len)
{
	return 1 + (int)(len / NBL_PAGE_SIZE);
}

/* By its port of that index, with the next nbl_vif_notify. */
static inline void nbl_vif_notify_later(struct nbl_vif *vif, unsigned int port)
{
	vif->notify_due |= (uint8_t)(1u << port);
}

/* Pages of its buffers that are mapped now. */
unsigned int nbl_vif_mapped(const struct nbl_vif *vif);

#endif

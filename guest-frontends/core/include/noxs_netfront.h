/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * noxs_netfront.h owns the network frontend: a driver for the noxs bus that
 * turns a XEN_NOXS_TYPE_NET device into send, receive and link up/down.
 *
 * Model
 *   Queues, each with a pair of rings, memory and an event channel of its own
 *   (of two or more, each ring one, where there are enough); port[0] is also for
 *   changes of state.  How many: as the backend offers, the OS wants and ports
 *   are there for.  Receive buffers are pages granted once and posted again after
 *   each packet; transmit copies into a pool of pages granted once.  So no
 *   grant operation and no allocation happens per packet, and the backend
 *   may copy or map as it likes.
 *   The backend is not trusted: a response that makes no sense ends the
 *   connection (link_down with an error), nothing else.
 *
 * States and call order, per device
 *   probe -> link_up -> { send, poll } -> link_down -> link_up ... -> remove
 *   link_up comes as soon as the backend's offer is answered, before the
 *   backend connected: packets sent then wait in the ring and leave first.
 *   link_down comes when the backend closes, starts anew, lies or vanishes;
 *   frames under way are lost then.
 *
 * Context
 *   send and poll: one caller at a time per queue, any context in which the
 *   OS can take the lock that it puts around them; they do not allocate, do
 *   not block and call no OS service but noxs_os_evtchn_notify and log.
 *   probe, remove, link_up, link_down come from the bus (task context); an
 *   event may come before link_up has returned, so poll once after it.  No
 *   bus call may be made from a callback.
 *   Between link_up and the return of link_down send and poll may be called;
 *   when link_down returns, the OS has made sure that none is running.
 *   Outside, send returns -ENOTCONN and poll 0 in a cooperative kernel; an
 *   OS with several CPUs must not call them.
 *   If poll or send finds the backend lying, the device goes dead at once
 *   (send: -EIO) and link_down follows from the next noxs_bus_poll().  So it
 *   is if the OS finds that the backend is not there any more
 *   (noxs_netfront_abandon).
 */
#ifndef NOXS_NETFRONT_H
#define NOXS_NETFRONT_H

#include "noxs_bus.h"

struct noxs_netfront;
struct noxs_netq;		/* one queue of it */

/* Most fragments of one frame, both ways: XEN_NETIF_NR_SLOTS_MIN. */
#define NOXS_NET_MAX_FRAGS	18

/* Flags of a frame: the TCP/UDP checksum holds only the pseudo header's sum; */
#define NOXS_NET_CSUM_BLANK	(1u << 0)
/* it was checked, or is not needed (rx). */
#define NOXS_NET_CSUM_VALID	(1u << 1)
/*
 * It is a TCP frame (v4, v6) of any length, to be cut into segments of the
 * frame's gso_size by whoever comes to a wire.  Its checksum is blank.
 */
#define NOXS_NET_GSO4		(1u << 2)
#define NOXS_NET_GSO6		(1u << 3)
#define NOXS_NET_GSO		(NOXS_NET_GSO4 | NOXS_NET_GSO6)

/*
 * Longest frame with NOXS_NET_GSO, headers included: one that is sent has 16
 * bits for it, one that comes is an IP packet behind Ethernet and a VLAN tag.
 */
#define NOXS_NET_MAX_GSO_TX	65535u
#define NOXS_NET_MAX_GSO_RX	(65535u + 18u)

struct noxs_net_info {
	uint16_t id;		/* vif number */
	uint16_t mtu;		/* payload bytes: what fits the offer and us */
	uint8_t mac[6];
	uint8_t ip_mode;	/* XEN_NOXS_NET_IP_* */
	uint8_t prefix;		/* STATIC: 0..32 */
	uint8_t ip[4];		/* STATIC, network order; else 0 */
	uint8_t gateway[4];	/* network order; 0: none */
	uint8_t queues;		/* in use, 1..config.max_queues */
	uint32_t features;	/* XEN_NOXS_NET_F_* agreed on */
	/* HASH: of Toeplitz, which says by what queue a frame comes (<xen/noxs.h>) */
	uint8_t hash_key[XEN_NOXS_NET_HASH_KEY];
};

struct noxs_net_frag {
	void *data;
	uint32_t len;
};

/* A received frame: Ethernet header first, no FCS. */
struct noxs_net_frame {
	const struct noxs_net_frag *frags;
	unsigned int nr_frags;	/* 1..NOXS_NET_MAX_FRAGS */
	uint32_t len;		/* of all */
	uint32_t flags;		/* NOXS_NET_CSUM_*, NOXS_NET_GSO* */
	uint16_t gso_size;	/* GSO: payload bytes of a segment, less than len */
};

struct noxs_netfront_ops {
	/*
	 * A device is there.  *priv comes back in every later call.  What
	 * noxs_netfront_info says is not valid before link_up.  Non-zero:
	 * not wanted.
	 */
	int (*probe)(void *arg, struct noxs_netfront *nf, uint16_t id,
		     void **priv);
	/* nf is invalid after this.  After link_down, if the link was up. */
	void (*remove)(void *priv);
	/*
	 * info is valid during the call (noxs_netfront_info: until down).
	 * Negative errno: not now; no link_down follows, but starved.
	 */
	int (*link_up)(void *priv, const struct noxs_net_info *info);
	/* error: 0 orderly, else positive errno of why. */
	void (*link_down)(void *priv, unsigned int error);
	/*
	 * There was no memory, or no grant, for rings (of one queue), or the OS could
	 * not link up: there is no connection until noxs_netfront_retry.  Task context.  Optional.
	 */
	void (*starved)(void *priv);
	/*
	 * Event context: call noxs_netq_poll() of this queue soon.  port: which of
	 * the device's it came by.
	 */
	void (*event)(void *priv, unsigned int queue, unsigned int port);
	/*
	 * From noxs_netq_poll: a frame.  The data is valid (and may be
	 * altered by the backend) until the call returns: a caller that
	 * parses it in place copies headers first.  noxs_netq_send may be
	 * called here, poll not.
	 */
	void (*rx)(void *priv, unsigned int queue,
		   const struct noxs_net_frame *frame);
	/* From poll: there is room after a send returned -EAGAIN.  Optional. */
	void (*tx_room)(void *priv, unsigned int queue);
};

struct noxs_netfront_config {
	const struct noxs_netfront_ops *ops;
	void *arg;		/* for ops->probe */
	unsigned int max_queues;	/* 1..XEN_NOXS_NET_MAX_QUEUES; 0: 1 */
	unsigned int nr_rx;	/* receive pages of a queue, 1..256; 0: 32 */
	/*
	 * Transmit pages of a queue, 1..256; 0: 16.  With an MTU up to 2030 and without
	 * GSO each page holds two frames; with GSO up to 16 of them hold 16
	 * frames of up to 256 bytes each, and the others one.  GSO is not
	 * taken with less than 18 pages of each kind.
	 */
	unsigned int nr_tx;
	uint32_t features;	/* XEN_NOXS_NET_F_* the OS wants */
};

/*
 * Fill in a driver for noxs_bus_init.  cfg and what it points to stay valid
 * as long as the bus.  -EINVAL: out of range, or a feature not known here.
 */
int noxs_netfront_driver_init(struct noxs_driver *drv,
			      const struct noxs_netfront_config *cfg);

/* The device that this drives. */
struct noxs_device *noxs_netfront_device(const struct noxs_netfront *nf);
/* Of the present connection. */
const struct noxs_net_info *noxs_netfront_info(const struct noxs_netfront *nf);
/* Has the backend answered, so that frames really leave? */
bool noxs_netfront_connected(const struct noxs_netfront *nf);

/*
 * Queue i; NULL: there is no such.  There are info.queues from link_up on, and the
 * first one always; each is valid until remove.
 */
struct noxs_netq *noxs_netfront_queue(struct noxs_netfront *nf, unsigned int i);
/* By which of the device's ports its events come, the same if there is one. */
void noxs_netq_ports(const struct noxs_netq *q, unsigned int *tx,
		     unsigned int *rx);

/*
 * Copy a frame into the ring and tell the backend.  The fragments are the
 * caller's again on return.  0; -EAGAIN no room (tx_room follows); -EMSGSIZE
 * longer than MTU + 18 or shorter than an Ethernet header, -EINVAL bad nr or
 * flags, -EOPNOTSUPP CSUM_BLANK without the feature; -ENOTCONN link is down;
 * -EIO device is dead.
 */
int noxs_netq_send(struct noxs_netq *q, const struct noxs_net_frag *frags,
		   unsigned int nr_frags, uint32_t flags);
/*
 * The same for a frame with NOXS_NET_GSO4 or 6 (and CSUM_BLANK) in flags, up
 * to NOXS_NET_MAX_GSO_TX.  -EINVAL also: gso_size is smaller than
 * XEN_NOXS_NET_MIN_GSO, or not less than the frame; -EOPNOTSUPP: type without
 * the feature.
 */
int noxs_netq_send_gso(struct noxs_netq *q, const struct noxs_net_frag *frags,
		       unsigned int nr_frags, uint32_t flags,
		       uint16_t gso_size);
/*
 * With XEN_NOXS_NET_F_MCAST, when but those to info.mac and to all stations no
 * frames come in: from now on those to this group (its Ethernet address) do, or no
 * more.  At first none does; a connection forgets, so each link_up is followed by
 * those that are wanted.  0; -EAGAIN no room (tx_room
 * follows); -EOPNOTSUPP without the feature, when all of them come; -EINVAL not a
 * group's; -ENOTCONN, -EIO as send.  A backend may have no room for more than 64:
 * tx_errors counts it.  Context of send.
 */
int noxs_netq_group(struct noxs_netq *q, const uint8_t mac[6], bool add);
/*
 * Frames of the largest kind that fit without -EAGAIN, at least.  0 while the
 * link is up: ops->tx_room follows, as if a send had found no room.  Context
 * of send.
 */
unsigned int noxs_netq_tx_room(struct noxs_netq *q);

/*
 * Nobody listens at the other end of the device's port: give up this
 * connection.  link_down follows, with ENOTCONN; the next offer is a new
 * chance.  Nothing if the link is down or dead.  Context of send, first queue.
 */
void noxs_netfront_abandon(struct noxs_netfront *nf);

/*
 * After ops->starved: answer the offer that the backend has made since, or ask it for
 * another.  Any context.
 */
void noxs_netfront_retry(struct noxs_netfront *nf);

/* Any context: has the event come, is poll due? */
bool noxs_netq_pending(const struct noxs_netq *q);
/*
 * Take back sent buffers and deliver at most budget frames through ops->rx.
 * Returns the number delivered: less than budget means that the ring was
 * found empty and the event is armed; budget means call again without waiting
 * for an event (thrown-away frames count as well).  budget 0 only takes back
 * sent buffers.
 */
unsigned int noxs_netq_poll(struct noxs_netq *q, unsigned int budget);

struct noxs_netfront_stats {
	uint64_t rx_packets, rx_bytes, rx_errors;
	uint64_t tx_packets, tx_bytes, tx_errors;
	uint64_t tx_full;	/* sends that found no room */
};
void noxs_netq_stats(const struct noxs_netq *q,
		     struct noxs_netfront_stats *out);

/* The same for an OS that has one queue. */

static inline int noxs_netfront_send(struct noxs_netfront *nf,
				     const struct noxs_net_frag *frags,
				     unsigned int nr_frags, uint32_t flags)
{
	return noxs_netq_send(noxs_netfront_queue(nf, 0), frags, nr_frags,
			      flags);
}

static inline int noxs_netfront_send_gso(struct noxs_netfront *nf,
					 const struct noxs_net_frag *frags,
					 unsigned int nr_frags, uint32_t flags,
					 uint16_t gso_size)
{
	return noxs_netq_send_gso(noxs_netfront_queue(nf, 0), frags, nr_frags,
				  flags, gso_size);
}

static inline int noxs_netfront_group(struct noxs_netfront *nf,
				      const uint8_t mac[6], bool add)
{
	return noxs_netq_group(noxs_netfront_queue(nf, 0), mac, add);
}

static inline unsigned int noxs_netfront_tx_room(struct noxs_netfront *nf)
{
	return noxs_netq_tx_room(noxs_netfront_queue(nf, 0));
}

static inline bool noxs_netfront_pending(struct noxs_netfront *nf)
{
	return noxs_netq_pending(noxs_netfront_queue(nf, 0));
}

static inline unsigned int noxs_netfront_poll(struct noxs_netfront *nf,
					      unsigned int budget)
{
	return noxs_netq_poll(noxs_netfront_queue(nf, 0), budget);
}

static inline void noxs_netfront_stats(struct noxs_netfront *nf,
				       struct noxs_netfront_stats *out)
{
	noxs_netq_stats(noxs_netfront_queue(nf, 0), out);
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control protocol of a network backend (netback-lite).
 *
 * Transport: a SOCK_SEQPACKET Unix socket in a directory that only root may
 * enter; the backend also checks SO_PEERCRED.  One request is one packet of
 * struct noxs_netback_request, one reply one packet of struct
 * noxs_netback_reply, in the order of the requests; requests may be
 * pipelined.  Both ends are on one host: native byte order and alignment.
 * Clients take turns, a request each; what is quick (all but ATTACH and
 * DETACH) waits for one ATTACH or DETACH at most.  An ATTACH whose client is
 * gone before its turn is not done.
 *
 * A reply to ATTACH or DETACH says that the thing is done, not that it was
 * begun: after ATTACH the TAP is on its bridge and the device is in the
 * guest's device page; after DETACH the device is out of the device page, no
 * frame passes any more, and nothing of the guest is held.  The TAP itself
 * goes within 100 ms (closing one is a wait of 24 ms in the kernel, which
 * nobody else has to share); its name is free for the next ATTACH, which
 * waits for that if it must.
 *
 * A backend that ends leaves its vifs to the next one; only what listens and what
 * is awaited ends with its connection.  A request without a reply may have been
 * done: an ATTACH or BIND is undone by the next backend unless it was complete.
 *
 * Spares.  Most of an ATTACH is the kernel's work on the TAP.  A guest that
 * is made ahead gets its vif by ATTACH with NOXS_NETBACK_SPARE, and BIND gives
 * that one its owner's addresses later, for a fraction of the time:
 *
 *     ATTACH  -> spare  -- BIND --> vif -- DETACH --> nothing
 *                  \________________________________/
 *
 * A spare carries nothing: its TAP is up and on its bridge, but what is for
 * nobody in particular does not go out there, and its queue stays empty; its
 * device offers the MAC 0, which no frontend takes, and what the guest says to
 * that is not looked at.  Without a bridge the TAP stays down.
 *
 * Addresses that wait for their guest.  One who starts guests when they are
 * wanted LISTENs on a connection of his, and AWAITs addresses for it on any:
 *
 *     AWAIT -> waiting -- a frame for it: WAKE --> woken -- ATTACH, BIND -+
 *                 ^                                                      |
 *                 +----- DETACH, death of the guest ------ owned <-------+
 *
 * Of frames for an address (ARP requests for its IP, and what is for its MAC)
 * the first are held, and are the first that its vif receives: a vif of this
 * MAC on this bridge is its owner's, whoever attaches it.  When the guest of an
 * owned one has been quiet for the time that was asked for, IDLE is told, again
 * each such time; then it may be paused, and DOZE told: the next frame for any
 * of its vifs is a WAKE.  Everything ends with the listener's connection.
 */
#ifndef NOXS_NETBACK_H
#define NOXS_NETBACK_H

#include <stdbool.h>
#include <stdint.h>

#include <xen/noxs.h>

#define NOXS_NETBACK_DIR	"/run/noxs"
#define NOXS_NETBACK_SOCKET	NOXS_NETBACK_DIR "/netback.sock"
#define NOXS_NETBACK_MAGIC	0x4b42584eu	/* "NXBK" */
#define NOXS_NETBACK_VERSION	4
#define NOXS_NETBACK_ALL	0xffffu		/* every vif of the guest */
#define NOXS_NETBACK_IFNAMSIZ	16

enum noxs_netback_op {
	/* Nothing but a reply: is the backend there, does it speak this version. */
	NOXS_NETBACK_HELLO = 0,
	/*
	 * Make a TAP, put it on the bridge, bring it up, add the device.
	 * -EEXIST: the guest has this vif.  -ENODEV: no such bridge.
	 * -ESRCH: no such guest.  -EPROTONOSUPPORT: a VLAN, and the bridge
	 * does not filter by it.  All or nothing.
	 */
	NOXS_NETBACK_ATTACH = 1,
	/* Undo ATTACH for one vif or for all of a guest.  -ENOENT: not there. */
	NOXS_NETBACK_DETACH = 2,
	/* The first vif at or after (domid, vif).  -ENOENT: no more. */
	NOXS_NETBACK_STATS = 3,
	/*
	 * Give a spare its owner: fields as of ATTACH, flags 0.  One that was
	 * attached without a bridge is put on the one named here.  On failure
	 * it stays a spare.  -ENOENT: no such vif.  -EBUSY: it is no spare.
	 * -EXDEV: it is on another bridge, or its TAP has another name; it is
	 * not for this owner then.  -ESRCH: the guest is dead.
	 */
	NOXS_NETBACK_BIND = 4,
	/*
	 * This connection is told of events from now on, as they happen, each
	 * a packet like a reply, but not one.  The reply's token is its number.
	 */
	NOXS_NETBACK_LISTEN = 5,
	/*
	 * bridge, mac, ip (ip_mode STATIC), listener, token, idle_ms; others as
	 * for ATTACH, and without meaning.  The reply has the vif, if the
	 * address is owned.  Again, with the same bridge, MAC and token: what is
	 * held is dropped, and one that was woken waits anew.  -ENODEV: no such
	 * bridge.  -EEXIST: another one waits for this MAC or IP there.
	 * -ENOENT: no such listener.  -ENOSPC: NOXS_NETBACK_MAX_AWAITS.
	 */
	NOXS_NETBACK_AWAIT = 6,
	/* bridge, mac, listener.  -ENOENT: not awaited. */
	NOXS_NETBACK_FORGET = 7,
	/*
	 * The guest is paused since IDLE was told; let it lie until a frame
	 * comes.  -EAGAIN: one has come since, or it is no longer quiet: it must
	 * go on.  -ENOENT: no such guest, or nothing of it is awaited.
	 */
	NOXS_NETBACK_DOZE = 8,

	/* Events.  With token, and the vif if there is one. */
	NOXS_NETBACK_WAKE = 16,
	NOXS_NETBACK_IDLE = 17,
};

#define NOXS_NETBACK_MAX_AWAITS	4096

/* flags of a request */
#define NOXS_NETBACK_SPARE	1	/* ATTACH: for nobody yet */
/* Frames whose source is not mac are dropped; not ip either (STATIC alone) */
#define NOXS_NETBACK_SPOOF_MAC	2
#define NOXS_NETBACK_SPOOF_IP	4	/* with SPOOF_MAC */

/* The most that goes one way.  Both 0: no limit. */
struct noxs_netback_limit {
	uint64_t amount;	/* in each interval, up to 2^62 */
	uint32_t interval_us;
	uint32_t pad;		/* 0 */
};

enum noxs_netback_limited {
	NOXS_NETBACK_TX_BYTES = 0,	/* tx is what the guest sends */
	NOXS_NETBACK_TX_FRAMES,
	NOXS_NETBACK_RX_BYTES,
	NOXS_NETBACK_RX_FRAMES,
	NOXS_NETBACK_NR_LIMITS,
};

struct noxs_netback_request {
	uint32_t magic;		/* NOXS_NETBACK_MAGIC */
	uint16_t version;	/* NOXS_NETBACK_VERSION */
	uint16_t op;		/* enum noxs_netback_op */
	uint32_t cookie;	/* comes back in the reply */
	uint16_t domid;
	uint16_t vif;		/* device id, or NOXS_NETBACK_ALL for DETACH */
	/* ATTACH and BIND; 0 otherwise.  Of a spare only mtu, bridge and queues. */
	uint8_t mac[6];		/* the guest's */
	uint16_t mtu;		/* 0: the bridge's */
	uint8_t ip_mode;	/* XEN_NOXS_NET_IP_* */
	uint8_t prefix;
	uint8_t ip[4];		/* network order */
	uint8_t gateway[4];	/* network order */
	uint8_t flags;		/* NOXS_NETBACK_SPARE, _SPOOF_* */
	uint8_t queues;		/* the guest may have, 1..8 (XEN_NOXS_NET_MAX_QUEUES);
				   0: 1.  Of a spare, too; BIND as it was said
				   then (-EXDEV) */
	uint8_t pad[4];		/* 0 */
	char bridge[NOXS_NETBACK_IFNAMSIZ];	/* "": no bridge, TAP only */
	char ifname[NOXS_NETBACK_IFNAMSIZ];	/* "": vif<domid>.<vif> */
	struct noxs_netback_limit limit[NOXS_NETBACK_NR_LIMITS];
	/* Of its bridge, which filters by VLAN: untagged there, and no other.  0:
	 * as the bridge does with new ports. */
	uint16_t vlan;
	uint16_t pad2;		/* 0 */
	uint32_t idle_ms;	/* AWAIT; 0: IDLE is never told */
	/* AWAIT and FORGET */
	uint64_t listener;	/* of the reply to LISTEN */
	uint64_t token;		/* the listener's name for it; 0 for FORGET */
};

/*
 * Why a frame was dropped.  Of a new reason the number is the next one: who was
 * built before it sees it in rx_dropped or tx_dropped alone.
 */
enum noxs_netback_drop {
	/* What the guest sent (tx) */
	NOXS_NETBACK_DROP_TX_SIZE = 0,	/* no header, or longer than its MTU */
	NOXS_NETBACK_DROP_TX_COPY,	/* a grant that cannot be read */
	NOXS_NETBACK_DROP_TX_OFFLOAD,	/* headers do not fit what it asks for */
	NOXS_NETBACK_DROP_TX_TAP,	/* the host's network did not take it */
	/* What is for the guest (rx) */
	NOXS_NETBACK_DROP_RX_SIZE,	/* empty, or longer than the MTU */
	NOXS_NETBACK_DROP_RX_COPY,	/* a grant that cannot be written */
	NOXS_NETBACK_DROP_RX_OFFLOAD,	/* a checksum or segment beyond it */
	NOXS_NETBACK_DROP_RX_ROOM,	/* no buffers for it, no memory to wait */
	/* tx: the sender is another than the vif's owner, see netback-lite(8) */
	NOXS_NETBACK_DROP_TX_MAC,
	NOXS_NETBACK_DROP_TX_ARP,
	NOXS_NETBACK_DROP_TX_IP4,
	NOXS_NETBACK_DROP_TX_IP6,
	NOXS_NETBACK_DROP_TX_PROTOCOL,	/* one in which that could be hidden */
	NOXS_NETBACK_DROP_RX_STALL,	/* the guest took nothing for so long */
	NOXS_NETBACK_NR_DROPS,
};

/* Counters of one vif, as seen from the guest: rx is what it received. */
struct noxs_netback_stats {
	uint64_t rx_packets, rx_bytes, rx_dropped;
	uint64_t tx_packets, tx_bytes, tx_dropped;
	uint64_t events;	/* from the guest */
	uint64_t notifies;	/* to the guest */
	uint64_t budget_spent;	/* times a vif used its whole budget */
	uint64_t rx_stalls;	/* times frames had to wait for its buffers */
	uint64_t rx_throttled;	/* times frames for it waited for its rate */
	uint64_t tx_throttled;	/* times it had to wait for its rate */
	uint64_t damped;	/* times it was put off: its events brought nothing */
	uint64_t tx_switched;	/* packets that went to a guest without a TAP */
	uint64_t mapped;	/* pages of its buffers that are so now */
	uint64_t queues;	/* in use now; 0: not connected */
	uint64_t drop[NOXS_NETBACK_NR_DROPS];
};

/*
 * A reason by its name, "size", and the way that the frame went; NULL: there is
 * none of this number.
 */
const char *noxs_netback_drop_name(unsigned int drop, bool *tx);

struct noxs_netback_reply {
	uint32_t magic;
	uint16_t version;
	uint16_t op;
	uint32_t cookie;
	int32_t rc;		/* 0 or -errno */
	uint16_t domid;
	uint16_t vif;
	uint16_t slot;		/* in the guest's device page */
	uint8_t state;		/* XEN_NOXS_STATE_* of the backend side */
	uint8_t flags;		/* NOXS_NETBACK_SPARE: it is one */
	char ifname[NOXS_NETBACK_IFNAMSIZ];
	char bridge[NOXS_NETBACK_IFNAMSIZ];
	/*
	 * On failure: the step that failed and why, for people; on success "",
	 * or, of STATS, what its guest did that the vif was closed for.
	 */
	char error[120];
	uint64_t token;		/* of LISTEN: its number; of an event: AWAIT's */
	uint8_t uuid[16];	/* STATS: the guest's; 0 where it is not known */
	struct noxs_netback_stats stats;	/* STATS only */
};

/*
 * Event channels that a vif of so many queues (0: one) is made with: one is enough
 * for one queue, of several each gets as many as there are for it.
 */
static inline unsigned int noxs_netback_ports(unsigned int queues)
{
	if (queues <= 1)
		return 1;
	return queues < XEN_NOXS_MAX_PORTS / 2 ? 2 * queues
					       : XEN_NOXS_MAX_PORTS;
}

/*
 * Client side.  A connection may be used by one thread at a time.  Nothing
 * is logged.  All block at most timeout_ms (-ETIMEDOUT: of a recv, it may be
 * called again for the same request; a connection that is not waited on any
 * more is out of step and must be closed).
 */

/* path NULL: $NOXS_NETBACK_SOCKET, or the default.  Returns an O_CLOEXEC fd
 * through out.  -ENOENT or -ECONNREFUSED: no backend runs there. */
int noxs_netback_open(const char *path, int timeout_ms, int *out);
void noxs_netback_close(int fd);	/* -1 is allowed */
/* Fills in magic, version and cookie.  Returns the reply's rc, or -errno of
 * the socket (-EPROTO: the answer makes no sense), with reply->error set. */
int noxs_netback_call(int fd, struct noxs_netback_request *req,
		      struct noxs_netback_reply *reply, int timeout_ms);

/*
 * The two halves of a call, to have several requests on their way: replies
 * come in the order of the requests, and each recv names the request whose
 * turn it is.
 */
int noxs_netback_send(int fd, struct noxs_netback_request *req, int timeout_ms);
int noxs_netback_recv(int fd, const struct noxs_netback_request *req,
		      struct noxs_netback_reply *reply, int timeout_ms);
/* The next event of a connection that listens.  -EAGAIN: none now. */
int noxs_netback_event(int fd, struct noxs_netback_reply *event);

#endif

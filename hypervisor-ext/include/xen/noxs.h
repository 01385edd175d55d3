/* SPDX-License-Identifier: MIT */
/*
 * noxs: device negotiation over shared pages, without XenStore.
 *
 * This header is the whole ABI: the hypercall, the pages and the words that
 * frontends and backends say to each other.  docs/noxs-abi.md explains it
 * with a diagram.  Inside Xen it is <public/noxs.h>, elsewhere <xen/noxs.h>.
 *
 * Model
 *   Every domain owns one *device page*.  Xen alone writes it; it has one
 *   slot per device.  Every (guest, backend domain) pair that has devices
 *   owns one or more *control page pairs*: a front page and a back page.
 *   A device has one 512-byte area, at the same offset, in each of the two.
 *
 *     page               guest   backend domain          written by
 *     device page        r       r (mapped resource)     Xen
 *     front page         r/w     r (mapped resource, or  the frontend
 *                                XEN_NOXS_OP_read)
 *     back page          r       r (mapped resource)     XEN_NOXS_OP_publish,
 *                                                        by the backend only
 *
 *   All are frames that Xen allocates and shares with the guest, who is
 *   their owner; no guest, PV or translated, and no PV backend domain can map
 *   the read-only ones writable.  (A translated control domain can map any
 *   page of its guests so.)  A page stays until the guest is gone and unmapped
 *   by all.
 *
 * Rules of the wire (docs/noxs-abi.md, "Invariants")
 *   - No side reads back what it wrote.  A field of the peer is copied once,
 *     the copy is validated, the copy is used.
 *   - Structures only grow at their end, under a new version.  Fields named
 *     pad or reserved are written as 0; a non-zero one is an error.
 *   - All integers are little-endian and fixed-width, the same for 32- and
 *     64-bit domains.  Structures are multiples of 8 bytes.
 */
#ifndef __XEN_PUBLIC_NOXS_H__
#define __XEN_PUBLIC_NOXS_H__

#if defined(__XEN__)
#include "xen.h"
#elif defined(__KERNEL__)
#include <linux/types.h>
#else
#include <stdint.h>
#endif

#define XEN_NOXS_VERSION          1

/*
 * long noxs_op(unsigned int cmd, void *arg)
 *
 * 56 is the first number behind the architectures' own range that upstream
 * leaves alone.  Probe with XEN_NOXS_OP_version before anything else: a Xen
 * without noxs answers -ENOSYS, and one that uses the number otherwise does
 * not answer with XEN_NOXS_MAGIC.
 */
#define __HYPERVISOR_noxs_op      56

/* XENMEM_acquire_resource: frame numbers are noxs page indices, id is 0. */
#define XENMEM_resource_noxs      0x4e58
/* XENMEM_add_to_physmap: idx is the noxs page index.  Translated guests. */
#define XENMAPSPACE_noxs          0x4e58
/* Raised at the guest when its device page changed (hot add or remove). */
#define VIRQ_NOXS                 14

#define XEN_NOXS_MAGIC            0x53584f4eU /* "NOXS": version, device page */
#define XEN_NOXS_FRONT_MAGIC      0x4658584eU /* "NXXF": front area in use    */
#define XEN_NOXS_BACK_MAGIC       0x4258584eU /* "NXXB": back area in use     */

/* Limits.  All lists that anybody walks are bounded by these. */
#define XEN_NOXS_MAX_SLOTS        62  /* devices of one domain                */
#define XEN_NOXS_MAX_PORTS        4   /* event channels of one device         */
#define XEN_NOXS_MAX_PAIRS        16  /* control page pairs of one domain     */
#define XEN_NOXS_AREA_SIZE        512 /* one side's area of one device, bytes */
#define XEN_NOXS_AREAS_PER_PAGE   8   /* of one backend domain                */
#define XEN_NOXS_MAX_WATCHES      16  /* listeners for domain changes, host   */

/*
 * Page indices, for both ways to map and for XEN_NOXS_OP_frames.  A control
 * page exists from the first XEN_NOXS_OP_add that needs it.
 */
#define XEN_NOXS_PAGE_DEVICE      0
#define XEN_NOXS_PAGE_FRONT(pair) (1 + 2 * (pair))
#define XEN_NOXS_PAGE_BACK(pair)  (2 + 2 * (pair))
#define XEN_NOXS_MAX_PAGES        (1 + 2 * XEN_NOXS_MAX_PAIRS)

/* Device types. */
#define XEN_NOXS_TYPE_NONE        0
#define XEN_NOXS_TYPE_NET         1
#define XEN_NOXS_TYPE_CONSOLE     2 /* reserved */
#define XEN_NOXS_TYPE_POWER       3
#define XEN_NOXS_TYPE_BLOCK       4 /* reserved */
#define XEN_NOXS_TYPE_MAX         4

/* What Xen says of a slot. */
#define XEN_NOXS_SLOT_EMPTY       0
#define XEN_NOXS_SLOT_PRESENT     1

/*
 * One device, as the guest sees it.  Xen writes all of it; state last when a
 * device appears and first when it goes, with seq changed in between, so a
 * reader copies the slot and takes the copy only if seq was the same before
 * and after and state is PRESENT.
 */
struct xen_noxs_slot {
    uint32_t seq;       /* changes with every add and remove in this slot     */
    uint8_t  state;     /* XEN_NOXS_SLOT_*                                    */
    uint8_t  type;      /* XEN_NOXS_TYPE_*                                    */
    uint16_t id;        /* device number within its type, e.g. vif 3          */
    uint16_t backend;   /* domid of the backend domain                        */
    uint8_t  nr_ports;  /* valid entries of port[]                            */
    uint8_t  pair;      /* control pages XEN_NOXS_PAGE_{FRONT,BACK}(pair)     */
    uint16_t offset;    /* of the device's area in both, bytes                */
    uint16_t pad;       /* 0                                                  */
    uint32_t port[XEN_NOXS_MAX_PORTS]; /* the guest's ports, bound; rest 0    */
    uint64_t reserved[4];              /* 0                                   */
};

struct xen_noxs_device_page {
    uint32_t magic;      /* XEN_NOXS_MAGIC                                    */
    uint16_t version;    /* XEN_NOXS_VERSION                                  */
    uint16_t size;       /* bytes in use from the start of the page           */
    uint32_t generation; /* changes when the domain was restored or cloned    */
    uint32_t seq;        /* changes with every add and remove                 */
    uint64_t serial;     /* of this domain since the host booted; never used
                            twice, unlike a domid                             */
    uint16_t domid;      /* the owner's own                                   */
    uint16_t nr_slots;   /* slots that a reader has to look at: 0..MAX_SLOTS  */
    uint32_t pad;        /* 0                                                 */
    uint64_t reserved[12]; /* 0                                               */
    struct xen_noxs_slot slot[XEN_NOXS_MAX_SLOTS];
};

/*
 * States of one side of a device.
 *
 *   backend:  CLOSED -> INIT -> CONNECTED -> CLOSING -> CLOSED
 *   frontend: CLOSED ---------> CONNECTED -> CLOSING -> CLOSED
 *
 *   1. The backend publishes INIT, a generation and its offer (with the add).
 *   2. The frontend copies the offer, prepares its rings, writes its answer,
 *      echoes the generation, makes all that visible, sets CONNECTED and
 *      raises port[0].
 *   3. The backend copies the answer, maps what it names and publishes
 *      CONNECTED.  The frontend may fill its rings from step 2 on.
 *   A backend that starts anew publishes INIT with another generation; the
 *   frontend sees that its echo is stale and goes to step 2.
 *   A frontend answers an offer at most once, all lives and drivers of the
 *   device taken together: if its area echoes the offer's generation already,
 *   it sets CLOSED with error 0, and the backend publishes another INIT.  An
 *   answer that is being written has another error until it is CONNECTED.
 *   Either side ends it with CLOSING; the other answers CLOSED.  A backend
 *   that found its peer lying publishes CLOSED with a reason in error.
 */
#define XEN_NOXS_STATE_CLOSED     0
#define XEN_NOXS_STATE_INIT       1
#define XEN_NOXS_STATE_CONNECTED  2
#define XEN_NOXS_STATE_CLOSING    3
#define XEN_NOXS_STATE_MAX        3

/* The first bytes of every area, whatever the type. */
struct xen_noxs_area_hdr {
    uint32_t magic;      /* XEN_NOXS_{FRONT,BACK}_MAGIC                       */
    uint16_t version;    /* XEN_NOXS_VERSION                                  */
    uint16_t size;       /* bytes in use, header included                     */
    uint32_t seq;        /* back areas: odd while Xen copies a publish into
                            it; front areas: 0                                */
    uint32_t state;      /* XEN_NOXS_STATE_*                                  */
    uint32_t generation; /* back: of this offer; front: the one answered      */
    uint32_t features;   /* of the type: back offers, front takes a subset    */
    uint32_t error;      /* positive errno of why it is CLOSED, or 0          */
    uint32_t pad;        /* 0                                                 */
};

/* Network (XEN_NOXS_TYPE_NET).  Data path: the rings of <xen/io/netif.h>. */
#define XEN_NOXS_NET_F_SG         (1u << 0) /* packets of several slots       */
#define XEN_NOXS_NET_F_CSUM4      (1u << 1) /* blank TCP/UDP checksums, IPv4  */
#define XEN_NOXS_NET_F_CSUM6      (1u << 2)
#define XEN_NOXS_NET_F_GSO4       (1u << 3) /* TCP in extra info slots, needs */
#define XEN_NOXS_NET_F_GSO6       (1u << 4) /* SG and CSUM of its family      */
#define XEN_NOXS_NET_F_STATIC     (1u << 5) /* buffers that may stay mapped   */
#define XEN_NOXS_NET_F_MCAST      (1u << 6) /* only its MAC and groups named  */
#define XEN_NOXS_NET_F_HASH       (1u << 7) /* which queue a frame comes by   */
#define XEN_NOXS_NET_F_ALL        0xffu

#define XEN_NOXS_NET_MAX_QUEUES   8
#define XEN_NOXS_NET_MIN_MTU      68
#define XEN_NOXS_NET_MAX_MTU      9000
#define XEN_NOXS_NET_MIN_GSO      256u /* payload of a segment, guest's GSO  */

/* What the guest is told about its addresses. */
#define XEN_NOXS_NET_IP_NONE      0 /* nothing said: the guest decides        */
#define XEN_NOXS_NET_IP_STATIC    1 /* use ip, prefix, gateway                */
#define XEN_NOXS_NET_IP_DHCP      2

/*
 * HASH: a frame for the guest comes by the queue whose number is the lower 16
 * bits of Toeplitz(hash_key, input) modulo the number of queues.  The input is that of receive-side scaling, in
 * network order: source address, destination address, and, of TCP and UDP that
 * is no fragment and follows its IP header at once, source and destination
 * port.  IPv4 and IPv6, behind at most one 802.1Q tag; anything else has hash 0.
 * What came before the backend was CONNECTED comes by any queue.  A backend that
 * could not have as many ways to read as there are queues takes the hash modulo
 * the number of those that it has; the last queues get nothing then.
 */
#define XEN_NOXS_NET_HASH_KEY     40

struct xen_noxs_net_back {
    struct xen_noxs_area_hdr hdr;
    uint8_t  mac[6];     /* the guest's                                       */
    uint16_t mtu;        /* bytes of payload, MIN_MTU..MAX_MTU                */
    uint16_t max_queues; /* 1..MAX_QUEUES                                     */
    uint8_t  ip_mode;    /* XEN_NOXS_NET_IP_*                                 */
    uint8_t  prefix;     /* 0..32                                             */
    uint8_t  ip[4];      /* in network order; 0 unless STATIC                 */
    uint8_t  gateway[4]; /* in network order; 0: none                         */
    uint32_t pad;        /* 0                                                 */
    /* With HASH; an offer without it may end before this.                    */
    uint8_t  hash_key[XEN_NOXS_NET_HASH_KEY];
};
#define XEN_NOXS_NET_BACK_LEAST   56  /* bytes of it that there always are    */

/*
 * What the toolstack asks of a backend in another domain than its own.  It stands
 * in the back area from the XEN_NOXS_OP_add on, behind struct xen_noxs_net_back,
 * whose mac, ip_mode, prefix, ip and gateway belong to it.  That says CLOSED,
 * error 0 and generation 0, which no frontend answers, until the backend has what
 * is asked for and publishes INIT; or, if it cannot be had, CLOSED with an error
 * and a refusal.  The request stays as it was, for the backend's next process.
 * The guest can read all of it.
 */
#define XEN_NOXS_NET_REQUEST      256 /* where it is in the back area, bytes  */
#define XEN_NOXS_NET_REQ_MAGIC    0x5152584eU /* "NXRQ"                       */
#define XEN_NOXS_NET_REQ_SPOOF_MAC (1u << 0) /* frames of its own MAC only    */
#define XEN_NOXS_NET_REQ_SPOOF_IP (1u << 1) /* and address; with STATIC       */
#define XEN_NOXS_NET_REQ_ALL      3u
#define XEN_NOXS_NET_NAME         16  /* of a network device, with the 0      */

/* The most that goes one way; both 0: no limit. */
struct xen_noxs_net_limit {
    uint64_t amount;     /* in each interval                                  */
    uint32_t interval_us;
    uint32_t pad;        /* 0                                                 */
};

struct xen_noxs_net_request {
    uint32_t magic;      /* XEN_NOXS_NET_REQ_MAGIC                            */
    uint32_t flags;      /* XEN_NOXS_NET_REQ_*                                */
    uint16_t mtu;        /* 0: the bridge's                                   */
    uint16_t vlan;       /* 0: as the bridge does with new ports              */
    uint16_t queues;     /* 1..MAX_QUEUES; 0: 1                               */
    uint16_t pad;        /* 0                                                 */
    char     bridge[XEN_NOXS_NET_NAME]; /* "": none                           */
    char     ifname[XEN_NOXS_NET_NAME]; /* "": vif<domid>.<id>                */
    struct xen_noxs_net_limit limit[4]; /* tx bytes, frames; rx bytes, frames */
};

/* Behind the request, with CLOSED and an error: the step and why, for people. */
#define XEN_NOXS_NET_REFUSAL      368
#define XEN_NOXS_NET_REF_MAGIC    0x4652584eU /* "NXRF"                       */
struct xen_noxs_net_refusal {
    uint32_t magic;      /* XEN_NOXS_NET_REF_MAGIC                            */
    uint32_t pad;        /* 0                                                 */
    char     text[120];  /* with a 0 at its end                               */
};

struct xen_noxs_net_queue {
    uint32_t tx_ref;     /* grant of the tx ring page (netif_tx_sring)        */
    uint32_t rx_ref;     /* grant of the rx ring page (netif_rx_sring)        */
    uint32_t tx_port;    /* index into the slot's port[] for tx, and ...      */
    uint32_t rx_port;    /* ... for rx; may be the same                       */
};

/*
 * STATIC: grants of a queue's buffers that end no sooner than the connection,
 * as a list in a page that is granted itself (and not changed while it lasts).
 * A backend may map them, once and when it likes, or not; what is sent and
 * posted may lie in these pages or in others.
 */
#define XEN_NOXS_NET_MAX_STATIC   512
#define XEN_NOXS_NET_STATIC_RO    (1u << 0) /* in flags: granted read-only    */

struct xen_noxs_net_static {
    uint32_t ref;        /* grant of a page with data, offset 0               */
    uint32_t flags;      /* XEN_NOXS_NET_STATIC_*                             */
};

struct xen_noxs_net_list {
    uint32_t ref;        /* grant of the page with the list                   */
    uint32_t nr;         /* entries from its start, 1..MAX_STATIC             */
};

struct xen_noxs_net_front {
    struct xen_noxs_area_hdr hdr;
    uint16_t nr_queues;  /* 1..the offer's max_queues                         */
    uint16_t pad;        /* 0                                                 */
    uint32_t pad2;       /* 0                                                 */
    struct xen_noxs_net_queue queue[XEN_NOXS_NET_MAX_QUEUES];
    struct xen_noxs_net_list list[XEN_NOXS_NET_MAX_QUEUES]; /* with STATIC    */
};

/*
 * Power (XEN_NOXS_TYPE_POWER): what the toolstack asks of a guest.  One device
 * per domain, id 0, one port.  There is no process behind it all the time: the
 * toolstack makes it with the domain (state INIT, no command) and whoever of
 * it wants something publishes a command, in state CONNECTED.
 *
 *   1. The frontend answers the offer: echoes the generation, names the
 *      commands it knows in features, sets CONNECTED.
 *   2. The toolstack looks there whether the guest knows the command,
 *      publishes it under a cmd_id that the area did not hold before and not
 *      0, and raises port[0].
 *   3. The frontend copies the back area.  A cmd_id that is neither 0 nor the
 *      one it took last is a command: it writes ack_error, then ack_id = cmd_id,
 *      and then, if ack_error is 0, does it.  MEMORY alone is done first and
 *      acknowledged after.
 *   The toolstack waits for ack_id with a time limit of its own, and then for
 *   Xen to say that the domain has shut down (SHUTDOWN_poweroff, _reboot or
 *   _suspend).  A guest may take a later command before it acknowledged an
 *   earlier one, which then is void.
 */
#define XEN_NOXS_POWER_NONE       0
#define XEN_NOXS_POWER_POWEROFF   1
#define XEN_NOXS_POWER_REBOOT     2
#define XEN_NOXS_POWER_SUSPEND    3 /* and resume, where and when ever        */
#define XEN_NOXS_POWER_MEMORY     4 /* own arg KiB of memory from now on      */
#define XEN_NOXS_POWER_MAX        4
#define XEN_NOXS_POWER_F(cmd)     (1u << (cmd)) /* in hdr.features            */
#define XEN_NOXS_POWER_F_ALL      0x1eu

struct xen_noxs_power_back {
    struct xen_noxs_area_hdr hdr;
    uint32_t cmd;        /* XEN_NOXS_POWER_*                                  */
    uint32_t cmd_id;     /* another one with each command; 0: none yet        */
    uint64_t arg;        /* of the command, or 0                              */
};

struct xen_noxs_power_front {
    struct xen_noxs_area_hdr hdr;
    uint32_t ack_error;  /* positive errno of why not, or 0                   */
    uint32_t ack_id;     /* cmd_id of the command this is about; 0: none yet  */
};

/*
 * The hypercall.  Every argument structure is IN unless a field says OUT.
 * Returns 0 or -errno; OUT fields are written only on success.  Common
 * errors: -ENOSYS no noxs or unknown cmd, -EFAULT bad pointer, -EINVAL
 * non-zero padding or value out of range, -ESRCH no such domain (or a dying
 * one, for add), -EPERM not allowed.
 *
 * Who may: "any": every domain about itself; "control": a domain with the
 * rights of the toolstack over the target; "backend": the backend domain of
 * the device (the very domain, not a later one with its domid) or control.
 */

/* any.  What is here.  Never fails on a Xen with noxs. */
#define XEN_NOXS_OP_version       0
struct xen_noxs_version {
    uint32_t magic;      /* OUT  XEN_NOXS_MAGIC                               */
    uint32_t version;    /* OUT  XEN_NOXS_VERSION                             */
    uint16_t max_slots;  /* OUT  XEN_NOXS_MAX_*, as this Xen has them         */
    uint16_t max_ports;  /* OUT                                               */
    uint16_t max_pairs;  /* OUT                                               */
    uint16_t area_size;  /* OUT                                               */
    uint64_t serial;     /* OUT  of the calling domain                        */
    uint16_t domid;      /* OUT  of the calling domain                        */
    uint16_t virq;       /* OUT  VIRQ_NOXS                                    */
    uint32_t pad;        /* OUT  0                                            */
};

/*
 * any, PV only (-EOPNOTSUPP for translated domains: they use
 * XENMAPSPACE_noxs).  Machine frames of the caller's own pages, to be entered
 * in its page tables; read-only but for front pages.  -ENOENT: no such page.
 */
#define XEN_NOXS_OP_frames        1
#define XEN_NOXS_FRAMES_MAX       33
struct xen_noxs_frames {
    uint32_t first;      /* page index                                        */
    uint32_t nr;         /* 1..XEN_NOXS_FRAMES_MAX                            */
    uint64_t mfn[XEN_NOXS_FRAMES_MAX]; /* OUT                                 */
};

/*
 * control.  Adds a device: takes a slot and an area, allocates the control
 * pages if the pair has no room yet, binds nr_ports event channels between
 * the guest and the backend domain, fills the back area from back[], and
 * raises VIRQ_NOXS at the guest.  All or nothing.
 *
 * port[i] names a port that the backend domain allocated unbound for the
 * guest; Xen binds a new guest port to it.  0: Xen makes that end too and
 * says which.  XEN_NOXS_PORT_WAIT: Xen makes the guest's end alone, which waits
 * for the backend domain to bind to it (EVTCHNOP_bind_interdomain, with the
 * guest_port that XEN_NOXS_OP_list gives); 0 comes back.
 *
 * -EEXIST a device of this type and id is there, -ENOSPC no slot, pair, or
 * port left within the limits (XEN_NOXS_OP_limit), -ENOMEM, -EINVAL a port
 * that is not unbound for the guest, or a back area with a bad header.
 */
#define XEN_NOXS_OP_add           2
#define XEN_NOXS_PORT_WAIT        0xffffffffU
struct xen_noxs_add {
    uint16_t domid;      /* the guest                                         */
    uint16_t backend;    /* the backend domain                                */
    uint16_t id;         /* device number within its type                     */
    uint8_t  type;       /* XEN_NOXS_TYPE_*                                   */
    uint8_t  nr_ports;   /* 1..XEN_NOXS_MAX_PORTS                             */
    uint32_t port[XEN_NOXS_MAX_PORTS]; /* IN/OUT the backend's ports          */
    uint16_t slot;       /* OUT  index in the device page                     */
    uint8_t  pair;       /* OUT                                               */
    uint8_t  pad;        /* 0                                                 */
    uint16_t offset;     /* OUT                                               */
    uint16_t pad2;       /* 0                                                 */
    uint64_t serial;     /* OUT  the guest's                                  */
    uint8_t  back[XEN_NOXS_AREA_SIZE]; /* the first content of the back area  */
};

/*
 * control or backend.  Removes a device: closes the guest's ports, empties
 * slot and areas, raises VIRQ_NOXS.  The orderly part (CLOSING) comes before
 * and is the backend's.  serial 0: whichever domain has this domid now.
 * -ENOENT no such device, -ESTALE the domid belongs to another domain now.
 */
#define XEN_NOXS_OP_remove        3
struct xen_noxs_remove {
    uint16_t domid;
    uint16_t id;
    uint8_t  type;
    uint8_t  pad[3];     /* 0                                                 */
    uint64_t serial;     /* of the guest, or 0                                */
};

/*
 * control: any device; others: the devices whose backend they are.
 * Enumerates devices in order of (domid, slot).  Visits a bounded number of
 * domains per call: the end is reached when next_domid is XEN_NOXS_END.
 */
#define XEN_NOXS_OP_list          4
#define XEN_NOXS_LIST_MAX         16
#define XEN_NOXS_END              0xffffu
#define XEN_NOXS_ANY              0xffffu
struct xen_noxs_list_entry {
    uint64_t serial;     /* of the guest                                      */
    uint16_t domid;      /* of the guest                                      */
    uint16_t slot;
    uint16_t id;
    uint16_t backend;
    uint8_t  type;
    uint8_t  nr_ports;
    uint8_t  pair;
    uint8_t  pad;        /* 0                                                 */
    uint16_t offset;
    uint16_t seq;        /* of the slot, its lower half: no two devices that
                            follow each other in a slot have the same         */
    uint32_t guest_port[XEN_NOXS_MAX_PORTS];
    /* At add; stale once closed; 0 of one that waited */
    uint32_t backend_port[XEN_NOXS_MAX_PORTS];
};
struct xen_noxs_list {
    uint16_t domid;      /* only this guest's, or XEN_NOXS_ANY                */
    uint16_t backend;    /* only this backend domain's, or XEN_NOXS_ANY       */
    uint16_t next_domid; /* IN/OUT where to go on; 0, 0 to begin              */
    uint16_t next_slot;  /* IN/OUT                                            */
    uint32_t nr;         /* OUT  valid entries                                */
    uint32_t pad;        /* 0                                                 */
    struct xen_noxs_list_entry entry[XEN_NOXS_LIST_MAX]; /* OUT               */
};

/*
 * backend.  Replaces the first size bytes of the device's back area by
 * data[] (which starts with struct xen_noxs_area_hdr; its seq is Xen's and
 * must be 0) and, with XEN_NOXS_PUBLISH_NOTIFY, raises the device's port[0]
 * at the guest.  The guest never sees half of it (seq).  -ENOENT, -ESTALE as
 * for remove.
 */
#define XEN_NOXS_OP_publish       5
#define XEN_NOXS_PUBLISH_NOTIFY   (1u << 0)
struct xen_noxs_publish {
    uint16_t domid;
    uint16_t id;
    uint8_t  type;
    uint8_t  pad;        /* 0                                                 */
    uint16_t size;       /* sizeof(struct xen_noxs_area_hdr)..AREA_SIZE       */
    uint64_t serial;     /* of the guest                                      */
    uint32_t flags;      /* XEN_NOXS_PUBLISH_*                                */
    uint32_t pad2;       /* 0                                                 */
    uint8_t  data[XEN_NOXS_AREA_SIZE];
};

/*
 * control over the host.  From now on raise the caller's port, which it
 * allocated unbound with itself as the remote domain, whenever some domain
 * was created, paused, unpaused, shut down, resumed after a shutdown, crashed
 * or vanished.  Changes are coalesced, never queued; XEN_NOXS_OP_states tells
 * what they were.  Of the toolstack's pauses, which are counted, the first and
 * the last to go are changes.  Any number of processes may watch, up to
 * XEN_NOXS_MAX_WATCHES (-ENOSPC).  A watch ends when its port is closed, or
 * with XEN_NOXS_WATCH_OFF.  With XEN_NOXS_WATCH_DYING it is raised only when a
 * domain begins to die (its state says DYING from then on): for those who have
 * pages of every domain that they know mapped, so that none goes unseen.  The
 * last call for a port decides.
 *
 * any, with XEN_NOXS_WATCH_BACKEND (and no other flag): raise the port whenever
 * a device was added of which the caller is the backend, or is gone, removed or
 * with its guest; XEN_NOXS_OP_list tells which there are.  One port a domain,
 * beside those above: the last call's.
 */
#define XEN_NOXS_OP_watch         6
#define XEN_NOXS_WATCH_OFF        (1u << 0) /* and no other flag              */
#define XEN_NOXS_WATCH_DYING      (1u << 1)
#define XEN_NOXS_WATCH_BACKEND    (1u << 2)
struct xen_noxs_watch {
    uint32_t port;
    uint32_t flags;      /* XEN_NOXS_WATCH_*                                  */
};

/*
 * control over the host.  Domains whose state changed after `since`, from
 * next_domid on, bounded work per call; the end is reached when next_domid
 * is XEN_NOXS_END.  A caller keeps the first call's `now` as the `since` of
 * its next round.  Domains that vanished are not listed: when gone > since,
 * a caller checks those it knows (a listing with since 0 names all alive).
 */
#define XEN_NOXS_OP_states        7
#define XEN_NOXS_STATES_MAX       16
#define XEN_NOXS_DOM_SHUTDOWN     (1u << 0) /* code is valid                  */
#define XEN_NOXS_DOM_DYING        (1u << 1)
#define XEN_NOXS_DOM_PAUSED       (1u << 2) /* by the toolstack               */
#define XEN_NOXS_DOM_STARTED      (1u << 3) /* was unpaused once              */
struct xen_noxs_state_entry {
    uint64_t serial;
    uint64_t changed;    /* sequence number of its last change                */
    uint8_t  uuid[16];   /* the domain's handle                               */
    uint16_t domid;
    uint8_t  code;       /* SHUTDOWN_*, if SHUTDOWN                           */
    uint8_t  pad;        /* 0                                                 */
    uint32_t flags;      /* XEN_NOXS_DOM_*                                    */
};
struct xen_noxs_states {
    uint64_t since;
    uint64_t now;        /* OUT  sequence number of the latest change         */
    uint64_t gone;       /* OUT  sequence number of the latest disappearance  */
    uint16_t next_domid; /* IN/OUT 0 to begin                                 */
    uint16_t nr;         /* OUT                                               */
    uint32_t pad;        /* 0                                                 */
    struct xen_noxs_state_entry entry[XEN_NOXS_STATES_MAX]; /* OUT            */
};

/* control.  How many devices the domain may have: 0..XEN_NOXS_MAX_SLOTS. */
#define XEN_NOXS_OP_limit         8
struct xen_noxs_limit {
    uint16_t domid;
    uint16_t max_slots;
    uint32_t pad;        /* 0                                                 */
};

/*
 * control.  Numbers the domain's present life: generation of its device page.
 * Whoever restores or clones a domain gives it another one than the original
 * had when it was saved, before the first of its devices.  A new domain begins
 * with 1; 0 is refused (-EINVAL).  -ESRCH also for a dying domain.
 */
#define XEN_NOXS_OP_generation    9
struct xen_noxs_generation {
    uint16_t domid;
    uint16_t pad;        /* 0                                                 */
    uint32_t generation;
};

/*
 * backend.  Copies one of a device's two areas, a word at a time: for a backend
 * that cannot map them, and for who added the device.  A back area comes whole,
 * never half of a publish; a front area as it is while the guest writes.  Of two
 * calls the second sees nothing older than the first.  serial 0, -ENOENT,
 * -ESTALE as for remove.
 */
#define XEN_NOXS_OP_read          10
#define XEN_NOXS_READ_FRONT       0
#define XEN_NOXS_READ_BACK        1
struct xen_noxs_read {
    uint16_t domid;
    uint16_t id;
    uint8_t  type;
    uint8_t  side;       /* XEN_NOXS_READ_*                                   */
    uint16_t pad;        /* 0                                                 */
    uint64_t serial;     /* of the guest, or 0                                */
    uint8_t  data[XEN_NOXS_AREA_SIZE]; /* OUT                                 */
};

/* Xen's own check of public headers speaks C++98, which has no such assert. */
#if !defined(__ASSEMBLY__) && \
    (!defined(__cplusplus) || __cplusplus >= 201103L)
#ifdef __cplusplus
#define XEN_NOXS_ASSERT(name, cond) \
    static_assert(cond, "noxs ABI: " name)
#else
#define XEN_NOXS_ASSERT(name, cond) \
    _Static_assert(cond, "noxs ABI: " name)
#endif
XEN_NOXS_ASSERT("slot is 64 bytes", sizeof(struct xen_noxs_slot) == 64);
XEN_NOXS_ASSERT("slots start at 128",
    __builtin_offsetof(struct xen_noxs_device_page, slot) == 128);
XEN_NOXS_ASSERT("device page is a page",
    sizeof(struct xen_noxs_device_page) == 4096);
XEN_NOXS_ASSERT("area header is 32 bytes",
    sizeof(struct xen_noxs_area_hdr) == 32);
XEN_NOXS_ASSERT("areas fill a page",
    XEN_NOXS_AREA_SIZE * XEN_NOXS_AREAS_PER_PAGE == 4096);
XEN_NOXS_ASSERT("net back area", sizeof(struct xen_noxs_net_back) == 96);
XEN_NOXS_ASSERT("net back area without a hash",
    __builtin_offsetof(struct xen_noxs_net_back, hash_key) ==
    XEN_NOXS_NET_BACK_LEAST);
XEN_NOXS_ASSERT("net front area", sizeof(struct xen_noxs_net_front) == 232);
XEN_NOXS_ASSERT("net front lists",
    __builtin_offsetof(struct xen_noxs_net_front, list) == 168);
XEN_NOXS_ASSERT("static grants fill a page",
    sizeof(struct xen_noxs_net_static) * XEN_NOXS_NET_MAX_STATIC == 4096);
XEN_NOXS_ASSERT("net front fits",
    sizeof(struct xen_noxs_net_front) <= XEN_NOXS_AREA_SIZE);
XEN_NOXS_ASSERT("net limit", sizeof(struct xen_noxs_net_limit) == 16);
XEN_NOXS_ASSERT("net request", sizeof(struct xen_noxs_net_request) == 112);
XEN_NOXS_ASSERT("net request is behind the offer",
    sizeof(struct xen_noxs_net_back) <= XEN_NOXS_NET_REQUEST);
XEN_NOXS_ASSERT("net refusal is behind the request",
    XEN_NOXS_NET_REQUEST + sizeof(struct xen_noxs_net_request) ==
    XEN_NOXS_NET_REFUSAL);
XEN_NOXS_ASSERT("net refusal", sizeof(struct xen_noxs_net_refusal) == 128);
XEN_NOXS_ASSERT("net refusal fits", XEN_NOXS_NET_REFUSAL +
    sizeof(struct xen_noxs_net_refusal) <= XEN_NOXS_AREA_SIZE);
XEN_NOXS_ASSERT("power back area", sizeof(struct xen_noxs_power_back) == 48);
XEN_NOXS_ASSERT("power front area", sizeof(struct xen_noxs_power_front) == 40);
XEN_NOXS_ASSERT("version", sizeof(struct xen_noxs_version) == 32);
XEN_NOXS_ASSERT("frames", sizeof(struct xen_noxs_frames) == 272);
XEN_NOXS_ASSERT("add", sizeof(struct xen_noxs_add) == 552);
XEN_NOXS_ASSERT("add.serial",
    __builtin_offsetof(struct xen_noxs_add, serial) == 32);
XEN_NOXS_ASSERT("remove", sizeof(struct xen_noxs_remove) == 16);
XEN_NOXS_ASSERT("list entry", sizeof(struct xen_noxs_list_entry) == 56);
XEN_NOXS_ASSERT("list", sizeof(struct xen_noxs_list) == 912);
XEN_NOXS_ASSERT("publish", sizeof(struct xen_noxs_publish) == 536);
XEN_NOXS_ASSERT("watch", sizeof(struct xen_noxs_watch) == 8);
XEN_NOXS_ASSERT("state entry", sizeof(struct xen_noxs_state_entry) == 40);
XEN_NOXS_ASSERT("states", sizeof(struct xen_noxs_states) == 672);
XEN_NOXS_ASSERT("limit", sizeof(struct xen_noxs_limit) == 8);
XEN_NOXS_ASSERT("generation", sizeof(struct xen_noxs_generation) == 8);
XEN_NOXS_ASSERT("read", sizeof(struct xen_noxs_read) == 528);
#endif

#endif /* __XEN_PUBLIC_NOXS_H__ */

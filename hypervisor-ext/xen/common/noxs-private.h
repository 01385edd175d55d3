/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Between the noxs files: what Xen itself knows of a domain's devices.
 *
 * Nothing here is ever read back from a page that a domain can see; those
 * pages are written from here.
 *
 * Locks, outermost first:
 *
 *   noxs_domain.lock       one domain's devices, pages and pairs.  A CPU holds
 *                          the one of a single domain at a time, that of the
 *                          guest; the backend domain's is never needed.
 *     domain.event_lock    of guest and backend (event_channel.c orders them)
 *       evtchn.lock
 *     domain.page_alloc_lock, heap and pool locks
 *
 *   watch_lock             (noxs-watch.c) readers raise, writers register
 *     evtchn.lock
 *   change_lock            (noxs-watch.c) leaf, for a few stores
 *
 * Nothing is copied from or to a guest under any of them.  domain.shutdown_lock
 * and the domctl lock may be held around all of them, the P2M lock is not.
 *
 * Domains are looked up under RCU.  A domid alone never identifies one for
 * longer than a read section: noxs_domain.serial does.
 */
#ifndef __COMMON_NOXS_PRIVATE_H__
#define __COMMON_NOXS_PRIVATE_H__

#include <xen/atomic.h>
#include <xen/guest_access.h>
#include <xen/lib.h>
#include <xen/noxs.h>
#include <xen/spinlock.h>

#define NOXS_AREAS_ALL ((1u << XEN_NOXS_AREAS_PER_PAGE) - 1)

struct noxs_device {
    uint64_t backend_serial;
    uint32_t seq;               /* of the slot; survives the device */
    uint32_t guest_port[XEN_NOXS_MAX_PORTS];
    uint32_t backend_port[XEN_NOXS_MAX_PORTS];
    domid_t backend;
    uint16_t id;
    uint8_t type;               /* XEN_NOXS_TYPE_NONE: the slot is empty */
    uint8_t nr_ports;
    uint8_t made;               /* bit i: Xen allocated backend_port[i] */
    uint8_t pair;
    uint8_t area;
};

/* A front and a back page, for devices of one backend domain. */
struct noxs_pair {
    uint64_t serial;            /* of the backend domain */
    domid_t backend;
    uint8_t used;               /* bit per area */
    uint32_t seq[XEN_NOXS_AREAS_PER_PAGE]; /* of the back areas, even */
    uint8_t *front;
    uint8_t *back;
};

/* Made when the first device comes or the first page is mapped. */
struct noxs_devices {
    struct xen_noxs_device_page *page;
    uint32_t seq;               /* of the device page */
    uint16_t nr_slots;          /* the used ones are below */
    uint16_t nr_devices;
    struct noxs_pair *pair[XEN_NOXS_MAX_PAIRS];
    struct noxs_device slot[XEN_NOXS_MAX_SLOTS];
};

struct noxs_domain {
    spinlock_t lock;
    uint64_t serial;            /* constant */
    uint64_t changed;           /* change_lock */
    atomic_t served;            /* devices elsewhere that it is backend of */
    uint32_t generation;
    uint16_t max_slots;
    uint32_t backend_port;      /* raised for devices it is backend of; 0: none */
    uint16_t kill_next;         /* where noxs_domain_kill() goes on */
    bool closed;                /* no device will be added any more */
    struct noxs_devices *dev;
};

/* noxs.c */
bool noxs_is_domain(domid_t domid, uint64_t serial);

/*
 * One bounded stretch of a walk over all domains, in order of domid.  Within
 * rcu_read_lock(&domlist_read_lock).  prev is NULL at first, then what was
 * returned.  NULL: budget is spent or it was the last; next says where the
 * walk goes on, XEN_NOXS_END if nowhere.  While a domain is in hand, next is
 * that domain.
 */
struct noxs_walk {
    uint16_t next;
    unsigned int budget;
};
#define NOXS_WALK_BUDGET 64
struct domain *noxs_walk_next(struct noxs_walk *walk,
                              const struct domain *prev);

/* noxs-page.c: with the lock held */
int noxs_devices_get(struct domain *d);
int noxs_area_get(struct domain *d, const struct domain *backend,
                  unsigned int *pair, unsigned int *area);
void noxs_area_put(struct noxs_devices *dev, unsigned int pair,
                   unsigned int area);
void noxs_area_read(const struct noxs_pair *pair, unsigned int area,
                    unsigned int side, void *data);
void noxs_back_write(struct noxs_pair *pair, unsigned int area,
                     const void *data, size_t size);
void noxs_slot_show(struct noxs_devices *dev, unsigned int idx);
void noxs_slot_hide(struct noxs_devices *dev, unsigned int idx);
void noxs_header_write(const struct domain *d);
/* without */
void noxs_devices_free(struct noxs_devices *dev);
long noxs_op_frames(XEN_GUEST_HANDLE_PARAM(void) arg);

/* noxs-evtchn.c: with the lock of d, the guest, held */
int noxs_channel_open(struct domain *d, struct domain *backend,
                      struct noxs_device *dev, unsigned int i);
void noxs_channels_close(struct domain *d, struct noxs_device *dev);
void noxs_channel_raise(struct domain *d, const struct noxs_device *dev);
/* takes evtchn.lock only; false: not a port that waits for its own domain */
bool noxs_self_port_check(struct domain *d, uint32_t port, bool raise);

/* noxs-device.c */
void noxs_device_drop(struct domain *d, unsigned int idx); /* lock held */
long noxs_op_add(XEN_GUEST_HANDLE_PARAM(void) arg);
long noxs_op_remove(XEN_GUEST_HANDLE_PARAM(void) arg);
long noxs_op_publish(XEN_GUEST_HANDLE_PARAM(void) arg);
long noxs_op_read(XEN_GUEST_HANDLE_PARAM(void) arg);

/* noxs-list.c */
long noxs_op_list(XEN_GUEST_HANDLE_PARAM(void) arg);

/* noxs-watch.c */
uint64_t noxs_serial_next(void);
/* A device of this backend domain came or went.  A guest's lock may be held. */
void noxs_backend_raise(struct domain *backend);
void noxs_watches_drop(const struct domain *d);
long noxs_op_watch(XEN_GUEST_HANDLE_PARAM(void) arg);
long noxs_op_states(XEN_GUEST_HANDLE_PARAM(void) arg);

#endif /* __COMMON_NOXS_PRIVATE_H__ */

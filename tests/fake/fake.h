/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fake.h owns a host in one process: domains with memory, grant tables, event
 * channels and noxs pages, and the backend domain that sees them.
 *
 * Purpose
 *   Join a frontend and netback-lite over it, or play a hostile guest against
 *   netback-lite by hand.  What a real Xen would refuse is refused: read-only
 *   pages are mapped PROT_READ (a write there is a crash of the test), a page
 *   that is mapped cannot be taken back, a port of another domain is EINVAL.
 *
 * Model
 *   The backend domain is FAKE_BACKEND (dom0).  Its side has no functions
 *   here: the fake implements the seams themselves, that is libnoxs (noxs_*),
 *   nbl_gnttab_*, nbl_evtchn_*, nbl_tap_* and nbl_link_*.  They act on the
 *   one fake_host that exists.  The guests' side is fake_dom_*.
 *
 *   Events are latched.  Those of the backend make its eventfd readable; those
 *   of a guest call their handlers at once if fake_host_sync(true) was said,
 *   otherwise from fake_dom_run().
 *
 *   Failure injection: every call of a seam that may fail in reality counts;
 *   fake_fail_at(n) lets the n-th from now fail with its usual errno.
 *
 * Not thread-safe, except for nbl_tap_close, and for what another thread may do
 * as the guest: fake_dom_evtchn_notify, fake_dom_grant_flip.  What Xen and the
 * backend do in a guest's memory is atomic by byte or word.  Errors are 0 or
 * -errno.
 */
#ifndef FAKE_H
#define FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/noxs.h>

#define FAKE_BACKEND		0	/* domid */
#define FAKE_PAGE		4096u
#define FAKE_MAX_PAGES		1024u	/* of memory, per guest */
#define FAKE_MAX_GRANTS		1024u	/* per guest */
#define FAKE_MAX_PORTS		512u	/* per domain */
#define FAKE_FIRST_PORT		8u	/* of a domain that has none yet */

struct fake_domain;

/* One host at a time.  Aborts the test if memory is short. */
void fake_host_create(void);
/* Frees everything, domains included. */
void fake_host_destroy(void);
/* Call the guests' handlers as soon as an event is raised (default: no). */
void fake_host_sync(bool on);

/*
 * The backend domain sees the guests' pages at the guests' own addresses where
 * they can be had side by side, so that the thread sanitizer sees who races.  What
 * is mapped read-only can be written then.  Before any guest is made.
 */
void fake_host_alias(bool on);

/*
 * The backend domain has no rights over the guests: it maps none of their pages,
 * adds nothing and hears of its own devices alone.  Before it opens anything.
 */
void fake_host_unprivileged(bool on);

/* What the backend domain holds now; all 0 when nothing leaked. */
struct fake_usage {
	unsigned int handles;		/* noxs, gnttab, evtchn, link */
	unsigned int grant_maps;	/* pages */
	unsigned int noxs_maps;		/* pages */
	unsigned int ports;		/* of the backend domain */
	unsigned int devices;		/* in device pages */
	unsigned int taps;
	unsigned int watches;
};
void fake_host_usage(struct fake_usage *out);

/* 0: none fails. */
void fake_fail_at(unsigned int n);
/* Calls that could have failed since fake_fail_at or the beginning. */
unsigned int fake_fail_count(void);
/* Did the n-th come, and fail? */
bool fake_fail_hit(void);
/* For the seams: one more call; true: fail it. */
bool fake_fail_now(void);

/* Domains. */

struct fake_domain *fake_dom_create(uint16_t domid);
/*
 * The domain dies: its ports close, it cannot be found for new devices, its
 * state says DYING.  Its memory stays as long as somebody has it mapped.
 */
void fake_dom_kill(struct fake_domain *dom);
/* A killed domain vanishes from the host's list: the domid is free. */
void fake_dom_vanish(struct fake_domain *dom);
uint64_t fake_dom_serial(const struct fake_domain *dom);
struct fake_domain *fake_dom_find(uint16_t domid);

/* Memory of the guest: page-aligned, zeroed.  NULL: none left. */
void *fake_dom_pages_alloc(struct fake_domain *dom, unsigned int nr);
void fake_dom_pages_free(struct fake_domain *dom, void *addr, unsigned int nr);
unsigned int fake_dom_pages_used(const struct fake_domain *dom);

/* Grants.  page lies in the guest's memory.  -ENOSPC. */
int fake_dom_grant(struct fake_domain *dom, uint16_t to, void *page,
		   bool readonly, uint32_t *gref);
/* -EBUSY while mapped, -EINVAL not a grant. */
int fake_dom_grant_end(struct fake_domain *dom, uint32_t gref);
/* Off and on again, mapped or not, at any moment: as a guest can that lies. */
void fake_dom_grant_flip(struct fake_domain *dom, uint32_t gref, bool on);
unsigned int fake_dom_grants_used(const struct fake_domain *dom);

/* Events.  A handler may call anything here. */
typedef void (*fake_handler)(void *data);
/* -EINVAL out of range, -EBUSY has a handler.  Delivers a pending event. */
int fake_dom_evtchn_bind(struct fake_domain *dom, uint32_t port,
			 fake_handler fn, void *data);
void fake_dom_evtchn_unbind(struct fake_domain *dom, uint32_t port);
/* -EINVAL: not a bound port. */
int fake_dom_evtchn_notify(struct fake_domain *dom, uint32_t port);
/* The guest closes a port, which it should not. */
void fake_dom_evtchn_close(struct fake_domain *dom, uint32_t port);
int fake_dom_virq_bind(struct fake_domain *dom, unsigned int virq,
		       fake_handler fn, void *data);
void fake_dom_virq_unbind(struct fake_domain *dom, unsigned int virq);
/* Deliver latched events.  Returns how many handlers were called. */
unsigned int fake_dom_run(struct fake_domain *dom);
/* Latched and not yet delivered; reading does not clear. */
bool fake_dom_port_pending(const struct fake_domain *dom, uint32_t port);
void fake_dom_port_clear(struct fake_domain *dom, uint32_t port);
/* Times the port was raised at the guest. */
unsigned int fake_dom_port_raised(const struct fake_domain *dom,
				  uint32_t port);

/*
 * The guest's own hypercall: XEN_NOXS_OP_version; others -EPERM or -ENOSYS.
 * And its pages: -ENOENT no such page, -EPERM writable and not a front page.
 */
int fake_dom_hypercall(struct fake_domain *dom, unsigned int cmd, void *arg);
int fake_dom_map(struct fake_domain *dom, unsigned int index, bool writable,
		 void **out);
void fake_dom_unmap(struct fake_domain *dom, unsigned int index, void *addr);
/* Xen's writable view of a noxs page, for tests that look or that forge. */
void *fake_dom_noxs_page(struct fake_domain *dom, unsigned int index);
/*
 * The toolstack's side without a backend: noxs_add with FAKE_BACKEND as the
 * backend domain and a fresh port of it.  For frontend tests; a netback-lite
 * does it by itself.
 */
int fake_dom_add_net(struct fake_domain *dom, uint16_t id,
		     const struct xen_noxs_net_back *back,
		     uint32_t *backend_port);
/*
 * The toolstack's, of a backend without rights: adds the device with a port that
 * waits, and what is asked for.  -EEXIST, ...
 */
int fake_dom_ask_net(struct fake_domain *dom, uint16_t id,
		     const struct xen_noxs_net_back *back,
		     const struct xen_noxs_net_request *req);
/* And takes it away. */
int fake_dom_take_net(struct fake_domain *dom, uint16_t id);
/* After a restore: new generation, other serial, empty device page. */
void fake_dom_restore(struct fake_domain *dom);

/* Bridges and TAPs of the backend domain. */

void fake_bridge_add(const char *name, unsigned int mtu);
void fake_bridge_remove(const char *name);
/* It filters by VLAN from now on; its ports are in VLAN 1 unless told. */
void fake_bridge_filter(const char *name);
/* The network's end of a TAP: a SOCK_SEQPACKET socket whose packets start with
 * struct virtio_net_hdr.  Belongs to the fake.  -1: no such TAP. */
int fake_tap_peer(const char *name);
/* The same of a queue of it, the first being 0; -1: it has no such. */
#define FAKE_TAP_QUEUES	8
int fake_tap_queue_peer(const char *name, unsigned int queue);
/* What was asked of it. */
struct fake_tap_info {
	unsigned int vlan;	/* 0: none */
	char bridge[16];
	bool up;
	bool flood;		/* meaningless without a bridge */
	bool deaf;
	bool no_carrier;
	bool filtered;
	bool by_group;		/* hears own, all, and so many groups */
	uint8_t own[6];
	unsigned int groups;
	bool kept;		/* outlives its descriptor */
	unsigned int mtu;
	unsigned int offload;	/* TUN_F_* */
	bool no_qdisc;
	bool steered;		/* by a program */
};
/* Which one of the TAP's queues, in the kernel's order, has this descriptor. */
unsigned int fake_tap_queue(const char *name, int fd);
int fake_tap_info(const char *name, struct fake_tap_info *out);
/* Somebody takes it off its bridge; renames it; removes it (nobody has it
 * open). */
void fake_tap_leave_bridge(const char *name);
void fake_tap_rename(const char *name, const char *to);
void fake_tap_remove(const char *name);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * internal.h owns what the files of the core share and nobody else sees:
 * flags between contexts, and pools of granted pages.
 */
#ifndef NOXS_CORE_INTERNAL_H
#define NOXS_CORE_INTERNAL_H

#include "noxs_bus.h"

/*
 * Flags set in event context and taken in task context.  Whoever takes a flag
 * sees what was written before it was set.
 */
static inline void noxs_flag_set(bool *flag)
{
	__atomic_test_and_set(flag, __ATOMIC_RELEASE);
}

static inline bool noxs_flag_get(const bool *flag)
{
	return __atomic_load_n(flag, __ATOMIC_ACQUIRE);
}

static inline bool noxs_flag_take(bool *flag)
{
	return noxs_flag_get(flag) &&
	       __atomic_exchange_n(flag, false, __ATOMIC_ACQ_REL);
}

/* Pages granted to one domain.  Task context. */
struct noxs_pool_page {
	void *addr;		/* NULL: given back */
	uint32_t ref;
};

struct noxs_pool {
	struct noxs_pool *next;	/* in limbo */
	uint16_t domid;
	unsigned int nr;
	struct noxs_pool_page page[];
};

/*
 * Pools of one backend domain that may be in limbo before it gets no more: those
 * of all its devices, which are cut off at once by a resume, and some.
 */
#define NOXS_POOL_PER_PORT	4	/* a queue has at least one */
#define NOXS_POOL_MAX_LIMBO	8

/*
 * Allocate and grant nr pages.  -ENOMEM, -ENOSPC (grant entries), -EBUSY: the
 * domain holds on to too many pages of pools destroyed before.
 */
int noxs_pool_create(struct noxs_bus *bus, uint16_t domid, unsigned int nr,
		     bool readonly, struct noxs_pool **out);
/*
 * Take the pages back and free them.  A pool of which the peer still maps
 * pages goes to the bus's limbo.  NULL is allowed.
 */
void noxs_pool_destroy(struct noxs_bus *bus, struct noxs_pool *pool);
/* Try again for what is in limbo. */
void noxs_pool_retry(struct noxs_bus *bus);
/* Forget what is in limbo; the pages are lost.  For the end of the bus. */
void noxs_pool_abandon(struct noxs_bus *bus);

/* noxs_pages.c, for the bus */

/* Map the device page and check its header. */
int noxs_page_map(struct noxs_bus *bus);
/* -EPROTO: not a device page that we know. */
int noxs_page_check(const struct noxs_bus *bus, unsigned int *nr_slots);
/* The control pages of a pair; a half mapped pair is kept for the next try. */
int noxs_pair_map(struct noxs_bus *bus, unsigned int pair);
/* All of them, and the device page. */
void noxs_pages_unmap(struct noxs_bus *bus);
/*
 * Copy a slot.  0: *out is whole and valid, or has state EMPTY; -EAGAIN: it
 * is being rewritten; -EPROTO: it makes no sense.
 */
int noxs_slot_read(const struct noxs_bus *bus, unsigned int i,
		   struct xen_noxs_slot *out);

/* noxs_probe.c, for the bus; i is the slot */

/*
 * Take slot i's device in.  One that nobody drives is remembered, so that it
 * is not looked at again.  -ENOMEM and what mapping and binding say: not
 * taken in, the next scan tries again.
 */
int noxs_device_add(struct noxs_bus *bus, unsigned int i,
		    const struct xen_noxs_slot *slot);
/* Nothing if there is none.  gone: it left the device page. */
void noxs_device_remove(struct noxs_bus *bus, unsigned int i, bool gone);
/* The domain is another one now, the device may still be the same. */
void noxs_device_reset(struct noxs_bus *bus, unsigned int i,
		       unsigned int nr_slots);
void noxs_ports_unbind(struct noxs_device *dev);

/* noxs_device.c, for the bus */
void noxs_device_event(void *data);
/* Did the backend publish since the last read?  Any context. */
bool noxs_device_stale(const struct noxs_device *dev);
/* Copy size bytes (a multiple of 4, aligned) each read exactly once. */
void noxs_copy_in(void *to, const volatile void *from, size_t size);

#endif

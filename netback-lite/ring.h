/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ring.h owns the shared rings as the backend sees them: Xen's netif rings,
 * with our indices in private memory and every shared word read once.
 *
 * A guest may write into a ring at any moment.  So each access to one is atomic, a
 * word at a time: what was read is what some moment had in that word and is not
 * read again, and the thread sanitizer has nothing to say (tests/netback/race.c).
 * ring.h of Xen copies a request as a plain struct, and reads back the producer
 * index that it wrote.
 */
#ifndef NBL_RING_H
#define NBL_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define xen_mb()	__atomic_thread_fence(__ATOMIC_SEQ_CST)
#define xen_rmb()	__atomic_thread_fence(__ATOMIC_ACQUIRE)
#define xen_wmb()	__atomic_thread_fence(__ATOMIC_RELEASE)

#include <xen/io/netif.h>

#define NBL_RING_SIZE	256u	/* of both: what fits a page */
#define NBL_MAX_SLOTS	((unsigned int)XEN_NETIF_NR_SLOTS_MIN)

_Static_assert(__CONST_RING_SIZE(netif_tx, 4096) == NBL_RING_SIZE,
	       "tx ring");
_Static_assert(__CONST_RING_SIZE(netif_rx, 4096) == NBL_RING_SIZE,
	       "rx ring");

struct nbl_tx_ring {
	netif_tx_back_ring_t ring;
};

struct nbl_rx_ring {
	netif_rx_back_ring_t ring;
};

/*
 * The peer's producer index.  Acquire: the requests before it are read after
 * it, so that we see them as the guest wrote them.
 */
static inline RING_IDX nbl_ring_prod(const RING_IDX *req_prod)
{
	return __atomic_load_n(req_prod, __ATOMIC_ACQUIRE);
}

/* A slot is a multiple of words, and aligned to one. */
static inline void nbl_ring_get(void *to, const void *slot, size_t size)
{
	const uint32_t *from = slot;
	uint32_t word;
	size_t i;

	for (i = 0; i < size / sizeof(word); i++) {
		word = __atomic_load_n(from + i, __ATOMIC_RELAXED);
		memcpy((char *)to + i * sizeof(word), &word, sizeof(word));
	}
}

static inline void nbl_ring_put(void *slot, const void *from, size_t size)
{
	uint32_t *to = slot, word;
	size_t i;

	for (i = 0; i < size / sizeof(word); i++) {
		memcpy(&word, (const char *)from + i * sizeof(word),
		       sizeof(word));
		__atomic_store_n(to + i, word, __ATOMIC_RELAXED);
	}
}

/*
 * Responses up to prod are there; before there were old ones.  Release: the guest
 * sees them as they are before it sees the index.  True: it waits for one of them.
 */
static inline bool nbl_ring_push(RING_IDX *rsp_prod, const RING_IDX *rsp_event,
				 RING_IDX old, RING_IDX prod)
{
	__atomic_store_n(rsp_prod, prod, __ATOMIC_RELEASE);
	xen_mb();	/* the guest sees rsp_prod before we read rsp_event */
	return prod - __atomic_load_n(rsp_event, __ATOMIC_RELAXED) <
	       prod - old;
}

/*
 * Ask for an event when the producer reaches `event`, then look once more: a
 * guest that missed our request (it read req_event before) has its requests
 * seen by this look.
 */
static inline RING_IDX nbl_ring_arm(RING_IDX *req_event, RING_IDX event,
				    const RING_IDX *req_prod)
{
	__atomic_store_n(req_event, event, __ATOMIC_RELAXED);
	xen_mb();	/* the guest sees req_event before we read req_prod */
	return nbl_ring_prod(req_prod);
}

#endif

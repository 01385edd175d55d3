/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ring.h owns the shared rings as the backend sees them: Xen's netif rings,
 * with our indices in private memory and every shared word read once.
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

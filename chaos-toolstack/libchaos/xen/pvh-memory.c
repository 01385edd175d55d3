// SPDX-License-Identifier: BSD-2-Clause
/*
 * Memory of a PVH guest in the largest pages there are.  A page table entry
 * for 2 MB costs Xen about what one for 4 KB costs, so even the smallest guest
 * begins with whole superpages; what Xen cannot find contiguous comes smaller.
 */
#include <errno.h>

#include "private.h"

#define BATCH		512
#define ORDER_1GB	18
#define ORDER_2MB	9

static unsigned int order_for(uint64_t gfn, uint64_t nr, unsigned int limit)
{
	static const unsigned int orders[] = { ORDER_1GB, ORDER_2MB, 6, 3, 0 };
	unsigned int i = 0;

	while (orders[i] > limit || (gfn & ((1ull << orders[i]) - 1)) ||
	       nr < 1ull << orders[i])
		i++;
	return orders[i];
}

int chaos__xen_populate(struct chaos__xen *xen, uint32_t domid, uint64_t gfn,
			uint64_t nr)
{
	xen_pfn_t extent[BATCH];
	unsigned int limit = ORDER_1GB, order, n;
	int done;

	while (nr) {
		order = order_for(gfn, nr, limit);
		for (n = 0; n < BATCH && nr - ((uint64_t)n << order) >=
					 1ull << order; n++) {
			extent[n] = gfn + ((uint64_t)n << order);
			/* The next larger page may begin here. */
			if (n && order_for(extent[n],
					   nr - ((uint64_t)n << order),
					   limit) != order)
				break;
		}
		done = xc_domain_populate_physmap(xen->xch, domid, n, order, 0,
						  extent);
		if (done < 0)
			return chaos__xen_errno(xen);
		gfn += (uint64_t)done << order;
		nr -= (uint64_t)done << order;
		/* Less than asked for may be all there is: asked again, none. */
		if (done)
			continue;
		if (!order)
			return -ENOMEM;
		limit = order - 1;
	}
	return 0;
}

// SPDX-License-Identifier: BSD-2-Clause
/*
 * A saved guest's memory into a new domain.  Fresh pages may hold what somebody
 * left there: Xen scrubs those of the dead, not those that the living gave
 * back.  To map all of them for nothing but zeroes would cost three quarters of
 * a restore.  Whole superpages therefore are populated on demand: Xen takes
 * and clears them all at once, and hands each out at the first touch.  Each is
 * touched here, so that a restored guest is one like any other.  What is no
 * whole superpage is populated and zeroed by hand.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "state.h"

#define ORDER_2MB	9
#define BLOCK		(1ull << ORDER_2MB)	/* pages of a superpage */
/* What memset() does with the widest stores: see window.c. */
#define ZERO_CHUNK	1024u

static uint8_t *map(struct chaos__fill *f)
{
	return xc_map_foreign_pages(f->b->xen->xch, f->b->domid,
				    PROT_READ | PROT_WRITE, f->pfn,
				    (int)f->nr);
}

static void unmap(struct chaos__fill *f, uint8_t *area)
{
	munmap(area, (size_t)f->nr * CHAOS__PAGE_SIZE);
	f->nr = 0;
}

/* The pages that were listed. */
static int zero_listed(struct chaos__fill *f)
{
	uint8_t *area;
	size_t at;

	if (!f->nr)
		return 0;
	area = map(f);
	if (!area)
		return chaos__xen_errno(f->b->xen);
	for (at = 0; at < (size_t)f->nr * CHAOS__PAGE_SIZE; at += ZERO_CHUNK)
		memset(area + at, 0, ZERO_CHUNK);
	unmap(f, area);
	return 0;
}

static int by_hand(struct chaos__fill *f, uint64_t gfn, uint64_t nr)
{
	int rc;

	if (!nr)
		return 0;
	rc = chaos__xen_populate(f->b->xen, f->b->domid, gfn, nr);
	for (; !rc && nr; nr--) {
		f->pfn[f->nr++] = gfn++;
		if (f->nr == CHAOS__FILL_PAGES)
			rc = zero_listed(f);
	}
	return rc;
}

/* Whole superpages. */
static int on_demand(struct chaos__fill *f, uint64_t gfn, uint64_t nr)
{
	xen_pfn_t extent[64];
	unsigned int n;
	int done;

	while (nr && !f->no_demand) {
		for (n = 0; n < sizeof(extent) / sizeof(extent[0]) &&
			    n < nr / BLOCK; n++)
			extent[n] = gfn + n * BLOCK;
		done = xc_domain_populate_physmap(f->b->xen->xch, f->b->domid,
						  n, ORDER_2MB,
						  XENMEMF_populate_on_demand,
						  extent);
		if (done <= 0)
			f->no_demand = true;	/* not on this Xen */
		else {
			f->demand = true;
			gfn += (uint64_t)done * BLOCK;
			nr -= (uint64_t)done * BLOCK;
		}
	}
	return by_hand(f, gfn, nr);
}

static int populate(struct chaos__fill *f, const struct chaos__chunk_range *r)
{
	uint64_t end = r->gfn + r->nr;
	uint64_t first = (r->gfn + BLOCK - 1) & ~(BLOCK - 1);
	uint64_t last = end & ~(BLOCK - 1);
	int rc;

	if (first >= last)
		return by_hand(f, r->gfn, r->nr);
	rc = by_hand(f, r->gfn, first - r->gfn);
	if (!rc)
		rc = on_demand(f, first, last - first);
	if (!rc)
		rc = by_hand(f, last, end - last);
	return rc;
}

static int touch_listed(struct chaos__fill *f)
{
	uint8_t *area;

	if (!f->nr)
		return 0;
	area = map(f);
	if (!area)
		return chaos__xen_errno(f->b->xen);
	unmap(f, area);
	return 0;
}

/* A page of each superpage: Xen hands out the whole. */
static int touch(struct chaos__fill *f, const struct chaos__chunk_range *r)
{
	uint64_t gfn = (r->gfn + BLOCK - 1) & ~(BLOCK - 1);
	int rc = 0;

	for (; !rc && gfn + BLOCK <= r->gfn + r->nr; gfn += BLOCK) {
		f->pfn[f->nr++] = gfn;
		if (f->nr == CHAOS__FILL_PAGES)
			rc = touch_listed(f);
	}
	return rc;
}

static int hand_out(struct chaos__fill *f, const uint8_t *chunk, size_t size)
{
	struct chaos__chunk_range r;
	int rc = 0;

	for (; !rc && size; chunk += sizeof(r), size -= sizeof(r)) {
		memcpy(&r, chunk, sizeof(r));
		rc = touch(f, &r);
	}
	return rc ? rc : touch_listed(f);
}

int chaos__fill_memory(struct chaos__fill *f, const struct chaos__chunk_check *c,
		       const void *chunk, size_t size)
{
	const uint8_t *ranges = chunk;
	struct chaos__chunk_range r;
	size_t at;
	int rc = 0;

	for (at = 0; !rc && at < size; at += sizeof(r)) {
		memcpy(&r, ranges + at, sizeof(r));
		rc = populate(f, &r);
	}
	if (!rc)
		rc = zero_listed(f);
	if (rc || !f->demand)
		return rc;
	/* The pages themselves, cleared; as many as there are by now. */
	f->demand = false;
	if (xc_domain_set_pod_target(f->b->xen->xch, f->b->domid,
				     c->sum.nr_populated, NULL, NULL, NULL))
		return chaos__xen_errno(f->b->xen);
	return hand_out(f, ranges, size);
}

int chaos__fill_pages(struct chaos__fill *f, const void *chunk)
{
	const uint8_t *ranges = chunk, *from;
	struct chaos__chunk_pages head;
	struct chaos__chunk_range r;
	uint8_t *area;
	unsigned int i;

	memcpy(&head, ranges, sizeof(head));
	ranges += sizeof(head);
	from = ranges + head.nr_ranges * sizeof(r);
	for (i = 0; i < head.nr_ranges; i++, ranges += sizeof(r)) {
		memcpy(&r, ranges, sizeof(r));
		while (r.nr--)
			f->pfn[f->nr++] = r.gfn++;
	}
	area = map(f);
	if (!area)
		return chaos__xen_errno(f->b->xen);
	for (i = 0; i < f->nr; i++)
		memcpy(area + (size_t)i * CHAOS__PAGE_SIZE,
		       from + (size_t)i * CHAOS__PAGE_SIZE, CHAOS__PAGE_SIZE);
	unmap(f, area);
	return 0;
}

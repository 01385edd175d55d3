// SPDX-License-Identifier: BSD-2-Clause
/*
 * Pages that Xen has back.
 */
#include <errno.h>
#include <stdlib.h>

#include "minios/hypercall.h"
#include <xen/memory.h>

#include "minios/balloon.h"
#include "minios/mm.h"

#define BATCH		64	/* pages per hypercall */
#define RESERVE		32	/* free pages for whoever needs some */
#define WORD_BITS	64
#define NO_FRAME	(~0ull)

/* A bit for each page number up to the end of memory; made when first used. */
static uint64_t *away;
static unsigned long nr_words, nr_away, floor_pages = RESERVE;

void balloon_floor(unsigned long pages)
{
	floor_pages += pages;
}

static int make_map(void)
{
	unsigned long end;

	if (away)
		return 0;
	end = boot.range[boot.nr_ranges - 1].end >> PAGE_SHIFT;
	nr_words = (end + WORD_BITS - 1) / WORD_BITS;
	away = calloc(nr_words, sizeof(*away));
	return away ? 0 : -ENOMEM;
}

static void mark(const void *page, bool set)
{
	unsigned long n = (uintptr_t)page >> PAGE_SHIFT;

	if (set) {
		away[n / WORD_BITS] |= 1ull << (n % WORD_BITS);
		nr_away++;
	} else {
		away[n / WORD_BITS] &= ~(1ull << (n % WORD_BITS));
		nr_away--;
	}
}

/* Some page that is away, at or behind *at. */
static void *next_away(unsigned long *at)
{
	unsigned long n;

	for (n = *at; n < nr_words * WORD_BITS; n++) {
		if (!away[n / WORD_BITS]) {
			n |= WORD_BITS - 1;
		} else if (away[n / WORD_BITS] >> (n % WORD_BITS) & 1) {
			*at = n + 1;
			return (void *)(n << PAGE_SHIFT);
		}
	}
	return NULL;
}

/* What Xen calls the page while it has no frame. */
static uint64_t page_gpfn(const void *page)
{
	return ((uintptr_t)page - (boot.pv ? IMAGE_BASE : 0)) >> PAGE_SHIFT;
}

/* --- towards Xen ------------------------------------------------------------ */

/* How many of the n pages Xen took: the first ones. */
static unsigned int xen_take(void *const pages[], unsigned int n)
{
	xen_pfn_t frames[BATCH];
	struct xen_memory_reservation op = { .nr_extents = n,
					     .domid = DOMID_SELF };
	unsigned int i;
	long done;

	for (i = 0; i < n; i++) {
		frames[i] = page_frame(pages[i]);
		if (boot.pv)
			pv_unmap_page(pages[i]);
	}
	set_xen_guest_handle(op.extent_start, frames);
	done = hypercall2(__HYPERVISOR_memory_op, XENMEM_decrease_reservation,
			  &op);
	if (done < 0)
		done = 0;
	for (i = 0; boot.pv && i < n; i++) {
		if (i < done)
			boot.p2m[page_gpfn(pages[i])] = NO_FRAME;
		else
			pv_map_page(pages[i]);
	}
	return done;
}

/* How many of the n pages Xen gave: the first ones. */
static unsigned int xen_give(void *const pages[], unsigned int n)
{
	xen_pfn_t frames[BATCH];
	struct xen_memory_reservation op = { .nr_extents = n,
					     .domid = DOMID_SELF };
	unsigned int i;
	long done;

	for (i = 0; i < n; i++)
		frames[i] = page_gpfn(pages[i]);
	set_xen_guest_handle(op.extent_start, frames);
	done = hypercall2(__HYPERVISOR_memory_op, XENMEM_populate_physmap, &op);
	if (done < 0)
		done = 0;
	for (i = 0; boot.pv && i < done; i++) {
		boot.p2m[page_gpfn(pages[i])] = frames[i];
		pv_map_page(pages[i]);
	}
	return done;
}

/* --- up and down ------------------------------------------------------------ */

/* Give n pages to Xen; how many it has taken. */
static unsigned long shrink(unsigned long n)
{
	void *pages[BATCH] = { NULL };
	unsigned long done = 0;
	unsigned int i, nr, taken;

	do {
		for (nr = 0; nr < BATCH && done + nr < n; nr++) {
			pages[nr] = page_alloc(1);
			if (!pages[nr])
				break;
		}
		taken = nr ? xen_take(pages, nr) : 0;
		for (i = 0; i < nr; i++) {
			if (i < taken)
				mark(pages[i], true);
			else
				page_free(pages[i], 1);
		}
		done += taken;
	} while (nr && taken == nr && done < n);
	return done;
}

/* Get n of the pages that are away; how many Xen had. */
static unsigned long grow(unsigned long n)
{
	void *pages[BATCH] = { NULL };
	unsigned long done = 0, at = 0;
	unsigned int i, nr, given;

	do {
		for (nr = 0; nr < BATCH && done + nr < n; nr++) {
			pages[nr] = next_away(&at);
			if (!pages[nr])
				break;
		}
		given = nr ? xen_give(pages, nr) : 0;
		for (i = 0; i < given; i++) {
			mark(pages[i], false);
			page_free(pages[i], 1);
		}
		done += given;
	} while (nr && given == nr && done < n);
	return done;
}

int balloon_set(uint64_t kib)
{
	domid_t self = DOMID_SELF;
	unsigned long want = kib / (PAGE_SIZE / 1024), n, done;
	long have;

	have = hypercall2(__HYPERVISOR_memory_op, XENMEM_current_reservation,
			  &self);
	if (have < 0)
		return have;
	if (make_map())
		return -ENOMEM;
	if (want < (unsigned long)have) {
		n = have - want;
		if (n > page_nr_free() || page_nr_free() - n < floor_pages)
			return -ENOMEM;
		done = shrink(n);
		if (done < n)
			grow(done);
	} else {
		n = want - have;
		if (n > nr_away)
			return -ERANGE;
		done = grow(n);
		if (done < n)
			shrink(done);
	}
	return done < n ? -ENOMEM : 0;
}

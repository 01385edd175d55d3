// SPDX-License-Identifier: BSD-2-Clause
/*
 * The page allocator: one bit per page, set when it is taken or not ours.
 *
 * First fit.  Memory that a PV builder
 * left unmapped counts as taken until the rest runs out, and is then mapped
 * 2 MB at a time.
 */
#include <string.h>

#include "minios/mm.h"

#define WORD_BITS	64
#define CHUNK		0x200000ul
#define RESERVE		4	/* pages kept for tables while we can grow */

static uint64_t *map;		/* bit n: the page at n * PAGE_SIZE */
static unsigned long map_end;	/* pages that have a bit */
static unsigned long hint;	/* no free page below */
static unsigned long nr_free, nr_total, nr_mapped_free;

static bool taken(unsigned long n)
{
	return map[n / WORD_BITS] >> (n % WORD_BITS) & 1;
}

static void set_range(unsigned long n, unsigned long end, bool take)
{
	while (n < end) {
		unsigned int bit = n % WORD_BITS;
		unsigned long nr = WORD_BITS - bit;
		uint64_t mask;

		if (nr > end - n)
			nr = end - n;
		mask = (~0ull >> (WORD_BITS - nr)) << bit;
		if (take)
			map[n / WORD_BITS] |= mask;
		else
			map[n / WORD_BITS] &= ~mask;
		n += nr;
	}
}

static void release(uintptr_t start, uintptr_t end)
{
	unsigned long n = start >> PAGE_SHIFT;

	set_range(n, end >> PAGE_SHIFT, false);
	nr_mapped_free += (end - start) >> PAGE_SHIFT;
	if (n < hint)
		hint = n;
}

void page_init(void)
{
	struct boot_range *last = &boot.range[boot.nr_ranges - 1];
	unsigned int i;
	size_t bytes;

	/* The map takes the first pages of the last range, the large one. */
	map_end = last->end >> PAGE_SHIFT;
	bytes = (map_end + WORD_BITS - 1) / WORD_BITS * sizeof(*map);
	map = (uint64_t *)last->start;
	memset(map, 0xff, bytes);
	last->start = PAGE_UP(last->start + bytes);
	if (boot.left_end > last->start)
		memset((void *)last->start, 0, boot.left_end - last->start);
	hint = map_end;

	for (i = 0; i < boot.nr_ranges; i++) {
		uintptr_t end = boot.range[i].end;

		nr_free += (end - boot.range[i].start) >> PAGE_SHIFT;
		if (end > boot.mapped_end)
			end = boot.mapped_end;
		if (end > boot.range[i].start)
			release(boot.range[i].start, end);
	}
	nr_total = nr_free;
}

/* Map more of a PV guest's memory.  False: there is no more, or no table. */
static bool grow(void)
{
	uintptr_t start = boot.mapped_end;
	uintptr_t end = (start + CHUNK) & ~(CHUNK - 1);

	if (end > map_end << PAGE_SHIFT)
		end = map_end << PAGE_SHIFT;
	if (start == end || pv_map_memory(start, end))
		return false;
	boot.mapped_end = end;
	release(start, end);
	return true;
}

/* n free pages in a row at or after from; map_end: none. */
static unsigned long find(unsigned long from, unsigned int n)
{
	unsigned long start = from, i;

	for (i = from; i < map_end; i++) {
		if (i % WORD_BITS == 0 && map[i / WORD_BITS] == ~0ull) {
			i += WORD_BITS - 1;
			start = i + 1;
		} else if (taken(i)) {
			start = i + 1;
		} else if (i + 1 - start == n) {
			return start;
		}
	}
	return map_end;
}

/* Growing takes pages for tables itself: it must not start too late. */
static void keep_reserve(unsigned int n)
{
	static bool growing;

	if (growing)
		return;
	growing = true;
	while (nr_mapped_free < (unsigned long)n + RESERVE && grow())
		;
	growing = false;
}

void *page_alloc(unsigned int n)
{
	unsigned long page;

	if (!n)
		return NULL;
	keep_reserve(n);
	page = find(hint, n);
	if (page >= map_end && grow())
		page = find(hint, n);
	if (page >= map_end)
		return NULL;
	set_range(page, page + n, true);
	if (page == hint)
		hint = page + n;
	nr_free -= n;
	nr_mapped_free -= n;
	return (void *)(page << PAGE_SHIFT);
}

void page_free(void *page, unsigned int n)
{
	uintptr_t va = (uintptr_t)page;

	if (!page)
		return;
	memset(page, 0, (size_t)n << PAGE_SHIFT);
	release(va, va + ((uintptr_t)n << PAGE_SHIFT));
	nr_free += n;
}

unsigned long page_nr_free(void)
{
	return nr_free;
}

unsigned long page_nr_total(void)
{
	return nr_total;
}

// SPDX-License-Identifier: BSD-2-Clause
/*
 * Which pages a guest has, and what is in them.  Everything ascends, so that
 * one look at the range before tells an overlap, and pages are looked for in
 * the list of memory from where the last ones were found.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "chunk-parts.h"
#include "xen/xen.h"

#define FIRST_RANGES 16u

static int add_range(struct chaos__chunk_check *c,
		     const struct chaos__chunk_range *r)
{
	struct chaos__chunk_range *more;
	size_t max = c->max_ranges ? 2 * c->max_ranges : FIRST_RANGES;

	c->sum.nr_populated += r->nr;
	if (c->nr_ranges && c->memory_end == r->gfn) {
		c->range[c->nr_ranges - 1].nr += r->nr;
		return 0;
	}
	if (c->nr_ranges == c->max_ranges) {
		more = realloc(c->range, max * sizeof(*more));
		if (!more)
			return -ENOMEM;
		c->range = more;
		c->max_ranges = max;
	}
	c->range[c->nr_ranges++] = *r;
	return 0;
}

static int check_range(struct chaos__chunk_check *c,
		       const struct chaos__chunk_range *r, uint64_t last_end)
{
	if (!r->nr || r->nr > CHAOS__MAX_GFN || r->gfn >= CHAOS__MAX_GFN ||
	    r->gfn + r->nr > CHAOS__MAX_GFN)
		return chaos__chunk_bad(c, "%llu pages at %#llx",
					(unsigned long long)r->nr,
					(unsigned long long)r->gfn);
	if (r->gfn < last_end)
		return chaos__chunk_bad(c, "page %#llx is not behind the last",
					(unsigned long long)r->gfn);
	return 0;
}

int chaos__chunk_memory(struct chaos__chunk_check *c, const uint8_t *p,
			size_t size)
{
	struct chaos__chunk_range r;
	int rc;

	if (size % sizeof(r))
		return chaos__chunk_bad(c, "it cannot be %zu bytes", size);
	for (; size; size -= sizeof(r), p += sizeof(r)) {
		memcpy(&r, p, sizeof(r));
		rc = check_range(c, &r, c->memory_end);
		if (rc)
			return rc;
		if (r.nr > c->limits.max_pages - c->sum.nr_populated)
			return chaos__chunk_bad(c, "more than %llu pages",
						(unsigned long long)
						c->limits.max_pages);
		rc = add_range(c, &r);
		if (rc)
			return rc;
		c->memory_end = r.gfn + r.nr;
	}
	return 0;
}

/* Is all of it in one range of the memory? */
static bool find_range(struct chaos__chunk_check *c,
		       const struct chaos__chunk_range *r)
{
	const struct chaos__chunk_range *m;

	for (; c->at < c->nr_ranges; c->at++) {
		m = &c->range[c->at];
		if (r->gfn < m->gfn + m->nr)
			return r->gfn >= m->gfn &&
			       r->nr <= m->gfn + m->nr - r->gfn;
	}
	return false;
}

int chaos__chunk_pages(struct chaos__chunk_check *c, const uint8_t *p,
		       size_t size)
{
	struct chaos__chunk_pages head;
	struct chaos__chunk_range r;
	uint32_t i, nr = 0;
	int rc;

	memcpy(&head, p, sizeof(head));
	if (!head.nr_ranges || head.nr_ranges > CHAOS__MAX_RUN_PAGES ||
	    head.nr_pages > CHAOS__MAX_RUN_PAGES ||
	    size != sizeof(head) + head.nr_ranges * sizeof(r) +
		    (size_t)head.nr_pages * CHAOS__PAGE_SIZE)
		return chaos__chunk_bad(c, "%u ranges, %u pages and %zu bytes",
					head.nr_ranges, head.nr_pages, size);
	p += sizeof(head);
	for (i = 0; i < head.nr_ranges; i++, p += sizeof(r)) {
		memcpy(&r, p, sizeof(r));
		rc = check_range(c, &r, c->pages_end);
		if (rc)
			return rc;
		if (r.nr > head.nr_pages - nr)
			return chaos__chunk_bad(c, "ranges for more than its "
						"%u pages", head.nr_pages);
		if (!find_range(c, &r))
			return chaos__chunk_bad(c, "page %#llx is not in the "
						"guest's memory",
						(unsigned long long)r.gfn);
		nr += (uint32_t)r.nr;
		c->pages_end = r.gfn + r.nr;
	}
	if (nr != head.nr_pages)
		return chaos__chunk_bad(c, "ranges for %u of its %u pages", nr,
					head.nr_pages);
	c->sum.nr_stored += nr;
	return 0;
}

bool chaos__chunk_populated(const struct chaos__chunk_check *c, uint64_t gfn)
{
	size_t low = 0, high = c->nr_ranges, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (gfn < c->range[mid].gfn)
			high = mid;
		else if (gfn - c->range[mid].gfn < c->range[mid].nr)
			return true;
		else
			low = mid + 1;
	}
	return false;
}

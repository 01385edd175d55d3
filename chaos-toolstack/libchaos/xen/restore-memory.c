// SPDX-License-Identifier: BSD-2-Clause
/*
 * A saved guest's memory, written from front to back.  Fresh pages may hold
 * what somebody left there (Xen scrubs those of the dead, not those that the
 * living gave back), so all that is populated is written, if only with zeroes.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "state.h"

/* What memset() does with the widest stores: see window.c. */
#define ZERO_CHUNK 1024u

void chaos__fill_end(struct chaos__fill *f)
{
	if (f->map)
		munmap(f->map, (size_t)f->nr * CHAOS__PAGE_SIZE);
	f->map = NULL;
	f->nr = 0;
	f->at = 0;
}

/* The next pages that are populated; whether there are any is in nr. */
static int map_next(struct chaos__fill *f, const struct chaos__chunk_check *c)
{
	const struct chaos__chunk_range *r;

	chaos__fill_end(f);
	while (f->range < c->nr_ranges && f->nr < CHAOS__FILL_PAGES) {
		r = &c->range[f->range];
		if (f->offset < r->nr)
			f->pfn[f->nr++] = r->gfn + f->offset++;
		else if (f->range + 1 == c->nr_ranges)
			break;		/* it may grow */
		else {
			f->range++;
			f->offset = 0;
		}
	}
	if (!f->nr)
		return 0;
	f->map = xc_map_foreign_pages(f->b->xen->xch, f->b->domid,
				      PROT_READ | PROT_WRITE, f->pfn,
				      (int)f->nr);
	if (f->map)
		return 0;
	f->nr = 0;
	return chaos__xen_errno(f->b->xen);
}

static void zero_page(uint8_t *page)
{
	unsigned int i;

	for (i = 0; i < CHAOS__PAGE_SIZE; i += ZERO_CHUNK)
		memset(page + i, 0, ZERO_CHUNK);
}

int chaos__fill_zero(struct chaos__fill *f, const struct chaos__chunk_check *c,
		     uint64_t gfn)
{
	int rc;

	for (;;) {
		if (f->at == f->nr) {
			rc = map_next(f, c);
			if (rc || !f->nr)
				return rc;
		}
		if (f->pfn[f->at] >= gfn)
			return 0;
		zero_page(f->map + (size_t)f->at++ * CHAOS__PAGE_SIZE);
	}
}

/* Pages that are populated, the next of which is mapped. */
static int copy_pages(struct chaos__fill *f, const struct chaos__chunk_check *c,
		      uint64_t nr, const uint8_t **from)
{
	int rc;

	for (; nr; nr--, *from += CHAOS__PAGE_SIZE) {
		if (f->at == f->nr) {
			rc = map_next(f, c);
			if (!rc && !f->nr)
				rc = -EPROTO;	/* the check sees to that */
			if (rc)
				return rc;
		}
		memcpy(f->map + (size_t)f->at++ * CHAOS__PAGE_SIZE, *from,
		       CHAOS__PAGE_SIZE);
	}
	return 0;
}

int chaos__fill_pages(struct chaos__fill *f, const struct chaos__chunk_check *c,
		      const void *chunk)
{
	const uint8_t *ranges = chunk, *from;
	struct chaos__chunk_pages head;
	struct chaos__chunk_range r;
	int rc = 0;

	memcpy(&head, ranges, sizeof(head));
	ranges += sizeof(head);
	from = ranges + head.nr_ranges * sizeof(r);
	for (; !rc && head.nr_ranges; head.nr_ranges--, ranges += sizeof(r)) {
		memcpy(&r, ranges, sizeof(r));
		rc = chaos__fill_zero(f, c, r.gfn);
		if (!rc)
			rc = copy_pages(f, c, r.nr, &from);
	}
	return rc;
}

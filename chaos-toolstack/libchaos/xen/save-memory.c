// SPDX-License-Identifier: BSD-2-Clause
/*
 * The memory of a PVH guest, window by window: what is populated, then what is
 * not zero, straight from where it is mapped.  A gfn that cannot be mapped is
 * a hole.  Mapping and unmapping is what it costs most by far, so no page is
 * mapped twice.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "../layout.h"
#include "state.h"

#define WINDOW 1024u

struct scan {
	struct chaos__xen *xen;
	uint32_t domid;
	const struct chaos__sink *sink;
	struct chaos__chunk_end *end;
	uint64_t first;			/* gfn of the window */
	unsigned int nr;
	uint8_t *map;
	xen_pfn_t pfn[WINDOW];
	int err[WINDOW];
	/* A PAGES chunk that fills. */
	struct chaos__chunk_pages head;
	struct chaos__chunk_range range[WINDOW];
	struct iovec iov[CHAOS__CHUNK_MAX_IOV];
};

static int map_window(struct scan *s, uint64_t first, uint64_t end)
{
	unsigned int i;

	s->first = first;
	s->nr = end - first < WINDOW ? (unsigned int)(end - first) : WINDOW;
	for (i = 0; i < s->nr; i++)
		s->pfn[i] = first + i;
	s->map = xc_map_foreign_bulk(s->xen->xch, s->domid, PROT_READ, s->pfn,
				     s->err, s->nr);
	return s->map ? 0 : chaos__xen_errno(s->xen);
}

static void unmap_window(struct scan *s)
{
	munmap(s->map, (size_t)s->nr * CHAOS__PAGE_SIZE);
}

/* Adds a page to the last range, or begins one; true when it began one. */
static bool add_page(struct chaos__chunk_range *range, uint32_t *nr,
		     uint64_t gfn)
{
	struct chaos__chunk_range *last = &range[*nr - 1];

	if (*nr && last->gfn + last->nr == gfn) {
		last->nr++;
		return false;
	}
	range[*nr].gfn = gfn;
	range[*nr].nr = 1;
	(*nr)++;
	return true;
}

static int put_populated(struct scan *s)
{
	uint32_t nr = 0;
	unsigned int i;

	for (i = 0; i < s->nr; i++) {
		if (s->err[i] == -EINVAL || s->err[i] == -ENOENT)
			continue;
		if (s->err[i])
			return s->err[i] < 0 ? s->err[i] : -EIO;
		add_page(s->range, &nr, s->first + i);
		s->end->nr_populated++;
	}
	if (!nr)
		return 0;
	return chaos__state_put(s->sink, CHAOS__CHUNK_MEMORY, s->range,
				nr * sizeof(s->range[0]));
}

static int put_pages(struct scan *s)
{
	unsigned int n = 2 + s->head.nr_ranges;
	int rc;

	if (!s->head.nr_pages)
		return 0;
	s->iov[0].iov_base = &s->head;
	s->iov[0].iov_len = sizeof(s->head);
	s->iov[1].iov_base = s->range;
	s->iov[1].iov_len = s->head.nr_ranges * sizeof(s->range[0]);
	rc = s->sink->put(s->sink->arg, CHAOS__CHUNK_PAGES, s->iov, n);
	s->end->nr_stored += s->head.nr_pages;
	s->head.nr_pages = 0;
	s->head.nr_ranges = 0;
	return rc;
}

static int put_contents(struct scan *s)
{
	struct iovec *data;
	unsigned int i;
	uint8_t *page;
	int rc;

	s->head.nr_pages = 0;
	s->head.nr_ranges = 0;
	for (i = 0; i < s->nr; i++) {
		page = s->map + (size_t)i * CHAOS__PAGE_SIZE;
		if (s->err[i] || chaos__page_is_zero(page))
			continue;
		if (s->head.nr_pages == CHAOS__MAX_RUN_PAGES) {
			rc = put_pages(s);
			if (rc)
				return rc;
		}
		if (add_page(s->range, &s->head.nr_ranges, s->first + i)) {
			data = &s->iov[1 + s->head.nr_ranges];
			data->iov_base = page;
			data->iov_len = 0;
		}
		data = &s->iov[1 + s->head.nr_ranges];
		data->iov_len += CHAOS__PAGE_SIZE;
		s->head.nr_pages++;
	}
	return put_pages(s);
}

static int scan_range(struct scan *s, uint64_t first, uint64_t end)
{
	int rc = 0;

	for (; !rc && first < end; first += s->nr) {
		rc = map_window(s, first, end);
		if (rc)
			return rc;
		rc = put_populated(s);
		if (!rc)
			rc = put_contents(s);
		unmap_window(s);
	}
	return rc;
}

int chaos__state_put_memory(struct chaos__xen *xen, uint32_t domid,
			    uint64_t mem_pages, uint64_t nr_pages,
			    const struct chaos__sink *sink,
			    struct chaos__chunk_end *end)
{
	uint64_t low = chaos__layout_low_pages(mem_pages);
	struct scan *s;
	int rc;

	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->xen = xen;
	s->domid = domid;
	s->sink = sink;
	s->end = end;
	rc = scan_range(s, 0, low);
	if (!rc)
		rc = scan_range(s, CHAOS__HIGH_GFN,
				CHAOS__HIGH_GFN + mem_pages - low);
	free(s);
	if (rc || end->nr_populated >= nr_pages)
		return rc;
	/* Never an image that lacks some of it. */
	snprintf(xen->detail, sizeof(xen->detail),
		 "%llu of its %llu pages are outside of the memory that it "
		 "began with", (unsigned long long)(nr_pages - end->nr_populated),
		 (unsigned long long)nr_pages);
	return -EOPNOTSUPP;
}

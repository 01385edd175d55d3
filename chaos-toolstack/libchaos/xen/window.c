// SPDX-License-Identifier: BSD-2-Clause
/*
 * Guest memory as the builder sees it.  Mapping is what a small image costs
 * most, so there is one mapping for all that is next to each other.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "private.h"

#include "../image.h"
#include "../layout.h"

/*
 * What memset() and memcpy() do with the widest stores they have.  Above their
 * threshold they take the string instruction, one byte a step where that is not
 * microcode.
 */
#define WIDE_CHUNK 1024

static int map_window(struct chaos__window *w, uint64_t first,
		      uint64_t special_gfn, unsigned int nr_special)
{
	xen_pfn_t pfn[CHAOS__WINDOW_PAGES + CHAOS__MAX_SPECIAL];
	unsigned int i, n;

	w->first = first;
	w->nr = w->end - first < CHAOS__WINDOW_PAGES ?
		(unsigned int)(w->end - first) : CHAOS__WINDOW_PAGES;
	w->nr_extra = nr_special;
	n = w->nr + w->nr_extra;
	for (i = 0; i < w->nr; i++)
		pfn[i] = first + i;
	for (; i < n; i++)
		pfn[i] = special_gfn + i - w->nr;
	w->map = xc_map_foreign_pages(w->b->xen->xch, w->b->domid,
				      PROT_READ | PROT_WRITE, pfn, (int)n);
	if (!w->map)
		return chaos__xen_errno(w->b->xen);
	w->special = nr_special ? w->map + (size_t)w->nr * CHAOS__PAGE_SIZE : NULL;
	return 0;
}

int chaos__window_open(struct chaos__window *w, struct chaos__xen_build *b,
		       uint64_t first, uint64_t end, uint64_t special_gfn,
		       unsigned int nr_special)
{
	if (nr_special > CHAOS__MAX_SPECIAL)
		return -EINVAL;
	memset(w, 0, sizeof(*w));
	w->b = b;
	w->end = end;
	return map_window(w, first, special_gfn, nr_special);
}

void chaos__window_close(struct chaos__window *w)
{
	if (w->map)
		munmap(w->map, ((size_t)w->nr + w->nr_extra) *
			       CHAOS__PAGE_SIZE);
	w->map = NULL;
}

/* Where addr is mapped, and for how many bytes on; at most *size. */
static int at(struct chaos__window *w, uint64_t addr, uint64_t *size,
	      uint8_t **out)
{
	uint64_t gfn = addr >> CHAOS__PAGE_SHIFT, room;
	int rc;

	if (gfn >= w->end)
		return -EFAULT;
	if (!w->map || gfn < w->first || gfn - w->first >= w->nr) {
		chaos__window_close(w);
		rc = map_window(w, gfn, 0, 0);
		if (rc)
			return rc;
	}
	room = ((w->first + w->nr) << CHAOS__PAGE_SHIFT) - addr;
	if (*size > room)
		*size = room;
	*out = w->map + (addr - (w->first << CHAOS__PAGE_SHIFT));
	return 0;
}

int chaos__window_read(struct chaos__window *w, int fd, uint64_t offset,
		       uint64_t size, uint64_t addr)
{
	uint64_t n;
	uint8_t *p;
	int rc;

	for (; size; size -= n, addr += n, offset += n) {
		n = size;
		rc = at(w, addr, &n, &p);
		if (!rc)
			rc = chaos__image_read(fd, p, n, offset);
		if (rc)
			return rc;
	}
	return 0;
}

int chaos__window_write(struct chaos__window *w, const void *buf, uint64_t size,
			uint64_t addr)
{
	const uint8_t *from = buf;
	uint64_t n;
	uint8_t *p;
	int rc;

	for (; size; size -= n, addr += n, from += n) {
		n = size;
		if (n > WIDE_CHUNK)
			n = WIDE_CHUNK;
		rc = at(w, addr, &n, &p);
		if (rc)
			return rc;
		memcpy(p, from, n);
	}
	return 0;
}

int chaos__window_zero(struct chaos__window *w, uint64_t addr, uint64_t size)
{
	uint64_t n;
	uint8_t *p;
	int rc;

	for (; size; size -= n, addr += n) {
		n = size;
		if (n > WIDE_CHUNK)
			n = WIDE_CHUNK;
		rc = at(w, addr, &n, &p);
		if (rc)
			return rc;
		memset(p, 0, n);
	}
	return 0;
}

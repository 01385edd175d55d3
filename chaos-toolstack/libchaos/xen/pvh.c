// SPDX-License-Identifier: BSD-2-Clause
/*
 * Building a PVH guest with few hypercalls: memory in superpages, the file
 * read straight into it, one context for the vCPU.  The other way, through
 * libxenguest, takes three times as long for a 4 MB guest.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "../image.h"
#include "../layout.h"
#include "private.h"

/* After <xenctrl.h>, which asks for the toolstack's half of Xen's headers. */
#include <xen/hvm/params.h>

#define MAP_BATCH	512	/* pages mapped at once */
#define CLEAR_BATCH	128	/* pages cleared by one hypercall */

/* An entry of the identity map: 4 MB, present, writable, user, A, D. */
#define IDENT_FLAGS	0xe7u

struct pvh_build {
	struct chaos__xen_build b;
	struct chaos__layout layout;
};

static struct pvh_build *of(struct chaos__xen_build *b)
{
	return (struct pvh_build *)b;
}

static void *map_pages(struct chaos__xen_build *b, uint64_t gfn,
		       unsigned int nr)
{
	xen_pfn_t pfn[MAP_BATCH];
	unsigned int i;

	for (i = 0; i < nr; i++)
		pfn[i] = gfn + i;
	return xc_map_foreign_pages(b->xen->xch, b->domid,
				    PROT_READ | PROT_WRITE, pfn, (int)nr);
}

/*
 * What Xen needs beside the guest's memory to translate its addresses: page
 * tables for all of it in 4 KB pages and some per vCPU.  The domain was born
 * with a pool that does for small ones; asking for less than it has would
 * cost as much as asking for more.
 */
static int set_paging_pool(struct chaos__xen_build *b)
{
	uint64_t pages = 128ull * b->p->vcpus +
			 2 * (b->p->max_mem_kb / 1024) + 64;
	uint64_t have;

	if (xc_get_paging_mempool_size(b->xen->xch, b->domid, &have))
		return chaos__xen_errno(b->xen);
	if (have >= pages << CHAOS__PAGE_SHIFT)
		return 0;
	if (xc_set_paging_mempool_size(b->xen->xch, b->domid,
				       pages << CHAOS__PAGE_SHIFT))
		return chaos__xen_errno(b->xen);
	return 0;
}

static int pvh_memory(struct chaos__xen_build *b)
{
	const struct chaos__layout *l = &of(b)->layout;
	int rc;

	rc = set_paging_pool(b);
	if (!rc)
		rc = chaos__xen_populate(b->xen, b->domid, 0, l->low_pages);
	if (!rc && l->high_pages)
		rc = chaos__xen_populate(b->xen, b->domid, CHAOS__HIGH_GFN,
					 l->high_pages);
	return rc;
}

static int clear_pages(struct chaos__xen_build *b, uint64_t gfn, uint64_t nr)
{
	struct mmuext_op op[CLEAR_BATCH];
	unsigned int n;

	memset(op, 0, sizeof(op));
	while (nr) {
		for (n = 0; n < CLEAR_BATCH && n < nr; n++) {
			op[n].cmd = MMUEXT_CLEAR_PAGE;
			op[n].arg1.mfn = gfn + n;
		}
		if (xc_mmuext_op(b->xen->xch, op, n, b->domid))
			return chaos__xen_errno(b->xen);
		gfn += n;
		nr -= n;
	}
	return 0;
}

/* size bytes at guest address addr from the file, and zero bytes after. */
static int load(struct chaos__xen_build *b, int fd, uint64_t offset,
		uint64_t size, uint64_t addr, uint64_t zero)
{
	uint64_t gfn, room, n;
	unsigned int skip, nr;
	uint8_t *map;
	int rc;

	while (size) {
		gfn = addr >> CHAOS__PAGE_SHIFT;
		skip = (unsigned int)(addr & (CHAOS__PAGE_SIZE - 1));
		room = (uint64_t)MAP_BATCH * CHAOS__PAGE_SIZE - skip;
		n = size < room ? size : room;
		nr = (unsigned int)((skip + n + CHAOS__PAGE_SIZE - 1) >>
				    CHAOS__PAGE_SHIFT);
		map = map_pages(b, gfn, nr);
		if (!map)
			return chaos__xen_errno(b->xen);
		rc = chaos__image_read(fd, map + skip, n, offset);
		size -= n;
		if (!rc && !size) {
			room = (uint64_t)nr * CHAOS__PAGE_SIZE - skip - n;
			memset(map + skip + n, 0, zero < room ? zero : room);
		}
		munmap(map, (size_t)nr * CHAOS__PAGE_SIZE);
		if (rc)
			return rc;
		offset += n;
		addr += n;
	}
	return 0;
}

/*
 * The part that is not in the file: whole pages first, for all segments, so
 * that clearing the page in which one ends cannot take another's beginning.
 */
static int clear_tail(struct chaos__xen_build *b,
		      const struct chaos__segment *s)
{
	uint64_t mask = CHAOS__PAGE_SIZE - 1;
	uint64_t first, end;

	first = s->paddr + s->file_size;
	if (s->file_size)
		first = (first + mask) & ~mask;
	first >>= CHAOS__PAGE_SHIFT;
	end = (s->paddr + s->mem_size + mask) >> CHAOS__PAGE_SHIFT;
	return first < end ? clear_pages(b, first, end - first) : 0;
}

static int load_kernel(struct chaos__xen_build *b)
{
	const struct chaos__image *im = b->p->image;
	const struct chaos__segment *s;
	int rc = 0;

	for (s = im->segment; !rc && s < im->segment + im->nr_segments; s++)
		rc = clear_tail(b, s);
	for (s = im->segment; !rc && s < im->segment + im->nr_segments; s++)
		rc = load(b, im->fd, s->offset, s->file_size, s->paddr,
			  s->mem_size - s->file_size);
	return rc;
}

static int put_start_info(struct chaos__xen_build *b)
{
	const struct chaos__layout *l = &of(b)->layout;
	size_t size = l->start_pages << CHAOS__PAGE_SHIFT;
	void *map;

	map = map_pages(b, l->start_gfn, (unsigned int)l->start_pages);
	if (!map)
		return chaos__xen_errno(b->xen);
	chaos__layout_start_info(l, b->p->image, b->p->cmdline, map);
	munmap(map, size);
	return 0;
}

/* An empty console ring, and the map for Intel's CPUs without paging off. */
static int put_special(struct chaos__xen_build *b)
{
	const struct chaos__layout *l = &of(b)->layout;
	uint32_t *ident;
	uint8_t *map;
	unsigned int i;

	map = map_pages(b, l->ram_end, CHAOS__NR_SPECIAL);
	if (!map)
		return chaos__xen_errno(b->xen);
	memset(map, 0, CHAOS__PAGE_SIZE);
	ident = (uint32_t *)(map + CHAOS__PAGE_SIZE);
	for (i = 0; i < CHAOS__PAGE_SIZE / sizeof(*ident); i++)
		ident[i] = i << 22 | IDENT_FLAGS;
	munmap(map, CHAOS__NR_SPECIAL * CHAOS__PAGE_SIZE);
	return 0;
}

static int pvh_image(struct chaos__xen_build *b)
{
	const struct chaos__layout *l = &of(b)->layout;
	int rc;

	rc = load_kernel(b);
	if (!rc)
		rc = load(b, b->p->image->ramdisk_fd, 0,
			  b->p->image->ramdisk_size,
			  l->ramdisk_gfn << CHAOS__PAGE_SHIFT, ~0ull);
	if (!rc)
		rc = put_start_info(b);
	if (!rc)
		rc = put_special(b);
	return rc;
}

static int set_param(struct chaos__xen_build *b, uint32_t param, uint64_t value)
{
	if (xc_hvm_param_set(b->xen->xch, b->domid, param, value))
		return chaos__xen_errno(b->xen);
	return 0;
}

static int pvh_boot(struct chaos__xen_build *b,
		    struct chaos__xen_console_where *con)
{
	const struct chaos__layout *l = &of(b)->layout;
	int rc;

	con->gfn = l->console_gfn;
	rc = set_param(b, HVM_PARAM_CONSOLE_PFN, l->console_gfn);
	if (!rc)
		rc = set_param(b, HVM_PARAM_CONSOLE_EVTCHN, con->port);
	if (!rc)
		rc = set_param(b, HVM_PARAM_IDENT_PT,
			       l->ident_gfn << CHAOS__PAGE_SHIFT);
	if (!rc)
		rc = chaos__xen_pvh_vcpu(b->xen, b->domid, b->p->vcpus,
					 b->p->image->pvh_entry,
					 l->start_gfn << CHAOS__PAGE_SHIFT);
	return rc;
}

static void pvh_end(struct chaos__xen_build *b)
{
	free(of(b));
}

static const struct chaos__xen_build_ops pvh_ops = {
	.memory = pvh_memory,
	.image = pvh_image,
	.boot = pvh_boot,
	.end = pvh_end,
};

int chaos__xen_pvh_begin(struct chaos__xen_build **out,
			 const struct chaos__xen_params *p,
			 struct chaos__xen *xen)
{
	struct pvh_build *pvh;
	const char *why = "";
	int rc;

	pvh = calloc(1, sizeof(*pvh));
	if (!pvh)
		return -ENOMEM;
	rc = chaos__layout(p->image, p->mem_kb / 4, p->cmdline, &pvh->layout,
			   &why);
	if (rc) {
		snprintf(xen->detail, sizeof(xen->detail), "%s", why);
		free(pvh);
		return rc;
	}
	pvh->b.ops = &pvh_ops;
	*out = &pvh->b;
	return 0;
}

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

#include "../acpi.h"
#include "../image.h"
#include "../layout.h"
#include "private.h"

/* After <xenctrl.h>, which asks for the toolstack's half of Xen's headers. */
#include <xen/hvm/params.h>
#include <xen/io/console.h>

/* An entry of the identity map: 4 MB, present, writable, user, A, D. */
#define IDENT_FLAGS	0xe7u

struct pvh_build {
	struct chaos__xen_build b;
	struct chaos__layout layout;
	struct chaos__window window;
};

static struct pvh_build *of(struct chaos__xen_build *b)
{
	return (struct pvh_build *)b;
}

/*
 * What Xen needs beside the guest's memory to translate its addresses: page
 * tables for all of it in 4 KB pages and some per vCPU.  The domain was born
 * with a pool that does for small ones; asking for less than it has would
 * cost as much as asking for more.
 */
int chaos__xen_pvh_paging(struct chaos__xen_build *b)
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
	uint64_t all = b->p->mem_kb / 4, low = chaos__layout_low_pages(all);
	int rc;

	rc = chaos__xen_pvh_paging(b);
	if (!rc)
		rc = chaos__xen_populate(b->xen, b->domid, 0, low);
	if (!rc && all > low)
		rc = chaos__xen_populate(b->xen, b->domid, CHAOS__HIGH_GFN,
					 all - low);
	return rc;
}

/* The file's part of a segment, and zeroes up to its size in memory. */
static int load_segment(struct chaos__window *w, int fd, const uint8_t *data,
			const struct chaos__segment *s)
{
	int rc;

	rc = data ? chaos__window_write(w, data + s->offset, s->file_size,
					s->paddr) :
		    chaos__window_read(w, fd, s->offset, s->file_size,
				       s->paddr);
	if (!rc)
		rc = chaos__window_zero(w, s->paddr + s->file_size,
					s->mem_size - s->file_size);
	return rc;
}

static int load_ramdisk(struct chaos__window *w, const struct chaos__image *im,
			const struct chaos__layout *l)
{
	struct chaos__segment s = {
		.file_size = im->ramdisk_size,
		.paddr = l->ramdisk_gfn << CHAOS__PAGE_SHIFT,
		.mem_size = l->ramdisk_pages << CHAOS__PAGE_SHIFT,
	};

	return load_segment(w, im->ramdisk_fd, im->ramdisk_data, &s);
}

static int put_start_info(struct chaos__window *w, struct chaos__xen_build *b)
{
	const struct chaos__layout *l = &of(b)->layout;
	size_t size = l->start_pages << CHAOS__PAGE_SHIFT;
	void *page;
	int rc;

	page = malloc(size);
	if (!page)
		return -ENOMEM;
	chaos__layout_start_info(l, b->p->image, b->p->cmdline, page);
	rc = chaos__window_write(w, page, size,
				 l->start_gfn << CHAOS__PAGE_SHIFT);
	free(page);
	return rc;
}

/* An empty console ring, and the map for Intel's CPUs without paging off. */
static void put_special(uint8_t *special)
{
	struct xencons_interface *ring =
		(void *)(special + CHAOS__SPECIAL_CONSOLE * CHAOS__PAGE_SIZE);
	uint32_t *ident = (uint32_t *)(special + CHAOS__SPECIAL_IDENT *
						 CHAOS__PAGE_SIZE);
	unsigned int i;

	/* The rest is read only where an index says it was written. */
	ring->in_cons = 0;
	ring->in_prod = 0;
	ring->out_cons = 0;
	ring->out_prod = 0;
	for (i = 0; i < CHAOS__PAGE_SIZE / sizeof(*ident); i++)
		ident[i] = i << 22 | IDENT_FLAGS;
}

static int put_acpi(uint8_t *special, struct chaos__xen_build *b)
{
	const struct chaos__layout *l = &of(b)->layout;

	if (!chaos__layout_has_acpi(l))
		return 0;
	return chaos__acpi_build(special + CHAOS__SPECIAL_ACPI *
					   CHAOS__PAGE_SIZE,
				 (l->special_gfn + CHAOS__SPECIAL_ACPI)
				 << CHAOS__PAGE_SHIFT, b->p->vcpus);
}

static int lay_out(struct chaos__xen_build *b)
{
	const char *why = "";
	int rc;

	rc = chaos__layout(b->p->image, b->p->mem_kb / 4, b->p->vcpus,
			   b->p->cmdline, &of(b)->layout, &why);
	if (rc)
		snprintf(b->xen->detail, sizeof(b->xen->detail), "%s", why);
	return rc;
}

/*
 * In order of address, so that one window mostly does.  It is closed by the end
 * of the build: unmapping costs more than mapping, and the guest need not wait.
 */
static int pvh_image(struct chaos__xen_build *b)
{
	const struct chaos__layout *l = &of(b)->layout;
	const struct chaos__image *im = b->p->image;
	struct chaos__window *w = &of(b)->window;
	unsigned int i;
	int rc;

	rc = lay_out(b);
	if (rc)
		return rc;
	rc = chaos__window_open(w, b, im->start >> CHAOS__PAGE_SHIFT,
				l->start_gfn + l->start_pages, l->special_gfn,
				l->nr_special);
	if (rc)
		return rc;
	put_special(w->special);
	rc = put_acpi(w->special, b);
	for (i = 0; !rc && i < im->nr_segments; i++)
		rc = load_segment(w, im->fd, im->data, &im->segment[i]);
	if (!rc)
		rc = load_ramdisk(w, im, l);
	if (!rc)
		rc = put_start_info(w, b);
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

	con->gfn = l->special_gfn + CHAOS__SPECIAL_CONSOLE;
	rc = set_param(b, HVM_PARAM_CONSOLE_PFN, con->gfn);
	if (!rc)
		rc = set_param(b, HVM_PARAM_CONSOLE_EVTCHN, con->port);
	if (!rc)
		rc = set_param(b, HVM_PARAM_IDENT_PT,
			       (l->special_gfn + CHAOS__SPECIAL_IDENT)
			       << CHAOS__PAGE_SHIFT);
	if (!rc)
		rc = chaos__xen_pvh_vcpu(b->xen, b->domid, b->p->vcpus,
					 b->p->image->pvh_entry,
					 l->start_gfn << CHAOS__PAGE_SHIFT);
	return rc;
}

static void pvh_end(struct chaos__xen_build *b)
{
	chaos__window_close(&of(b)->window);
	free(of(b));
}

static const struct chaos__xen_build_ops pvh_ops = {
	.memory = pvh_memory,
	.image = pvh_image,
	.boot = pvh_boot,
	.end = pvh_end,
};

int chaos__xen_pvh_begin(struct chaos__xen_build **out)
{
	struct pvh_build *pvh;

	pvh = calloc(1, sizeof(*pvh));
	if (!pvh)
		return -ENOMEM;
	pvh->b.ops = &pvh_ops;
	*out = &pvh->b;
	return 0;
}

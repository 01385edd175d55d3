// SPDX-License-Identifier: BSD-2-Clause
/* The memory layout of a PVH guest, and the start info that tells it. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <xen/arch-x86/hvm/start_info.h>

#include "layout.h"
#include "xen/xen.h"

#define HOLE_GFN	0xf0000ull	/* below 4 GB: LAPIC and such */
#define CMDLINE_MAX	4096

static uint64_t pages(uint64_t bytes)
{
	return (bytes + CHAOS__PAGE_SIZE - 1) >> CHAOS__PAGE_SHIFT;
}

static int bad(int rc, const char **why, const char *text)
{
	*why = text;
	return rc;
}

static void place_start_info(struct chaos__layout *l, const char *cmdline)
{
	uint32_t off = sizeof(struct hvm_start_info);

	l->modlist_off = off;
	off += sizeof(struct hvm_modlist_entry);
	l->memmap_off = off;
	off += l->nr_memmap * (uint32_t)sizeof(struct hvm_memmap_table_entry);
	l->cmdline_off = off;
	off += (uint32_t)strlen(cmdline) + 1;
	l->start_pages = pages(off);
}

int chaos__layout(const struct chaos__image *image, uint64_t mem_pages,
		  const char *cmdline, struct chaos__layout *l,
		  const char **why)
{
	uint64_t next;

	memset(l, 0, sizeof(*l));
	l->low_pages = mem_pages < HOLE_GFN ? mem_pages : HOLE_GFN;
	l->high_pages = mem_pages - l->low_pages;
	if (l->low_pages <= CHAOS__NR_SPECIAL)
		return bad(-ENOSPC, why, "no memory left for a kernel");
	l->ram_end = l->low_pages - CHAOS__NR_SPECIAL;
	l->console_gfn = l->ram_end;
	l->ident_gfn = l->ram_end + 1;
	l->nr_memmap = l->high_pages ? 3 : 2;

	if (!image->has_pvh_entry)
		return bad(-ENOEXEC, why, "no PVH entry (Xen note "
			   "PHYS32_ENTRY); is it a PV kernel?");
	if (image->pvh_entry < image->start || image->pvh_entry >= image->end)
		return bad(-ENOEXEC, why, "its PVH entry is outside of it");
	if (strlen(cmdline) >= CMDLINE_MAX)
		return bad(-E2BIG, why, "cmdline is too long");
	if (image->end > l->ram_end << CHAOS__PAGE_SHIFT)
		return bad(-ENOSPC, why, "the kernel does not fit in memory=");

	next = pages(image->end);
	l->ramdisk_gfn = next;
	l->ramdisk_pages = pages(image->ramdisk_size);
	if (l->ramdisk_pages > l->ram_end - next)
		return bad(-ENOSPC, why, "the ramdisk does not fit in memory=");
	next += l->ramdisk_pages;
	l->start_gfn = next;
	place_start_info(l, cmdline);
	if (l->start_pages > l->ram_end - next)
		return bad(-ENOSPC, why, "the kernel does not fit in memory=");
	return 0;
}

static void put_range(struct hvm_memmap_table_entry *e, uint64_t gfn,
		      uint64_t nr, uint32_t type)
{
	e->addr = gfn << CHAOS__PAGE_SHIFT;
	e->size = nr << CHAOS__PAGE_SHIFT;
	e->type = type;
}

void chaos__layout_start_info(const struct chaos__layout *l,
			      const struct chaos__image *image,
			      const char *cmdline, void *page)
{
	uint64_t base = l->start_gfn << CHAOS__PAGE_SHIFT;
	struct hvm_memmap_table_entry *map;
	struct hvm_modlist_entry *mod;
	struct hvm_start_info *si;
	uint8_t *p = page;

	memset(page, 0, l->start_pages << CHAOS__PAGE_SHIFT);
	si = (struct hvm_start_info *)p;
	mod = (struct hvm_modlist_entry *)(p + l->modlist_off);
	map = (struct hvm_memmap_table_entry *)(p + l->memmap_off);

	si->magic = XEN_HVM_START_MAGIC_VALUE;
	si->version = 1;
	si->memmap_paddr = base + l->memmap_off;
	si->memmap_entries = l->nr_memmap;
	put_range(&map[0], 0, l->ram_end, XEN_HVM_MEMMAP_TYPE_RAM);
	put_range(&map[1], l->ram_end, CHAOS__NR_SPECIAL,
		  XEN_HVM_MEMMAP_TYPE_RESERVED);
	if (l->high_pages)
		put_range(&map[2], CHAOS__HIGH_GFN, l->high_pages,
			  XEN_HVM_MEMMAP_TYPE_RAM);
	if (*cmdline) {
		strcpy((char *)p + l->cmdline_off, cmdline);
		si->cmdline_paddr = base + l->cmdline_off;
	}
	if (l->ramdisk_pages) {
		si->nr_modules = 1;
		si->modlist_paddr = base + l->modlist_off;
		mod->paddr = l->ramdisk_gfn << CHAOS__PAGE_SHIFT;
		mod->size = image->ramdisk_size;
	}
}

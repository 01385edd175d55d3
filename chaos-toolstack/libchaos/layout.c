// SPDX-License-Identifier: BSD-2-Clause
/* The memory layout of a PVH guest, and the start info that tells it. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <xen/arch-x86/hvm/start_info.h>

#include "acpi.h"
#include "layout.h"
#include "xen/xen.h"

#define HOLE_GFN	0xf0000ull	/* below 4 GB: LAPIC and such */
#define CMDLINE_MAX	4096

static uint64_t pages(uint64_t bytes)
{
	return bytes / CHAOS__PAGE_SIZE + !!(bytes % CHAOS__PAGE_SIZE);
}

static int bad(int rc, const char **why, const char *text)
{
	*why = text;
	return rc;
}

bool chaos__layout_has_acpi(const struct chaos__layout *l)
{
	return l->nr_special > CHAOS__SPECIAL_ACPI;
}

uint64_t chaos__layout_low_pages(uint64_t mem_pages)
{
	return mem_pages < HOLE_GFN ? mem_pages : HOLE_GFN;
}

/* Returns where RAM ends for everything else. */
static uint64_t place_special(struct chaos__layout *l,
			      const struct chaos__image *image)
{
	uint64_t first = CHAOS__SPECIAL_GFN << CHAOS__PAGE_SHIFT;
	uint64_t end = first + l->nr_special * CHAOS__PAGE_SIZE;

	/* What follows the kernel must not grow into them either. */
	if (image->start >= end) {
		l->special_gfn = CHAOS__SPECIAL_GFN;
		l->nr_memmap = 3;
	} else {
		l->special_gfn = l->low_pages - l->nr_special;
		l->nr_memmap = 2;
	}
	if (chaos__layout_has_acpi(l))
		l->nr_memmap++;
	if (l->high_pages)
		l->nr_memmap++;
	return l->special_gfn == CHAOS__SPECIAL_GFN ? l->low_pages :
						      l->special_gfn;
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
		  uint32_t vcpus, const char *cmdline, struct chaos__layout *l,
		  const char **why)
{
	uint64_t next, ram_end;

	memset(l, 0, sizeof(*l));
	l->low_pages = chaos__layout_low_pages(mem_pages);
	l->high_pages = mem_pages - l->low_pages;
	l->nr_special = CHAOS__SPECIAL_ACPI;
	if (vcpus > 1 || !image->minios)
		l->nr_special++;
	if (vcpus > CHAOS__ACPI_MAX_VCPUS)
		return bad(-EINVAL, why, "too many vCPUs");
	if (l->low_pages < CHAOS__SPECIAL_GFN + l->nr_special)
		return bad(-ENOSPC, why, "no memory left for a kernel");
	ram_end = place_special(l, image);
	if (!image->has_pvh_entry)
		return bad(-ENOEXEC, why, "no PVH entry (Xen note "
			   "PHYS32_ENTRY); is it a PV kernel?");
	if (image->pvh_entry < image->start || image->pvh_entry >= image->end)
		return bad(-ENOEXEC, why, "its PVH entry is outside of it");
	if (strlen(cmdline) >= CMDLINE_MAX)
		return bad(-E2BIG, why, "cmdline is too long");
	if (image->end > ram_end << CHAOS__PAGE_SHIFT)
		return bad(-ENOSPC, why, "the kernel does not fit in memory=");

	next = pages(image->end);
	l->ramdisk_gfn = next;
	l->ramdisk_pages = pages(image->ramdisk_size);
	if (l->ramdisk_pages > ram_end - next)
		return bad(-ENOSPC, why, "the ramdisk does not fit in memory=");
	next += l->ramdisk_pages;
	l->start_gfn = next;
	place_start_info(l, cmdline);
	if (l->start_pages > ram_end - next)
		return bad(-ENOSPC, why, "the kernel does not fit in memory=");
	return 0;
}

static void put_range(struct hvm_memmap_table_entry **e, uint64_t gfn,
		      uint64_t nr, uint32_t type)
{
	(*e)->addr = gfn << CHAOS__PAGE_SHIFT;
	(*e)->size = nr << CHAOS__PAGE_SHIFT;
	(*e)->type = type;
	(*e)++;
}

static void put_memmap(const struct chaos__layout *l,
		       struct hvm_memmap_table_entry *map)
{
	uint64_t after = l->special_gfn + l->nr_special;

	put_range(&map, 0, l->special_gfn, XEN_HVM_MEMMAP_TYPE_RAM);
	put_range(&map, l->special_gfn, CHAOS__SPECIAL_ACPI,
		  XEN_HVM_MEMMAP_TYPE_RESERVED);
	if (chaos__layout_has_acpi(l))
		put_range(&map, l->special_gfn + CHAOS__SPECIAL_ACPI, 1,
			  XEN_HVM_MEMMAP_TYPE_ACPI);
	if (after < l->low_pages)
		put_range(&map, after, l->low_pages - after,
			  XEN_HVM_MEMMAP_TYPE_RAM);
	if (l->high_pages)
		put_range(&map, CHAOS__HIGH_GFN, l->high_pages,
			  XEN_HVM_MEMMAP_TYPE_RAM);
}

void chaos__layout_start_info(const struct chaos__layout *l,
			      const struct chaos__image *image,
			      const char *cmdline, void *page)
{
	uint64_t base = l->start_gfn << CHAOS__PAGE_SHIFT;
	struct hvm_modlist_entry *mod;
	struct hvm_start_info *si;
	uint8_t *p = page;

	memset(page, 0, l->start_pages << CHAOS__PAGE_SHIFT);
	si = (struct hvm_start_info *)p;
	mod = (struct hvm_modlist_entry *)(p + l->modlist_off);

	si->magic = XEN_HVM_START_MAGIC_VALUE;
	si->version = 1;
	si->memmap_paddr = base + l->memmap_off;
	si->memmap_entries = l->nr_memmap;
	if (chaos__layout_has_acpi(l))
		si->rsdp_paddr = (l->special_gfn + CHAOS__SPECIAL_ACPI)
				 << CHAOS__PAGE_SHIFT;
	put_memmap(l, (struct hvm_memmap_table_entry *)(p + l->memmap_off));
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

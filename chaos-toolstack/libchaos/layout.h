/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where things are in the memory of a PVH guest.
 *
 *   0        640 KB      1 MB                                      low_pages
 *   | RAM    | special   | RAM: kernel | ramdisk | start info | free ... |
 *
 *   RAM goes on at 4 GB with what does not fit below the hole for devices.
 *
 * The special pages (console ring, identity map; for all but a Mini-OS with
 * one vCPU the ACPI tables) lie where PCs had a screen: kernels keep out of
 * there by habit, so it costs them no memory, and a page outside of RAM would
 * cost page tables.  A kernel that is linked there gets them at the end of its memory.
 * The memory map tells them as reserved, and the tables as what they are.
 */
#ifndef CHAOS_LAYOUT_H
#define CHAOS_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "image.h"

#define CHAOS__MAX_SPECIAL	3		/* pages, in this order: */
#define CHAOS__SPECIAL_CONSOLE	0
#define CHAOS__SPECIAL_IDENT	1
#define CHAOS__SPECIAL_ACPI	2		/* if there */
#define CHAOS__SPECIAL_GFN	0xa0ull
#define CHAOS__HIGH_GFN		(1ull << 20)	/* 4 GB */

struct chaos__layout {
	uint64_t low_pages, high_pages;
	uint64_t special_gfn;
	uint32_t nr_special;
	uint64_t ramdisk_gfn, ramdisk_pages;
	uint64_t start_gfn, start_pages;
	uint32_t modlist_off, memmap_off, cmdline_off;	/* in the start info */
	uint32_t nr_memmap;
};

/* -ENOSPC: the guest's memory does not hold it; -ENOEXEC: the kernel's
 * addresses or entry cannot be; -EINVAL: too many vCPUs; *why says what. */
int chaos__layout(const struct chaos__image *image, uint64_t mem_pages,
		  uint32_t vcpus, const char *cmdline, struct chaos__layout *l,
		  const char **why);
/* Those below 4 GB; the others begin at CHAOS__HIGH_GFN. */
uint64_t chaos__layout_low_pages(uint64_t mem_pages);
bool chaos__layout_has_acpi(const struct chaos__layout *l);
/* Fills the start info page(s), start_pages long. */
void chaos__layout_start_info(const struct chaos__layout *l,
			      const struct chaos__image *image,
			      const char *cmdline, void *page);

#endif

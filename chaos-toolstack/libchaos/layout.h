/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where things are in the memory of a PVH guest.
 *
 *   0                                                    ram_end      low_end
 *   | ... kernel | ramdisk | start info | free ...       | console,   |
 *                                                          identity map
 *   RAM goes on at 4 GB with what does not fit below the hole for devices.
 *
 * The pages of the toolstack are the last of low memory, kept out of the RAM
 * that the memory map tells: a page elsewhere would cost page tables.
 */
#ifndef CHAOS_LAYOUT_H
#define CHAOS_LAYOUT_H

#include <stdint.h>

#include "image.h"

#define CHAOS__NR_SPECIAL	2
#define CHAOS__HIGH_GFN		(1ull << 20)	/* 4 GB */

struct chaos__layout {
	uint64_t low_pages, high_pages;
	uint64_t ram_end;		/* gfn */
	uint64_t console_gfn, ident_gfn;
	uint64_t ramdisk_gfn, ramdisk_pages;
	uint64_t start_gfn, start_pages;
	uint32_t modlist_off, memmap_off, cmdline_off;	/* in the start info */
	uint32_t nr_memmap;
};

/* -ENOSPC: the guest's memory does not hold it; -ENOEXEC: the kernel's
 * addresses or entry cannot be; *why says what. */
int chaos__layout(const struct chaos__image *image, uint64_t mem_pages,
		  const char *cmdline, struct chaos__layout *l,
		  const char **why);
/* Fills the start info page(s), start_pages long. */
void chaos__layout_start_info(const struct chaos__layout *l,
			      const struct chaos__image *image,
			      const char *cmdline, void *page);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory.  Everything is mapped one to one with a fixed offset; a page has
 * one virtual address for ever.  No call blocks; none may be made while
 * another is under way (there is one CPU, and nothing interrupts it).
 */
#ifndef MINIOS_MM_H
#define MINIOS_MM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "minios/boot.h"

/* Page table entries. */
#define PTE_P		0x001ull
#define PTE_RW		0x002ull
#define PTE_US		0x004ull
#define PTE_A		0x020ull
#define PTE_D		0x040ull

#define PAGE_MASK	(~(uintptr_t)(PAGE_SIZE - 1))
#define PAGE_UP(x)	(((uintptr_t)(x) + PAGE_SIZE - 1) & PAGE_MASK)

/* Pages: page.c. */

/* Make the boot ranges known.  Before any other call here. */
void page_init(void);
/*
 * n consecutive pages.  Their content is zeroes or what Xen gave us, never
 * what this guest wrote: free clears them, since allocations for peers are
 * many when the guest starts and frees are few.  NULL: none.
 */
void *page_alloc(unsigned int n);
void page_free(void *page, unsigned int n);	/* NULL is allowed */
unsigned long page_nr_free(void);		/* mapped or not */
unsigned long page_nr_total(void);

/*
 * frame.c: what Xen calls this page: guest frame (PVH) or machine frame (PV), as
 * grant entries and page tables want it.
 */
uint64_t page_frame(const void *page);

/* Objects: malloc.c.  Aligned to 16; malloc(0) is NULL. */
void *malloc(size_t size);
void *calloc(size_t n, size_t size);
void free(void *ptr);
size_t malloc_size(const void *ptr);	/* usable bytes of what malloc gave */

/*
 * Foreign frames: window.c.  Pages of Xen that are not ours to allocate get
 * addresses behind the end of memory.
 */

/* PVH: space is XENMAPSPACE_*, idx its index.  0 or -errno. */
int window_map_space(unsigned int space, unsigned long idx, void **out);
/* PV: a machine frame. */
int window_map_frame(uint64_t mfn, bool writable, void **out);
void window_unmap(void *addr);
/*
 * Around a suspend: nothing of Xen's is mapped in between.  Afterwards, in the
 * same domain, everything is where it was; in another one nothing is, and the
 * owners unmap their addresses (which only frees them) and map anew.
 */
void window_suspend(void);
void window_resume(bool same);

/* PV page tables: pv.c. */

/* Tables for the page at va exist after this.  0 or -ENOMEM. */
int pv_prepare(uintptr_t va);
/* Where in [from, to), whole pages, the mapping of own memory ends. */
uintptr_t pv_mapped_end(uintptr_t from, uintptr_t to);
/* Map own memory [start, end) (2 MB or less), not mapped so far. */
int pv_map_memory(uintptr_t start, uintptr_t end);

/*
 * One page of own memory that is mapped: out of the tables, and (with the frame
 * that the p2m then says) back in.
 */
void pv_unmap_page(void *page);
void pv_map_page(void *page);

/* PVH: no page 0, read-only text: protect.c. */
void protect_init(void);

#endif

// SPDX-License-Identifier: BSD-2-Clause
/*
 * Page tables of a PV guest.  The tables are read-only to us: Xen changes
 * them after it validated every entry.
 */
#include <errno.h>
#include <string.h>

#include "minios/hypercall.h"

#include "minios/mm.h"
#include "minios/panic.h"

#define LEVELS		4
#define FRAME_MASK	0x000ffffffffff000ull
#define TABLE_FLAGS	(PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D)
#define CHUNK		0x200000ul

static unsigned int index_of(uintptr_t va, unsigned int level)
{
	return va >> (PAGE_SHIFT + 9 * (level - 1)) & 511;
}

/* Our address of one of our machine frames. */
static void *frame_ptr(uint64_t mfn)
{
	const uint64_t *m2p = (const uint64_t *)MACH2PHYS_VIRT_START;

	return (void *)(IMAGE_BASE + (m2p[mfn] << PAGE_SHIFT));
}

static uint64_t *next_table(uint64_t pte)
{
	return frame_ptr((pte & FRAME_MASK) >> PAGE_SHIFT);
}

/* Xen takes a page as a table only while nobody can write to it. */
static int make_readonly(void *page)
{
	return hypercall3(__HYPERVISOR_update_va_mapping, page,
			  page_frame(page) << PAGE_SHIFT | PTE_P | PTE_A,
			  UVMF_INVLPG | UVMF_LOCAL);
}

static int make_writable(void *page)
{
	return hypercall3(__HYPERVISOR_update_va_mapping, page,
			  page_frame(page) << PAGE_SHIFT | PTE_P | PTE_A |
			  PTE_RW, UVMF_INVLPG | UVMF_LOCAL);
}

void pv_map_page(void *page)
{
	if (make_writable(page))
		panic("page %lx is lost", (unsigned long)(uintptr_t)page);
}

void pv_unmap_page(void *page)
{
	if (hypercall3(__HYPERVISOR_update_va_mapping, page, 0,
		       UVMF_INVLPG | UVMF_LOCAL))
		panic("page %lx stays", (unsigned long)(uintptr_t)page);
}

/* Put a filled page into `entry` of a table. */
static int hook_table(uint64_t *entry, void *page)
{
	struct mmu_update op;
	int rc;

	op.ptr = (page_frame((void *)((uintptr_t)entry & PAGE_MASK))
		  << PAGE_SHIFT | ((uintptr_t)entry & ~PAGE_MASK)) |
		 MMU_NORMAL_PT_UPDATE;
	op.val = page_frame(page) << PAGE_SHIFT | TABLE_FLAGS;
	rc = make_readonly(page);
	if (rc)
		return rc;
	rc = hypercall4(__HYPERVISOR_mmu_update, (unsigned long)&op, 1, 0,
			DOMID_SELF);
	if (rc)
		make_writable(page);
	return rc;
}

/*
 * The entry for va at `level`, with the tables above it made if missing.
 * NULL: no page left.
 */
static uint64_t *walk(uintptr_t va, unsigned int level, bool make)
{
	uint64_t *table = boot.l4;
	unsigned int l;

	for (l = LEVELS; l > level; l--) {
		uint64_t *entry = &table[index_of(va, l)];

		if (!(*entry & PTE_P)) {
			void *page = make ? page_alloc(1) : NULL;

			if (!page)
				return NULL;
			memset(page, 0, PAGE_SIZE);
			if (hook_table(entry, page)) {
				page_free(page, 1);
				return NULL;
			}
		}
		table = next_table(*entry);
	}
	return &table[index_of(va, level)];
}

int pv_prepare(uintptr_t va)
{
	return walk(va, 1, true) ? 0 : -ENOMEM;
}

uintptr_t pv_mapped_end(uintptr_t from, uintptr_t to)
{
	uintptr_t va = from;

	while (va < to) {
		uintptr_t end = (va + CHUNK) & ~(CHUNK - 1);
		const uint64_t *last;

		if (end > to)
			end = to;
		last = walk(end - PAGE_SIZE, 1, false);
		if (!last)
			break;
		if (!(*last & PTE_P)) {
			while (*walk(va, 1, false) & PTE_P)
				va += PAGE_SIZE;
			break;
		}
		va = end;
	}
	return va;
}

int pv_map_memory(uintptr_t start, uintptr_t end)
{
	uint64_t *table, *l2 = walk(start, 2, true);
	uintptr_t va;
	int rc;

	if (!l2)
		return -ENOMEM;
	if (*l2 & PTE_P) {
		/* The rest of a table that the builder began. */
		for (va = start; va < end; va += PAGE_SIZE) {
			rc = make_writable((void *)va);
			if (rc)
				return rc;
		}
		return 0;
	}
	table = page_alloc(1);
	if (!table)
		return -ENOMEM;
	memset(table, 0, PAGE_SIZE);
	for (va = start; va < end; va += PAGE_SIZE)
		table[index_of(va, 1)] =
			page_frame((void *)va) << PAGE_SHIFT |
			PTE_P | PTE_RW | PTE_A | PTE_D;
	rc = hook_table(l2, table);
	if (rc)
		page_free(table, 1);
	return rc;
}

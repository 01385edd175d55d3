// SPDX-License-Identifier: BSD-2-Clause
/*
 * Addresses for pages that belong to Xen, behind the end of our memory.
 *
 * PVH: the guest frame of the same number, where there is no RAM, gets the
 * page; the page tables map it already.  PV: the page tables get it.
 */
#include <errno.h>

#include "minios/hypercall.h"
#include <xen/memory.h>

#include "minios/mm.h"
#include "minios/panic.h"

#define MAX_SLOTS	192	/* noxs 33, grants 64, rest a margin */
#define WORD_BITS	64

static uint64_t used[MAX_SLOTS / WORD_BITS];

/*
 * What is mapped at each slot; 0: nothing.  PV: the page table entry.  PVH: the
 * XENMAPSPACE_* and the index in it.
 */
static uint64_t content[MAX_SLOTS];

static uint64_t pvh_content(unsigned int space, unsigned long idx)
{
	return (uint64_t)idx << 32 | (uint64_t)space << 1 | PTE_P;
}

static uintptr_t slot_va(unsigned int slot)
{
	return boot.window + ((uintptr_t)slot << PAGE_SHIFT);
}

static unsigned int slot_of(const void *addr)
{
	return ((uintptr_t)addr - boot.window) >> PAGE_SHIFT;
}

static int slot_take(unsigned int *slot)
{
	unsigned int i, bit;

	for (i = 0; i < MAX_SLOTS / WORD_BITS; i++) {
		if (used[i] == ~0ull)
			continue;
		bit = __builtin_ctzll(~used[i]);
		used[i] |= 1ull << bit;
		*slot = i * WORD_BITS + bit;
		return 0;
	}
	return -ENOMEM;
}

static void slot_put(unsigned int slot)
{
	content[slot] = 0;
	used[slot / WORD_BITS] &= ~(1ull << (slot % WORD_BITS));
}

static int pv_set(uintptr_t va, uint64_t pte)
{
	return hypercall3(__HYPERVISOR_update_va_mapping, va, pte,
			  UVMF_INVLPG | UVMF_LOCAL);
}

static int slot_map(unsigned int slot)
{
	struct xen_add_to_physmap op = {
		.domid = DOMID_SELF,
		.space = (uint32_t)content[slot] >> 1,
		.idx = content[slot] >> 32,
		.gpfn = slot_va(slot) >> PAGE_SHIFT,
	};
	int rc;

	if (!boot.pv)
		return hypercall2(__HYPERVISOR_memory_op,
				  XENMEM_add_to_physmap, &op);
	rc = pv_prepare(slot_va(slot));
	return rc ? rc : pv_set(slot_va(slot), content[slot]);
}

static void slot_unmap(unsigned int slot)
{
	struct xen_remove_from_physmap op = {
		.domid = DOMID_SELF,
		.gpfn = slot_va(slot) >> PAGE_SHIFT,
	};

	if (boot.pv)
		pv_set(slot_va(slot), 0);
	else
		hypercall2(__HYPERVISOR_memory_op, XENMEM_remove_from_physmap,
			   &op);
}

static int map(uint64_t what, void **out)
{
	unsigned int slot;
	int rc = slot_take(&slot);

	if (rc)
		return rc;
	content[slot] = what;
	rc = slot_map(slot);
	if (rc)
		slot_put(slot);
	else
		*out = (void *)slot_va(slot);
	return rc;
}

int window_map_space(unsigned int space, unsigned long idx, void **out)
{
	return map(pvh_content(space, idx), out);
}

int window_map_frame(uint64_t mfn, bool writable, void **out)
{
	return map(mfn << PAGE_SHIFT | PTE_P | PTE_A | PTE_D |
		   (writable ? PTE_RW : 0), out);
}

void window_unmap(void *addr)
{
	unsigned int slot = slot_of(addr);

	if (content[slot])
		slot_unmap(slot);
	slot_put(slot);
}

void window_suspend(void)
{
	unsigned int i;

	for (i = 0; i < MAX_SLOTS; i++)
		if (content[i])
			slot_unmap(i);
}

void window_resume(bool same)
{
	unsigned int i;

	for (i = 0; i < MAX_SLOTS; i++) {
		if (!same)
			content[i] = 0;
		else if (content[i] && slot_map(i))
			panic("no way back to page %u", i);
	}
}

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

#define MAX_SLOTS	192	/* noxs 33, grants 64, rest a margin */
#define WORD_BITS	64

static uint64_t used[MAX_SLOTS / WORD_BITS];

static int slot_take(uintptr_t *va)
{
	unsigned int i, bit;

	for (i = 0; i < MAX_SLOTS / WORD_BITS; i++) {
		if (used[i] == ~0ull)
			continue;
		bit = __builtin_ctzll(~used[i]);
		used[i] |= 1ull << bit;
		*va = boot.window +
		      ((uintptr_t)(i * WORD_BITS + bit) << PAGE_SHIFT);
		return 0;
	}
	return -ENOMEM;
}

static void slot_put(uintptr_t va)
{
	unsigned long i = (va - boot.window) >> PAGE_SHIFT;

	used[i / WORD_BITS] &= ~(1ull << (i % WORD_BITS));
}

int window_map_space(unsigned int space, unsigned long idx, void **out)
{
	struct xen_add_to_physmap op = { .domid = DOMID_SELF, .space = space,
					 .idx = idx };
	uintptr_t va;
	long rc;

	rc = slot_take(&va);
	if (rc)
		return rc;
	op.gpfn = va >> PAGE_SHIFT;
	rc = hypercall2(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, &op);
	if (rc) {
		slot_put(va);
		return rc;
	}
	*out = (void *)va;
	return 0;
}

static int pv_set(uintptr_t va, uint64_t pte)
{
	return hypercall3(__HYPERVISOR_update_va_mapping, va, pte,
			  UVMF_INVLPG | UVMF_LOCAL);
}

int window_map_frame(uint64_t mfn, bool writable, void **out)
{
	uint64_t pte = mfn << PAGE_SHIFT | PTE_P | PTE_A | PTE_D;
	uintptr_t va;
	int rc;

	rc = slot_take(&va);
	if (rc)
		return rc;
	rc = pv_prepare(va);
	if (!rc)
		rc = pv_set(va, pte | (writable ? PTE_RW : 0));
	if (rc) {
		slot_put(va);
		return rc;
	}
	*out = (void *)va;
	return 0;
}

void window_unmap(void *addr)
{
	struct xen_remove_from_physmap op = {
		.domid = DOMID_SELF,
		.gpfn = (uintptr_t)addr >> PAGE_SHIFT,
	};

	if (boot.pv)
		pv_set((uintptr_t)addr, 0);
	else
		hypercall2(__HYPERVISOR_memory_op, XENMEM_remove_from_physmap,
			   &op);
	slot_put((uintptr_t)addr);
}

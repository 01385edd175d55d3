// SPDX-License-Identifier: BSD-2-Clause
/*
 * PVH: the first 2 MB page, which holds the image, becomes 4 KB pages: none
 * at 0, so that a NULL pointer faults, and no writing to text and constants.
 */
#include "minios/mm.h"

extern uint64_t pvh_pd_low[], pvh_pt_low[];

void protect_init(void)
{
	uintptr_t va, first = (uintptr_t)image_start;
	uintptr_t rw = (uintptr_t)image_rw;

	for (va = PAGE_SIZE; va < 512 * PAGE_SIZE; va += PAGE_SIZE)
		pvh_pt_low[va >> PAGE_SHIFT] =
			va | PTE_P | (va >= first && va < rw ? 0 : PTE_RW);
	pvh_pd_low[0] = (uintptr_t)pvh_pt_low | PTE_P | PTE_RW;
	/* Reloading the root forgets the old translation. */
	__asm__ volatile("mov %%cr3, %%rax\n\tmov %%rax, %%cr3"
			 ::: "rax", "memory");
}

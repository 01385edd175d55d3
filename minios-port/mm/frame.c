// SPDX-License-Identifier: BSD-2-Clause
/*
 * From our addresses to Xen's frame numbers.
 */
#include "minios/mm.h"

uint64_t page_frame(const void *page)
{
	uintptr_t va = (uintptr_t)page;

	if (boot.pv)
		return boot.p2m[(va - IMAGE_BASE) >> PAGE_SHIFT];
	return va >> PAGE_SHIFT;
}

// SPDX-License-Identifier: BSD-2-Clause
/*
 * shared_info: PVH puts it into a frame of its own, PV maps Xen's.
 */
#include <string.h>

#include "minios/hypercall.h"
#include <xen/memory.h>

#include "minios/boot.h"
#include "minios/mm.h"
#include "minios/panic.h"
#include "minios/shared.h"

struct shared_info *shared;

void shared_init(void)
{
	void *page;
	int rc;

	if (boot.pv)
		rc = window_map_frame(boot.shared_info_maddr >> PAGE_SHIFT,
				      true, &page);
	else
		rc = window_map_space(XENMAPSPACE_shared_info, 0, &page);
	if (rc)
		panic("shared_info: %d", rc);
	shared = page;
	if (!boot.pv)
		return;
	/* A toolstack that saves us finds our frames by these. */
	shared->arch.max_pfn = boot.nr_pages;
	shared->arch.p2m_vaddr = (uintptr_t)boot.p2m;
	shared->arch.p2m_generation = 0;
	shared->arch.p2m_cr3 = page_frame(boot.l4) << PAGE_SHIFT;
}

void shared_resume(void)
{
	window_unmap(shared);
	shared_init();
}

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
}

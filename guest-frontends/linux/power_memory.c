// SPDX-License-Identifier: GPL-2.0-only
/*
 * power_memory.c owns how much memory the domain has, through the kernel's
 * balloon.
 */
#include <linux/minmax.h>
#include <linux/mm.h>

#include <asm/xen/hypercall.h>

#include <xen/balloon.h>
#include <xen/interface/memory.h>

#include "noxs_linux.h"
#include "power.h"

/*
 * Of what the domain began with, so much may have gone another way than through
 * the balloon: pages whose place Xen's own have taken.
 */
#define SLACK		(1UL << (20 - PAGE_SHIFT))

/* Pages of the domain that the balloon does not know of. */
static long beside;

static long owned(void)
{
	domid_t self = DOMID_SELF;

	return HYPERVISOR_memory_op(XENMEM_current_reservation, &self);
}

void noxs_memory_init(void)
{
	beside = owned() - (long)balloon_stats.current_pages;
}

/* What the balloon is to leave, for the domain to own kib. */
static u64 target(u64 kib)
{
	u64 pages = kib >> (PAGE_SHIFT - 10);

	return pages > beside ? pages - beside : 0;
}

int noxs_memory_check(u64 kib)
{
	unsigned long current_pages = balloon_stats.current_pages;
	u64 pages = target(kib);

	/* It cannot make more than there was, ... */
	if (pages > balloon_stats.total_pages + SLACK)
		return -ERANGE;
	/* ... and what is in use would be taken until nobody can run. */
	if (pages < current_pages &&
	    current_pages - pages > max(si_mem_available(), 0L))
		return -ENOMEM;
	return 0;
}

void noxs_memory_set(u64 kib)
{
	balloon_set_new_target(min_t(u64, target(kib),
				     balloon_stats.total_pages));
}

int noxs_memory_reached(void)
{
	return balloon_stats.current_pages == balloon_stats.target_pages ?
	       0 : -EAGAIN;
}

void noxs_memory_give_up(void)
{
	balloon_set_new_target(balloon_stats.current_pages);
}

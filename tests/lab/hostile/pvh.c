// SPDX-License-Identifier: BSD-2-Clause
/*
 * The PVH guest: 32 bit, no paging, so that it is a 32-bit caller as well and
 * an address is a guest-physical one.
 */

#include "hostile.h"

char page_aligned hypercall_page[PAGE];

static uint8_t page_aligned device[PAGE], moved[PAGE], front[PAGE], back[PAGE],
	shared[PAGE], grants[PAGE];

void start_c(void);

long hypercall(unsigned int nr, unsigned long a, unsigned long b,
	       unsigned long c, unsigned long d)
{
	long rc;

	asm volatile("call *%[entry]"
		     : "=a" (rc), "+b" (a), "+c" (b), "+d" (c), "+S" (d)
		     : [entry] "0" (hypercall_page + nr * 32)
		     : "memory");
	return rc;
}

static void hypercalls_init(void)
{
	uint32_t base, a, b, c, d;

	for (base = 0x40000000; base < 0x40010000; base += 0x100) {
		asm("cpuid" : "=a" (a), "=b" (b), "=c" (c), "=d" (d)
		    : "a" (base), "c" (0));
		if (b == 0x566e6558 && c == 0x65584d4d && d == 0x4d4d566e)
			break;
	}
	/* Without hypercalls there is no way to say so. */
	while (base == 0x40010000)
		asm volatile("hlt");
	asm("cpuid" : "=a" (a), "=b" (b), "=c" (c), "=d" (d)
	    : "a" (base + 2), "c" (0));
	asm volatile("wrmsr" : : "c" (b), "a" (hypercall_page), "d" (0)
		     : "memory");
}

static uint32_t gfn_of(const void *p)
{
	return (uint32_t)p / PAGE;
}

static long add_to_physmap(unsigned int space, unsigned long idx,
			   const void *where)
{
	struct xen_add_to_physmap op = {
		.domid = DOMID_SELF, .space = space, .idx = idx,
		.gpfn = gfn_of(where),
	};

	return hypercall(__HYPERVISOR_memory_op, XENMEM_add_to_physmap,
			 (unsigned long)&op, 0, 0);
}

/* A write to a read-only page is dropped. */
static void write_is_lost(void *page, enum hostile_step step)
{
	volatile uint32_t *word = page;
	uint32_t was = *word;

	*word = ~was;
	check(*word == was, step);
	__sync_fetch_and_add(word, 1);
	check(*word == was, step);
}

static void map_pages(void)
{
	static struct xen_noxs_frames frames = { .nr = 1 };

	check(hypercall(__HYPERVISOR_noxs_op, XEN_NOXS_OP_frames,
			(unsigned long)&frames, 0, 0) == -EOPNOTSUPP,
	      STEP_INDEX);
	check(add_to_physmap(XENMAPSPACE_noxs, XEN_NOXS_MAX_PAGES, moved) ==
	      -EINVAL, STEP_INDEX);
	check(add_to_physmap(XENMAPSPACE_noxs, XEN_NOXS_PAGE_FRONT(1), moved) ==
	      -ENOENT, STEP_INDEX);
	check(!add_to_physmap(XENMAPSPACE_noxs, XEN_NOXS_PAGE_DEVICE, device) &&
	      !add_to_physmap(XENMAPSPACE_noxs, XEN_NOXS_PAGE_FRONT(0), front) &&
	      !add_to_physmap(XENMAPSPACE_noxs, XEN_NOXS_PAGE_BACK(0), back) &&
	      !add_to_physmap(XENMAPSPACE_shared_info, 0, shared), STEP_FIND);
	check(!add_to_physmap(XENMAPSPACE_grant_table, 0, grants), STEP_GRANT);
}

/* Xen enters a page anew when it moves: with which right? */
static void move_device_page(void)
{
	check(!add_to_physmap(XENMAPSPACE_gmfn, gfn_of(device), moved),
	      STEP_FIND);
	check(*(volatile uint32_t *)moved == XEN_NOXS_MAGIC, STEP_CONTENT);
	write_is_lost(moved, STEP_WRITE_MOVED);
	check(!add_to_physmap(XENMAPSPACE_noxs, XEN_NOXS_PAGE_DEVICE, device),
	      STEP_FIND);
	check(*(volatile uint32_t *)device == XEN_NOXS_MAGIC, STEP_CONTENT);
	write_is_lost(device, STEP_WRITE_DEVICE);
}

static long decrease(xen_pfn_t gfn)
{
	static xen_pfn_t list[1];
	struct xen_memory_reservation op = {
		.nr_extents = 1, .domid = DOMID_SELF,
	};

	list[0] = gfn;
	set_xen_guest_handle(op.extent_start, list);
	return hypercall(__HYPERVISOR_memory_op, XENMEM_decrease_reservation,
			 (unsigned long)&op, 0, 0);
}

void give_back(void)
{
	/* Twice over, with the same page entered again in between. */
	check(decrease(gfn_of(device)) == 1, STEP_GIVE_BACK);
	if (!add_to_physmap(XENMAPSPACE_noxs, XEN_NOXS_PAGE_DEVICE, device)) {
		write_is_lost(device, STEP_WRITE_DEVICE);
		decrease(gfn_of(device));
	}
	decrease(gfn_of(back));
	decrease(gfn_of(front));
}

void start_c(void)
{
	static struct pages pages;

	hypercalls_init();
	map_pages();
	write_is_lost(device, STEP_WRITE_DEVICE);
	write_is_lost(back, STEP_WRITE_BACK);
	move_device_page();
	pages.device = (void *)device;
	pages.front = front;
	pages.back = back;
	pages.shared = (void *)shared;
	pages.grants = (void *)grants;
	pages.device_frame = gfn_of(device);
	pages.back_frame = gfn_of(back);
	common(&pages);
}

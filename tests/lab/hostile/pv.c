// SPDX-License-Identifier: BSD-2-Clause
/* The PV guest, 64 bit. */

#include "hostile.h"

#define PTE_RO	0x61ul	/* present, accessed, dirty */
#define PTE_RW	(PTE_RO | 2)

static uint8_t page_aligned device[PAGE], front[PAGE], back[PAGE],
	shared[PAGE], grants[PAGE], other[PAGE];
static struct xen_noxs_frames frames;

void start_c(start_info_t *si);

long hypercall(unsigned int nr, unsigned long a, unsigned long b,
	       unsigned long c, unsigned long d)
{
	register unsigned long r10 asm("r10") = d;
	long rc;

	asm volatile("call *%[entry]"
		     : "=a" (rc), "+D" (a), "+S" (b), "+d" (c), "+r" (r10)
		     : [entry] "0" (hypercall_page + nr * 32)
		     : "memory", "rcx", "r8", "r9", "r11");
	return rc;
}

static long map(void *where, unsigned long mfn, unsigned long flags)
{
	return hypercall(__HYPERVISOR_update_va_mapping, (unsigned long)where,
			 mfn << 12 | flags, UVMF_INVLPG | UVMF_ALL, 0);
}

static long frames_of(unsigned int first, unsigned int nr)
{
	frames.first = first;
	frames.nr = nr;
	return hypercall(__HYPERVISOR_noxs_op, XEN_NOXS_OP_frames,
			 (unsigned long)&frames, 0, 0);
}

static void map_pages(void)
{
	check(frames_of(0, 0) == -EINVAL, STEP_INDEX);
	check(frames_of(0, XEN_NOXS_FRAMES_MAX + 1) == -EINVAL, STEP_INDEX);
	check(frames_of(XEN_NOXS_PAGE_FRONT(1), 1) == -ENOENT, STEP_INDEX);
	check(frames_of(0xffffffff, 2) == -EINVAL, STEP_INDEX);
	check(frames_of(0, 3) == 0, STEP_FIND);
	check(map(other, frames.mfn[0], PTE_RW) < 0, STEP_WRITE_DEVICE);
	check(map(other, frames.mfn[2], PTE_RW) < 0, STEP_WRITE_BACK);
	check(!map(device, frames.mfn[0], PTE_RO) &&
	      !map(front, frames.mfn[1], PTE_RW) &&
	      !map(back, frames.mfn[2], PTE_RO), STEP_FIND);
	/* Not by making a read-only mapping writable, either. */
	check(map(device, frames.mfn[0], PTE_RW) < 0, STEP_WRITE_DEVICE);
}

static long mmuext(unsigned int cmd, unsigned long mfn)
{
	struct mmuext_op op = { .cmd = cmd };

	op.arg1.mfn = mfn;
	return hypercall(__HYPERVISOR_mmuext_op, (unsigned long)&op, 1, 0,
			 DOMID_SELF);
}

/* Page tables, cleared and copied pages are written to without a mapping. */
static void other_types(void)
{
	struct mmuext_op copy = { .cmd = MMUEXT_COPY_PAGE };
	mmu_update_t update = { .ptr = frames.mfn[0] << 12, .val = 0 };

	check(mmuext(MMUEXT_PIN_L1_TABLE, frames.mfn[0]) < 0, STEP_TYPE);
	check(mmuext(MMUEXT_CLEAR_PAGE, frames.mfn[0]) < 0, STEP_TYPE);
	copy.arg1.mfn = frames.mfn[0];
	copy.arg2.src_mfn = frames.mfn[1];
	check(hypercall(__HYPERVISOR_mmuext_op, (unsigned long)&copy, 1, 0,
			DOMID_SELF) < 0, STEP_TYPE);
	check(hypercall(__HYPERVISOR_mmu_update, (unsigned long)&update, 1, 0,
			DOMID_SELF) < 0, STEP_TYPE);
	check(((volatile struct xen_noxs_device_page *)device)->magic ==
	      XEN_NOXS_MAGIC, STEP_TYPE);
}

static void map_grant_table(void)
{
	static xen_pfn_t list[1];
	struct gnttab_setup_table op = { .dom = DOMID_SELF, .nr_frames = 1 };

	set_xen_guest_handle(op.frame_list, list);
	check(!hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table,
			 (unsigned long)&op, 1, 0) && !op.status &&
	      !map(grants, list[0], PTE_RW), STEP_GRANT);
}

void give_back(void)
{
	static xen_pfn_t list[1];
	struct xen_memory_reservation op = {
		.nr_extents = 1, .domid = DOMID_SELF,
	};

	list[0] = frames.mfn[0];
	set_xen_guest_handle(op.extent_start, list);
	hypercall(__HYPERVISOR_memory_op, XENMEM_decrease_reservation,
		  (unsigned long)&op, 0, 0);
	/* Still mapped here, so still the same page. */
	check(((volatile struct xen_noxs_device_page *)device)->magic ==
	      XEN_NOXS_MAGIC, STEP_GIVE_BACK);
}

void start_c(start_info_t *si)
{
	static struct pages pages;

	map_pages();
	other_types();
	check(!map(shared, si->shared_info >> 12, PTE_RW), STEP_XEN);
	map_grant_table();
	pages.device = (void *)device;
	pages.front = front;
	pages.back = back;
	pages.shared = (void *)shared;
	pages.grants = (void *)grants;
	pages.device_frame = frames.mfn[0];
	pages.back_frame = frames.mfn[2];
	common(&pages);
}

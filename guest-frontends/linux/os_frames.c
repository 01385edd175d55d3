// SPDX-License-Identifier: GPL-2.0-only
/*
 * os_frames.c owns the hypercall and the mapping of the noxs pages.
 *
 * Linux has no address space for pages of Xen's that a module could ask for
 * cheaply, so a page of its own gives its address to each: in a PVH guest its
 * frame number (its memory goes back to Xen), in a PV guest its entry in the
 * kernel's page tables (its memory lies idle).
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/gfp.h>
#include <linux/mm.h>

#include <asm/xen/hypercall.h>
#include <asm/xen/hypervisor.h>
#include <asm/xen/page.h>

#include <xen/interface/memory.h>
#include <xen/page.h>
#include <xen/xen.h>

#include "noxs_linux.h"

struct frame {
	struct page *page;		/* NULL: not mapped */
	bool writable;
};

static struct frame frames[XEN_NOXS_MAX_PAGES];

int noxs_os_hypercall(unsigned int cmd, void *arg)
{
	if (!xen_domain())
		return -ENOSYS;
	return _hypercall2(int, noxs_op, cmd, arg);
}

/* --- PV ------------------------------------------------------------------- */

static int va_set(struct page *page, unsigned long mfn, pgprot_t prot)
{
	return HYPERVISOR_update_va_mapping((unsigned long)page_address(page),
					    mfn_pte(mfn, prot),
					    UVMF_INVLPG | UVMF_ALL);
}

static int pv_map(unsigned int index, const struct frame *f)
{
	struct xen_noxs_frames op = { .first = index, .nr = 1 };
	int rc = noxs_os_hypercall(XEN_NOXS_OP_frames, &op);

	if (rc)
		return rc;
	return va_set(f->page, op.mfn[0],
		      f->writable ? PAGE_KERNEL : PAGE_KERNEL_RO);
}

static int pv_unmap(const struct frame *f)
{
	return va_set(f->page, pfn_to_mfn(page_to_pfn(f->page)), PAGE_KERNEL);
}

/* --- PVH ------------------------------------------------------------------ */

static int pvh_map(unsigned int index, const struct frame *f)
{
	struct xen_add_to_physmap op = {
		.domid = DOMID_SELF,
		.space = XENMAPSPACE_noxs,
		.idx = index,
		.gpfn = xen_page_to_gfn(f->page),
	};

	return HYPERVISOR_memory_op(XENMEM_add_to_physmap, &op);
}

/*
 * Give the frame number memory again.  What is there goes first: Xen's page,
 * which stays Xen's; after a restore nothing, or memory that nobody uses.
 */
static int pvh_unmap(const struct frame *f)
{
	xen_pfn_t gfn = xen_page_to_gfn(f->page);
	struct xen_memory_reservation op = {
		.nr_extents = 1,
		.domid = DOMID_SELF,
	};

	set_xen_guest_handle(op.extent_start, &gfn);
	HYPERVISOR_memory_op(XENMEM_decrease_reservation, &op);
	return HYPERVISOR_memory_op(XENMEM_populate_physmap, &op) == 1 ?
	       0 : -ENOMEM;
}

/* --- both ----------------------------------------------------------------- */

int noxs_os_map_page(unsigned int index, bool writable, void **out)
{
	struct frame f = { .writable = writable };
	int rc;

	f.page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	if (!f.page)
		return -ENOMEM;
	rc = xen_pv_domain() ? pv_map(index, &f) : pvh_map(index, &f);
	if (rc) {
		/* Out of memory, Xen has taken the page's own already. */
		if (xen_pv_domain() || rc != -ENOMEM)
			__free_page(f.page);
		return rc;
	}
	frames[index] = f;
	*out = page_address(f.page);
	return 0;
}

void noxs_os_unmap_page(unsigned int index, void *addr)
{
	struct frame *f = &frames[index];
	int rc;

	if (WARN_ON_ONCE(!f->page || page_address(f->page) != addr))
		return;
	rc = xen_pv_domain() ? pv_unmap(f) : pvh_unmap(f);
	if (rc)
		pr_warn("a page of memory is lost: %d\n", rc);
	else
		__free_page(f->page);
	f->page = NULL;
}

/* A PV domain's page tables are saved, and may name its own memory only. */
void noxs_frames_leave(void)
{
	unsigned int i;

	if (!xen_pv_domain())
		return;
	for (i = 0; i < ARRAY_SIZE(frames); i++)
		if (frames[i].page && pv_unmap(&frames[i]))
			pr_err("page %u is still mapped\n", i);
}

/* The suspend was called off: the pages are where they were. */
void noxs_frames_back(void)
{
	unsigned int i;

	if (!xen_pv_domain())
		return;
	for (i = 0; i < ARRAY_SIZE(frames); i++)
		if (frames[i].page && pv_map(i, &frames[i]))
			pr_err("page %u is not mapped again\n", i);
}

// SPDX-License-Identifier: BSD-2-Clause
/*
 * From what the domain builder left (PVH: hvm_start_info, PV: start_info) to
 * struct boot_info.
 */
#include <errno.h>
#include <string.h>

#include "minios/hypercall.h"
#include <xen/arch-x86/hvm/start_info.h>
#include <xen/hvm/params.h>

#include "minios/boot.h"
#include "minios/mm.h"
#include "minios/panic.h"

#define PVH_LOW_MAPPED	0x40000000ul	/* boot/pvh.S maps this much RAM */
#define PVH_WINDOW_HIGH	0xf0000000ul	/* behind any RAM below 4 GB */
#define LOW_END		0x100000ul

struct boot_info boot;

static void *pvh_ptr(uint64_t paddr)
{
	return (void *)(uintptr_t)paddr;
}

static uintptr_t max_addr(uintptr_t a, uintptr_t b)
{
	return a > b ? a : b;
}

/* The first address above the image and everything the builder put there. */
static uintptr_t pvh_used_end(const struct hvm_start_info *si)
{
	const struct hvm_modlist_entry *mod = pvh_ptr(si->modlist_paddr);
	uintptr_t end = (uintptr_t)image_end;
	unsigned int i;

	for (i = 0; i < si->nr_modules; i++)
		end = max_addr(end, mod[i].paddr + mod[i].size);
	return PAGE_UP(end);
}

/* What we have read and need no more, but nobody else is to see. */
static void pvh_leave(uint64_t paddr, uint64_t size)
{
	uintptr_t end = PAGE_UP(paddr + size);

	if (paddr < (uintptr_t)image_start)
		boot.range[0].start = max_addr(boot.range[0].start, end);
	else
		boot.left_end = max_addr(boot.left_end, end);
}

static uintptr_t pvh_ram_end(const struct hvm_start_info *si)
{
	const struct hvm_memmap_table_entry *map = pvh_ptr(si->memmap_paddr);
	unsigned int i;

	if (si->version < 1)
		return 0;
	for (i = 0; i < si->memmap_entries; i++) {
		uint64_t end = map[i].addr + map[i].size;

		if (map[i].type == XEN_HVM_MEMMAP_TYPE_RAM &&
		    map[i].addr <= (uintptr_t)image_start &&
		    end >= (uintptr_t)image_end)
			return end & PAGE_MASK;
	}
	return 0;
}

/* Below 1 MB the builder may have kept pages for itself. */
static uintptr_t pvh_low_end(const struct hvm_start_info *si)
{
	const struct hvm_memmap_table_entry *map = pvh_ptr(si->memmap_paddr);
	unsigned int i;

	for (i = 0; i < si->memmap_entries; i++) {
		uint64_t end = map[i].addr + map[i].size;

		if (map[i].type == XEN_HVM_MEMMAP_TYPE_RAM &&
		    map[i].addr <= PAGE_SIZE && end > PAGE_SIZE)
			return end < LOW_END ? end & PAGE_MASK : LOW_END;
	}
	return PAGE_SIZE;
}

/* Above end, the first address behind everything that is not a hole. */
static uintptr_t pvh_hole(const struct hvm_start_info *si, uintptr_t end)
{
	const struct hvm_memmap_table_entry *map = pvh_ptr(si->memmap_paddr);
	unsigned int i;

	for (i = 0; i < si->memmap_entries; i++)
		if (map[i].addr < PVH_LOW_MAPPED)
			end = max_addr(end, map[i].addr + map[i].size);
	return PAGE_UP(end);
}

/* A ring page and its port, as Xen tells them to HVM guests. */
static void *pvh_ring(uint32_t pfn_param, uint32_t port_param, uint32_t *port)
{
	uint64_t pfn, evtchn;

	if (hvm_param_get(pfn_param, &pfn) || !pfn ||
	    hvm_param_get(port_param, &evtchn))
		return NULL;
	/* Only what the page tables reach. */
	if (pfn >= (PVH_LOW_MAPPED >> PAGE_SHIFT) &&
	    (pfn < 0xc0000 || pfn >= 0x100000))
		return NULL;
	*port = evtchn;
	return pvh_ptr(pfn << PAGE_SHIFT);
}

static uint64_t pv_pfn(uint64_t mfn)
{
	return ((const uint64_t *)MACH2PHYS_VIRT_START)[mfn];
}

static void *pv_ptr(uint64_t mfn)
{
	return (void *)(IMAGE_BASE + (pv_pfn(mfn) << PAGE_SHIFT));
}

void *boot_console(uint32_t *port)
{
	if (!boot.pv)
		return pvh_ring(HVM_PARAM_CONSOLE_PFN, HVM_PARAM_CONSOLE_EVTCHN,
				port);
	if (!boot.console_mfn)
		return NULL;
	*port = boot.console_port;
	return pv_ptr(boot.console_mfn);
}

void *boot_store(uint32_t *port)
{
	void *ring;

	if (boot.pv) {
		*port = boot.store_port;
		return boot.store_port ? pv_ptr(boot.store_mfn) : NULL;
	}
	ring = pvh_ring(HVM_PARAM_STORE_PFN, HVM_PARAM_STORE_EVTCHN, port);
	/* A builder may keep a page for it and have no daemon. */
	return ring && *port ? ring : NULL;
}

/* What another domain has of its own. */
static void pv_read(const struct start_info *si)
{
	boot.shared_info_maddr = si->shared_info;
	boot.console_mfn = si->console.domU.mfn;
	boot.console_port = si->console.domU.evtchn;
	boot.store_mfn = si->store_mfn;
	boot.store_port = si->store_evtchn;
}

uint64_t boot_suspend(void)
{
	struct start_info *si = boot.start_info;

	if (!boot.pv)
		return 0;
	/* No frame number of this host may be left in our memory. */
	if (si->console.domU.mfn)
		si->console.domU.mfn = pv_pfn(si->console.domU.mfn);
	if (si->store_mfn)
		si->store_mfn = pv_pfn(si->store_mfn);
	return page_frame(si);
}

void boot_resume(bool same)
{
	struct start_info *si = boot.start_info;

	if (!boot.pv && !same && hypercall_init_pvh())
		__asm__ volatile("ud2");
	if (!boot.pv)
		return;
	if (same) {
		si->console.domU.mfn = boot.console_mfn;
		si->store_mfn = boot.store_mfn;
	} else {
		pv_read(si);
	}
}

void boot_pvh(uintptr_t start_info_paddr)
{
	const struct hvm_start_info *si = pvh_ptr(start_info_paddr);
	uintptr_t ram_end, end;

	traps_init();
	if (hypercall_init_pvh() || si->magic != XEN_HVM_START_MAGIC_VALUE)
		__asm__ volatile("ud2");
	ram_end = pvh_ram_end(si);
	if (!ram_end)
		panic("no memory map around the image");
	if (si->cmdline_paddr)
		strlcpy(boot.cmdline, pvh_ptr(si->cmdline_paddr),
			sizeof(boot.cmdline));

	/* Page 0 stays out of use, and out of the page tables. */
	boot.range[0] = (struct boot_range){ PAGE_SIZE, pvh_low_end(si) };
	end = ram_end < PVH_LOW_MAPPED ? ram_end : PVH_LOW_MAPPED;
	boot.range[1] = (struct boot_range){ pvh_used_end(si), end };
	boot.nr_ranges = 2;
	pvh_leave(start_info_paddr, sizeof(*si));
	pvh_leave(si->memmap_paddr, si->memmap_entries *
		  sizeof(struct hvm_memmap_table_entry));
	pvh_leave(si->cmdline_paddr, sizeof(boot.cmdline));
	boot.mapped_end = end;
	boot.window = pvh_hole(si, end);
	if (boot.window >= PVH_LOW_MAPPED)
		boot.window = PVH_WINDOW_HIGH;
	start();
}

void boot_pv(struct start_info *si)
{
	uintptr_t tables_end = si->pt_base + (si->nr_pt_frames << PAGE_SHIFT);
	uintptr_t ram_end = IMAGE_BASE + (si->nr_pages << PAGE_SHIFT);

	boot.pv = true;
	traps_init();
	memcpy(boot.cmdline, si->cmd_line,
	       sizeof(si->cmd_line) < sizeof(boot.cmdline) ?
	       sizeof(si->cmd_line) : sizeof(boot.cmdline));
	boot.cmdline[sizeof(boot.cmdline) - 1] = '\0';
	boot.start_info = si;
	pv_read(si);
	boot.p2m = (uint64_t *)si->mfn_list;
	boot.nr_pages = si->nr_pages;
	boot.l4 = (uint64_t *)si->pt_base;

	/*
	 * Free: what only PVH needs of the image, and all behind the page
	 * tables.  The boot stack, which comes next, is not used any more.
	 */
	boot.range[0] = (struct boot_range){ (uintptr_t)pvh_tables_start,
					    (uintptr_t)pvh_tables_end };
	boot.range[1] = (struct boot_range){ tables_end, ram_end };
	boot.nr_ranges = 2;
	boot.left_end = tables_end + PAGE_SIZE;
	boot.mapped_end = pv_mapped_end(tables_end, ram_end);
	boot.window = ram_end;
	start();
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * power_suspend.c owns suspend and resume.
 *
 * The kernel has all of it (drivers/xen/manage.c, do_suspend()), for a request
 * that comes through XenStore, and does not export it.  A module finds its
 * address by way of a kprobe that is never armed, which alters no code and need
 * not wait for all tasks; a kernel that has this driver built in has it made known
 * (guest-frontends/tinyx).  Of XenStore it wants a ring to reset; in a domain
 * without one it gets an empty page.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/gfp.h>
#include <linux/kprobes.h>

#include <asm/ibt.h>

#include <xen/xen.h>
#include <xen/xen-ops.h>
#include <xen/xenbus.h>

#include <asm/xen/hypervisor.h>

#include "noxs_linux.h"
#include "power.h"

static void (*kernel_suspend)(void);

#ifdef MODULE
static unsigned long find(const char *name)
{
	struct kprobe probe = {
		.symbol_name = name,
		.flags = KPROBE_FLAG_DISABLED,
	};
	unsigned long addr;

	if (register_kprobe(&probe))
		return 0;
	addr = (unsigned long)probe.addr;
	unregister_kprobe(&probe);
#ifdef CONFIG_X86_KERNEL_IBT
	/* The probe is behind the mark where calls may land. */
	if (is_endbr(*(u32 *)(addr - ENDBR_INSN_SIZE)))
		addr -= ENDBR_INSN_SIZE;
#endif
	return addr;
}

static void *find_suspend(void)
{
	return (void *)find("do_suspend");
}
#else
static void *find_suspend(void)
{
	return do_suspend;
}
#endif

/* Has this domain a XenStore? */
static bool store_there(void)
{
	return xen_pv_domain() ? xen_start_info->store_evtchn != 0 :
				 xen_store_interface != NULL;
}

bool noxs_suspend_init(void)
{
	kernel_suspend = find_suspend();
	if (!kernel_suspend)
		pr_info("this kernel cannot be suspended\n");
	return kernel_suspend;
}

/*
 * Without XenStore do_suspend() shall find nothing to bind: port 0 is ignored
 * where there is an irq already (a PV domain, which thinks that a XenStore may
 * yet be started in it), an impossible one is refused where there is none.
 */
static bool store_pretend(void **page)
{
	*page = NULL;
	if (!xen_store_interface) {
		*page = (void *)get_zeroed_page(GFP_KERNEL);
		if (!*page)
			return false;
		xen_store_interface = *page;
	}
	xen_store_evtchn = xen_pv_domain() ? 0 : -1;
	return true;
}

static void store_end(void *page, int port, bool anew)
{
	/* Of another domain: the port of before is not there. */
	xen_store_evtchn = anew ? 0 : port;
	if (!page)
		return;
	xen_store_interface = NULL;
	free_page((unsigned long)page);
}

void noxs_suspend(void)
{
	bool pretend = !store_there(), anew;
	int port = xen_store_evtchn;
	void *page = NULL;

	if (pretend && !store_pretend(&page)) {
		pr_err("no memory to suspend\n");
		return;
	}
	noxs_bus_leave();
	kernel_suspend();
	anew = noxs_bus_back();
	if (pretend)
		store_end(page, port, anew);
	pr_info("%s\n", anew ? "resumed" : "suspend called off");
}

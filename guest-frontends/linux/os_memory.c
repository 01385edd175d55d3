// SPDX-License-Identifier: GPL-2.0-only
/*
 * os_memory.c owns memory, grants and log lines as the core wants them.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/slab.h>

#include <xen/grant_table.h>
#include <xen/page.h>

#include "noxs_linux.h"

void *noxs_os_alloc(size_t size)
{
	return kzalloc(size, GFP_KERNEL);
}
EXPORT_SYMBOL_GPL(noxs_os_alloc);

void noxs_os_free(void *ptr)
{
	kfree(ptr);
}
EXPORT_SYMBOL_GPL(noxs_os_free);

void *noxs_os_page_alloc(void)
{
	return (void *)get_zeroed_page(GFP_KERNEL);
}

void noxs_os_page_free(void *page)
{
	free_page((unsigned long)page);
}

int noxs_os_grant_access(uint16_t domid, void *page, bool readonly,
			 uint32_t *ref)
{
	int rc = gnttab_grant_foreign_access(domid,
					     xen_page_to_gfn(virt_to_page(page)),
					     readonly);

	if (rc < 0)
		return rc;
	*ref = rc;
	return 0;
}

int noxs_os_grant_end(uint32_t ref)
{
	return gnttab_try_end_foreign_access(ref) ? 0 : -EBUSY;
}

void noxs_os_log(enum noxs_os_level level, const char *fmt, ...)
{
	struct va_format vaf = { .fmt = fmt };
	va_list ap;

	va_start(ap, fmt);
	vaf.va = &ap;
	if (level == NOXS_OS_ERROR)
		pr_err("%pV", &vaf);
	else if (level == NOXS_OS_WARN)
		pr_warn("%pV", &vaf);
	else
		pr_info("%pV", &vaf);
	va_end(ap);
}
EXPORT_SYMBOL_GPL(noxs_os_log);

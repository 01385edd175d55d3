// SPDX-License-Identifier: BSD-2-Clause
/*
 * Finding Xen (PVH) and the few calls that belong to no other file.
 */
#include <errno.h>

#include "minios/hypercall.h"
#include <xen/arch-x86/cpuid.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>
#include <xen/sched.h>

static void cpuid(uint32_t leaf, uint32_t r[4])
{
	__asm__ volatile("cpuid"
			 : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3])
			 : "a"(leaf), "c"(0));
}

int hypercall_init_pvh(void)
{
	uint32_t base, r[4];

	for (base = XEN_CPUID_FIRST_LEAF; base < 0x40010000; base += 0x100) {
		cpuid(base, r);
		if (r[1] == XEN_CPUID_SIGNATURE_EBX &&
		    r[2] == XEN_CPUID_SIGNATURE_ECX &&
		    r[3] == XEN_CPUID_SIGNATURE_EDX)
			break;
	}
	if (base >= 0x40010000)
		return -ENODEV;
	cpuid(base + 2, r);
	/* One to one: the page's address is its physical one. */
	__asm__ volatile("wrmsr"
			 :: "c"(r[1]), "a"((uint32_t)(uintptr_t)hypercall_page),
			    "d"(0)
			 : "memory");
	return 0;
}

int hvm_param_get(uint32_t index, uint64_t *value)
{
	struct xen_hvm_param p = { .domid = DOMID_SELF, .index = index };
	long rc = hypercall2(__HYPERVISOR_hvm_op, HVMOP_get_param, &p);

	if (!rc)
		*value = p.value;
	return rc;
}

int hvm_param_set(uint32_t index, uint64_t value)
{
	struct xen_hvm_param p = { .domid = DOMID_SELF, .index = index,
				   .value = value };

	return hypercall2(__HYPERVISOR_hvm_op, HVMOP_set_param, &p);
}

int xen_suspend(uint64_t start_info_mfn)
{
	struct sched_shutdown op = { .reason = SHUTDOWN_suspend };

	return hypercall3(__HYPERVISOR_sched_op, SCHEDOP_shutdown, &op,
			  start_info_mfn);
}

void xen_shutdown(unsigned int reason)
{
	struct sched_shutdown op = { .reason = reason };

	for (;;)
		hypercall2(__HYPERVISOR_sched_op, SCHEDOP_shutdown, &op);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls to Xen, through the page that it filled (PVH and PV alike), and the
 * public headers with the interface version that we speak.
 */
#ifndef MINIOS_HYPERCALL_H
#define MINIOS_HYPERCALL_H

#include <stddef.h>
#include <stdint.h>

#define __XEN_INTERFACE_VERSION__ 0x00040e00
#include <xen/xen.h>

extern char hypercall_page[];

static inline long hypercall4(unsigned int nr, unsigned long a,
			      unsigned long b, unsigned long c,
			      unsigned long d)
{
	register unsigned long r10 __asm__("r10") = d;
	long ret;

	__asm__ volatile("call *%[entry]"
			 : "=a"(ret), "+D"(a), "+S"(b), "+d"(c), "+r"(r10)
			 : [entry] "r"(hypercall_page + nr * 32)
			 : "memory", "rcx", "r11");
	return ret;
}

#define hypercall1(nr, a) \
	hypercall4(nr, (unsigned long)(a), 0, 0, 0)
#define hypercall2(nr, a, b) \
	hypercall4(nr, (unsigned long)(a), (unsigned long)(b), 0, 0)
#define hypercall3(nr, a, b, c) \
	hypercall4(nr, (unsigned long)(a), (unsigned long)(b), \
		   (unsigned long)(c), 0)

/* PVH: find Xen's CPUID leaves and have it fill the page.  0 or -ENODEV. */
int hypercall_init_pvh(void);

/* HVM_PARAM_*, of this domain.  0 or -errno. */
int hvm_param_get(uint32_t index, uint64_t *value);
int hvm_param_set(uint32_t index, uint64_t value);

/*
 * SCHEDOP_shutdown with SHUTDOWN_suspend.  0: in another domain now; 1: it was
 * called off; -errno: refused.  PV: the frame of the start info goes along.
 */
int xen_suspend(uint64_t start_info_mfn);
/* SCHEDOP_shutdown with a SHUTDOWN_* reason. */
void xen_shutdown(unsigned int reason) __attribute__((noreturn));

#endif

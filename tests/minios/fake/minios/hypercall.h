/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * In the place of the runtime's header: calls go to the test's Xen.
 */
#ifndef FAKE_HYPERCALL_H
#define FAKE_HYPERCALL_H

#include <stddef.h>
#include <stdint.h>

#define __XEN_INTERFACE_VERSION__ 0x00040e00
#include <xen/xen.h>

long fake_hypercall(unsigned int nr, unsigned long a, unsigned long b,
		    unsigned long c);

#define hypercall2(nr, a, b) \
	fake_hypercall(nr, (unsigned long)(a), (unsigned long)(b), 0)
#define hypercall3(nr, a, b, c) \
	fake_hypercall(nr, (unsigned long)(a), (unsigned long)(b), \
		       (unsigned long)(c))

#endif

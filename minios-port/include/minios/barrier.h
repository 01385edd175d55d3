/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Barriers towards other CPUs (Xen, dom0): x86 keeps loads and stores in
 * order but for a load that overtakes an earlier store.
 */
#ifndef MINIOS_BARRIER_H
#define MINIOS_BARRIER_H

#define barrier()	__asm__ volatile("" ::: "memory")
#define xen_rmb()	barrier()
#define xen_wmb()	barrier()
#define xen_mb()	__asm__ volatile("lock; addl $0, -4(%%rsp)" ::: "memory", "cc")

#define READ_ONCE(x)		(*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v)	(*(volatile __typeof__(x) *)&(x) = (v))

#endif

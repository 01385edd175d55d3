/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * power.h owns what the files of noxs_power.ko share.
 */
#ifndef NOXS_LINUX_POWER_H
#define NOXS_LINUX_POWER_H

#include <linux/types.h>

/* power_suspend.c */

/* Can this kernel suspend at all?  Task context, once. */
bool noxs_suspend_init(void);
/*
 * Suspend the domain and come back, here or elsewhere.  Holds the bus lock all
 * the time; task context, not in a freezable thread.
 */
void noxs_suspend(void);

/* The kernel's (drivers/xen/manage.c), where this is built in. */
void do_suspend(void);

/* power_memory.c */

void noxs_memory_init(void);
/* The domain is to own kib of memory: 0, -ERANGE or -ENOMEM. */
int noxs_memory_check(u64 kib);
void noxs_memory_set(u64 kib);
/* 0: it does; -EAGAIN: not yet. */
int noxs_memory_reached(void);
/* It will not: what it owns now is what it is to own. */
void noxs_memory_give_up(void);

#endif

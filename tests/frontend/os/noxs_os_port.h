/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * noxs_os_port.h owns what the frontend core's tests give it as its OS: the C
 * library if there is one, else (the freestanding compile check) the bare
 * compiler.  xen_rmb and xen_wmb call a hook first, in which a test plays the
 * other CPU.
 */
#ifndef NOXS_OS_PORT_H
#define NOXS_OS_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if __STDC_HOSTED__
#include <errno.h>
#include <string.h>
#else
#define EPERM		1
#define ENOENT		2
#define EIO		5
#define EAGAIN		11
#define ENOMEM		12
#define EBUSY		16
#define EEXIST		17
#define ENODEV		19
#define EINVAL		22
#define ENOSPC		28
#define ERANGE		34
#define ENOSYS		38
#define EPROTO		71
#define EMSGSIZE	90
#define EOPNOTSUPP	95
#define ENOTCONN	107
#define ESTALE		116
void *memcpy(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);
#endif

#ifndef __XEN_INTERFACE_VERSION__
#define __XEN_INTERFACE_VERSION__	0x00040e00
#endif

extern void (*os_rmb_hook)(void);
extern void (*os_wmb_hook)(void);

#define xen_mb()	__atomic_thread_fence(__ATOMIC_SEQ_CST)
#define xen_rmb()	do {						\
		if (os_rmb_hook)					\
			os_rmb_hook();					\
		__atomic_thread_fence(__ATOMIC_ACQUIRE);		\
	} while (0)
#define xen_wmb()	do {						\
		__atomic_thread_fence(__ATOMIC_RELEASE);		\
		if (os_wmb_hook)					\
			os_wmb_hook();					\
	} while (0)

#include <xen/noxs.h>
#include <xen/io/ring.h>
#include <xen/io/netif.h>

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The other transport: guests of a toolstack that uses XenStore.
 *
 * Pages of our own play the device page and the control pages.  A thread
 * fills them from XenStore and carries the frontend's answers there, in the
 * words that every Xen backend knows.  The frontends see noxs devices and
 * nothing else; xen/noxs_os.c chooses, by one flag.
 */
#ifndef MINIOS_XENBUS_H
#define MINIOS_XENBUS_H

#include <stdbool.h>
#include <stdint.h>

/* The calls below count, not Xen's noxs. */
extern bool xenbus_active;

/*
 * Begin, if this domain has a XenStore page; no noxs page may be mapped.
 * -ENOENT: it has none; -ENOMEM.
 */
int xenbus_start(void);

/*
 * In another domain, before the bus resumes: devices have ports again, and
 * XenStore is asked for news by the thread.
 */
void xenbus_resume(void);

/* In the places of XEN_NOXS_OP_*, page mapping, VIRQ and event channel. */
int xenbus_hypercall(unsigned int cmd, void *arg);
void *xenbus_page(unsigned int index);		/* NULL: there is none */
void xenbus_virq(void (*handler)(void *), void *data);	/* NULL: none */
void xenbus_notify(uint32_t port);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * noxs_os.h owns the list of services that an operating system fills in for
 * the noxs bus and the frontends.  Nothing else of the OS is used.
 *
 * The OS puts a header noxs_os_port.h on the include path.  It provides
 *   - uint8_t .. uint64_t, uintptr_t, size_t, bool, NULL, offsetof;
 *   - memcpy, memset, memcmp (functions; the compiler may call them too);
 *   - positive errno constants: EPERM ENOENT EIO EAGAIN ENOMEM EBUSY EEXIST
 *     ENODEV EINVAL ENOSPC ERANGE ENOSYS EMSGSIZE EPROTO ENOTCONN ESTALE
 *     EOPNOTSUPP;
 *   - __XEN_INTERFACE_VERSION__ as 0x00030208 or later, before Xen's headers;
 *   - xen_mb(), xen_rmb(), xen_wmb(): SMP barriers against other (v)CPUs,
 *     always, even if the guest itself is built for one CPU.  On x86
 *     xen_rmb/xen_wmb may be compiler barriers, xen_mb is a real fence;
 *   - <xen/noxs.h>, <xen/io/ring.h> and <xen/io/netif.h>, or the OS's own
 *     copies of the latter two under Xen's names (struct netif_tx_request,
 *     NETTXF_csum_blank, struct netif_tx_sring, ...).
 * It may define any noxs_os_* function below as a static inline and then also
 * defines NOXS_OS_INLINE, so that the prototypes here step aside.
 *
 * Contexts
 *   task   may take a while, may allocate; one caller at a time for the bus
 *          and everything below it, unless a call says otherwise.  The OS
 *          serializes (a cooperative kernel has nothing to do, Linux holds
 *          one mutex around the bus calls; see noxs_netfront.h for the data
 *          path).
 *   event  an interrupt or an event-channel upcall, possibly on another CPU,
 *          possibly in the middle of task context.  The core then only reads
 *          one shared word, sets flags with atomic instructions, and calls
 *          the callbacks that are marked for it.  It allocates nothing,
 *          takes no lock and calls no noxs_os_* function.
 * No function below may call back into the core, except that event handlers
 * may run at any time between bind and unbind.
 *
 * Errors are 0 or -errno.  Pages are 4096 bytes whatever the CPU's page size.
 */
#ifndef NOXS_OS_H
#define NOXS_OS_H

#include <noxs_os_port.h>

#if defined(__XEN_INTERFACE_VERSION__) && __XEN_INTERFACE_VERSION__ < 0x00030208
#error "ring.h would replace the barriers: set __XEN_INTERFACE_VERSION__"
#endif

#define NOXS_OS_PAGE_SIZE	4096u

enum noxs_os_level {
	NOXS_OS_ERROR = 0,	/* a device is lost */
	NOXS_OS_WARN = 1,	/* the peer misbehaves, or a resource is kept */
	NOXS_OS_INFO = 2,	/* life cycle */
};

/* Event context.  data is what was bound. */
typedef void (*noxs_os_handler)(void *data);

#ifndef NOXS_OS_INLINE

/* Hypercalls and pages: task context. */

/*
 * noxs_op(cmd, arg).  arg is in normal guest memory.  Returns what Xen says;
 * -ENOSYS also when it is known that there is no noxs.
 */
int noxs_os_hypercall(unsigned int cmd, void *arg);

/*
 * Map the caller domain's own noxs page `index` (XEN_NOXS_PAGE_*).  The
 * address is page-aligned and stays valid until unmap.  writable only for
 * front pages; a page that is not must be mapped read-only.
 * PV: XEN_NOXS_OP_frames and a page-table entry.  Translated:
 * XENMEM_add_to_physmap with XENMAPSPACE_noxs at an unused frame number.
 * -ENOENT no such page, -ENOMEM.
 */
int noxs_os_map_page(unsigned int index, bool writable, void **out);
void noxs_os_unmap_page(unsigned int index, void *addr);

/* Memory: task context. */

/* Zeroed, aligned for any type; NULL: none left. */
void *noxs_os_alloc(size_t size);
void noxs_os_free(void *ptr);		/* NULL is allowed */

/*
 * One page, page-aligned, which can be granted.  Its content is either
 * zeroes or whatever a page fresh from Xen holds, never this guest's data:
 * a backend will see it.  NULL: none left.
 */
void *noxs_os_page_alloc(void);
void noxs_os_page_free(void *page);	/* NULL is allowed */

/* Grants: task context. */

/*
 * Let domid map or copy the page.  The reference is valid until grant_end
 * succeeds.  -ENOSPC: no free entry.
 */
int noxs_os_grant_access(uint16_t domid, void *page, bool readonly,
			 uint32_t *ref);
/*
 * Take it back.  -EBUSY: the peer has the page mapped; nothing changed, the
 * page must not be reused, the core tries again later.  After 0 the entry is
 * free.  Never waits.
 */
int noxs_os_grant_end(uint32_t ref);

/*
 * Events: task context, except where said.  A port is one that Xen already
 * bound (slot.port[]).
 */

/*
 * Register a handler and unmask.  An event that was raised before is
 * delivered at once or soon (never lost).  -EBUSY: the port has a handler;
 * -EINVAL: port out of range.
 */
int noxs_os_evtchn_bind(uint32_t port, noxs_os_handler handler, void *data);
/*
 * Mask and forget the handler.  The handler is not running on any CPU and
 * will not be called again when this returns.  Does NOT close the port: Xen
 * closes the guest's ports with the device, and the number may already be
 * another device's.
 */
void noxs_os_evtchn_unbind(uint32_t port);
/* Any context.  EVTCHNOP_send; errors (peer gone) are ignored. */
void noxs_os_evtchn_notify(uint32_t port);

/* The same for VIRQ `virq` (on vCPU 0); the OS binds and closes the port. */
int noxs_os_virq_bind(unsigned int virq, noxs_os_handler handler, void *data);
void noxs_os_virq_unbind(unsigned int virq);

/* Any context.  Lines end with \n; formats are %u %x %d %s, nothing else. */
void noxs_os_log(enum noxs_os_level level, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif /* NOXS_OS_INLINE */

#endif

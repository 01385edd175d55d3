/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libnoxs: the noxs hypercall and the noxs pages, from dom0 user space.
 *
 * Thin: one call here is one hypercall (libxencall) or one mapping
 * (libxenforeignmemory); the semantics are those of <xen/noxs.h>.
 *
 * A handle may be used by one thread at a time and not after fork().  Calls
 * return 0 or -errno, write their OUT arguments only on success, never print
 * or exit, and block for the hypercall only.  File descriptors are O_CLOEXEC.
 */
#ifndef NOXS_NOXS_H
#define NOXS_NOXS_H

#include <stddef.h>
#include <stdint.h>

#include <xen/noxs.h>

struct noxs;		/* a handle */
struct noxs_mapping;	/* mapped pages of one domain */

/*
 * Open.  -ENOSYS: this Xen has no noxs; -ENOENT: not on Xen (no
 * /dev/xen/privcmd); -EACCES/-EPERM: not root; -EPROTO: noxs of another
 * version.  NULL is allowed for close.
 */
int noxs_open(struct noxs **out);
void noxs_close(struct noxs *nx);

/* What XEN_NOXS_OP_version answered at open.  Valid until close. */
const struct xen_noxs_version *noxs_version(const struct noxs *nx);

/* Hypercalls, each with its own structure, IN and OUT. */
int noxs_add(struct noxs *nx, struct xen_noxs_add *op);
int noxs_remove(struct noxs *nx, const struct xen_noxs_remove *op);
int noxs_list(struct noxs *nx, struct xen_noxs_list *op);
int noxs_publish(struct noxs *nx, const struct xen_noxs_publish *op);
int noxs_watch(struct noxs *nx, const struct xen_noxs_watch *op);
int noxs_states(struct noxs *nx, struct xen_noxs_states *op);
int noxs_limit(struct noxs *nx, const struct xen_noxs_limit *op);
int noxs_generation(struct noxs *nx, const struct xen_noxs_generation *op);
int noxs_read(struct noxs *nx, struct xen_noxs_read *op);

/*
 * Map nr noxs pages of domid, from page index first on, read-only.  The
 * address is page-aligned and stays valid until noxs_unmap, also when the
 * domain dies.  What is in there is the peer's: copy once, validate the copy.
 */
int noxs_map(struct noxs *nx, uint16_t domid, unsigned int first,
	     unsigned int nr, struct noxs_mapping **out, const void **addr);
/*
 * Open what noxs_map opens at its first call: for a process that gives up the
 * rights for that.  Errors of noxs_open.
 */
int noxs_map_open(struct noxs *nx);
/* NULL is allowed. */
void noxs_unmap(struct noxs *nx, struct noxs_mapping *map);

#endif

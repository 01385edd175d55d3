/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gnttab.h owns netback-lite's use of grants: mapping ring pages, copying
 * packets.  The seam that tests replace.
 *
 * Call order: open -> { map -> unmap, copy } -> close.  Not after fork().
 * Nothing is logged, since a guest can make each of these fail at will.
 * Errors are 0 or -errno.
 */
#ifndef NBL_GNTTAB_H
#define NBL_GNTTAB_H

#include <stdbool.h>
#include <stdint.h>

#include <xengnttab.h>	/* struct xengnttab_grant_copy_segment */

#define NBL_PAGE_SIZE	4096u	/* of a grant, whatever the CPU's */

struct nbl_gnttab;

/* -ENOENT, -EACCES: no /dev/xen/gntdev, not root. */
int nbl_gnttab_open(struct nbl_gnttab **out);
void nbl_gnttab_close(struct nbl_gnttab *gt);	/* NULL is allowed */

/*
 * Map nr pages (1..NBL_MAX_MAP) of domid side by side.  All or nothing.  What
 * is in there is the peer's.
 */
#define NBL_MAX_MAP	512u
int nbl_gnttab_map(struct nbl_gnttab *gt, uint16_t domid,
		   const uint32_t *grefs, unsigned int nr, bool writable,
		   void **addr);
void nbl_gnttab_unmap(struct nbl_gnttab *gt, void *addr, unsigned int nr);

/*
 * Copy nr segments.  0: each segment's status says whether it succeeded
 * (GNTST_okay); -errno: none is known to have.  The caller has bounded
 * offset + len by the page.
 */
int nbl_gnttab_copy(struct nbl_gnttab *gt,
		    struct xengnttab_grant_copy_segment *segs,
		    unsigned int nr);

#endif

// SPDX-License-Identifier: BSD-2-Clause
/* Grants through libxengnttab; the one file that knows its errors. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <xentoollog.h>

#include "gnttab.h"

struct nbl_gnttab {
	xengnttab_handle *xgt;
	xentoollog_logger *quiet;
};

int nbl_gnttab_open(struct nbl_gnttab **out)
{
	struct nbl_gnttab *gt;
	int rc;

	gt = calloc(1, sizeof(*gt));
	if (!gt)
		return -ENOMEM;
	/* The library would print a line for each bad reference of a guest. */
	gt->quiet = (xentoollog_logger *)
		xtl_createlogger_stdiostream(stderr, XTL_CRITICAL, 0);
	if (!gt->quiet) {
		rc = -ENOMEM;
		goto err_free;
	}
	errno = 0;
	gt->xgt = xengnttab_open(gt->quiet, 0);
	if (!gt->xgt) {
		rc = errno ? -errno : -EIO;
		goto err_logger;
	}
	*out = gt;
	return 0;

err_logger:
	xtl_logger_destroy(gt->quiet);
err_free:
	free(gt);
	return rc;
}

void nbl_gnttab_close(struct nbl_gnttab *gt)
{
	if (!gt)
		return;
	xengnttab_close(gt->xgt);
	xtl_logger_destroy(gt->quiet);
	free(gt);
}

int nbl_gnttab_map(struct nbl_gnttab *gt, uint16_t domid,
		   const uint32_t *grefs, unsigned int nr, bool writable,
		   void **addr)
{
	uint32_t refs[NBL_MAX_MAP];
	unsigned int i;
	void *p;

	if (nr == 0 || nr > NBL_MAX_MAP)
		return -EINVAL;
	for (i = 0; i < nr; i++)
		refs[i] = grefs[i];	/* the library's argument is not const */
	p = xengnttab_map_domain_grant_refs(gt->xgt, nr, domid, refs,
					    PROT_READ |
					    (writable ? PROT_WRITE : 0));
	if (!p)
		return errno ? -errno : -EIO;
	*addr = p;
	return 0;
}

void nbl_gnttab_unmap(struct nbl_gnttab *gt, void *addr, unsigned int nr)
{
	xengnttab_unmap(gt->xgt, addr, nr);
}

int nbl_gnttab_copy(struct nbl_gnttab *gt,
		    struct xengnttab_grant_copy_segment *segs, unsigned int nr)
{
	return xengnttab_grant_copy(gt->xgt, nr, segs) ? -errno : 0;
}

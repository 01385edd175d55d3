/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of libnoxs share and nobody else sees. */
#ifndef NOXS_INTERNAL_H
#define NOXS_INTERNAL_H

#include <xencall.h>
#include <xenforeignmemory.h>
#include <xentoollog.h>

#include <noxs/noxs.h>

struct noxs {
	struct xentoollog_logger quiet;	/* the libraries below log to nobody */
	xencall_handle *call;
	xenforeignmemory_handle *fmem;	/* opened by the first noxs_map() */
	void *buf;			/* one page that hypercalls may read */
	struct xen_noxs_version version;
};

/*
 * Xen's libraries answer -1 and set errno.  This is the only place that turns
 * that into -errno; call it right after the call.
 */
int noxs__errno(void);

#endif

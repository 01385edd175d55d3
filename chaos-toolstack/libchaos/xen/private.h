/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of this folder share. */
#ifndef CHAOS_XEN_PRIVATE_H
#define CHAOS_XEN_PRIVATE_H

#define XC_WANT_COMPAT_MAP_FOREIGN_API
#include <xenctrl.h>
#include <xenevtchn.h>
#include <xentoollog.h>

#include "xen.h"

struct chaos__xen {
	struct xentoollog_logger logger;	/* keeps the latest error */
	xc_interface *xch;
	char detail[256];
};

/* -errno of a call of libxc that failed just now. */
int chaos__xen_errno(struct chaos__xen *xen);

/* The two ways to build a guest. */
struct chaos__xen_build {
	const struct chaos__xen_build_ops *ops;
	struct chaos__xen *xen;
	uint32_t domid;
	const struct chaos__xen_params *p;
	uint32_t console_port;
};

struct chaos__xen_build_ops {
	int (*memory)(struct chaos__xen_build *b);
	int (*image)(struct chaos__xen_build *b);
	int (*boot)(struct chaos__xen_build *b,
		    struct chaos__xen_console_where *con);
	void (*end)(struct chaos__xen_build *b);
};

int chaos__xen_pvh_begin(struct chaos__xen_build **out);
int chaos__xen_pv_begin(struct chaos__xen_build **out);

/* What Xen needs beside the guest's memory: pvh.c. */
int chaos__xen_pvh_paging(struct chaos__xen_build *b);

/*
 * window.c: a part of the guest's memory, mapped.  It moves on by itself when
 * an address outside of it is wanted, and never reaches end.
 */
#define CHAOS__WINDOW_PAGES 512

struct chaos__window {
	struct chaos__xen_build *b;
	uint64_t first, end;		/* gfn */
	unsigned int nr;		/* pages mapped from first on */
	unsigned int nr_extra;		/* and behind them: the special pages */
	uint8_t *map;
	uint8_t *special;		/* until it moves */
};

/* Together with the special pages: a mapping more would cost as much as its
 * pages. */
int chaos__window_open(struct chaos__window *w, struct chaos__xen_build *b,
		       uint64_t first, uint64_t end, uint64_t special_gfn,
		       unsigned int nr_special);
void chaos__window_close(struct chaos__window *w);
int chaos__window_read(struct chaos__window *w, int fd, uint64_t offset,
		       uint64_t size, uint64_t addr);
int chaos__window_write(struct chaos__window *w, const void *buf, uint64_t size,
			uint64_t addr);
int chaos__window_zero(struct chaos__window *w, uint64_t addr, uint64_t size);

/* pvh-memory.c: gives the guest nr pages from gfn on, superpages first. */
int chaos__xen_populate(struct chaos__xen *xen, uint32_t domid, uint64_t gfn,
			uint64_t nr);
/* pvh-vcpu.c: vCPU 0 at the entry, the others down. */
int chaos__xen_pvh_vcpu(struct chaos__xen *xen, uint32_t domid, uint32_t vcpus,
			uint32_t entry, uint64_t start_info);

#endif

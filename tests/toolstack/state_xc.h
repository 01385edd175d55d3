/* SPDX-License-Identifier: BSD-2-Clause */
/* A libxc with two domains, one to be saved and one to be made of it. */
#ifndef TOOLSTACK_STATE_XC_H
#define TOOLSTACK_STATE_XC_H

#include <stdbool.h>
#include <stdint.h>

#include "xen/private.h"

#include <xen/hvm/params.h>

#define XC_PAGE		4096u
#define XC_PAGES	5000u		/* that a domain can have */
#define XC_FROM		7u
#define XC_TO		8u

struct xc_guest {
	int fd;				/* memory */
	uint8_t populated[XC_PAGES];	/* times */
	uint64_t nr_pages;		/* that Xen counts */
	uint64_t params[HVM_NR_PARAMS];
	uint8_t context[8192];
	uint32_t context_size;
	struct {
		uint32_t mode, khz, incarnation;
		uint64_t nsec;
	} tsc;
	uint32_t policy;		/* of CPUID leaf 1, ecx */
	uint64_t rax;
	unsigned int resumed;
};

struct xc_world {
	struct xc_guest guest[2];
	bool pvh;
	uint32_t flags;			/* XEN_DOMINF_* of the first */
	uint32_t host;			/* what its CPU has: as policy */
	unsigned int nr_mapped;		/* pages */
	bool no_demand;			/* Xen has no populate on demand */
	uint64_t nr_demanded, nr_cleared;	/* pages */
	/* The library's stream. */
	const uint8_t *stream;
	size_t stream_size, write_size;	/* in how large pieces; 0: all */
	size_t fail_write_at, fail_read_at;	/* ~0: never */
	size_t nr_read;
	bool read_same;			/* so far */
};

extern struct xc_world xc;
extern struct chaos__xen the_xen;

void xc_world_reset(bool pvh);
void xc_world_close(void);
struct xc_guest *xc_guest(uint32_t domid);

#endif

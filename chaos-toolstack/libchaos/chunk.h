/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state of a suspended domain in typed chunks: what they hold, the way
 * they go, and the checks of what came back.  No Xen in here.
 *
 * Order of a saved domain's chunks:
 *
 *   PVH   PLATFORM CPU TSC (MEMORY PAGES...)... PARAMS HVM_CONTEXT END
 *   PV    PLATFORM CPU PV_STREAM...                                END
 *
 * All numbers are little endian, structs without gaps, a pad is 0.  A gfn
 * numbers a page of 4 KB of the guest's address space.  MEMORY lists what is
 * populated, PAGES has those of it that are not all zero; the others are.  What
 * is not in MEMORY was not populated and will not be: a guest that gave memory
 * back has the same holes after.  Pages of Xen's that a guest had mapped outside of its
 * memory (shared info, device page, grant table) are not saved: it maps the
 * new domain's when it resumes.
 *
 * Nothing of the host that it ran on is in here but what the guest could see:
 * no port of an event channel, no frame number, no domid.
 */
#ifndef CHAOS_CHUNK_H
#define CHAOS_CHUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/* Types 0x100 to 0x1ff are the ones of this file. */
#define CHAOS__CHUNK_PLATFORM	0x100u
#define CHAOS__CHUNK_CPU	0x101u
#define CHAOS__CHUNK_TSC	0x102u
#define CHAOS__CHUNK_MEMORY	0x103u
#define CHAOS__CHUNK_PAGES	0x104u
#define CHAOS__CHUNK_PARAMS	0x105u
#define CHAOS__CHUNK_HVM_CONTEXT 0x106u
#define CHAOS__CHUNK_PV_STREAM	0x107u
#define CHAOS__CHUNK_END	0x108u

/* Bytes of a payload; most are far smaller, PAGES 1 MB and a little. */
#define CHAOS__CHUNK_MAX	(4u << 20)
/* Pieces that a payload is handed over in. */
#define CHAOS__CHUNK_MAX_IOV	258u

/*
 * Where chunks go.  put returns 0 or -errno, which ends the save and is its
 * result.  The pieces are one payload; they may be a domain's memory, which
 * others that the guest shares it with can still write: read each byte once.
 */
struct chaos__sink {
	int (*put)(void *arg, uint32_t type, const struct iovec *iov,
		   unsigned int n);
	void *arg;
};

/*
 * Where they come from.  next returns 0 with a payload that is valid until the
 * next call (data need not be aligned), -ENODATA after the last one, or
 * another -errno, which ends the restore and is its result.  A restore reads
 * up to END and not further.
 */
struct chaos__source {
	int (*next)(void *arg, uint32_t *type, const void **data,
		    size_t *size);
	void *arg;
};

#define CHAOS__CHUNK_ASSERT(what, size) \
	_Static_assert(sizeof(struct what) == (size), "chunk: " #what)

#define CHAOS__PLATFORM_VERSION	1u
#define CHAOS__PLATFORM_PVH	(1u << 0)
#define CHAOS__PLATFORM_FLAGS	CHAOS__PLATFORM_PVH

/* First of all. */
struct chaos__chunk_platform {
	uint32_t version;		/* CHAOS__PLATFORM_VERSION */
	uint32_t flags;			/* CHAOS__PLATFORM_* */
	uint32_t xen_major, xen_minor;	/* it was saved on; to tell people */
	uint32_t vcpus;
	uint32_t pad;
	uint64_t nr_pages;		/* of it; about what MEMORY lists */
};
CHAOS__CHUNK_ASSERT(chaos__chunk_platform, 32);

/* What the guest's CPUs were, as Xen puts it.  The leaves follow, then the
 * MSRs, each in ascending order. */
#define CHAOS__MAX_LEAVES	1024u
#define CHAOS__MAX_MSRS		64u

struct chaos__chunk_cpu {
	uint32_t nr_leaves, nr_msrs;
};
CHAOS__CHUNK_ASSERT(chaos__chunk_cpu, 8);

struct chaos__chunk_leaf {		/* xen_cpuid_leaf_t */
	uint32_t leaf, subleaf;		/* subleaf ~0: has none */
	uint32_t a, b, c, d;
};
CHAOS__CHUNK_ASSERT(chaos__chunk_leaf, 24);

struct chaos__chunk_msr {		/* xen_msr_entry_t */
	uint32_t index, flags;		/* flags are 0 */
	uint64_t value;
};
CHAOS__CHUNK_ASSERT(chaos__chunk_msr, 16);

/* The time stamp counter goes on from here. */
struct chaos__chunk_tsc {
	uint32_t mode;			/* XEN_CPUID_TSC_MODE_* */
	uint32_t khz;
	uint64_t nsec;
	uint32_t incarnation;
	uint32_t pad;
};
CHAOS__CHUNK_ASSERT(chaos__chunk_tsc, 24);

/* MEMORY and PAGES: ranges in ascending order, also from one chunk to the
 * next. */
#define CHAOS__MAX_GFN		(1ull << 36)	/* and not it */
#define CHAOS__MAX_RANGES	65536u		/* of one MEMORY */
#define CHAOS__MAX_RUN_PAGES	256u		/* of one PAGES, together */

struct chaos__chunk_range {
	uint64_t gfn, nr;
};
CHAOS__CHUNK_ASSERT(chaos__chunk_range, 16);

/* The contents of the ranges follow them, in the same order. */
struct chaos__chunk_pages {
	uint32_t nr_ranges, nr_pages;
};
CHAOS__CHUNK_ASSERT(chaos__chunk_pages, 8);

/* HVM_CONTEXT is Xen's own records, each behind its descriptor. */
#define CHAOS__MAX_CONTEXT	CHAOS__CHUNK_MAX

/* PARAMS is a list of these, ascending; those which are not listed are 0. */
#define CHAOS__MAX_PARAMS	16u

struct chaos__chunk_param {
	uint64_t index, value;		/* HVM_PARAM_* */
};
CHAOS__CHUNK_ASSERT(chaos__chunk_param, 16);

/* PV_STREAM is the next part of what libxenguest writes. */
#define CHAOS__MAX_STREAM_PART	(1u << 20)

struct chaos__chunk_end {
	uint64_t nr_populated;		/* in MEMORY; PV: 0 */
	uint64_t nr_stored;		/* in PAGES; PV: 0 */
	uint64_t nr_bytes;		/* in PV_STREAM; PVH: 0 */
};
CHAOS__CHUNK_ASSERT(chaos__chunk_end, 24);

/*
 * The check of a saved domain, chunk by chunk: init, next for each, end, fini.
 * next refuses with -EPROTO, and why says what is wrong; a chunk that it let
 * pass can be used as it stands.  -ENOMEM is the other error.  After an error
 * nothing but fini is allowed.  range is there to read: what MEMORY listed so
 * far.  It takes 16 bytes a range, so at most 16 for each of max_pages.
 */
struct chaos__chunk_limits {
	bool pvh;
	uint32_t vcpus;
	uint64_t max_pages;		/* that the domain may have */
};

struct chaos__chunk_pv;

struct chaos__chunk_check {
	struct chaos__chunk_limits limits;
	char why[160];
	/* The rest is the check's own. */
	uint32_t expect;		/* bit by type - PLATFORM */
	struct chaos__chunk_end sum;	/* so far */
	uint64_t memory_end, pages_end;	/* gfn behind the last range */
	struct chaos__chunk_range *range;	/* MEMORY, what touches joined */
	size_t nr_ranges, max_ranges;
	size_t at;			/* the range that PAGES have come to */
	struct chaos__chunk_pv *pv;
};

void chaos__chunk_check_init(struct chaos__chunk_check *c,
			     const struct chaos__chunk_limits *limits);
int chaos__chunk_check_next(struct chaos__chunk_check *c, uint32_t type,
			    const void *data, size_t size);
/* Have all been here? */
int chaos__chunk_check_end(struct chaos__chunk_check *c);
void chaos__chunk_check_fini(struct chaos__chunk_check *c);

/*
 * Can CPUs as in have (leaves of a host) run a guest that saw the ones in
 * want?  -EOPNOTSUPP and the first features that are missing, by name.
 */
int chaos__chunk_cpu_fits(const struct chaos__chunk_leaf *want, uint32_t nr_want,
			  const struct chaos__chunk_leaf *have, uint32_t nr_have,
			  char *why, size_t size);

#endif

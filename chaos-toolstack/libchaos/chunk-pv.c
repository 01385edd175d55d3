// SPDX-License-Identifier: BSD-2-Clause
/*
 * The stream of a PV guest, which libxenguest writes and reads (Xen's
 * docs/specs/libxc-migration-stream.pandoc).  It checks what it uses; what is
 * looked at here, in one pass and without keeping data, is that the stream is
 * of the one kind that a save without live phase makes: known records of
 * possible length, frame numbers within bounds, one end.  So a stream cannot
 * make the library ask for memory without limit or wait for more.
 *
 *   image header | domain header | { type, length | body | up to 8 } ... END
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "chunk-parts.h"
#include "xen/xen.h"

#define HEADERS_SIZE	40u		/* image and domain */
#define HEAD_SIZE	8u		/* of a record */
#define MARKER		(~0ull)
#define MAGIC_BE	0x464e4558u	/* "XENF" as it is read */
#define VERSION_BE	0x03000000u
#define TYPE_PV		1u

#define REC_END			0x00u
#define REC_PAGE_DATA		0x01u
#define REC_PV_INFO		0x02u
#define REC_P2M_FRAMES		0x03u
#define REC_VCPU_BASIC		0x04u
#define REC_VCPU_EXTENDED	0x05u
#define REC_VCPU_XSAVE		0x06u
#define REC_SHARED_INFO		0x07u
#define REC_TSC_INFO		0x08u
#define REC_VCPU_MSRS		0x0cu
#define REC_STATIC_DATA_END	0x10u
#define REC_CPUID_POLICY	0x11u
#define REC_MSR_POLICY		0x12u
#define NR_RECS			0x13u

#define MAX_BATCH	1024u		/* pages of a record */
#define MAX_SMALL	(64u << 10)
#define MAX_FRAMES	(16u << 20)
#define PFN_MASK	0x000fffffffffffffull
#define TYPE_SHIFT	60u
#define ENTRY_ZERO	0x0ff0000000000000ull
#define FIRST_TYPE_NO_DATA 0xdu		/* broken, allocate only, none */

struct chaos__chunk_pv {
	uint64_t max_pfn;		/* any may name */
	uint64_t offset;		/* in the body, or in the headers */
	uint64_t nr_pages;		/* populated so far */
	uint32_t seen;			/* bit by record */
	bool started, in_body, ended;
	uint32_t type, length;
	uint32_t count, with_data;	/* of PAGE_DATA */
	uint32_t have;			/* bytes in item */
	uint8_t item[HEADERS_SIZE];
};

static const struct {
	uint32_t min, max;
} sizes[NR_RECS] = {
	[REC_PAGE_DATA] = { 16, 8 + MAX_BATCH * (8 + CHAOS__PAGE_SIZE) },
	[REC_PV_INFO] = { 8, 8 },
	[REC_P2M_FRAMES] = { 16, MAX_FRAMES },
	[REC_VCPU_BASIC] = { 8, MAX_SMALL },
	[REC_VCPU_EXTENDED] = { 8, MAX_SMALL },
	[REC_VCPU_XSAVE] = { 8, MAX_SMALL },
	[REC_SHARED_INFO] = { CHAOS__PAGE_SIZE, CHAOS__PAGE_SIZE },
	[REC_TSC_INFO] = { 24, 24 },
	[REC_VCPU_MSRS] = { 8, MAX_SMALL },
	[REC_CPUID_POLICY] = { 24, 24 * CHAOS__MAX_LEAVES },
	[REC_MSR_POLICY] = { 16, 16 * CHAOS__MAX_MSRS },
};

#define KNOWN ((1u << REC_END) | (1u << REC_PAGE_DATA) | (1u << REC_PV_INFO) | \
	       (1u << REC_P2M_FRAMES) | (1u << REC_VCPU_BASIC) | \
	       (1u << REC_VCPU_EXTENDED) | (1u << REC_VCPU_XSAVE) | \
	       (1u << REC_SHARED_INFO) | (1u << REC_TSC_INFO) | \
	       (1u << REC_VCPU_MSRS) | (1u << REC_STATIC_DATA_END) | \
	       (1u << REC_CPUID_POLICY) | (1u << REC_MSR_POLICY))
/* Only one of these may be there; the last pages need the first two. */
#define ONCE ((1u << REC_PV_INFO) | (1u << REC_P2M_FRAMES) | \
	      (1u << REC_SHARED_INFO) | (1u << REC_STATIC_DATA_END))
#define DUE ((1u << REC_PV_INFO) | (1u << REC_P2M_FRAMES) | \
	     (1u << REC_PAGE_DATA) | (1u << REC_SHARED_INFO) | \
	     (1u << REC_VCPU_BASIC))

static uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint64_t get64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static int check_headers(struct chaos__chunk_check *c, const uint8_t *p)
{
	if (get64(p) != MARKER || get32(p + 8) != MAGIC_BE ||
	    get32(p + 12) != VERSION_BE || get64(p + 16))
		return chaos__chunk_bad(c, "not Xen's, or of another version");
	if (get32(p + 24) != TYPE_PV || get32(p + 28) != CHAOS__PAGE_SHIFT)
		return chaos__chunk_bad(c, "not of a PV guest");
	return 0;
}

/* The head of a record is there. */
static int begin_record(struct chaos__chunk_check *c)
{
	struct chaos__chunk_pv *pv = c->pv;
	uint32_t bit;

	pv->type = get32(pv->item);
	pv->length = get32(pv->item + 4);
	if (pv->type >= NR_RECS || !(KNOWN & 1u << pv->type))
		return chaos__chunk_bad(c, "a record of type %#x", pv->type);
	if (pv->length < sizes[pv->type].min ||
	    pv->length > sizes[pv->type].max)
		return chaos__chunk_bad(c, "a record of type %#x cannot be %u "
					"bytes", pv->type, pv->length);
	bit = 1u << pv->type;
	if ((pv->seen & bit & ONCE) ||
	    (pv->type == REC_P2M_FRAMES && !(pv->seen & 1u << REC_PV_INFO)) ||
	    (pv->type == REC_PAGE_DATA && !(pv->seen & 1u << REC_P2M_FRAMES)))
		return chaos__chunk_bad(c, "a record of type %#x where none "
					"may be", pv->type);
	if (pv->type == REC_END && (pv->seen & DUE) != DUE)
		return chaos__chunk_bad(c, "records are missing");
	pv->seen |= bit;
	pv->ended = pv->type == REC_END;
	pv->in_body = pv->length;
	pv->offset = 0;
	pv->count = 0;
	pv->with_data = 0;
	return 0;
}

static int check_pfn(struct chaos__chunk_check *c, uint64_t entry)
{
	struct chaos__chunk_pv *pv = c->pv;
	uint64_t pfn = entry & PFN_MASK;
	unsigned int type = (unsigned int)(entry >> TYPE_SHIFT);

	if (pfn > pv->max_pfn || (entry & ENTRY_ZERO))
		return chaos__chunk_bad(c, "page %#llx",
					(unsigned long long)entry);
	if (type < FIRST_TYPE_NO_DATA)
		pv->with_data++;
	if (++pv->nr_pages > 2 * c->limits.max_pages + MAX_BATCH)
		return chaos__chunk_bad(c, "more pages than the guest has");
	return 0;
}

static int page_data_item(struct chaos__chunk_check *c)
{
	struct chaos__chunk_pv *pv = c->pv;
	uint64_t entries_end;
	int rc;

	if (pv->offset == HEAD_SIZE) {
		pv->count = get32(pv->item);
		if (!pv->count || pv->count > MAX_BATCH)
			return chaos__chunk_bad(c, "%u pages in a record",
						pv->count);
		return 0;
	}
	rc = check_pfn(c, get64(pv->item));
	if (rc)
		return rc;
	entries_end = HEAD_SIZE + 8ull * pv->count;
	if (pv->offset == entries_end &&
	    pv->length != entries_end +
			  (uint64_t)pv->with_data * CHAOS__PAGE_SIZE)
		return chaos__chunk_bad(c, "%u pages in %u bytes",
					pv->with_data, pv->length);
	return 0;
}

/* Eight bytes of a body that are looked at; offset is behind them. */
static int body_item(struct chaos__chunk_check *c)
{
	struct chaos__chunk_pv *pv = c->pv;

	switch (pv->type) {
	case REC_PAGE_DATA:
		return page_data_item(c);
	case REC_PV_INFO:
		/* Xen 4.17 runs 64-bit guests and 32-bit ones with PAE. */
		if (get32(pv->item) != 0x0408u && get32(pv->item) != 0x0304u)
			return chaos__chunk_bad(c, "no such kind of guest");
		return 0;
	case REC_P2M_FRAMES:
		if (get32(pv->item) || get32(pv->item + 4) > pv->max_pfn)
			return chaos__chunk_bad(c, "%u page frames",
						get32(pv->item + 4));
		return 0;
	default:
		if (get32(pv->item) >= c->limits.vcpus)
			return chaos__chunk_bad(c, "a record of vCPU %u",
						get32(pv->item));
		return 0;
	}
}

/* How far the body is looked at, in steps of eight bytes. */
static uint64_t looked_at(const struct chaos__chunk_pv *pv)
{
	switch (pv->type) {
	case REC_PAGE_DATA:
		return HEAD_SIZE + 8ull * (pv->count ? pv->count : 1);
	case REC_PV_INFO:
	case REC_P2M_FRAMES:
	case REC_VCPU_BASIC:
	case REC_VCPU_EXTENDED:
	case REC_VCPU_XSAVE:
	case REC_VCPU_MSRS:
		return HEAD_SIZE;
	default:
		return 0;
	}
}

/* Collects up to n bytes of an item; returns how many it took. */
static size_t collect(struct chaos__chunk_pv *pv, const uint8_t *p, size_t size,
		      uint32_t n)
{
	size_t part = n - pv->have < size ? n - pv->have : size;

	memcpy(pv->item + pv->have, p, part);
	pv->have += (uint32_t)part;
	return part;
}

static int in_body(struct chaos__chunk_check *c, const uint8_t *p, size_t size,
		   size_t *used)
{
	struct chaos__chunk_pv *pv = c->pv;
	uint64_t padded = (pv->length + 7ull) & ~7ull;
	int rc = 0;

	if (pv->offset + pv->have < looked_at(pv)) {
		*used = collect(pv, p, size, HEAD_SIZE);
		if (pv->have < HEAD_SIZE)
			return 0;
		pv->have = 0;
		pv->offset += HEAD_SIZE;
		rc = body_item(c);
	} else {
		*used = padded - pv->offset < size ?
			(size_t)(padded - pv->offset) : size;
		pv->offset += *used;
	}
	pv->in_body = pv->offset < padded;
	return rc;
}

static int at_head(struct chaos__chunk_check *c, const uint8_t *p, size_t size,
		   size_t *used)
{
	struct chaos__chunk_pv *pv = c->pv;
	uint32_t n = pv->started ? HEAD_SIZE : HEADERS_SIZE;

	if (pv->ended)
		return chaos__chunk_bad(c, "it goes on behind its end");
	*used = collect(pv, p, size, n);
	if (pv->have < n)
		return 0;
	pv->have = 0;
	if (pv->started)
		return begin_record(c);
	pv->started = true;
	return check_headers(c, pv->item);
}

int chaos__chunk_stream(struct chaos__chunk_check *c, const uint8_t *p,
			size_t size)
{
	size_t used = 0;
	int rc;

	if (!c->pv) {
		c->pv = calloc(1, sizeof(*c->pv));
		if (!c->pv)
			return -ENOMEM;
		/* A guest may number pages with gaps, below 4 GB or so. */
		c->pv->max_pfn = 4 * c->limits.max_pages +
				 (1ull << (32 - CHAOS__PAGE_SHIFT));
	}
	c->sum.nr_bytes += size;
	for (; size; p += used, size -= used) {
		rc = c->pv->in_body ? in_body(c, p, size, &used) :
				      at_head(c, p, size, &used);
		if (rc)
			return rc;
	}
	return 0;
}

int chaos__chunk_stream_end(struct chaos__chunk_check *c)
{
	return c->pv && c->pv->ended ? 0 : chaos__chunk_bad(c, "no end");
}

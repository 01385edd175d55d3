/* SPDX-License-Identifier: BSD-2-Clause */
/* What saving and restoring share. */
#ifndef CHAOS_XEN_STATE_H
#define CHAOS_XEN_STATE_H

#include <pthread.h>

#include "../chunk.h"
#include "private.h"

/* One payload in one piece. */
int chaos__state_put(const struct chaos__sink *sink, uint32_t type,
		     const void *data, size_t size);

/* -ESRCH: no such domain, or it is dying. */
int chaos__state_info(struct chaos__xen *xen, uint32_t domid,
		      xc_domaininfo_t *info);

/* cpu.c */
int chaos__state_put_cpu(struct chaos__xen *xen, uint32_t domid,
			 const struct chaos__sink *sink);
/*
 * A CPU chunk that was checked, for a domain that never ran: makes its vCPUs
 * what they were.  -EOPNOTSUPP: this host cannot.  PV: looks whether it can,
 * libxenguest does the rest.
 */
int chaos__state_get_cpu(struct chaos__xen *xen, uint32_t domid, bool pvh,
			 const void *chunk);

/* save-memory.c.  Counts in end what it put. */
int chaos__state_put_memory(struct chaos__xen *xen, uint32_t domid,
			    uint64_t mem_pages, uint64_t nr_pages,
			    const struct chaos__sink *sink,
			    struct chaos__chunk_end *end);
/* zero.c */
bool chaos__page_is_zero(const void *page);

/* save-pv.c */
int chaos__state_put_pv(struct chaos__xen *xen, uint32_t domid,
			const struct chaos__sink *sink,
			struct chaos__chunk_end *end);

/* Chunks that come in, each checked before anybody sees it. */
struct chaos__input {
	struct chaos__xen_build *b;
	const struct chaos__source *source;
	struct chaos__chunk_check check;
	uint32_t type;
	const void *data;
	size_t size;
};

int chaos__input_next(struct chaos__input *in);

/* restore-memory.c: a guest's memory, zero where nothing else is said. */
#define CHAOS__FILL_PAGES 1024u

struct chaos__fill {
	struct chaos__xen_build *b;
	bool no_demand;			/* this Xen populates none on demand */
	bool demand;			/* some are to be, of this chunk */
	unsigned int nr;		/* listed */
	xen_pfn_t pfn[CHAOS__FILL_PAGES];
};

/* A MEMORY chunk that was checked, and counted in c. */
int chaos__fill_memory(struct chaos__fill *f, const struct chaos__chunk_check *c,
		       const void *chunk, size_t size);
/* A PAGES chunk that was checked. */
int chaos__fill_pages(struct chaos__fill *f, const void *chunk);

/* Errors as pthread_create(): positive. */
int chaos__state_thread(pthread_t *thread, void *(*run)(void *), void *arg);

/* restore-pv.c: from the input's first PV_STREAM to its END. */
int chaos__state_get_pv(struct chaos__input *in, uint64_t *console_mfn);

#endif

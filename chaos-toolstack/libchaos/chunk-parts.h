/* SPDX-License-Identifier: BSD-2-Clause */
/* The checks of single chunks, for chunk.c.  All: 0, -EPROTO, -ENOMEM. */
#ifndef CHAOS_CHUNK_PARTS_H
#define CHAOS_CHUNK_PARTS_H

#include "chunk.h"

/* Says why (printf) and returns -EPROTO. */
int chaos__chunk_bad(struct chaos__chunk_check *c, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* chunk-memory.c */
int chaos__chunk_memory(struct chaos__chunk_check *c, const uint8_t *p,
			size_t size);
int chaos__chunk_pages(struct chaos__chunk_check *c, const uint8_t *p,
		       size_t size);
bool chaos__chunk_populated(const struct chaos__chunk_check *c, uint64_t gfn);

/* chunk-hvm.c */
int chaos__chunk_context(struct chaos__chunk_check *c, const uint8_t *p,
			 size_t size);
int chaos__chunk_params(struct chaos__chunk_check *c, const uint8_t *p,
			size_t size);

/* chunk-cpu.c */
int chaos__chunk_cpu(struct chaos__chunk_check *c, const uint8_t *p,
		     size_t size);

/* chunk-pv.c */
int chaos__chunk_stream(struct chaos__chunk_check *c, const uint8_t *p,
			size_t size);
int chaos__chunk_stream_end(struct chaos__chunk_check *c);

#endif

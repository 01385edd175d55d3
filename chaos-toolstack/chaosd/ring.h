/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ring.h: the latest bytes of a stream, in memory that grows with them up to a
 * limit.  A place in the stream is how many bytes came before it.
 */
#ifndef CHAOSD_RING_H
#define CHAOSD_RING_H

#include <stddef.h>
#include <stdint.h>

struct ring {
	uint8_t *data;
	size_t size;		/* of data */
	size_t max;		/* it grows to */
	uint64_t end;		/* bytes put so far */
	uint64_t begin;		/* those before it are not kept */
};

void ring_init(struct ring *r, size_t max);
void ring_fini(struct ring *r);
/* Without memory to grow it keeps fewer; with none at all, none. */
void ring_put(struct ring *r, const void *data, size_t n);
/*
 * Up to size bytes from *at on, which moves behind them; returns how many.  *lost
 * becomes how many there were before that are not kept any more.
 */
size_t ring_get(const struct ring *r, uint64_t *at, void *buf, size_t size,
		uint64_t *lost);

#endif

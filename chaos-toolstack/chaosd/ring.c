// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>
#include <string.h>

#include "ring.h"

#define FIRST_SIZE 256u		/* what a guest that says hello needs */

void ring_init(struct ring *r, size_t max)
{
	memset(r, 0, sizeof(*r));
	r->max = max;
}

void ring_fini(struct ring *r)
{
	free(r->data);
	r->data = NULL;
	r->size = 0;
	r->begin = r->end;
}

static void copy_out(const struct ring *r, uint64_t at, uint8_t *to, size_t n)
{
	size_t first = (size_t)(at % r->size), part = r->size - first;

	if (part > n)
		part = n;
	memcpy(to, r->data + first, part);
	memcpy(to + part, r->data, n - part);
}

static void copy_in(struct ring *r, const uint8_t *from, size_t n)
{
	size_t first = (size_t)(r->end % r->size), part = r->size - first;

	if (part > n)
		part = n;
	memcpy(r->data + first, from, part);
	memcpy(r->data, from + part, n - part);
	r->end += n;
}

/* What is kept lies elsewhere in a larger one. */
static void grow(struct ring *r, size_t wanted)
{
	size_t size = r->size ? r->size : FIRST_SIZE;
	struct ring bigger = *r;
	uint64_t at;

	while (size < wanted && size < r->max)
		size *= 2;
	if (size > r->max)
		size = r->max;
	if (size <= r->size)
		return;
	bigger.data = malloc(size);
	if (!bigger.data)
		return;
	bigger.size = size;
	for (at = r->begin; r->size && at < r->end; at++)
		bigger.data[at % size] = r->data[at % r->size];
	free(r->data);
	*r = bigger;
}

void ring_put(struct ring *r, const void *data, size_t n)
{
	const uint8_t *from = data;
	size_t kept = (size_t)(r->end - r->begin);

	if (kept + n > r->size)
		grow(r, kept + n);
	if (n > r->size) {
		r->end += n - r->size;
		from += n - r->size;
		n = r->size;
	}
	if (n)
		copy_in(r, from, n);
	if (r->end - r->begin > r->size)
		r->begin = r->end - r->size;
}

size_t ring_get(const struct ring *r, uint64_t *at, void *buf, size_t size,
		uint64_t *lost)
{
	*lost = 0;
	if (*at < r->begin) {
		*lost = r->begin - *at;
		*at = r->begin;
	}
	if (size > r->end - *at)
		size = (size_t)(r->end - *at);
	if (size)
		copy_out(r, *at, buf, size);
	*at += size;
	return size;
}

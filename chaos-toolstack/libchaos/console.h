/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest's console, and opening it one way or another. */
#ifndef CHAOS_CONSOLE_H
#define CHAOS_CONSOLE_H

#include <xen/io/console.h>

#include "find.h"

struct chaos_console {
	struct chaos__console_stream *stream;	/* NULL: the rest is used */
	struct chaos__xen *xen;
	struct chaos__xen_console *port;
	struct xencons_interface *ring;
	uint32_t domid;
	uint8_t uuid[16];
	XENCONS_RING_IDX out_cons;	/* what we read of out[] */
	XENCONS_RING_IDX in_prod;	/* what we wrote to in[] */
};

/* chaos__find() of one that has a console of ours. */
int chaos__console_find(struct chaos *ctx, uint32_t domid,
			struct chaos__found *f);
int chaos__console_new(struct chaos *ctx, const char *object,
		       struct chaos_console **out);
/* The guest's ring; set NULL: with a descriptor of its own. */
int chaos__console_open(struct chaos *ctx, const struct chaos__found *f,
			struct chaos__xen_consoles *set, void *arg,
			struct chaos_console *con);
/* What is in the ring, and tells the guest of its new room. */
long chaos__console_take(struct chaos_console *con, void *buf, size_t size);

#endif

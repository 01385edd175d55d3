/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Being told by Xen that some domain changed (XEN_NOXS_OP_watch).  Which one
 * and how is then to be looked up; several changes may be told as one.
 */
#ifndef CHAOS_WATCH_H
#define CHAOS_WATCH_H

#include "internal.h"

struct chaos__watch {
	struct chaos__xen_port *port;	/* NULL: closed */
	uint32_t number;
};

/* -ENOSYS no noxs here; -ENOSPC too many watch already.  Records no error. */
int chaos__watch_open(struct chaos *ctx, struct chaos__watch *w);
void chaos__watch_close(struct chaos *ctx, struct chaos__watch *w);
/* Sleeps until something changed, a signal or at most that long. */
void chaos__watch_wait(struct chaos__watch *w, int timeout_ms);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* chaosd, as its clients see it: somebody who has spares, or nobody. */
#ifndef CHAOS_DAEMON_H
#define CHAOS_DAEMON_H

#include "internal.h"

/*
 * As chaos_create(), by chaosd.  -ENOTCONN it cannot help: it does not run, or
 * has no spare for this; nothing was done and no error is recorded.
 */
int chaos__daemon_create(struct chaos *ctx, const struct chaos_config *cfg,
			 unsigned int flags, uint32_t *domid);
/* So much memory is wanted: spares go.  -ENOTCONN as above. */
int chaos__daemon_release(struct chaos *ctx, uint64_t kb);
/* A guest has another name; for the logs of those that end.  It need not run. */
void chaos__daemon_renamed(struct chaos *ctx, uint32_t domid, const char *name);
void chaos__daemon_close(struct chaos *ctx);
/* A connection of one's own: a descriptor, or -errno. */
int chaos__daemon_dial(const struct chaos *ctx);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest's console, and what it said. */
#ifndef LIBCHAOS_CONSOLE_H
#define LIBCHAOS_CONSOLE_H

#include <chaos/context.h>

#ifdef __cplusplus
extern "C" {
#endif

struct chaos_console;

/*
 * The guest's PV console.  One at a time per guest: -EBUSY.  -ESRCH no such
 * domain; -ENOENT it has no console of ours.  Where chaosd keeps the consoles it
 * is had through it; else, while it is open, a guest that was destroyed keeps one
 * page: close it when a read says -EPIPE.
 */
int chaos_console_open(struct chaos *ctx, uint32_t domid,
		       struct chaos_console **out);
void chaos_console_close(struct chaos_console *con);	/* NULL is allowed */
/* Readable when there may be something to read, or room to write again.  The
 * death of a guest is not told through it: poll with a timeout and read. */
int chaos_console_fd(const struct chaos_console *con);
/* Neither blocks.  Bytes moved (0: none now), or -EPIPE the guest has shut
 * down, crashed or gone and all it said was read, -EPROTO its ring is broken,
 * -ECONNRESET chaosd, which had it, ended: open it anew. */
long chaos_console_read(struct chaos_console *con, void *buf, size_t size);
long chaos_console_write(struct chaos_console *con, const void *buf,
			 size_t size);

/*
 * What a guest said, as far as chaosd keeps it; any number at a time.  Also of
 * one that has gone, by its name, as long as it is among the latest that did.
 * Read as a console, it cannot be written to; after its last byte a read says
 * -EPIPE.  With FOLLOW what the guest says from now on comes too, until its end.
 *
 * -ENOTCONN chaosd does not run; -EOPNOTSUPP it keeps no consoles; -ESRCH no
 * such guest; -ENOENT it was not made by libchaos; -EBUSY another process has
 * its console; -EAGAIN too many ask.
 */
#define CHAOS_CONSOLE_FOLLOW (1u << 0)

int chaos_console_log_open(struct chaos *ctx, const char *name_or_domid,
			   unsigned int flags, struct chaos_console **out);
/* Bytes before or among those read that were not kept: they were too many. */
uint64_t chaos_console_lost(const struct chaos_console *con);

#ifdef __cplusplus
}
#endif

#endif

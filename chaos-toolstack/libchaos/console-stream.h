/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest's console by way of chaosd (chaosd-console.h): the client's side. */
#ifndef CHAOS_CONSOLE_STREAM_H
#define CHAOS_CONSOLE_STREAM_H

#include "internal.h"

struct chaos__console_stream;

/*
 * flags: CHAOSD_CONSOLE_*.  Blocks up to the context's timeout.  -ENOTCONN chaosd
 * does not run, -EOPNOTSUPP it keeps no consoles; others are its own.  All record
 * the error.
 */
int chaos__console_stream_open(struct chaos *ctx, const char *object,
			       const char *which, uint32_t flags,
			       struct chaos__console_stream **out);
void chaos__console_stream_close(struct chaos__console_stream *s);
int chaos__console_stream_fd(const struct chaos__console_stream *s);
uint64_t chaos__console_stream_lost(const struct chaos__console_stream *s);
/* As chaos_console_read and _write. */
long chaos__console_stream_read(struct chaos__console_stream *s, void *buf,
				size_t size);
long chaos__console_stream_write(struct chaos__console_stream *s,
				 const void *buf, size_t size);

#endif

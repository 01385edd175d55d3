/* SPDX-License-Identifier: BSD-2-Clause */
/* Waiting for a pipe or a socket whose other end may hang. */
#ifndef CHAOS_STREAM_H
#define CHAOS_STREAM_H

/*
 * Until fd is ready for events (poll), an error of it included.  cancelled may
 * be NULL.  -ETIMEDOUT, -ECANCELED, others of poll.
 */
int chaos__stream_wait(int fd, short events, int timeout_ms,
		       const volatile int *cancelled);

#endif

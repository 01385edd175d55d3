/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A client of XenStore, over the ring page that the toolstack gave us.
 *
 * One thread at a time, the one that calls store_open; calls wait for the
 * daemon's answer and let other threads run meanwhile.  A daemon that breaks
 * the protocol ends the connection: -EPROTO for this and every later call.
 *
 * Calls return 0 or -errno: -ENOENT no such node, -EIO any other refusal.
 */
#ifndef MINIOS_XENBUS_STORE_H
#define MINIOS_XENBUS_STORE_H

#include <stdbool.h>
#include <stddef.h>

#define STORE_PATH_MAX	128	/* longer ones are not ours to read */

/* -ENOENT: the toolstack gave no page; -ENOMEM.  Calls nobody, never waits. */
int store_open(void);
/*
 * In another domain: its daemon, from now on.  No watch is set there.  Waits
 * for nobody; if there is no daemon later calls fail.
 */
void store_resume(void);

/* The node's value as a string.  -ERANGE: it does not fit or is none. */
int store_read(const char *path, char *value, size_t size);
int store_write(const char *path, const char *value);
/* Words with a zero after each, *len bytes, valid until the next call. */
int store_directory(const char *path, const char **words, size_t *len);
/* -EIO also: it is watched already / not watched. */
int store_watch(const char *path);
int store_unwatch(const char *path);

/* Did a watch fire since the last call?  -EPROTO, 0 or 1. */
int store_changed(void);
/* Sleep until store_poke or until the daemon has something to say. */
void store_wait(void);
void store_poke(void);

#endif

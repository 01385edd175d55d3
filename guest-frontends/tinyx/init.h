/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The two halves of a Tinyx guest's process 1: what it runs (init.c), and the
 * network (net.c).  No call gives up: what fails is told on the console, and the
 * guest goes on without it.
 */
#ifndef TINYX_INIT_H
#define TINYX_INIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* One line on the console: "tinyx: WHAT OBJECT: WHY"; the last two may be NULL. */
void say(const char *what, const char *object, const char *why);
int64_t now_ms(void);
/* Bytes, a zero behind them, or -errno. */
ssize_t read_text(const char *path, char *buf, size_t size);

/* For a child that becomes another program. */
void unblock_signals(void);

/* The kernel's uevents; -1: there are none.  Sets lo up. */
int net_open(void);
/* All interfaces that are there. */
void net_configure_all(void);
/* Takes one uevent from the socket and does what it asks for. */
void net_uevents(int fd);
/* A child ended; it may have been one of ours. */
void net_child(pid_t pid, int status);
/* Vifs on the bus that have no interface yet, or no address. */
unsigned int net_nr_waited_for(void);
/* Has one been seen? */
bool net_any(void);

#endif

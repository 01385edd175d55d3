/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end for a guest that found itself broken: a message on every console,
 * then SHUTDOWN_crash, so that the toolstack sees it.  Exceptions end here.
 */
#ifndef MINIOS_PANIC_H
#define MINIOS_PANIC_H

void panic(const char *fmt, ...)
	__attribute__((noreturn, format(printf, 1, 2)));
/* Have exceptions shown with their registers instead of a silent end. */
void traps_init(void);

#endif

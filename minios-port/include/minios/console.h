/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PV console ring.  Writing never waits: what does not fit is lost.  The
 * other end is told when the guest goes idle, not for every line; only then is
 * the ring looked up, too.
 */
#ifndef MINIOS_CONSOLE_H
#define MINIOS_CONSOLE_H

#include <stddef.h>
#include <stdio.h>	/* printf */

void console_write(const char *s, size_t len);
void console_flush(void);	/* tell the other end, if there is news */
/* In another domain: its ring, from now on. */
void console_resume(void);
/* Every way out at once, for a system that is about to end. */
void console_emergency(const char *s, size_t len);

#endif

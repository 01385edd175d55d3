/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Formatted output: %d %i %u %x %X %p %s %c %%, with - 0 width .precision (of
 * %s) and hh h l ll z.  Other conversions are copied as they stand.
 */
#ifndef MINIOS_LIBC_STDIO_H
#define MINIOS_LIBC_STDIO_H

#include <stdarg.h>
#include <stddef.h>

/* Return what would have been written; size 0: nothing is. */
int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));
int snprintf(char *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* To the console. */
int printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif

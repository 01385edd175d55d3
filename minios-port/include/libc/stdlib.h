/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of <stdlib.h> that the runtime, lwIP and the applications use. */
#ifndef MINIOS_LIBC_STDLIB_H
#define MINIOS_LIBC_STDLIB_H

#include <stddef.h>

void *malloc(size_t size);
void *calloc(size_t n, size_t size);
void free(void *ptr);

/* base 0, 2..36; no digits: *end = s and 0.  Saturates. */
unsigned long strtoul(const char *s, char **end, int base);
long strtol(const char *s, char **end, int base);

#endif

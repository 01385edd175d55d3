/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a guest said, made harmless for a terminal: newlines and tabs stay, and
 * UTF-8 that is whole; what would be a control character there, and bytes that are
 * no UTF-8, become \xNN.  A carriage return before a newline goes.
 */
#ifndef CHAOS_ESCAPE_H
#define CHAOS_ESCAPE_H

#include <stddef.h>

struct cmd_escape {
	unsigned char held[4];	/* not decided yet */
	size_t nr;
};

/* Of each byte there become so many at most. */
#define CMD_ESCAPE_MAX 4

/* Returns how many were written to out: up to CMD_ESCAPE_MAX times what is held
 * and size. */
size_t cmd_escape(struct cmd_escape *e, const char *in, size_t size, char *out);
/* What is held, at the end. */
size_t cmd_escape_end(struct cmd_escape *e, char *out);

#endif

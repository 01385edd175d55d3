/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing JSON to a stream, piece by piece: a tree that is built to be written
 * once would be most of the time of a create.  What was not written shows in
 * ferror().
 */
#ifndef CHAOS_JSON_H
#define CHAOS_JSON_H

#include <stdio.h>

/* "text" with quotes and escapes; NULL counts as "".  text is UTF-8. */
void chaos__json_text(FILE *f, const char *text);
/* ,"key":"text" */
void chaos__json_member(FILE *f, const char *key, const char *text);

#endif

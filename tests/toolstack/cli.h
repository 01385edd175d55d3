/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cli.h owns what the tests of the command share: running a line of it, and
 * what it printed then.
 */
#ifndef TOOLSTACK_CLI_H
#define TOOLSTACK_CLI_H

#include "fixture.h"

#include <jansson.h>

/* What the latest line printed. */
struct said {
	char out[256 * 1024];
	char err[8192];
};

extern struct said said;

/* Where keep() writes; NULL: nowhere. */
extern const char *keep_dir;

/* line without "chaos", words between blanks.  Returns the exit status. */
int run(struct fixture *f, const char *line);
/* said.out becomes VERB.NUMBER. */
void keep(const char *line);
/* The document, which is a list and is kept. */
json_t *run_json(struct fixture *f, const char *line, int status);
/* list[i].key, list[i].error.key; "" where there is none. */
const char *text_of(json_t *list, size_t i, const char *key);
const char *error_of(json_t *list, size_t i, const char *key);

/* cli-console.c */
void test_console(void **state);
void test_escape(void **state);
void test_keys(void **state);

/* cli-resources.c */
void test_cpus(void **state);
void test_memory(void **state);
void test_top(void **state);
void test_top_order(void **state);

#endif

// SPDX-License-Identifier: BSD-2-Clause
/*
 * Configurations in both syntaxes, with overrides.  An input is the text, then
 * up to 8 overrides, each after a zero byte.  What is accepted must be written
 * as JSON that is accepted again and written as the same.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config-json.h"

#define MAX_OVERRIDES 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/*
 * libxlutil 4.17 loses an item of a list (about 50 bytes) when the text has a
 * syntax error; ours, valid texts and JSON are unaffected.
 */
const char *__lsan_default_suppressions(void)
{
	return "leak:libxlutil.so\n";
}

static void die(const char *what, const char *text)
{
	fprintf(stderr, "%s: %s\n", what, text);
	abort();
}

static char *written(const struct chaos_config *cfg)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		abort();
	chaos__config_write_json(f, cfg);
	if (fclose(f))
		abort();
	return text;
}

/* Each error has a reason, and there is one. */
static void check_errors(struct chaos *ctx)
{
	char text[512];
	size_t i;

	if (!chaos_nr_errors(ctx))
		die("refused", "without an error");
	for (i = 0; i < chaos_nr_errors(ctx); i++) {
		if (!*chaos_error(ctx, i)->reason)
			die("refused", "without a reason");
		chaos_error_text(chaos_error(ctx, i), text, sizeof(text));
	}
}

static void check_accepted(struct chaos *ctx, const struct chaos_config *cfg)
{
	struct chaos_config *again;
	char *one = written(cfg), *two, text[512];

	if (chaos_config_parse_string(ctx, "again", one, NULL, &again))
		die(chaos_error_text(chaos_error(ctx, 0), text, sizeof(text)),
		    one);
	two = written(again);
	if (strcmp(one, two))
		die(one, two);
	chaos_config_free(again);
	free(one);
	free(two);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *overrides[MAX_OVERRIDES + 1] = { NULL };
	struct chaos_config *cfg;
	unsigned int nr = 0;
	struct chaos *ctx;
	char *text, *p;

	text = calloc(1, size + 1);
	if (!text || chaos_open(NULL, &ctx))
		abort();
	memcpy(text, data, size);
	for (p = text; nr < MAX_OVERRIDES; nr++) {
		p += strlen(p) + 1;
		if (p >= text + size)
			break;
		overrides[nr] = p;
	}
	if (chaos_config_parse_string(ctx, "fuzz", text, overrides, &cfg)) {
		check_errors(ctx);
	} else {
		check_accepted(ctx, cfg);
		chaos_config_free(cfg);
	}
	chaos_close(ctx);
	free(text);
	return 0;
}

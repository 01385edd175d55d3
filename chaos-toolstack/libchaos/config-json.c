// SPDX-License-Identifier: BSD-2-Clause
/* From JSON to the syntax of xl.cfg. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "config-json.h"

struct from_json {
	struct chaos *ctx;
	const char *origin;
	FILE *out;
	const char *key;
	int index;		/* in a list; -1: not in one */
};

__attribute__((format(printf, 3, 4)))
static void fail(struct from_json *j, const char *remedy, const char *format,
		 ...)
{
	char where[80], reason[160];
	va_list ap;

	if (j->index < 0)
		snprintf(where, sizeof(where), "%.60s", j->key);
	else
		snprintf(where, sizeof(where), "%.60s[%d]", j->key, j->index);
	va_start(ap, format);
	vsnprintf(reason, sizeof(reason), format, ap);
	va_end(ap);
	chaos__fail(j->ctx, -EINVAL, j->origin, where, remedy, "%s", reason);
}

bool chaos__config_is_json(const char *text)
{
	while (isspace((unsigned char)*text))
		text++;
	return *text == '{';
}

static bool is_key(const char *key)
{
	const char *c;

	for (c = key; *c; c++)
		if (!islower((unsigned char)*c) && *c != '_' && *c != '.' &&
		    (c == key || !isdigit((unsigned char)*c)))
			return false;
	return *key && *key != '_' && *key != '.' && strlen(key) < 48;
}

static void put_string(struct from_json *j, const char *text)
{
	const char *c;

	fputc('"', j->out);
	for (c = text; *c; c++) {
		if (*c == '"' || *c == '\\' || *c == '\n')
			fputc('\\', j->out);
		fputc(*c == '\n' ? 'n' : *c, j->out);
	}
	fputc('"', j->out);
}

static void put_scalar(struct from_json *j, const json_t *v)
{
	if (json_is_string(v)) {
		put_string(j, json_string_value(v));
	} else if (json_is_integer(v)) {
		/* A minus sign is no part of a number there. */
		if (json_integer_value(v) < 0)
			fail(j, "", "is negative");
		fprintf(j->out, "%" JSON_INTEGER_FORMAT,
			json_integer_value(v) < 0 ? 0 : json_integer_value(v));
	} else if (json_is_boolean(v)) {
		fputc(json_is_true(v) ? '1' : '0', j->out);
	} else {
		fail(j, "", "is neither a string nor a whole number");
		fputs("\"\"", j->out);
	}
}

/* KEY=VALUE,... in one string, as the other syntax has it. */
static void put_vif(struct from_json *j, json_t *vif)
{
	const char *key, *text, *comma = "";
	char *item = NULL;
	size_t size;
	json_t *v;
	FILE *f = open_memstream(&item, &size);

	if (!f) {
		chaos__fail(j->ctx, -ENOMEM, j->origin, j->key, "", NULL);
		fputs("\"\"", j->out);
		return;
	}
	json_object_foreach(vif, key, v) {
		text = json_string_value(v);
		if (!is_key(key) || (text && strchr(text, ','))) {
			fail(j, "see chaos.cfg(5)", "%.40s is not valid", key);
			continue;
		}
		fprintf(f, "%s%s=", comma, key);
		comma = ",";
		if (text)
			fputs(text, f);
		else if (json_is_integer(v))
			fprintf(f, "%" JSON_INTEGER_FORMAT,
				json_integer_value(v));
		else
			fail(j, "", "%s is neither a string nor a whole number",
			     key);
	}
	if (fclose(f))
		chaos__fail(j->ctx, -ENOMEM, j->origin, j->key, "", NULL);
	put_string(j, item ? item : "");
	free(item);
}

static void put_list(struct from_json *j, json_t *list)
{
	bool vifs = !strcmp(j->key, "vif");
	json_t *v;
	size_t i;

	fputs("[ ", j->out);
	json_array_foreach(list, i, v) {
		j->index = (int)i;
		if (i)
			fputs(", ", j->out);
		if (vifs && json_is_object(v))
			put_vif(j, v);
		else
			put_scalar(j, v);
	}
	j->index = -1;
	fputs(" ]", j->out);
}

static void put_members(struct from_json *j, json_t *root)
{
	json_t *v;

	json_object_foreach(root, j->key, v) {
		if (!is_key(j->key)) {
			fail(j, "see chaos.cfg(5)", "unknown key");
			continue;
		}
		fprintf(j->out, "%s = ", j->key);
		if (json_is_array(v))
			put_list(j, v);
		else
			put_scalar(j, v);
		fputc('\n', j->out);
	}
}

static int load(struct chaos *ctx, const char *origin, const char *json,
		json_t **out)
{
	char where[32] = "syntax";
	json_error_t error;

	*out = json_loads(json, JSON_REJECT_DUPLICATES, &error);
	if (*out)
		return 0;
	if (error.line > 0)
		snprintf(where, sizeof(where), "line %d", error.line);
	return chaos__fail(ctx, -EINVAL, origin, where, "", "%s", error.text);
}

int chaos__config_from_json(struct chaos *ctx, const char *origin,
			    const char *json, char **out)
{
	struct from_json j = { .ctx = ctx, .origin = origin, .index = -1 };
	char *text = NULL;
	json_t *root;
	size_t size;
	int rc;

	rc = load(ctx, origin, json, &root);
	if (rc)
		return rc;
	j.out = open_memstream(&text, &size);
	if (!j.out) {
		rc = -ENOMEM;
		goto out;
	}
	put_members(&j, root);
	if (fclose(j.out))
		rc = -ENOMEM;
out:
	json_decref(root);
	if (rc) {
		free(text);
		return chaos__fail(ctx, rc, origin, "parse", "", NULL);
	}
	*out = text;
	return 0;
}

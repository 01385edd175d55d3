// SPDX-License-Identifier: BSD-2-Clause
/* JSON output. */
#include "json.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

static void put_text(FILE *f, const char *s)
{
	const unsigned char *p;

	fputc('"', f);
	for (p = (const unsigned char *)s; *p; p++) {
		if (*p == '"' || *p == '\\')
			fprintf(f, "\\%c", *p);
		else if (*p < 0x20)
			/* The library's texts are UTF-8, as JSON is. */
			fprintf(f, "\\u%04x", *p);
		else
			fputc(*p, f);
	}
	fputc('"', f);
}

void cmd_json_init(struct cmd_json *j, FILE *f)
{
	memset(j, 0, sizeof(*j));
	j->f = f;
}

void cmd_json_stream(struct cmd_json *j)
{
	j->stream = true;
}

/* What stands before an element: of the document one per line. */
static void put_separator(struct cmd_json *j, const char *key)
{
	bool *has_some = &j->has_some[j->depth];

	if (!j->depth && !j->stream)
		fputs(*has_some ? ",\n  " : "[\n  ", j->f);
	else if (*has_some && j->depth)
		fputs(", ", j->f);
	*has_some = true;
	j->begun = true;
	if (key) {
		put_text(j->f, key);
		fputs(": ", j->f);
	}
}

void cmd_json_fini(struct cmd_json *j)
{
	assert(!j->depth);
	if (!j->stream)
		fputs(j->begun ? "\n]\n" : "[]\n", j->f);
}

static void open_level(struct cmd_json *j, const char *key, char opening,
		       char closing)
{
	assert(j->depth < CMD_JSON_MAX_DEPTH);
	put_separator(j, key);
	fputc(opening, j->f);
	j->closing[j->depth++] = closing;
	j->has_some[j->depth] = false;
}

void cmd_json_object(struct cmd_json *j, const char *key)
{
	open_level(j, key, '{', '}');
}

void cmd_json_array(struct cmd_json *j, const char *key)
{
	open_level(j, key, '[', ']');
}

void cmd_json_end(struct cmd_json *j)
{
	assert(j->depth);
	fputc(j->closing[--j->depth], j->f);
	if (!j->depth && j->stream)
		fputc('\n', j->f);
}

void cmd_json_string(struct cmd_json *j, const char *key, const char *value)
{
	put_separator(j, key);
	put_text(j->f, value);
}

void cmd_json_uint(struct cmd_json *j, const char *key, uint64_t value)
{
	put_separator(j, key);
	fprintf(j->f, "%" PRIu64, value);
}

void cmd_json_bool(struct cmd_json *j, const char *key, bool value)
{
	cmd_json_raw(j, key, value ? "true" : "false");
}

void cmd_json_time(struct cmd_json *j, const char *key, uint64_t us)
{
	put_separator(j, key);
	fprintf(j->f, "%" PRIu64 ".%06" PRIu64, us / 1000000, us % 1000000);
}

void cmd_json_raw(struct cmd_json *j, const char *key, const char *json)
{
	put_separator(j, key);
	fputs(json, j->f);
}

void cmd_json_domain(struct cmd_json *j, const struct chaos_domain *d)
{
	cmd_json_uint(j, "domid", d->domid);
	cmd_json_string(j, "name", d->name);
	cmd_json_string(j, "uuid", d->uuid);
	cmd_json_string(j, "type", d->type);
	cmd_json_string(j, "state", chaos_state_name(d->state));
	cmd_json_uint(j, "shutdown_code", d->shutdown_code);
	cmd_json_uint(j, "memory_kb", d->mem_kb);
	cmd_json_uint(j, "max_memory_kb", d->max_mem_kb);
	cmd_json_uint(j, "vcpus", d->vcpus);
	cmd_json_uint(j, "cpu_ns", d->cpu_ns);
}

void cmd_json_error(struct cmd_json *j, const struct chaos_error *e)
{
	const char *code = strerrorname_np(-e->code);

	cmd_json_object(j, NULL);
	cmd_json_object(j, "error");
	cmd_json_string(j, "code", code ? code : "EIO");
	cmd_json_string(j, "object", e->object);
	cmd_json_string(j, "step", e->step);
	cmd_json_string(j, "reason", e->reason);
	cmd_json_string(j, "remedy", e->remedy);
	cmd_json_end(j);
	cmd_json_end(j);
}

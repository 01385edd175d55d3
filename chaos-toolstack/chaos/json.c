// SPDX-License-Identifier: BSD-2-Clause
/* JSON output. */
#include "json.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

static void flush(struct cmd_json *j)
{
	fwrite(j->buf, 1, j->nr_buf, j->f);
	j->nr_buf = 0;
}

static void put_bytes(struct cmd_json *j, const char *s, size_t size)
{
	if (size > sizeof(j->buf) - j->nr_buf)
		flush(j);
	if (size > sizeof(j->buf)) {
		fwrite(s, 1, size, j->f);
		return;
	}
	memcpy(j->buf + j->nr_buf, s, size);
	j->nr_buf += size;
}

static void put(struct cmd_json *j, const char *s)
{
	put_bytes(j, s, strlen(s));
}

static void put_escaped(struct cmd_json *j, unsigned char c)
{
	char text[8];

	if (c == '"' || c == '\\')
		snprintf(text, sizeof(text), "\\%c", c);
	else
		snprintf(text, sizeof(text), "\\u%04x", c);
	put(j, text);
}

/* The library's texts are UTF-8, as JSON is. */
static void put_text(struct cmd_json *j, const char *s)
{
	const char *p;

	put(j, "\"");
	for (p = s; *p; p++) {
		if ((unsigned char)*p >= 0x20 && *p != '"' && *p != '\\')
			continue;
		put_bytes(j, s, (size_t)(p - s));
		put_escaped(j, (unsigned char)*p);
		s = p + 1;
	}
	put_bytes(j, s, (size_t)(p - s));
	put(j, "\"");
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
		put(j, *has_some ? ",\n  " : "[\n  ");
	else if (*has_some && j->depth)
		put(j, ", ");
	*has_some = true;
	j->begun = true;
	if (key) {
		put(j, "\"");
		put(j, key);
		put(j, "\": ");
	}
}

void cmd_json_fini(struct cmd_json *j)
{
	assert(!j->depth);
	if (!j->stream)
		put(j, j->begun ? "\n]\n" : "[]\n");
	flush(j);
}

static void open_level(struct cmd_json *j, const char *key, char opening,
		       char closing)
{
	assert(j->depth < CMD_JSON_MAX_DEPTH);
	put_separator(j, key);
	put_bytes(j, &opening, 1);
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
	put_bytes(j, &j->closing[--j->depth], 1);
	if (j->depth)
		return;
	if (j->stream)
		put(j, "\n");
	flush(j);
}

void cmd_json_string(struct cmd_json *j, const char *key, const char *value)
{
	put_separator(j, key);
	put_text(j, value);
}

void cmd_json_uint(struct cmd_json *j, const char *key, uint64_t value)
{
	char digits[20];
	size_t n = sizeof(digits);

	put_separator(j, key);
	do {
		digits[--n] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	put_bytes(j, digits + n, sizeof(digits) - n);
}

void cmd_json_bool(struct cmd_json *j, const char *key, bool value)
{
	cmd_json_raw(j, key, value ? "true" : "false");
}

void cmd_json_time(struct cmd_json *j, const char *key, uint64_t us)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64 ".%06" PRIu64, us / 1000000,
		 us % 1000000);
	cmd_json_raw(j, key, text);
}

void cmd_json_raw(struct cmd_json *j, const char *key, const char *json)
{
	put_separator(j, key);
	put(j, json);
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

// SPDX-License-Identifier: BSD-2-Clause
/* Errors as bytes, from chaosd to who asked it. */
#include <chaosd.h>
#include <errno.h>
#include <string.h>

#include "internal.h"

void chaosd_begin(struct chaos *ctx)
{
	chaos__begin(ctx);
}

int chaosd_fail(struct chaos *ctx, int code, const char *object,
		const char *step, const char *remedy, const char *reason)
{
	return chaos__fail(ctx, code, object, step, remedy, "%s", reason);
}

static size_t put_text(char *at, size_t left, const char *text)
{
	size_t size = strlen(text) + 1;

	if (size > left)
		return 0;
	memcpy(at, text, size);
	return size;
}

/* Bytes, 0: no room. */
static size_t put_error(char *at, size_t left, const struct chaos_error *e)
{
	const char *const text[] = { e->object, e->step, e->reason, e->remedy };
	int32_t code = e->code;
	size_t used = sizeof(code), n, i;

	if (left < used)
		return 0;
	memcpy(at, &code, sizeof(code));
	for (i = 0; i < 4; i++) {
		n = put_text(at + used, left - used, text[i]);
		if (!n)
			return 0;
		used += n;
	}
	return used;
}

size_t chaosd_put_errors(const struct chaos *ctx, void *buf, size_t size)
{
	uint32_t count = 0;
	size_t used = sizeof(count), n, i;

	if (size < used)
		return 0;
	for (i = 0; i < chaos_nr_errors(ctx); i++) {
		n = put_error((char *)buf + used, size - used,
			      chaos_error(ctx, i));
		if (!n)
			break;
		used += n;
		count++;
	}
	memcpy(buf, &count, sizeof(count));
	return used;
}

static const char *get_text(const char **at, size_t *left)
{
	const char *text = *at, *end = memchr(text, '\0', *left);

	if (!end)
		return NULL;
	*left -= (size_t)(end + 1 - text);
	*at = end + 1;
	return text;
}

static int get_error(struct chaos *ctx, const char **at, size_t *left)
{
	const char *text[4];
	int32_t code;
	size_t i;

	if (*left < sizeof(code))
		return -EPROTO;
	memcpy(&code, *at, sizeof(code));
	*at += sizeof(code);
	*left -= sizeof(code);
	for (i = 0; i < 4; i++) {
		text[i] = get_text(at, left);
		if (!text[i])
			return -EPROTO;
	}
	chaos__fail(ctx, code, text[0], text[1], text[3], "%s", text[2]);
	return 0;
}

int chaosd_get_errors(struct chaos *ctx, const void *buf, size_t size)
{
	const char *at = buf;
	uint32_t count;
	int rc = 0;

	if (size < sizeof(count))
		return -EPROTO;
	memcpy(&count, at, sizeof(count));
	at += sizeof(count);
	size -= sizeof(count);
	while (!rc && count--)
		rc = get_error(ctx, &at, &size);
	return rc ? rc : size ? -EPROTO : 0;
}

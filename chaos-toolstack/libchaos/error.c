// SPDX-License-Identifier: BSD-2-Clause
/* Errors with their context, and the log. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* What is handed out when there is no memory to say more. */
static const struct chaos_error no_memory = {
	.code = -ENOMEM,
	.object = "chaos",
	.step = "report an error",
	.reason = "Cannot allocate memory",
	.remedy = "",
};

static char *append(char **pos, const char *s)
{
	char *start = *pos;
	size_t len = strlen(s) + 1;

	memcpy(start, s, len);
	*pos += len;
	return start;
}

int chaos__fail(struct chaos *ctx, int code, const char *object,
		const char *step, const char *remedy, const char *format, ...)
{
	struct chaos__error *e;
	char reason[512];
	va_list ap;
	char *pos;

	if (format) {
		va_start(ap, format);
		vsnprintf(reason, sizeof(reason), format, ap);
		va_end(ap);
	} else {
		snprintf(reason, sizeof(reason), "%s", strerror(-code));
	}
	if (ctx->nr_errors == CHAOS__MAX_ERRORS)
		return code;
	e = &ctx->error[ctx->nr_errors++];
	e->text = malloc(strlen(object) + strlen(step) + strlen(reason) +
			 strlen(remedy) + 4);
	if (!e->text) {
		e->pub = no_memory;
		return code;
	}
	pos = e->text;
	e->pub.code = code;
	e->pub.object = append(&pos, object);
	e->pub.step = append(&pos, step);
	e->pub.reason = append(&pos, reason);
	e->pub.remedy = append(&pos, remedy);
	return code;
}

void chaos__clear_errors(struct chaos *ctx)
{
	while (ctx->nr_errors)
		free(ctx->error[--ctx->nr_errors].text);
}

size_t chaos_nr_errors(const struct chaos *ctx)
{
	return ctx->nr_errors;
}

const struct chaos_error *chaos_error(const struct chaos *ctx, size_t i)
{
	return i < ctx->nr_errors ? &ctx->error[i].pub : NULL;
}

char *chaos_error_text(const struct chaos_error *error, char *buf, size_t size)
{
	bool remedy = error->remedy[0];

	snprintf(buf, size, "%s: %s: %s%s%s%s", error->object, error->step,
		 error->reason, remedy ? " (" : "", error->remedy,
		 remedy ? ")" : "");
	return buf;
}

const char *chaos__xen_reason(struct chaos *ctx, int code)
{
	const char *detail = chaos__xen_detail(ctx->xen);

	return detail[0] ? detail : strerror(-code);
}

void chaos__log(struct chaos *ctx, enum chaos_log_level level,
		const char *format, ...)
{
	char msg[512];
	va_list ap;

	if (!ctx->log)
		return;
	va_start(ap, format);
	vsnprintf(msg, sizeof(msg), format, ap);
	va_end(ap);
	ctx->log(ctx->log_arg, level, msg);
}

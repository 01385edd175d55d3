// SPDX-License-Identifier: BSD-2-Clause
/*
 * The parser's frame: text in (JSON is turned into the other syntax), libxlutil
 * for the syntax, keys, cross checks, and either a configuration or all errors
 * there are.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config-json.h"

static unsigned int line_of(const struct chaos__parse *p, const char *key)
{
	unsigned int i, line = 0;

	for (i = 0; i < p->scan.nr; i++)
		if (!strcmp(p->scan.key[i].name, key))
			line = p->scan.key[i].line;
	return line;
}

/* "line 3, vif[0]", "override memory", "name" */
static void place(const struct chaos__parse *p, const char *key,
		  const char *part, char *buf, size_t size)
{
	unsigned int line = line_of(p, key);

	if (line > p->nr_lines)
		snprintf(buf, size, "override %s%s", key, part);
	else if (!line || p->json)
		snprintf(buf, size, "%s%s", key, part);
	else
		snprintf(buf, size, "line %u, %s%s", line, key, part);
}

int chaos__parse_fail(struct chaos__parse *p, const char *key, const char *part,
		      const char *remedy, const char *format, ...)
{
	char where[128], reason[320];
	va_list ap;

	place(p, key, part, where, sizeof(where));
	va_start(ap, format);
	vsnprintf(reason, sizeof(reason), format, ap);
	va_end(ap);
	return chaos__fail(p->ctx, -EINVAL, p->origin, where, remedy, "%s",
			   reason);
}

void chaos__parse_warn(struct chaos__parse *p, const char *key,
		       const char *text)
{
	char where[128];

	place(p, key, "", where, sizeof(where));
	chaos__log(p->ctx, CHAOS_LOG_WARNING, "%s: %s: %s", p->origin, where,
		   text);
}

/* libxlutil writes "origin:line: what"; the origin stands in the error. */
static void report_syntax(struct chaos__parse *p, char *report)
{
	char *line, *save = NULL;
	size_t len = strlen(p->origin);
	char where[32];
	int n, lineno;

	for (line = strtok_r(report, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (!strncmp(line, p->origin, len) && line[len] == ':')
			line += len + 1;
		snprintf(where, sizeof(where), "syntax");
		n = 0;
		/* An end of line that comes too early is said to be on line 0. */
		if (sscanf(line, "%d: %n", &lineno, &n) == 1 && n) {
			if (lineno > 0)
				snprintf(where, sizeof(where), "line %d",
					 lineno);
			line += n;
		}
		chaos__fail(p->ctx, -EINVAL, p->origin, where, "", "%s", line);
	}
	if (!p->ctx->nr_errors)
		chaos__fail(p->ctx, -EINVAL, p->origin, "syntax", "", NULL);
}

static int parse_syntax(struct chaos__parse *p, const char *text)
{
	char *report = NULL;
	size_t size;
	FILE *f;
	int rc;

	f = open_memstream(&report, &size);
	if (!f)
		return chaos__fail(p->ctx, -ENOMEM, p->origin, "syntax", "",
				   NULL);
	p->xlu = xlu_cfg_init(f, p->origin);
	rc = p->xlu ? xlu_cfg_readdata(p->xlu, text, (int)strlen(text)) :
		      ENOMEM;
	fclose(f);
	if (rc)
		report_syntax(p, report);
	free(report);
	return rc ? -EINVAL : 0;
}

static void fail_line(struct chaos__parse *p, unsigned int line,
		      const char *remedy, const char *reason)
{
	char where[32] = "override";

	if (!p->json && line <= p->nr_lines)
		snprintf(where, sizeof(where), "line %u", line);
	else if (p->json)
		snprintf(where, sizeof(where), "syntax");
	chaos__fail(p->ctx, -EINVAL, p->origin, where, remedy, "%s", reason);
}

static int scan(struct chaos__parse *p, const char *text)
{
	int rc = chaos__scan(text, &p->scan);

	if (rc)
		return chaos__fail(p->ctx, rc, p->origin, "parse", "",
				   "too many keys");
	if (p->scan.escape_line)
		fail_line(p, p->scan.escape_line,
			  "write the character itself",
			  "only \\\" \\' \\\\ \\a \\b \\f \\n \\r \\t and \\v are known");
	if (p->scan.depth_line)
		fail_line(p, p->scan.depth_line, "", "lists in lists in lists");
	return p->scan.escape_line || p->scan.depth_line ? -EINVAL : 0;
}

static unsigned int count_lines(const char *text)
{
	unsigned int n = 1;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

struct chaos_config *chaos__config_new(void)
{
	struct chaos_config *cfg = calloc(1, sizeof(*cfg));

	if (!cfg)
		return NULL;
	cfg->pvh = true;
	cfg->memory_mb = 32;
	cfg->vcpus = 1;
	cfg->cpu_weight = cfg->cap = -1;
	cfg->spares_low = -1;
	cfg->max_grant_frames = -1;
	cfg->max_maptrack_frames = 0;
	cfg->max_event_channels = 1023;
	return cfg;
}

void chaos_config_free(struct chaos_config *cfg)
{
	if (!cfg)
		return;
	free(cfg->name);
	free(cfg->pattern);
	free(cfg->kernel);
	free(cfg->ramdisk);
	free(cfg->cmdline);
	free(cfg->cpus);
	free(cfg->pool);
	free(cfg->root);
	free(cfg->extra);
	free(cfg->on_poweroff);
	free(cfg->on_reboot);
	free(cfg->on_crash);
	free(cfg->on_idle);
	free(cfg);
}

const char *chaos_config_name(const struct chaos_config *cfg)
{
	return cfg->name;
}

const char *chaos_config_on_idle(const struct chaos_config *cfg)
{
	return cfg->on_idle && *cfg->on_idle ? cfg->on_idle : "destroy";
}

static int parse_text(struct chaos__parse *p, const char *text,
		      const char *const *overrides, struct chaos_config **out)
{
	struct chaos *ctx = p->ctx;
	char *full = NULL;
	int rc;

	p->nr_lines = count_lines(text);
	rc = chaos__config_override(ctx, p->origin, text, overrides, &full);
	if (rc)
		return rc;
	p->cfg = chaos__config_new();
	if (!p->cfg) {
		rc = chaos__fail(ctx, -ENOMEM, p->origin, "parse", "", NULL);
		goto err_text;
	}
	rc = scan(p, full);
	if (!rc)
		rc = parse_syntax(p, full);
	if (rc)
		goto err_xlu;
	chaos__parse_keys(p);
	chaos__parse_check(p);
	if (ctx->nr_errors) {
		rc = ctx->error[0].pub.code;
		goto err_xlu;
	}
	xlu_cfg_destroy(p->xlu);
	free(full);
	*out = p->cfg;
	return 0;

err_xlu:
	if (p->xlu)
		xlu_cfg_destroy(p->xlu);
	chaos_config_free(p->cfg);
err_text:
	free(full);
	return rc;
}

static int parse(struct chaos__parse *p, const char *text,
		 const char *const *overrides, struct chaos_config **out)
{
	char *converted;
	int rc;

	p->json = chaos__config_is_json(text);
	if (!p->json)
		return parse_text(p, text, overrides, out);
	rc = chaos__config_from_json(p->ctx, p->origin, text, &converted);
	if (rc)
		return rc;
	rc = parse_text(p, converted, overrides, out);
	free(converted);
	return rc;
}

static int parse_file(struct chaos__parse *p, const char *const *overrides,
		      struct chaos_config **out)
{
	char *text;
	int rc;

	rc = chaos__config_read(p->ctx, p->origin, &text);
	if (rc)
		return rc;
	rc = parse(p, text, overrides, out);
	free(text);
	return rc;
}

int chaos__config_parse(struct chaos *ctx, const char *origin, const char *text,
			const char *const *overrides, struct chaos_config **out)
{
	struct chaos__parse p = { .ctx = ctx, .origin = origin };

	return parse(&p, text, overrides, out);
}

int chaos_config_parse_string(struct chaos *ctx, const char *origin,
			      const char *text, const char *const *overrides,
			      struct chaos_config **out)
{
	struct chaos__parse p = { .ctx = ctx, .origin = origin };

	chaos__begin(ctx);
	return parse(&p, text, overrides, out);
}

int chaos_config_parse_file(struct chaos *ctx, const char *path,
			    const char *const *overrides,
			    struct chaos_config **out)
{
	struct chaos__parse p = { .ctx = ctx, .origin = path };

	chaos__begin(ctx);
	return parse_file(&p, overrides, out);
}

int chaos_flavour_parse_string(struct chaos *ctx, const char *origin,
			       const char *text, const char *const *overrides,
			       struct chaos_config **out)
{
	struct chaos__parse p = {
		.ctx = ctx, .origin = origin, .flavour = true,
	};

	chaos__begin(ctx);
	return parse(&p, text, overrides, out);
}

int chaos_flavour_parse_file(struct chaos *ctx, const char *path,
			     const char *const *overrides,
			     struct chaos_config **out)
{
	struct chaos__parse p = {
		.ctx = ctx, .origin = path, .flavour = true,
	};

	chaos__begin(ctx);
	return parse_file(&p, overrides, out);
}

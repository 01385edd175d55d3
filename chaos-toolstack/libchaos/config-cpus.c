// SPDX-License-Identifier: BSD-2-Clause
/* CPU lists as xl writes them: "0-3,^1", "all,^0"; one for each vCPU. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

/* A number at *p, which is moved past it; -1: none, or too large. */
static int take_number(const char **p)
{
	int n = 0;

	if (!isdigit((unsigned char)**p))
		return -1;
	for (; isdigit((unsigned char)**p); (*p)++) {
		n = n * 10 + (**p - '0');
		if (n >= CHAOS__MAX_CPUS)
			return -1;
	}
	return n;
}

static void set_range(struct chaos__cpus *cpus, int first, int last, bool on)
{
	int i;

	for (i = first; i <= last; i++) {
		uint64_t bit = 1ull << (i % 64);

		if (on)
			cpus->word[i / 64] |= bit;
		else
			cpus->word[i / 64] &= ~bit;
	}
}

static void skip_blanks(const char **p)
{
	while (**p == ' ')
		(*p)++;
}

/* "3", "0-3", "all", or one of these after a ^. */
static const char *take_item(const char **p, struct chaos__cpus *cpus)
{
	bool on = **p != '^';
	int first = 0, last = CHAOS__MAX_CPUS - 1;

	if (!on)
		(*p)++;
	if (!strncmp(*p, "node", 4))
		return "NUMA nodes are not supported, write CPUs";
	if (!strncmp(*p, "all", 3)) {
		*p += 3;
	} else {
		first = last = take_number(p);
		if (first < 0)
			return "is not a list of CPUs";
		if (**p == '-') {
			(*p)++;
			last = take_number(p);
		}
		if (last < first)
			return "has a range that ends before it begins";
	}
	set_range(cpus, first, last, on);
	return NULL;
}

const char *chaos__cpus_parse(const char *text, const char **end,
			      struct chaos__cpus *cpus)
{
	const char *why;
	unsigned int i;

	memset(cpus, 0, sizeof(*cpus));
	for (;;) {
		skip_blanks(&text);
		why = take_item(&text, cpus);
		if (why)
			return why;
		skip_blanks(&text);
		if (*text != ',')
			break;
		text++;
	}
	if (*text && *text != ';')
		return "is not a list of CPUs";
	for (i = 0; i < CHAOS__MAX_CPUS / 64 && !cpus->word[i]; i++)
		;
	if (i == CHAOS__MAX_CPUS / 64)
		return "names no CPU";
	*end = *text ? text + 1 : text;
	return NULL;
}

/* One list for all vCPUs is a string; a list has one for each. */
static char *joined(struct chaos__parse *p, const char *key,
		    XLU_ConfigList *list, int n)
{
	char *text = NULL;
	const char *item;
	size_t size;
	FILE *f;
	int i;

	f = open_memstream(&text, &size);
	if (!f)
		return NULL;
	for (i = 0; i < n; i++) {
		item = xlu_cfg_get_listitem(list, i);
		if (!item || !*item || strchr(item, ';'))
			chaos__parse_fail(p, key, "", "",
					  "has an item that is no string of CPUs");
		fprintf(f, "%s%s", i ? ";" : "", item ? item : "");
	}
	/* One item is no list for all: the end says so. */
	if (n == 1)
		fputc(';', f);
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}

static void check_cpus(struct chaos__parse *p, const char *key, bool is_list)
{
	const char *at = p->cfg->cpus, *why;
	struct chaos__cpus cpus;
	unsigned int nr = 0;
	char part[16] = "";

	do {
		if (is_list)
			snprintf(part, sizeof(part), "[%u]", nr);
		nr++;
		why = chaos__cpus_parse(at, &at, &cpus);
		if (!why && !is_list && *at)
			why = "is not a list of CPUs";
		if (why) {
			chaos__parse_fail(p, key, part,
					  "write it like \"0-3,^1\" or \"all\"",
					  "%s", why);
			return;
		}
	} while (*at && nr < 128);
	if (*at)
		chaos__parse_fail(p, key, "", "", "is for more than 128 vCPUs");
}

void chaos__parse_cpus(struct chaos__parse *p, const char *key)
{
	XLU_ConfigList *list;
	const char *value;
	char *text;
	int n = -1;

	if (!xlu_cfg_get_list(p->xlu, key, &list, &n, 1)) {
		if (!n)
			return;
		text = joined(p, key, list, n);
	} else if (!xlu_cfg_get_string(p->xlu, key, &value, 1)) {
		if (!*value)
			return;
		text = strchr(value, ';') ? strdup("?") : strdup(value);
	} else {
		chaos__parse_fail(p, key, "", "",
				  "must be a string, or a list of them");
		return;
	}
	if (!text) {
		chaos__fail(p->ctx, -ENOMEM, p->origin, key, "", NULL);
		return;
	}
	free(p->cfg->cpus);
	p->cfg->cpus = text;
	check_cpus(p, key, n >= 0);
}

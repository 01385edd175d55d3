// SPDX-License-Identifier: BSD-2-Clause
/* What has to hold between keys, and the values that follow from several. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "store.h"

static void check_name(struct chaos__parse *p)
{
	const char *name = p->cfg->name, *why, *remedy;
	char first[CHAOS_NAME_MAX + 3], *percent;	/* of the copies */

	if (!name) {
		chaos__parse_fail(p, "name", "", "add name = \"...\"",
				  "missing");
		return;
	}
	snprintf(first, sizeof(first), "%s", name);
	percent = strchr(first, '%');
	if (chaos__is_pattern(first)) {
		*percent = '1';
		memmove(percent + 1, percent + 2, strlen(percent + 1));
	}
	if (chaos__name_check(first, &why, &remedy))
		chaos__parse_fail(p, "name", "", remedy, "\"%s\" %s", name,
				  why);
}

static void check_memory(struct chaos__parse *p)
{
	struct chaos_config *cfg = p->cfg;

	if (!cfg->maxmem_mb)
		cfg->maxmem_mb = cfg->memory_mb;
	if (cfg->maxmem_mb < cfg->memory_mb)
		chaos__parse_fail(p, "maxmem", "", "",
				  "%ld MB is less than memory, %ld MB",
				  cfg->maxmem_mb, cfg->memory_mb);
}

static void check_vcpus(struct chaos__parse *p)
{
	struct chaos_config *cfg = p->cfg;

	if (!cfg->maxvcpus)
		return;
	if (cfg->maxvcpus < cfg->vcpus)
		chaos__parse_fail(p, "maxvcpus", "", "",
				  "%ld is less than vcpus, %ld", cfg->maxvcpus,
				  cfg->vcpus);
	else if (cfg->maxvcpus > cfg->vcpus)
		chaos__parse_warn(p, "maxvcpus",
				  "vCPUs cannot be added later, ignored");
}

/* As in xl: cmdline, or else root and extra. */
static void make_cmdline(struct chaos__parse *p)
{
	struct chaos_config *cfg = p->cfg;
	const char *root = cfg->root, *extra = cfg->extra;
	int n;

	if (cfg->cmdline) {
		if (root || extra)
			chaos__parse_warn(p, "cmdline",
					  "root and extra are ignored beside it");
		return;
	}
	if (!root && !extra)
		return;
	n = asprintf(&cfg->cmdline, "%s%s%s%s", root ? "root=" : "",
		     root ? root : "", root && extra ? " " : "",
		     extra ? extra : "");
	if (n < 0) {
		cfg->cmdline = NULL;
		chaos__fail(p->ctx, -ENOMEM, p->origin, "cmdline", "", NULL);
	}
}

/* One without an id gets its place, if nobody else has that. */
static void choose_ids(struct chaos__parse *p)
{
	struct chaos_config *cfg = p->cfg;
	unsigned int i, id, taken = 0;
	char part[16];

	for (i = 0; i < cfg->nr_vifs; i++) {
		if (!cfg->vif[i].id_set)
			continue;
		if (taken & 1u << cfg->vif[i].id) {
			snprintf(part, sizeof(part), "[%u]", i);
			chaos__parse_fail(p, "vif", part, "",
					  "has the id of another");
		}
		taken |= 1u << cfg->vif[i].id;
	}
	for (i = 0; i < cfg->nr_vifs; i++) {
		if (cfg->vif[i].id_set)
			continue;
		for (id = i; taken & 1u << id; )
			id = (id + 1) % CHAOS__MAX_VIFS;
		cfg->vif[i].id = (uint8_t)id;
		taken |= 1u << id;
	}
}

static void check_macs(struct chaos__parse *p)
{
	const struct chaos_config *cfg = p->cfg;
	char part[16];
	unsigned int i, j;

	for (i = 1; i < cfg->nr_vifs; i++) {
		for (j = 0; j < i; j++) {
			if (!cfg->vif[i].mac_set || !cfg->vif[j].mac_set ||
			    memcmp(cfg->vif[i].mac, cfg->vif[j].mac, 6))
				continue;
			snprintf(part, sizeof(part), "[%u]", i);
			chaos__parse_fail(p, "vif", part, "",
					  "has the MAC of vif[%u]", j);
		}
	}
}

void chaos__parse_check(struct chaos__parse *p)
{
	check_name(p);
	if (p->flavour)
		chaos__parse_flavour(p);
	else if (!p->cfg->kernel || !*p->cfg->kernel)
		chaos__parse_fail(p, "kernel", "", "add kernel = \"...\"",
				  "missing");
	check_memory(p);
	check_vcpus(p);
	check_macs(p);
	choose_ids(p);
	make_cmdline(p);
}

// SPDX-License-Identifier: BSD-2-Clause
/* One configuration for many guests: the names of the copies. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "store.h"

bool chaos__is_pattern(const char *name)
{
	const char *percent = strchr(name, '%');

	return percent && percent[1] == 'd';
}

static int number(struct chaos *ctx, struct chaos_config *cfg, unsigned int n,
		  char *name, size_t size)
{
	const char *pattern = cfg->pattern ? cfg->pattern : cfg->name;
	const char *percent = strchr(pattern, '%'), *why, *remedy;
	size_t head = percent ? (size_t)(percent - pattern) : strlen(pattern);

	snprintf(name, size, "%.*s%u%s", (int)head, pattern, n,
		 percent ? percent + 2 : "");
	if (!chaos__name_check(name, &why, &remedy))
		return 0;
	return chaos__fail(ctx, -EINVAL, pattern, "number it", remedy,
			   "\"%s\" %s", name, why);
}

int chaos_config_number(struct chaos *ctx, struct chaos_config *cfg,
			unsigned int n)
{
	char name[CHAOS_NAME_MAX + 16], *copy;
	int rc;

	chaos__begin(ctx);
	rc = number(ctx, cfg, n, name, sizeof(name));
	if (rc)
		return rc;
	copy = strdup(name);
	if (!copy)
		return chaos__fail(ctx, -ENOMEM, cfg->name, "number it", "",
				   NULL);
	if (cfg->pattern)
		free(cfg->name);
	else
		cfg->pattern = cfg->name;
	cfg->name = copy;
	return 0;
}

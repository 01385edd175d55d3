// SPDX-License-Identifier: BSD-2-Clause
/* Flavours from files. */
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "flavours.h"
#include "log.h"

static void log_errors(struct chaos *ctx)
{
	char text[512];
	size_t i;

	for (i = 0; i < chaos_nr_errors(ctx); i++)
		log_line(LOG_ERR, "%s", chaos_error_text(chaos_error(ctx, i),
							 text, sizeof(text)));
}

static int load(struct pool *pool, struct chaos *ctx, const char *path)
{
	struct chaos_config *cfg;
	unsigned int low, high;
	int rc;

	rc = chaos_flavour_parse_file(ctx, path, NULL, &cfg);
	if (rc) {
		log_errors(ctx);
		return rc;
	}
	chaos_flavour_marks(cfg, &low, &high);
	log_line(LOG_DEBUG, "flavour %s: %u to %u spares",
		 chaos_config_name(cfg), low, high);
	rc = pool_set(pool, cfg, low, high);
	if (rc) {
		log_line(LOG_ERR, "%s: %s", path, strerror(-rc));
		chaos_config_free(cfg);
	}
	return rc;
}

int flavours_load(struct pool *pool, struct chaos *ctx, const char *dir)
{
	char pattern[4096];
	glob_t g;
	size_t i;
	int rc, err = 0;

	if (snprintf(pattern, sizeof(pattern), "%s/*.cfg", dir) >=
	    (int)sizeof(pattern))
		return -ENAMETOOLONG;
	rc = glob(pattern, 0, NULL, &g);
	if (rc == GLOB_NOMATCH)
		return 0;
	if (rc)
		return rc == GLOB_NOSPACE ? -ENOMEM : -EIO;
	for (i = 0; i < g.gl_pathc; i++) {
		rc = load(pool, ctx, g.gl_pathv[i]);
		if (!err)
			err = rc;
	}
	globfree(&g);
	return err;
}

// SPDX-License-Identifier: BSD-2-Clause
/* Rules in files. */
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jit.h"
#include "log.h"

/* RUNDIR/jit/NAME.json; names are those of files, see libchaos. */
static int path_of(const char *run_dir, const char *name, const char *end,
		   char path[4096])
{
	return snprintf(path, 4096, "%s/jit/%s.json%s", run_dir, name, end) <
	       4096 ? 0 : -ENAMETOOLONG;
}

static int write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");
	int rc = 0;

	if (!f)
		return -errno;
	if (fputs(text, f) < 0)
		rc = -EIO;
	if (fclose(f) && !rc)
		rc = -errno;
	return rc;
}

int jit_file_save(const char *run_dir, const struct chaos_config *cfg)
{
	const char *name = chaos_config_name(cfg);
	char path[4096], part[4096], *text;
	int rc;

	snprintf(path, sizeof(path), "%s/jit", run_dir);
	if (mkdir(path, 0700) && errno != EEXIST)
		return -errno;
	rc = path_of(run_dir, name, "", path);
	if (!rc)
		rc = path_of(run_dir, name, ".part", part);
	if (rc)
		return rc;
	text = chaos_config_json(cfg);
	if (!text)
		return -ENOMEM;
	rc = write_file(part, text);
	free(text);
	if (!rc && rename(part, path))
		rc = -errno;
	if (rc)
		unlink(part);
	return rc;
}

void jit_file_remove(const char *run_dir, const char *name)
{
	char path[4096];

	if (!path_of(run_dir, name, "", path))
		unlink(path);
}

static void load(struct jit *j, struct chaos *ctx, const char *path)
{
	struct chaos_config *cfg;
	char text[512];
	int rc;

	rc = chaos_config_parse_file(ctx, path, NULL, &cfg);
	if (!rc) {
		rc = jit_put(j, ctx, cfg, true);
		if (rc)
			chaos_config_free(cfg);
	}
	if (rc)
		log_line(LOG_ERR, "%s",
			 chaos_error_text(chaos_error(ctx, 0), text,
					  sizeof(text)));
}

static void load_all(struct jit *j, struct chaos *ctx, const char *dir,
		     const char *pattern)
{
	char path[4096];
	glob_t g;
	size_t i;

	snprintf(path, sizeof(path), "%s/%s", dir, pattern);
	if (glob(path, 0, NULL, &g))
		return;
	for (i = 0; i < g.gl_pathc; i++)
		load(j, ctx, g.gl_pathv[i]);
	globfree(&g);
}

void jit_file_load(struct jit *j, struct chaos *ctx, const char *run_dir,
		   const char *config_dir)
{
	load_all(j, ctx, config_dir, "*.cfg");
	load_all(j, ctx, run_dir, "jit/*.json");
}

// SPDX-License-Identifier: BSD-2-Clause
/* chaos create */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"

struct create_options {
	bool paused, console, json, dry_run;
	unsigned long copies;	/* 0: one, called as the file says */
	char **overrides;	/* up to a NULL */
	unsigned int nr_files;
	char **files;
};

/* FILE... then key=value...; a file whose name has a "=" needs a "/". */
static int split_args(struct create_options *o, int argc, char **argv)
{
	int i, n = 0;

	o->files = calloc((size_t)argc + 1, sizeof(char *));
	o->overrides = calloc((size_t)argc + 1, sizeof(char *));
	if (!o->files || !o->overrides)
		return -1;
	for (i = 0; i < argc; i++) {
		char *eq = strchr(argv[i], '=');
		char *slash = strchr(argv[i], '/');

		if (eq && (!slash || slash > eq))
			o->overrides[n++] = argv[i];
		else
			o->files[o->nr_files++] = argv[i];
	}
	return 0;
}

#define COPIES_MAX 100000

static bool set_copies(struct create_options *o, const char *text)
{
	char *end;

	errno = 0;
	o->copies = strtoul(text, &end, 10);
	return !errno && !*end && *text >= '0' && *text <= '9' && o->copies &&
	       o->copies <= COPIES_MAX;
}

static int parse_options(struct create_options *o, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "paused", no_argument, NULL, 'p' },
		{ "console", no_argument, NULL, 'c' },
		{ "json", no_argument, NULL, 'j' },
		{ "copies", required_argument, NULL, 'n' },
		{ "dry-run", no_argument, NULL, 'd' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "pcjn:", longs, NULL)) != -1) {
		if (c == 'p')
			o->paused = true;
		else if (c == 'c')
			o->console = true;
		else if (c == 'j')
			o->json = true;
		else if (c == 'd')
			o->dry_run = true;
		else if (c == 'n' && !set_copies(o, optarg))
			return cmd_usage(&cmd_create, "-n takes 1 to %d",
					 COPIES_MAX);
		else if (c != 'n')
			return EXIT_USAGE;
	}
	if (split_args(o, argc - optind, argv + optind))
		return 1;
	if (!o->nr_files)
		return cmd_usage(&cmd_create, "which configuration?");
	if (o->console && (o->nr_files > 1 || o->paused || o->dry_run ||
			   o->copies > 1))
		return cmd_usage(&cmd_create,
				 "--console is for one running domain");
	return 0;
}

static void print_json(struct cmd_env *env, const char *name, uint32_t domid)
{
	size_t i, n = chaos_nr_steps(env->ctx);

	printf("{\"domid\": %u, \"name\": ", domid);
	cmd_json_string(stdout, name);
	printf(", \"steps_ns\": {");
	for (i = 0; i < n; i++) {
		const struct chaos_step *s = chaos_step(env->ctx, i);

		printf("%s\"%s\": %llu", i ? ", " : "", s->name,
		       (unsigned long long)s->ns);
	}
	printf("}}\n");
}

/* What create did and the user did not get: all or nothing. */
static int take_back(struct cmd_env *env, uint32_t domid, int status)
{
	if (chaos_destroy(env->ctx, domid))
		cmd_report(env, "create: undo");
	return status;
}

/* The guest starts when its console is there: no word of it is lost. */
static int attach(struct cmd_env *env, const char *name, uint32_t domid)
{
	struct chaos_console *con;
	int status;

	if (cmd_interrupted)
		return take_back(env, domid, 1);
	if (chaos_console_open(env->ctx, domid, &con))
		return take_back(env, domid, cmd_report(env, "console"));
	if (chaos_unpause(env->ctx, domid)) {
		status = cmd_report(env, "unpause");
		chaos_console_close(con);
		return take_back(env, domid, status);
	}
	status = cmd_console_run(env, con, name);
	chaos_console_close(con);
	return status;
}

static void tell(struct cmd_env *env, const struct create_options *o,
		 const char *name, uint32_t domid)
{
	if (o->json && o->dry_run) {
		printf("{\"dry_run\": true, \"name\": ");
		cmd_json_string(stdout, name);
		printf("}\n");
	} else if (o->json) {
		print_json(env, name, domid);
	} else if (o->dry_run && env->verbose) {
		printf("%s: can be created\n", name);
	} else if (env->verbose) {
		printf("%s: domain %u\n", name, domid);
	}
}

static int create_one(struct cmd_env *env, const struct create_options *o,
		      const struct chaos_config *cfg)
{
	const char *name = chaos_config_name(cfg);
	unsigned int flags = 0;
	uint32_t domid = 0;

	if (o->paused || o->console)
		flags |= CHAOS_CREATE_PAUSED;
	if (o->dry_run)
		flags |= CHAOS_CREATE_DRY_RUN;
	if (chaos_create(env->ctx, cfg, flags, &domid))
		return cmd_report(env, "create");
	tell(env, o, name, domid);
	return o->console ? attach(env, name, domid) : 0;
}

/* A copy that fails does not keep the others from being made. */
static int create_file(struct cmd_env *env, const struct create_options *o,
		       const char *file)
{
	struct chaos_config *cfg;
	unsigned int n = 1;
	int status = 0;

	if (chaos_config_parse_file(env->ctx, file,
				    (const char *const *)o->overrides, &cfg))
		return cmd_report(env, "create");
	if (!o->copies)
		status = create_one(env, o, cfg);
	for (; n <= o->copies && !cmd_interrupted; n++) {
		if (chaos_config_number(env->ctx, cfg, n))
			status = cmd_report(env, "create");
		else
			status |= create_one(env, o, cfg);
	}
	/* A signal after the last one came too late to undo anything. */
	if (n <= o->copies)
		status = 1;
	chaos_config_free(cfg);
	return status;
}

static int run(struct cmd_env *env, int argc, char **argv)
{
	struct create_options o = { 0 };
	unsigned int i;
	int status;

	status = parse_options(&o, argc, argv);
	if (!status) {
		for (i = 0; i < o.nr_files && !cmd_interrupted; i++)
			status |= create_file(env, &o, o.files[i]);
		if (i < o.nr_files)
			status = 1;
	}
	free(o.files);
	free(o.overrides);
	return status;
}

const struct cmd_verb cmd_create = {
	.name = "create",
	.args = "[-p|--paused] [-c|--console] [-n|--copies N] [--dry-run] "
		"[-j|--json] FILE... [KEY=VALUE...]",
	.summary = "create domains from configuration files",
	.help =
	"  -p, --paused    leave it paused\n"
	"  -c, --console   attach this terminal to its console\n"
	"  -n, --copies N  N of each: NAME1 to NAMEN, or where NAME has %d\n"
	"  --dry-run       only check whether it could be created\n"
	"  -j, --json      say what was made, and how long each step took\n"
	"  KEY=VALUE       replaces what the file says\n\n"
	"  chaos create web.cfg name=web2 memory=8\n"
	"  chaos create -n 16 web.cfg name=web%d-a\n",
	.run = run,
	.needs_library = true,
};

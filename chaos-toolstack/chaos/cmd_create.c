// SPDX-License-Identifier: BSD-2-Clause
/* chaos create */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"

struct create_options {
	bool paused, console, json;
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

static int parse_options(struct create_options *o, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "paused", no_argument, NULL, 'p' },
		{ "console", no_argument, NULL, 'c' },
		{ "json", no_argument, NULL, 'j' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "pcj", longs, NULL)) != -1) {
		if (c == 'p')
			o->paused = true;
		else if (c == 'c')
			o->console = true;
		else if (c == 'j')
			o->json = true;
		else
			return EXIT_USAGE;
	}
	if (split_args(o, argc - optind, argv + optind))
		return 1;
	if (!o->nr_files)
		return cmd_usage(&cmd_create, "which configuration?");
	if (o->console && (o->nr_files > 1 || o->paused))
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

/* The guest starts when its console is there: no word of it is lost. */
static int attach(struct cmd_env *env, const char *name, uint32_t domid)
{
	struct chaos_console *con;
	int status;

	if (chaos_console_open(env->ctx, domid, &con))
		return cmd_report(env, "console");
	if (chaos_unpause(env->ctx, domid)) {
		chaos_console_close(con);
		return cmd_report(env, "unpause");
	}
	status = cmd_console_run(env, con, name);
	chaos_console_close(con);
	return status;
}

static int create_one(struct cmd_env *env, const struct create_options *o,
		      const char *file)
{
	struct chaos_config *cfg;
	uint32_t domid;
	int status = 0;

	if (chaos_config_parse_file(env->ctx, file,
				    (const char *const *)o->overrides, &cfg))
		return cmd_report(env, "create");
	if (chaos_create(env->ctx, cfg,
			 o->paused || o->console ? CHAOS_CREATE_PAUSED : 0,
			 &domid)) {
		status = cmd_report(env, "create");
	} else {
		if (o->json)
			print_json(env, chaos_config_name(cfg), domid);
		else if (env->verbose)
			printf("%s: domain %u\n", chaos_config_name(cfg),
			       domid);
		if (o->console)
			status = attach(env, chaos_config_name(cfg), domid);
	}
	chaos_config_free(cfg);
	return status;
}

static int run(struct cmd_env *env, int argc, char **argv)
{
	struct create_options o = { 0 };
	unsigned int i;
	int status;

	status = parse_options(&o, argc, argv);
	for (i = 0; !status && i < o.nr_files; i++) {
		if (cmd_interrupted)
			status = 1;
		else
			status |= create_one(env, &o, o.files[i]);
	}
	/* After a failure the others are still asked for. */
	for (; i < o.nr_files && status == 1 && !cmd_interrupted; i++)
		create_one(env, &o, o.files[i]);
	free(o.files);
	free(o.overrides);
	return status;
}

const struct cmd_verb cmd_create = {
	.name = "create",
	.args = "[-p|--paused] [-c|--console] [-j|--json] FILE... [KEY=VALUE...]",
	.summary = "create a domain from a configuration file",
	.help =
	"  -p, --paused    leave it paused\n"
	"  -c, --console   attach this terminal to its console\n"
	"  -j, --json      say what was made, and how long each step took\n"
	"  KEY=VALUE       replaces what the file says\n\n"
	"  chaos create web.cfg name=web2 memory=8\n",
	.run = run,
	.needs_library = true,
};

// SPDX-License-Identifier: BSD-2-Clause
/* chaos create */
#include <errno.h>
#include <string.h>

#include "cmd.h"

struct create_options {
	struct cmd_console_options console_options;
	bool paused, console, dry_run;
	uint64_t copies;	/* 0: one, called as the file says */
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
#define KEY_DRY_RUN 256

static int parse_options(struct cmd_env *env, struct create_options *o,
			 int argc, char **argv)
{
	int c;

	while ((c = cmd_getopt(env, &cmd_create, argc, argv)) !=
	       CMD_GETOPT_END) {
		if (c == CMD_GETOPT_BAD)
			return EXIT_USAGE;
		if (c == 'p')
			o->paused = true;
		else if (c == 'c')
			o->console = true;
		else if (c == KEY_DRY_RUN)
			o->dry_run = true;
		else if (c == 'e' &&
			 !cmd_console_parse_key(optarg,
						&o->console_options.escape))
			return cmd_usage(&cmd_create, "\"%s\" is no key: ^X, "
					 "a character or none", optarg);
		else if (c == 'n' &&
			 !cmd_parse_number(optarg, 1, COPIES_MAX, &o->copies))
			return cmd_usage(&cmd_create, "-n takes 1 to %d",
					 COPIES_MAX);
	}
	if (split_args(o, argc - optind, argv + optind))
		return cmd_fail(env, "create", -ENOMEM, "create", "begin", "%s",
				strerror(ENOMEM));
	if (!o->nr_files)
		return cmd_usage(&cmd_create, "which configuration?");
	if (o->console && (o->nr_files > 1 || o->paused || o->dry_run ||
			   o->copies > 1 || env->json))
		return cmd_usage(&cmd_create, "--console is for one running "
				 "domain, and without --json");
	return 0;
}

static void print_json(struct cmd_env *env, const char *name, uint32_t domid)
{
	size_t i, n = chaos_nr_steps(env->ctx);
	struct cmd_json *j = env->json;

	cmd_json_object(j, NULL);
	cmd_json_uint(j, "domid", domid);
	cmd_json_string(j, "name", name);
	cmd_json_object(j, "steps_ns");
	for (i = 0; i < n; i++) {
		const struct chaos_step *s = chaos_step(env->ctx, i);

		cmd_json_uint(j, s->name, s->ns);
	}
	cmd_json_end(j);
	cmd_json_end(j);
}

/* What create did and the user did not get: all or nothing. */
static int take_back(struct cmd_env *env, uint32_t domid, int status)
{
	if (chaos_destroy(env->ctx, domid))
		cmd_report(env, "create: undo");
	return status;
}

/* The guest starts when its console is there: no word of it is lost. */
static int attach(struct cmd_env *env, const char *name, uint32_t domid,
		  const struct cmd_console_options *opt)
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
	return cmd_console_run(env, con, domid, name, opt);
}

static void tell(struct cmd_env *env, const struct create_options *o,
		 const char *name, uint32_t domid)
{
	if (env->json && o->dry_run) {
		cmd_json_object(env->json, NULL);
		cmd_json_bool(env->json, "dry_run", true);
		cmd_json_string(env->json, "name", name);
		cmd_json_end(env->json);
	} else if (env->json) {
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
	return o->console ? attach(env, name, domid, &o->console_options) : 0;
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
			status = cmd_worst(status, cmd_report(env, "create"));
		else
			status = cmd_worst(status, create_one(env, o, cfg));
		if (!env->verbose)
			cmd_progress(NULL, "created", n, o->copies);
	}
	/* A signal after the last one came too late to undo anything. */
	if (n <= o->copies)
		status = 1;
	chaos_config_free(cfg);
	return status;
}

static int run(struct cmd_env *env, int argc, char **argv)
{
	struct create_options o = { .console_options = CMD_CONSOLE_OPTIONS };
	unsigned int i;
	int status;

	status = parse_options(env, &o, argc, argv);
	if (!status) {
		for (i = 0; i < o.nr_files && !cmd_interrupted; i++)
			status = cmd_worst(status,
					   create_file(env, &o, o.files[i]));
		if (i < o.nr_files)
			status = 1;
	}
	free(o.files);
	free(o.overrides);
	return status;
}

static const struct cmd_option options[] = {
	{ 'p', "paused", NULL, "leave it paused" },
	{ 'c', "console", NULL, "attach this terminal to its console" },
	{ 'e', "escape", "KEY", "the key that leaves it: ^X, a character, none" },
	{ 'n', "copies", "N", "N of each: NAME1 to NAMEN, or where NAME has %d" },
	{ KEY_DRY_RUN, "dry-run", NULL, "only check whether it could be created" },
	{ 0 },
};

const struct cmd_verb cmd_create = {
	.name = "create",
	.args = "FILE... [KEY=VALUE...]",
	.summary = "create domains from configuration files",
	.help =
	"  KEY=VALUE replaces what the file says.\n\n"
	"  chaos create web.cfg name=web2 memory=8\n"
	"  chaos create -n 16 web.cfg name=web%d-a\n",
	.options = options,
	.words = CMD_WORDS_FILES,
	.json = true,
	.needs_library = true,
	.run = run,
};

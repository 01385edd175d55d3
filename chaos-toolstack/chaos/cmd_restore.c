// SPDX-License-Identifier: BSD-2-Clause
/* chaos restore */
#include <errno.h>
#include <string.h>

#include "cmd.h"

#define COPIES_MAX 100000
#define KEY_DRY_RUN 256

struct restore_options {
	bool paused, console, dry_run;
	uint64_t copies;	/* 0: one, called as the image says */
	const char *file;
	char **overrides;	/* up to a NULL */
	unsigned int nr_overrides;
};

/* Copies need names of their own. */
static bool names_differ(const struct restore_options *o)
{
	unsigned int i;

	for (i = 0; i < o->nr_overrides; i++)
		if (!strncmp(o->overrides[i], "name=", 5) &&
		    strstr(o->overrides[i], "%d"))
			return true;
	return false;
}

static int parse_options(struct cmd_env *env, struct restore_options *o,
			 int argc, char **argv)
{
	int c;

	while ((c = cmd_getopt(env, &cmd_restore, argc, argv)) !=
	       CMD_GETOPT_END) {
		if (c == CMD_GETOPT_BAD)
			return EXIT_USAGE;
		if (c == 'p')
			o->paused = true;
		else if (c == 'c')
			o->console = true;
		else if (c == KEY_DRY_RUN)
			o->dry_run = true;
		else if (!cmd_parse_number(optarg, 1, COPIES_MAX, &o->copies))
			return cmd_usage(&cmd_restore, "-n takes 1 to %d",
					 COPIES_MAX);
	}
	if (optind == argc)
		return cmd_usage(&cmd_restore, "from which file?");
	if (o->console && (o->paused || o->dry_run || o->copies > 1 ||
			   env->json))
		return cmd_usage(&cmd_restore, "--console is for one running "
				 "domain, and without --json");
	o->file = argv[optind++];
	o->overrides = argv + optind;
	o->nr_overrides = (unsigned int)(argc - optind);
	if (o->copies > 1 && !names_differ(o))
		return cmd_usage(&cmd_restore,
				 "copies need names of their own: name=web%%d");
	return 0;
}

static void tell(struct cmd_env *env, const struct restore_options *o,
		 uint32_t domid)
{
	size_t i, n = chaos_nr_steps(env->ctx);
	char name[CHAOS_NAME_MAX + 1];
	struct cmd_json *j = env->json;

	if (!j)
		return;
	cmd_json_object(j, NULL);
	if (o->dry_run) {
		cmd_json_bool(j, "dry_run", true);
		cmd_json_end(j);
		return;
	}
	cmd_json_uint(j, "domid", domid);
	cmd_json_object(j, "steps_ns");
	for (i = 0; i < n; i++) {
		const struct chaos_step *s = chaos_step(env->ctx, i);

		cmd_json_uint(j, s->name, s->ns);
	}
	cmd_json_end(j);
	if (!chaos_domain_name(env->ctx, domid, name))
		cmd_json_string(j, "name", name);
	cmd_json_end(j);
}

/* It goes on when its console is there: no word of it is lost. */
static int attach(struct cmd_env *env, uint32_t domid)
{
	static const struct cmd_console_options console_options =
		CMD_CONSOLE_OPTIONS;
	char name[CHAOS_NAME_MAX + 1] = "";
	struct chaos_console *con;
	int status;

	chaos_domain_name(env->ctx, domid, name);
	if (chaos_console_open(env->ctx, domid, &con))
		return cmd_report(env, "console");
	if (!chaos_unpause(env->ctx, domid))
		return cmd_console_run(env, con, domid, name, &console_options);
	status = cmd_report(env, "unpause");
	chaos_console_close(con);
	return status;
}

static int restore_one(struct cmd_env *env, const struct restore_options *o,
		       char **overrides)
{
	unsigned int flags = 0;
	uint32_t domid = 0;

	if (o->paused || o->console)
		flags |= CHAOS_CREATE_PAUSED;
	if (o->dry_run)
		flags |= CHAOS_CREATE_DRY_RUN;
	if (chaos_restore(env->ctx, o->file, (const char *const *)overrides,
			  flags, &domid))
		return cmd_report(env, "restore");
	cmd_progress_clear();
	tell(env, o, domid);
	return o->console ? attach(env, domid) : 0;
}

/* Every %d of an override is the copy's number.  NULL: no memory. */
static char *number(const char *text, uint64_t n)
{
	char *out = NULL;
	size_t size;
	FILE *f = open_memstream(&out, &size);

	if (!f)
		return NULL;
	for (; *text; text++) {
		if (text[0] == '%' && text[1] == 'd') {
			fprintf(f, "%llu", (unsigned long long)n);
			text++;
		} else {
			fputc(*text, f);
		}
	}
	if (!fclose(f))
		return out;
	free(out);
	return NULL;
}

static int restore_copy(struct cmd_env *env, const struct restore_options *o,
			uint64_t n)
{
	char **numbered = calloc(o->nr_overrides + 1u, sizeof(*numbered));
	unsigned int i = 0;
	int status;

	while (numbered && i < o->nr_overrides &&
	       (numbered[i] = number(o->overrides[i], n)))
		i++;
	if (numbered && i == o->nr_overrides)
		status = restore_one(env, o, numbered);
	else
		status = cmd_fail(env, "restore", -ENOMEM, o->file, "number it",
				  "%s", strerror(ENOMEM));
	while (numbered && i--)
		free(numbered[i]);
	free(numbered);
	return status;
}

/* A copy that fails does not keep the others from being made. */
static int run(struct cmd_env *env, int argc, char **argv)
{
	struct restore_options o = { 0 };
	uint64_t n;
	int status = parse_options(env, &o, argc, argv);

	if (status)
		return status;
	if (!o.copies && !env->verbose)
		chaos_set_progress(env->ctx, cmd_progress, NULL);
	if (!o.copies)
		return restore_one(env, &o, o.overrides);
	for (n = 1; n <= o.copies && !cmd_interrupted; n++) {
		status = cmd_worst(status, restore_copy(env, &o, n));
		if (!env->verbose)
			cmd_progress(NULL, "restored", n, o.copies);
	}
	cmd_progress_clear();
	return n <= o.copies ? EXIT_FAILURE : status;
}

static const struct cmd_option options[] = {
	{ 'p', "paused", NULL, "leave it paused" },
	{ 'c', "console", NULL, "attach this terminal to its console" },
	{ 'n', "copies", "N", "N of it; %d in a value is the copy's number" },
	{ KEY_DRY_RUN, "dry-run", NULL,
	  "only check the file, and whether it could be restored" },
	{ 0 },
};

const struct cmd_verb cmd_restore = {
	.name = "restore",
	.args = "FILE [KEY=VALUE...]",
	.summary = "make a domain of a saved one",
	.help =
	"  KEY=VALUE replaces what the file says: name, uuid, vif, on_*.\n\n"
	"  chaos restore /var/lib/web.img\n"
	"  chaos restore -n 16 web.img name=web%d "
	"'vif=[\"ip=10.0.0.%d/24\"]'\n",
	.options = options,
	.words = CMD_WORDS_FILES,
	.json = true,
	.needs_library = true,
	.run = run,
};

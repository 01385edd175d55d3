// SPDX-License-Identifier: BSD-2-Clause
/* chaos save */
#include "cmd.h"

#define TIMEOUT_MS 30000

struct save_options {
	unsigned int flags;
	int timeout_ms;
};

static int parse_options(struct cmd_env *env, struct save_options *o, int argc,
			 char **argv)
{
	int c;

	while ((c = cmd_getopt(env, &cmd_save, argc, argv)) != CMD_GETOPT_END) {
		if (c == CMD_GETOPT_BAD)
			return EXIT_USAGE;
		if (c == 'k' || c == 'c')
			o->flags |= CHAOS_SAVE_KEEP;
		else if (c == 'p')
			o->flags |= CHAOS_SAVE_KEEP | CHAOS_SAVE_PAUSED;
		else if (!cmd_parse_seconds(optarg, &o->timeout_ms))
			return cmd_usage(&cmd_save, "-t takes seconds");
	}
	if (argc - optind != 2)
		return cmd_usage(&cmd_save, "which domain, and to which file?");
	return 0;
}

static void tell(struct cmd_env *env, uint32_t domid, const char *file,
		 unsigned int flags)
{
	struct cmd_json *j = env->json;

	if (!j)
		return;
	cmd_json_object(j, NULL);
	cmd_json_uint(j, "domid", domid);
	cmd_json_string(j, "file", file);
	cmd_json_bool(j, "kept", flags & CHAOS_SAVE_KEEP);
	cmd_json_end(j);
}

static int run(struct cmd_env *env, int argc, char **argv)
{
	struct save_options o = { .timeout_ms = TIMEOUT_MS };
	uint32_t domid;
	int status = parse_options(env, &o, argc, argv);

	if (status)
		return status;
	if (!env->verbose)
		chaos_set_progress(env->ctx, cmd_progress, NULL);
	if (cmd_lookup(env, argv[optind], &domid) ||
	    chaos_save(env->ctx, domid, argv[optind + 1], o.flags,
		       o.timeout_ms))
		return cmd_report(env, "save");
	tell(env, domid, argv[optind + 1], o.flags);
	return 0;
}

static const struct cmd_option options[] = {
	{ 'k', "keep", NULL, "let it go on afterwards" },
	{ 'c', "checkpoint", NULL, "the same" },
	{ 'p', "paused", NULL, "keep it, paused" },
	{ 't', "timeout", "SECONDS", "for the guest to suspend; 30" },
	{ 0 },
};

const struct cmd_verb cmd_save = {
	.name = "save",
	.args = "NAME|DOMID FILE",
	.summary = "save a domain to a file",
	.help = "  chaos save web /var/lib/web.img\n",
	.options = options,
	.words = CMD_WORDS_DOMAINS " " CMD_WORDS_FILES,
	.json = true,
	.needs_library = true,
	.run = run,
};

// SPDX-License-Identifier: BSD-2-Clause
/* chaos pause, chaos unpause */
#include "cmd.h"

static int each(struct cmd_env *env, const struct cmd_verb *verb, int argc,
		char **argv, int (*fn)(struct chaos *ctx, uint32_t domid))
{
	uint32_t domid;
	int i, status = 0;

	if (argc < 2)
		return cmd_usage(verb, "which domain?");
	for (i = 1; i < argc; i++)
		if (chaos_lookup(env->ctx, argv[i], &domid) ||
		    fn(env->ctx, domid))
			status = cmd_report(env, verb->name);
	return status;
}

static int run_pause(struct cmd_env *env, int argc, char **argv)
{
	return each(env, &cmd_pause, argc, argv, chaos_pause);
}

static int run_unpause(struct cmd_env *env, int argc, char **argv)
{
	return each(env, &cmd_unpause, argc, argv, chaos_unpause);
}

const struct cmd_verb cmd_pause = {
	.name = "pause",
	.args = "NAME|DOMID...",
	.summary = "stop the vCPUs of domains",
	.help = "  chaos pause web\n",
	.run = run_pause,
	.needs_library = true,
};

const struct cmd_verb cmd_unpause = {
	.name = "unpause",
	.args = "NAME|DOMID...",
	.summary = "let paused domains run",
	.help = "  chaos unpause web\n",
	.run = run_unpause,
	.needs_library = true,
};

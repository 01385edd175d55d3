// SPDX-License-Identifier: BSD-2-Clause
/* chaos pause, chaos unpause, chaos resume */
#include "cmd.h"

static int pause_one(struct cmd_env *env, uint32_t domid, void *arg)
{
	(void)arg;
	return chaos_pause(env->ctx, domid);
}

static int unpause_one(struct cmd_env *env, uint32_t domid, void *arg)
{
	(void)arg;
	return chaos_unpause(env->ctx, domid);
}

static int resume_one(struct cmd_env *env, uint32_t domid, void *arg)
{
	(void)arg;
	return chaos_resume(env->ctx, domid);
}

static int run_pause(struct cmd_env *env, int argc, char **argv)
{
	int status = cmd_no_options(env, &cmd_pause, argc, argv);

	return status ? status : cmd_each(env, &cmd_pause, argc - optind,
					  argv + optind, pause_one, NULL);
}

static int run_unpause(struct cmd_env *env, int argc, char **argv)
{
	int status = cmd_no_options(env, &cmd_unpause, argc, argv);

	return status ? status : cmd_each(env, &cmd_unpause, argc - optind,
					  argv + optind, unpause_one, NULL);
}

static int run_resume(struct cmd_env *env, int argc, char **argv)
{
	int status = cmd_no_options(env, &cmd_resume, argc, argv);

	return status ? status : cmd_each(env, &cmd_resume, argc - optind,
					  argv + optind, resume_one, NULL);
}

const struct cmd_verb cmd_pause = {
	.name = "pause",
	.args = "NAME|DOMID...",
	.summary = "stop the vCPUs of domains",
	.help = "  chaos pause web\n",
	.words = CMD_WORDS_DOMAINS,
	.json = true,
	.needs_library = true,
	.run = run_pause,
};

const struct cmd_verb cmd_unpause = {
	.name = "unpause",
	.args = "NAME|DOMID...",
	.summary = "let paused domains run",
	.help = "  chaos unpause web\n",
	.words = CMD_WORDS_DOMAINS,
	.json = true,
	.needs_library = true,
	.run = run_unpause,
};

const struct cmd_verb cmd_resume = {
	.name = "resume",
	.args = "NAME|DOMID...",
	.summary = "let suspended domains go on where they are",
	.help = "  For a migration that was cut off, when the domain does not "
		"run at the other\n  side.\n\n"
		"  chaos resume web\n",
	.words = CMD_WORDS_DOMAINS,
	.json = true,
	.needs_library = true,
	.run = run_resume,
};

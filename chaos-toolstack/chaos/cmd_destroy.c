// SPDX-License-Identifier: BSD-2-Clause
/* chaos destroy */
#include "cmd.h"

static int destroy(struct cmd_env *env, uint32_t domid, void *arg)
{
	(void)arg;
	return chaos_destroy(env->ctx, domid);
}

static int run(struct cmd_env *env, int argc, char **argv)
{
	int status = cmd_no_options(env, &cmd_destroy, argc, argv);

	return status ? status : cmd_each(env, &cmd_destroy, argc - optind,
					  argv + optind, destroy, NULL);
}

const struct cmd_verb cmd_destroy = {
	.name = "destroy",
	.args = "NAME|DOMID...",
	.summary = "end domains at once and give back all they had",
	.help = "  chaos destroy web web2 17\n",
	.words = CMD_WORDS_DOMAINS,
	.json = true,
	.needs_library = true,
	.run = run,
};

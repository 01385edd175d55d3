// SPDX-License-Identifier: BSD-2-Clause
/* chaos destroy */
#include "cmd.h"

static int run(struct cmd_env *env, int argc, char **argv)
{
	uint32_t domid;
	int i, status = 0;

	if (argc < 2)
		return cmd_usage(&cmd_destroy, "which domain?");
	for (i = 1; i < argc && !cmd_interrupted; i++)
		if (chaos_lookup(env->ctx, argv[i], &domid) ||
		    chaos_destroy(env->ctx, domid))
			status = cmd_report(env, "destroy");
	return cmd_interrupted ? 1 : status;
}

const struct cmd_verb cmd_destroy = {
	.name = "destroy",
	.args = "NAME|DOMID...",
	.summary = "end domains at once and give back all they had",
	.help = "  chaos destroy web web2 17\n",
	.run = run,
	.needs_library = true,
};

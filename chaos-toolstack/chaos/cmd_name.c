// SPDX-License-Identifier: BSD-2-Clause
/* chaos domid, chaos domname, chaos rename */
#include <inttypes.h>

#include "cmd.h"

static int run_domid(struct cmd_env *env, int argc, char **argv)
{
	uint32_t domid;

	if (argc != 2)
		return cmd_usage(&cmd_domid, "one name, please");
	if (chaos_lookup(env->ctx, argv[1], &domid))
		return cmd_report(env, "domid");
	printf("%" PRIu32 "\n", domid);
	return 0;
}

static int run_domname(struct cmd_env *env, int argc, char **argv)
{
	char name[CHAOS_NAME_MAX + 1];
	uint32_t domid;

	if (argc != 2)
		return cmd_usage(&cmd_domname, "one domid, please");
	if (chaos_lookup(env->ctx, argv[1], &domid) ||
	    chaos_domain_name(env->ctx, domid, name))
		return cmd_report(env, "domname");
	printf("%s\n", name);
	return 0;
}

static int run_rename(struct cmd_env *env, int argc, char **argv)
{
	uint32_t domid;

	if (argc != 3)
		return cmd_usage(&cmd_rename, "which domain, and what name?");
	if (chaos_lookup(env->ctx, argv[1], &domid) ||
	    chaos_rename(env->ctx, domid, argv[2]))
		return cmd_report(env, "rename");
	return 0;
}

const struct cmd_verb cmd_domid = {
	.name = "domid",
	.args = "NAME",
	.summary = "print the number of a domain",
	.help = "  xl vcpu-list $(chaos domid web)\n",
	.run = run_domid,
	.needs_library = true,
};

const struct cmd_verb cmd_domname = {
	.name = "domname",
	.args = "DOMID",
	.summary = "print the name of a domain",
	.help = "  chaos domname 17\n",
	.run = run_domname,
	.needs_library = true,
};

const struct cmd_verb cmd_rename = {
	.name = "rename",
	.args = "NAME|DOMID NEW-NAME",
	.summary = "give a domain another name",
	.help = "  The new name must be free.\n\n"
	"  chaos rename web web-old\n",
	.run = run_rename,
	.needs_library = true,
};

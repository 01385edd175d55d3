// SPDX-License-Identifier: BSD-2-Clause
/* chaos domid, chaos domname, chaos rename */
#include <inttypes.h>
#include <string.h>

#include "cmd.h"

static void put_json(struct cmd_json *j, uint32_t domid, const char *name)
{
	cmd_json_object(j, NULL);
	cmd_json_uint(j, "domid", domid);
	cmd_json_string(j, "name", name);
	cmd_json_end(j);
}

static int run_domid(struct cmd_env *env, int argc, char **argv)
{
	char name[CHAOS_NAME_MAX + 1] = "";
	uint32_t domid;

	if (cmd_no_options(env, &cmd_domid, argc, argv))
		return EXIT_USAGE;
	if (argc - optind != 1)
		return cmd_usage(&cmd_domid, "one name, please");
	if (cmd_lookup(env, argv[optind], &domid))
		return cmd_report(env, "domid");
	if (!env->json) {
		printf("%" PRIu32 "\n", domid);
		return 0;
	}
	if (chaos_domain_name(env->ctx, domid, name))
		*name = '\0';
	put_json(env->json, domid, name);
	return 0;
}

static int run_domname(struct cmd_env *env, int argc, char **argv)
{
	char name[CHAOS_NAME_MAX + 1];
	uint32_t domid;

	if (cmd_no_options(env, &cmd_domname, argc, argv))
		return EXIT_USAGE;
	if (argc - optind != 1)
		return cmd_usage(&cmd_domname, "one domid, please");
	if (cmd_lookup(env, argv[optind], &domid) ||
	    chaos_domain_name(env->ctx, domid, name))
		return cmd_report(env, "domname");
	if (env->json)
		put_json(env->json, domid, name);
	else
		printf("%s\n", name);
	return 0;
}

static int run_rename(struct cmd_env *env, int argc, char **argv)
{
	uint32_t domid;

	if (cmd_no_options(env, &cmd_rename, argc, argv))
		return EXIT_USAGE;
	if (argc - optind != 2)
		return cmd_usage(&cmd_rename, "which domain, and what name?");
	if (cmd_lookup(env, argv[optind], &domid) ||
	    chaos_rename(env->ctx, domid, argv[optind + 1]))
		return cmd_report(env, "rename");
	if (env->json)
		put_json(env->json, domid, argv[optind + 1]);
	return 0;
}

const struct cmd_verb cmd_domid = {
	.name = "domid",
	.args = "NAME",
	.summary = "print the number of a domain",
	.help = "  xl vcpu-list $(chaos domid web)\n",
	.words = CMD_WORDS_DOMAINS,
	.json = true,
	.needs_library = true,
	.run = run_domid,
};

const struct cmd_verb cmd_domname = {
	.name = "domname",
	.args = "DOMID",
	.summary = "print the name of a domain",
	.help = "  chaos domname 17\n",
	.json = true,
	.needs_library = true,
	.run = run_domname,
};

const struct cmd_verb cmd_rename = {
	.name = "rename",
	.args = "NAME|DOMID NEW-NAME",
	.summary = "give a domain another name",
	.help = "  The new name must be free.\n\n"
	"  chaos rename web web-old\n",
	.words = CMD_WORDS_DOMAINS,
	.json = true,
	.needs_library = true,
	.run = run_rename,
};

// SPDX-License-Identifier: BSD-2-Clause
/* chaos help, chaos version */
#include <string.h>

#include "cmd.h"

void cmd_print_help(FILE *f, const struct cmd_verb *verb)
{
	fprintf(f, "chaos %s%s%s\n%s\n\n%s", verb->name,
		*verb->args ? " " : "", verb->args, verb->summary, verb->help);
}

static int run_help(struct cmd_env *env, int argc, char **argv)
{
	size_t i;

	(void)env;
	for (i = 0; argc > 1 && cmd_verbs[i]; i++) {
		if (!strcmp(cmd_verbs[i]->name, argv[1])) {
			cmd_print_help(stdout, cmd_verbs[i]);
			return 0;
		}
	}
	if (argc > 1)
		return cmd_usage(&cmd_help, "\"%s\" is no verb", argv[1]);
	printf("chaos: small Xen domains without XenStore\n\n"
	       "usage: chaos [-v|--verbose] VERB [ARGUMENT...]\n\n");
	for (i = 0; cmd_verbs[i]; i++)
		printf("  %-9s %s\n", cmd_verbs[i]->name,
		       cmd_verbs[i]->summary);
	printf("\nchaos help VERB tells more, with an example; see chaos(1).\n");
	return 0;
}

static int run_version(struct cmd_env *env, int argc, char **argv)
{
	(void)env;
	if (argc > 1)
		return cmd_usage(&cmd_version, "unknown argument %s", argv[1]);
	printf("chaos %s\n", chaos_version());
	return 0;
}

const struct cmd_verb cmd_help = {
	.name = "help",
	.args = "[VERB]",
	.summary = "show the verbs, or one of them",
	.help = "  chaos help create\n",
	.run = run_help,
};

const struct cmd_verb cmd_version = {
	.name = "version",
	.args = "",
	.summary = "show the version",
	.help = "  chaos version\n",
	.run = run_version,
};

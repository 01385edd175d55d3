// SPDX-License-Identifier: BSD-2-Clause
/* chaos doctor */
#include <string.h>

#include "cmd.h"

struct report {
	bool json, missing;
	unsigned int nr;
};

static const char *const words[] = {
	[CHAOS_HEALTH_OK] = "ok",
	[CHAOS_HEALTH_HINT] = "hint",
	[CHAOS_HEALTH_MISSING] = "missing",
};

static void visit(void *arg, const struct chaos_check *c)
{
	struct report *r = arg;

	if (r->json) {
		printf("%s\n  {\"check\": \"%s\", \"health\": \"%s\", \"found\": ",
		       r->nr ? "," : "[", c->name, words[c->health]);
		cmd_json_string(stdout, c->found);
		printf(", \"remedy\": ");
		cmd_json_string(stdout, c->remedy);
		printf("}");
	} else {
		printf("%-8s %-14s %s\n", words[c->health], c->name, c->found);
		if (*c->remedy)
			printf("%-8s %-14s -> %s\n", "", "", c->remedy);
	}
	r->missing |= c->health == CHAOS_HEALTH_MISSING;
	r->nr++;
}

static int run(struct cmd_env *env, int argc, char **argv)
{
	struct report r = { 0 };

	if (argc == 2 && (!strcmp(argv[1], "--json") || !strcmp(argv[1], "-j")))
		r.json = true;
	else if (argc > 1)
		return cmd_usage(&cmd_doctor, "unknown argument %s", argv[1]);
	if (chaos_doctor(env->ctx, visit, &r))
		return cmd_report(env, "doctor");
	if (r.json)
		printf("\n]\n");
	return r.missing ? 1 : 0;
}

const struct cmd_verb cmd_doctor = {
	.name = "doctor",
	.args = "[-j|--json]",
	.summary = "tell what this host has and lacks",
	.help = "  Exit status 1 when something is missing; hints do not count.\n\n"
	"  chaos doctor\n",
	.run = run,
	.needs_library = true,
};

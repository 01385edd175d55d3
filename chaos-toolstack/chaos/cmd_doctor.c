// SPDX-License-Identifier: BSD-2-Clause
/* chaos doctor */
#include <unistd.h>

#include "cmd.h"

struct report {
	struct cmd_json *json;
	bool missing, colour;
};

static const char *const words[] = {
	[CHAOS_HEALTH_OK] = "ok",
	[CHAOS_HEALTH_HINT] = "hint",
	[CHAOS_HEALTH_MISSING] = "missing",
};

static void print_json(struct cmd_json *j, const struct chaos_check *c)
{
	cmd_json_object(j, NULL);
	cmd_json_string(j, "check", c->name);
	cmd_json_string(j, "health", words[c->health]);
	cmd_json_string(j, "found", c->found);
	cmd_json_string(j, "remedy", c->remedy);
	cmd_json_end(j);
}

static void print_text(const struct report *r, const struct chaos_check *c)
{
	static const enum cmd_colour colours[] = {
		[CHAOS_HEALTH_OK] = CMD_GREEN,
		[CHAOS_HEALTH_HINT] = CMD_YELLOW,
		[CHAOS_HEALTH_MISSING] = CMD_RED,
	};

	printf("%s%-8s%s %-14s %s\n",
	       r->colour ? cmd_colour_escape(colours[c->health]) : "",
	       words[c->health], r->colour ? cmd_colour_escape(CMD_PLAIN) : "",
	       c->name, c->found);
	if (*c->remedy)
		printf("%-8s %-14s -> %s\n", "", "", c->remedy);
}

static void visit(void *arg, const struct chaos_check *c)
{
	struct report *r = arg;

	if (r->json)
		print_json(r->json, c);
	else
		print_text(r, c);
	r->missing |= c->health == CHAOS_HEALTH_MISSING;
}

static int run(struct cmd_env *env, int argc, char **argv)
{
	struct report r = { 0 };

	if (cmd_no_options(env, &cmd_doctor, argc, argv))
		return EXIT_USAGE;
	if (optind < argc)
		return cmd_usage(&cmd_doctor, "unknown argument %s",
				 argv[optind]);
	r.json = env->json;
	r.colour = cmd_colour_wanted(env->colour_when, STDOUT_FILENO);
	if (chaos_doctor(env->ctx, visit, &r))
		return cmd_report(env, "doctor");
	return r.missing ? EXIT_FAILURE : 0;
}

const struct cmd_verb cmd_doctor = {
	.name = "doctor",
	.args = "",
	.summary = "tell what this host has and lacks",
	.help = "  Exit status 1 when something is missing; hints do not count.\n\n"
	"  chaos doctor\n",
	.json = true,
	.needs_library = true,
	.run = run,
};

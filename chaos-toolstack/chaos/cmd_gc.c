// SPDX-License-Identifier: BSD-2-Clause
/* chaos gc */
#include <inttypes.h>

#include "cmd.h"

static const char *const kinds[] = {
	[CHAOS_GARBAGE_NAME] = "name",
	[CHAOS_GARBAGE_RECORD] = "record",
	[CHAOS_GARBAGE_DOMAIN] = "domain",
	[CHAOS_GARBAGE_VIFS] = "vifs",
	[CHAOS_GARBAGE_SUSPENDED] = "suspended",
	[CHAOS_GARBAGE_SPARE] = "spare",
};

static void print_json(struct cmd_json *j, const struct chaos_garbage *g)
{
	cmd_json_object(j, NULL);
	cmd_json_string(j, "kind", kinds[g->kind]);
	cmd_json_string(j, "name", g->name);
	cmd_json_string(j, "uuid", g->uuid);
	cmd_json_uint(j, "domid", g->domid);
	cmd_json_end(j);
}

static void print_text(const struct chaos_garbage *g)
{
	switch (g->kind) {
	case CHAOS_GARBAGE_NAME:
		printf("name %s\n", g->name);
		break;
	case CHAOS_GARBAGE_RECORD:
		printf("record %s\n", g->uuid);
		break;
	case CHAOS_GARBAGE_DOMAIN:
		printf("domain %" PRIu32 ", half-built as %s\n", g->domid,
		       g->name);
		break;
	case CHAOS_GARBAGE_VIFS:
		printf("vifs of domain %" PRIu32 "\n", g->domid);
		break;
	case CHAOS_GARBAGE_SUSPENDED:
		printf("domain %" PRIu32 ", %s, left suspended: goes on\n",
		       g->domid, g->name);
		break;
	case CHAOS_GARBAGE_SPARE:
		printf("domain %" PRIu32 ", a spare\n", g->domid);
		break;
	}
}

static void visit(void *arg, const struct chaos_garbage *g)
{
	struct cmd_env *env = arg;

	if (env->json)
		print_json(env->json, g);
	else
		print_text(g);
}

#define KEY_DRY_RUN 256

static int run(struct cmd_env *env, int argc, char **argv)
{
	unsigned int flags = 0;
	int c;

	while ((c = cmd_getopt(env, &cmd_gc, argc, argv)) != CMD_GETOPT_END) {
		if (c == CMD_GETOPT_BAD)
			return EXIT_USAGE;
		flags |= CHAOS_GC_DRY_RUN;
	}
	if (optind < argc)
		return cmd_usage(&cmd_gc, "unknown argument %s", argv[optind]);
	return chaos_gc(env->ctx, flags, visit, env) ? cmd_report(env, "gc") : 0;
}

static const struct cmd_option options[] = {
	{ KEY_DRY_RUN, "dry-run", NULL, "only print it" },
	{ 0 },
};

const struct cmd_verb cmd_gc = {
	.name = "gc",
	.args = "",
	.summary = "remove what killed commands left",
	.help = "  Prints what it removed: names and records without domain, domains\n"
	"  whose create was killed, vifs of domains that are gone.\n\n"
	"  chaos gc --dry-run\n",
	.options = options,
	.json = true,
	.needs_library = true,
	.run = run,
};

// SPDX-License-Identifier: BSD-2-Clause
/* chaos gc */
#include <inttypes.h>
#include <string.h>

#include "cmd.h"

struct report {
	bool json;
	unsigned int nr;
};

static const char *const kinds[] = {
	[CHAOS_GARBAGE_NAME] = "name",
	[CHAOS_GARBAGE_RECORD] = "record",
	[CHAOS_GARBAGE_DOMAIN] = "domain",
	[CHAOS_GARBAGE_VIFS] = "vifs",
};

static void print_json(const struct report *r, const struct chaos_garbage *g)
{
	printf("%s\n  {\"kind\": \"%s\", \"name\": ", r->nr ? "," : "[",
	       kinds[g->kind]);
	cmd_json_string(stdout, g->name);
	printf(", \"uuid\": \"%s\", \"domid\": %" PRIu32 "}", g->uuid,
	       g->domid);
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
	}
}

static void visit(void *arg, const struct chaos_garbage *g)
{
	struct report *r = arg;

	if (r->json)
		print_json(r, g);
	else
		print_text(g);
	r->nr++;
}

static int run(struct cmd_env *env, int argc, char **argv)
{
	struct report r = { 0 };
	unsigned int flags = 0;
	int i, rc;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--json") || !strcmp(argv[i], "-j"))
			r.json = true;
		else if (!strcmp(argv[i], "--dry-run"))
			flags |= CHAOS_GC_DRY_RUN;
		else
			return cmd_usage(&cmd_gc, "unknown argument %s",
					 argv[i]);
	}
	rc = chaos_gc(env->ctx, flags, visit, &r);
	if (r.json)
		printf("%s\n]\n", r.nr ? "" : "[");
	return rc ? cmd_report(env, "gc") : 0;
}

const struct cmd_verb cmd_gc = {
	.name = "gc",
	.args = "[--dry-run] [-j|--json]",
	.summary = "remove what killed commands left",
	.help = "  Prints what it removed: names and records without domain, domains\n"
	"  whose create was killed, vifs of domains that are gone.\n"
	"  --dry-run   only print it\n\n"
	"  chaos gc --dry-run\n",
	.run = run,
	.needs_library = true,
};

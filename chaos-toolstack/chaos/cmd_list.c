// SPDX-License-Identifier: BSD-2-Clause
/* chaos list */
#include <inttypes.h>
#include <string.h>

#include "cmd.h"

struct list {
	bool json;
	unsigned int nr;
};

static void print_json(const struct list *l, const struct chaos_domain *d)
{
	printf("%s\n  {", l->nr ? "," : "[");
	cmd_json_domain(stdout, d);
	printf("}");
}

static void print_line(const struct list *l, const struct chaos_domain *d)
{
	if (!l->nr)
		printf("%-24s %5s %-4s %-8s %9s %5s %10s\n", "NAME", "DOMID",
		       "TYPE", "STATE", "MEM/MB", "VCPUS", "CPU/S");
	printf("%-24s %5" PRIu32 " %-4s %-8s %9.1f %5" PRIu32 " %10.3f\n",
	       *d->name ? d->name : "-", d->domid, d->type,
	       chaos_state_name(d->state), (double)d->mem_kb / 1024,
	       d->vcpus, (double)d->cpu_ns / 1e9);
}

static int visit(void *arg, const struct chaos_domain *d)
{
	struct list *l = arg;

	if (l->json)
		print_json(l, d);
	else
		print_line(l, d);
	l->nr++;
	return 0;
}

static int run(struct cmd_env *env, int argc, char **argv)
{
	struct list l = { 0 };
	int rc;

	if (argc == 2 && (!strcmp(argv[1], "--json") || !strcmp(argv[1], "-j")))
		l.json = true;
	else if (argc > 1)
		return cmd_usage(&cmd_list, "unknown argument %s", argv[1]);
	rc = chaos_list(env->ctx, visit, &l);
	if (rc)
		return cmd_report(env, "list");
	if (l.json)
		printf("%s\n]\n", l.nr ? "" : "[");
	return 0;
}

const struct cmd_verb cmd_list = {
	.name = "list",
	.args = "[-j|--json]",
	.summary = "list the domains of this host",
	.help = "  A domain that chaos did not make has no name here.\n\n"
	"  chaos list --json | jq -r .[].name\n",
	.run = run,
	.needs_library = true,
};

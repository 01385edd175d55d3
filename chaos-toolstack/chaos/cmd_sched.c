// SPDX-License-Identifier: BSD-2-Clause
/* chaos sched */
#include <inttypes.h>
#include <string.h>

#include "cmd.h"

struct wanted {
	long weight, cap;	/* -1: as it is */
	const char *pool;	/* NULL: as it is */
	uint32_t pool_id;
};

static int parse_options(struct cmd_env *env, struct wanted *w, int argc,
			 char **argv)
{
	uint64_t n;
	int c;

	while ((c = cmd_getopt(env, &cmd_sched, argc, argv)) !=
	       CMD_GETOPT_END) {
		if (c == CMD_GETOPT_BAD)
			return EXIT_USAGE;
		if (c == 'p') {
			w->pool = optarg;
			continue;
		}
		if (!cmd_parse_number(optarg, 0, 1000000, &n))
			return cmd_usage(&cmd_sched, "-%c takes a number", c);
		if (c == 'w')
			w->weight = (long)n;
		else
			w->cap = (long)n;
	}
	if (optind == argc)
		return cmd_usage(&cmd_sched, "which domain?");
	return 0;
}

/* The pool first: what a weight means is the matter of its scheduler. */
static int set(struct cmd_env *env, const struct wanted *w, uint32_t domid)
{
	int rc = 0;

	if (w->pool)
		rc = chaos_cpupool_move(env->ctx, w->pool_id, domid);
	if (!rc && (w->weight >= 0 || w->cap >= 0))
		rc = chaos_sched_set(env->ctx, domid, w->weight, w->cap);
	return rc;
}

static void tell(struct cmd_env *env, struct cmd_table *t, uint32_t domid,
		 const char *name, const struct chaos_sched *s)
{
	struct cmd_json *j = env->json;

	if (j) {
		cmd_json_object(j, NULL);
		cmd_json_uint(j, "domid", domid);
		cmd_json_string(j, "name", name);
		cmd_json_uint(j, "pool", s->pool);
		cmd_json_string(j, "scheduler", s->scheduler);
		cmd_json_uint(j, "weight", s->weight);
		cmd_json_uint(j, "cap", s->cap);
		cmd_json_end(j);
		return;
	}
	cmd_table_cell(t, CMD_PLAIN, "%s", *name ? name : "-");
	cmd_table_cell(t, CMD_PLAIN, "%" PRIu32, domid);
	cmd_table_cell(t, CMD_PLAIN, "Pool-%" PRIu32, s->pool);
	cmd_table_cell(t, CMD_PLAIN, "%s", s->scheduler);
	cmd_table_cell(t, CMD_PLAIN, "%" PRIu32, s->weight);
	cmd_table_cell(t, CMD_PLAIN, "%" PRIu32, s->cap);
}

static int one(struct cmd_env *env, const struct wanted *w, const char *arg,
	       struct cmd_table *t)
{
	struct chaos_sched s = { .size = sizeof(s) };
	char name[CHAOS_NAME_MAX + 1];
	uint32_t domid;

	if (cmd_lookup(env, arg, &domid) || set(env, w, domid))
		return cmd_report(env, "sched");
	if (chaos_domain_name(env->ctx, domid, name))
		*name = '\0';
	if (chaos_sched_get(env->ctx, domid, &s))
		return cmd_report(env, "sched");
	tell(env, t, domid, name, &s);
	return 0;
}

static int run(struct cmd_env *env, int argc, char **argv)
{
	static const struct cmd_column columns[] = {
		{ "NAME", false }, { "DOMID", true }, { "POOL", false },
		{ "SCHEDULER", false }, { "WEIGHT", true }, { "CAP/%", true },
	};
	struct wanted w = { .weight = -1, .cap = -1 };
	struct cmd_table table;
	int i, status = parse_options(env, &w, argc, argv);

	if (status)
		return status;
	if (w.pool && chaos_cpupool_find(env->ctx, w.pool, &w.pool_id))
		return cmd_report(env, "sched");
	cmd_table_init(&table, columns, sizeof(columns) / sizeof(*columns));
	for (i = optind; i < argc && !cmd_interrupted; i++)
		status = cmd_worst(status, one(env, &w, argv[i], &table));
	if (i < argc)
		status = EXIT_FAILURE;
	if (env->json)
		return status;
	return cmd_worst(status, cmd_show_table(env, "sched", &table));
}

static const struct cmd_option options[] = {
	{ 'w', "weight", "WEIGHT", "of 256: its share among others" },
	{ 'c', "cap", "PERCENT", "no more of a CPU than that; 0: no cap" },
	{ 'p', "pool", "POOL", "move it there" },
	{ 0 },
};

const struct cmd_verb cmd_sched = {
	.name = "sched",
	.args = "NAME|DOMID...",
	.summary = "show or set the share of CPUs that domains get",
	.help = "  Shows what they have then.\n\n"
	"  chaos sched -w 512 -c 50 web\n",
	.options = options,
	.words = CMD_WORDS_DOMAINS,
	.json = true,
	.needs_library = true,
	.run = run,
};

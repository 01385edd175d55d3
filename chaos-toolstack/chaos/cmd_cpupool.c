// SPDX-License-Identifier: BSD-2-Clause
/* chaos cpupool */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cmd.h"

struct show {
	struct cmd_env *env;
	struct cmd_table table;
	bool only_one;
	uint32_t id;
};

static int visit(void *arg, const struct chaos_cpupool *p)
{
	struct show *s = arg;
	struct cmd_json *j = s->env->json;

	if (s->only_one && s->id != p->id)
		return 0;
	if (j) {
		cmd_json_object(j, NULL);
		cmd_json_uint(j, "pool", p->id);
		cmd_json_string(j, "scheduler", p->scheduler);
		cmd_json_uint(j, "domains", p->nr_domains);
		cmd_json_string(j, "cpus", p->cpus);
		cmd_json_end(j);
		return 0;
	}
	cmd_table_cell(&s->table, CMD_PLAIN, "Pool-%" PRIu32, p->id);
	cmd_table_cell(&s->table, CMD_PLAIN, "%s", p->scheduler);
	cmd_table_cell(&s->table, CMD_PLAIN, "%" PRIu32, p->nr_domains);
	cmd_table_cell(&s->table, CMD_PLAIN, "%s", *p->cpus ? p->cpus : "-");
	return 0;
}

static int show(struct cmd_env *env, const uint32_t *only)
{
	static const struct cmd_column columns[] = {
		{ "POOL", false }, { "SCHEDULER", false }, { "DOMAINS", true },
		{ "CPUS", false },
	};
	struct show s = { .env = env, .only_one = only, .id = only ? *only : 0 };
	int status = 0;

	cmd_table_init(&s.table, columns, sizeof(columns) / sizeof(*columns));
	if (chaos_cpupool_list(env->ctx, visit, &s))
		status = cmd_report(env, "cpupool");
	if (env->json)
		return status;
	return cmd_worst(status, cmd_show_table(env, "cpupool", &s.table));
}

static int create(struct cmd_env *env, int argc, char **argv)
{
	uint32_t id;

	if (argc < 2 || argc > 3)
		return cmd_usage(&cmd_cpupool, "of which CPUs?");
	if (chaos_cpupool_create(env->ctx, argc == 3 ? argv[2] : NULL, argv[1],
			      &id))
		return cmd_report(env, "cpupool");
	if (env->json)
		return show(env, &id);
	printf("Pool-%" PRIu32 "\n", id);
	return 0;
}

static int destroy(struct cmd_env *env, int argc, char **argv)
{
	uint32_t id;
	int i, status = 0;

	if (argc < 2)
		return cmd_usage(&cmd_cpupool, "which pool?");
	for (i = 1; i < argc && !cmd_interrupted; i++) {
		if (chaos_cpupool_find(env->ctx, argv[i], &id) ||
		    chaos_cpupool_destroy(env->ctx, id))
			status = cmd_worst(status, cmd_report(env, "cpupool"));
	}
	return i < argc ? EXIT_FAILURE : status;
}

static int run(struct cmd_env *env, int argc, char **argv)
{
	int status = cmd_no_options(env, &cmd_cpupool, argc, argv);

	if (status)
		return status;
	argc -= optind;
	argv += optind;
	if (!argc || (argc == 1 && !strcmp(argv[0], "list")))
		return show(env, NULL);
	if (!strcmp(argv[0], "create"))
		return create(env, argc, argv);
	if (!strcmp(argv[0], "destroy"))
		return destroy(env, argc, argv);
	return cmd_usage(&cmd_cpupool, "list, create or destroy?");
}

const struct cmd_verb cmd_cpupool = {
	.name = "cpupool",
	.args = "[list | create CPUS [SCHEDULER] | destroy POOL...]",
	.summary = "show, create or destroy CPU pools",
	.help = "  A new one takes its CPUs from Pool-0, and gives them back in the end.\n"
	"  SCHEDULER: credit, credit2, null, rtds or arinc653, as far as Xen has it.\n"
	"  Domains get there with pool= in their configuration or chaos sched -p.\n\n"
	"  chaos cpupool create 2-3 null\n",
	.words = "list create destroy",
	.json = true,
	.needs_library = true,
	.run = run,
};

// SPDX-License-Identifier: BSD-2-Clause
/* chaos vcpu-pin */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cmd.h"

#define MAX_VCPUS 4096

struct look {
	struct cmd_env *env;
	struct cmd_table table;
	uint32_t domid;
	char name[CHAOS_NAME_MAX + 1];
	uint32_t *found;	/* of all domains */
	size_t nr_found;
};

static int visit_vcpu(void *arg, const struct chaos_vcpu *v)
{
	struct look *l = arg;
	struct cmd_json *j = l->env->json;

	if (j) {
		cmd_json_object(j, NULL);
		cmd_json_uint(j, "domid", l->domid);
		cmd_json_string(j, "name", l->name);
		cmd_json_uint(j, "vcpu", v->vcpu);
		cmd_json_uint(j, "cpu", v->cpu);
		cmd_json_string(j, "state", v->state);
		cmd_json_uint(j, "cpu_ns", v->cpu_ns);
		cmd_json_string(j, "hard", v->hard);
		cmd_json_string(j, "soft", v->soft);
		cmd_json_end(j);
		return 0;
	}
	cmd_table_cell(&l->table, CMD_PLAIN, "%s", *l->name ? l->name : "-");
	cmd_table_cell(&l->table, CMD_PLAIN, "%" PRIu32, l->domid);
	cmd_table_cell(&l->table, CMD_PLAIN, "%" PRIu32, v->vcpu);
	cmd_table_cell(&l->table, CMD_PLAIN, "%" PRIu32, v->cpu);
	cmd_table_cell(&l->table, CMD_PLAIN, "%s", v->state);
	cmd_table_cell(&l->table, CMD_PLAIN, "%.3f", (double)v->cpu_ns / 1e9);
	cmd_table_cell(&l->table, CMD_PLAIN, "%s", v->hard);
	cmd_table_cell(&l->table, CMD_PLAIN, "%s", v->soft);
	return 0;
}

static int look_at(struct look *l, uint32_t domid)
{
	l->domid = domid;
	if (chaos_domain_name(l->env->ctx, domid, l->name))
		*l->name = '\0';
	return chaos_vcpu_list(l->env->ctx, domid, visit_vcpu, l);
}

static int remember(void *arg, const struct chaos_domain *d)
{
	struct look *l = arg;
	uint32_t *found = realloc(l->found, (l->nr_found + 1) * sizeof(*found));

	if (!found)
		return -ENOMEM;
	l->found = found;
	l->found[l->nr_found++] = d->domid;
	return 0;
}

/* Those that went meanwhile are not there any more. */
static int look_at_all(struct look *l)
{
	int rc = chaos_list(l->env->ctx, remember, l);
	size_t i;

	for (i = 0; i < l->nr_found && !rc && !cmd_interrupted; i++) {
		rc = look_at(l, l->found[i]);
		if (rc == -ESRCH)
			rc = 0;
	}
	free(l->found);
	return rc;
}

static int show(struct cmd_env *env, const uint32_t *domid)
{
	static const struct cmd_column columns[] = {
		{ "NAME", false }, { "DOMID", true }, { "VCPU", true },
		{ "CPU", true }, { "STATE", false }, { "CPU/S", true },
		{ "HARD", false }, { "SOFT", false },
	};
	struct look l = { .env = env };
	int rc, status = 0;

	cmd_table_init(&l.table, columns, sizeof(columns) / sizeof(*columns));
	rc = domid ? look_at(&l, *domid) : look_at_all(&l);
	if (rc && chaos_nr_errors(env->ctx))
		status = cmd_report(env, "vcpu-pin");
	else if (rc)
		status = cmd_fail(env, "vcpu-pin", rc, "domains", "list", "%s",
				  strerror(-rc));
	if (env->json)
		return status;
	return cmd_worst(status, cmd_show_table(env, "vcpu-pin", &l.table));
}

/* As xl: a dash leaves one as it is. */
static const char *cpus_of(const char *text)
{
	return strcmp(text, "-") != 0 ? text : NULL;
}

static int pin(struct cmd_env *env, int argc, char **argv)
{
	const char *hard = cpus_of(argv[2]);
	const char *soft = argc == 4 ? cpus_of(argv[3]) : NULL;
	uint64_t vcpu = CHAOS_VCPU_ALL;
	uint32_t domid;

	if (strcmp(argv[1], "all") != 0 &&
	    !cmd_parse_number(argv[1], 0, MAX_VCPUS, &vcpu))
		return cmd_usage(&cmd_vcpu_pin, "which vCPU is \"%s\"?",
				 argv[1]);
	if (!hard && !soft)
		return cmd_usage(&cmd_vcpu_pin, "to which CPUs?");
	if (cmd_lookup(env, argv[0], &domid) ||
	    chaos_vcpu_pin(env->ctx, domid, (uint32_t)vcpu, hard, soft))
		return cmd_report(env, "vcpu-pin");
	return env->json ? show(env, &domid) : 0;
}

static int run(struct cmd_env *env, int argc, char **argv)
{
	uint32_t domid;
	int status = cmd_no_options(env, &cmd_vcpu_pin, argc, argv);

	if (status)
		return status;
	argc -= optind;
	argv += optind;
	if (!argc)
		return show(env, NULL);
	if (argc == 2 || argc > 4)
		return cmd_usage(&cmd_vcpu_pin, "which vCPU, to which CPUs?");
	if (argc > 2)
		return pin(env, argc, argv);
	if (cmd_lookup(env, argv[0], &domid))
		return cmd_report(env, "vcpu-pin");
	return show(env, &domid);
}

const struct cmd_verb cmd_vcpu_pin = {
	.name = "vcpu-pin",
	.args = "[NAME|DOMID [VCPU|all CPUS [SOFT-CPUS]]]",
	.summary = "show or set where vCPUs run",
	.help = "  Without CPUS it shows where they run and may run.  CPUS are like 0-3,^1\n"
	"  or all; - leaves them as they are.\n\n"
	"  chaos vcpu-pin web all 1-3\n",
	.words = CMD_WORDS_DOMAINS " all",
	.json = true,
	.needs_library = true,
	.run = run,
};

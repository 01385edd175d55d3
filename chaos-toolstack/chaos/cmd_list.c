// SPDX-License-Identifier: BSD-2-Clause
/* chaos list */
#include <errno.h>
#include <string.h>

#include "cmd.h"

#define KEY_NAMES 256

struct list {
	struct cmd_env *env;
	bool in_full;		/* --long */
	bool names;		/* --names */
	bool all;		/* --all: spares too */
	struct cmd_table table;
	uint32_t *only;		/* these; NULL: all */
	size_t nr_only;
	uint32_t *found;	/* with --long: to be asked about */
	size_t nr_found;
};

static bool is_wanted(const struct list *l, const struct chaos_domain *d)
{
	size_t i;

	for (i = 0; i < l->nr_only; i++)
		if (l->only[i] == d->domid)
			return true;
	return !l->only && (l->all || !(d->flags & CHAOS_DOMAIN_SPARE));
}

/* By hand and not with printf(), for which a long list is too long. */
static void add_number(struct cmd_table *t, uint64_t value,
		       unsigned int decimals)
{
	char text[32], *p = text + sizeof(text);
	unsigned int n = 0;

	*--p = '\0';
	do {
		if (n && n == decimals)
			*--p = '.';
		*--p = (char)('0' + value % 10);
		value /= 10;
	} while (n++ < decimals || value);
	cmd_table_text(t, CMD_PLAIN, p);
}

static void add_row(struct cmd_table *t, const struct chaos_domain *d)
{
	const char *none = d->flags & CHAOS_DOMAIN_SPARE ? "(spare)" : "-";

	cmd_table_text(t, CMD_PLAIN, *d->name ? d->name : none);
	add_number(t, d->domid, 0);
	cmd_table_text(t, CMD_PLAIN, d->type);
	cmd_table_text(t, cmd_colour_of_state(d->state),
		       chaos_state_name(d->state));
	add_number(t, (d->mem_kb * 10 + 512) / 1024, 1);
	add_number(t, d->vcpus, 0);
	add_number(t, (d->cpu_ns + 500000) / 1000000, 3);
}

static int remember(struct list *l, uint32_t domid)
{
	uint32_t *found = realloc(l->found, (l->nr_found + 1) * sizeof(*found));

	if (!found)
		return -ENOMEM;
	l->found = found;
	l->found[l->nr_found++] = domid;
	return 0;
}

static int visit(void *arg, const struct chaos_domain *d)
{
	struct list *l = arg;

	if (!is_wanted(l, d))
		return 0;
	if (l->in_full)
		return remember(l, d->domid);
	if (l->env->json) {
		cmd_json_object(l->env->json, NULL);
		cmd_json_domain(l->env->json, d);
		cmd_json_end(l->env->json);
	} else if (!l->names) {
		add_row(&l->table, d);
	} else if (*d->name) {
		printf("%s\n", d->name);
	}
	return 0;
}

/* Those that went since are not there any more. */
static int show_in_full(struct list *l)
{
	struct chaos_info *info;
	int rc, status = 0;
	size_t i;

	for (i = 0; i < l->nr_found && !cmd_interrupted; i++) {
		rc = chaos_info_get(l->env->ctx, l->found[i], &info);
		if (rc == -ESRCH)
			continue;
		if (rc) {
			status = cmd_worst(status, cmd_report(l->env, "list"));
			continue;
		}
		cmd_json_info(l->env->json, info);
		chaos_info_free(info);
	}
	return i < l->nr_found ? EXIT_FAILURE : status;
}

/* Goes on past those that are not there. */
static int find(struct list *l, int argc, char **argv)
{
	int i, status = 0;
	uint32_t domid;

	if (!argc)
		return 0;
	l->only = calloc((size_t)argc, sizeof(*l->only));
	if (!l->only)
		return cmd_fail(l->env, "list", -ENOMEM, "domains", "list",
				"%s", strerror(ENOMEM));
	for (i = 0; i < argc; i++) {
		if (cmd_lookup(l->env, argv[i], &domid))
			status = cmd_worst(status, cmd_report(l->env, "list"));
		else
			l->only[l->nr_only++] = domid;
	}
	return status;
}

static int show(struct list *l)
{
	static const struct cmd_column columns[] = {
		{ "NAME", false }, { "DOMID", true }, { "TYPE", false },
		{ "STATE", false }, { "MEM/MB", true }, { "VCPUS", true },
		{ "CPU/S", true },
	};
	int rc;

	cmd_table_init(&l->table, columns, sizeof(columns) / sizeof(*columns));
	rc = chaos_list(l->env->ctx, visit, l);
	if (rc && chaos_nr_errors(l->env->ctx))
		rc = cmd_report(l->env, "list");
	else if (rc)
		rc = cmd_fail(l->env, "list", rc, "domains", "list", "%s",
			      strerror(-rc));
	else if (l->in_full)
		rc = show_in_full(l);
	if (!l->env->json && !l->names)
		rc = cmd_worst(rc, cmd_show_table(l->env, "list", &l->table));
	return rc;
}

static int run(struct cmd_env *env, int argc, char **argv)
{
	struct list l = { .env = env };
	int c, status;

	while ((c = cmd_getopt(env, &cmd_list, argc, argv)) != CMD_GETOPT_END) {
		if (c == CMD_GETOPT_BAD)
			return EXIT_USAGE;
		if (c == 'a')
			l.all = true;
		else if (c == 'l')
			l.in_full = true;
		else
			l.names = true;
	}
	if (l.names && (l.in_full || env->json))
		return cmd_usage(&cmd_list, "names, or more?");
	if (l.in_full)
		env->json = &env->document;
	status = find(&l, argc - optind, argv + optind);
	status = cmd_worst(status, show(&l));
	free(l.only);
	free(l.found);
	return status;
}

static const struct cmd_option options[] = {
	{ 'a', "all", NULL, "spares of chaosd too" },
	{ 'l', "long", NULL, "JSON of each in full, as info --json gives it" },
	{ KEY_NAMES, "names", NULL, "the names alone, one a line" },
	{ 0 },
};

const struct cmd_verb cmd_list = {
	.name = "list",
	.args = "[NAME|DOMID...]",
	.summary = "list the domains of this host",
	.help = "  In order of domid.  One that chaos did not make has no name here.\n\n"
	"  chaos list --json | jq -r .[].name\n",
	.options = options,
	.words = CMD_WORDS_DOMAINS,
	.json = true,
	.needs_library = true,
	.run = run,
};

// SPDX-License-Identifier: BSD-2-Clause
/* chaos top: rounds of what the domains use, with a screen (screen.h), as text
 * or as JSON. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "cmd.h"
#include "screen.h"

#define DELAY_MS	2000
#define FIRST_MS	200	/* until the first round there is no rate */

struct load {
	uint32_t domid, vcpus;
	enum chaos_state state;
	uint64_t cpu_ns, mem_kb;
	double percent;		/* of one CPU */
	char name[CHAOS_NAME_MAX + 1];
	char uuid[40];
};

struct round {
	struct load *load;	/* in order of domid, as they are listed */
	size_t nr, room;
	uint64_t ns;		/* when */
};

struct top {
	struct cmd_env *env;
	int delay_ms;
	uint64_t count;		/* 0: no end */
	char sort;		/* c, m, n or d */
	struct round now, before;
	struct cmd_screen screen;
};

static uint64_t now_ns(clockid_t clock)
{
	struct timespec ts = { 0 };

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static int take(void *arg, const struct chaos_domain *d)
{
	struct round *r = arg;
	struct load *l;

	/* They use nothing. */
	if (d->flags & CHAOS_DOMAIN_SPARE)
		return 0;
	if (r->nr == r->room) {
		size_t room = r->room ? 2 * r->room : 64;

		l = realloc(r->load, room * sizeof(*l));
		if (!l)
			return -ENOMEM;
		r->load = l;
		r->room = room;
	}
	l = &r->load[r->nr++];
	memset(l, 0, sizeof(*l));
	l->domid = d->domid;
	l->vcpus = d->vcpus;
	l->state = d->state;
	l->cpu_ns = d->cpu_ns;
	l->mem_kb = d->mem_kb;
	snprintf(l->name, sizeof(l->name), "%s", d->name);
	snprintf(l->uuid, sizeof(l->uuid), "%s", d->uuid);
	return 0;
}

/* A domid may be another domain's by now. */
static void rate(struct top *t)
{
	double ns = (double)(t->now.ns - t->before.ns);
	size_t i, j = 0;

	for (i = 0; i < t->now.nr; i++) {
		struct load *l = &t->now.load[i], *old;

		while (j < t->before.nr && t->before.load[j].domid < l->domid)
			j++;
		old = j < t->before.nr ? &t->before.load[j] : NULL;
		if (old && old->domid == l->domid && ns > 0 &&
		    !strcmp(old->uuid, l->uuid) && l->cpu_ns >= old->cpu_ns)
			l->percent = 100.0 * (double)(l->cpu_ns - old->cpu_ns) /
				     ns;
	}
}

static int look(struct top *t)
{
	struct round old = t->before;
	int rc;

	t->before = t->now;
	t->now = old;
	t->now.nr = 0;
	t->now.ns = now_ns(CLOCK_MONOTONIC);
	rc = chaos_list(t->env->ctx, take, &t->now);
	if (rc)	/* said where it stays */
		cmd_screen_close(&t->screen);
	if (rc && chaos_nr_errors(t->env->ctx))
		return cmd_report(t->env, "top");
	if (rc)
		return cmd_fail(t->env, "top", rc, "domains", "list", "%s",
				strerror(-rc));
	rate(t);
	return 0;
}

static int by(const void *a, const void *b, void *arg)
{
	const struct load *x = *(struct load *const *)a;
	const struct load *y = *(struct load *const *)b;
	const char *sort = arg;
	int order = 0;

	if (*sort == 'c')
		order = (x->percent < y->percent) - (x->percent > y->percent);
	else if (*sort == 'm')
		order = (x->mem_kb < y->mem_kb) - (x->mem_kb > y->mem_kb);
	else if (*sort == 'n')
		order = strcmp(x->name, y->name);
	return order ? order : (x->domid > y->domid) - (x->domid < y->domid);
}

static void put_json(struct cmd_json *j, const struct top *t,
		     struct load *const *order)
{
	size_t i;

	cmd_json_object(j, NULL);
	cmd_json_time(j, "time", now_ns(CLOCK_REALTIME) / 1000);
	cmd_json_time(j, "interval", (t->now.ns - t->before.ns) / 1000);
	cmd_json_array(j, "domains");
	for (i = 0; i < t->now.nr; i++) {
		cmd_json_object(j, NULL);
		cmd_json_uint(j, "domid", order[i]->domid);
		cmd_json_string(j, "name", order[i]->name);
		cmd_json_string(j, "state", chaos_state_name(order[i]->state));
		/* Thousandths of a percent, which are written as a time is. */
		cmd_json_time(j, "cpu_percent",
			      (uint64_t)(order[i]->percent * 1e6));
		cmd_json_uint(j, "cpu_ns", order[i]->cpu_ns);
		cmd_json_uint(j, "memory_kb", order[i]->mem_kb);
		cmd_json_uint(j, "vcpus", order[i]->vcpus);
		cmd_json_end(j);
	}
	cmd_json_end(j);
	cmd_json_end(j);
}

static void fill(struct cmd_table *table, const struct top *t,
		 struct load *const *order)
{
	static const struct cmd_column columns[] = {
		{ "NAME", false }, { "DOMID", true }, { "STATE", false },
		{ "CPU/%", true }, { "CPU/S", true }, { "MEM/MB", true },
		{ "VCPUS", true },
	};
	size_t i;

	cmd_table_init(table, columns, sizeof(columns) / sizeof(*columns));
	for (i = 0; i < t->now.nr; i++) {
		const struct load *l = order[i];

		cmd_table_cell(table, CMD_PLAIN, "%s", *l->name ? l->name : "-");
		cmd_table_cell(table, CMD_PLAIN, "%" PRIu32, l->domid);
		cmd_table_cell(table, cmd_colour_of_state(l->state), "%s",
			       chaos_state_name(l->state));
		cmd_table_cell(table, CMD_PLAIN, "%.1f", l->percent);
		cmd_table_cell(table, CMD_PLAIN, "%.3f", (double)l->cpu_ns / 1e9);
		cmd_table_cell(table, CMD_PLAIN, "%.1f",
			       (double)l->mem_kb / 1024);
		cmd_table_cell(table, CMD_PLAIN, "%" PRIu32, l->vcpus);
	}
}

static int show(struct top *t)
{
	struct load **order = calloc(t->now.nr + 1, sizeof(struct load *));
	struct cmd_table table;
	int status = 0;
	size_t i;

	if (!order)
		return cmd_fail(t->env, "top", -ENOMEM, "domains", "sort", "%s",
				strerror(ENOMEM));
	for (i = 0; i < t->now.nr; i++)
		order[i] = &t->now.load[i];
	qsort_r(order, t->now.nr, sizeof(*order), by, &t->sort);
	if (t->env->json) {
		put_json(t->env->json, t, order);
	} else {
		fill(&table, t, order);
		if (t->screen.open)
			status = cmd_screen_draw(&t->screen, t->env, &table);
		else
			status = cmd_show_table(t->env, "top", &table);
	}
	free(order);
	fflush(stdout);
	/* Nobody reads it any more; main says so. */
	return ferror(stdout) ? EXIT_FAILURE : status;
}

/* Until it is time for the next round; false: that was all. */
static bool pause_for(struct top *t, int ms, int *status)
{
	uint64_t end = now_ns(CLOCK_MONOTONIC) + (uint64_t)ms * 1000000u, now;
	char key = 0;

	while ((now = now_ns(CLOCK_MONOTONIC)) < end) {
		switch (cmd_screen_wait(&t->screen,
					(int)((end - now) / 1000000u) + 1,
					&key)) {
		case CMD_SCREEN_TIME:
			continue;
		case CMD_SCREEN_END:
			return false;
		case CMD_SCREEN_KEY:
			if (key == 'q')
				return false;
			if (!key || !strchr("cmnd", key))
				continue;
			t->sort = key;
			break;
		case CMD_SCREEN_CHANGED:
			break;
		}
		*status = show(t);
		if (*status)
			return false;
	}
	return !cmd_interrupted;
}

static int rounds(struct top *t)
{
	uint64_t n = 0;
	int status = look(t);

	if (status || !pause_for(t, t->delay_ms < FIRST_MS ? t->delay_ms :
							     FIRST_MS, &status))
		return status;
	for (;;) {
		status = look(t);
		if (!status)
			status = show(t);
		if (status || (t->count && ++n == t->count) ||
		    !pause_for(t, t->delay_ms, &status))
			return status;
		if (!t->env->json && !t->screen.open)
			putchar('\n');
	}
}

static int run(struct cmd_env *env, int argc, char **argv)
{
	struct top t = { .env = env, .delay_ms = DELAY_MS, .sort = 'c' };
	int c, status;

	while ((c = cmd_getopt(env, &cmd_top, argc, argv)) != CMD_GETOPT_END) {
		if (c == CMD_GETOPT_BAD)
			return EXIT_USAGE;
		if (c == 'd' && (!cmd_parse_seconds(optarg, &t.delay_ms) ||
				 t.delay_ms < 1))
			return cmd_usage(&cmd_top, "-d takes seconds");
		if (c == 'n' &&
		    !cmd_parse_number(optarg, 1, 1000000000, &t.count))
			return cmd_usage(&cmd_top, "-n takes a number");
		if (c == 'b')
			t.screen.never = true;
	}
	if (optind < argc)
		return cmd_usage(&cmd_top, "it shows all domains");
	if (env->json)
		cmd_json_stream(env->json);
	else
		cmd_screen_open(&t.screen);
	status = rounds(&t);
	cmd_screen_close(&t.screen);
	free(t.now.load);
	free(t.before.load);
	return status;
}

static const struct cmd_option options[] = {
	{ 'd', "delay", "SECONDS", "from one round to the next; 2" },
	{ 'n', "count", "N", "end after N rounds" },
	{ 'b', "batch", NULL, "tables one after the other, on a terminal too" },
	{ 0 },
};

const struct cmd_verb cmd_top = {
	.name = "top",
	.args = "",
	.summary = "show what the domains use, again and again",
	.help = "  Keys: q ends it; c, m, n and d sort by CPU, memory, name and domid.\n"
	"  Percent are of one CPU.\n\n"
	"  chaos top -d 1\n",
	.options = options,
	.json = true,
	.needs_library = true,
	.run = run,
};

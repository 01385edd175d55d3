// SPDX-License-Identifier: BSD-2-Clause
/*
 * chaos shutdown, chaos reboot.  All guests are asked before the first one is
 * waited for: they take as long as the slowest, not as all of them.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd.h"

#define TIMEOUT_MS		60000
/* A guest that lives answers from its interrupt handler. */
#define ANSWER_MS		5000

struct guest {
	char *name;
	uint32_t domid;
	bool asked;
};

struct ending {
	struct cmd_env *env;
	const struct cmd_verb *verb;
	bool reboot, no_wait, all;
	int timeout_ms;
	int64_t deadline;
	struct guest *guest;
	size_t nr;
	int status;
};

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int time_left(const struct ending *e, int most)
{
	int64_t left = e->deadline - now_ms();

	if (left < 0)
		return 0;
	return left < most ? (int)left : most;
}

static void failed(struct ending *e)
{
	e->status = cmd_worst(e->status, cmd_report(e->env, e->verb->name));
}

static void tell(const struct ending *e, const struct guest *g,
		 uint32_t new_domid)
{
	struct cmd_json *j = e->env->json;

	if (j) {
		cmd_json_object(j, NULL);
		cmd_json_uint(j, "domid", g->domid);
		cmd_json_string(j, "name", g->name);
		cmd_json_string(j, "result", e->no_wait ? "asked" : "ended");
		cmd_json_uint(j, "new_domid", new_domid);
		cmd_json_end(j);
	} else if (e->env->verbose && !e->no_wait && new_domid) {
		printf("%s: domain %" PRIu32 "\n", g->name, new_domid);
	}
}

static int end(const struct ending *e, const struct guest *g,
	       unsigned int flags, int timeout_ms, uint32_t *new_domid)
{
	if (e->reboot)
		return chaos_reboot(e->env->ctx, g->domid, flags, timeout_ms,
				    new_domid);
	return chaos_shutdown(e->env->ctx, g->domid, flags, timeout_ms);
}

static void ask(struct ending *e, struct guest *g)
{
	uint32_t ignored = 0;

	g->asked = !end(e, g, CHAOS_POWER_NOWAIT, time_left(e, ANSWER_MS),
			&ignored);
	if (!g->asked)
		failed(e);
	else if (e->no_wait)
		tell(e, g, 0);
}

static void await(struct ending *e, struct guest *g)
{
	uint32_t new_domid = 0;

	if (end(e, g, CHAOS_POWER_ASKED, time_left(e, e->timeout_ms),
		&new_domid))
		failed(e);
	else
		tell(e, g, new_domid);
}

static bool add(struct ending *e, uint32_t domid, const char *name)
{
	struct guest *bigger;
	struct guest *g;

	bigger = realloc(e->guest, (e->nr + 1) * sizeof(*bigger));
	if (!bigger)
		return false;
	e->guest = bigger;
	g = &e->guest[e->nr];
	memset(g, 0, sizeof(*g));
	g->domid = domid;
	g->name = strdup(name);
	if (!g->name)
		return false;
	e->nr++;
	return true;
}

static int visit(void *arg, const struct chaos_domain *d)
{
	struct ending *e = arg;

	/* What chaos did not make is for others to end. */
	if (!d->domid || !*d->name)
		return 0;
	return add(e, d->domid, d->name) ? 0 : -ENOMEM;
}

static void find(struct ending *e, const char *arg)
{
	char name[CHAOS_NAME_MAX + 1] = "";
	uint32_t domid;

	if (cmd_lookup(e->env, arg, &domid)) {
		failed(e);
		return;
	}
	/* Without a name it is refused later, with the reason. */
	if (chaos_domain_name(e->env->ctx, domid, name))
		name[0] = '\0';
	if (!add(e, domid, name))
		e->status = 1;
}

static void end_all(struct ending *e)
{
	size_t i;

	for (i = 0; i < e->nr && !cmd_interrupted; i++)
		ask(e, &e->guest[i]);
	for (i = 0; i < e->nr && !e->no_wait && !cmd_interrupted; i++)
		if (e->guest[i].asked)
			await(e, &e->guest[i]);
	if (cmd_interrupted && !e->status)
		e->status = 1;
	for (i = 0; i < e->nr; i++)
		free(e->guest[i].name);
	free(e->guest);
}

static int parse(struct ending *e, int argc, char **argv)
{
	int c;

	while ((c = cmd_getopt(e->env, e->verb, argc, argv)) !=
	       CMD_GETOPT_END) {
		if (c == CMD_GETOPT_BAD)
			return EXIT_USAGE;
		if (c == 'a')
			e->all = true;
		else if (c == 'n')
			e->no_wait = true;
		else if (c == 't' && !cmd_parse_seconds(optarg, &e->timeout_ms))
			return cmd_usage(e->verb, "\"%s\" is no number of seconds",
					 optarg);
	}
	if (e->all ? optind < argc : optind == argc)
		return cmd_usage(e->verb, e->all ? "all, or which?" :
						   "which domain?");
	return 0;
}

static int run(struct ending *e, int argc, char **argv)
{
	int i, status;

	status = parse(e, argc, argv);
	if (status)
		return status;
	e->deadline = now_ms() + e->timeout_ms;
	if (e->all && chaos_list(e->env->ctx, visit, e))
		failed(e);
	for (i = optind; i < argc; i++)
		find(e, argv[i]);
	end_all(e);
	return e->status;
}

static int run_shutdown(struct cmd_env *env, int argc, char **argv)
{
	struct ending e = {
		.env = env, .verb = &cmd_shutdown, .timeout_ms = TIMEOUT_MS,
	};

	return run(&e, argc, argv);
}

static int run_reboot(struct cmd_env *env, int argc, char **argv)
{
	struct ending e = {
		.env = env, .verb = &cmd_reboot, .timeout_ms = TIMEOUT_MS,
		.reboot = true,
	};

	return run(&e, argc, argv);
}

#define OPTIONS \
	{ 't', "timeout", "SECONDS", "give up after that (60); exit status 3" }, \
	{ 'n', "no-wait", NULL, \
	  "return when they say that they will; the rest is up to you" }, \
	{ 'w', "wait", NULL, "what is done anyway" }

static const struct cmd_option shutdown_options[] = {
	{ 'a', "all", NULL, "all that chaos made" },
	OPTIONS,
	{ 0 },
};

static const struct cmd_option reboot_options[] = {
	OPTIONS,
	{ 0 },
};

const struct cmd_verb cmd_shutdown = {
	.name = "shutdown",
	.args = "NAME|DOMID...",
	.summary = "ask guests to shut down, and do what on_poweroff says",
	.help =
	"  chaos shutdown web web2\n"
	"  chaos shutdown --all --timeout 10 || chaos list\n",
	.options = shutdown_options,
	.words = CMD_WORDS_DOMAINS,
	.json = true,
	.needs_library = true,
	.run = run_shutdown,
};

const struct cmd_verb cmd_reboot = {
	.name = "reboot",
	.args = "NAME|DOMID...",
	.summary = "ask guests to reboot, and create them anew",
	.help = "  chaos reboot web\n",
	.options = reboot_options,
	.words = CMD_WORDS_DOMAINS,
	.json = true,
	.needs_library = true,
	.run = run_reboot,
};

// SPDX-License-Identifier: BSD-2-Clause
/* chaos wait */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"

#define EXIT_TIMEOUT 3
#define SECONDS_MAX 1000000

/* 0: no such state. */
static unsigned int parse_state(const char *text)
{
	int s;

	if (!strcmp(text, "gone"))
		return CHAOS_WAIT_GONE;
	for (s = CHAOS_STATE_RUNNING; s <= CHAOS_STATE_CRASHED; s++)
		if (!strcmp(text, chaos_state_name((enum chaos_state)s)))
			return CHAOS_WAIT_STATE(s);
	return 0;
}

bool cmd_parse_seconds(const char *text, int *ms)
{
	char *end;
	double s;

	errno = 0;
	s = strtod(text, &end);
	if (errno || end == text || *end || !(s >= 0 && s <= SECONDS_MAX))
		return false;
	*ms = (int)(s * 1000);
	return true;
}

static int failed(struct cmd_env *env)
{
	const struct chaos_error *e = chaos_error(env->ctx, 0);
	bool late = e && e->code == -ETIMEDOUT;

	cmd_report(env, "wait");
	return late ? EXIT_TIMEOUT : 1;
}

static int wait_for(struct cmd_env *env, const char *name, unsigned int states,
		    int timeout_ms)
{
	const struct chaos_error *e;
	unsigned int reached;
	uint32_t domid;

	if (chaos_lookup(env->ctx, name, &domid)) {
		e = chaos_error(env->ctx, 0);
		if (states == CHAOS_WAIT_GONE && e && e->code == -ESRCH)
			return 0;
		return failed(env);
	}
	return chaos_wait(env->ctx, domid, states, timeout_ms, &reached) ?
	       failed(env) : 0;
}

static int run(struct cmd_env *env, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "timeout", required_argument, NULL, 't' },
		{ 0 },
	};
	int c, timeout_ms = -1;
	unsigned int states;

	while ((c = getopt_long(argc, argv, "t:", longs, NULL)) != -1) {
		if (c != 't')
			return EXIT_USAGE;
		if (!cmd_parse_seconds(optarg, &timeout_ms))
			return cmd_usage(&cmd_wait, "\"%s\" is no number of seconds",
					 optarg);
	}
	if (argc - optind != 2)
		return cmd_usage(&cmd_wait, "which domain, and which state?");
	states = parse_state(argv[optind + 1]);
	if (!states)
		return cmd_usage(&cmd_wait, "\"%s\" is no state",
				 argv[optind + 1]);
	return wait_for(env, argv[optind], states, timeout_ms);
}

const struct cmd_verb cmd_wait = {
	.name = "wait",
	.args = "[-t|--timeout SECONDS] NAME|DOMID STATE",
	.summary = "wait until a domain is in a state",
	.help =
	"  STATE is running, idle, paused, shutdown, crashed or gone.\n"
	"  -t, --timeout SECONDS   give up after that; exit status 3\n\n"
	"  chaos wait --timeout 10 web shutdown\n",
	.run = run,
	.needs_library = true,
};

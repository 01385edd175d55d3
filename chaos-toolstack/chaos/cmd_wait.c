// SPDX-License-Identifier: BSD-2-Clause
/* chaos wait */
#include <errno.h>
#include <string.h>

#include "cmd.h"

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

static void put_json(struct cmd_json *j, uint32_t domid, const char *name,
		     const char *state)
{
	cmd_json_object(j, NULL);
	cmd_json_uint(j, "domid", domid);
	cmd_json_string(j, "name", name);
	cmd_json_string(j, "state", state);
	cmd_json_end(j);
}

static int wait_for(struct cmd_env *env, const char *which, const char *state,
		    int timeout_ms)
{
	unsigned int reached, states = parse_state(state);
	char name[CHAOS_NAME_MAX + 1] = "";
	const struct chaos_error *e;
	uint32_t domid = 0;

	if (cmd_lookup(env, which, &domid)) {
		e = chaos_error(env->ctx, 0);
		if (states != CHAOS_WAIT_GONE || !e || e->code != -ESRCH)
			return cmd_report(env, "wait");
	} else {
		if (env->json && chaos_domain_name(env->ctx, domid, name))
			*name = '\0';
		if (chaos_wait(env->ctx, domid, states, timeout_ms, &reached))
			return cmd_report(env, "wait");
	}
	if (env->json)
		put_json(env->json, domid, name, state);
	return 0;
}

static int run(struct cmd_env *env, int argc, char **argv)
{
	int c, timeout_ms = -1;

	while ((c = cmd_getopt(env, &cmd_wait, argc, argv)) != CMD_GETOPT_END) {
		if (c == CMD_GETOPT_BAD)
			return EXIT_USAGE;
		if (!cmd_parse_seconds(optarg, &timeout_ms))
			return cmd_usage(&cmd_wait, "\"%s\" is no number of seconds",
					 optarg);
	}
	if (argc - optind != 2)
		return cmd_usage(&cmd_wait, "which domain, and which state?");
	if (!parse_state(argv[optind + 1]))
		return cmd_usage(&cmd_wait, "\"%s\" is no state",
				 argv[optind + 1]);
	return wait_for(env, argv[optind], argv[optind + 1], timeout_ms);
}

static const struct cmd_option options[] = {
	{ 't', "timeout", "SECONDS", "give up after that; exit status 3" },
	{ 0 },
};

const struct cmd_verb cmd_wait = {
	.name = "wait",
	.args = "NAME|DOMID STATE",
	.summary = "wait until a domain is in a state",
	.help =
	"  STATE is running, idle, paused, shutdown, crashed or gone.\n\n"
	"  chaos wait --timeout 10 web shutdown\n",
	.options = options,
	.words = "running idle paused shutdown crashed gone " CMD_WORDS_DOMAINS,
	.json = true,
	.needs_library = true,
	.run = run,
};

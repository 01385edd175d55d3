// SPDX-License-Identifier: BSD-2-Clause
/* chaos jit: guests that chaosd makes when somebody calls. */
#include <stdlib.h>
#include <string.h>

#include "daemon.h"

static const char *const figures[] = { "wakes", "idles", "failures" };
#define NR_FIGURES (sizeof(figures) / sizeof(figures[0]))

static void rule_json(struct cmd_json *j, const json_t *r)
{
	char *config = json_dumps(json_object_get(r, "config"), JSON_COMPACT);
	size_t i;

	cmd_json_object(j, NULL);
	cmd_json_string(j, "name", cmd_daemon_text(r, "name"));
	cmd_json_string(j, "state", cmd_daemon_text(r, "state"));
	cmd_json_uint(j, "domid", cmd_daemon_number(r, "domid"));
	for (i = 0; i < NR_FIGURES; i++)
		cmd_json_uint(j, figures[i], cmd_daemon_number(r, figures[i]));
	cmd_json_string(j, "error", cmd_daemon_text(r, "error"));
	cmd_json_raw(j, "config", config ? config : "null");
	cmd_json_end(j);
	free(config);
}

/* The address that is called: of the first vif that has one. */
static const char *address(const json_t *config)
{
	const json_t *vif;
	size_t i;

	json_array_foreach(json_object_get(config, "vif"), i, vif)
		if (*cmd_daemon_text(vif, "ip") &&
		    strcmp(cmd_daemon_text(vif, "ip"), "dhcp"))
			return cmd_daemon_text(vif, "ip");
	return "-";
}

static void rule_row(struct cmd_table *t, const json_t *r)
{
	const json_t *config = json_object_get(r, "config");
	const char *state = cmd_daemon_text(r, "state");
	uint64_t idle = cmd_daemon_number(config, "idle_timeout");
	bool bad = !strcmp(state, "failed") || !strcmp(state, "offline");
	const char *on_idle = cmd_daemon_text(config, "on_idle");

	cmd_table_cell(t, CMD_PLAIN, "%s", cmd_daemon_text(r, "name"));
	cmd_table_cell(t, bad ? CMD_RED : CMD_PLAIN, "%s", state);
	if (cmd_daemon_number(r, "domid"))
		cmd_table_cell(t, CMD_PLAIN, "%llu", (unsigned long long)
			       cmd_daemon_number(r, "domid"));
	else
		cmd_table_cell(t, CMD_PLAIN, "-");
	cmd_table_cell(t, CMD_PLAIN, "%s", address(config));
	if (idle)
		cmd_table_cell(t, CMD_PLAIN, "%s after %llu s",
			       *on_idle ? on_idle : "destroy",
			       (unsigned long long)idle);
	else
		cmd_table_cell(t, CMD_PLAIN, "-");
	cmd_table_cell(t, CMD_PLAIN, "%llu",
		       (unsigned long long)cmd_daemon_number(r, "wakes"));
}

static int list(struct cmd_env *env)
{
	static const struct cmd_column columns[] = {
		{ "NAME", false }, { "STATE", false }, { "ID", true },
		{ "ADDRESS", false }, { "IDLE", false }, { "CALLED", true },
	};
	json_t *answer = cmd_daemon_ask(env, "jit",
					json_pack("{s:s}", "do", "jit-list"));
	struct cmd_table table;
	int status = 0;
	json_t *r;
	size_t i;

	if (!answer)
		return EXIT_FAILURE;
	cmd_table_init(&table, columns, sizeof(columns) / sizeof(*columns));
	json_array_foreach(json_object_get(answer, "rules"), i, r) {
		if (env->json)
			rule_json(env->json, r);
		else
			rule_row(&table, r);
	}
	if (!env->json)
		status = cmd_show_table(env, "jit", &table);
	json_array_foreach(json_object_get(answer, "rules"), i, r)
		if (!env->json && *cmd_daemon_text(r, "error"))
			printf("%s\n", cmd_daemon_text(r, "error"));
	json_decref(answer);
	return status;
}

/* Errors in the file are found here, where its name and lines are known. */
static int add(struct cmd_env *env, int argc, char **argv)
{
	struct chaos_config *cfg;
	json_t *answer;
	char *config;

	if (argc < 2)
		return cmd_usage(&cmd_jit, "of which file?");
	if (chaos_config_parse_file(env->ctx, argv[1],
				    (const char *const *)argv + 2, &cfg))
		return cmd_report(env, "jit");
	if (chaos_await_config(env->ctx, cfg)) {
		chaos_config_free(cfg);
		return cmd_report(env, "jit");
	}
	config = chaos_config_json(cfg);
	chaos_config_free(cfg);
	answer = cmd_daemon_ask(env, "jit", config ?
				json_pack("{s:s, s:s, s:s}", "do", "jit-add",
					  "origin", argv[1], "config", config) :
				NULL);
	free(config);
	json_decref(answer);
	return answer ? 0 : EXIT_FAILURE;
}

static int remove_rules(struct cmd_env *env, int argc, char **argv)
{
	json_t *answer;
	int i, status = 0;

	if (argc < 2)
		return cmd_usage(&cmd_jit, "which one?");
	for (i = 1; i < argc && !cmd_interrupted; i++) {
		answer = cmd_daemon_ask(env, "jit",
					json_pack("{s:s, s:s}", "do",
						  "jit-remove", "name",
						  argv[i]));
		if (!answer)
			status = EXIT_FAILURE;
		json_decref(answer);
	}
	return i < argc ? EXIT_FAILURE : status;
}

static int run(struct cmd_env *env, int argc, char **argv)
{
	int status = cmd_no_options(env, &cmd_jit, argc, argv);

	if (status)
		return status;
	argc -= optind;
	argv += optind;
	if (!argc || (argc == 1 && !strcmp(argv[0], "list")))
		return list(env);
	if (!strcmp(argv[0], "add"))
		return add(env, argc, argv);
	if (!strcmp(argv[0], "remove"))
		return remove_rules(env, argc, argv);
	return cmd_usage(&cmd_jit, "list, add or remove?");
}

const struct cmd_verb cmd_jit = {
	.name = "jit",
	.args = "[list | add FILE [KEY=VALUE...] | remove NAME...]",
	.summary = "guests that chaosd makes when somebody calls them",
	.help = "  The guest of FILE is made when the first packet for its address comes, and\n"
	"  gets that packet.  idle_timeout = SECONDS in FILE ends it when nobody talks to\n"
	"  it, on_idle = \"pause\" keeps it in memory instead.  Each vif that is to be\n"
	"  called needs bridge= and ip=.\n\n"
	"  chaos jit add web.cfg idle_timeout=30\n",
	.words = "list add remove",
	.json = true,
	.needs_library = true,
	.run = run,
};

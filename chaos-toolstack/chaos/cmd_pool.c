// SPDX-License-Identifier: BSD-2-Clause
/* chaos pool: the spares that chaosd keeps. */
#include <errno.h>
#include <string.h>

#include "daemon.h"

static const char *const figures[] = {
	"low", "high", "ready", "making", "leaving", "kb", "hits", "made",
	"died", "failed",
};
#define NR_FIGURES (sizeof(figures) / sizeof(figures[0]))

static void flavour_json(struct cmd_json *j, const json_t *f)
{
	char *config = json_dumps(json_object_get(f, "config"), JSON_COMPACT);
	size_t i;

	cmd_json_object(j, NULL);
	cmd_json_string(j, "name", cmd_daemon_text(f, "name"));
	cmd_json_bool(j, "loaded", json_is_true(json_object_get(f, "loaded")));
	for (i = 0; i < NR_FIGURES; i++)
		cmd_json_uint(j, figures[i], cmd_daemon_number(f, figures[i]));
	cmd_json_string(j, "error", cmd_daemon_text(f, "error"));
	cmd_json_raw(j, "config", config ? config : "null");
	cmd_json_end(j);
	free(config);
}

static void flavour_row(struct cmd_table *t, const json_t *f)
{
	const json_t *config = json_object_get(f, "config");
	bool loaded = json_is_true(json_object_get(f, "loaded"));
	bool low = cmd_daemon_number(f, "ready") < cmd_daemon_number(f, "low");

	cmd_table_cell(t, CMD_PLAIN, "%s", cmd_daemon_text(f, "name"));
	cmd_table_cell(t, CMD_PLAIN, "%s", cmd_daemon_text(config, "type"));
	cmd_table_cell(t, CMD_PLAIN, "%llu",
		       (unsigned long long)cmd_daemon_number(config, "memory"));
	cmd_table_cell(t, CMD_PLAIN, "%zu",
		       json_array_size(json_object_get(config, "vif")));
	cmd_table_cell(t, low ? CMD_YELLOW : CMD_PLAIN, "%llu",
		       (unsigned long long)cmd_daemon_number(f, "ready"));
	cmd_table_cell(t, CMD_PLAIN, "%llu-%llu",
		       (unsigned long long)cmd_daemon_number(f, "low"),
		       (unsigned long long)cmd_daemon_number(f, "high"));
	cmd_table_cell(t, CMD_PLAIN, "%llu",
		       (unsigned long long)cmd_daemon_number(f, "hits"));
	cmd_table_cell(t, CMD_PLAIN, "%llu",
		       (unsigned long long)cmd_daemon_number(f, "failed"));
	cmd_table_cell(t, CMD_PLAIN, "%s",
		       loaded ? cmd_daemon_text(config, "kernel") : "-");
}

static int list(struct cmd_env *env)
{
	static const struct cmd_column columns[] = {
		{ "FLAVOUR", false }, { "TYPE", false }, { "MEM/MB", true },
		{ "VIFS", true }, { "READY", true }, { "KEPT", true },
		{ "HITS", true }, { "FAILED", true }, { "KERNEL", false },
	};
	json_t *answer = cmd_daemon_ask(env, "pool", json_pack("{s:s}", "do", "pool-list")), *f;
	struct cmd_table table;
	size_t i;
	int status = 0;

	if (!answer)
		return EXIT_FAILURE;
	cmd_table_init(&table, columns, sizeof(columns) / sizeof(*columns));
	json_array_foreach(json_object_get(answer, "flavours"), i, f) {
		if (env->json)
			flavour_json(env->json, f);
		else
			flavour_row(&table, f);
	}
	if (!env->json)
		status = cmd_show_table(env, "pool", &table);
	json_array_foreach(json_object_get(answer, "flavours"), i, f)
		if (!env->json && *cmd_daemon_text(f, "error"))
			printf("%s: %s\n", cmd_daemon_text(f, "name"), cmd_daemon_text(f, "error"));
	json_decref(answer);
	return status;
}

/* Of all flavours together. */
static int stats(struct cmd_env *env)
{
	json_t *answer = cmd_daemon_ask(env, "pool", json_pack("{s:s}", "do", "pool-list")), *f;
	uint64_t ready = 0, hits = 0, made = 0, kb = 0;
	size_t i;

	if (!answer)
		return EXIT_FAILURE;
	json_array_foreach(json_object_get(answer, "flavours"), i, f) {
		ready += cmd_daemon_number(f, "ready");
		kb += cmd_daemon_number(f, "ready") * cmd_daemon_number(f, "kb");
		hits += cmd_daemon_number(f, "hits");
		made += cmd_daemon_number(f, "made");
	}
	if (env->json) {
		cmd_json_object(env->json, NULL);
		cmd_json_uint(env->json, "ready", ready);
		cmd_json_uint(env->json, "kb", kb);
		cmd_json_uint(env->json, "made", made);
		cmd_json_uint(env->json, "hits", hits);
		cmd_json_uint(env->json, "empty", cmd_daemon_number(answer, "empty"));
		cmd_json_uint(env->json, "misses", cmd_daemon_number(answer, "misses"));
		cmd_json_end(env->json);
	} else {
		printf("%llu spares ready, %llu MB; %llu made\n"
		       "%llu requests got one, %llu found none left, "
		       "%llu fit no flavour\n",
		       (unsigned long long)ready,
		       (unsigned long long)kb / 1024,
		       (unsigned long long)made, (unsigned long long)hits,
		       (unsigned long long)cmd_daemon_number(answer, "empty"),
		       (unsigned long long)cmd_daemon_number(answer, "misses"));
	}
	json_decref(answer);
	return 0;
}

/* Errors in the file are found here, where its name and lines are known. */
static int set(struct cmd_env *env, int argc, char **argv)
{
	struct chaos_config *flavour;
	json_t *answer;
	char *config;

	if (argc < 2)
		return cmd_usage(&cmd_pool, "of which file?");
	if (chaos_flavour_parse_file(env->ctx, argv[1],
				     (const char *const *)argv + 2, &flavour))
		return cmd_report(env, "pool");
	config = chaos_config_json(flavour);
	chaos_config_free(flavour);
	answer = cmd_daemon_ask(env, "pool", config ? json_pack("{s:s, s:s, s:s}", "do",
					     "pool-set", "origin", argv[1],
					     "config", config) : NULL);
	free(config);
	json_decref(answer);
	return answer ? 0 : EXIT_FAILURE;
}

static int drain(struct cmd_env *env, int argc, char **argv, bool remove)
{
	json_t *answer;
	int i, status = 0;

	if (argc < 2)
		return cmd_usage(&cmd_pool, "which flavour?");
	for (i = 1; i < argc && !cmd_interrupted; i++) {
		answer = cmd_daemon_ask(env, "pool", json_pack("{s:s, s:s, s:b}", "do",
					    "pool-drain", "name", argv[i],
					    "remove", remove));
		if (!answer)
			status = EXIT_FAILURE;
		json_decref(answer);
	}
	return i < argc ? EXIT_FAILURE : status;
}

static int run(struct cmd_env *env, int argc, char **argv)
{
	int status = cmd_no_options(env, &cmd_pool, argc, argv);

	if (status)
		return status;
	argc -= optind;
	argv += optind;
	if (!argc || (argc == 1 && !strcmp(argv[0], "list")))
		return list(env);
	if (argc == 1 && !strcmp(argv[0], "stats"))
		return stats(env);
	if (!strcmp(argv[0], "set"))
		return set(env, argc, argv);
	if (!strcmp(argv[0], "drain") || !strcmp(argv[0], "remove"))
		return drain(env, argc, argv, argv[0][0] == 'r');
	return cmd_usage(&cmd_pool, "list, set, drain, remove or stats?");
}

const struct cmd_verb cmd_pool = {
	.name = "pool",
	.args = "[list | set FILE [KEY=VALUE...] | drain FLAVOUR... | remove FLAVOUR... | stats]",
	.summary = "show and change the spare domains of chaosd",
	.help = "  A flavour is a file like that of a guest, of what its spares have; see\n"
	"  chaosd(8).  drain discards its spares and makes no more, until it is set\n"
	"  again; remove forgets it too.\n\n"
	"  chaos pool set small.cfg spares_high=16\n",
	.words = "list set drain remove stats",
	.json = true,
	.needs_library = true,
	.run = run,
};

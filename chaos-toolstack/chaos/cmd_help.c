// SPDX-License-Identifier: BSD-2-Clause
/* chaos help, chaos version */
#include <string.h>

#include "cmd.h"

#define KEY_WORDS 256

void cmd_print_help(FILE *f, const struct cmd_verb *verb)
{
	fprintf(f, "chaos %s ", verb->name);
	cmd_print_args(f, verb);
	fprintf(f, "\n%s\n\n", verb->summary);
	cmd_print_options(f, verb);
	if ((verb->options && verb->options->name) || verb->json)
		fputc('\n', f);
	fputs(verb->help, f);
}

static void put_options(struct cmd_json *j, const struct cmd_verb *verb)
{
	const struct cmd_option *o;
	char letter[2] = "";

	cmd_json_array(j, "options");
	for (o = verb->options; o && o->name; o++) {
		*letter = o->key < 256 ? (char)o->key : '\0';
		cmd_json_object(j, NULL);
		cmd_json_string(j, "name", o->name);
		cmd_json_string(j, "letter", letter);
		cmd_json_string(j, "argument", o->arg ? o->arg : "");
		cmd_json_string(j, "summary", o->summary);
		cmd_json_end(j);
	}
	cmd_json_end(j);
}

static void print_json(struct cmd_json *j, const struct cmd_verb *verb)
{
	cmd_json_object(j, NULL);
	cmd_json_string(j, "verb", verb->name);
	cmd_json_string(j, "arguments", verb->args);
	cmd_json_string(j, "summary", verb->summary);
	cmd_json_bool(j, "json", verb->json);
	put_options(j, verb);
	cmd_json_end(j);
}

/* For the completion: what could be typed after the verb, in two lines. */
static void print_words(const struct cmd_verb *verb)
{
	cmd_print_words(stdout, verb);
	printf("%s\n", verb->words ? verb->words : "");
}

static void print_all(void)
{
	size_t i;

	printf("chaos: small Xen domains without XenStore\n\n"
	       "usage: chaos [-v|--verbose] [--color=WHEN] VERB [ARGUMENT...]\n\n");
	for (i = 0; cmd_verbs[i]; i++)
		printf("  %-14s %s\n", cmd_verbs[i]->name,
		       cmd_verbs[i]->summary);
	printf("\nchaos help VERB tells more, with an example; see chaos(1).\n");
}

static int run_help(struct cmd_env *env, int argc, char **argv)
{
	const struct cmd_verb *verb = NULL;
	bool words = false;
	size_t i;
	int c;

	while ((c = cmd_getopt(env, &cmd_help, argc, argv)) != CMD_GETOPT_END) {
		if (c == CMD_GETOPT_BAD)
			return EXIT_USAGE;
		words = true;
	}
	if (argc - optind > 1)
		return cmd_usage(&cmd_help, "one verb, please");
	if (optind < argc) {
		verb = cmd_find_verb(argv[optind]);
		if (!verb)
			return cmd_usage(&cmd_help, "\"%s\" is no verb",
					 argv[optind]);
	}
	for (i = 0; cmd_verbs[i] && (words || env->json); i++) {
		if (verb && verb != cmd_verbs[i])
			continue;
		if (env->json)
			print_json(env->json, cmd_verbs[i]);
		else if (verb)
			print_words(verb);
		else
			printf("%s\n", cmd_verbs[i]->name);
	}
	if (!words && !env->json && verb)
		cmd_print_help(stdout, verb);
	else if (!words && !env->json)
		print_all();
	return 0;
}

static int run_version(struct cmd_env *env, int argc, char **argv)
{
	if (cmd_no_options(env, &cmd_version, argc, argv))
		return EXIT_USAGE;
	if (optind < argc)
		return cmd_usage(&cmd_version, "unknown argument %s",
				 argv[optind]);
	if (env->json) {
		cmd_json_object(env->json, NULL);
		cmd_json_string(env->json, "version", chaos_version());
		cmd_json_end(env->json);
	} else {
		printf("chaos %s\n", chaos_version());
	}
	return 0;
}

static const struct cmd_option help_options[] = {
	{ KEY_WORDS, "words", NULL, "bare words, for the completion" },
	{ 0 },
};

const struct cmd_verb cmd_help = {
	.name = "help",
	.args = "[VERB]",
	.summary = "show the verbs, or one of them",
	.help = "  chaos help create\n",
	.options = help_options,
	.words = CMD_WORDS_VERBS,
	.json = true,
	.run = run_help,
};

const struct cmd_verb cmd_version = {
	.name = "version",
	.args = "",
	.summary = "show the version",
	.help = "  chaos version\n",
	.json = true,
	.run = run_version,
};

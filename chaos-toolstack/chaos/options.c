// SPDX-License-Identifier: BSD-2-Clause
/* Options of the verbs, and what is done for each domain named. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"

enum { KEY_HELP = 512, KEY_COLOR, KEY_VERBOSE };

/* Those of the verb, --json if it has that, the common ones, and an end. */
#define LONGS_MAX (CMD_OPTIONS_MAX + 5)

static void add_long(struct option *longs, char *letters,
		     const struct cmd_option *o)
{
	size_t n = 0, len = strlen(letters);

	while (longs[n].name)
		n++;
	longs[n].name = o->name;
	longs[n].has_arg = o->arg ? required_argument : no_argument;
	longs[n].val = o->key;
	if (o->key < 256) {
		letters[len++] = (char)o->key;
		if (o->arg)
			letters[len++] = ':';
		letters[len] = '\0';
	}
}

static const struct cmd_option json_option = {
	'j', "json", NULL, "a JSON document instead; see docs/json.md"
};

static void make_longs(const struct cmd_verb *verb,
		       struct option longs[LONGS_MAX], char *letters)
{
	static const struct cmd_option common[] = {
		{ KEY_HELP, "help", NULL, "" },
		{ KEY_COLOR, "color", "WHEN", "" },
		{ KEY_VERBOSE, "verbose", NULL, "" },
	};
	const struct cmd_option *o;
	size_t i;

	/* A colon first: a missing argument is told from an unknown option. */
	strcpy(letters, ":");
	memset(longs, 0, LONGS_MAX * sizeof(*longs));
	for (o = verb->options; o && o->name; o++)
		add_long(longs, letters, o);
	if (verb->json)
		add_long(longs, letters, &json_option);
	for (i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		add_long(longs, letters, &common[i]);
}

static int set_colour(struct cmd_env *env, const struct cmd_verb *verb)
{
	if (cmd_colour_parse(optarg, &env->colour_when))
		return 0;
	cmd_usage(verb, "--color is never, auto or always, not \"%s\"", optarg);
	return CMD_GETOPT_BAD;
}

static int bad_option(const struct cmd_verb *verb, int c, char **argv)
{
	const char *word = argv[optind - 1];

	if (c == ':')
		cmd_usage(verb, "%s needs an argument", word);
	else if (optopt && optopt < 256 && strncmp(word, "--", 2) != 0)
		cmd_usage(verb, "unknown option -%c", optopt);
	else
		cmd_usage(verb, "unknown or ambiguous option %s", word);
	return CMD_GETOPT_BAD;
}

int cmd_getopt(struct cmd_env *env, const struct cmd_verb *verb, int argc,
	       char **argv)
{
	char letters[2 * LONGS_MAX + 2];
	struct option longs[LONGS_MAX];
	int c;

	make_longs(verb, longs, letters);
	opterr = 0;
	for (;;) {
		c = getopt_long(argc, argv, letters, longs, NULL);
		if (c == '?' || c == ':')
			return bad_option(verb, c, argv);
		if (c == KEY_VERBOSE)
			env->verbose = true;
		else if (c == 'j' && verb->json)
			env->json = &env->document;
		else if (c == KEY_COLOR && set_colour(env, verb))
			return CMD_GETOPT_BAD;
		/* main() saw --help. */
		else if (c != KEY_COLOR && c != KEY_HELP)
			return c;
	}
}

int cmd_no_options(struct cmd_env *env, const struct cmd_verb *verb, int argc,
		   char **argv)
{
	return cmd_getopt(env, verb, argc, argv) == CMD_GETOPT_BAD ?
	       EXIT_USAGE : 0;
}

static void print_arg(FILE *f, const struct cmd_option *o)
{
	fputc('[', f);
	if (o->key < 256)
		fprintf(f, "-%c|", o->key);
	fprintf(f, "--%s%s%s] ", o->name, o->arg ? " " : "",
		o->arg ? o->arg : "");
}

void cmd_print_args(FILE *f, const struct cmd_verb *verb)
{
	const struct cmd_option *o;

	for (o = verb->options; o && o->name; o++)
		print_arg(f, o);
	if (verb->json)
		print_arg(f, &json_option);
	fputs(verb->args, f);
}

static void print_option(FILE *f, const struct cmd_option *o)
{
	char text[64];

	snprintf(text, sizeof(text), "--%s%s%s", o->name, o->arg ? " " : "",
		 o->arg ? o->arg : "");
	if (o->key < 256)
		fprintf(f, "  -%c, %-20s  %s\n", o->key, text, o->summary);
	else
		fprintf(f, "      %-20s  %s\n", text, o->summary);
}

void cmd_print_options(FILE *f, const struct cmd_verb *verb)
{
	const struct cmd_option *o;

	for (o = verb->options; o && o->name; o++)
		print_option(f, o);
	if (verb->json)
		print_option(f, &json_option);
}

void cmd_print_words(FILE *f, const struct cmd_verb *verb)
{
	const struct cmd_option *o;

	for (o = verb->options; o && o->name; o++)
		fprintf(f, "--%s%s ", o->name, o->arg ? "=" : "");
	fprintf(f, "%s--help --color= --verbose\n",
		verb->json ? "--json " : "");
}

bool cmd_parse_number(const char *text, uint64_t min, uint64_t max,
		      uint64_t *out)
{
	unsigned long long n;
	char *end;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno || *end || *text < '0' || *text > '9' || n < min || n > max)
		return false;
	*out = n;
	return true;
}

#define SECONDS_MAX 1000000

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

#define LOOKUP_STEP_US	2000
#define LOOKUP_STEPS	1000	/* two seconds */

int cmd_lookup(struct cmd_env *env, const char *which, uint32_t *domid)
{
	unsigned int n = 0;
	int rc;

	for (;;) {
		rc = chaos_lookup(env->ctx, which, domid);
		if (rc != -EAGAIN || cmd_interrupted || ++n == LOOKUP_STEPS)
			return rc;
		usleep(LOOKUP_STEP_US);
	}
}

/* What was a guest's domain when it was looked up may have been made anew. */
static int try_each(struct cmd_env *env, const char *which, uint32_t *domid,
		    int (*fn)(struct cmd_env *env, uint32_t domid, void *arg),
		    void *arg)
{
	uint32_t before;
	int rc;

	do {
		before = *domid;
		rc = fn(env, before, arg);
	} while (rc == -ESRCH && !cmd_interrupted &&
		 !cmd_lookup(env, which, domid) && *domid != before);
	return rc;
}

int cmd_each(struct cmd_env *env, const struct cmd_verb *verb, int argc,
	     char **argv, int (*fn)(struct cmd_env *env, uint32_t domid, void *arg),
	     void *arg)
{
	char name[CHAOS_NAME_MAX + 1];
	int i, status = 0;
	uint32_t domid;

	if (!argc)
		return cmd_usage(verb, "which domain?");
	for (i = 0; i < argc && !cmd_interrupted; i++) {
		if (cmd_lookup(env, argv[i], &domid)) {
			status = cmd_worst(status, cmd_report(env, verb->name));
			continue;
		}
		/* Asked for now: it may be gone when that is done. */
		if (env->json && chaos_domain_name(env->ctx, domid, name))
			*name = '\0';
		if (try_each(env, argv[i], &domid, fn, arg)) {
			status = cmd_worst(status, cmd_report(env, verb->name));
			continue;
		}
		if (env->json) {
			cmd_json_object(env->json, NULL);
			cmd_json_uint(env->json, "domid", domid);
			cmd_json_string(env->json, "name", name);
			cmd_json_end(env->json);
		}
	}
	return i < argc ? EXIT_FAILURE : status;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The options of a verb, as a table: what is parsed, what help and usage say,
 * and what the completion offers come from it.
 *
 * Every verb has --help, --color and --verbose besides; one that has .json in
 * its struct cmd_verb has -j, --json, which sets env->json.
 *
 *	while ((c = cmd_getopt(env, &cmd_x, argc, argv)) != CMD_GETOPT_END) {
 *		if (c == CMD_GETOPT_BAD)
 *			return EXIT_USAGE;
 *		...
 *	}
 *	... argv + optind: what is no option
 */
#ifndef CHAOS_OPTIONS_H
#define CHAOS_OPTIONS_H

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct cmd_env;
struct cmd_verb;

struct cmd_option {
	int key;		/* a letter, or 256 and up: --name alone */
	const char *name;
	const char *arg;	/* "SECONDS"; NULL: it takes none */
	const char *summary;	/* one line */
};

#define CMD_OPTIONS_MAX 16
#define CMD_GETOPT_END	(-1)
#define CMD_GETOPT_BAD	'?'

/* As getopt_long(); what makes no sense was reported. */
int cmd_getopt(struct cmd_env *env, const struct cmd_verb *verb, int argc,
	       char **argv);
/* For a verb without options of its own: EXIT_USAGE or 0. */
int cmd_no_options(struct cmd_env *env, const struct cmd_verb *verb, int argc,
		   char **argv);

/* "[-p|--paused] [-n|--copies N] FILE..." */
void cmd_print_args(FILE *f, const struct cmd_verb *verb);
/* A line each. */
void cmd_print_options(FILE *f, const struct cmd_verb *verb);
/* "--paused --copies=", for the completion. */
void cmd_print_words(FILE *f, const struct cmd_verb *verb);

/* A number of min to max, nothing else. */
bool cmd_parse_number(const char *text, uint64_t min, uint64_t max,
		      uint64_t *out);
/* "1.5" to 1500; at most a million seconds. */
bool cmd_parse_seconds(const char *text, int *ms);

/*
 * chaos_lookup(), after waiting up to two seconds for a domain that is being made,
 * or made anew.
 */
int cmd_lookup(struct cmd_env *env, const char *which, uint32_t *domid);

/*
 * fn for each domain that is named, going on past what fails, which is
 * reported; fn returns 0 or -errno as the library did.  With --json, an object
 * with domid and name for each that is done.  One that is restarted meanwhile is
 * looked up once more by its name.  None: a usage error.  Ctrl-C ends it.  Returns
 * the exit status.
 */
int cmd_each(struct cmd_env *env, const struct cmd_verb *verb, int argc,
	     char **argv, int (*fn)(struct cmd_env *env, uint32_t domid, void *arg),
	     void *arg);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* What the verbs of the command share. */
#ifndef CHAOS_CMD_H
#define CHAOS_CMD_H

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <chaos.h>

#include "colour.h"
#include "json.h"
#include "options.h"
#include "progress.h"
#include "table.h"

/* Besides EXIT_SUCCESS and EXIT_FAILURE (something failed). */
#define EXIT_USAGE	2
#define EXIT_TIMEOUT	3	/* nothing failed but that it took too long */

struct cmd_env {
	struct chaos *ctx;
	bool verbose;
	enum cmd_colour_when colour_when;
	struct cmd_json *json;		/* NULL: no --json */
	struct cmd_json document;
};

/* What the completion offers for what is no option. */
#define CMD_WORDS_DOMAINS "@domains"
#define CMD_WORDS_FILES	  "@files"
#define CMD_WORDS_VERBS	  "@verbs"

struct cmd_verb {
	const char *name;
	const char *args;	/* after the options: "FILE..." */
	const char *summary;	/* one line */
	const char *help;	/* what else there is to say, and an example */
	const struct cmd_option *options;	/* up to one without name */
	const char *words;	/* CMD_WORDS_* and words; NULL: nothing */
	bool json;		/* it has --json */
	bool needs_library;
	/* argv[0] is the verb.  Returns the exit status. */
	int (*run)(struct cmd_env *env, int argc, char **argv);
};

extern const struct cmd_verb
	cmd_console,
	cmd_cpupool,
	cmd_create,
	cmd_destroy,
	cmd_doctor,
	cmd_domid,
	cmd_domname,
	cmd_events,
	cmd_gc,
	cmd_help,
	cmd_info,
	cmd_jit,
	cmd_list,
	cmd_migrate,
	cmd_mem_set,
	cmd_network_attach,
	cmd_network_detach,
	cmd_network_list,
	cmd_pause,
	cmd_pool,
	cmd_reboot,
	cmd_receive,
	cmd_rename,
	cmd_restore,
	cmd_resume,
	cmd_save,
	cmd_sched,
	cmd_shutdown,
	cmd_top,
	cmd_unpause,
	cmd_vcpu_pin,
	cmd_version,
	cmd_wait;
/* Returns the exit status. */
int cmd_main(int argc, char **argv);
/* All verbs, up to a NULL. */
extern const struct cmd_verb *const cmd_verbs[];
/* NULL: no such verb. */
const struct cmd_verb *cmd_find_verb(const char *name);

/*
 * Prints what the library says of its latest failure, to stderr and into the
 * JSON document; returns EXIT_TIMEOUT if that was a time-out, else
 * EXIT_FAILURE.
 */
int cmd_report(struct cmd_env *env, const char *verb);
/* The same for what failed here; code is -errno. */
int cmd_fail(struct cmd_env *env, const char *verb, int code,
	     const char *object, const char *step, const char *format, ...)
	__attribute__((format(printf, 6, 7)));
/* Of two exit statuses: a failure counts more than a time-out. */
int cmd_worst(int a, int b);
/* Prints a usage error; returns EXIT_USAGE. */
int cmd_usage(const struct cmd_verb *verb, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void cmd_print_help(FILE *f, const struct cmd_verb *verb);
/* Prints a table to stdout as wide and as coloured as it is; the status. */
int cmd_show_table(struct cmd_env *env, const char *verb, struct cmd_table *t);
/* Set by SIGINT, SIGTERM and SIGHUP. */
extern volatile sig_atomic_t cmd_interrupted;

/* cmd_info.c: the object of a domain in full. */
void cmd_json_info(struct cmd_json *j, const struct chaos_info *info);
/* And that of one of its vifs. */
void cmd_json_vif(struct cmd_json *j, const struct chaos_vif *v);

struct cmd_console_options {
	int escape;		/* the key that leaves it; negative: none */
	int timeout_ms;		/* negative: none; EXIT_TIMEOUT after it */
	int out_fd;
	bool no_input;
	bool once;		/* only what is there already */
	bool log, follow;	/* it is a log */
};
#define CMD_CONSOLE_OPTIONS \
	{ .escape = 0x1d, .timeout_ms = -1, .out_fd = 1 }

/* "^]", "x" or "none". */
bool cmd_console_parse_key(const char *text, int *key);
/* Attaches the terminal to a console until it ends, and closes it; returns the
 * status. */
int cmd_console_run(struct cmd_env *env, struct chaos_console *con,
		    uint32_t domid, const char *name,
		    const struct cmd_console_options *opt);

#endif

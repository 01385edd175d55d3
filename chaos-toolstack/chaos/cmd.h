/* SPDX-License-Identifier: BSD-2-Clause */
/* What the verbs of the command share. */
#ifndef CHAOS_CMD_H
#define CHAOS_CMD_H

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

#include <chaos.h>

#define EXIT_USAGE 2

struct cmd_env {
	struct chaos *ctx;
	bool verbose;
};

struct cmd_verb {
	const char *name;
	const char *args;	/* "[-p] FILE..." */
	const char *summary;	/* one line */
	const char *help;	/* options and an example */
	/* argv[0] is the verb.  Returns the exit status. */
	int (*run)(struct cmd_env *env, int argc, char **argv);
	bool needs_library;
};

extern const struct cmd_verb cmd_create, cmd_destroy, cmd_list, cmd_console,
	cmd_info, cmd_pause, cmd_unpause, cmd_domid, cmd_domname, cmd_rename,
	cmd_gc, cmd_wait, cmd_events, cmd_shutdown, cmd_reboot, cmd_doctor, cmd_help, cmd_version;
/* All of them, up to a NULL. */
extern const struct cmd_verb *const cmd_verbs[];

/* Prints what the library says of its latest failure; returns 1. */
int cmd_report(const struct cmd_env *env, const char *verb);
/* Prints a usage error; returns EXIT_USAGE. */
int cmd_usage(const struct cmd_verb *verb, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void cmd_print_help(FILE *f, const struct cmd_verb *verb);
/* Flushes stdout; what could not be written is an error. */
int cmd_finish(int status);
/* "1.5" to 1500; false: not a number of seconds. */
bool cmd_parse_seconds(const char *text, int *ms);
/* Set by SIGINT, SIGTERM and SIGHUP. */
extern volatile sig_atomic_t cmd_interrupted;

/* A JSON string, quotes included. */
void cmd_json_string(FILE *f, const char *s);
void cmd_json_domain(FILE *f, const struct chaos_domain *d);

/* Attaches the terminal to a console until it ends; returns the status. */
int cmd_console_run(struct cmd_env *env, struct chaos_console *con,
		    const char *name);

#endif

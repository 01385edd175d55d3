// SPDX-License-Identifier: BSD-2-Clause
/* chaos: the table of verbs, the common options, signals and messages. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"

const struct cmd_verb *const cmd_verbs[] = {
	&cmd_create, &cmd_destroy, &cmd_list, &cmd_info, &cmd_console,
	&cmd_shutdown, &cmd_reboot, &cmd_pause, &cmd_unpause, &cmd_rename, &cmd_domid, &cmd_domname,
	&cmd_wait, &cmd_events, &cmd_gc, &cmd_doctor, &cmd_help, &cmd_version, NULL,
};

volatile sig_atomic_t cmd_interrupted;

/* For the handler, which has no argument. */
static struct chaos *context;

static void on_signal(int sig)
{
	cmd_interrupted = sig;
	if (context)
		chaos_cancel(context);
}

static void catch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction sa = { .sa_handler = on_signal };
	size_t i;

	sigemptyset(&sa.sa_mask);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static void print_log(void *arg, enum chaos_log_level level, const char *msg)
{
	const struct cmd_env *env = arg;
	static const char *const names[] = { "error", "warning", "note",
					     "debug" };

	if (level <= CHAOS_LOG_WARNING || env->verbose)
		fprintf(stderr, "chaos: %s: %s\n", names[level], msg);
}

int cmd_report(const struct cmd_env *env, const char *verb)
{
	char text[1024];
	size_t i;

	for (i = 0; i < chaos_nr_errors(env->ctx); i++)
		fprintf(stderr, "chaos: %s %s\n", verb,
			chaos_error_text(chaos_error(env->ctx, i), text,
					 sizeof(text)));
	return 1;
}

int cmd_usage(const struct cmd_verb *verb, const char *format, ...)
{
	va_list ap;

	fprintf(stderr, "chaos: %s: ", verb->name);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fprintf(stderr, "\nusage: chaos %s%s%s\n", verb->name,
		*verb->args ? " " : "", verb->args);
	return EXIT_USAGE;
}

int cmd_finish(int status)
{
	if ((fflush(stdout) || ferror(stdout)) && !status) {
		fprintf(stderr, "chaos: write output: %s\n", strerror(errno));
		return 1;
	}
	return status;
}

static const struct cmd_verb *find_verb(const char *name)
{
	size_t i;

	if (!strcmp(name, "--version") || !strcmp(name, "-V"))
		name = "version";
	if (!strcmp(name, "--help") || !strcmp(name, "-h"))
		name = "help";
	for (i = 0; cmd_verbs[i]; i++)
		if (!strcmp(cmd_verbs[i]->name, name))
			return cmd_verbs[i];
	return NULL;
}

static int run_verb(struct cmd_env *env, const struct cmd_verb *verb, int argc,
		    char **argv)
{
	struct chaos_options options = {
		.size = sizeof(options),
		.log = print_log,
		.log_arg = env,
	};
	int rc, status;

	if (argc > 1 && !strcmp(argv[1], "--help")) {
		cmd_print_help(stdout, verb);
		return 0;
	}
	if (!verb->needs_library)
		return verb->run(env, argc, argv);
	rc = chaos_open(&options, &env->ctx);
	if (rc) {
		fprintf(stderr, "chaos: %s: %s\n", verb->name, strerror(-rc));
		return 1;
	}
	context = env->ctx;
	catch_signals();
	status = verb->run(env, argc, argv);
	context = NULL;
	chaos_close(env->ctx);
	return status;
}

int main(int argc, char **argv)
{
	struct cmd_env env = { 0 };
	const struct cmd_verb *verb;
	int i = 1;

	if (i < argc && (!strcmp(argv[i], "-v") ||
			 !strcmp(argv[i], "--verbose"))) {
		env.verbose = true;
		i++;
	}
	if (i == argc) {
		cmd_help.run(&env, 1, argv);
		return EXIT_USAGE;
	}
	verb = find_verb(argv[i]);
	if (!verb) {
		fprintf(stderr, "chaos: \"%s\" is no verb; see chaos help\n",
			argv[i]);
		return EXIT_USAGE;
	}
	return cmd_finish(run_verb(&env, verb, argc - i, argv + i));
}

// SPDX-License-Identifier: BSD-2-Clause
/* chaos: the table of verbs, the common options, signals and messages. */
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"

/* In the order of help. */
const struct cmd_verb *const cmd_verbs[] = {
	&cmd_create,
	&cmd_destroy,
	&cmd_list,
	&cmd_info,
	&cmd_top,
	&cmd_console,
	&cmd_shutdown,
	&cmd_reboot,
	&cmd_pause,
	&cmd_unpause,
	&cmd_save,
	&cmd_restore,
	&cmd_migrate,
	&cmd_receive,
	&cmd_resume,
	&cmd_vcpu_pin,
	&cmd_sched,
	&cmd_cpupool,
	&cmd_mem_set,
	&cmd_network_attach,
	&cmd_network_detach,
	&cmd_network_list,
	&cmd_rename,
	&cmd_domid,
	&cmd_domname,
	&cmd_wait,
	&cmd_events,
	&cmd_pool,
	&cmd_jit,
	&cmd_gc,
	&cmd_doctor,
	&cmd_help,
	&cmd_version,
	NULL,
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

	if (level <= CHAOS_LOG_WARNING || env->verbose) {
		cmd_progress_clear();
		fprintf(stderr, "chaos: %s: %s\n", names[level], msg);
	}
}

static int report_error(struct cmd_env *env, const char *verb,
			const struct chaos_error *e)
{
	char text[1024];

	cmd_progress_clear();
	fprintf(stderr, "chaos: %s %s\n", verb,
		chaos_error_text(e, text, sizeof(text)));
	if (env->json)
		cmd_json_error(env->json, e);
	return e->code == -ETIMEDOUT ? EXIT_TIMEOUT : EXIT_FAILURE;
}

int cmd_report(struct cmd_env *env, const char *verb)
{
	size_t i, n = chaos_nr_errors(env->ctx);
	int status = n ? EXIT_SUCCESS : EXIT_FAILURE;

	for (i = 0; i < n; i++)
		status = cmd_worst(status,
				   report_error(env, verb,
						chaos_error(env->ctx, i)));
	return status;
}

int cmd_fail(struct cmd_env *env, const char *verb, int code,
	     const char *object, const char *step, const char *format, ...)
{
	char reason[256];
	struct chaos_error e = { .code = code, .object = object, .step = step,
				 .reason = reason, .remedy = "" };
	va_list ap;

	va_start(ap, format);
	vsnprintf(reason, sizeof(reason), format, ap);
	va_end(ap);
	return report_error(env, verb, &e);
}

int cmd_worst(int a, int b)
{
	if (a == EXIT_SUCCESS || b == EXIT_SUCCESS)
		return a == EXIT_SUCCESS ? b : a;
	return a == b ? a : EXIT_FAILURE;
}

int cmd_usage(const struct cmd_verb *verb, const char *format, ...)
{
	va_list ap;

	fprintf(stderr, "chaos: %s: ", verb->name);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fprintf(stderr, "\nusage: chaos %s ", verb->name);
	cmd_print_args(stderr, verb);
	fputc('\n', stderr);
	return EXIT_USAGE;
}

int cmd_show_table(struct cmd_env *env, const char *verb, struct cmd_table *t)
{
	int rc = cmd_table_print(t, stdout, cmd_terminal_width(STDOUT_FILENO),
				 cmd_colour_wanted(env->colour_when,
						   STDOUT_FILENO));

	return rc ? cmd_fail(env, verb, rc, "table", "print", "%s",
			     strerror(-rc)) : 0;
}

/* Ends the document, if there is one; what could not be written is an error. */
static int finish(struct cmd_env *env, int status)
{
	cmd_progress_clear();
	/* A command line that makes no sense has done nothing. */
	if (env->json && (status != EXIT_USAGE || env->json->begun))
		cmd_json_fini(env->json);
	if ((fflush(stdout) || ferror(stdout)) && !status) {
		fprintf(stderr, "chaos: write output: %s\n", strerror(errno));
		return EXIT_FAILURE;
	}
	return status;
}

const struct cmd_verb *cmd_find_verb(const char *name)
{
	size_t i;

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

	if (!verb->needs_library)
		return verb->run(env, argc, argv);
	rc = chaos_open(&options, &env->ctx);
	if (rc) {
		fprintf(stderr, "chaos: %s: %s\n", verb->name, strerror(-rc));
		return EXIT_FAILURE;
	}
	context = env->ctx;
	catch_signals();
	status = verb->run(env, argc, argv);
	context = NULL;
	chaos_close(env->ctx);
	return status;
}

/* Wherever it stands: who asks for help wants nothing else. */
static bool wants_help(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (!strcmp(argv[i], "--help"))
			return true;
	return false;
}

/* The options before the verb.  The index of the verb, 0: one was wrong. */
static int common_options(struct cmd_env *env, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "-v") || !strcmp(argv[i], "--verbose")) {
			env->verbose = true;
		} else if (!strncmp(argv[i], "--color=", 8)) {
			if (cmd_colour_parse(argv[i] + 8, &env->colour_when))
				continue;
			fprintf(stderr, "chaos: --color is never, auto or "
				"always, not \"%s\"\n", argv[i] + 8);
			return 0;
		} else {
			break;
		}
	}
	return i;
}

int cmd_main(int argc, char **argv)
{
	struct cmd_env env = { 0 };
	const struct cmd_verb *verb;
	const char *name;
	int i = common_options(&env, argc, argv);

	if (!i)
		return EXIT_USAGE;
	if (i == argc) {
		cmd_help.run(&env, 1, argv);
		return finish(&env, EXIT_USAGE);
	}
	name = argv[i];
	if (!strcmp(name, "--version") || !strcmp(name, "-V"))
		name = "version";
	if (!strcmp(name, "--help") || !strcmp(name, "-h"))
		name = "help";
	verb = cmd_find_verb(name);
	if (!verb) {
		fprintf(stderr, "chaos: \"%s\" is no verb; see chaos help\n",
			name);
		return EXIT_USAGE;
	}
	cmd_json_init(&env.document, stdout);
	if (wants_help(argc - i, argv + i)) {
		cmd_print_help(stdout, verb);
		return finish(&env, EXIT_SUCCESS);
	}
	return finish(&env, run_verb(&env, verb, argc - i, argv + i));
}

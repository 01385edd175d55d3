// SPDX-License-Identifier: BSD-2-Clause
/* chaos migrate, chaos receive: the two ends of a pipe, most often of ssh. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"

#define TIMEOUT_MS	30000
/* For a command whose pipes are closed to end by itself. */
#define PATIENCE_MS	3000
#define PATIENCE_STEP_MS 20

struct migrate {
	const char *command;	/* of the shell, or NULL: ssh */
	const char *host;
	bool paused;
	int timeout_ms;
	pid_t pid;
	int in, out;		/* from and to it */
};

/*
 * Ctrl-C is for us: what it means for the guest is decided in order, and the
 * command then finds its pipes closed.
 */
__attribute__((noreturn))
static void become(const struct migrate *m, const int to[2], const int from[2])
{
	const char *const paused = m->paused ? "--paused" : NULL;
	char shell[1024];

	signal(SIGINT, SIG_IGN);
	signal(SIGPIPE, SIG_DFL);
	dup2(to[0], STDIN_FILENO);
	dup2(from[1], STDOUT_FILENO);
	if (!m->command) {
		execlp("ssh", "ssh", m->host, "chaos", "receive", paused, NULL);
		fprintf(stderr, "chaos: migrate: ssh: %s\n", strerror(errno));
	} else if (snprintf(shell, sizeof(shell), "%s \"$@\"", m->command) <
		   (int)sizeof(shell)) {
		execl("/bin/sh", "sh", "-c", shell, "sh", m->host, "chaos",
		      "receive", paused, NULL);
	}
	_exit(127);
}

static int start(struct migrate *m)
{
	int to[2], from[2], rc;

	if (pipe2(to, O_CLOEXEC))
		return -errno;
	if (pipe2(from, O_CLOEXEC)) {
		rc = -errno;
		goto err_to;
	}
	m->pid = fork();
	if (!m->pid)
		become(m, to, from);
	rc = m->pid < 0 ? -errno : 0;
	close(to[0]);
	close(from[1]);
	m->out = to[1];
	m->in = from[0];
	if (!rc)
		return 0;
	close(m->in);
	close(m->out);
	return rc;

err_to:
	close(to[0]);
	close(to[1]);
	return rc;
}

/* Its exit status, or -1: it had to be ended. */
static int finish(struct migrate *m)
{
	const struct timespec ts = { .tv_nsec = PATIENCE_STEP_MS * 1000000l };
	int status = 0, ms;

	close(m->in);
	close(m->out);
	for (ms = 0; ms < PATIENCE_MS; ms += PATIENCE_STEP_MS) {
		if (waitpid(m->pid, &status, WNOHANG) == m->pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
		nanosleep(&ts, NULL);
	}
	kill(m->pid, SIGKILL);
	waitpid(m->pid, &status, 0);
	return -1;
}

static int parse_migrate(struct cmd_env *env, struct migrate *m, int argc,
			 char **argv)
{
	int c;

	while ((c = cmd_getopt(env, &cmd_migrate, argc, argv)) !=
	       CMD_GETOPT_END) {
		if (c == CMD_GETOPT_BAD)
			return EXIT_USAGE;
		if (c == 'p')
			m->paused = true;
		else if (c == 's')
			m->command = optarg;
		else if (!cmd_parse_seconds(optarg, &m->timeout_ms) ||
			 !m->timeout_ms)
			return cmd_usage(&cmd_migrate, "-t takes seconds");
	}
	if (argc - optind != 2)
		return cmd_usage(&cmd_migrate, "which domain, and where to?");
	m->host = argv[optind + 1];
	if (!*m->host || *m->host == '-')
		return cmd_usage(&cmd_migrate, "\"%s\" is no host", m->host);
	return 0;
}

static void tell(struct cmd_env *env, uint32_t domid, const struct migrate *m)
{
	size_t i, n = chaos_nr_steps(env->ctx);
	struct cmd_json *j = env->json;

	if (!j)
		return;
	cmd_json_object(j, NULL);
	cmd_json_uint(j, "domid", domid);
	cmd_json_string(j, "host", m->host);
	cmd_json_object(j, "steps_ns");
	for (i = 0; i < n; i++) {
		const struct chaos_step *s = chaos_step(env->ctx, i);

		cmd_json_uint(j, s->name, s->ns);
	}
	cmd_json_end(j);
	cmd_json_end(j);
}

static int run_migrate(struct cmd_env *env, int argc, char **argv)
{
	struct migrate m = { .timeout_ms = TIMEOUT_MS };
	int status = parse_migrate(env, &m, argc, argv), rc, ended;
	uint32_t domid;

	if (status)
		return status;
	if (cmd_lookup(env, argv[optind], &domid))
		return cmd_report(env, "migrate");
	rc = start(&m);
	if (rc)
		return cmd_fail(env, "migrate", rc, m.host, "start ssh", "%s",
				strerror(-rc));
	if (!env->verbose)
		chaos_set_progress(env->ctx, cmd_progress, NULL);
	rc = chaos_send(env->ctx, domid, m.in, m.out, 0, m.timeout_ms);
	ended = finish(&m);
	if (!rc) {
		tell(env, domid, &m);
		return 0;
	}
	status = cmd_report(env, "migrate");
	if (ended > 0 && rc == -ECONNRESET)
		fprintf(stderr, "chaos: migrate %s: %s ended with status %d\n",
			m.host, m.command ? "the command" : "ssh", ended);
	return status;
}

static int run_receive(struct cmd_env *env, int argc, char **argv)
{
	unsigned int flags = 0;
	uint32_t domid;
	int c;

	while ((c = cmd_getopt(env, &cmd_receive, argc, argv)) !=
	       CMD_GETOPT_END) {
		if (c == CMD_GETOPT_BAD)
			return EXIT_USAGE;
		flags |= CHAOS_CREATE_PAUSED;
	}
	if (isatty(STDIN_FILENO) || isatty(STDOUT_FILENO))
		return cmd_usage(&cmd_receive, "it is for chaos migrate to "
				 "start, not for a terminal");
	return chaos_receive(env->ctx, STDIN_FILENO, STDOUT_FILENO,
			     (const char *const *)argv + optind, flags,
			     &domid) ? cmd_report(env, "receive") : 0;
}

static const struct cmd_option migrate_options[] = {
	{ 's', "ssh-command", "COMMAND",
	  "instead of ssh: gets the host and chaos receive as arguments" },
	{ 'p', "paused", NULL, "leave it paused there" },
	{ 't', "timeout", "SECONDS",
	  "for the guest to suspend, and for each answer; 30" },
	{ 0 },
};

const struct cmd_verb cmd_migrate = {
	.name = "migrate",
	.args = "NAME|DOMID [USER@]HOST",
	.summary = "move a domain to another host",
	.help = "  The guest stands still while its memory is sent.\n\n"
		"  chaos migrate web root@rack2\n",
	.options = migrate_options,
	.words = CMD_WORDS_DOMAINS,
	.json = true,
	.needs_library = true,
	.run = run_migrate,
};

static const struct cmd_option receive_options[] = {
	{ 'p', "paused", NULL, "leave it paused" },
	{ 0 },
};

const struct cmd_verb cmd_receive = {
	.name = "receive",
	.args = "[KEY=VALUE...]",
	.summary = "take a domain that another host sends",
	.help = "  Speaks on its input and output; chaos migrate starts it.\n\n"
		"  chaos receive name=web2 <from-sender >to-sender\n",
	.options = receive_options,
	.needs_library = true,
	.run = run_receive,
};

// SPDX-License-Identifier: BSD-2-Clause
/* chaos console: this terminal as the guest's, until Ctrl-] or its end. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cmd.h"

#define DETACH_KEY	0x1d	/* Ctrl-] */
#define CHECK_MS	250	/* how soon the guest's end is seen */

struct session {
	struct chaos_console *con;
	char pending[1024];	/* typed, but the guest has no room yet */
	size_t nr_pending;
	/* Said, but not shown yet; a pipe that polls as writable takes it all. */
	char output[PIPE_BUF];
	size_t nr_output;
	bool eof;		/* of our input */
	bool detached;
};

/*
 * One piece at a time: a guest that never stops talking must not keep us from
 * seeing what is typed, and neither must a terminal that is slow to show it.
 */
static int take_output(struct session *s)
{
	long n;

	if (s->nr_output)
		return 0;
	n = chaos_console_read(s->con, s->output, sizeof(s->output));
	if (n < 0)
		return (int)n;
	s->nr_output = (size_t)n;
	return 0;
}

static int show_output(struct session *s)
{
	ssize_t n = write(STDOUT_FILENO, s->output, s->nr_output);

	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : -errno;
	s->nr_output -= (size_t)n;
	memmove(s->output, s->output + n, s->nr_output);
	return 0;
}

static int flush_input(struct session *s)
{
	long n;

	if (!s->nr_pending)
		return 0;
	n = chaos_console_write(s->con, s->pending, s->nr_pending);
	if (n < 0)
		return (int)n;
	s->nr_pending -= (size_t)n;
	memmove(s->pending, s->pending + n, s->nr_pending);
	return 0;
}

static int take_input(struct session *s)
{
	size_t room = sizeof(s->pending) - s->nr_pending;
	char *key;
	ssize_t n;

	n = read(STDIN_FILENO, s->pending + s->nr_pending, room);
	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : -errno;
	if (n == 0)
		s->eof = true;
	key = memchr(s->pending + s->nr_pending, DETACH_KEY, (size_t)n);
	if (key) {
		s->detached = true;
		n = key - (s->pending + s->nr_pending);
	}
	s->nr_pending += (size_t)n;
	return flush_input(s);
}

/* What there is to wait for: a poll entry with fd -1 waits for nothing. */
static int wait_for(struct session *s, struct pollfd pfd[3])
{
	bool room = s->nr_pending < sizeof(s->pending);

	pfd[0] = (struct pollfd){ .events = POLLIN,
		.fd = s->nr_output ? -1 : chaos_console_fd(s->con) };
	/* Not read while the guest does not take what there is. */
	pfd[1] = (struct pollfd){ .events = POLLIN,
		.fd = s->eof || !room ? -1 : STDIN_FILENO };
	pfd[2] = (struct pollfd){ .events = POLLOUT,
		.fd = s->nr_output ? STDOUT_FILENO : -1 };
	if (poll(pfd, 3, CHECK_MS) >= 0)
		return 0;
	/* An interrupted poll says nothing of the descriptors. */
	pfd[0].revents = pfd[1].revents = pfd[2].revents = 0;
	return errno == EINTR ? 0 : -errno;
}

static int pump(struct session *s)
{
	struct pollfd pfd[3];
	int rc;

	while (!s->detached && !cmd_interrupted) {
		rc = take_output(s);
		if (!rc)
			rc = flush_input(s);
		if (!rc)
			rc = wait_for(s, pfd);
		if (!rc && (pfd[1].revents & (POLLIN | POLLHUP)))
			rc = take_input(s);
		if (!rc && pfd[2].revents)
			rc = show_output(s);
		if (rc)
			return rc;
	}
	return 0;
}

int cmd_console_run(struct cmd_env *env, struct chaos_console *con,
		    const char *name)
{
	struct session s = { .con = con };
	struct termios old, raw;
	bool tty = isatty(STDIN_FILENO) && !tcgetattr(STDIN_FILENO, &old);
	int rc;

	(void)env;
	if (tty) {
		fprintf(stderr, "console of %s; Ctrl-] leaves it\n", name);
		raw = old;
		cfmakeraw(&raw);
		tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	}
	fflush(stdout);
	rc = pump(&s);
	if (tty)
		tcsetattr(STDIN_FILENO, TCSANOW, &old);
	if (rc == -EPIPE) {
		fprintf(stderr, "%s%s has ended\n", tty ? "\n" : "", name);
		return 0;
	}
	if (rc)
		fprintf(stderr, "chaos: console %s: %s\n", name,
			rc == -EPROTO ? "the guest broke its console" :
					strerror(-rc));
	else if (tty)
		fprintf(stderr, "\n");
	return rc ? 1 : 0;
}

static int run(struct cmd_env *env, int argc, char **argv)
{
	struct chaos_console *con;
	uint32_t domid;
	int status;

	if (cmd_no_options(env, &cmd_console, argc, argv))
		return EXIT_USAGE;
	if (argc - optind != 1)
		return cmd_usage(&cmd_console, "which domain?");
	if (chaos_lookup(env->ctx, argv[optind], &domid) ||
	    chaos_console_open(env->ctx, domid, &con))
		return cmd_report(env, "console");
	status = cmd_console_run(env, con, argv[optind]);
	chaos_console_close(con);
	return status;
}

const struct cmd_verb cmd_console = {
	.name = "console",
	.args = "NAME|DOMID",
	.summary = "attach this terminal to a domain's console",
	.help = "  Ctrl-] leaves it.  It ends when the domain does.\n\n"
	"  chaos console web\n",
	.words = CMD_WORDS_DOMAINS,
	.needs_library = true,
	.run = run,
};

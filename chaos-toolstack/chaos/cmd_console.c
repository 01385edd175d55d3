// SPDX-License-Identifier: BSD-2-Clause
/* chaos console: this terminal as the guest's, until Ctrl-] or its end. */
#include <errno.h>
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
	bool eof;		/* of our input */
	bool detached;
};

static int write_all(const char *buf, size_t size)
{
	ssize_t n;

	while (size) {
		n = write(STDOUT_FILENO, buf, size);
		if (n < 0 && errno == EINTR && !cmd_interrupted)
			continue;
		if (n < 0)
			return -errno;
		buf += n;
		size -= (size_t)n;
	}
	return 0;
}

static int show_output(struct session *s)
{
	char buf[2048];
	long n;
	int rc;

	while ((n = chaos_console_read(s->con, buf, sizeof(buf))) > 0) {
		rc = write_all(buf, (size_t)n);
		if (rc)
			return rc;
	}
	return (int)n;
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

static int pump(struct session *s)
{
	struct pollfd pfd[2] = {
		{ .fd = chaos_console_fd(s->con), .events = POLLIN },
		{ .fd = STDIN_FILENO, .events = POLLIN },
	};
	int rc;

	while (!s->detached && !cmd_interrupted) {
		rc = show_output(s);
		if (!rc)
			rc = flush_input(s);
		if (rc)
			return rc;
		/* Not read while the guest does not take what there is. */
		pfd[1].fd = s->eof || s->nr_pending == sizeof(s->pending) ?
			    -1 : STDIN_FILENO;
		if (poll(pfd, 2, CHECK_MS) < 0 && errno != EINTR)
			return -errno;
		if (pfd[1].fd >= 0 && (pfd[1].revents & (POLLIN | POLLHUP))) {
			rc = take_input(s);
			if (rc)
				return rc;
		}
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

	if (argc != 2)
		return cmd_usage(&cmd_console, "which domain?");
	if (chaos_lookup(env->ctx, argv[1], &domid) ||
	    chaos_console_open(env->ctx, domid, &con))
		return cmd_report(env, "console");
	status = cmd_console_run(env, con, argv[1]);
	chaos_console_close(con);
	return status;
}

const struct cmd_verb cmd_console = {
	.name = "console",
	.args = "NAME|DOMID",
	.summary = "attach this terminal to a domain's console",
	.help = "  Ctrl-] leaves it.  It ends when the domain does.\n\n"
	"  chaos console web\n",
	.run = run,
	.needs_library = true,
};

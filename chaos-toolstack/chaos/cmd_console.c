// SPDX-License-Identifier: BSD-2-Clause
/*
 * chaos console: this terminal as the guest's, until the escape key or its end;
 * or what it says in a file, or what it has said.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "escape.h"

#define CHECK_MS	250	/* how soon the guest's end is seen */
#define REOPEN_MS	2000

struct session {
	struct cmd_env *env;
	struct chaos_console *con;
	uint32_t domid;
	const struct cmd_console_options *opt;
	int64_t deadline;	/* ms; negative: none */
	char pending[1024];	/* typed, but the guest has no room yet */
	size_t nr_pending;
	/* Said, but not shown yet; a pipe that polls as writable takes it all. */
	char output[PIPE_BUF];
	size_t nr_output;
	uint64_t nr_read;
	uint64_t nr_lost;	/* of consoles that were closed */
	struct cmd_escape escape;
	bool escaped;		/* what is shown */
	bool eof;		/* of our input */
	bool done;		/* detached, or told to look once */
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/*
 * One piece at a time: a guest that never stops talking must not keep us from
 * seeing what is typed, and neither must a terminal that is slow to show it.
 */
static int take_output(struct session *s)
{
	char raw[sizeof(s->output) / CMD_ESCAPE_MAX - sizeof(s->escape.held)];
	long n;

	if (s->nr_output)
		return 0;
	n = s->escaped ? chaos_console_read(s->con, raw, sizeof(raw)) :
			 chaos_console_read(s->con, s->output,
					    sizeof(s->output));
	if (n < 0)
		return (int)n;
	s->nr_read += (uint64_t)n;
	s->nr_output = s->escaped ?
		       cmd_escape(&s->escape, raw, (size_t)n, s->output) :
		       (size_t)n;
	if (!n && s->opt->once)
		s->done = true;
	return 0;
}

/* chaosd had it and has ended: it is ours now, or another chaosd's. */
static int reopen(struct session *s)
{
	const struct timespec pause = { .tv_nsec = 20000000 };
	int64_t until = now_ms() + REOPEN_MS;
	struct chaos_console *con;
	int rc;

	if (s->opt->log)
		return -ECONNRESET;
	/* What a process held is let go of one by one as it ends. */
	for (;;) {
		rc = chaos_console_open(s->env->ctx, s->domid, &con);
		if ((rc != -EBUSY && rc != -ECONNRESET) || now_ms() > until)
			break;
		nanosleep(&pause, NULL);
	}
	if (rc)
		return rc;
	s->nr_lost += chaos_console_lost(s->con);
	chaos_console_close(s->con);
	s->con = con;
	return 0;
}

static int show_output(struct session *s)
{
	ssize_t n = write(s->opt->out_fd, s->output, s->nr_output);

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
	char *key = NULL;
	ssize_t n;

	n = read(STDIN_FILENO, s->pending + s->nr_pending, room);
	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : -errno;
	if (n == 0)
		s->eof = true;
	if (s->opt->escape >= 0)
		key = memchr(s->pending + s->nr_pending, s->opt->escape,
			     (size_t)n);
	if (key) {
		s->done = true;
		n = key - (s->pending + s->nr_pending);
	}
	s->nr_pending += (size_t)n;
	return flush_input(s);
}

/* What there is to wait for: a poll entry with fd -1 waits for nothing. */
static int wait_for(struct session *s, struct pollfd pfd[3])
{
	bool room = s->nr_pending < sizeof(s->pending);
	int ms = CHECK_MS;

	if (s->deadline >= 0) {
		int64_t left = s->deadline - now_ms();

		if (left <= 0)
			return -ETIMEDOUT;
		ms = left < ms ? (int)left : ms;
	}
	pfd[0] = (struct pollfd){ .events = POLLIN,
		.fd = s->nr_output ? -1 : chaos_console_fd(s->con) };
	/* Not read while the guest does not take what there is. */
	pfd[1] = (struct pollfd){ .events = POLLIN,
		.fd = s->eof || !room ? -1 : STDIN_FILENO };
	pfd[2] = (struct pollfd){ .events = POLLOUT,
		.fd = s->nr_output ? s->opt->out_fd : -1 };
	if (poll(pfd, 3, ms) >= 0)
		return 0;
	/* An interrupted poll says nothing of the descriptors. */
	pfd[0].revents = pfd[1].revents = pfd[2].revents = 0;
	return errno == EINTR ? 0 : -errno;
}

static int pump(struct session *s)
{
	struct pollfd pfd[3];
	int rc;

	while (!cmd_interrupted) {
		rc = take_output(s);
		if (!rc)
			rc = flush_input(s);
		if (rc == -ECONNRESET)
			rc = reopen(s);
		if (rc || s->done)
			return rc;
		rc = wait_for(s, pfd);
		if (!rc && (pfd[1].revents & (POLLIN | POLLHUP)))
			rc = take_input(s);
		if (!rc && pfd[2].revents)
			rc = show_output(s);
		if (rc || s->done)
			return rc;
	}
	return 0;
}

/* What is said of a log beside it. */
static void tell_log(const struct session *s, const char *name, int rc)
{
	uint64_t lost = s->nr_lost + chaos_console_lost(s->con);

	if (lost)
		fprintf(stderr, "%s: %llu bytes are not kept\n", name,
			(unsigned long long)lost);
	if (s->opt->log && rc == -EPIPE && !s->nr_read)
		fprintf(stderr, "%s has said nothing\n", name);
}

/* How it ended; a guest that ends is no failure. */
static int tell_end(struct cmd_env *env, const char *name, bool tty, int rc)
{
	if (tty && rc != -EPIPE)
		fprintf(stderr, "\n");
	switch (rc) {
	case 0:
		return 0;
	case -EPIPE:
		fprintf(stderr, "%s%s has ended\n", tty ? "\n" : "", name);
		return 0;
	case -ETIMEDOUT:
		return cmd_fail(env, "console", rc, name, "follow",
				"it has not ended");
	case -ECONNRESET:
		return cmd_fail(env, "console", rc, name, "read",
				"chaosd has ended");
	case -EPROTO:
		return cmd_fail(env, "console", rc, name, "read",
				"the guest broke its console");
	default:
		return cmd_fail(env, "console", rc, name, "copy", "%s",
				strerror(-rc));
	}
}

static void print_key(int key)
{
	if (key < 0)
		return;
	if (key < 32)
		fprintf(stderr, "; Ctrl-%c leaves it", key + '@');
	else
		fprintf(stderr, "; %c leaves it", key);
}

/* Left in the middle of a character, or of a line's end. */
static void end_escape(struct session *s)
{
	if (s->nr_output)
		return;
	s->nr_output = cmd_escape_end(&s->escape, s->output);
	if (s->nr_output)
		show_output(s);
}

int cmd_console_run(struct cmd_env *env, struct chaos_console *con,
		    uint32_t domid, const char *name,
		    const struct cmd_console_options *opt)
{
	struct session s = { .env = env, .con = con, .domid = domid,
			     .opt = opt, .deadline = -1 };
	struct termios old, raw;
	bool tty;
	int rc;

	s.eof = opt->no_input;
	s.escaped = opt->log && isatty(opt->out_fd);
	tty = !s.eof && isatty(STDIN_FILENO) && !tcgetattr(STDIN_FILENO, &old);
	if (opt->timeout_ms >= 0)
		s.deadline = now_ms() + opt->timeout_ms;
	if (tty) {
		fprintf(stderr, "console of %s", name);
		print_key(opt->escape);
		fputc('\n', stderr);
		raw = old;
		cfmakeraw(&raw);
		tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	}
	fflush(stdout);
	rc = pump(&s);
	end_escape(&s);
	if (tty)
		tcsetattr(STDIN_FILENO, TCSANOW, &old);
	tell_log(&s, name, rc);
	chaos_console_close(s.con);
	/* All that there is of a log is its end, and no news. */
	return opt->log && !opt->follow && rc == -EPIPE ? 0 :
	       tell_end(env, name, tty, rc);
}

bool cmd_console_parse_key(const char *text, int *key)
{
	unsigned char c = (unsigned char)text[0];

	if (!strcmp(text, "none"))
		*key = -1;
	else if (c == '^' && text[1] >= '?' && text[1] < 127 && !text[2])
		*key = text[1] == '?' ? 127 : toupper(text[1]) & 0x1f;
	else if (c && c < 127 && !text[1])
		*key = c;
	else
		return false;
	return true;
}

#define KEY_ONCE 256

static int parse(struct cmd_env *env, struct cmd_console_options *opt,
		 const char **file, int argc, char **argv)
{
	int c;

	while ((c = cmd_getopt(env, &cmd_console, argc, argv)) !=
	       CMD_GETOPT_END) {
		if (c == CMD_GETOPT_BAD)
			return EXIT_USAGE;
		if (c == 'o')
			*file = optarg;
		else if (c == 'l')
			opt->log = true;
		else if (c == 'f')
			opt->follow = true;
		else if (c == KEY_ONCE)
			opt->once = true;
		else if (c == 'e' && !cmd_console_parse_key(optarg, &opt->escape))
			return cmd_usage(&cmd_console, "\"%s\" is no key: ^X, "
					 "a character or none", optarg);
		else if (c == 't' && !cmd_parse_seconds(optarg, &opt->timeout_ms))
			return cmd_usage(&cmd_console,
					 "\"%s\" is no number of seconds", optarg);
	}
	if (argc - optind != 1)
		return cmd_usage(&cmd_console, "which domain?");
	if (opt->follow && !opt->log)
		return cmd_usage(&cmd_console, "--follow goes with --log");
	if (opt->once && opt->log)
		return cmd_usage(&cmd_console, "--once or --log, not both");
	/* Of these it is the guest that is followed, not we. */
	opt->no_input = *file || opt->once || opt->log;
	return 0;
}

static int attach(struct cmd_env *env, const char *which,
		  const struct cmd_console_options *opt)
{
	struct chaos_console *con;
	uint32_t domid = 0;
	int rc;

	if (opt->log) {
		/* It may be of one that is not there any more. */
		rc = chaos_console_log_open(env->ctx, which, opt->follow ?
					    CHAOS_CONSOLE_FOLLOW : 0, &con);
	} else {
		rc = cmd_lookup(env, which, &domid);
		if (!rc)
			rc = chaos_console_open(env->ctx, domid, &con);
	}
	return rc ? cmd_report(env, "console") :
		    cmd_console_run(env, con, domid, which, opt);
}

static int run(struct cmd_env *env, int argc, char **argv)
{
	struct cmd_console_options opt = CMD_CONSOLE_OPTIONS;
	const char *file = NULL;
	int fd, status;

	status = parse(env, &opt, &file, argc, argv);
	if (status)
		return status;
	if (!file || !strcmp(file, "-"))
		return attach(env, argv[optind], &opt);
	fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY,
		  0666);
	if (fd < 0)
		return cmd_fail(env, "console", -errno, file, "open", "%s",
				strerror(errno));
	opt.out_fd = fd;
	status = attach(env, argv[optind], &opt);
	if (close(fd) && !status)
		status = cmd_fail(env, "console", -errno, file, "write", "%s",
				  strerror(errno));
	return status;
}

static const struct cmd_option options[] = {
	{ 'l', "log", NULL, "print what it has said, as far as chaosd keeps it" },
	{ 'f', "follow", NULL, "and go on until it ends" },
	{ 'o', "output", "FILE", "append to FILE (- is stdout), no input" },
	{ KEY_ONCE, "once", NULL, "print what nobody has read yet, and end" },
	{ 't', "timeout", "SECONDS", "leave it after that; exit status 3" },
	{ 'e', "escape", "KEY", "leave it with KEY (^]): ^X, a character, none" },
	{ 0 },
};

const struct cmd_verb cmd_console = {
	.name = "console",
	.args = "NAME|DOMID",
	.summary = "attach this terminal to a domain's console",
	.help =
	"  Ctrl-] leaves it.  It ends when the domain does.  There is no --json:\n"
	"  what it shows is the guest's.  --log is of one that has ended too; on a\n"
	"  terminal its control characters are shown as \\xNN.\n\n"
	"  chaos console web\n"
	"  chaos console --output web.log --timeout 60 web\n"
	"  chaos console --log web\n",
	.options = options,
	.words = CMD_WORDS_DOMAINS,
	.needs_library = true,
	.run = run,
};

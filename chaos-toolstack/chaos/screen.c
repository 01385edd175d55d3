// SPDX-License-Identifier: BSD-2-Clause
/* The terminal's other screen. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cmd.h"
#include "screen.h"

#define ENTER	"\033[?1049h\033[?25l"	/* the other screen, no cursor */
#define LEAVE	"\033[?25h\033[?1049l"
#define ROWS	24			/* of a terminal that does not say */

/* For the handler, which has no argument. */
static volatile sig_atomic_t resized, stopped, continued;

static void on_signal(int sig)
{
	if (sig == SIGWINCH)
		resized = 1;
	else if (sig == SIGTSTP)
		stopped = 1;
	else
		continued = 1;
}

static void handle(int sig, void (*handler)(int))
{
	struct sigaction sa = { .sa_handler = handler };

	sigemptyset(&sa.sa_mask);
	sigaction(sig, &sa, NULL);
}

static void handle_all(void (*handler)(int))
{
	handle(SIGWINCH, handler);
	handle(SIGTSTP, handler);
	handle(SIGCONT, handler);
}

static bool enter(const struct cmd_screen *s)
{
	if (tcsetattr(STDIN_FILENO, TCSANOW, &s->raw))
		return false;
	fputs(ENTER, stdout);
	fflush(stdout);
	return true;
}

static void leave(const struct cmd_screen *s)
{
	fputs(LEAVE, stdout);
	fflush(stdout);
	tcsetattr(STDIN_FILENO, TCSANOW, &s->old);
}

void cmd_screen_open(struct cmd_screen *s)
{
	const char *term = getenv("TERM");

	if (s->never || !isatty(STDOUT_FILENO) || !term ||
	    !strcmp(term, "dumb") || tcgetattr(STDIN_FILENO, &s->old))
		return;
	s->raw = s->old;
	s->raw.c_lflag &= (tcflag_t)~(ICANON | ECHO);
	s->raw.c_cc[VMIN] = 1;
	s->raw.c_cc[VTIME] = 0;
	/* Its signal ends the command where it stands. */
	s->raw.c_cc[VQUIT] = _POSIX_VDISABLE;
	resized = stopped = continued = 0;
	handle_all(on_signal);
	s->open = enter(s);
	if (!s->open)
		handle_all(SIG_DFL);
}

void cmd_screen_close(struct cmd_screen *s)
{
	if (!s->open)
		return;
	leave(s);
	handle_all(SIG_DFL);
	s->open = false;
}

/* Stops as if there were no handler, with the terminal as it was. */
static void stop(const struct cmd_screen *s)
{
	leave(s);
	handle(SIGTSTP, SIG_DFL);
	raise(SIGTSTP);
	handle(SIGTSTP, on_signal);
	stopped = 0;
	/* There is no SIGCONT if nobody is there who would have sent one. */
	continued = 1;
}

/* Until one of the signals, or poll's end.  They are let in while it waits and
 * only then: none comes between the look at its mark and the wait. */
static int wait_in(struct pollfd *in, int ms)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGWINCH,
				       SIGTSTP, SIGCONT };
	struct timespec time = { .tv_sec = ms / 1000,
				 .tv_nsec = ms % 1000 * 1000000L };
	sigset_t ours, old;
	size_t i;
	int n = 0;

	sigemptyset(&ours);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(&ours, signals[i]);
	sigprocmask(SIG_BLOCK, &ours, &old);
	if (!cmd_interrupted && !resized && !stopped && !continued)
		n = ppoll(in, 1, &time, &old);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return n;
}

enum cmd_screen_event cmd_screen_wait(struct cmd_screen *s, int ms, char *key)
{
	struct pollfd in = { .fd = s->open ? STDIN_FILENO : -1,
			     .events = POLLIN };
	int n = wait_in(&in, ms);

	if (cmd_interrupted)
		return CMD_SCREEN_END;
	if (stopped)
		stop(s);
	if (continued) {
		/* Who had the terminal in between left it otherwise. */
		continued = 0;
		resized = 1;
		if (!enter(s))
			return CMD_SCREEN_END;
	}
	if (resized) {
		resized = 0;
		return CMD_SCREEN_CHANGED;
	}
	if (n <= 0)
		return CMD_SCREEN_TIME;
	return read(STDIN_FILENO, key, 1) == 1 ? CMD_SCREEN_KEY :
						 CMD_SCREEN_END;
}

/* Of the terminal as it is now: what the environment says was said before. */
static void get_size(unsigned int *rows, unsigned int *columns)
{
	struct winsize size = { 0 };

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		memset(&size, 0, sizeof(size));
	*rows = size.ws_row ? size.ws_row : ROWS;
	*columns = size.ws_col ? size.ws_col :
				 cmd_terminal_width(STDOUT_FILENO);
}

/* Up to that many columns, if not 0; colours go on behind them, to be reset. */
static void put_row(const char *text, size_t n, unsigned int columns)
{
	unsigned int column = 0;
	bool escape = false;
	size_t i;

	for (i = 0; i < n; i++) {
		if (text[i] == '\033')
			escape = true;
		/* What goes on with a character takes no column. */
		else if (!escape && ((unsigned char)text[i] & 0xc0) != 0x80)
			column++;
		if (escape || !columns || column <= columns)
			putchar(text[i]);
		if (text[i] == 'm')
			escape = false;
	}
}

/* Each row is cleared first: behind a full one, the last column would be. */
static void put(const char *text, unsigned int rows, unsigned int columns)
{
	const char *end;

	fputs("\033[H", stdout);
	for (; rows && *text; rows--, text = end) {
		end = text + strcspn(text, "\n");
		fputs("\033[K", stdout);
		put_row(text, (size_t)(end - text), columns);
		if (*end)
			end++;
		/* None behind the last row: it would scroll. */
		if (rows > 1)
			fputs("\r\n", stdout);
	}
	if (rows)
		fputs("\033[J", stdout);
	fflush(stdout);
}

int cmd_screen_draw(struct cmd_screen *s, struct cmd_env *env,
		    struct cmd_table *t)
{
	unsigned int rows, columns;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	int rc, status = 0;

	if (!f)	/* frees it */
		return cmd_show_table(env, "top", t);
	get_size(&rows, &columns);
	rc = cmd_table_print(t, f, columns,
			     cmd_colour_wanted(env->colour_when,
					       STDOUT_FILENO));
	if (fclose(f) && !rc)
		rc = -ENOMEM;
	if (rc) {
		/* To be seen on the screen that stays. */
		cmd_screen_close(s);
		status = cmd_fail(env, "top", rc, "table", "print", "%s",
				  strerror(-rc));
	} else {
		put(text, rows, columns);
	}
	free(text);
	return status;
}

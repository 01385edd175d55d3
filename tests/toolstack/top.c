// SPDX-License-Identifier: BSD-2-Clause
/*
 * chaos top on a terminal, which is another process' here: what it draws is
 * drawn on a small screen of ours, so that a row too many or too long is seen.
 */
#include "fixture.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"

#define MAX_ROWS	50
#define MAX_COLUMNS	132
#define TIMEOUT_MS	20000
#define QUIET_MS	100
#define NR_GUESTS	3

static struct {
	int fd;			/* our side of the terminal */
	int tty;		/* its side, which stays open */
	pid_t pid;
	struct termios before;
	unsigned int rows, columns, row, column;
	char text[MAX_ROWS][MAX_COLUMNS + 1];
	bool other, hidden;	/* screen; cursor */
	unsigned int scrolled, wrapped;
	unsigned int homes;	/* how often it was drawn */
	char escape[16];
	size_t escape_len;
} term;

static void clear_row(unsigned int row, unsigned int from)
{
	memset(term.text[row] + from, ' ', MAX_COLUMNS - from);
}

static void do_escape(const char *e)
{
	unsigned int i;

	if (!strcmp(e, "[?1049h") || !strcmp(e, "[?1049l")) {
		term.other = e[6] == 'h';
		for (i = 0; i < MAX_ROWS; i++)
			clear_row(i, 0);
	} else if (!strcmp(e, "[?25l") || !strcmp(e, "[?25h")) {
		term.hidden = e[4] == 'l';
	} else if (!strcmp(e, "[H")) {
		term.row = term.column = 0;
		term.homes++;
	} else if (!strcmp(e, "[K")) {
		clear_row(term.row, term.column);
	} else if (!strcmp(e, "[J")) {
		clear_row(term.row, term.column);
		for (i = term.row + 1; i < MAX_ROWS; i++)
			clear_row(i, 0);
	} else if (e[strlen(e) - 1] != 'm') {
		fail_msg("the escape %s", e);
	}
}

static void do_char(char c)
{
	if (c == '\r') {
		term.column = 0;
	} else if (c == '\n') {
		if (++term.row >= term.rows) {
			term.row = term.rows - 1;
			term.scrolled++;
		}
	} else if (term.column >= term.columns) {
		term.wrapped++;
	} else if (((unsigned char)c & 0xc0) != 0x80) {
		term.text[term.row][term.column++] = c;
	}
}

static void draw(const char *p, size_t n)
{
	for (; n; n--, p++) {
		if (*p == '\033') {
			term.escape_len = 1;
		} else if (term.escape_len) {
			assert_in_range(term.escape_len, 1,
					sizeof(term.escape) - 2);
			term.escape[term.escape_len++ - 1] = *p;
			if (*p != '[' && *p >= '@') {
				term.escape[term.escape_len - 1] = '\0';
				term.escape_len = 0;
				do_escape(term.escape);
			}
		} else {
			do_char(*p);
		}
	}
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* Draws until that holds and there is no more: a screen comes in parts. */
static void draw_until(bool (*holds)(void))
{
	uint64_t end = now_ms() + TIMEOUT_MS;
	struct pollfd pfd = { .fd = term.fd, .events = POLLIN };
	bool held = false;
	char buf[4096];
	ssize_t n;

	for (;;) {
		assert_true(now_ms() < end);
		held = held || holds();
		if (poll(&pfd, 1, QUIET_MS) <= 0) {
			if (held)
				return;
			continue;
		}
		n = read(term.fd, buf, sizeof(buf));
		assert_true(n > 0);
		draw(buf, (size_t)n);
	}
}

static bool has_table(void)
{
	return term.homes && !strncmp(term.text[0], "NAME ", 5) &&
	       !term.escape_len;
}

static unsigned int homes_before;

static bool drawn_again(void)
{
	return term.homes > homes_before && has_table();
}

/* Of a screen that has room for no more. */
static bool has_letter(void)
{
	return term.homes > homes_before && term.text[0][0] == 'N' &&
	       !term.escape_len;
}

static bool is_left(void)
{
	return !term.other;
}

static bool is_entered(void)
{
	return term.other && drawn_again();
}

static int wait_status, wait_options;

static bool has_ended(void)
{
	return waitpid(term.pid, &wait_status, WNOHANG | wait_options) ==
	       term.pid;
}

static void resize(unsigned int rows, unsigned int columns)
{
	struct winsize size = { .ws_row = (unsigned short)rows,
				.ws_col = (unsigned short)columns };

	term.rows = rows;
	term.columns = columns;
	assert_int_equal(ioctl(term.fd, TIOCSWINSZ, &size), 0);
}

/* In the child: the terminal's foreground job, as a shell begins one. */
static void be_top(const char *args)
{
	char copy[64], *argv[8] = { (char *)"chaos", (char *)"top" };
	int argc = 2;
	char *rest, *word;

	setpgid(0, 0);
	signal(SIGTTOU, SIG_IGN);
	tcsetpgrp(term.tty, getpid());
	signal(SIGTTOU, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	dup2(term.tty, STDIN_FILENO);
	dup2(term.tty, STDOUT_FILENO);
	dup2(term.tty, STDERR_FILENO);
	snprintf(copy, sizeof(copy), "%s", args);
	for (word = strtok_r(copy, " ", &rest); word && argc < 7;
	     word = strtok_r(NULL, " ", &rest))
		argv[argc++] = word;
	_exit(cmd_main(argc, argv));
}

static void start(const char *args, unsigned int rows, unsigned int columns)
{
	unsigned int i;

	memset(&term, 0, sizeof(term));
	for (i = 0; i < MAX_ROWS; i++)
		clear_row(i, 0);
	term.fd = posix_openpt(O_RDWR | O_NOCTTY);
	assert_true(term.fd >= 0);
	assert_int_equal(grantpt(term.fd), 0);
	assert_int_equal(unlockpt(term.fd), 0);
	term.tty = open(ptsname(term.fd), O_RDWR | O_NOCTTY);
	assert_true(term.tty >= 0);
	assert_int_equal(ioctl(term.tty, TIOCSCTTY, 0), 0);
	resize(rows, columns);
	assert_int_equal(tcgetattr(term.tty, &term.before), 0);
	fflush(stdout);
	term.pid = fork();
	assert_true(term.pid >= 0);
	if (!term.pid)
		be_top(args);
	draw_until(has_table);
}

static void assert_terminal_is_as_before(void)
{
	struct termios now;

	assert_int_equal(tcgetattr(term.tty, &now), 0);
	assert_memory_equal(&now.c_lflag, &term.before.c_lflag,
			    sizeof(now.c_lflag));
	assert_memory_equal(now.c_cc, term.before.c_cc, sizeof(now.c_cc));
	assert_false(term.other);
	assert_false(term.hidden);
}

/* Until it ended, with that status, and left nothing on the terminal. */
static void finish(int status)
{
	wait_options = 0;
	draw_until(has_ended);
	assert_true(WIFEXITED(wait_status));
	assert_int_equal(WEXITSTATUS(wait_status), status);
	draw_until(is_left);
	assert_terminal_is_as_before();
	assert_int_equal(term.scrolled, 0);
	assert_int_equal(term.wrapped, 0);
	close(term.tty);
	close(term.fd);
}

static void type(char c)
{
	homes_before = term.homes;
	assert_int_equal(write(term.fd, &c, 1), 1);
}

static bool row_begins(unsigned int row, const char *text)
{
	return !strncmp(term.text[row], text, strlen(text));
}

static void test_keys(void **state)
{
	(void)state;
	/* No round but the first: what is drawn then, a key has drawn. */
	start("-d 1000", 24, 80);
	assert_true(term.other);
	assert_true(term.hidden);
	assert_true(row_begins(1, "Domain-0"));
	type('m');
	draw_until(drawn_again);
	assert_true(row_begins(1, "web3"));
	assert_true(row_begins(2, "web2"));
	type('d');
	draw_until(drawn_again);
	assert_true(row_begins(1, "Domain-0"));
	assert_true(row_begins(2, "web1"));
	type('n');
	draw_until(drawn_again);
	assert_true(row_begins(4, "web3"));
	type('x');	/* none of ours */
	type('c');
	draw_until(drawn_again);
	type('q');
	finish(EXIT_SUCCESS);
}

static void test_rounds(void **state)
{
	(void)state;
	start("-d 0.05 -n 3", 24, 80);
	finish(EXIT_SUCCESS);
	assert_int_equal(term.homes, 3);
}

/* More guests than rows, columns than fit; then other sizes. */
static void test_sizes(void **state)
{
	(void)state;
	start("--color=always -d 1000", 3, 20);
	assert_true(row_begins(2, "web1"));
	assert_true(row_begins(3, " "));
	homes_before = term.homes;
	resize(24, 100);
	draw_until(drawn_again);
	assert_true(row_begins(4, "web3"));
	assert_non_null(strstr(term.text[0], "VCPUS"));
	homes_before = term.homes;
	resize(2, 40);
	draw_until(drawn_again);
	homes_before = term.homes;
	resize(1, 1);
	draw_until(has_letter);
	type('q');
	finish(EXIT_SUCCESS);
}

static void test_signals(void **state)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		start("-d 1000", 24, 80);
		assert_int_equal(kill(term.pid, signals[i]), 0);
		finish(EXIT_SUCCESS);
	}
	start("-d 1000", 24, 80);
	type('\003');
	finish(EXIT_SUCCESS);
}

/* By its key, and by kill; continued, it is drawn again. */
static void test_stop(void **state)
{
	unsigned int i;

	(void)state;
	start("-d 1000", 24, 80);
	for (i = 0; i < 2; i++) {
		if (i)
			assert_int_equal(kill(term.pid, SIGTSTP), 0);
		else
			type('\032');
		wait_options = WUNTRACED;
		draw_until(has_ended);
		assert_true(WIFSTOPPED(wait_status));
		draw_until(is_left);
		assert_terminal_is_as_before();
		homes_before = term.homes;
		assert_int_equal(kill(term.pid, SIGCONT), 0);
		draw_until(is_entered);
		assert_true(row_begins(4, "web3"));
	}
	type('m');
	draw_until(drawn_again);
	assert_true(row_begins(1, "web3"));
	type('q');
	finish(EXIT_SUCCESS);
}

static int setup(void **state)
{
	int rc = fixture_setup(state);
	struct fixture *f = *state;
	char name[8];
	unsigned int i;

	if (rc)
		return rc;
	setenv("CHAOS_RUN_DIR", f->run_dir, 1);
	setenv("TERM", "xterm", 1);
	unsetenv("COLUMNS");
	fake_xen.domain[0].dom.pages = 1;
	for (i = 1; i <= NR_GUESTS; i++) {
		snprintf(name, sizeof(name), "web%u", i);
		fake_xen.domain[fixture_create(f, name, 0)].dom.pages =
			1000 * i;
	}
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	unsigned int i;

	for (i = 1; i <= NR_GUESTS; i++)
		chaos_destroy(f->ctx, i);
	return fixture_teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(test_keys),
		T(test_rounds),
		T(test_sizes),
		T(test_signals),
		T(test_stop),
	};
	pid_t pid = fork();
	int status;

	if (pid > 0)
		return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ?
		       WEXITSTATUS(status) : EXIT_FAILURE;
	/* The terminals are this session's, and go before it does. */
	if (pid || setsid() < 0)
		return EXIT_FAILURE;
	signal(SIGHUP, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

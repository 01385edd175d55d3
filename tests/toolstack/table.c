// SPDX-License-Identifier: BSD-2-Clause
/* What the command puts on a terminal: tables, colours, numbers. */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "options.h"
#include "table.h"

static const struct cmd_column columns[] = {
	{ "NAME", false }, { "N", true }, { "WHAT", false },
};

static char *print(unsigned int width, bool colour)
{
	struct cmd_table t;
	char *out = NULL;
	size_t size;
	FILE *f = open_memstream(&out, &size);

	cmd_table_init(&t, columns, 3);
	cmd_table_cell(&t, CMD_PLAIN, "%s", "web");
	cmd_table_cell(&t, CMD_PLAIN, "%d", 7);
	cmd_table_cell(&t, CMD_RED, "%s", "a long text");
	cmd_table_cell(&t, CMD_PLAIN, "%s", "caf\xc3\xa9s");
	cmd_table_cell(&t, CMD_PLAIN, "%d", 12345);
	cmd_table_cell(&t, CMD_PLAIN, "%s", "short");
	assert_int_equal(cmd_table_print(&t, f, width, colour), 0);
	fclose(f);
	return out;
}

static void assert_print(unsigned int width, bool colour, const char *text)
{
	char *out = print(width, colour);

	assert_string_equal(out, text);
	free(out);
}

static void test_width(void **state)
{
	(void)state;
	assert_print(0, false, "NAME       N  WHAT\n"
			       "web        7  a long text\n"
			       "caf\xc3\xa9s  12345  short\n");
	assert_print(80, false, "NAME       N  WHAT\n"
				"web        7  a long text\n"
				"caf\xc3\xa9s  12345  short\n");
	assert_print(20, false, "NAME       N  WHAT\n"
				"web        7  a lon\xe2\x80\xa6\n"
				"caf\xc3\xa9s  12345  short\n");
	/* No column is cut to nothing, however narrow the terminal is. */
	assert_print(1, false, "NAME       N  WHAT\n"
			       "web        7  a l\xe2\x80\xa6\n"
			       "caf\xc3\xa9s  12345  sho\xe2\x80\xa6\n");
}

static void test_colour(void **state)
{
	char *out = print(0, true);

	(void)state;
	assert_non_null(strstr(out, "\033[31ma long text\033[0m\n"));
	assert_non_null(strstr(out, "\033[1mNAME\033[0m"));
	free(out);
}

static void test_large(void **state)
{
	static const struct cmd_column one[] = { { "N", true } };
	struct cmd_table t;
	char *out = NULL;
	size_t i, size;
	FILE *f = open_memstream(&out, &size);

	(void)state;
	cmd_table_init(&t, one, 1);
	for (i = 0; i < 10000; i++)
		cmd_table_cell(&t, CMD_PLAIN, "%zu", i);
	assert_int_equal(cmd_table_print(&t, f, 0, false), 0);
	fclose(f);
	assert_int_equal(size, 10001 * 5);
	assert_string_equal(out + size - 5, "9999\n");
	free(out);
}

static void test_colour_wanted(void **state)
{
	enum cmd_colour_when when = CMD_COLOUR_NEVER;
	int fd[2];

	(void)state;
	assert_int_equal(pipe(fd), 0);
	setenv("TERM", "xterm", 1);
	unsetenv("NO_COLOR");
	assert_true(cmd_colour_parse("auto", &when));
	assert_false(cmd_colour_wanted(when, fd[1]));
	assert_int_equal(cmd_terminal_width(fd[1]), 0);
	assert_true(cmd_colour_parse("always", &when));
	assert_true(cmd_colour_wanted(when, fd[1]));
	assert_true(cmd_colour_parse("never", &when));
	assert_false(cmd_colour_wanted(when, fd[1]));
	assert_false(cmd_colour_parse("sometimes", &when));
	assert_int_equal(when, CMD_COLOUR_NEVER);
	close(fd[0]);
	close(fd[1]);
}

/* On a terminal: what it says of itself, then what the environment says. */
static void test_terminal(void **state)
{
	int pty = posix_openpt(O_RDWR | O_NOCTTY), tty;
	struct winsize size = { .ws_row = 24, .ws_col = 77 };

	(void)state;
	assert_true(pty >= 0);
	assert_int_equal(grantpt(pty), 0);
	assert_int_equal(unlockpt(pty), 0);
	tty = open(ptsname(pty), O_RDWR | O_NOCTTY);
	assert_true(tty >= 0);
	assert_int_equal(ioctl(pty, TIOCSWINSZ, &size), 0);
	unsetenv("COLUMNS");
	assert_int_equal(cmd_terminal_width(tty), 77);
	setenv("COLUMNS", "40", 1);
	assert_int_equal(cmd_terminal_width(tty), 40);
	setenv("COLUMNS", "many", 1);
	assert_int_equal(cmd_terminal_width(tty), 77);
	unsetenv("COLUMNS");
	setenv("TERM", "xterm", 1);
	unsetenv("NO_COLOR");
	assert_true(cmd_colour_wanted(CMD_COLOUR_AUTO, tty));
	setenv("NO_COLOR", "1", 1);
	assert_false(cmd_colour_wanted(CMD_COLOUR_AUTO, tty));
	unsetenv("NO_COLOR");
	setenv("TERM", "dumb", 1);
	assert_false(cmd_colour_wanted(CMD_COLOUR_AUTO, tty));
	close(tty);
	close(pty);
}

static void test_numbers(void **state)
{
	uint64_t n = 42;
	int ms = 42;

	(void)state;
	assert_true(cmd_parse_number("17", 1, 17, &n));
	assert_int_equal(n, 17);
	assert_false(cmd_parse_number("18", 1, 17, &n));
	assert_false(cmd_parse_number("0", 1, 17, &n));
	assert_false(cmd_parse_number("", 0, 17, &n));
	assert_false(cmd_parse_number("-1", 0, UINT64_MAX, &n));
	assert_false(cmd_parse_number(" 1", 0, 17, &n));
	assert_false(cmd_parse_number("1x", 0, 17, &n));
	assert_false(cmd_parse_number("99999999999999999999", 0, UINT64_MAX,
				      &n));
	assert_int_equal(n, 17);
	assert_true(cmd_parse_seconds("1.5", &ms));
	assert_int_equal(ms, 1500);
	assert_false(cmd_parse_seconds("", &ms));
	assert_false(cmd_parse_seconds("-1", &ms));
	assert_false(cmd_parse_seconds("nan", &ms));
	assert_false(cmd_parse_seconds("1e9", &ms));
	assert_false(cmd_parse_seconds("1s", &ms));
	assert_int_equal(ms, 1500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_colour),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_colour_wanted),
		cmocka_unit_test(test_terminal),
		cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

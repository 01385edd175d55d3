// SPDX-License-Identifier: BSD-2-Clause
/* chaos console, and what it makes of a guest's bytes and of keys. */
#include "cli.h"

#include <stdio.h>
#include <string.h>

#include <xen/io/console.h>

#include "cmd.h"
#include "escape.h"

static struct xencons_interface ring;

static void guest_says(const char *text)
{
	while (*text)
		ring.out[MASK_XENCONS_IDX(ring.out_prod++, ring.out)] = *text++;
}

void test_console(void **state)
{
	struct fixture *f = *state;
	char line[256], path[128], text[64] = "";
	uint32_t domid;
	FILE *file;

	memset(&ring, 0, sizeof(ring));
	fake_xen.console_page = &ring;
	domid = fixture_create(f, "web", 0);
	guest_says("hello\n");
	/* What nobody has read yet, and that once. */
	assert_int_equal(run(f, "console --once web"), 0);
	assert_string_equal(said.out, "hello\n");
	assert_int_equal(run(f, "console --once web"), 0);
	assert_string_equal(said.out, "");
	guest_says("more\n");
	assert_int_equal(run(f, "console -o - -t 0.05 web"), EXIT_TIMEOUT);
	assert_string_equal(said.out, "more\n");
	assert_non_null(strstr(said.err, "web: follow: it has not ended"));
	/* Into a file, behind what is in it. */
	snprintf(path, sizeof(path), "%s/log", f->dir);
	fixture_write(path, "old\n", 4);
	guest_says("bye\n");
	fake_xen.domain[domid].dom.shutdown = true;
	snprintf(line, sizeof(line), "console --output %s web", path);
	assert_int_equal(run(f, line), 0);
	assert_string_equal(said.out, "");
	assert_string_equal(said.err, "web has ended\n");
	file = fopen(path, "r");
	assert_int_equal(fread(text, 1, sizeof(text) - 1, file), 8);
	fclose(file);
	assert_string_equal(text, "old\nbye\n");
	snprintf(line, sizeof(line), "console -o %s/none/x web", f->dir);
	assert_int_equal(run(f, line), EXIT_FAILURE);
	guest_says("lost\n");
	assert_int_equal(run(f, "console -o /dev/full web"), EXIT_FAILURE);
	assert_non_null(strstr(said.err, "No space left"));
	assert_int_equal(run(f, "console --log web"), EXIT_FAILURE);
	assert_non_null(strstr(said.err, "start chaosd"));
	assert_int_equal(run(f, "console --follow web"), EXIT_USAGE);
	assert_int_equal(run(f, "console --once --log web"), EXIT_USAGE);
	assert_int_equal(run(f, "console --json web"), EXIT_USAGE);
	assert_int_equal(run(f, "console -e escape web"), EXIT_USAGE);
	assert_int_equal(run(f, "console -t -1 web"), EXIT_USAGE);
	assert_int_equal(run(f, "console nobody"), EXIT_FAILURE);
	assert_int_equal(run(f, "destroy web"), 0);
}

static void assert_escaped(const char *in, size_t size, const char *expected)
{
	char out[256];
	size_t cut, n;

	/* Wherever it is cut in two. */
	for (cut = 0; cut <= size; cut++) {
		struct cmd_escape e = { 0 };

		n = cmd_escape(&e, in, cut, out);
		n += cmd_escape(&e, in + cut, size - cut, out + n);
		n += cmd_escape_end(&e, out + n);
		out[n] = '\0';
		assert_string_equal(out, expected);
	}
}

#define assert_escapes(in, out) assert_escaped(in, sizeof(in) - 1, out)

void test_escape(void **state)
{
	(void)state;
	assert_escapes("a b~\tc\n", "a b~\tc\n");
	assert_escapes("a\r\nb\rc\r\r\n", "a\nb\\x0dc\\x0d\n");
	assert_escapes("\033[2J\0\177", "\\x1b[2J\\x00\\x7f");
	/* UTF-8, but for what controls a terminal. */
	assert_escapes("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
		       "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
	assert_escapes("\xc2\x9bm", "\\xc2\\x9bm");
	assert_escapes("\x9b|\xff", "\\x9b|\\xff");
	/* Too long, cut off, out of range. */
	assert_escapes("\xc1\x9b\xe0\x82\x9b", "\\xc1\\x9b\\xe0\\x82\\x9b");
	assert_escapes("\xe2\x82|\xe2", "\\xe2\\x82|\\xe2");
	assert_escapes("\xed\xa0\x80\xf4\x90\x80\x80",
		       "\\xed\\xa0\\x80\\xf4\\x90\\x80\\x80");
}

void test_keys(void **state)
{
	int key = 0;

	(void)state;
	assert_true(cmd_console_parse_key("^]", &key));
	assert_int_equal(key, 0x1d);
	assert_true(cmd_console_parse_key("^a", &key));
	assert_int_equal(key, 1);
	assert_true(cmd_console_parse_key("^@", &key));
	assert_int_equal(key, 0);
	assert_true(cmd_console_parse_key("^?", &key));
	assert_int_equal(key, 127);
	assert_true(cmd_console_parse_key("q", &key));
	assert_int_equal(key, 'q');
	assert_true(cmd_console_parse_key("^", &key));
	assert_int_equal(key, '^');
	assert_true(cmd_console_parse_key("none", &key));
	assert_true(key < 0);
	assert_false(cmd_console_parse_key("", &key));
	assert_false(cmd_console_parse_key("^1", &key));
	assert_false(cmd_console_parse_key("qq", &key));
	assert_false(cmd_console_parse_key("\xc3", &key));
}

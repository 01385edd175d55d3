// SPDX-License-Identifier: BSD-2-Clause
/* The console ring, with a guest that plays fair and one that does not. */
#include "fixture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <xen/io/console.h>

static struct xencons_interface ring;
static uint32_t the_domid;

static int setup(void **state)
{
	struct chaos_config *cfg;
	struct fixture *f;
	char text[256];

	if (fixture_setup(state))
		return -1;
	f = *state;
	memset(&ring, 0, sizeof(ring));
	fake_xen.console_page = &ring;
	snprintf(text, sizeof(text), "name=\"web\"\nkernel=\"%s\"\nmemory=4",
		 f->kernel);
	if (chaos_config_parse_string(f->ctx, "test", text, NULL, &cfg) ||
	    chaos_create(f->ctx, cfg, 0, &the_domid))
		return -1;
	chaos_config_free(cfg);
	return 0;
}

static void guest_says(const char *s)
{
	while (*s)
		ring.out[MASK_XENCONS_IDX(ring.out_prod++, ring.out)] = *s++;
}

static struct chaos_console *open_console(struct fixture *f)
{
	struct chaos_console *con;

	assert_int_equal(chaos_console_open(f->ctx, the_domid, &con), 0);
	return con;
}

static void test_output(void **state)
{
	struct chaos_console *con = open_console(*state);
	char buf[4096] = "";
	unsigned int i;

	assert_int_equal(chaos_console_read(con, buf, sizeof(buf)), 0);
	guest_says("hello");
	assert_int_equal(chaos_console_read(con, buf, 3), 3);
	assert_int_equal(chaos_console_read(con, buf + 3, 100), 2);
	assert_string_equal(buf, "hello");
	assert_int_equal(ring.out_cons, 5);
	/* Around the ring, and around the index. */
	for (i = 0; i < 1000; i++) {
		guest_says("0123456789");
		assert_int_equal(chaos_console_read(con, buf, sizeof(buf)), 10);
		assert_memory_equal(buf, "0123456789", 10);
	}
	chaos_console_close(con);
	ring.out_cons = ring.out_prod = 0xfffffffa;
	con = open_console(*state);
	guest_says("0123456789");
	assert_int_equal(chaos_console_read(con, buf, sizeof(buf)), 10);
	assert_memory_equal(buf, "0123456789", 10);
	chaos_console_close(con);
}

static void test_input(void **state)
{
	struct chaos_console *con = open_console(*state);
	char buf[4096];

	memset(buf, 'x', sizeof(buf));
	assert_int_equal(chaos_console_write(con, "ls\n", 3), 3);
	assert_memory_equal(ring.in, "ls\n", 3);
	assert_int_equal(ring.in_prod, 3);
	assert_int_equal(chaos_console_write(con, buf, sizeof(buf)),
			 sizeof(ring.in) - 3);
	assert_int_equal(chaos_console_write(con, buf, 1), 0);
	ring.in_cons += 5;
	assert_int_equal(chaos_console_write(con, buf, 100), 5);
	chaos_console_close(con);
}

/* Our own indices are ours, whatever is written over their copies. */
static void test_hostile(void **state)
{
	struct chaos_console *con = open_console(*state);
	char buf[64];

	guest_says("abc");
	ring.out_cons = 77;
	assert_int_equal(chaos_console_read(con, buf, sizeof(buf)), 3);
	assert_int_equal(ring.out_cons, 3);
	ring.out_prod = 3 + sizeof(ring.out) + 1;
	assert_int_equal(chaos_console_read(con, buf, sizeof(buf)), -EPROTO);
	ring.out_prod = 2;
	assert_int_equal(chaos_console_read(con, buf, sizeof(buf)), -EPROTO);
	ring.in_prod = 4711;
	assert_int_equal(chaos_console_write(con, "x", 1), 1);
	assert_int_equal(ring.in_prod, 1);
	ring.in_cons = 2;
	assert_int_equal(chaos_console_write(con, "x", 1), -EPROTO);
	chaos_console_close(con);
}

static void test_end(void **state)
{
	struct chaos_console *con = open_console(*state);
	char buf[64];

	/* Suspended is not the end. */
	fake_xen.domain[the_domid].dom.shutdown = true;
	fake_xen.domain[the_domid].dom.shutdown_code = 2;
	assert_int_equal(chaos_console_read(con, buf, sizeof(buf)), 0);
	fake_xen.domain[the_domid].dom.shutdown_code = 0;
	/* Its last words, then its end. */
	guest_says("bye");
	fake_xen.domain[the_domid].dom.shutdown = true;
	assert_int_equal(chaos_console_read(con, buf, sizeof(buf)), 3);
	assert_int_equal(chaos_console_read(con, buf, sizeof(buf)), -EPIPE);
	fake_xen.domain[the_domid].used = false;
	assert_int_equal(chaos_console_read(con, buf, sizeof(buf)), -EPIPE);
	/* Another with its domid is not it. */
	fake_xen.domain[the_domid].used = true;
	fake_xen.domain[the_domid].dom.shutdown = false;
	fake_xen.domain[the_domid].dom.uuid[2] ^= 1;
	assert_int_equal(chaos_console_read(con, buf, sizeof(buf)), -EPIPE);
	chaos_console_close(con);
	chaos_console_close(NULL);
}

static void test_open_errors(void **state)
{
	struct fixture *f = *state;
	struct chaos_console *con = NULL;
	unsigned int n;

	fake_xen.console_busy = true;
	assert_int_equal(chaos_console_open(f->ctx, the_domid, &con), -EBUSY);
	assert_error(f, "web: open console: it is in use");
	fake_xen.console_busy = false;
	assert_int_equal(chaos_console_open(f->ctx, 4711, &con), -ESRCH);
	assert_int_equal(chaos_console_open(f->ctx, 0, &con), -ENOENT);
	for (n = 1; ; n++) {
		fail_nth(n);
		if (!chaos_console_open(f->ctx, the_domid, &con))
			break;
		assert_true(fail_happened());
		assert_null(con);
		assert_int_equal(fake_xen.nr_consoles, 0);
	}
	assert_true(n > 4);
	chaos_console_close(con);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_output), T(test_input), T(test_hostile), T(test_end),
		T(test_open_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: BSD-2-Clause
/*
 * The runtime's small parsers and formatters: dates, addresses, words of the
 * command line, and the hash behind its random numbers.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "date.h"
#include "minios/boot.h"
#include "minios/net.h"
#include "minios/random.h"

static void expect_like_libc(uint64_t seconds)
{
	char want[DATE_LINE_MAX], part[DATE_LINE_MAX], got[DATE_LINE_MAX];
	time_t t = seconds;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(part, sizeof(part), "%A, %B ", &tm);
	strcpy(want, part);
	/* The day without a leading zero, as strftime has no word for it. */
	strftime(part, sizeof(part), "%d, %Y %H:%M:%S-UTC\r\n", &tm);
	strcat(want, part[0] == '0' ? part + 1 : part);
	assert_int_equal(date_line(seconds, got, sizeof(got)), strlen(want));
	assert_string_equal(got, want);
}

static void date_known(void **state)
{
	char buf[DATE_LINE_MAX];

	(void)state;
	date_line(1795222923, buf, sizeof(buf));
	assert_string_equal(buf, "Saturday, November 21, 2026 01:02:03-UTC\r\n");
	date_line(0, buf, sizeof(buf));
	assert_string_equal(buf, "Thursday, January 1, 1970 00:00:00-UTC\r\n");
	date_line(951782400, buf, sizeof(buf));
	assert_string_equal(buf, "Tuesday, February 29, 2000 00:00:00-UTC\r\n");
}

static void date_every_day(void **state)
{
	uint64_t day;

	(void)state;
	/* 1970 to 2400: two turns of the century that are no leap years. */
	for (day = 0; day < 157100; day++)
		expect_like_libc(day * 86400 + (day * 7919) % 86400);
}

static void date_far(void **state)
{
	char buf[DATE_LINE_MAX];

	(void)state;
	expect_like_libc(253402300799);		/* the last second of 9999 */
	/* A clock gone mad must not write past the buffer. */
	assert_true(date_line(UINT64_MAX, buf, sizeof(buf)) > 0);
	assert_non_null(memchr(buf, 0, sizeof(buf)));
}

static void address_good(void **state)
{
	static const uint8_t ip[4] = { 10, 0, 0, 2 }, gw[4] = { 10, 0, 0, 1 };
	static const uint8_t zero[4];
	struct net_address a;

	(void)state;
	assert_int_equal(net_address_parse("10.0.0.2/24", &a), 0);
	assert_memory_equal(a.ip, ip, 4);
	assert_memory_equal(a.gateway, zero, 4);
	assert_int_equal(a.prefix, 24);
	assert_false(a.dhcp || a.none);
	assert_int_equal(net_address_parse("10.0.0.2/0,10.0.0.1", &a), 0);
	assert_memory_equal(a.gateway, gw, 4);
	assert_int_equal(a.prefix, 0);
	assert_int_equal(net_address_parse("dhcp", &a), 0);
	assert_true(a.dhcp);
	assert_int_equal(net_address_parse("none", &a), 0);
	assert_true(a.none);
}

static void address_bad(void **state)
{
	static const char *const bad[] = {
		"", "10.0.0.2", "10.0.0.2/", "10.0.0.2/33", "10.0.0.256/24",
		"10.0.0/24", "10.0.0.2.3/24", "10.0.0.2/24,", "x10.0.0.2/24",
		"10.0.0.2/24,10.0.0.1x", "10.0.0.2/24 ", "-1.0.0.1/8", "+1.0.0.1/8",
		"10..0.1/8", "10.0.0.2/24,10.0.0", "dhcp ", "10.0.0.99999999999999999999/8",
	};
	struct net_address a = { .prefix = 77 };
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (net_address_parse(bad[i], &a) != -EINVAL)
			fail_msg("'%s' was taken", bad[i]);
	assert_int_equal(a.prefix, 77);
}

static void option_words(void **state)
{
	const char *line = "  ip2=b quiet ip=10.0.0.2/24  xip=c empty= last=z";
	char value[16];

	(void)state;
	assert_true(boot_option(line, "ip", value, sizeof(value)));
	assert_string_equal(value, "10.0.0.2/24");
	assert_true(boot_option(line, "ip2", value, sizeof(value)));
	assert_string_equal(value, "b");
	assert_true(boot_option(line, "last", value, sizeof(value)));
	assert_string_equal(value, "z");
	assert_true(boot_option(line, "empty", value, sizeof(value)));
	assert_string_equal(value, "");
	assert_false(boot_option(line, "quiet", value, sizeof(value)));
	assert_false(boot_option(line, "i", value, sizeof(value)));
	assert_false(boot_option("", "ip", value, sizeof(value)));
	assert_false(boot_option("   ", "ip", value, sizeof(value)));
	assert_true(boot_option(line, "ip", value, 4));
	assert_string_equal(value, "10.");
}

static void siphash_vectors(void **state)
{
	static const uint64_t key[2] = {
		0x0706050403020100, 0x0f0e0d0c0b0a0908,
	};

	(void)state;
	/* From the reference implementation: 0, 8 and 16 bytes 00 01 02 ... */
	assert_true(siphash(key, key, 0) == 0x726fdb47dd0e0e31);
	assert_true(siphash(key, key, 1) == 0x93f5f5799a932462);
	assert_true(siphash(key, key, 2) == 0x3f2acc7f57c29bdb);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(date_known),
		cmocka_unit_test(date_every_day),
		cmocka_unit_test(date_far),
		cmocka_unit_test(address_good),
		cmocka_unit_test(address_bad),
		cmocka_unit_test(option_words),
		cmocka_unit_test(siphash_vectors),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("minios-text", tests, NULL, NULL);
}

// SPDX-License-Identifier: BSD-2-Clause
/*
 * The runtime's own C library against the host's.
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The functions under test by other names; the headers above are the host's. */
int mini_vsnprintf(char *buf, size_t size, const char *fmt, va_list ap);
int mini_snprintf(char *buf, size_t size, const char *fmt, ...);
unsigned long mini_strtoul(const char *s, char **end, int base);
long mini_strtol(const char *s, char **end, int base);
void *mini_memcpy(void *restrict dst, const void *restrict src, size_t n);
void *mini_memmove(void *dst, const void *src, size_t n);
void *mini_memset(void *dst, int c, size_t n);
int mini_memcmp(const void *a, const void *b, size_t n);
void *mini_memchr(const void *s, int c, size_t n);
size_t mini_strlen(const char *s);
size_t mini_strnlen(const char *s, size_t max);
int mini_strcmp(const char *a, const char *b);
int mini_strncmp(const char *a, const char *b, size_t n);
char *mini_strchr(const char *s, int c);
size_t mini_strlcpy(char *dst, const char *src, size_t size);

#define strtoul mini_strtoul
#define strtol mini_strtol
/* NOLINTNEXTLINE(bugprone-suspicious-include): under other names */
#include "../../minios-port/libc/strtol.c"
#undef strtoul
#undef strtol

#define vsnprintf mini_vsnprintf
#define snprintf mini_snprintf
#define truncate mini_truncate
/* NOLINTNEXTLINE(bugprone-suspicious-include): under other names */
#include "../../minios-port/libc/printf.c"
#undef vsnprintf
#undef snprintf

#define memcpy mini_memcpy
#define memmove mini_memmove
#define memset mini_memset
#define memcmp mini_memcmp
#define memchr mini_memchr
#define strlen mini_strlen
#define strnlen mini_strnlen
#define strcmp mini_strcmp
#define strncmp mini_strncmp
#define strchr mini_strchr
#define strlcpy mini_strlcpy
/* NOLINTNEXTLINE(bugprone-suspicious-include): under other names */
#include "../../minios-port/libc/string.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef memchr
#undef strlen
#undef strnlen
#undef strcmp
#undef strncmp
#undef strchr
#undef strlcpy

#define same(...) do {							\
	char a_[200], b_[200];						\
	int n_ = snprintf(a_, sizeof(a_), __VA_ARGS__);			\
									\
	assert_int_equal(mini_snprintf(b_, sizeof(b_), __VA_ARGS__), n_); \
	assert_string_equal(b_, a_);					\
} while (0)

static void printf_like_host(void **state)
{
	(void)state;
	same("plain %% text");
	same("%d %i %u %x %X", -5, 7, 4000000000u, 0xbeefu, 0xbeefu);
	same("%d %d", INT_MIN, INT_MAX);
	same("%ld %lu %lx", LONG_MIN, ULONG_MAX, ULONG_MAX);
	same("%lld %llu %zu", LLONG_MIN, ULLONG_MAX, SIZE_MAX);
	same("%hhu %hu %hhd %hd", 0x1ff, 0x1ffff, 0x80, 0x8000);
	same("[%5d] [%-5d] [%05d]", 42, 42, 42);
	same("[%5d] [%05d]", -42, -42);
	same("[%8x] [%08lx] [%-8X]", 0xabcu, 0xabcul, 0xabcu);
	same("[%s] [%8s] [%-8s] [%.3s] [%8.3s]", "hello", "hello", "hello",
	     "hello", "hello");
	same("[%c] [%3c] [%-3c]", 'a', 'b', 'c');
	same("%p", (void *)0x1234);
	same("%s", "");
}

static void printf_bounds(void **state)
{
	char buf[8], guard[8];

	(void)state;
	memset(buf, 'x', sizeof(buf));
	memset(guard, 'x', sizeof(guard));
	assert_int_equal(mini_snprintf(buf, 4, "%s", "abcdefgh"), 8);
	assert_string_equal(buf, "abc");
	assert_memory_equal(buf + 4, guard, 4);
	assert_int_equal(mini_snprintf(buf, 1, "%d", 12345), 5);
	assert_string_equal(buf, "");
	memset(buf, 'x', sizeof(buf));
	assert_int_equal(mini_snprintf(buf, 0, "%d", 12345), 5);
	assert_memory_equal(buf, guard, 8);
	/* A format that ends in the middle of a conversion. */
	mini_snprintf(buf, sizeof(buf), "ab%5");
	assert_string_equal(buf, "ab");
}

static void number_same(const char *s, int base)
{
	char *e1, *e2;

	assert_true(mini_strtoul(s, &e1, base) == strtoul(s, &e2, base));
	assert_ptr_equal(e1, e2);
	assert_true(mini_strtol(s, &e1, base) == strtol(s, &e2, base));
	assert_ptr_equal(e1, e2);
}

static void numbers_like_host(void **state)
{
	static const char *const text[] = {
		"", " ", "x", "0", "00", "017", "08", "0x", "0xg", "0x1f", "0XfF",
		"12ab", "-1", "+5", "- 5", "--5", " \t\n42", "9223372036854775807",
		"9223372036854775808", "-9223372036854775808",
		"-9223372036854775809", "18446744073709551615",
		"18446744073709551616", "99999999999999999999999", "zz", "7fz",
	};
	static const int bases[] = { 0, 2, 8, 10, 16, 36 };
	unsigned int i, b;

	(void)state;
	for (i = 0; i < sizeof(text) / sizeof(text[0]); i++)
		for (b = 0; b < sizeof(bases) / sizeof(bases[0]); b++)
			number_same(text[i], bases[b]);
}

static void memory_every_length(void **state)
{
	unsigned char src[80], a[80], b[80];
	size_t n, off;

	(void)state;
	for (n = 0; n < sizeof(src); n++)
		src[n] = n * 37 + 1;
	for (n = 0; n <= 64; n++) {
		for (off = 0; off < 9; off++) {
			memset(a, 0xaa, sizeof(a));
			memset(b, 0xaa, sizeof(b));
			memcpy(a + off, src + 3, n);
			assert_ptr_equal(mini_memcpy(b + off, src + 3, n), b + off);
			assert_memory_equal(a, b, sizeof(a));
			memset(a + off, n, n);
			assert_ptr_equal(mini_memset(b + off, n, n), b + off);
			assert_memory_equal(a, b, sizeof(a));
		}
	}
}

static void memmove_overlaps(void **state)
{
	unsigned char a[64], b[64];
	size_t from, to, n;

	(void)state;
	for (from = 0; from < 20; from++) {
		for (to = 0; to < 20; to++) {
			for (n = 0; n < 40; n += 3) {
				size_t i;

				for (i = 0; i < sizeof(a); i++)
					a[i] = b[i] = i;
				memmove(a + to, a + from, n);
				mini_memmove(b + to, b + from, n);
				assert_memory_equal(a, b, sizeof(a));
			}
		}
	}
}

static int sign(int x)
{
	return (x > 0) - (x < 0);
}

static void strings_like_host(void **state)
{
	static const char *const text[] = {
		"", "a", "ab", "abc", "abd", "b", "\xff", "ab\xff",
	};
	unsigned int i, j, n;
	char buf[8];

	(void)state;
	for (i = 0; i < 8; i++) {
		assert_int_equal(mini_strlen(text[i]), strlen(text[i]));
		assert_int_equal(mini_strnlen(text[i], 2), strnlen(text[i], 2));
		assert_ptr_equal(mini_strchr(text[i], 'b'), strchr(text[i], 'b'));
		assert_ptr_equal(mini_strchr(text[i], 0), strchr(text[i], 0));
		assert_ptr_equal(mini_memchr(text[i], 'b', strlen(text[i])),
				 memchr(text[i], 'b', strlen(text[i])));
		for (j = 0; j < 8; j++) {
			assert_int_equal(sign(mini_strcmp(text[i], text[j])),
					 sign(strcmp(text[i], text[j])));
			for (n = 0; n < 5; n++)
				assert_int_equal(
					sign(mini_strncmp(text[i], text[j], n)),
					sign(strncmp(text[i], text[j], n)));
		}
	}
	assert_int_equal(sign(mini_memcmp("a\0b", "a\0c", 3)), -1);
	assert_int_equal(mini_strlcpy(buf, "abcdefghij", sizeof(buf)), 10);
	assert_string_equal(buf, "abcdefg");
	assert_int_equal(mini_strlcpy(buf, "xy", sizeof(buf)), 2);
	assert_string_equal(buf, "xy");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(printf_like_host),
		cmocka_unit_test(printf_bounds),
		cmocka_unit_test(numbers_like_host),
		cmocka_unit_test(memory_every_length),
		cmocka_unit_test(memmove_overlaps),
		cmocka_unit_test(strings_like_host),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("minios-libc", tests, NULL, NULL);
}

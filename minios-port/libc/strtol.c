// SPDX-License-Identifier: BSD-2-Clause
/*
 * Numbers from text.
 */
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 10;
	return 99;
}

static const char *skip_space(const char *s)
{
	while (*s == ' ' || (*s >= '\t' && *s <= '\r'))
		s++;
	return s;
}

/* Digits only; *end is s if there are none. */
static unsigned long digits(const char *s, const char **end, int base)
{
	unsigned long value = 0;
	bool over = false;

	if ((base == 0 || base == 16) && s[0] == '0' &&
	    (s[1] == 'x' || s[1] == 'X') && digit(s[2]) < 16) {
		s += 2;
		base = 16;
	} else if (base == 0) {
		base = s[0] == '0' ? 8 : 10;
	}
	*end = s;
	for (; digit(*s) < base; *end = ++s) {
		if (__builtin_mul_overflow(value, (unsigned long)base, &value) ||
		    __builtin_add_overflow(value, (unsigned long)digit(*s),
					   &value))
			over = true;
	}
	return over ? ULONG_MAX : value;
}

unsigned long strtoul(const char *s, char **end, int base)
{
	const char *p = skip_space(s), *stop;
	bool neg = *p == '-';
	unsigned long value;

	if (*p == '-' || *p == '+')
		p++;
	value = digits(p, &stop, base);
	if (end)
		*end = (char *)(stop == p ? s : stop);
	return neg && value != ULONG_MAX ? -value : value;
}

long strtol(const char *s, char **end, int base)
{
	const char *p = skip_space(s), *stop;
	bool neg = *p == '-';
	unsigned long value;

	if (*p == '-' || *p == '+')
		p++;
	value = digits(p, &stop, base);
	if (end)
		*end = (char *)(stop == p ? s : stop);
	if (neg)
		return value > (unsigned long)LONG_MAX ? LONG_MIN :
							 -(long)value;
	return value > (unsigned long)LONG_MAX ? LONG_MAX : (long)value;
}

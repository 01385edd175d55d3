// SPDX-License-Identifier: BSD-2-Clause
/*
 * Seconds since 1970 as a date in words.
 */
#include <stdio.h>

#include "date.h"

#define DAY		86400u
#define DAYS_400_YEARS	146097u
#define DAYS_100_YEARS	36524u
#define DAYS_4_YEARS	1461u
#define DAYS_YEAR	365u
/* From 1 March 0000 to 1 January 1970. */
#define DAYS_TO_1970	719468u

static const char *const weekdays[] = {
	"Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday",
	"Wednesday",
};

/* Years begin in March here: the leap day is the last of its year. */
static const char *const months[] = {
	"March", "April", "May", "June", "July", "August", "September",
	"October", "November", "December", "January", "February",
};

struct date {
	unsigned int year, month, day;	/* month 0 is March */
};

static struct date date_of(uint64_t days)
{
	uint64_t d = days + DAYS_TO_1970, rest;
	unsigned int c, q, y, m;
	struct date out;

	out.year = 400 * (d / DAYS_400_YEARS);
	rest = d % DAYS_400_YEARS;
	c = rest / DAYS_100_YEARS;
	if (c == 4)			/* 29 February of the 400th year */
		c = 3;
	rest -= c * DAYS_100_YEARS;
	q = rest / DAYS_4_YEARS;
	rest -= q * DAYS_4_YEARS;
	y = rest / DAYS_YEAR;
	if (y == 4)			/* 29 February of the fourth year */
		y = 3;
	rest -= y * DAYS_YEAR;
	out.year += 100 * c + 4 * q + y;
	/* March, May, ... : 153 days every five months. */
	m = (5 * rest + 2) / 153;
	out.month = m;
	out.day = rest - (153 * m + 2) / 5 + 1;
	if (m >= 10)
		out.year++;
	return out;
}

int date_line(uint64_t seconds, char *buf, size_t size)
{
	uint64_t days = seconds / DAY;
	unsigned int s = seconds % DAY;
	struct date d = date_of(days);

	return snprintf(buf, size, "%s, %s %u, %u %02u:%02u:%02u-UTC\r\n",
			weekdays[days % 7], months[d.month], d.day, d.year,
			s / 3600, s / 60 % 60, s % 60);
}

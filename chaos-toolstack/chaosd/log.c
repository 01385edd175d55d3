// SPDX-License-Identifier: BSD-2-Clause
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "log.h"

static int max_level = LOG_INFO, is_syslog, is_journal;

void log_open(int level, int to_syslog)
{
	max_level = level;
	is_syslog = to_syslog;
	is_journal = !to_syslog && getenv("JOURNAL_STREAM");
	if (to_syslog)
		openlog("chaosd", LOG_PID, LOG_DAEMON);
}

void log_line(int level, const char *format, ...)
{
	char text[512];
	va_list ap;

	if (level > max_level)
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	if (is_syslog)
		syslog(level, "%s", text);
	else if (is_journal)
		fprintf(stderr, "<%d>%s\n", level, text);
	else
		fprintf(stderr, "chaosd: %s\n", text);
}

// SPDX-License-Identifier: BSD-2-Clause
/*
 * Messages.  The level and the place they go to are the process's only global
 * state: set once at the start, read by all.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "log.h"

static const char *const level_name[] = {
	"error", "warning", "info", "debug"
};

static enum nbl_level log_max = NBL_INFO;
static bool log_syslog;

int nbl_log_parse(const char *name, enum nbl_level *out)
{
	char digit[2] = "0";
	unsigned int i;

	for (i = 0; i < sizeof(level_name) / sizeof(level_name[0]); i++) {
		digit[0] = (char)('0' + i);
		if (!strcmp(name, level_name[i]) || !strcmp(name, digit)) {
			*out = (enum nbl_level)i;
			return 0;
		}
	}
	return -EINVAL;
}

void nbl_log_start(enum nbl_level max, bool to_syslog)
{
	log_max = max;
	log_syslog = to_syslog;
	/* At once: later there may be no descriptor left to say so. */
	if (to_syslog)
		openlog("netback-lite", LOG_PID | LOG_NDELAY, LOG_DAEMON);
}

void nbl_log(enum nbl_level level, const char *fmt, ...)
{
	static const int prio[] = {
		LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG
	};
	char line[256];
	va_list ap;

	if (level > log_max)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (log_syslog)
		syslog(prio[level], "%s", line);
	else
		fprintf(stderr, "netback-lite: %s%s\n",
			level <= NBL_WARN ? level == NBL_WARN ? "warning: "
							      : "error: "
					  : "", line);
}

const char *nbl_strerror(int rc)
{
	if (rc == -ESRCH)
		return "No such domain";
	return strerror(-rc);
}

int nbl_fail(char err[NBL_ERROR_SIZE], int rc, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(err, NBL_ERROR_SIZE, fmt, ap);
	va_end(ap);
	if (n >= 0 && n < NBL_ERROR_SIZE)
		snprintf(err + n, (size_t)(NBL_ERROR_SIZE - n), ": %s",
			 nbl_strerror(rc));
	return rc;
}

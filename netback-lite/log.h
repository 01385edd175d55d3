/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log.h owns what netback-lite says: one line an event, to stderr or syslog.
 * What a guest can cause is logged at most once per life of its vif.
 */
#ifndef NBL_LOG_H
#define NBL_LOG_H

#include <stdbool.h>
#include <stddef.h>

enum nbl_level {
	NBL_ERROR = 0,		/* something does not work */
	NBL_WARN = 1,		/* a guest lies, or less works than asked for */
	NBL_INFO = 2,		/* life cycle */
	NBL_DEBUG = 3,		/* each attach, connect and detach */
};

/* "error", "warning", "info", "debug" or the number.  -EINVAL. */
int nbl_log_parse(const char *name, enum nbl_level *out);
void nbl_log_start(enum nbl_level max, bool to_syslog);

void nbl_log(enum nbl_level level, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The text of an error reply: "<what>: <why>".  Returns rc. */
#define NBL_ERROR_SIZE	120
int nbl_fail(char err[NBL_ERROR_SIZE], int rc, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* strerror() in the words of this program; rc is -errno. */
const char *nbl_strerror(int rc);

#endif

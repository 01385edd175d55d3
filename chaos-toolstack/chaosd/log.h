/* SPDX-License-Identifier: BSD-2-Clause */
/* log.h: one line a message: to stderr, with a level for the journal when it is
 * that, or to syslog. */
#ifndef CHAOSD_LOG_H
#define CHAOSD_LOG_H

#include <syslog.h>

/* level: LOG_ERR ... LOG_DEBUG of syslog.h. */
void log_open(int level, int to_syslog);
void log_line(int level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* options.h: the command line of chaosd. */
#ifndef CHAOSD_OPTIONS_H
#define CHAOSD_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct options {
	const char *config_dir;		/* of flavours */
	const char *jit_dir;
	const char *pidfile;		/* NULL: none */
	uint32_t reserve_mb, image_cache_mb;
	unsigned int restart_limit;	/* 0: guests that end are left alone */
	unsigned int restart_seconds;
	uint32_t console_kb;		/* of each guest's; 0: left alone */
	bool journal;			/* what guests say goes there too */
	bool daemon;
	int level;			/* of syslog.h */
};

/* 0 go on; 1 there is nothing more to do, *status is the exit status. */
int options_parse(int argc, char **argv, struct options *out, int *status);

#endif

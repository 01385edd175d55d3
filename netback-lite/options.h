/* SPDX-License-Identifier: BSD-2-Clause */
/* options.h owns the command line. */
#ifndef NBL_OPTIONS_H
#define NBL_OPTIONS_H

#include "log.h"

struct nbl_options {
	const char *socket;
	const char *pidfile;	/* NULL: none */
	const char *metrics;	/* NULL: none */
	unsigned int metrics_s;	/* how often they are written */
	const char *user;	/* NULL: the usual one */
	bool no_sandbox;
	bool switches;		/* frames from guest to guest */
	unsigned int threads;	/* 1 to NBL_MAX_SHARDS */
	bool daemon;
	bool detach_all;	/* and no more */
	enum nbl_level level;
};

/*
 * 0: go on; > 0: exit with *status (help, version, or an error that has been
 * printed).  Strings stay argv's.
 */
int nbl_options_parse(int argc, char **argv, struct nbl_options *out,
		      int *status);

#endif

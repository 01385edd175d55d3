/* SPDX-License-Identifier: BSD-2-Clause */
/* options.h owns the command line. */
#ifndef NBL_OPTIONS_H
#define NBL_OPTIONS_H

#include "log.h"

struct nbl_options {
	const char *socket;
	const char *pidfile;	/* NULL: none */
	bool daemon;
	enum nbl_level level;
};

/*
 * 0: go on; > 0: exit with *status (help, version, or an error that has been
 * printed).  Strings stay argv's.
 */
int nbl_options_parse(int argc, char **argv, struct nbl_options *out,
		      int *status);

#endif

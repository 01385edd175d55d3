// SPDX-License-Identifier: BSD-2-Clause
/* The command line. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include <noxs/netback.h>

#include "options.h"

static const char usage[] =
"Usage: netback-lite [OPTION]...\n"
"Network backend for guests that find their devices through noxs.\n"
"\n"
"  -s, --socket PATH      listen there (default " NOXS_NETBACK_SOCKET ")\n"
"  -D, --daemon           go to the background when ready; log to syslog\n"
"  -f, --foreground       stay (default); log to stderr\n"
"  -p, --pidfile PATH     write the process's number there\n"
"  -l, --log-level LEVEL  error, warning, info (default) or debug\n"
"  -h, --help             this text\n"
"  -V, --version\n"
"\n"
"The process makes a TAP for each vif and puts it on a bridge that exists:\n"
"\n"
"  ip link add xenbr0 type bridge && ip link set xenbr0 up\n"
"  netback-lite --daemon\n"
"  chaos create web.cfg       # with vif = [ \"bridge=xenbr0\" ]\n"
"\n"
"On SIGTERM it takes all its vifs from their guests and exits.\n";

static const struct option long_options[] = {
	{ "socket",	required_argument, NULL, 's' },
	{ "daemon",	no_argument,	   NULL, 'D' },
	{ "foreground",	no_argument,	   NULL, 'f' },
	{ "pidfile",	required_argument, NULL, 'p' },
	{ "log-level",	required_argument, NULL, 'l' },
	{ "help",	no_argument,	   NULL, 'h' },
	{ "version",	no_argument,	   NULL, 'V' },
	{ NULL,		0,		   NULL, 0 },
};

static int stop(int *status, int code)
{
	*status = code;
	return 1;
}

int nbl_options_parse(int argc, char **argv, struct nbl_options *out,
		      int *status)
{
	int c;

	*out = (struct nbl_options){
		.socket = NOXS_NETBACK_SOCKET,
		.level = NBL_INFO,
	};
	while ((c = getopt_long(argc, argv, "s:Dfp:l:hV", long_options,
				NULL)) != -1) {
		switch (c) {
		case 's':
			out->socket = optarg;
			break;
		case 'D':
			out->daemon = true;
			break;
		case 'f':
			out->daemon = false;
			break;
		case 'p':
			out->pidfile = optarg;
			break;
		case 'l':
			if (!nbl_log_parse(optarg, &out->level))
				break;
			fprintf(stderr, "netback-lite: log level %s: unknown\n",
				optarg);
			return stop(status, EXIT_FAILURE);
		case 'h':
			fputs(usage, stdout);
			return stop(status, EXIT_SUCCESS);
		case 'V':
			puts("netback-lite " NBL_VERSION);
			return stop(status, EXIT_SUCCESS);
		default:
			fputs("Try 'netback-lite --help'.\n", stderr);
			return stop(status, EXIT_FAILURE);
		}
	}
	if (optind < argc) {
		fprintf(stderr, "netback-lite: unexpected argument %s\n",
			argv[optind]);
		return stop(status, EXIT_FAILURE);
	}
	return 0;
}

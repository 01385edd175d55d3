// SPDX-License-Identifier: BSD-2-Clause
/* The command line. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include <noxs/netback.h>

#include "metrics.h"
#include "options.h"
#include "shard.h"

static const char usage[] =
"Usage: netback-lite [OPTION]...\n"
"       netback-lite stats [OPTION]... [DOMID[.VIF]]\n"
"Network backend for guests that find their devices through noxs.\n"
"\n"
"  -s, --socket PATH      listen there (default " NOXS_NETBACK_SOCKET ")\n"
"  -D, --daemon           go to the background when ready; log to syslog\n"
"  -f, --foreground       stay (default); log to stderr\n"
"  -m, --metrics FILE     keep the counters in FILE, for Prometheus\n"
"  -i, --metrics-interval SECONDS\n"
"                         how often it is written (default 15)\n"
"  -p, --pidfile PATH     write the process's number there\n"
"  -u, --user NAME        who it is when it serves (default netback-lite,\n"
"                         or nobody where there is no such user)\n"
"      --switch           frames from guest to guest go without the bridge,\n"
"                         and its rules (nftables, tc, isolated ports)\n"
"      --threads NUMBER   share the guests among so many (default 1, at most 16)\n"
"      --no-sandbox       it stays root, and may do all that root may\n"
"  -l, --log-level LEVEL  error, warning, info (default) or debug\n"
"      --detach-all       remove what an earlier process left, and exit\n"
"  -h, --help             this text\n"
"  -V, --version\n"
"\n"
"The process makes a TAP for each vif and puts it on a bridge that exists:\n"
"\n"
"  ip link add xenbr0 type bridge && ip link set xenbr0 up\n"
"  netback-lite --daemon\n"
"  chaos create web.cfg       # with vif = [ \"bridge=xenbr0\" ]\n"
"\n"
"When it ends, on SIGTERM or otherwise, its vifs stay: the next process of\n"
"this domain serves them.\n";

/* Without a letter. */
#define DETACH_ALL	256
#define NO_SANDBOX	257
#define SWITCH		258
#define THREADS		259

static const struct option long_options[] = {
	{ "socket",	required_argument, NULL, 's' },
	{ "daemon",	no_argument,	   NULL, 'D' },
	{ "foreground",	no_argument,	   NULL, 'f' },
	{ "metrics",	required_argument, NULL, 'm' },
	{ "metrics-interval", required_argument, NULL, 'i' },
	{ "pidfile",	required_argument, NULL, 'p' },
	{ "user",	required_argument, NULL, 'u' },
	{ "switch",	no_argument,	   NULL, SWITCH },
	{ "threads",	required_argument, NULL, THREADS },
	{ "no-sandbox",	no_argument,	   NULL, NO_SANDBOX },
	{ "log-level",	required_argument, NULL, 'l' },
	{ "detach-all",	no_argument,	   NULL, DETACH_ALL },
	{ "help",	no_argument,	   NULL, 'h' },
	{ "version",	no_argument,	   NULL, 'V' },
	{ NULL,		0,		   NULL, 0 },
};

static int parse_number(const char *text, unsigned int max, unsigned int *out)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || !n || n > max)
		return -EINVAL;
	*out = (unsigned int)n;
	return 0;
}

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
		.metrics_s = 15,
		.threads = 1,
	};
	while ((c = getopt_long(argc, argv, "s:Dfm:i:p:u:l:hV", long_options,
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
		case 'm':
			out->metrics = optarg;
			break;
		case 'i':
			if (!parse_number(optarg, NBL_METRICS_MAX_S,
					  &out->metrics_s))
				break;
			fprintf(stderr, "netback-lite: interval %s: not within 1..%u seconds\n",
				optarg, NBL_METRICS_MAX_S);
			return stop(status, EXIT_FAILURE);
		case 'u':
			out->user = optarg;
			break;
		case SWITCH:
			out->switches = true;
			break;
		case THREADS:
			if (!parse_number(optarg, NBL_MAX_SHARDS,
					  &out->threads))
				break;
			fprintf(stderr, "netback-lite: threads %s: not within 1..%u\n",
				optarg, NBL_MAX_SHARDS);
			return stop(status, EXIT_FAILURE);
		case NO_SANDBOX:
			out->no_sandbox = true;
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
		case DETACH_ALL:
			out->detach_all = true;
			break;
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

// SPDX-License-Identifier: BSD-2-Clause
/* The command line. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include <chaos.h>

#include "options.h"
#include "watcher.h"

#define CONFIG_DIR "/etc/chaos/flavours"
#define MAX_CONSOLE_KB 4096u
#define JIT_DIR "/etc/chaos/jit"

static const char usage[] =
"Usage: chaosd [OPTION]...\n"
"Keeps spare domains, so that chaos create has only the rest to do, and sees to\n"
"guests that end.\n"
"\n"
"  -c, --config DIR       flavours, DIR/*.cfg (default " CONFIG_DIR ")\n"
"  -J, --jit DIR          guests that are made when somebody calls, DIR/*.cfg\n"
"                         (default " JIT_DIR "); see chaos jit --help\n"
"  -r, --reserve MB       of Xen's memory, that spares leave alone (64)\n"
"  -i, --image-cache MB   for kernels that are kept ready (64)\n"
"  -w, --watch N/SECONDS  guests that end are destroyed or restarted as they are\n"
"                         configured, at most N times in SECONDS (5/60);\n"
"                         0: they are left alone\n"
"  -b, --console-log KB   of what each guest says on its console (16); 0: consoles\n"
"                         are left alone\n"
"  -j, --journal          that goes to the systemd journal too\n"
"  -D, --daemon           go to the background when ready; log to syslog\n"
"  -f, --foreground       stay (default); log to stderr\n"
"  -p, --pidfile PATH     write the process's number there\n"
"  -l, --log-level LEVEL  error, warning, info (default) or debug\n"
"  -h, --help             this text\n"
"  -V, --version\n"
"\n"
"A flavour is what its spares have:\n"
"\n"
"  name = \"small\"\n"
"  memory = 4\n"
"  vif = [ \"bridge=xenbr0\" ]\n"
"  spares_high = 16\n"
"\n"
"chaos create takes a spare by itself whenever one fits.\n"
"See also: chaos pool --help\n";

static const struct option long_options[] = {
	{ "config",	 required_argument, NULL, 'c' },
	{ "jit",	 required_argument, NULL, 'J' },
	{ "reserve",	 required_argument, NULL, 'r' },
	{ "image-cache", required_argument, NULL, 'i' },
	{ "watch",	 required_argument, NULL, 'w' },
	{ "console-log", required_argument, NULL, 'b' },
	{ "journal",	 no_argument,	    NULL, 'j' },
	{ "daemon",	 no_argument,	    NULL, 'D' },
	{ "foreground",	 no_argument,	    NULL, 'f' },
	{ "pidfile",	 required_argument, NULL, 'p' },
	{ "log-level",	 required_argument, NULL, 'l' },
	{ "help",	 no_argument,	    NULL, 'h' },
	{ "version",	 no_argument,	    NULL, 'V' },
	{ NULL,		 0,		    NULL, 0 },
};

static bool parse_mb(const char *what, const char *text, uint32_t *out)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (errno || end == text || *end || *text == '-' || n > 1u << 20) {
		fprintf(stderr, "chaosd: %s %s: not a number of MB\n", what,
			text);
		return false;
	}
	*out = (uint32_t)n;
	return true;
}

static bool parse_watch(const char *text, struct options *out)
{
	unsigned int n, seconds;
	char end;

	if (!strcmp(text, "0")) {
		out->restart_limit = 0;
		return true;
	}
	if (sscanf(text, "%u/%u%c", &n, &seconds, &end) == 2 && n &&
	    n <= WATCH_MAX_RESTARTS && seconds && seconds <= 86400) {
		out->restart_limit = n;
		out->restart_seconds = seconds;
		return true;
	}
	fprintf(stderr, "chaosd: watch %s: not like 5/60 (up to %u/86400), or 0\n",
		text, WATCH_MAX_RESTARTS);
	return false;
}

static bool parse_kb(const char *text, uint32_t *out)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (errno || end == text || *end || *text == '-' || n > MAX_CONSOLE_KB) {
		fprintf(stderr, "chaosd: console log %s: not a number of KB up "
			"to %u\n", text, MAX_CONSOLE_KB);
		return false;
	}
	*out = (uint32_t)n;
	return true;
}

static bool parse_level(const char *text, int *out)
{
	static const struct {
		const char *name;
		int level;
	} levels[] = {
		{ "error", LOG_ERR }, { "warning", LOG_WARNING },
		{ "info", LOG_INFO }, { "debug", LOG_DEBUG },
	};
	size_t i;

	for (i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (strcmp(text, levels[i].name))
			continue;
		*out = levels[i].level;
		return true;
	}
	fprintf(stderr, "chaosd: log level %s: unknown\n", text);
	return false;
}

/* 0 go on, 1 done, 2 wrong */
static int take(int c, struct options *out)
{
	switch (c) {
	case 'c':
		out->config_dir = optarg;
		return 0;
	case 'J':
		out->jit_dir = optarg;
		return 0;
	case 'r':
		return parse_mb("reserve", optarg, &out->reserve_mb) ? 0 : 2;
	case 'i':
		return parse_mb("image cache", optarg,
				&out->image_cache_mb) ? 0 : 2;
	case 'w':
		return parse_watch(optarg, out) ? 0 : 2;
	case 'b':
		return parse_kb(optarg, &out->console_kb) ? 0 : 2;
	case 'j':
		out->journal = true;
		return 0;
	case 'D':
	case 'f':
		out->daemon = c == 'D';
		return 0;
	case 'p':
		out->pidfile = optarg;
		return 0;
	case 'l':
		return parse_level(optarg, &out->level) ? 0 : 2;
	case 'h':
		fputs(usage, stdout);
		return 1;
	case 'V':
		printf("chaosd %s\n", chaos_version());
		return 1;
	default:
		fputs("Try 'chaosd --help'.\n", stderr);
		return 2;
	}
}

int options_parse(int argc, char **argv, struct options *out, int *status)
{
	int c, rc;

	*out = (struct options){
		.config_dir = CONFIG_DIR,
		.jit_dir = JIT_DIR,
		.reserve_mb = 64,
		.image_cache_mb = 64,
		.restart_limit = 5,
		.restart_seconds = 60,
		.console_kb = 16,
		.level = LOG_INFO,
	};
	while ((c = getopt_long(argc, argv, "c:J:r:i:w:b:jDfp:l:hV", long_options,
				NULL)) != -1) {
		rc = take(c, out);
		if (!rc)
			continue;
		*status = rc == 1 ? EXIT_SUCCESS : EXIT_FAILURE;
		return 1;
	}
	if (optind == argc)
		return 0;
	fprintf(stderr, "chaosd: unexpected argument %s\n", argv[optind]);
	*status = EXIT_FAILURE;
	return 1;
}

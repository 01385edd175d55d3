// SPDX-License-Identifier: BSD-2-Clause
/* chaos events */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd.h"

struct follow {
	bool json;
	unsigned long count;	/* events left to print; 0: no limit */
	bool done;
	char **names;		/* only these; NULL-terminated, none: all */
};

static bool is_wanted(const struct follow *f, const struct chaos_event *e)
{
	char domid[16];
	char **name;

	snprintf(domid, sizeof(domid), "%" PRIu32, e->domid);
	for (name = f->names; *name; name++)
		if (!strcmp(*name, e->name) || !strcmp(*name, domid))
			return true;
	return !*f->names;
}

static void print_json(const struct timespec *now, const struct chaos_event *e)
{
	printf("{\"time\": %lld.%06ld, \"event\": \"%s\", \"domid\": %" PRIu32
	       ", \"name\": ", (long long)now->tv_sec, now->tv_nsec / 1000,
	       chaos_event_name(e->kind), e->domid);
	cmd_json_string(stdout, e->name);
	printf(", \"uuid\": \"%s\", \"shutdown_code\": %" PRIu32 "}\n", e->uuid,
	       e->code);
}

static void print_line(const struct timespec *now, const struct chaos_event *e)
{
	char text[32] = "";
	struct tm tm;

	if (localtime_r(&now->tv_sec, &tm))
		strftime(text, sizeof(text), "%F %T", &tm);
	printf("%s.%03ld  %-9s  %5" PRIu32 "  %s\n", text,
	       now->tv_nsec / 1000000, chaos_event_name(e->kind), e->domid,
	       *e->name ? e->name : "-");
}

static void print_event(void *arg, const struct chaos_event *e)
{
	struct follow *f = arg;
	struct timespec now;

	if (f->done || !is_wanted(f, e))
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	if (f->json)
		print_json(&now, e);
	else
		print_line(&now, e);
	if (f->count && !--f->count)
		f->done = true;
}

/* A signal between the look at cmd_interrupted and the sleep is not lost. */
static int follow(struct cmd_env *env, struct chaos_events *ev,
		  struct follow *f)
{
	struct pollfd pfd = { .fd = chaos_events_fd(ev), .events = POLLIN };
	sigset_t blocked, before;
	int status = 0;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGHUP);
	sigprocmask(SIG_BLOCK, &blocked, &before);
	while (!f->done && !cmd_interrupted) {
		if (ppoll(&pfd, 1, NULL, &before) < 0)
			continue;
		if (chaos_events_dispatch(ev, print_event, f)) {
			status = cmd_report(env, "events");
			break;
		}
		/* Who reads them may have gone. */
		if (fflush(stdout) || ferror(stdout))
			break;
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (f->count && !status)
		status = 1;	/* interrupted before there were so many */
	return status;
}

static int run(struct cmd_env *env, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "count", required_argument, NULL, 'n' },
		{ "once", no_argument, NULL, '1' },
		{ 0 },
	};
	struct follow f = { .json = false };
	struct chaos_events *ev;
	char *end;
	int c, status;

	while ((c = getopt_long(argc, argv, "jn:", longs, NULL)) != -1) {
		if (c == 'j') {
			f.json = true;
		} else if (c == '1') {
			f.count = 1;
		} else if (c == 'n') {
			errno = 0;
			f.count = strtoul(optarg, &end, 10);
			if (errno || *end || *optarg < '0' || *optarg > '9' ||
			    !f.count)
				return cmd_usage(&cmd_events,
						 "\"%s\" is no number of events",
						 optarg);
		} else {
			return EXIT_USAGE;
		}
	}
	f.names = argv + optind;
	if (chaos_events_open(env->ctx, &ev))
		return cmd_report(env, "events");
	status = follow(env, ev, &f);
	chaos_events_close(ev);
	return status;
}

const struct cmd_verb cmd_events = {
	.name = "events",
	.args = "[-n|--count N] [--once] [-j|--json] [NAME|DOMID...]",
	.summary = "follow what becomes of the domains",
	.help =
	"  Prints a line for each event, as it happens, until Ctrl-C: created,\n"
	"  started, paused, unpaused, shutdown, rebooted, suspended, resumed,\n"
	"  crashed, gone.\n"
	"  -n, --count N   end after N events\n"
	"  --once          end after one\n"
	"  -j, --json      one JSON object per line\n\n"
	"  chaos events web\n"
	"  chaos events --json | jq -r 'select(.event == \"crashed\") | .name'\n",
	.run = run,
	.needs_library = true,
};

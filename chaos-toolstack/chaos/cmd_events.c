// SPDX-License-Identifier: BSD-2-Clause
/* chaos events */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "cmd.h"

struct follow {
	struct cmd_json *json;
	uint64_t count;	/* events left to print; 0: no limit */
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

static void print_json(struct cmd_json *j, const struct timespec *now,
		       const struct chaos_event *e)
{
	cmd_json_object(j, NULL);
	cmd_json_time(j, "time", (uint64_t)now->tv_sec * 1000000 +
				 (uint64_t)now->tv_nsec / 1000);
	cmd_json_string(j, "event", chaos_event_name(e->kind));
	cmd_json_uint(j, "domid", e->domid);
	cmd_json_string(j, "name", e->name);
	cmd_json_string(j, "uuid", e->uuid);
	cmd_json_uint(j, "shutdown_code", e->code);
	cmd_json_end(j);
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
		print_json(f->json, &now, e);
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

#define KEY_ONCE 256

static int parse(struct cmd_env *env, struct follow *f, int argc, char **argv)
{
	int c;

	while ((c = cmd_getopt(env, &cmd_events, argc, argv)) !=
	       CMD_GETOPT_END) {
		if (c == CMD_GETOPT_BAD)
			return EXIT_USAGE;
		if (c == KEY_ONCE)
			f->count = 1;
		else if (!cmd_parse_number(optarg, 1, UINT64_MAX, &f->count))
			return cmd_usage(&cmd_events,
					 "\"%s\" is no number of events",
					 optarg);
	}
	f->names = argv + optind;
	f->json = env->json;
	return 0;
}

static int run(struct cmd_env *env, int argc, char **argv)
{
	struct follow f = { 0 };
	struct chaos_events *ev;
	int status;

	status = parse(env, &f, argc, argv);
	if (status)
		return status;
	/* A list without end could not be read. */
	if (env->json)
		cmd_json_stream(env->json);
	if (chaos_events_open(env->ctx, &ev))
		return cmd_report(env, "events");
	status = follow(env, ev, &f);
	chaos_events_close(ev);
	return status;
}

static const struct cmd_option options[] = {
	{ 'n', "count", "N", "end after N events" },
	{ KEY_ONCE, "once", NULL, "end after one" },
	{ 0 },
};

const struct cmd_verb cmd_events = {
	.name = "events",
	.args = "[NAME|DOMID...]",
	.summary = "follow what becomes of the domains",
	.help =
	"  Prints a line for each event, as it happens, until Ctrl-C: created,\n"
	"  started, paused, unpaused, shutdown, rebooted, suspended, resumed,\n"
	"  crashed, gone.  With --json it is an object per line.\n\n"
	"  chaos events web\n"
	"  chaos events --json | jq -r 'select(.event == \"crashed\") | .name'\n",
	.options = options,
	.words = CMD_WORDS_DOMAINS,
	.json = true,
	.needs_library = true,
	.run = run,
};

// SPDX-License-Identifier: BSD-2-Clause
/* The process: lock, background, signals, the loop. */
#include <chaosd-console.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "backend.h"
#include "consoles.h"
#include "flavours.h"
#include "jit.h"
#include "log.h"
#include "options.h"
#include "server.h"
#include "watcher.h"

#define DEFAULT_RUN_DIR "/run/chaos"
#define EVENTS_USEC 5000		/* from an event to the look at it */
#define EVENTS_SLACK_USEC 1000

struct process {
	struct options opt;
	char run_dir[4000];
	int lock_fd;
	int ready_fd;			/* of the parent that waits, or -1 */
	struct chaos *ctx;		/* the loop's */
	struct chaos_events *events;	/* NULL: this Xen tells none */
	struct pool pool;
	struct watch watch;
	struct consoles *consoles;	/* NULL: they are left alone */
	struct jit jit;
	struct backend *backend;
	sd_event *event;
	sd_event_source *events_source, *events_timer;
	struct request_context requests;
	struct server *server;
};

static void log_errors(struct chaos *ctx, const char *what, int rc)
{
	char text[512];
	size_t i;

	for (i = 0; i < chaos_nr_errors(ctx); i++)
		log_line(LOG_ERR, "%s", chaos_error_text(chaos_error(ctx, i),
							 text, sizeof(text)));
	if (!i)
		log_line(LOG_ERR, "%s: %s", what, strerror(-rc));
}

static void take_log(void *arg, enum chaos_log_level level, const char *msg)
{
	static const int levels[] = {
		[CHAOS_LOG_ERROR] = LOG_ERR,
		[CHAOS_LOG_WARNING] = LOG_WARNING,
		[CHAOS_LOG_INFO] = LOG_INFO,
		[CHAOS_LOG_DEBUG] = LOG_DEBUG,
	};

	(void)arg;
	log_line(levels[level], "%s", msg);
}

static int find_run_dir(struct process *p)
{
	const char *dir = secure_getenv("CHAOS_RUN_DIR");

	if (!dir)
		dir = DEFAULT_RUN_DIR;
	if (strlen(dir) >= sizeof(p->run_dir) - 16)
		return -ENAMETOOLONG;
	strcpy(p->run_dir, dir);
	return mkdir(dir, 0700) && errno != EEXIST ? -errno : 0;
}

/* One for each run directory. */
static int take_lock(struct process *p)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/chaosd.lock", p->run_dir);
	p->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (p->lock_fd < 0)
		return -errno;
	return flock(p->lock_fd, LOCK_EX | LOCK_NB) ? -errno : 0;
}

static int open_context(struct process *p, struct chaos **out)
{
	struct chaos_options opt = {
		.size = sizeof(opt),
		.run_dir = p->run_dir,
		.log = take_log,
		.image_cache_kb = p->opt.image_cache_mb << 10,
	};

	return chaos_open(&opt, out);
}

static void tell_garbage(void *arg, const struct chaos_garbage *g)
{
	(void)arg;
	if (g->kind == CHAOS_GARBAGE_SPARE || g->kind == CHAOS_GARBAGE_DOMAIN)
		log_line(LOG_INFO, "domain %u was left behind: destroyed",
			 g->domid);
	else
		log_line(LOG_DEBUG, "left behind, removed: %s%s", g->name,
			 g->uuid);
}

static void one_event(void *arg, const struct chaos_event *e)
{
	struct process *p = arg;

	switch ((int)e->kind) {
	case CHAOS_EVENT_STARTED:
		consoles_started(p->consoles, e->domid, false);
		break;
	case CHAOSD_EVENT_DYING:
		consoles_dying(p->consoles, e->domid);
		break;
	case CHAOS_EVENT_GONE:
		pool_died(&p->pool, e->domid);
		jit_gone(&p->jit, e->domid);
		break;
	case CHAOS_EVENT_SHUTDOWN:
	case CHAOS_EVENT_REBOOTED:
	case CHAOS_EVENT_CRASHED:
		pool_died(&p->pool, e->domid);
		consoles_ended(p->consoles, e->domid);
		if (p->opt.restart_limit)
			watch_ended(&p->watch, e->domid);
		break;
	default:
		break;
	}
}

static int look_at_events(sd_event_source *source, uint64_t usec, void *arg)
{
	struct process *p = arg;
	int rc;

	(void)source;
	(void)usec;
	rc = chaos_events_dispatch(p->events, one_event, p);
	if (rc)
		log_line(LOG_WARNING, "look what became of the domains: %s",
			 strerror(-rc));
	sd_event_source_set_enabled(p->events_source, SD_EVENT_ON);
	return 0;
}

/*
 * Not at once: who asked for what happened is to have the CPU first, and what
 * comes with it is looked at together.
 */
static int events_ready(sd_event_source *source, int fd, uint32_t revents,
			void *arg)
{
	struct process *p = arg;
	uint64_t now = 0;

	(void)fd;
	(void)revents;
	sd_event_now(p->event, CLOCK_MONOTONIC, &now);
	if (sd_event_source_set_time(p->events_timer, now + EVENTS_USEC) < 0 ||
	    sd_event_source_set_enabled(p->events_timer, SD_EVENT_ONESHOT) < 0)
		return look_at_events(source, now, p);
	sd_event_source_set_enabled(source, SD_EVENT_OFF);
	return 0;
}

static int take_console(void *arg, const struct chaos_domain *d)
{
	struct process *p = arg;

	if (d->domid && *d->name && d->state != CHAOS_STATE_DYING)
		consoles_started(p->consoles, d->domid, true);
	return 0;
}

/* After the events: nobody else says when a guest is to be let go of. */
static void open_consoles(struct process *p)
{
	struct chaos *ctx;
	int rc;

	if (!p->opt.console_kb)
		return;
	rc = open_context(p, &ctx);
	if (!rc)
		rc = consoles_open(ctx, (size_t)p->opt.console_kb << 10,
				   p->opt.journal, &p->consoles);
	if (rc) {
		log_line(LOG_WARNING, "consoles are left alone: %s",
			 strerror(-rc));
		return;
	}
	p->watch.consoles = p->consoles;
	chaosd_events_tell_dying(p->events);
	rc = chaos_list(p->ctx, take_console, p);
	if (rc)
		log_errors(p->ctx, "look at the domains", rc);
}

static int watch(struct process *p)
{
	int rc = chaos_events_open(p->ctx, &p->events);

	if (rc) {
		log_errors(p->ctx, "watch the domains", rc);
		log_line(LOG_WARNING, "spares that die are not replaced, and "
			 "guests that end are not seen to");
		return 0;
	}
	open_consoles(p);
	/* Those that ended while nobody watched. */
	rc = p->opt.restart_limit ? watch_look_around(&p->watch, p->ctx) : 0;
	if (rc)
		log_errors(p->ctx, "look at the domains", rc);
	rc = sd_event_add_io(p->event, &p->events_source,
			     chaos_events_fd(p->events), EPOLLIN, events_ready,
			     p);
	if (rc >= 0)
		rc = sd_event_add_time(p->event, &p->events_timer,
				       CLOCK_MONOTONIC, 0, EVENTS_SLACK_USEC,
				       look_at_events, p);
	if (rc >= 0)
		rc = sd_event_source_set_enabled(p->events_timer, SD_EVENT_OFF);
	return rc < 0 ? rc : 0;
}

static void backend_gone(void *arg)
{
	struct process *p = arg;

	pool_backend_gone(&p->pool);
}

static void backend_back(void *arg)
{
	struct process *p = arg;

	pool_backend_back(&p->pool);
}

static int watch_backend(struct process *p)
{
	const struct backend_calls calls = { backend_gone, backend_back, p };

	return backend_open(p->event, NULL, &calls, &p->backend);
}

static int reload(sd_event_source *source, const struct signalfd_siginfo *si,
		  void *arg)
{
	struct process *p = arg;

	(void)source;
	(void)si;
	sd_notify(0, "RELOADING=1");
	flavours_load(&p->pool, p->ctx, p->opt.config_dir);
	jit_file_load(&p->jit, p->ctx, p->run_dir, p->opt.jit_dir);
	sd_notify(0, "READY=1");
	return 0;
}

static int open_loop(struct process *p)
{
	static const int stop[] = { SIGTERM, SIGINT };
	sigset_t set;
	size_t i;
	int rc;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	rc = sd_event_default(&p->event);
	for (i = 0; rc >= 0 && i < 2; i++)	/* NULL: ends the loop */
		rc = sd_event_add_signal(p->event, NULL, stop[i], NULL, NULL);
	if (rc >= 0)
		rc = sd_event_add_signal(p->event, NULL, SIGHUP, reload, p);
	if (rc >= 0)
		rc = sd_event_set_watchdog(p->event, 1);
	return rc < 0 ? rc : 0;
}

static int listen_for_clients(struct process *p)
{
	char path[4096];
	int n = sd_listen_fds(1);

	if (n > 1)
		return -EINVAL;
	snprintf(path, sizeof(path), "%s/" CHAOSD_SOCKET, p->run_dir);
	p->requests = (struct request_context){
		.ctx = p->ctx,
		.pool = &p->pool,
		.jit = &p->jit,
		.consoles = p->consoles,
		.run_dir = p->run_dir,
	};
	return server_open(p->event, n == 1 ? SD_LISTEN_FDS_START : -1, path,
			   &p->requests, &p->server);
}

static void write_pidfile(const char *path)
{
	FILE *f = path ? fopen(path, "we") : NULL;

	if (f) {
		fprintf(f, "%d\n", getpid());
		fclose(f);
	} else if (path) {
		log_line(LOG_WARNING, "%s: %s", path, strerror(errno));
	}
}

/* Who started us is not to wait for our end of its pipes. */
static void leave_terminal(struct process *p)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	log_open(p->opt.level, 1);
	if (fd < 0)
		return;
	dup2(fd, STDIN_FILENO);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	close(fd);
}

static void ready(struct process *p)
{
	char zero = 0;

	write_pidfile(p->opt.pidfile);
	sd_notify(0, "READY=1");
	if (p->ready_fd < 0)
		return;
	if (write(p->ready_fd, &zero, 1) != 1)
		log_line(LOG_WARNING, "nobody waits for us");
	close(p->ready_fd);
	leave_terminal(p);
}

static int start_pool(struct process *p)
{
	struct chaos *ctx;
	int rc = open_context(p, &ctx);

	if (rc)
		return rc;
	rc = pool_start(&p->pool, ctx, (uint64_t)p->opt.reserve_mb << 10);
	if (rc)
		chaos_close(ctx);
	return rc;
}

static int start_watch(struct process *p)
{
	struct chaos *ctx;
	int rc = open_context(p, &ctx);

	if (rc)
		return rc;
	rc = watch_start(&p->watch, ctx, p->opt.restart_limit,
			 p->opt.restart_seconds);
	if (rc)
		chaos_close(ctx);
	return rc;
}

static int start_jit(struct process *p)
{
	struct chaos *ctx;
	int rc = open_context(p, &ctx);

	if (rc)
		return rc;
	rc = jit_open(&p->jit, ctx, &p->pool);
	if (rc) {
		chaos_close(ctx);
		return rc;
	}
	jit_file_load(&p->jit, p->ctx, p->run_dir, p->opt.jit_dir);
	rc = jit_start(&p->jit);
	if (rc)
		jit_close(&p->jit);
	return rc;
}

static int start_threads(struct process *p)
{
	int rc = start_pool(p);

	if (rc)
		return rc;
	rc = start_watch(p);
	if (rc)
		goto err_pool;
	rc = start_jit(p);
	if (!rc)
		return 0;
	watch_stop(&p->watch);
err_pool:
	pool_stop(&p->pool);
	return rc;
}

static void stop_threads(struct process *p)
{
	jit_stop(&p->jit);
	jit_close(&p->jit);
	watch_stop(&p->watch);		/* asks for consoles */
	consoles_close(p->consoles);
	pool_stop(&p->pool);
}

/* What comes before the flavours; each step's failure is told here. */
static int prepare(struct process *p)
{
	int rc;

	rc = find_run_dir(p);
	if (!rc)
		rc = take_lock(p);
	if (rc) {
		log_line(LOG_ERR, "%s: %s", p->run_dir, rc == -EWOULDBLOCK ?
			 "another chaosd runs" : strerror(-rc));
		return rc;
	}
	rc = open_context(p, &p->ctx);
	if (!rc)
		rc = chaos_gc(p->ctx, 0, tell_garbage, NULL);
	if (rc) {
		log_errors(p->ctx, "begin", rc);
		return rc;
	}
	rc = open_loop(p);
	if (!rc)
		rc = start_threads(p);
	if (rc)
		log_line(LOG_ERR, "begin: %s", strerror(-rc));
	return rc;
}

static int serve(struct process *p)
{
	int rc;

	rc = flavours_load(&p->pool, p->ctx, p->opt.config_dir);
	if (!rc)
		rc = watch(p);
	if (!rc)
		rc = watch_backend(p);
	if (!rc) {
		rc = listen_for_clients(p);
		if (rc)
			log_line(LOG_ERR, "%s/" CHAOSD_SOCKET ": %s",
				 p->run_dir, strerror(-rc));
	}
	if (rc)
		return rc;
	ready(p);
	log_line(LOG_INFO, "ready");
	rc = sd_event_loop(p->event);
	sd_notify(0, "STOPPING=1");
	return rc;
}

static int run(struct process *p)
{
	int rc = prepare(p);

	if (!rc) {
		rc = serve(p);
		server_close(p->server);
		backend_close(p->backend);
		chaos_events_close(p->events);
		stop_threads(p);
	}
	sd_event_source_unref(p->events_source);
	sd_event_source_unref(p->events_timer);
	sd_event_unref(p->event);
	chaos_close(p->ctx);
	if (p->opt.pidfile && !rc)
		unlink(p->opt.pidfile);
	return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* The parent returns when the child is ready, or with its failure. */
static int go_background(struct process *p)
{
	int fd[2];
	char byte;

	if (pipe2(fd, O_CLOEXEC))
		return -errno;
	switch (fork()) {
	case -1:
		return -errno;
	case 0:
		close(fd[0]);
		p->ready_fd = fd[1];
		setsid();
		return 0;
	default:
		close(fd[1]);
		exit(read(fd[0], &byte, 1) == 1 ? EXIT_SUCCESS : EXIT_FAILURE);
	}
}

int main(int argc, char **argv)
{
	static struct process p = { .lock_fd = -1, .ready_fd = -1 };
	int status;

	if (options_parse(argc, argv, &p.opt, &status))
		return status;
	log_open(p.opt.level, 0);
	if (p.opt.daemon && go_background(&p)) {
		log_line(LOG_ERR, "go to the background: %s", strerror(errno));
		return EXIT_FAILURE;
	}
	return run(&p);
}

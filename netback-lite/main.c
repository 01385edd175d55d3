// SPDX-License-Identifier: BSD-2-Clause
/* The process: limits, lock, background, signals, the loop. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "control.h"
#include "keeper.h"
#include "metrics.h"
#include "nbl.h"
#include "options.h"
#include "sandbox.h"
#include "shard.h"
#include "stats.h"
#include "switch.h"

#define LOCK_PATH	NOXS_NETBACK_DIR "/netback.lock"
#define LEDGER_PATH	NOXS_NETBACK_DIR "/netback.ledger"
#define WANTED_FILES	(1u << 18)	/* a TAP each */
#define LOCK_TRIES	300		/* of 1 ms */
#define PRIVCMD_S	5		/* to open it, which is done at once or never */

struct process {
	struct nbl *nb;
	const struct nbl_options *opt;
	struct nbl_sandbox sandbox;
	struct nbl_kept *kept;	/* until there is a backend to have them */
	struct nbl_source signal_src;
	int signal_fd;
	int lock_fd;
	int ready_fd;		/* of the parent that waits, or -1 */
	bool stop;
};

static int fail(const char *what, int rc)
{
	nbl_log(NBL_ERROR, "%s: %s", what, nbl_strerror(rc));
	return EXIT_FAILURE;
}

static const char *hint(int rc)
{
	switch (rc) {
	case -ENOSYS:
		return "this Xen has no noxs extension";
	case -ENOENT:
		return "not on Xen, or no module xen-privcmd";
	case -EACCES:
		return "must be root";
	case -EPERM:
		return "the kernel forbids it: load xen-privcmd with unrestricted=1";
	case -EINTR:
		return "the kernel waits for XenStore: load xen-privcmd with unrestricted=1";
	default:
		return nbl_strerror(rc);
	}
}

static int fail_hint(const char *what, int rc)
{
	nbl_log(NBL_ERROR, "%s: %s", what, hint(rc));
	return EXIT_FAILURE;
}

/* As many as we may have; less than wanted shows when there are none left. */
static void raise_limits(void)
{
	struct rlimit lim;

	if (getrlimit(RLIMIT_NOFILE, &lim))
		return;
	if (lim.rlim_max < WANTED_FILES) {
		lim.rlim_cur = lim.rlim_max = WANTED_FILES;
		if (!setrlimit(RLIMIT_NOFILE, &lim))
			return;
		getrlimit(RLIMIT_NOFILE, &lim);
	}
	lim.rlim_cur = lim.rlim_max;
	setrlimit(RLIMIT_NOFILE, &lim);
}

/*
 * Of a process that was killed, its keeper (keeper.h) has the lock until it hears
 * of that.
 */
static int lock_patiently(int fd)
{
	int i;

	for (i = 0; flock(fd, LOCK_EX | LOCK_NB); i++) {
		if (errno != EWOULDBLOCK || i == LOCK_TRIES)
			return -errno;
		usleep(1000);
	}
	return 0;
}

/*
 * One backend a domain, whatever its socket: it takes over what an earlier one
 * left.  The lock goes with the process; the file stays.
 */
static int take_lock(int *out, char err[NBL_ERROR_SIZE])
{
	const struct nbl_sandbox root = { .on = false };
	int fd, rc;

	/* It may be an earlier process's, of another user. */
	nbl_sandbox_give(&root, NOXS_NETBACK_DIR);
	rc = nbl_control_dir(LOCK_PATH, err);
	if (rc)
		return rc;
	fd = open(LOCK_PATH, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return nbl_fail(err, -errno, "open " LOCK_PATH);
	rc = lock_patiently(fd);
	if (rc) {
		close(fd);
		if (rc != -EWOULDBLOCK)
			return nbl_fail(err, rc, "lock " LOCK_PATH);
		snprintf(err, NBL_ERROR_SIZE, "netback-lite already runs ("
			 LOCK_PATH " is locked)");
		return -EBUSY;
	}
	*out = fd;
	return 0;
}

/*
 * The parent waits until the child is ready or dead, so that whoever started
 * it may attach at once.  Returns in the child only.
 */
static int go_background(int *ready_fd)
{
	int fds[2], null;
	char byte;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid > 0) {
		close(fds[1]);
		_exit(read(fds[0], &byte, 1) == 1 ? EXIT_SUCCESS
						  : EXIT_FAILURE);
	}
	close(fds[0]);
	setsid();
	if (chdir("/"))
		return -errno;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0)
		return -errno;
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	close(null);
	*ready_fd = fds[1];
	return 0;
}

/* From here on nothing more is said to the terminal, if there is a parent. */
static void go_silent(const struct process *p, const struct nbl_options *opt)
{
	int null;

	if (p->ready_fd < 0)
		return;
	nbl_log_start(opt->level, true);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null >= 0) {
		dup2(null, STDERR_FILENO);
		close(null);
	}
}

static void tell_ready(struct process *p)
{
	if (p->ready_fd < 0)
		return;
	if (write(p->ready_fd, "", 1) != 1)
		nbl_log(NBL_WARN, "nobody waited for the start");
	close(p->ready_fd);
	p->ready_fd = -1;
}

static int write_pidfile(const char *path)
{
	FILE *f = fopen(path, "we");
	int rc = 0;

	if (!f)
		return -errno;
	if (fprintf(f, "%d\n", (int)getpid()) < 0)
		rc = -EIO;
	if (fclose(f) && !rc)
		rc = -errno;
	return rc;
}

static void signal_ready(struct nbl_source *src, uint32_t events)
{
	struct process *p = nbl_container(src, struct process, signal_src);
	struct signalfd_siginfo info;

	(void)events;
	if (read(p->signal_fd, &info, sizeof(info)) == sizeof(info))
		p->stop = true;
}

/* Blocked first of all, so that no thread ever takes one. */
static int catch_signals(struct process *p)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	p->signal_src.fn = signal_ready;
	p->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return p->signal_fd < 0 ? -errno : 0;
}

static void open_switch(struct nbl *nb, void *arg)
{
	int *rc = arg;

	if (!*rc)
		*rc = nbl_switch_open(nb);
}

static int serve(struct process *p, const struct nbl_options *opt)
{
	char err[NBL_ERROR_SIZE];
	int rc;

	rc = nbl_loop_add(&p->nb->loop, p->signal_fd, EPOLLIN,
			  &p->signal_src);
	if (rc)
		return fail("wait for signals", rc);
	/* Who asks meanwhile waits for that. */
	if (nbl_adopt(p->nb, LEDGER_PATH, err)) {
		nbl_log(NBL_ERROR, "%s", err);
		return EXIT_FAILURE;
	}
	if (opt->metrics &&
	    nbl_metrics_open(p->nb, opt->metrics, opt->metrics_s, err)) {
		nbl_log(NBL_ERROR, "%s", err);
		return EXIT_FAILURE;
	}
	rc = 0;
	if (opt->switches)
		nbl_shards_each(p->nb, open_switch, &rc);
	if (rc)
		return fail("make a switch", rc);
	go_silent(p, opt);
	rc = nbl_shards_start(p->nb);
	if (rc)
		return fail("start threads", rc);
	if (p->sandbox.on && nbl_sandbox_seal(err)) {
		nbl_log(NBL_ERROR, "%s", err);
		return EXIT_FAILURE;
	}
	nbl_log(NBL_INFO, "ready on %s", opt->socket);
	tell_ready(p);
	while (!p->stop) {
		rc = nbl_turn(p->nb, -1);
		if (rc)
			return fail("wait for events", rc);
	}
	nbl_log(NBL_INFO, "stopping, %u vifs wait for the next process",
		nbl_vifs(p->nb));
	if (opt->pidfile)
		unlink(opt->pidfile);
	return EXIT_SUCCESS;
}

/* Closing the backend takes all its vifs from their guests. */
static int detach_all(struct nbl *nb)
{
	char err[NBL_ERROR_SIZE];

	if (nbl_adopt(nb, LEDGER_PATH, err)) {
		nbl_log(NBL_ERROR, "%s", err);
		return EXIT_FAILURE;
	}
	nbl_log(NBL_INFO, "detaching %u vifs", nbl_vifs(nb));
	return EXIT_SUCCESS;
}

/*
 * What takes root, or a folder that is root's: then it is root no more.  The
 * process's own folder becomes the user's, who removes the socket at the end.
 */
static int confine(struct nbl *nb, void *arg)
{
	struct process *p = arg;
	char err[NBL_ERROR_SIZE];
	int rc;

	nb->kept = p->kept;
	p->kept = NULL;
	rc = p->opt->detach_all ? 0 : nbl_keeper_start(p->lock_fd);
	if (rc)
		nbl_log(NBL_WARN, "start a keeper of the TAPs: %s: when this process is killed they are without carrier for a while",
			nbl_strerror(rc));
	rc = p->opt->detach_all ? 0 :
				  nbl_control_open(nb, p->opt->socket, err);
	if (!rc && p->opt->pidfile) {
		rc = write_pidfile(p->opt->pidfile);
		if (rc)
			nbl_fail(err, rc, "%s", p->opt->pidfile);
	}
	/* What an earlier one kept may be another user's; or it is not there. */
	nbl_sandbox_give(&p->sandbox, LEDGER_PATH);
	if (!rc && p->sandbox.on) {
		rc = nbl_sandbox_give(&p->sandbox, NOXS_NETBACK_DIR);
		if (rc)
			nbl_fail(err, rc, "give away " NOXS_NETBACK_DIR);
		else
			rc = nbl_sandbox_enter(&p->sandbox, err);
	}
	if (rc)
		nbl_log(NBL_ERROR, "%s", err);
	return rc;
}

static int choose_user(struct process *p, const struct nbl_options *opt)
{
	char err[NBL_ERROR_SIZE];

	if (opt->no_sandbox) {
		nbl_log(NBL_WARN, "NO SANDBOX: it reads what guests write, and stays root");
		return 0;
	}
	if (!nbl_sandbox_user(opt->user, &p->sandbox, err))
		return 0;
	nbl_log(NBL_ERROR, "%s", err);
	return -EINVAL;
}

static void wake(int signal)
{
	(void)signal;
}

/*
 * In an unprivileged domain Linux's privcmd asks XenStore whose domain it may
 * touch, and who opens it waits for the answer, if need be for ever.
 */
static int try_privcmd(void)
{
	struct sigaction act = { .sa_handler = wake };
	int fd, rc;

	sigaction(SIGALRM, &act, NULL);
	alarm(PRIVCMD_S);
	fd = open("/dev/xen/privcmd", O_RDWR | O_CLOEXEC);
	rc = fd < 0 ? -errno : 0;
	alarm(0);
	if (fd >= 0)
		close(fd);
	act.sa_handler = SIG_DFL;
	sigaction(SIGALRM, &act, NULL);
	return rc;
}

static int start(struct process *p, const struct nbl_options *opt)
{
	char err[NBL_ERROR_SIZE];
	const char *step;
	int rc, status;

	rc = catch_signals(p);
	if (rc)
		return fail("catch signals", rc);
	if (opt->daemon) {
		rc = go_background(&p->ready_fd);
		if (rc)
			return fail("go to the background", rc);
	}
	raise_limits();
	p->opt = opt;
	if (choose_user(p, opt))
		return EXIT_FAILURE;
	if (take_lock(&p->lock_fd, err)) {
		nbl_log(NBL_ERROR, "%s", err);
		return EXIT_FAILURE;
	}
	rc = try_privcmd();
	if (rc)
		return fail_hint("open the noxs hypercall", rc);
	p->kept = nbl_keeper_take(p->lock_fd);
	rc = nbl_open_confined(&p->nb, opt->threads, &step, confine, p);
	nbl_kept_free(p->kept);
	if (rc)
		return step ? fail_hint(step, rc) : EXIT_FAILURE;
	if (opt->detach_all) {
		status = detach_all(p->nb);
	} else {
		status = serve(p, opt);
		nbl_leave(p->nb);
	}
	nbl_close(p->nb);
	return status;
}

int main(int argc, char **argv)
{
	struct process p = {
		.signal_fd = -1, .lock_fd = -1, .ready_fd = -1,
	};
	struct nbl_options opt;
	int status;

	if (argc > 1 && !strcmp(argv[1], "stats"))
		return nbl_stats_main(argc - 1, argv + 1);
	if (nbl_options_parse(argc, argv, &opt, &status))
		return status;
	nbl_log_start(opt.level, false);
	if (geteuid() != 0)
		return fail_hint("start", -EACCES);
	status = start(&p, &opt);
	if (p.signal_fd >= 0)
		close(p.signal_fd);
	if (p.lock_fd >= 0)
		close(p.lock_fd);
	return status;
}

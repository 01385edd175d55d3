// SPDX-License-Identifier: BSD-2-Clause
/*
 * Process 1 of a Tinyx guest, and its poweroff and reboot.
 *
 * It mounts what programs expect, loads modules if there are any, configures
 * the interfaces as the toolstack says (net.c), now and whenever they come or
 * change, runs one program with the console, and ends the guest when that ends.
 * A shell in its place costs a process for each step.
 *
 *   /etc/tinyx/command      the program and its arguments
 *   /etc/tinyx/environment  NAME=VALUE
 *   /etc/tinyx/modules      paths
 *
 * each with a zero byte behind every word.  Arguments that the kernel passes to
 * us (behind "--" on its command line) stand in for those of the program.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "init.h"

#define MAX_WORDS	256
#define MAX_TEXT	(64 << 10)
/* For all interfaces together, before the program starts without them. */
#define NETWORK_MS	12000
/* A module's devices appear behind its back. */
#define MODULES_MS	100
/* Between SIGTERM and SIGKILL, when the guest is told to end. */
#define GRACE_MS	5000

static sigset_t handled;
static int signals = -1, uevents = -1;
static pid_t program = -1;

void say(const char *what, const char *object, const char *why)
{
	char line[256];
	int n = snprintf(line, sizeof(line), "tinyx: %s%s%s%s%s\n", what,
			 object ? " " : "", object ? object : "",
			 why ? ": " : "", why ? why : "");

	if (n > 0 && write(2, line, n < (int)sizeof(line) ?
			   (size_t)n : sizeof(line) - 1) < 0)
		return;		/* nobody to tell */
}

int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ll + t.tv_nsec / 1000000;
}

void unblock_signals(void)
{
	sigprocmask(SIG_UNBLOCK, &handled, NULL);
}

/* --- files of words ----------------------------------------------------------- */

ssize_t read_text(const char *path, char *buf, size_t size)
{
	size_t have = 0;
	ssize_t n = 1;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	while (n > 0 && have < size - 1) {
		n = read(fd, buf + have, size - 1 - have);
		if (n > 0)
			have += (size_t)n;
	}
	close(fd);
	buf[have] = '\0';
	return (ssize_t)have;
}

/* The words stay where they are, in a text that is never freed. */
static unsigned int read_words(const char *path, char **words, unsigned int max)
{
	char *text = malloc(MAX_TEXT), *p;
	unsigned int n = 0;
	ssize_t size;

	size = text ? read_text(path, text, MAX_TEXT) : -ENOMEM;
	for (p = text; size > 0 && p < text + size && n < max - 1;
	     p += strlen(p) + 1)
		words[n++] = p;
	words[n] = NULL;
	return n;
}

/* --- the end ------------------------------------------------------------------ */

/* Children that ended; *status: of the program, if it was among them. */
static bool reap(int *status)
{
	bool ended = false;
	pid_t pid;
	int st;

	while ((pid = waitpid(-1, &st, WNOHANG)) > 0) {
		net_child(pid, st);
		if (pid == program) {
			*status = st;
			ended = true;
		}
	}
	return ended;
}

static bool nobody_left(void)
{
	int status;

	reap(&status);
	return waitpid(-1, &status, WNOHANG) < 0 && errno == ECHILD;
}

static void end_everybody(void)
{
	struct pollfd pfd = { .fd = signals, .events = POLLIN };
	int64_t until = now_ms() + GRACE_MS, left;
	struct signalfd_siginfo info;

	/* What is stopped would not hear of it. */
	kill(-1, SIGTERM);
	kill(-1, SIGCONT);
	while (!nobody_left()) {
		left = until - now_ms();
		if (left <= 0)
			break;
		if (poll(&pfd, 1, (int)left) > 0 &&
		    read(signals, &info, sizeof(info)) < 0)
			break;
	}
	kill(-1, SIGKILL);
}

static _Noreturn void end_guest(int how)
{
	end_everybody();
	sync();
	reboot(how);
	say("reboot", NULL, strerror(errno));
	for (;;)
		pause();
}

static void tell_status(const char *name, int status)
{
	char text[32];

	if (WIFSIGNALED(status)) {
		say(name, "was killed", strsignal(WTERMSIG(status)));
	} else if (WEXITSTATUS(status)) {
		snprintf(text, sizeof(text), "%d", WEXITSTATUS(status));
		say(name, "ended with status", text);
	}
}

/* As /sbin/poweroff and /sbin/reboot, which the kernel calls, too. */
static int ask_init(const char *name)
{
	if (strcmp(name, "poweroff") && strcmp(name, "reboot")) {
		say(name, NULL, "not process 1");
		return 1;
	}
	if (kill(1, *name == 'p' ? SIGUSR2 : SIGTERM)) {
		say(name, NULL, strerror(errno));
		return 1;
	}
	return 0;
}

/* --- the beginning ------------------------------------------------------------- */

static void mount_one(const char *type, const char *where)
{
	/* A kernel need not have all of them. */
	if (mount(type, where, type, MS_NOSUID | MS_NOEXEC, NULL) &&
	    errno != ENODEV)
		say("mount", where, strerror(errno));
}

static void mount_all(void)
{
	mount_one("proc", "/proc");
	mount_one("sysfs", "/sys");
	if (!mount("devtmpfs", "/dev", "devtmpfs", MS_NOSUID, NULL)) {
		mkdir("/dev/pts", 0755);
		mkdir("/dev/shm", 01777);
		chmod("/dev/shm", 01777);
		if (symlink("/proc/self/fd", "/dev/fd") ||
		    symlink("/proc/self/fd/0", "/dev/stdin") ||
		    symlink("/proc/self/fd/1", "/dev/stdout") ||
		    symlink("/proc/self/fd/2", "/dev/stderr"))
			say("links in", "/dev", strerror(errno));
	}
	mount_one("devpts", "/dev/pts");
}

/* The kernel opened /dev/console for us, which controls nothing, and which outlives
 * the session of a program that ends: its terminal is hung up then. */
static void open_terminal(void)
{
	int fd = open("/dev/hvc0", O_RDWR | O_NOCTTY);

	if (fd < 0)
		return;
	dup2(fd, 0);
	dup2(fd, 1);
	dup2(fd, 2);
	if (fd > 2)
		close(fd);
}

static unsigned int load_modules(void)
{
	char *words[MAX_WORDS];
	unsigned int i, n = read_words("/etc/tinyx/modules", words,
				       MAX_WORDS);
	int fd;

	for (i = 0; i < n; i++) {
		fd = open(words[i], O_RDONLY | O_CLOEXEC);
		if ((fd < 0 || syscall(SYS_finit_module, fd, "", 0)) &&
		    errno != EEXIST)
			say("load", words[i], strerror(errno));
		if (fd >= 0)
			close(fd);
	}
	return n;
}

static void name_host(void)
{
	char name[65];
	ssize_t n = read_text("/etc/hostname", name, sizeof(name));

	if (n > 0 && sethostname(name, strcspn(name, "\n")))
		say("hostname", name, strerror(errno));
}

/* --- the program ---------------------------------------------------------------- */

static _Noreturn void become(char **argv, char **env)
{
	static struct rlimit files;

	unblock_signals();
	/* A session of its own, and the console controls it. */
	setsid();
	open_terminal();
	ioctl(0, TIOCSCTTY, 0);
	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	if (chdir("/"))
		say("chdir", "/", strerror(errno));
	execve(argv[0], argv, env);
	say("run", argv[0], strerror(errno));
	_exit(127);
}

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* What the kernel did not know on its command line, then the image's. */
static void make_environment(char **env)
{
	extern char **environ;
	unsigned int n = 0;
	char **e;

	for (e = environ; *e && n < MAX_WORDS - 1; e++)
		if (!begins(*e, "HOME=") && !begins(*e, "TERM=") &&
		    !begins(*e, "PATH="))
			env[n++] = *e;
	read_words("/etc/tinyx/environment", env + n, MAX_WORDS - n);
}

static void start_program(char **argv, char **given)
{
	static char *env[MAX_WORDS];
	unsigned int i;

	for (i = 0; given[i] && i < MAX_WORDS - 2; i++)
		argv[i + 1] = given[i];
	if (i)
		argv[i + 1] = NULL;
	make_environment(env);
	program = fork();
	if (!program)
		become(argv, env);
	if (program < 0) {
		say("fork", NULL, strerror(errno));
		end_guest(RB_POWER_OFF);
	}
}

static void on_signal(const char *name)
{
	struct signalfd_siginfo info;
	int status;

	if (read(signals, &info, sizeof(info)) != sizeof(info))
		return;
	switch (info.ssi_signo) {
	case SIGCHLD:
		if (reap(&status)) {
			tell_status(name, status);
			end_guest(RB_POWER_OFF);
		}
		break;
	case SIGUSR1:
	case SIGUSR2:
		end_guest(RB_POWER_OFF);
	default:		/* SIGTERM; SIGINT is Ctrl-Alt-Del */
		end_guest(RB_AUTOBOOT);
	}
}

static void serve(const char *name, int timeout_ms)
{
	struct pollfd pfd[] = {
		{ .fd = signals, .events = POLLIN },
		{ .fd = uevents, .events = POLLIN },
	};

	if (poll(pfd, 2, timeout_ms) <= 0)
		return;
	if (pfd[0].revents)
		on_signal(name);
	if (pfd[1].revents)
		net_uevents(uevents);
}

/* Every vif that the bus shows gets an interface, and that an address. */
static void wait_for_network(bool modules)
{
	int64_t start = now_ms(), left = modules ? MODULES_MS : 0;

	while (!net_any() && left > 0) {
		serve("", (int)left);
		left = start + MODULES_MS - now_ms();
	}
	while (net_nr_waited_for()) {
		left = start + NETWORK_MS - now_ms();
		if (left <= 0) {
			say("network", NULL,
			    "not there in time, going on without");
			return;
		}
		serve("", (int)left);
	}
}

int main(int argc, char **argv)
{
	static char *words[MAX_WORDS];
	static const int caught[] = { SIGCHLD, SIGTERM, SIGINT, SIGUSR1,
				      SIGUSR2 };
	unsigned int i;
	bool modules;

	(void)argc;
	if (getpid() != 1)
		return ask_init(basename(argv[0]));
	sigemptyset(&handled);
	for (i = 0; i < sizeof(caught) / sizeof(caught[0]); i++)
		sigaddset(&handled, caught[i]);
	sigprocmask(SIG_BLOCK, &handled, NULL);
	signals = signalfd(-1, &handled, SFD_CLOEXEC);
	mount_all();
	/* Before the modules: what they find is announced here. */
	uevents = net_open();
	modules = load_modules() > 0;
	name_host();
	net_configure_all();
	wait_for_network(modules);
	if (!read_words("/etc/tinyx/command", words, MAX_WORDS)) {
		say("/etc/tinyx/command", NULL, "names no program");
		end_guest(RB_POWER_OFF);
	}
	start_program(words, argv + 1);
	for (;;)
		serve(words[0], -1);
}

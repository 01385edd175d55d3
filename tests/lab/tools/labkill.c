// SPDX-License-Identifier: BSD-2-Clause
/*
 * labkill: kill -9 at a chosen moment, the same one each time.
 *
 *   labkill N COMMAND...   run COMMAND, and kill it (all its threads, not its
 *                          children) at the N-th of its system-call stops,
 *                          N = 1, 2, ...; each call has two: odd stops are
 *                          before it, even ones behind it.  With one thread.
 *
 * Prints on stderr where it was killed, and exits with 137; a command that
 * ends before has its own exit status, and what is printed is
 * "labkill: ended after M stops".
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define SYSCALL_STOP	(SIGTRAP | 0x80)
#define OPTIONS	(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | \
		 PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL)

__attribute__((noreturn)) static void die(const char *what)
{
	fprintf(stderr, "labkill: %s: %s\n", what, strerror(errno));
	exit(126);
}

static pid_t start(char **argv)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		die("fork");
	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		execvp(argv[0], argv);
		die(argv[0]);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		die("start");
	if (ptrace(PTRACE_SETOPTIONS, pid, 0, OPTIONS))
		die("trace");
	return pid;
}

static int kill_at(pid_t pid, pid_t thread, long stops)
{
	struct user_regs_struct regs = { 0 };
	int status;

	ptrace(PTRACE_GETREGS, thread, 0, &regs);
	kill(pid, SIGKILL);
	while (waitpid(-1, &status, __WALL) > 0)
		;
	fprintf(stderr, "labkill: killed at stop %ld, system call %llu\n",
		stops, regs.orig_rax);
	return 128 + SIGKILL;
}

/* A stop that is not a system call's: what is to be passed on. */
static int signal_of(int status, const bool *running)
{
	int sig = WSTOPSIG(status);

	/* Events of the tracing itself, and the first stop of a thread. */
	if (status >> 16 || sig == SIGTRAP || (sig == SIGSTOP && *running))
		return 0;
	return sig;
}

static int follow(pid_t pid, long n)
{
	bool running = false;	/* what was asked for, behind its exec */
	long stops = 0;
	int status, sig = 0;
	pid_t thread = pid;

	for (;;) {
		if (ptrace(PTRACE_SYSCALL, thread, 0, sig) && errno != ESRCH)
			die("go on");
		thread = waitpid(-1, &status, __WALL);
		if (thread < 0)
			die("wait");
		sig = 0;
		if (thread == pid && (WIFEXITED(status) || WIFSIGNALED(status)))
			break;
		if (!WIFSTOPPED(status))
			continue;
		if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXEC << 8))
			running = true;
		else if (WSTOPSIG(status) != SYSCALL_STOP)
			sig = signal_of(status, &running);
		else if (running && ++stops == n)
			return kill_at(pid, thread, stops);
	}
	fprintf(stderr, "labkill: ended after %ld stops\n", stops);
	return WIFEXITED(status) ? WEXITSTATUS(status)
				 : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	long n;

	if (argc < 3 || (n = atol(argv[1])) < 1) {
		fputs("usage: labkill N COMMAND...\n", stderr);
		return 126;
	}
	return follow(start(argv + 2), n);
}

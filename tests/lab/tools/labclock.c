// SPDX-License-Identifier: BSD-2-Clause
/*
 * labclock: nanoseconds of the monotonic clock; under --icount that is the
 * number of instructions executed, times four.
 *
 *   labclock               print the clock
 *   labclock COMMAND...    run COMMAND, print on stderr how long it took (ns),
 *                          exit with its status
 */

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

int main(int argc, char **argv)
{
	long long start;
	int r, status;
	pid_t pid;

	if (argc < 2) {
		printf("%lld\n", now_ns());
		return 0;
	}
	start = now_ns();
	r = posix_spawnp(&pid, argv[1], NULL, NULL, argv + 1, environ);
	if (r) {
		fprintf(stderr, "labclock: %s: %s\n", argv[1], strerror(r));
		return 127;
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 126;
	fprintf(stderr, "%lld\n", now_ns() - start);
	return WIFEXITED(status) ? WEXITSTATUS(status)
				 : 128 + WTERMSIG(status);
}

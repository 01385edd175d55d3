// SPDX-License-Identifier: BSD-2-Clause
/*
 * labpty: a command on a terminal of its own.
 *
 *   labpty COLUMNS COMMAND [ARGUMENT...]
 *
 * What it prints on the terminal goes to stdout; stdin is typed into it, slowly
 * enough for a command that reads its terminal when it is ready.  The exit
 * status is the command's; 124 when it took longer than a minute.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define TIMEOUT_S	60
#define TYPE_MS		1000

static int open_pty(const char *columns, char *path, size_t size)
{
	struct winsize ws = { .ws_row = 24,
			      .ws_col = (unsigned short)atoi(columns) };
	int fd = posix_openpt(O_RDWR | O_NOCTTY);

	if (fd < 0 || grantpt(fd) || unlockpt(fd) ||
	    ptsname_r(fd, path, size) || ioctl(fd, TIOCSWINSZ, &ws))
		return -1;
	return fd;
}

static void run_child(const char *path, char **argv)
{
	int fd;

	setsid();
	fd = open(path, O_RDWR);
	if (fd >= 0) {
		dup2(fd, 0);
		dup2(fd, 1);
		dup2(fd, 2);
		execvp(argv[0], argv);
	}
	perror(argv[0]);
	_exit(127);
}

/* False: nobody has the terminal open any more. */
static int copy(int from, int to)
{
	char buf[4096];
	ssize_t n = read(from, buf, sizeof(buf));

	return n > 0 && write(to, buf, (size_t)n) == n;
}

int main(int argc, char **argv)
{
	struct pollfd pfd[2];
	char path[64];
	int fd, status, typing = 1;
	pid_t pid;

	if (argc < 3)
		return 2;
	fd = open_pty(argv[1], path, sizeof(path));
	if (fd < 0) {
		perror("labpty");
		return 2;
	}
	pid = fork();
	if (!pid)
		run_child(path, argv + 2);
	alarm(TIMEOUT_S);
	usleep(TYPE_MS * 1000);
	do {
		pfd[0] = (struct pollfd){ .fd = fd, .events = POLLIN };
		pfd[1] = (struct pollfd){ .fd = typing ? 0 : -1,
					  .events = POLLIN };
		poll(pfd, 2, -1);
		if (pfd[1].revents)
			typing = copy(0, fd);
	} while (!pfd[0].revents || copy(fd, 1));
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 124;
}

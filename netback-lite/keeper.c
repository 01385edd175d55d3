// SPDX-License-Identifier: BSD-2-Clause
/* The child that shares our descriptors; and taking them from one. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "keeper.h"
#include "log.h"

#define NAME		"netback-keeper"	/* at most 15 bytes */
#define END_MS		2000

/* --- the keeper -------------------------------------------------------------- */

static void drop_caps(void)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	const struct __user_cap_data_struct none[2] = { { 0 } };

	/* It would do nothing with them, either. */
	(void)syscall(SYS_capset, &head, none);
}

/* pidof and ps go by either, and who looks for the process means the other one. */
static void take_name(void)
{
	char *argv0 = program_invocation_name;
	size_t n = strlen(argv0);

	prctl(PR_SET_NAME, NAME);
	if (n >= sizeof(NAME) - 1) {
		memset(argv0, 0, n);
		memcpy(argv0, NAME, sizeof(NAME) - 1);
	} else {
		memcpy(argv0, NAME, n);
	}
}

/* A TAP that is still there: not one that was deleted. */
static bool is_tap(int fd, struct ifreq *ifr)
{
	memset(ifr, 0, sizeof(*ifr));
	return !ioctl(fd, TUNGETIFF, ifr);
}

static bool is_socket(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISSOCK(st.st_mode);
}

static int close_others(int lock_fd, bool sockets)
{
	DIR *d = opendir("/proc/self/fd");
	struct dirent *e;
	struct ifreq ifr;
	int fd;

	if (!d)
		return -errno;
	while ((e = readdir(d))) {
		fd = atoi(e->d_name);
		if (e->d_name[0] == '.' || fd == dirfd(d) || fd == lock_fd)
			continue;
		if (sockets ? is_socket(fd) : !is_tap(fd, &ifr))
			close(fd);
	}
	closedir(d);
	return 0;
}

/* Not by PR_SET_PDEATHSIG: who is not root any more may not signal us. */
static void wait_for_end(pid_t parent)
{
	struct pollfd pfd = { .events = POLLIN };

	pfd.fd = (int)syscall(SYS_pidfd_open, parent, 0);
	while (getppid() == parent) {
		if (pfd.fd < 0)
			_exit(1);
		poll(&pfd, 1, -1);
	}
	if (pfd.fd >= 0)
		close(pfd.fd);
}

__attribute__((noreturn))
static void keep(pid_t parent, int lock_fd)
{
	const struct timespec patience = { .tv_sec = NBL_KEEPER_S };
	sigset_t set;

	take_name();
	drop_caps();
	sigfillset(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	wait_for_end(parent);
	/*
	 * Nobody shall wait for an answer of a socket; event channels are the
	 * next one's to bind, who comes when the lock is free.
	 */
	if (fcntl(lock_fd, F_GETFD) < 0 || close_others(lock_fd, true) ||
	    close_others(lock_fd, false))
		_exit(0);
	close(lock_fd);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigtimedwait(&set, NULL, &patience);
	_exit(0);
}

int nbl_keeper_start(int lock_fd)
{
	pid_t parent = getpid();
	char line[16];
	int n;
	long pid;

	/* Nobody asks how it ended. */
	signal(SIGCHLD, SIG_IGN);
	pid = syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, 0);
	if (pid < 0)
		return -errno;
	if (!pid)
		keep(parent, lock_fd);
	n = snprintf(line, sizeof(line), "%ld\n", pid);
	if (pwrite(lock_fd, line, (size_t)n, 0) == n &&
	    !ftruncate(lock_fd, n))
		return 0;
	kill((pid_t)pid, SIGKILL);
	return -EIO;
}

/* --- its successor's side ---------------------------------------------------- */

/* Of a process, or our own (0). */
static int exe_of(pid_t pid, char *buf, size_t size)
{
	char path[32];
	ssize_t n;

	snprintf(path, sizeof(path), pid ? "/proc/%d/exe" : "/proc/self/exe",
		 (int)pid);
	n = readlink(path, buf, size - 1);
	if (n < 0)
		return -errno;
	buf[n] = '\0';
	return 0;
}

/*
 * Is it one?  The number came from a file that is not only ours, and what it
 * says will be killed.  Behind the name of one that was replaced meanwhile
 * stands " (deleted)".
 */
static bool is_keeper(pid_t pid)
{
	char ours[512], its[512], comm[32] = "";
	FILE *f;

	if (exe_of(0, ours, sizeof(ours)) || exe_of(pid, its, sizeof(its)) ||
	    strncmp(its, ours, strlen(ours)) != 0 ||
	    (its[strlen(ours)] != '\0' && its[strlen(ours)] != ' '))
		return false;
	snprintf(its, sizeof(its), "/proc/%d/comm", (int)pid);
	f = fopen(its, "re");
	if (!f)
		return false;
	if (!fgets(comm, sizeof(comm), f))
		comm[0] = '\0';
	fclose(f);
	return !strcmp(comm, NAME "\n");
}

/* Its pidfd, or -1. */
static int keeper_find(int lock_fd, pid_t *pid)
{
	char line[16] = "";
	ssize_t n;
	int fd;

	n = pread(lock_fd, line, sizeof(line) - 1, 0);
	if (n <= 0)
		return -1;
	*pid = (pid_t)strtol(line, NULL, 10);
	if (*pid <= 1 || *pid == getpid())
		return -1;
	/* First: what is asked after this is asked of the same process. */
	fd = (int)syscall(SYS_pidfd_open, *pid, 0);
	if (fd < 0)
		return -1;
	if (is_keeper(*pid))
		return fd;
	close(fd);
	return -1;
}

/* The TAP behind its descriptor of this number.  False: it is none. */
static bool take_tap(int pidfd, const char *nr, struct nbl_kept_tap *out)
{
	struct ifreq ifr;

	if (nr[0] == '.')
		return false;
	out->fd = (int)syscall(SYS_pidfd_getfd, pidfd, atoi(nr), 0);
	if (out->fd < 0)
		return false;
	if (!is_tap(out->fd, &ifr)) {
		close(out->fd);
		return false;
	}
	memcpy(out->ifname, ifr.ifr_name, sizeof(out->ifname));
	out->ifname[sizeof(out->ifname) - 1] = '\0';
	return true;
}

static struct nbl_kept *grow(struct nbl_kept *kept, size_t *room)
{
	size_t more = *room ? 2 * *room : 64;
	struct nbl_kept *k;

	k = realloc(kept, sizeof(*k) + more * sizeof(k->tap[0]));
	if (!k)
		return NULL;
	if (!kept)
		k->nr = 0;
	*room = more;
	return k;
}

static struct nbl_kept *take_all(int pidfd, pid_t pid)
{
	struct nbl_kept *kept = NULL, *k;
	struct dirent *e;
	char path[32];
	size_t room = 0;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	d = opendir(path);
	while (d && (e = readdir(d))) {
		if (!kept || kept->nr == room) {
			k = grow(kept, &room);
			if (!k)
				break;
			kept = k;
		}
		if (take_tap(pidfd, e->d_name, &kept->tap[kept->nr]))
			kept->nr++;
	}
	if (d)
		closedir(d);
	if (kept)
		qsort(kept->tap, kept->nr, sizeof(kept->tap[0]),
		      nbl_kept_compare);
	return kept;
}

static void keeper_end(int pidfd)
{
	struct pollfd pfd = { .fd = pidfd, .events = POLLIN };

	if (!syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0) &&
	    poll(&pfd, 1, END_MS) == 0)
		nbl_log(NBL_WARN, "what held the TAPs does not end");
}

struct nbl_kept *nbl_keeper_take(int lock_fd)
{
	struct nbl_kept *kept;
	pid_t pid = 0;
	int pidfd;

	pidfd = keeper_find(lock_fd, &pid);
	if (pidfd < 0)
		return NULL;
	kept = take_all(pidfd, pid);
	keeper_end(pidfd);
	close(pidfd);
	return kept;
}

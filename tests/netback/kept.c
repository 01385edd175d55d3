// SPDX-License-Identifier: BSD-2-Clause
/* TAPs in between two processes: real ones, of a process that is really killed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <keeper.h>
#include <log.h>
#include <tap.h>

#define LOCK		"/tmp/netback-keeper-XXXXXX"
#define NR_TAPS		100
#define MANY		7u	/* the one that has three queues */
#define NOBODY		65534

static int ctl;
static char lock_path[sizeof(LOCK) + sizeof(".sock")] = LOCK;

/* Has it a carrier, which it has as long as somebody has it open? */
static bool has_carrier(const char *ifname)
{
	struct ethtool_value link = { .cmd = ETHTOOL_GLINK };
	struct ifreq ifr = { .ifr_data = (void *)&link };

	strcpy(ifr.ifr_name, ifname);
	assert_int_equal(ioctl(ctl, SIOCETHTOOL, &ifr), 0);
	return link.data;
}

static void set_up(const char *ifname)
{
	struct ifreq ifr = { .ifr_flags = IFF_UP };

	strcpy(ifr.ifr_name, ifname);
	if (ioctl(ctl, SIOCSIFFLAGS, &ifr))
		_exit(3);
}

static int lock_open(void)
{
	int fd = open(lock_path, O_RDWR | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

/* What the process under test does until it is told its end. */
static void process(int ready, unsigned int nr, bool closes)
{
	int lock = lock_open(), fd, orders[2];
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int sock = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	char name[IFNAMSIZ];
	unsigned int i, queue;

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s.sock", lock_path);
	unlink(addr.sun_path);
	if (bind(sock, (struct sockaddr *)&addr, sizeof(addr)) ||
	    listen(sock, 1))
		_exit(4);
	if (flock(lock, LOCK_EX | LOCK_NB) || nbl_keeper_start(lock) ||
	    pipe(orders))
		_exit(1);
	/* Behind the keeper's back, and it has them all the same. */
	for (i = 0; i < nr; i++) {
		snprintf(name, sizeof(name), "vif%u.0", i);
		if (nbl_tap_open(name, i == MANY, &fd) ||
		    nbl_tap_keep(fd, true))
			_exit(2);
		for (queue = 1; i == MANY && queue < 3; queue++)
			if (nbl_tap_queue(name, &fd))
				_exit(2);
		set_up(name);
	}
	/* As one that serves; the keeper stays what it was. */
	if (setresuid(NOBODY, NOBODY, NOBODY))
		_exit(5);
	if (closes)
		close(lock);
	if (write(ready, "", 1) != 1 || closes)
		_exit(0);
	pause();
	_exit(0);
}

static pid_t start(unsigned int nr, bool closes)
{
	int fds[2];
	pid_t pid;
	char c;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		process(fds[1], nr, closes);
	close(fds[1]);
	assert_int_equal(read(fds[0], &c, 1), 1);
	close(fds[0]);
	return pid;
}

static void killed(pid_t pid)
{
	int status;

	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
}

/* As whoever comes next gets the lock: the keeper lets go of it. */
static int lock_take(void)
{
	int fd = lock_open(), i;

	for (i = 0; flock(fd, LOCK_EX | LOCK_NB) && i < 2000; i++)
		usleep(1000);
	assert_true(i < 2000);
	return fd;
}

/* Does anybody listen, who will not answer? */
static bool listens(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int sock = socket(AF_UNIX, SOCK_SEQPACKET, 0), rc;

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s.sock", lock_path);
	rc = connect(sock, (struct sockaddr *)&addr, sizeof(addr));
	close(sock);
	return !rc;
}

/* We are its reaper. */
static void keeper_ended(void)
{
	int i, status;

	for (i = 0; i < 2000; i++) {
		if (waitpid(-1, &status, WNOHANG) < 0 && errno == ECHILD)
			return;
		usleep(1000);
	}
	fail_msg("the keeper does not end");
}

static pid_t keeper_pid(int lock)
{
	char line[16] = "";

	assert_true(pread(lock, line, sizeof(line) - 1, 0) > 0);
	return atoi(line);
}

/* Kept ones are the test's to remove. */
static void remove_tap(struct nbl_kept *kept, const char *ifname)
{
	int fd = nbl_kept_tap(kept, ifname);

	if (!kept)
		assert_int_equal(nbl_tap_adopt(ifname, false, &fd), 0);
	assert_true(fd >= 0);
	nbl_tap_keep(fd, false);
	nbl_tap_close(fd);
	assert_int_equal(if_nametoindex(ifname), 0);
}

static void taps_go_to_the_next(void **state)
{
	struct nbl_kept *kept;
	char name[IFNAMSIZ];
	unsigned int i, k;
	int lock;

	(void)state;
	killed(start(NR_TAPS, false));
	assert_true(has_carrier("vif0.0"));
	lock = lock_take();
	assert_false(listens());
	assert_true(has_carrier("vif99.0"));
	kept = nbl_keeper_take(lock);
	keeper_ended();
	assert_non_null(kept);
	assert_int_equal(kept->nr, NR_TAPS + 2);
	assert_true(has_carrier("vif0.0"));
	assert_int_equal(nbl_kept_tap(kept, "vif100.0"), -1);
	assert_int_equal(nbl_kept_tap(kept, "a name that is far too long"), -1);
	for (i = 0; i < NR_TAPS; i++) {
		snprintf(name, sizeof(name), "vif%u.0", i);
		for (k = 0; i == MANY && k < 2; k++)
			nbl_tap_close(nbl_kept_tap(kept, name));
		remove_tap(kept, name);
		assert_int_equal(nbl_kept_tap(kept, name), -1);
	}
	nbl_kept_free(kept);
	close(lock);
}

static void what_nobody_takes_is_closed(void **state)
{
	struct nbl_kept *kept;
	int lock;

	(void)state;
	killed(start(2, false));
	lock = lock_take();
	kept = nbl_keeper_take(lock);
	keeper_ended();
	assert_int_equal(kept->nr, 2);
	remove_tap(kept, "vif0.0");
	nbl_kept_free(kept);
	assert_false(has_carrier("vif1.0"));
	remove_tap(NULL, "vif1.0");
	close(lock);
}

static void deleted_ones_are_none(void **state)
{
	struct nbl_kept *kept;
	int lock, fd;

	(void)state;
	killed(start(1, false));
	lock = lock_take();
	fd = keeper_pid(lock);
	assert_true(fd > 1);
	assert_int_equal(system("ip link del vif0.0"), 0);
	kept = nbl_keeper_take(lock);
	assert_int_equal(nbl_kept_tap(kept, "vif0.0"), -1);
	nbl_kept_free(kept);
	keeper_ended();
	close(lock);
}

static void a_clean_end_keeps_nothing(void **state)
{
	int lock;

	(void)state;
	start(1, true);
	keeper_ended();
	lock = lock_take();
	assert_null(nbl_keeper_take(lock));
	assert_false(has_carrier("vif0.0"));
	remove_tap(NULL, "vif0.0");
	close(lock);
}

static void keeper_killed_first(void **state)
{
	pid_t pid;
	int lock;

	(void)state;
	pid = start(1, false);
	lock = lock_open();
	kill(keeper_pid(lock), SIGKILL);
	close(lock);
	killed(pid);
	keeper_ended();
	lock = lock_take();
	assert_null(nbl_keeper_take(lock));
	remove_tap(NULL, "vif0.0");
	close(lock);
}

static void told_to_end(void **state)
{
	int lock;

	(void)state;
	killed(start(1, false));
	lock = lock_take();
	kill(keeper_pid(lock), SIGTERM);
	keeper_ended();
	assert_false(has_carrier("vif0.0"));
	remove_tap(NULL, "vif0.0");
	close(lock);
}

/* While the process lives, nothing but a kill ends its keeper. */
static void signals_mean_nothing_yet(void **state)
{
	struct nbl_kept *kept;
	pid_t pid;
	int lock;

	(void)state;
	pid = start(1, false);
	assert_true(listens());
	lock = lock_open();
	kill(keeper_pid(lock), SIGTERM);
	kill(keeper_pid(lock), SIGUSR1);
	kill(keeper_pid(lock), SIGHUP);
	usleep(50000);
	assert_int_equal(flock(lock, LOCK_EX | LOCK_NB), -1);
	close(lock);
	/* The first of them is still to come when the process is gone. */
	killed(pid);
	lock = lock_take();
	kept = nbl_keeper_take(lock);
	keeper_ended();
	if (kept && kept->nr)
		remove_tap(kept, "vif0.0");
	else
		remove_tap(NULL, "vif0.0");
	nbl_kept_free(kept);
	close(lock);
}

/* A lock file may say anything. */
static void others_are_left_alone(void **state)
{
	const char *said[] = { "", "0\n", "1\n", "-1\n", "x\n", "99999999999\n" };
	char line[16];
	int lock = lock_open(), status;
	unsigned int i;
	pid_t pid;

	(void)state;
	for (i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		assert_int_equal(ftruncate(lock, 0), 0);
		assert_true(pwrite(lock, said[i], strlen(said[i]), 0) >= 0);
		assert_null(nbl_keeper_take(lock));
	}
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		pause();
		_exit(0);
	}
	snprintf(line, sizeof(line), "%d\n", (int)pid);
	assert_true(pwrite(lock, line, strlen(line), 0) > 0);
	assert_null(nbl_keeper_take(lock));
	assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
	killed(pid);
	close(lock);
}

static int skip_all(const char *why)
{
	printf("1..0 # SKIP %s\n", why);
	return 77;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(taps_go_to_the_next),
		cmocka_unit_test(what_nobody_takes_is_closed),
		cmocka_unit_test(deleted_ones_are_none),
		cmocka_unit_test(a_clean_end_keeps_nothing),
		cmocka_unit_test(keeper_killed_first),
		cmocka_unit_test(told_to_end),
		cmocka_unit_test(signals_mean_nothing_yet),
		cmocka_unit_test(others_are_left_alone),
	};
	int fd, rc;

	if (unshare(CLONE_NEWNET))
		return skip_all("no network namespace");
	if (access("/dev/net/tun", R_OK | W_OK))
		return skip_all("/dev/net/tun");
	ctl = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	fd = mkstemp(lock_path);
	if (ctl < 0 || fd < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
		return skip_all("no place for it");
	close(fd);
	nbl_log_start(NBL_ERROR, false);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	rc = cmocka_run_group_tests_name("netback-kept", tests, NULL, NULL);
	unlink(lock_path);
	strcat(lock_path, ".sock");
	unlink(lock_path);
	return rc;
}

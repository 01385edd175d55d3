// SPDX-License-Identifier: BSD-2-Clause
/* The sandbox, in children that end in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/if_tun.h>
#include <xen/xen.h>

#include <xen/sys/privcmd.h>

#include <sandbox.h>

/* The wait status of fn in a child; its exit status is 0 if it returned true. */
static int in_child(bool (*fn)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		alarm(20);
		_exit(fn() ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static bool is_status(const char *path, const char *name, const char *value)
{
	char line[256], want[64];
	bool found = false;
	FILE *f = fopen(path, "r");

	snprintf(want, sizeof(want), "%s:\t%s", name, value);
	while (f && fgets(line, sizeof(line), f))
		found |= !strncmp(line, want, strlen(want));
	if (f)
		fclose(f);
	return found;
}

static bool enter(void)
{
	char err[NBL_ERROR_SIZE];
	struct nbl_sandbox s;

	if (nbl_sandbox_user("nobody", &s, err) || nbl_sandbox_enter(&s, err)) {
		fprintf(stderr, "# %s\n", err);
		return false;
	}
	return true;
}

static bool seal(void)
{
	char err[NBL_ERROR_SIZE];

	if (!nbl_sandbox_seal(err))
		return true;
	fprintf(stderr, "# %s\n", err);
	return false;
}

static bool become_nobody(void)
{
	static const char me[] = "/proc/thread-self/status";

	return enter() && getuid() == 65534 && geteuid() == 65534 &&
	       is_status(me, "CapEff", "0000000000001000") &&
	       is_status(me, "CapPrm", "0000000000001000") &&
	       is_status(me, "CapBnd", "0000000000000000") &&
	       is_status(me, "NoNewPrivs", "1") &&
	       is_status(me, "Groups", " ") && setuid(0) && errno == EPERM &&
	       open("/etc/shadow", O_RDONLY) < 0;
}

static void test_user(void **state)
{
	(void)state;
	assert_int_equal(in_child(become_nobody), 0);
}

/* TAPs can still be made. */
static bool make_tap(void)
{
	struct {
		char name[16];
		short flags;
		char pad[22];
	} ifr = { .flags = IFF_TAP | IFF_NO_PI };
	int fd;

	if (!enter() || !seal())
		return false;
	fd = open("/dev/net/tun", O_RDWR);
	return fd >= 0 && !ioctl(fd, TUNSETIFF, &ifr) && !close(fd);
}

static void test_tap(void **state)
{
	(void)state;
	assert_int_equal(in_child(make_tap), 0);
}

static int pipes[2];

static void *use_memory(void *arg)
{
	char *p = malloc(1 << 20);
	char byte;
	bool done;

	(void)arg;
	done = p && read(pipes[0], &byte, 1) == 1;
	if (done)
		memset(p, 1, 1 << 20);
	free(p);
	p = malloc(1 << 22);
	done &= p != NULL;
	free(p);
	return done ? pipes : NULL;
}

/* A thread that was there before goes on, and is sealed too. */
static bool serve(void)
{
	const struct sched_param none = { 0 };
	char path[64], byte = 0;
	struct timespec ts;
	pthread_t thread;
	void *rc;
	int fd;

	if (pipe(pipes) || pthread_create(&thread, NULL, use_memory, NULL))
		return false;
	snprintf(path, sizeof(path), "/proc/self/task");
	if (!seal() || write(pipes[1], &byte, 1) != 1 ||
	    pthread_join(thread, &rc) || !rc)
		return false;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	if (sched_setscheduler(0, SCHED_BATCH, &none) ||
	    sched_setscheduler(0, SCHED_OTHER, &none))
		return false;
	fd = open("/dev/null", O_RDWR);
	return fd >= 0 && is_status("/proc/self/status", "Seccomp", "2");
}

static void test_serve(void **state)
{
	(void)state;
	assert_int_equal(in_child(serve), 0);
}

static bool do_exec(void)
{
	return !seal() || execl("/bin/true", "true", (char *)NULL);
}

static bool do_fork(void)
{
	return !seal() || fork() >= 0;
}

static bool do_ptrace(void)
{
	return !seal() || ptrace(PTRACE_TRACEME, 0, 0, 0);
}

static bool do_packet_socket(void)
{
	return !seal() || socket(AF_PACKET, SOCK_RAW, 0);
}

static bool do_setuid(void)
{
	return !seal() || setuid(0);
}

static bool do_mount(void)
{
	return !seal() || syscall(SYS_mount, 0, "/", 0, 0, 0);
}

static bool do_code(void)
{
	return !seal() || mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static bool do_make_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return !seal() || mprotect(p, 4096, PROT_READ | PROT_EXEC);
}

static bool do_privcmd(void)
{
	return !seal() || ioctl(0, IOCTL_PRIVCMD_MMAPBATCH_V2, 0);
}

static bool do_ioctl(void)
{
	return !seal() || ioctl(0, TIOCSTI, "x");
}

static bool do_kill_other(void)
{
	return !seal() || syscall(SYS_tgkill, 1, 1, 0);
}

static bool do_real_time(void)
{
	const struct sched_param lowest = { .sched_priority = 1 };

	return !seal() || sched_setscheduler(0, SCHED_FIFO, &lowest);
}

static bool do_pace_other(void)
{
	const struct sched_param none = { 0 };

	return !seal() || sched_setscheduler(getppid(), SCHED_BATCH, &none);
}

static void test_forbidden(void **state)
{
	static bool (*const forbidden[])(void) = {
		do_exec, do_fork, do_ptrace, do_packet_socket, do_setuid,
		do_mount, do_code, do_make_code, do_privcmd, do_ioctl,
		do_kill_other, do_real_time, do_pace_other,
	};
	size_t i;
	int status;

	(void)state;
	for (i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++) {
		status = in_child(forbidden[i]);
		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
			fail_msg("%zu: status %#x", i, (unsigned int)status);
	}
}

static void test_names(void **state)
{
	char err[NBL_ERROR_SIZE];
	struct nbl_sandbox s;

	(void)state;
	assert_int_equal(nbl_sandbox_user("root", &s, err), -EINVAL);
	assert_non_null(strstr(err, "user root is root"));
	assert_int_equal(nbl_sandbox_user("no such", &s, err), -ENOENT);
	assert_non_null(strstr(err, "user no such"));
	assert_int_equal(nbl_sandbox_user("nobody", &s, err), 0);
	assert_true(s.on);
}

/* Nothing of others is given away. */
static void test_give(void **state)
{
	char dir[] = "/tmp/netback-give-XXXXXX", a[64], b[64];
	struct nbl_sandbox s = { true, 65534, 65534 };
	struct stat st;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(a, sizeof(a), "%s/a", dir);
	snprintf(b, sizeof(b), "%s/b", dir);
	close(open(a, O_CREAT | O_WRONLY, 0600));
	assert_int_equal(nbl_sandbox_give(&s, b), -ENOENT);
	assert_int_equal(symlink(a, b), 0);
	assert_int_equal(nbl_sandbox_give(&s, b), -ELOOP);
	unlink(b);
	assert_int_equal(link(a, b), 0);
	assert_int_equal(nbl_sandbox_give(&s, b), -EPERM);
	unlink(b);
	assert_int_equal(nbl_sandbox_give(&s, a), 0);
	assert_int_equal(nbl_sandbox_give(&s, a), 0);
	assert_int_equal(stat(a, &st), 0);
	assert_int_equal(st.st_uid, 65534);
	unlink(a);
	assert_int_equal(rmdir(dir), 0);
}

/* Sanitizers and valgrind make calls of their own. */
static bool is_watched(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	return true;
#else
	const char *preload = getenv("LD_PRELOAD");

	return preload && strstr(preload, "vgpreload");
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_user), cmocka_unit_test(test_tap),
		cmocka_unit_test(test_serve), cmocka_unit_test(test_forbidden),
		cmocka_unit_test(test_names), cmocka_unit_test(test_give),
	};

	if (geteuid() != 0 || is_watched()) {
		puts("1..0 # SKIP needs root, and nobody who watches");
		return 77;
	}
	nbl_log_start(NBL_ERROR, false);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: BSD-2-Clause
/* Clients while the process, or the system, has no descriptor or memory left. */
#include "harness.h"

#include <fcntl.h>
#include <listener.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MAX_FILLERS	256

static char dir[64], path[96];

/* The next accepts fail so; counted always. */
static int accept_error;
static unsigned int nr_failing, nr_accepts;

int __real_accept4(int fd, struct sockaddr *sa, socklen_t *len, int flags);
int __wrap_accept4(int fd, struct sockaddr *sa, socklen_t *len, int flags);

int __wrap_accept4(int fd, struct sockaddr *sa, socklen_t *len, int flags)
{
	nr_accepts++;
	if (!nr_failing)
		return __real_accept4(fd, sa, len, flags);
	nr_failing--;
	errno = accept_error;
	return -1;
}

static int setup_listener(void **state)
{
	char err[NBL_ERROR_SIZE];
	struct test_state *s;

	strcpy(dir, "/tmp/netback-test-XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/sock", dir);
	setup_backend(state);
	s = *state;
	nr_failing = nr_accepts = 0;
	assert_int_equal(nbl_control_open(s->nb, path, err), 0);
	fake_dom_create(1);
	return 0;
}

static int teardown_listener(void **state)
{
	teardown_backend(state);
	assert_int_equal(rmdir(dir), 0);
	return 0;
}

/* A client that has said hello, and maybe is not accepted yet. */
static int dial(void)
{
	struct noxs_netback_request req = {
		.magic = NOXS_NETBACK_MAGIC,
		.version = NOXS_NETBACK_VERSION,
		.op = NOXS_NETBACK_HELLO,
	};
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	strcpy(sa.sun_path, path);
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(send(fd, &req, sizeof(req), MSG_NOSIGNAL),
			 sizeof(req));
	return fd;
}

static bool answered(int fd)
{
	struct noxs_netback_reply reply;
	ssize_t n = recv(fd, &reply, sizeof(reply), MSG_DONTWAIT);

	if (n < 0)
		assert_int_equal(errno, EAGAIN);
	else
		assert_int_equal(n, sizeof(reply));
	return n > 0 && !reply.rc;
}

/* For so long; how often the loop had something to do. */
static unsigned int turns_for(struct test_state *s, int ms)
{
	int64_t end = nbl_now_ms() + ms;
	struct pollfd pfd = { .fd = s->nb->loop.epfd, .events = POLLIN };
	unsigned int n = 0;
	int left;

	while ((left = (int)(end - nbl_now_ms())) > 0 && n < 10000) {
		if (!poll(&pfd, 1, left))
			continue;
		assert_int_equal(nbl_turn(s->nb, 0), 0);
		n++;
	}
	return n;
}

static bool answered_within(struct test_state *s, int fd, int ms)
{
	int64_t end = nbl_now_ms() + ms;

	while (nbl_now_ms() < end) {
		if (answered(fd))
			return true;
		nbl_turn(s->nb, 5);
	}
	return false;
}

/* Descriptors of nobody's, until there are no more. */
struct fillers {
	struct rlimit was;
	unsigned int nr;
	int fd[MAX_FILLERS];
};

static void fill(struct fillers *f)
{
	struct rlimit lim;
	int fd;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &f->was), 0);
	lim = f->was;
	lim.rlim_cur = MAX_FILLERS;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &lim), 0);
	f->nr = 0;
	while ((fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
		f->fd[f->nr++] = fd;
	assert_int_equal(errno, EMFILE);
}

static void give_back(struct fillers *f)
{
	while (f->nr)
		close(f->fd[--f->nr]);
	setrlimit(RLIMIT_NOFILE, &f->was);
}

/* One is served by the reserve; who comes then waits for it to leave. */
static void no_descriptor_left(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_request req;
	struct noxs_netback_reply reply;
	int fd[3] = { dial(), dial(), dial() };
	struct fillers f;
	unsigned int n;
	bool ok[4];

	fill(&f);
	ok[0] = answered_within(s, fd[0], 1000);
	n = turns_for(s, 250);
	ok[1] = answered(fd[1]);
	/* Nothing can be opened, and the client hears why. */
	request_init(&req, 1, 0);
	assert_int_equal(send(fd[0], &req, sizeof(req), 0), sizeof(req));
	turns_for(s, 20);
	assert_int_equal(recv(fd[0], &reply, sizeof(reply), MSG_DONTWAIT),
			 sizeof(reply));
	close(fd[0]);
	/* The test's own descriptor is taken again: only one is free. */
	assert_int_equal(open("/dev/null", O_RDONLY | O_CLOEXEC), fd[0]);
	ok[2] = answered_within(s, fd[1], 1000);
	turns_for(s, 150);
	ok[3] = answered(fd[2]);
	close(fd[0]);
	give_back(&f);
	assert_true(ok[0]);
	assert_true(n >= 1 && n <= 6);	/* it rests, and tries again */
	assert_false(ok[1]);
	assert_int_equal(reply.rc, -EMFILE);
	assert_true(ok[2]);
	assert_false(ok[3]);
	assert_true(answered_within(s, fd[2], 1000));
	close(fd[1]);
	close(fd[2]);
	turns(s->nb);
}

/* By the reserve, what holds the descriptors can be given back. */
static void detach_without_a_descriptor(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_request req = {
		.magic = NOXS_NETBACK_MAGIC,
		.version = NOXS_NETBACK_VERSION,
		.op = NOXS_NETBACK_DETACH,
		.domid = 1,
	};
	char err[NBL_ERROR_SIZE];
	int fd[2] = { dial(), dial() };
	struct fillers f;
	bool ok[2];

	assert_int_equal(attach(s->nb, 1, 0, err), 0);
	fill(&f);
	ok[0] = answered_within(s, fd[0], 1000);
	assert_int_equal(send(fd[0], &req, sizeof(req), 0), sizeof(req));
	ok[1] = answered_within(s, fd[0], 1000) &&
		answered_within(s, fd[1], 1000);
	give_back(&f);
	assert_true(ok[0]);
	assert_true(ok[1]);
	assert_int_equal(s->nb->nr_vifs, 0);
	close(fd[0]);
	close(fd[1]);
	turns(s->nb);
}

/* Whatever it is that is missing, the loop sleeps and the client is served. */
static void accept_fails_for_a_while(void **state)
{
	static const int errors[] = { EMFILE, ENFILE, ENOBUFS, ENOMEM, EPERM };
	struct test_state *s = *state;
	unsigned int i, n;
	int fd;

	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		accept_error = errors[i];
		nr_failing = 5;
		nr_accepts = 0;
		fd = dial();
		n = turns_for(s, 150);
		assert_true(n >= 2 && n <= 4);
		assert_true(nr_accepts >= 3 && nr_accepts <= 4);
		assert_false(answered(fd));
		assert_true(answered_within(s, fd, 1000));
		close(fd);
		turns(s->nb);
	}
}

/* Nobody was there: no reason to be deaf for a moment. */
static void accept_finds_nobody(void **state)
{
	static const int errors[] = { EAGAIN, ECONNABORTED, EINTR };
	struct test_state *s = *state;
	unsigned int i;
	int fd;

	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		accept_error = errors[i];
		nr_failing = 1;
		fd = dial();
		assert_true(answered_within(s, fd, NBL_LISTENER_REST_MS / 2));
		close(fd);
		turns(s->nb);
	}
}

/* It is said once, and again when it was over in between. */
static void it_is_logged_once(void **state)
{
	struct test_state *s = *state;
	char log[1024];
	int fd, saved, pipe_fd[2], round;
	ssize_t n;

	accept_error = ENFILE;
	for (round = 0; round < 2; round++) {
		nr_failing = 6;
		fd = dial();
		assert_int_equal(pipe2(pipe_fd, O_CLOEXEC | O_NONBLOCK), 0);
		saved = dup(STDERR_FILENO);
		dup2(pipe_fd[1], STDERR_FILENO);
		nbl_log_start(NBL_WARN, false);
		turns_for(s, 350);
		nbl_log_start(NBL_ERROR, false);
		dup2(saved, STDERR_FILENO);
		n = read(pipe_fd[0], log, sizeof(log) - 1);
		close(saved);
		close(pipe_fd[0]);
		close(pipe_fd[1]);
		assert_true(n > 0);
		log[n] = '\0';
		assert_string_equal(log, "netback-lite: warning: control: "
				    "accept a client: Too many open files in "
				    "system\n");
		assert_true(answered_within(s, fd, 1000));
		close(fd);
		turns(s->nb);
	}
}

/* The listener's own descriptors cannot be had: nothing is left behind. */
static void open_without_descriptors(void **state)
{
	struct test_state *s = *state;
	char err[NBL_ERROR_SIZE], other[128];
	struct fillers f;
	int left, i, rc = 0;

	snprintf(other, sizeof(other), "%s/other", dir);
	nbl_control_close(s->nb->control);
	for (left = 0; left < 4; left++) {
		fill(&f);
		for (i = 0; i < left; i++)
			close(f.fd[--f.nr]);
		rc = nbl_control_open(s->nb, other, err);
		give_back(&f);
		if (!rc)
			break;
		assert_int_equal(rc, -EMFILE);
		assert_null(s->nb->control);
		assert_int_equal(access(other, F_OK), -1);
	}
	assert_int_equal(rc, 0);
	assert_int_equal(left, 3);	/* socket, timer, reserve */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define LISTENER(fn) cmocka_unit_test_setup_teardown(fn, setup_listener, \
						     teardown_listener)
		LISTENER(no_descriptor_left),
		LISTENER(detach_without_a_descriptor),
		LISTENER(accept_fails_for_a_while),
		LISTENER(accept_finds_nobody),
		LISTENER(it_is_logged_once),
		LISTENER(open_without_descriptors),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("netback-listener", tests, NULL,
					   NULL);
}

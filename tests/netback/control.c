// SPDX-License-Identifier: BSD-2-Clause
/* The control protocol over a real Unix socket. */
#include "client.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* While it is shut, TAPs stay open and their names stay busy. */
static sem_t gate;
static atomic_bool gate_shut;

void __real_nbl_tap_close(int fd);
void __wrap_nbl_tap_close(int fd);

void __wrap_nbl_tap_close(int fd)
{
	if (gate_shut)
		sem_wait(&gate);
	__real_nbl_tap_close(fd);
}

static void attach_stats_detach(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_request req;
	struct noxs_netback_reply reply;
	int fd = dial();

	plain(&req, NOXS_NETBACK_HELLO, 0, 0);
	assert_int_equal(call(s, fd, &req, &reply), 0);
	request_init(&req, 1, 2);
	assert_int_equal(call(s, fd, &req, &reply), 0);
	assert_string_equal(reply.ifname, "vif1.2");
	assert_string_equal(reply.bridge, TEST_BRIDGE);
	assert_int_equal(reply.slot, 0);
	assert_int_equal(reply.state, XEN_NOXS_STATE_INIT);
	assert_int_equal(call(s, fd, &req, &reply), -EEXIST);
	plain(&req, NOXS_NETBACK_STATS, 0, 0);
	assert_int_equal(call(s, fd, &req, &reply), 0);
	assert_int_equal(reply.domid, 1);
	assert_int_equal(reply.vif, 2);
	plain(&req, NOXS_NETBACK_STATS, 1, 3);
	assert_int_equal(call(s, fd, &req, &reply), -ENOENT);
	plain(&req, NOXS_NETBACK_DETACH, 1, 3);
	assert_int_equal(call(s, fd, &req, &reply), -ENOENT);
	plain(&req, NOXS_NETBACK_DETACH, 1, 2);
	assert_int_equal(call(s, fd, &req, &reply), 0);
	assert_int_equal(s->nb->nr_vifs, 0);
	assert_int_equal(call(s, fd, &req, &reply), -ENOENT);
	assert_non_null(strstr(reply.error, "vif 2 of domain 1"));
	close(fd);
}

static void attach_bind_detach(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_request req, stats;
	struct noxs_netback_reply reply;
	int fd = dial();

	request_init(&req, 1, 2);
	memset(req.mac, 0, sizeof(req.mac));
	req.flags = NOXS_NETBACK_SPARE;
	assert_int_equal(call(s, fd, &req, &reply), 0);
	assert_string_equal(reply.ifname, "vif1.2");
	assert_int_equal(reply.flags, NOXS_NETBACK_SPARE);
	plain(&stats, NOXS_NETBACK_STATS, 0, 0);
	assert_int_equal(call(s, fd, &stats, &reply), 0);
	assert_int_equal(reply.flags, NOXS_NETBACK_SPARE);
	request_init(&req, 1, 2);
	req.op = NOXS_NETBACK_BIND;
	assert_int_equal(call(s, fd, &req, &reply), 0);
	assert_int_equal(reply.domid, 1);
	assert_int_equal(reply.vif, 2);
	assert_int_equal(reply.slot, 0);
	assert_int_equal(reply.flags, 0);
	assert_int_equal(reply.state, XEN_NOXS_STATE_INIT);
	assert_string_equal(reply.ifname, "vif1.2");
	assert_string_equal(reply.bridge, TEST_BRIDGE);
	assert_int_equal(call(s, fd, &req, &reply), -EBUSY);
	plain(&req, NOXS_NETBACK_DETACH, 1, 2);
	assert_int_equal(call(s, fd, &req, &reply), 0);
	close(fd);
}

static void stats_walk_in_order(void **state)
{
	struct test_state *s = *state;
	static const uint16_t ids[] = { 5, 0, 61, 3 };
	static const uint16_t want[][2] = {
		{ 1, 0 }, { 1, 3 }, { 1, 5 }, { 1, 61 }, { 30000, 7 },
	};
	struct noxs_netback_request req;
	struct noxs_netback_reply reply;
	char err[NBL_ERROR_SIZE];
	unsigned int i;
	int fd = dial();

	fake_dom_create(30000);
	for (i = 0; i < 4; i++)
		assert_int_equal(attach(s->nb, 1, ids[i], err), 0);
	assert_int_equal(attach(s->nb, 30000, 7, err), 0);
	plain(&req, NOXS_NETBACK_STATS, 0, 0);
	for (i = 0; i < 5; i++) {
		assert_int_equal(call(s, fd, &req, &reply), 0);
		assert_int_equal(reply.domid, want[i][0]);
		assert_int_equal(reply.vif, want[i][1]);
		req.domid = reply.domid;
		req.vif = (uint16_t)(reply.vif + 1);
	}
	assert_int_equal(call(s, fd, &req, &reply), -ENOENT);
	close(fd);
}

static void detach_all(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_request req;
	struct noxs_netback_reply reply;
	char err[NBL_ERROR_SIZE];
	uint16_t i;
	int fd = dial();

	for (i = 0; i < 10; i++)
		assert_int_equal(attach(s->nb, 1, i, err), 0);
	plain(&req, NOXS_NETBACK_DETACH, 1, NOXS_NETBACK_ALL);
	assert_int_equal(call(s, fd, &req, &reply), 0);
	assert_int_equal(s->nb->nr_vifs, 0);
	assert_int_equal(call(s, fd, &req, &reply), -ENOENT);
	close(fd);
}

static void requests_may_be_pipelined(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_request req;
	struct noxs_netback_reply reply;
	uint16_t i;
	int fd = dial();

	for (i = 0; i < 20; i++) {
		request_init(&req, 1, i);
		req.cookie = 100u + i;
		post(fd, &req);
	}
	for (i = 0; i < 20; i++) {
		take(s, fd, &reply);
		assert_int_equal(reply.rc, 0);
		assert_int_equal(reply.cookie, 100 + i);
		assert_int_equal(reply.vif, i);
	}
	close(fd);
}

/* The name is free when DETACH was answered: an ATTACH waits if need be. */
static void attach_after_detach_of_the_same_name(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_request att, det;
	struct noxs_netback_reply reply;
	unsigned int i;
	int fd = dial();

	request_init(&att, 1, 0);
	strcpy(att.ifname, "web0");
	plain(&det, NOXS_NETBACK_DETACH, 1, 0);
	for (i = 0; i < 10; i++) {
		post(fd, &att);
		post(fd, &det);
	}
	for (i = 0; i < 20; i++) {
		take(s, fd, &reply);
		assert_int_equal(reply.rc, 0);
		assert_string_equal(reply.ifname, "web0");
	}
	close(fd);
}

static void bad_requests_get_an_answer(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_request req;
	struct noxs_netback_reply reply;
	int fd = dial();

	plain(&req, NOXS_NETBACK_HELLO, 0, 0);
	req.magic++;
	assert_int_equal(call(s, fd, &req, &reply), -EPROTO);
	plain(&req, NOXS_NETBACK_HELLO, 0, 0);
	req.version++;
	assert_int_equal(call(s, fd, &req, &reply), -EPROTO);
	assert_non_null(strstr(reply.error, "version "));
	plain(&req, 99, 0, 0);
	assert_int_equal(call(s, fd, &req, &reply), -ENOSYS);
	plain(&req, NOXS_NETBACK_DETACH, 0xffff, 0);
	assert_int_equal(call(s, fd, &req, &reply), -ENOENT);
	plain(&req, NOXS_NETBACK_DETACH, 1, 0);
	req.mtu = 1;
	assert_int_equal(call(s, fd, &req, &reply), -EINVAL);
	plain(&req, NOXS_NETBACK_DETACH, 1, 0);
	req.flags = NOXS_NETBACK_SPARE;
	assert_int_equal(call(s, fd, &req, &reply), -EINVAL);
	plain(&req, NOXS_NETBACK_BIND, 1, 0);
	assert_int_equal(call(s, fd, &req, &reply), -EINVAL);
	plain(&req, NOXS_NETBACK_STATS, 0xffff, 0xffff);
	assert_int_equal(call(s, fd, &req, &reply), -ENOENT);
	close(fd);
}

static void packets_of_other_sizes_end_the_connection(void **state)
{
	struct test_state *s = *state;
	char big[4096] = { 0 };
	size_t sizes[] = { 1, sizeof(struct noxs_netback_request) - 1,
			   sizeof(struct noxs_netback_request) + 1,
			   sizeof(big) };
	unsigned int i;
	char byte;
	int fd;

	for (i = 0; i < 4; i++) {
		fd = dial();
		assert_int_equal(send(fd, big, sizes[i], 0), sizes[i]);
		turns(s->nb);
		assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), 0);
		close(fd);
	}
	turns(s->nb);
}

/* A client that asks and never reads stops itself, nobody else. */
static void client_that_does_not_read(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_request req;
	struct noxs_netback_reply reply;
	int deaf = dial(), fd = dial(), small = 1, sent = 0, i;

	setsockopt(deaf, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	plain(&req, NOXS_NETBACK_HELLO, 0, 0);
	for (i = 0; i < 2000; i++) {
		if (send(deaf, &req, sizeof(req), MSG_DONTWAIT) < 0)
			break;
		sent++;
		if (i % 16 == 0)
			turns(s->nb);
	}
	turns(s->nb);	/* fails if it spins */
	assert_int_equal(call(s, fd, &req, &reply), 0);
	for (i = 0; i < sent; i++)
		take(s, deaf, &reply);
	close(deaf);
	close(fd);
	turns(s->nb);
}

static void client_that_leaves_at_any_time(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_request req;
	int fd;

	fd = dial();
	close(fd);
	turns(s->nb);
	fd = dial();
	request_init(&req, 1, 0);
	post(fd, &req);
	close(fd);
	turns(s->nb);	/* done nevertheless, or not begun: never half */
	fd = dial();
	plain(&req, NOXS_NETBACK_DETACH, 1, 0);
	post(fd, &req);
	request_init(&req, 1, 0);
	post(fd, &req);
	nbl_turn(s->nb, 0);
	nbl_turn(s->nb, 0);
	close(fd);
	turns(s->nb);
	assert_true(s->nb->nr_vifs <= 1);
}

/*
 * The closer reports first, so that the parked request is tried again, and the
 * end of its connection comes later in the same turn.
 */
static void client_that_leaves_while_parked(void **state)
{
	struct test_state *s = *state;
	struct pollfd closer = { .events = POLLIN };
	struct noxs_netback_request req;
	char err[NBL_ERROR_SIZE];
	int fd = dial(), bad, n;

	turns(s->nb);
	assert_int_equal(attach(s->nb, 1, 0, err), 0);
	sem_init(&gate, 0, 0);
	gate_shut = true;
	nbl_vif_detach(the_vif(s));
	request_init(&req, 1, 0);
	post(fd, &req);
	/* Not turns(): what is asserted must not leave the gate shut. */
	bad = nbl_turn(s->nb, 100) | nbl_turn(s->nb, 0) | nbl_turn(s->nb, 0);
	gate_shut = false;
	sem_post(&gate);
	closer.fd = nbl_closer_fd(s->nb->closer);
	n = poll(&closer, 1, 5000);
	close(fd);
	assert_int_equal(n, 1);
	assert_int_equal(bad, 0);
	turns(s->nb);
	assert_int_equal(s->nb->nr_vifs, 0);	/* nobody would know of it */
}

static bool answered(int fd)
{
	struct noxs_netback_reply reply;

	return recv(fd, &reply, sizeof(reply), MSG_DONTWAIT) ==
	       sizeof(reply);
}

/* vif 0 of domain 2: a spare. */
static void make_spare(struct test_state *s)
{
	struct noxs_netback_request req;
	char err[NBL_ERROR_SIZE];
	struct nbl_vif *vif;

	fake_dom_create(2);
	request_init(&req, 2, 0);
	memset(req.mac, 0, sizeof(req.mac));
	req.flags = NOXS_NETBACK_SPARE;
	assert_int_equal(nbl_vif_attach(s->nb, &req, &vif, err), 0);
}

/* Behind one ATTACH at most, the one that is under way when it comes. */
static void bind_does_not_wait(void **state)
{
	enum { OTHERS = 10, EACH = 5 };
	struct test_state *s = *state;
	struct noxs_netback_request req;
	int others[OTHERS], i, fd = dial();
	unsigned int n;

	make_spare(s);
	for (i = 0; i < OTHERS; i++)
		others[i] = dial();
	turns(s->nb);
	for (i = 0; i < OTHERS * EACH; i++) {
		request_init(&req, 1, (uint16_t)i);
		post(others[i % OTHERS], &req);
	}
	nbl_turn(s->nb, 0);
	n = s->nb->nr_vifs;
	assert_int_equal(n, 1 + 1);

	request_init(&req, 2, 0);
	req.op = NOXS_NETBACK_BIND;
	post(fd, &req);
	nbl_turn(s->nb, 0);
	assert_true(answered(fd));
	assert_int_equal(s->nb->nr_vifs, n + 1);
	turns(s->nb);
	assert_int_equal(s->nb->nr_vifs, 1 + OTHERS * EACH);
	for (i = 0; i < OTHERS; i++)
		close(others[i]);
	close(fd);
}

/* Who asks for one thing is not behind all that another asks for. */
static void clients_take_turns(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_request req;
	int greedy = dial(), fd = dial(), i;

	fake_dom_create(3);
	turns(s->nb);
	for (i = 0; i < 40; i++) {
		request_init(&req, 1, (uint16_t)i);
		post(greedy, &req);
	}
	nbl_turn(s->nb, 0);
	request_init(&req, 3, 0);
	post(fd, &req);
	for (i = 0; i < 2; i++)
		nbl_turn(s->nb, 0);
	assert_true(answered(fd));
	plain(&req, NOXS_NETBACK_DETACH, 3, 0);
	post(fd, &req);
	for (i = 0; i < 2; i++)
		nbl_turn(s->nb, 0);
	assert_true(answered(fd));
	assert_in_range(s->nb->nr_vifs, 3, 5);
	turns(s->nb);
	assert_int_equal(s->nb->nr_vifs, 40);
	close(greedy);
	close(fd);
}

static void client_that_leaves_while_queued(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_request req;
	int fd[4], i;

	for (i = 0; i < 4; i++)
		fd[i] = dial();
	turns(s->nb);
	for (i = 0; i < 4; i++) {
		request_init(&req, 1, (uint16_t)i);
		post(fd[i], &req);
	}
	nbl_turn(s->nb, 0);
	assert_int_equal(s->nb->nr_vifs, 1);
	close(fd[1]);	/* its turn is next: it hangs up in time */
	close(fd[3]);
	turns(s->nb);
	assert_int_equal(s->nb->nr_vifs, 2);	/* nobody would know of more */
	assert_true(answered(fd[0]) && answered(fd[2]));
	close(fd[0]);
	close(fd[2]);
}

/* What it no longer wants is given back nevertheless. */
static void client_that_leaves_behind_a_detach(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_request req;
	int busy = dial(), fd = dial();
	char err[NBL_ERROR_SIZE];

	assert_int_equal(attach(s->nb, 1, 0, err), 0);
	turns(s->nb);
	request_init(&req, 1, 1);
	post(busy, &req);
	plain(&req, NOXS_NETBACK_DETACH, 1, 0);
	post(fd, &req);
	nbl_turn(s->nb, 0);
	assert_int_equal(s->nb->nr_vifs, 2);
	close(fd);
	turns(s->nb);
	assert_int_equal(s->nb->nr_vifs, 1);
	assert_true(answered(busy));
	close(busy);
}

/* Those over the limit wait, and each that leaves lets one in. */
static void connections_are_bounded(void **state)
{
	enum { WAITING = 3 };
	struct test_state *s = *state;
	int fd[NBL_MAX_CONNECTIONS + WAITING], i;
	struct noxs_netback_request req;
	struct noxs_netback_reply reply;
	char byte;

	plain(&req, NOXS_NETBACK_HELLO, 0, 0);
	for (i = 0; i < NBL_MAX_CONNECTIONS + WAITING; i++) {
		fd[i] = dial();
		if (i >= NBL_MAX_CONNECTIONS)
			post(fd[i], &req);
		turns(s->nb);	/* fails if it spins */
	}
	for (i = NBL_MAX_CONNECTIONS; i < NBL_MAX_CONNECTIONS + WAITING; i++) {
		assert_int_equal(recv(fd[i], &byte, 1, MSG_DONTWAIT), -1);
		assert_int_equal(errno, EAGAIN);
	}
	for (i = 0; i < NBL_MAX_CONNECTIONS; i++)
		assert_int_equal(call(s, fd[i], &req, &reply), 0);
	for (i = 0; i < WAITING; i++) {
		close(fd[i]);
		take(s, fd[NBL_MAX_CONNECTIONS + i], &reply);
		assert_int_equal(reply.rc, 0);
		turns(s->nb);
		if (i == WAITING - 1)
			break;
		assert_int_equal(recv(fd[NBL_MAX_CONNECTIONS + i + 1], &byte,
				      1, MSG_DONTWAIT), -1);
	}
	for (i = WAITING; i < NBL_MAX_CONNECTIONS + WAITING; i++)
		close(fd[i]);
	turns(s->nb);
	fd[0] = dial();
	assert_int_equal(call(s, fd[0], &req, &reply), 0);
	close(fd[0]);
}

/* As a user who is not root: needs to be root to become one. */
static void strangers_are_refused(void **state)
{
	struct test_state *s = *state;
	char byte;
	int fd;

	if (geteuid() != 0)
		skip();
	assert_int_equal(chmod(dir, 0755) | chmod(path, 0777), 0);
	assert_int_equal(seteuid(65534), 0);
	fd = dial();
	assert_int_equal(seteuid(0), 0);
	turns(s->nb);
	assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), 0);
	close(fd);
}

static void directory_must_be_ours_alone(void **state)
{
	struct test_state *s = *state;
	char err[NBL_ERROR_SIZE], other[128];
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(chmod(dir, 0755), 0);
	assert_int_equal(nbl_control_open(s->nb, path, err), -EPERM);
	assert_non_null(strstr(err, "mode 0700"));
	assert_int_equal(chmod(dir, 0700), 0);
	snprintf(other, sizeof(other), "%s/no/such/place", dir);
	assert_int_equal(nbl_control_open(s->nb, other, err), -ENOENT);
	memset(other, 'x', sizeof(other) - 1);
	other[sizeof(other) - 1] = '\0';
	assert_int_equal(nbl_control_open(s->nb, other, err), -ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define CTL(fn) cmocka_unit_test_setup_teardown(fn, setup_control, \
						teardown_control)
		CTL(attach_stats_detach),
		CTL(attach_bind_detach),
		CTL(stats_walk_in_order),
		CTL(detach_all),
		CTL(requests_may_be_pipelined),
		CTL(attach_after_detach_of_the_same_name),
		CTL(bad_requests_get_an_answer),
		CTL(packets_of_other_sizes_end_the_connection),
		CTL(client_that_does_not_read),
		CTL(client_that_leaves_at_any_time),
		CTL(client_that_leaves_while_parked),
		CTL(bind_does_not_wait),
		CTL(clients_take_turns),
		CTL(client_that_leaves_while_queued),
		CTL(client_that_leaves_behind_a_detach),
		CTL(connections_are_bounded),
		CTL(strangers_are_refused),
		CTL(directory_must_be_ours_alone),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("netback-control", tests, NULL,
					   NULL);
}

// SPDX-License-Identifier: BSD-2-Clause
/* The client of the backend's socket, against servers good and bad. */
#include "unit.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <noxs/netback.h>

enum manner { GOOD, SILENT, HANGS_UP, SHORT, LONG, WRONG_MAGIC, WRONG_COOKIE,
	      WRONG_OP, POSITIVE_RC, UNTERMINATED };

struct server {
	enum manner manner;
	char path[64];
	int fd;
	pthread_t thread;
};

static void answer(int fd, enum manner manner,
		   const struct noxs_netback_request *req)
{
	struct {
		struct noxs_netback_reply r;
		char more[8];
	} a;
	size_t size = sizeof(a.r);

	memset(&a, 0, sizeof(a));
	a.r.magic = req->magic;
	a.r.version = req->version;
	a.r.op = req->op;
	a.r.cookie = req->cookie;
	a.r.vif = req->vif;
	a.r.rc = req->op == NOXS_NETBACK_DETACH ? -ENOENT : 0;
	if (manner == SHORT)
		size -= 8;
	if (manner == LONG)
		size += 8;
	if (manner == WRONG_MAGIC)
		a.r.magic++;
	if (manner == WRONG_COOKIE)
		a.r.cookie++;
	if (manner == WRONG_OP)
		a.r.op++;
	if (manner == POSITIVE_RC)
		a.r.rc = 5;
	if (manner == UNTERMINATED)
		memset(a.r.error, 'e', sizeof(a.r.error));
	if (write(fd, &a, size) < 0)
		return;
}

static void *serve(void *arg)
{
	struct noxs_netback_request req;
	struct server *s = arg;
	int fd = accept(s->fd, NULL, NULL);

	while (fd >= 0 && read(fd, &req, sizeof(req)) == sizeof(req)) {
		if (s->manner == HANGS_UP)
			break;
		if (s->manner != SILENT)
			answer(fd, s->manner, &req);
	}
	if (fd >= 0)
		close(fd);
	return NULL;
}

static void start(struct server *s, enum manner manner)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };

	s->manner = manner;
	snprintf(s->path, sizeof(s->path), "/tmp/toolstack-nb-%d", getpid());
	unlink(s->path);
	strcpy(sa.sun_path, s->path);
	s->fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	assert_int_equal(bind(s->fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(listen(s->fd, 4), 0);
	assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void stop(struct server *s)
{
	pthread_join(s->thread, NULL);
	close(s->fd);
	unlink(s->path);
}

static int call(enum manner manner, uint16_t op,
		struct noxs_netback_reply *reply)
{
	struct noxs_netback_request req = { .op = op };
	struct server s;
	int fd, rc;

	start(&s, manner);
	assert_int_equal(noxs_netback_open(s.path, 1000, &fd), 0);
	rc = noxs_netback_call(fd, &req, reply, 200);
	noxs_netback_close(fd);
	stop(&s);
	return rc;
}

static void test_manners(void **state)
{
	static const struct {
		enum manner manner;
		int rc;
	} cases[] = {
		{ GOOD, 0 }, { SILENT, -ETIMEDOUT }, { HANGS_UP, -ECONNRESET },
		{ SHORT, -EPROTO }, { LONG, -EPROTO },
		{ WRONG_MAGIC, -EPROTO }, { WRONG_COOKIE, -EPROTO },
		{ WRONG_OP, -EPROTO }, { POSITIVE_RC, -EPROTO },
		{ UNTERMINATED, 0 },
	};
	struct noxs_netback_reply reply;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(call(cases[i].manner, NOXS_NETBACK_HELLO,
				      &reply), cases[i].rc);
		assert_true(strlen(reply.error) < sizeof(reply.error));
		if (cases[i].rc)
			assert_true(reply.error[0]);
	}
	assert_int_equal(call(GOOD, NOXS_NETBACK_DETACH, &reply), -ENOENT);
}

static void test_pipelined(void **state)
{
	struct noxs_netback_request req[8];
	struct noxs_netback_reply reply;
	struct server s;
	int fd, i;

	(void)state;
	memset(req, 0, sizeof(req));
	start(&s, GOOD);
	assert_int_equal(noxs_netback_open(s.path, 1000, &fd), 0);
	for (i = 0; i < 8; i++) {
		req[i].op = NOXS_NETBACK_ATTACH;
		req[i].vif = (uint16_t)i;
		assert_int_equal(noxs_netback_send(fd, &req[i], 1000), 0);
	}
	for (i = 0; i < 8; i++) {
		assert_int_equal(noxs_netback_recv(fd, &req[i], &reply, 1000),
				 0);
		assert_int_equal(reply.vif, i);
	}
	noxs_netback_close(fd);
	stop(&s);
}

static void test_nobody(void **state)
{
	char path[200];
	int fd = -7;

	(void)state;
	assert_int_equal(noxs_netback_open("/nonexistent/x", 100, &fd),
			 -ENOENT);
	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(noxs_netback_open(path, 100, &fd), -ENAMETOOLONG);
	assert_int_equal(fd, -7);
	setenv("NOXS_NETBACK_SOCKET", "/nonexistent/y", 1);
	assert_int_equal(noxs_netback_open(NULL, 100, &fd), -ENOENT);
	noxs_netback_close(-1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_manners),
		cmocka_unit_test(test_pipelined),
		cmocka_unit_test(test_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: BSD-2-Clause
/* Clients of the control socket, which are the test itself. */
#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

char dir[64], path[96];

int setup_control(void **state)
{
	char err[NBL_ERROR_SIZE];
	struct test_state *s;

	strcpy(dir, "/tmp/netback-test-XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/sock", dir);
	setup_backend(state);
	s = *state;
	assert_int_equal(nbl_control_open(s->nb, path, err), 0);
	fake_dom_create(1);
	return 0;
}

int teardown_control(void **state)
{
	teardown_backend(state);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(rmdir(dir), 0);
	return 0;
}

int dial(void)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	strcpy(sa.sun_path, path);
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	return fd;
}

void post(int fd, const struct noxs_netback_request *req)
{
	assert_int_equal(send(fd, req, sizeof(*req), MSG_NOSIGNAL),
			 sizeof(*req));
}

void take(struct test_state *s, int fd, struct noxs_netback_reply *reply)
{
	ssize_t n;
	int i;

	for (i = 0; i < 3000; i++) {
		n = recv(fd, reply, sizeof(*reply), MSG_DONTWAIT | MSG_TRUNC);
		if (n >= 0)
			break;
		nbl_turn(s->nb, 1);
	}
	assert_int_equal(n, sizeof(*reply));
	assert_int_equal(reply->magic, NOXS_NETBACK_MAGIC);
	assert_int_equal(reply->version, NOXS_NETBACK_VERSION);
}

int call(struct test_state *s, int fd, const struct noxs_netback_request *req,
	 struct noxs_netback_reply *reply)
{
	post(fd, req);
	take(s, fd, reply);
	assert_int_equal(reply->cookie, req->cookie);
	assert_int_equal(reply->op, req->op);
	assert_int_equal(!reply->rc, !reply->error[0]);
	return reply->rc;
}

void plain(struct noxs_netback_request *req, unsigned int op, uint16_t domid,
	   uint16_t vif)
{
	memset(req, 0, sizeof(*req));
	req->magic = NOXS_NETBACK_MAGIC;
	req->version = NOXS_NETBACK_VERSION;
	req->op = (uint16_t)op;
	req->cookie = 4711;
	req->domid = domid;
	req->vif = vif;
}

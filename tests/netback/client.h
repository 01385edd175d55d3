/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * client.h owns clients of a backend's control socket: a real one, in a folder of
 * its own.  Test and backend share a thread, so the backend turns while a client
 * waits.
 */
#ifndef NETBACK_CLIENT_H
#define NETBACK_CLIENT_H

#include "harness.h"

/* The socket's, from setup to teardown. */
extern char dir[64], path[96];

/* cmocka fixtures: setup_backend with a control socket, and domain 1. */
int setup_control(void **state);
int teardown_control(void **state);

int dial(void);
void post(int fd, const struct noxs_netback_request *req);
/* The next reply or event. */
void take(struct test_state *s, int fd, struct noxs_netback_reply *reply);
/* Its rc. */
int call(struct test_state *s, int fd, const struct noxs_netback_request *req,
	 struct noxs_netback_reply *reply);
/* A request without fields of ATTACH. */
void plain(struct noxs_netback_request *req, unsigned int op, uint16_t domid,
	   uint16_t vif);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * server.h owns the socket and the connections of chaosd.
 *
 * A connection is one struct client; a request is read, done and answered before
 * the next one of anybody is looked at, and each client has one turn.  A client
 * that says nothing costs a descriptor, of which there are MAX_CLIENTS; one that
 * does not take its answer is closed.
 */
#ifndef CHAOSD_SERVER_H
#define CHAOSD_SERVER_H

#include <systemd/sd-event.h>

#include "request.h"

#define SERVER_MAX_CLIENTS 256

struct server;

/*
 * fd: a listening socket, taken over; or -1: path is listened on, and removed at
 * the end.  -EADDRINUSE somebody listens there; others.
 */
int server_open(sd_event *event, int fd, const char *path,
		struct request_context *requests, struct server **out);
void server_close(struct server *s);	/* NULL is allowed */

#endif

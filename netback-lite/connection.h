/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * connection.h owns the control socket's connections and the order in which
 * their requests are served.
 *
 * What the kernel has no part in, or little (HELLO, STATS, BIND), is done when
 * it is read.  What takes milliseconds (ATTACH, DETACH) is queued, and each
 * turn of the loop does one: so nobody's BIND waits for more than one of them,
 * however many there are, and one client's do not keep another's waiting for
 * more than one each.
 */
#ifndef NBL_CONNECTION_H
#define NBL_CONNECTION_H

#include <sys/un.h>

#include "await.h"
#include "control.h"
#include "listener.h"

struct nbl_connection {
	struct nbl_source src;
	TAILQ_ENTRY(nbl_connection) link;
	TAILQ_ENTRY(nbl_connection) queue_link;
	struct nbl_control *ctl;
	int fd;			/* -1: dead, see nbl_control_bury */
	uint32_t events;	/* asked of epoll */
	bool queued;		/* req waits for its turn */
	bool parked;		/* req waits for a TAP's name */
	bool unsent;		/* reply waits for room in the socket */
	uint64_t id;		/* no two of a process the same */
	struct nbl_await_list due;	/* of it, events wait to be sent */
	struct noxs_netback_request req;
	struct noxs_netback_reply reply;
};

TAILQ_HEAD(nbl_connection_list, nbl_connection);

struct nbl_control {
	struct nbl *nb;
	struct nbl_listener listener;
	struct sockaddr_un addr;
	struct nbl_connection_list connections;
	struct nbl_connection_list queue;
	struct nbl_connection_list dead;	/* closed in this turn */
	unsigned int nr_connections;
	uint64_t last_id;
};

/* Takes fd over on success. */
int nbl_connection_open(struct nbl_control *ctl, int fd);
/* NULL: there is none of this id.  ctl NULL: of no id. */
struct nbl_connection *nbl_connection_find(struct nbl_control *ctl,
					   uint64_t id);
/* There is something on its list of events. */
void nbl_connection_due(struct nbl_connection *conn);
/* Freed at the end of the turn. */
void nbl_connection_close(struct nbl_connection *conn);

#endif

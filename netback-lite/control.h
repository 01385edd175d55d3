/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * control.h owns the control socket (protocol: <noxs/netback.h>).
 *
 * A connection has at most one request under way: the next is read when its
 * reply is sent.  A client that does not read its replies stops itself only.
 * Requests that take long are done one a turn (connection.h).
 * When there is no descriptor left, one client at a time is served nevertheless
 * (listener.h): it may detach what holds them.
 * Only root may connect (SO_PEERCRED), whatever the socket's permissions are.
 */
#ifndef NBL_CONTROL_H
#define NBL_CONTROL_H

#include "log.h"
#include "nbl.h"

struct nbl_await;
struct nbl_connection;

/* Served at once.  Who comes then waits until one of them leaves. */
#define NBL_MAX_CONNECTIONS	64

/*
 * Listen on path.  Its directory is made (mode 0700) if need be and must
 * belong to us and be writable by us alone.  The caller holds the lock that
 * makes it the only one there: a socket that is left over is replaced.
 */
int nbl_control_open(struct nbl *nb, const char *path,
		     char err[NBL_ERROR_SIZE]);
/*
 * Whether who comes has to wait (from an open on, before anybody can have been
 * served).  NULL is allowed.
 */
void nbl_control_hold(struct nbl_control *ctl, bool hold);
/* Removes the socket.  NULL is allowed. */
void nbl_control_close(struct nbl_control *ctl);
/*
 * Do the request that has waited longest, unless it is an ATTACH and who asked
 * is gone.  due: is there one?  NULL is allowed.
 */
void nbl_control_turn(struct nbl_control *ctl);
bool nbl_control_due(const struct nbl_control *ctl);
/* What waited for a TAP's name has its turn again.  NULL is allowed. */
void nbl_control_retry(struct nbl_control *ctl);
/* At the end of a turn: free connections that it closed.  NULL is allowed. */
void nbl_control_bury(struct nbl_control *ctl);

/*
 * request.c: one request.  0: the reply is filled in; -EINPROGRESS: not now,
 * see nbl_vif_attach.
 */
int nbl_request(struct nbl_connection *conn,
		const struct noxs_netback_request *req,
		struct noxs_netback_reply *reply);
/* What is due to an address, as it is told.  False: it is no news any more. */
bool nbl_request_event(const struct nbl_await *a,
		       struct noxs_netback_reply *event);
/* Does it take milliseconds, as the kernel does most of it? */
bool nbl_request_slow(const struct noxs_netback_request *req);

/* Make sure that path's directory is there and ours alone. */
int nbl_control_dir(const char *path, char err[NBL_ERROR_SIZE]);

#endif

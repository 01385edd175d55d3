/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * watch.h owns the news of domains that die, or, without the right to hear of
 * them, of our own devices (remote.h).  Without either (no watch left) vifs of a
 * dead guest stay until they are detached.
 */
#ifndef NBL_WATCH_H
#define NBL_WATCH_H

#include "nbl.h"

/* Logs if there is none.  Finds out whether we are unprivileged. */
void nbl_watch_start(struct nbl *nb);
void nbl_watch_stop(struct nbl *nb);
/* The port was raised. */
void nbl_watch_event(struct nbl *nb);

#endif

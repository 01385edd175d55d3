/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * backend.h owns a connection to the network backend that asks for nothing: when
 * it ends, so did the backend, and every vif of it is dead.
 *
 *   away -(connected)-> asked -(it answers)-> here -(hangs up)-> away
 *
 * While it is away it is looked for after 50 ms, then after twice as long each time,
 * up to once a second.  Only one that answered can go: a backend that has no
 * descriptor left hangs up on whoever comes, and its vifs are well.
 */
#ifndef CHAOSD_BACKEND_H
#define CHAOSD_BACKEND_H

#include <systemd/sd-event.h>

struct backend;

struct backend_calls {
	void (*gone)(void *arg);	/* it was here */
	void (*back)(void *arg);	/* the first time too */
	void *arg;
};

/* path NULL: as libchaos looks for it.  It need not be there.  Calls back from the
 * loop, never from here.  -errno. */
int backend_open(sd_event *event, const char *path,
		 const struct backend_calls *calls, struct backend **out);
void backend_close(struct backend *b);	/* NULL is allowed */

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* What becomes of the domains, as it happens. */
#ifndef LIBCHAOS_EVENTS_H
#define LIBCHAOS_EVENTS_H

#include <chaos/context.h>

#ifdef __cplusplus
extern "C" {
#endif

struct chaos_events;

enum chaos_event_kind {
	CHAOS_EVENT_CREATED = 0,
	CHAOS_EVENT_STARTED = 1,	/* unpaused for the first time */
	CHAOS_EVENT_PAUSED = 2,
	CHAOS_EVENT_UNPAUSED = 3,
	CHAOS_EVENT_SHUTDOWN = 4,	/* powered itself off */
	CHAOS_EVENT_REBOOTED = 5,	/* wants to: somebody has to create it */
	CHAOS_EVENT_SUSPENDED = 6,
	CHAOS_EVENT_RESUMED = 7,
	CHAOS_EVENT_CRASHED = 8,
	CHAOS_EVENT_GONE = 9,		/* destroyed; it held nothing any more */
};

struct chaos_event {
	enum chaos_event_kind kind;
	uint32_t domid;
	const char *name;	/* "" not made by libchaos, or not known yet:
				   it has a name when it starts */
	const char *uuid;
	uint32_t code;		/* SHUTDOWN_* of Xen's sched.h, if it has ended */
};

/* "created", "started", ... */
const char *chaos_event_name(enum chaos_event_kind kind);

/*
 * What becomes of all domains but domain 0, from open on.  Who wants to know
 * all of them lists them after it.
 *
 * The descriptor is readable when there may be something to dispatch, which
 * does not block.  Dispatch calls fn for each event, in order for each domain;
 * of what happened between two calls, what undid itself is not told (a pause
 * and its end), and a domain that came and went is not told at all.  e is valid
 * during the call.  fn may use the context, but not ev.  When dispatch fails,
 * nothing was told and nothing is lost: call it again.
 *
 * -ENOSYS this Xen has no noxs; -ENOSPC there are too many listeners (16 on a
 * host).  ev is closed before its context, NULL is allowed.
 */
int chaos_events_open(struct chaos *ctx, struct chaos_events **out);
void chaos_events_close(struct chaos_events *ev);
int chaos_events_fd(const struct chaos_events *ev);
int chaos_events_dispatch(struct chaos_events *ev,
			  void (*fn)(void *arg, const struct chaos_event *e),
			  void *arg);

#ifdef __cplusplus
}
#endif

#endif

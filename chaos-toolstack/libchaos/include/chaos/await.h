/* SPDX-License-Identifier: BSD-2-Clause */
/* Guests that are made when somebody calls. */
#ifndef LIBCHAOS_AWAIT_H
#define LIBCHAOS_AWAIT_H

#include <chaos/config.h>
#include <chaos/context.h>

#ifdef __cplusplus
extern "C" {
#endif

struct chaos_await;

/*
 * The network backend listens for addresses of guests that are not there, and
 * says when somebody wants one; it keeps the first frames for it.  What to do
 * then is the caller's: chaosd does it by this (chaos jit).
 *
 *     chaos_await_config -> chaos_await_add -> { poll, chaos_await_next }
 *     CHAOS_AWAIT_WAKE -> chaos_create        CHAOS_AWAIT_IDLE -> chaos_destroy
 *
 * An address belongs to the guest that has its MAC on its bridge, whoever made
 * it; without one it waits.  After a WAKE it is silent, until there was such a
 * guest and it went, or it is added again.
 */
enum chaos_await_kind {
	CHAOS_AWAIT_WAKE = 0,	/* somebody calls; domid: the guest dozes */
	CHAOS_AWAIT_IDLE = 1,	/* nobody has, for idle_timeout; once more each
				   such time */
};

struct chaos_await_event {
	enum chaos_await_kind kind;
	uint32_t domid;		/* 0: there is no guest */
	uint64_t token;
};

/*
 * Make cfg one whose guest can be awaited: paths become absolute, and vifs with
 * an address and without a MAC get one that comes of it, always the same.
 * -EINVAL no vif has a bridge and an address; -ENOENT no such kernel.
 */
int chaos_await_config(struct chaos *ctx, struct chaos_config *cfg);

/* -ECONNREFUSED no backend; -EPROTO one of another release; -ENOSYS. */
int chaos_await_open(struct chaos *ctx, struct chaos_await **out);
/* Nothing is awaited any more.  NULL is allowed. */
void chaos_await_close(struct chaos_await *aw);
int chaos_await_fd(const struct chaos_await *aw);	/* to be polled for input */

/*
 * Wait for all vifs of cfg that have a bridge and an address; again, with the
 * same ones: anew, and what was kept is dropped.  token, not 0, comes back in
 * events; *domid (may be NULL) is the guest that is there, or 0.  ctx: any
 * context of the same backend.  All or nothing.
 *
 * -EINVAL cfg was not for chaos_await_config; -EEXIST somebody else waits for
 * its MAC or address; -ENODEV no such bridge; -ENOSPC 4096 addresses;
 * -ECONNREFUSED no backend; -EPIPE the backend is not the one of aw any more.
 */
int chaos_await_add(struct chaos *ctx, const struct chaos_await *aw,
		    const struct chaos_config *cfg, uint64_t token,
		    uint32_t *domid);
/* What is not awaited is no error. */
int chaos_await_remove(struct chaos *ctx, const struct chaos_await *aw,
		       const struct chaos_config *cfg);
/*
 * The guest was paused, as it was idle: the next frame for it is a WAKE with its
 * domid.  -EAGAIN one has come meanwhile: unpause it.  -ENOENT not awaited.
 */
int chaos_await_doze(struct chaos *ctx, uint32_t domid);
/* Does not block.  1: *e is filled in; 0: nothing now; -EPIPE the backend is
 * gone, and aw of no use; -EPROTO. */
int chaos_await_next(struct chaos_await *aw, struct chaos_await_event *e);

#ifdef __cplusplus
}
#endif

#endif

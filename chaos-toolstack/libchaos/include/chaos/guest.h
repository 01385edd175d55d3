/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest's life: create, destroy, rename, pause, shut down. */
#ifndef LIBCHAOS_GUEST_H
#define LIBCHAOS_GUEST_H

#include <chaos/config.h>
#include <chaos/context.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CHAOS_CREATE_PAUSED  (1u << 0)	/* leave it paused */
/*
 * Only check: kernel, memory, name, UUID, the backend and the bridges.  Nothing
 * is created or claimed, and domid is not written (it may be NULL).
 */
#define CHAOS_CREATE_DRY_RUN (1u << 1)
/* Do not ask chaosd, which may have a spare for it: make all of it here. */
#define CHAOS_CREATE_ANEW    (1u << 2)

/*
 * Create a domain.  All or nothing: after a failure no domain, device, record
 * or name is left.  Blocks up to timeout_ms per vif for the backend.  Where
 * chaosd runs and has a spare for it, that is taken.
 *
 * -EEXIST the name is taken; -ENOEXEC, -ENOENT the kernel; -ENOSPC too much
 * memory asked; -ENODEV no such bridge; -ECONNREFUSED no network backend;
 * -ENOSYS vifs on a Xen without noxs; -EINVAL a name with %d; -ECANCELED.
 */
int chaos_create(struct chaos *ctx, const struct chaos_config *cfg,
		 unsigned int flags, uint32_t *domid);

/*
 * Destroy a domain and its devices; goes on past a step that fails and returns
 * the first error.  A guest that is restarted at the same time ends, too: what was
 * made of it meanwhile is destroyed.  -ESRCH no such domain; -EPERM domain 0.
 */
int chaos_destroy(struct chaos *ctx, uint32_t domid);

/*
 * Give a domain another name.  All or nothing; a process that is killed in it
 * leaves a domain that both names find, until chaos_gc.  -ESRCH no such domain;
 * -ENOENT it was not made by libchaos; -EINVAL not a name; -EEXIST another
 * domain has it; -EBUSY another process renames or destroys this one.
 */
int chaos_rename(struct chaos *ctx, uint32_t domid, const char *name);

/* -ESRCH no such domain.  Pausing twice needs unpausing twice. */
int chaos_pause(struct chaos *ctx, uint32_t domid);
int chaos_unpause(struct chaos *ctx, uint32_t domid);

/*
 * Asking a guest to end.  What comes then is the caller's doing: as long as no
 * daemon watches the guests, on_poweroff and the like are carried out by whoever
 * asked, in this call.
 *
 * The guest is asked and acknowledges, then shuts down; both together take up to
 * timeout_ms (negative: for ever, and the context's timeout for the
 * acknowledgement).  Then what its configuration says is done: of a shutdown
 * on_poweroff (destroy, if it does not say), of a reboot on_reboot (restart), or
 * on_crash (destroy) if it crashed.  restart destroys it and creates it anew from
 * the configuration that it was made of, with the same name, UUID and MACs.
 * One that has ended already, however, is not asked, only the action is done.
 *
 * *new_domid (may be NULL): the domain there is now; 0 if there is none.
 *
 * -EOPNOTSUPP it has no power driver, or one that cannot do this; -ECONNREFUSED
 * the guest will not; -EAGAIN it is paused; -ETIMEDOUT; -EBUSY another process is
 * at work on it; -ESRCH no such domain, or before a reboot somebody destroyed it;
 * -ENOENT it was not made by libchaos; -EPERM domain 0; -EIO it crashed, the
 * action was done; -EPROTO it was suspended instead; -ECANCELED by chaos_cancel:
 * it may end all the same; and what chaos_destroy and chaos_create return.
 */
#define CHAOS_POWER_NOWAIT (1u << 0)	/* return when it acknowledged */
#define CHAOS_POWER_ASKED  (1u << 1)	/* it was asked before: only the rest */

int chaos_shutdown(struct chaos *ctx, uint32_t domid, unsigned int flags,
		   int timeout_ms);
int chaos_reboot(struct chaos *ctx, uint32_t domid, unsigned int flags,
		 int timeout_ms, uint32_t *new_domid);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The power device (<xen/noxs.h>): asking a guest to shut down, to reboot, to
 * suspend, to change its memory.
 *
 * Xen's own teardown of a domain takes the device with it: nobody removes it.
 * A command is asked by whoever holds the lock on the guest's name, so that no
 * two are under way; and it is withdrawn once it was answered or given up, so
 * that no guest takes it later.
 */
#ifndef CHAOS_POWER_H
#define CHAOS_POWER_H

#include "find.h"

/*
 * Gives a new domain its power device; it must have a vCPU.  -ENOSYS: this Xen
 * has no noxs, and the domain will not be asked anything.  Records no error.
 */
int chaos__power_add(struct chaos *ctx, uint32_t domid);

/*
 * Locks the guest's name, for commands and for what follows from them.  -EBUSY
 * somebody is at work on it; -ENOENT it was not made by libchaos, or it was
 * renamed meanwhile.  Records the error.
 */
int chaos__power_lock(struct chaos *ctx, const struct chaos__found *f,
		      struct chaos__name_lock *lock);

/*
 * Asks for XEN_NOXS_POWER_cmd, with the name's lock held, and waits until the
 * guest says that it does so (MEMORY: that it did), at most timeout_ms.  Also 0
 * when the guest shuts down instead of an answer.
 *
 * -EOPNOTSUPP no power device, no driver that is connected, or one that does
 * not know the command; -ECONNREFUSED the guest will not, its reason is in the
 * error; -ETIMEDOUT, -ECANCELED the command was withdrawn, but a guest that had
 * it in hand already may still do it; -ESRCH the domain went.  Records it.
 */
int chaos__power_command(struct chaos *ctx, const struct chaos__found *f,
			 uint32_t cmd, uint64_t arg, int timeout_ms);

/* Whatever was asked by somebody who died meanwhile is not asked any more.
 * -EOPNOTSUPP no power device. */
int chaos__power_withdraw(struct chaos *ctx, const struct chaos__found *f);

#endif

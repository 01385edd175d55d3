/* SPDX-License-Identifier: BSD-2-Clause */
/* A domain that ended, made anew: same name, UUID, MACs. */
#ifndef CHAOS_RESTART_H
#define CHAOS_RESTART_H

#include "config.h"
#include "find.h"

/*
 * With the name's lock held, which goes with the old domain to the new one or,
 * after a failure behind the old one's end, is given back with the name.  What
 * can be seen to fail is seen before: then the old domain stays.
 */
int chaos__restart(struct chaos *ctx, const struct chaos__found *f,
		   struct chaos__name_lock *lock, uint32_t *domid);

/* create.c: could the kernel be loaded? */
int chaos__check_image(struct chaos *ctx, const struct chaos_config *cfg);
/* create.c: as chaos_create(), under a name that is locked; takes the lock. */
int chaos__create_named(struct chaos *ctx, const struct chaos_config *cfg,
			struct chaos__name_lock *lock, uint32_t *domid);

#endif

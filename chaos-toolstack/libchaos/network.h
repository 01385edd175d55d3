/* SPDX-License-Identifier: BSD-2-Clause */
/* The vifs of a living guest, which come and go. */
#ifndef CHAOS_NETWORK_H
#define CHAOS_NETWORK_H

#include "find.h"

/*
 * Who changed this guest's vifs died: forgets those of its record that the
 * backend does not have.  With the name's lock held.  -errno, and records it.
 */
int chaos__network_repair(struct chaos *ctx, struct chaos__found *f);

#endif

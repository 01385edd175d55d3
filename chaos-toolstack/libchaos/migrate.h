/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What both ends of a migration say: docs/saved-state.md has the order of it
 * and what becomes of the guest when one of them says no more.
 *
 * Each end begins with a banner.  Then the sender sends a saved domain (saved.h)
 * and GO, the receiver sends answers as records of the same kind.
 */
#ifndef CHAOS_MIGRATE_H
#define CHAOS_MIGRATE_H

#include "internal.h"
#include "saved.h"

#define CHAOS__MIGRATE_MAGIC	"chaosmig"	/* without the 0 */
#define CHAOS__MIGRATE_VERSION	1u

struct chaos__migrate_banner {
	char magic[8];
	uint32_t version;
	uint32_t flags;			/* 0 */
};
CHAOS__CHUNK_ASSERT(chaos__migrate_banner, 16);

/* Record types beside those of saved.h; without payload, but FAILED. */
#define CHAOS__MIGRATE_GO	0x10u	/* sender: it is yours */
#define CHAOS__MIGRATE_ACCEPT	0x11u	/* receiver: it could run here */
#define CHAOS__MIGRATE_BUILT	0x12u	/* it is here, and has not run */
#define CHAOS__MIGRATE_RUNNING	0x13u	/* it is mine */
#define CHAOS__MIGRATE_FAILED	0x14u	/* nothing of it is here; why: a text */

#define CHAOS__MIGRATE_MAX_TEXT	1024u	/* less than a pipe takes at once */

int chaos__migrate_greet(int fd, int timeout_ms, const volatile int *cancelled);
/* Reads the other's banner.  -EPROTO it is none, why says so; -ECONNRESET it
 * hung up before. */
int chaos__migrate_meet(int fd, int timeout_ms, const volatile int *cancelled,
			char why[160]);

#endif

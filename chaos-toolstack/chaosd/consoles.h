/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * consoles.h owns what guests say: chaosd holds the console of each guest that it
 * hears of, and keeps the latest of what came out of it in a ring.  Who wants a
 * console or a log has it from here (chaosd-console.h).
 *
 * All of it is done by a thread of its own with the least weight; the calls here
 * put a note into its mailbox and return.  They take NULL, where consoles are left
 * alone.
 *
 *   started -> (30 ms) taken -> ended -> dying: let go, the ring is kept among those
 *   of the latest CONSOLES_MAX_ENDED guests.  A guest that comes back with the same
 *   UUID goes on in its ring.
 *
 * Bounds: a guest is read 2 KB at a time, and 16 times in 100 ms, all together 100
 * times; more waits in the guest.  At most CONSOLES_MAX_VIEWERS connections.
 */
#ifndef CHAOSD_CONSOLES_H
#define CHAOSD_CONSOLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <chaos.h>

#define CONSOLES_MAX_ENDED	64u
#define CONSOLES_MAX_VIEWERS	64u

struct consoles;

/* ctx is the thread's from here on, and closed by consoles_close.  max_bytes: of
 * each ring.  journal: lines go there too.  -errno; then ctx is still the
 * caller's. */
int consoles_open(struct chaos *ctx, size_t max_bytes, bool journal,
		  struct consoles **out);
/* Lets go of all. */
void consoles_close(struct consoles *c);

/* It runs; soon: without the 30 ms that it is left to boot undisturbed. */
void consoles_started(struct consoles *c, uint32_t domid, bool soon);
void consoles_renamed(struct consoles *c, uint32_t domid, const char *name);
/* It said its last. */
void consoles_ended(struct consoles *c, uint32_t domid);
/* Its memory is to be let go of. */
void consoles_dying(struct consoles *c, uint32_t domid);
/* consoles_ended, and waits until that was done, for 0.5 s at most: whoever
 * destroys it next takes its last words with it. */
void consoles_settle(struct consoles *c, uint32_t domid);
/* A connection whose first packet was CHAOSD_CONSOLE with this body; takes fd. */
void consoles_adopt(struct consoles *c, int fd, uint32_t cookie,
		    const void *body, size_t size);

#endif

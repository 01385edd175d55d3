/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Consoles between libchaos and chaosd.  For these two, as <chaosd.h>.
 *
 * A guest's console can be held by one process.  Where that is chaosd, others
 * have it over a connection of their own.  The client asks with
 *
 *   CHAOSD_CONSOLE    struct chaosd_console_request
 *
 * The answer is one packet of that op, with struct chaosd_console_reply or (rc <
 * 0) errors; then the connection is the console's.  From chaosd:
 *
 *   CHAOSD_OUTPUT     what the guest said; flags is how many bytes before it were
 *                     not sent, because the client was too slow
 *   CHAOSD_TAKEN      flags is how many bytes of input the guest's ring took
 *   CHAOSD_END        nothing more comes: rc -EPIPE the guest has ended, -EPROTO
 *                     it broke its console, 0 that was all there is so far
 *
 * From the client of ATTACH:
 *
 *   CHAOSD_INPUT      what is typed; at most CHAOSD_INPUT_MAX bytes that were not
 *                     TAKEN yet, all packets together
 *
 * Who attaches hears what the guest said since the last one who did left, who
 * asks for the log all that is kept.
 */
#ifndef CHAOSD_CONSOLE_H
#define CHAOSD_CONSOLE_H

#include <chaosd.h>

#define CHAOSD_OUTPUT_MAX	2048u
#define CHAOSD_INPUT_MAX	1024u

enum chaosd_console_op {
	CHAOSD_CONSOLE = 16,
	CHAOSD_OUTPUT = 17,
	CHAOSD_INPUT = 18,
	CHAOSD_TAKEN = 19,
	CHAOSD_END = 20,
};

#define CHAOSD_CONSOLE_ATTACH	(1u << 0)	/* with input; one at a time */
#define CHAOSD_CONSOLE_FOLLOW	(1u << 1)	/* go on; implied by ATTACH */

struct chaosd_console_request {
	uint32_t flags;		/* CHAOSD_CONSOLE_* */
	char which[CHAOS_NAME_MAX + 4];	/* name or domid, ended by a 0 */
};

struct chaosd_console_reply {
	uint64_t backlog;	/* bytes that follow at once */
	uint64_t lost;		/* bytes before them that are not kept any more */
};

/*
 * The guest's end of it, for chaosd: consoles of many guests, with one
 * descriptor.  Of one thread, that of ctx.
 */
struct chaosd_consoles;

int chaosd_consoles_open(struct chaos *ctx, struct chaosd_consoles **out);
/* After its consoles.  NULL is allowed. */
void chaosd_consoles_close(struct chaosd_consoles *set);
int chaosd_consoles_fd(const struct chaosd_consoles *set);
/* 1: *arg is that of a console with an event, which has no other one until
 * chaosd_console_rearm; 0: there is none. */
int chaosd_consoles_next(struct chaosd_consoles *set, void **arg);

/* Whose console it is. */
struct chaosd_console_of {
	char name[CHAOS_NAME_MAX + 1];
	char uuid[37];
};

/* As chaos_console_open, closed likewise, but never asks chaosd. */
int chaosd_console_open(struct chaosd_consoles *set, uint32_t domid, void *arg,
			struct chaosd_console_of *of,
			struct chaos_console **out);
/* As chaos_console_read, but does not look whether the guest lives. */
long chaosd_console_take(struct chaos_console *con, void *buf, size_t size);
int chaosd_console_rearm(struct chaos_console *con);

/*
 * Have events of this kind told too: a guest begins to die, and is not gone before
 * all have let go of its memory.
 */
#define CHAOSD_EVENT_DYING 1000
void chaosd_events_tell_dying(struct chaos_events *ev);

#endif

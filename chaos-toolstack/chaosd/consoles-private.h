/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the thread share: consoles.c (mailbox, thread), guests.c (which
 * there are), talk.c (what they say), viewers.c (to whom).  All of it is the
 * thread's alone.
 */
#ifndef CHAOSD_CONSOLES_PRIVATE_H
#define CHAOSD_CONSOLES_PRIVATE_H

#include <sys/queue.h>
#include <systemd/sd-event.h>

#include <chaosd-console.h>

#include "consoles.h"
#include "journal.h"
#include "ring.h"

#define MAX_DOMIDS 0x8000u
#define LATE_US 10000	/* a timer may be; to sd-event it is 250 ms by itself */

struct viewer;
TAILQ_HEAD(viewers, viewer);

struct guest {
	TAILQ_ENTRY(guest) link;	/* of the ended */
	TAILQ_ENTRY(guest) rest;	/* of those that said too much */
	uint32_t domid;
	struct chaosd_console_of of;
	struct chaos_console *con;	/* NULL: let go */
	struct ring ring;
	uint64_t shown;			/* of the ring, to whoever attached */
	int end;			/* 0: may go on; -EPIPE, -EPROTO */
	uint64_t since_ns;		/* what follows is counted from here */
	unsigned int nr_reads;
	bool resting;
	struct viewers viewers;
	struct viewer *owner;		/* who may type, or NULL */
	size_t nr_input;		/* typed, the guest had no room yet */
	uint8_t input[CHAOSD_INPUT_MAX];
	struct journal *journal;	/* NULL: none */
};
TAILQ_HEAD(guests, guest);

struct waiting;
TAILQ_HEAD(waitings, waiting);

struct guest_table {
	struct chaos *ctx;
	sd_event *event;
	struct chaosd_consoles *set;
	size_t max_bytes;
	bool journal;
	struct guest *of_domid[MAX_DOMIDS];
	struct guests ended;		/* the latest first */
	unsigned int nr_ended;
	struct guests resting;
	struct waitings waiting;	/* to be taken */
	uint64_t since_ns;
	unsigned int nr_reads;
	sd_event_source *set_source, *rest_timer, *take_timer;
	unsigned int nr_viewers;
};

/* guests.c */
int guests_open(struct guest_table *t);
void guests_close(struct guest_table *t);
void guests_started(struct guest_table *t, uint32_t domid, bool soon);
void guests_renamed(struct guest_table *t, uint32_t domid, const char *name);
void guests_ended(struct guest_table *t, uint32_t domid);
void guests_dying(struct guest_table *t, uint32_t domid);
/* By name or domid; also one that has ended, unless alive.  -errno, recorded. */
int guests_find(struct guest_table *t, const char *which, bool alive,
		struct guest **out);

/* talk.c */
int talk_open(struct guest_table *t);
void talk_close(struct guest_table *t);
void talk_arm(sd_event_source *timer, uint64_t at_ns);
/* What it has said so far. */
void talk_read(struct guest_table *t, struct guest *g);
/* What was typed, as far as there is room. */
void talk_write(struct guest_table *t, struct guest *g);
/* Lets go of its console; may be called twice. */
void talk_end(struct guest_table *t, struct guest *g);

/* viewers.c */
void viewers_adopt(struct guest_table *t, int fd, uint32_t cookie,
		   const void *body, size_t size);
/* There is more in the ring, or the end. */
void viewers_tell(struct guest_table *t, struct guest *g);
void viewers_close(struct guest_table *t, struct guest *g);
void viewers_move(struct guest *from, struct guest *to);
/* So many bytes of input went to the guest. */
void viewers_taken(struct guest_table *t, struct guest *g, size_t n);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pace.h owns whether who sends to guests is cut short for it.
 *
 * The scheduler favours who sleeps much: a thread that waits for a frame, and takes
 * it at once, gets the processor as soon as one is there, from its very sender where
 * they share it.  So a stream of small frames from the host costs two context
 * switches a frame.  As SCHED_BATCH a thread that wakes takes the processor
 * from nobody: the sender goes on until it waits or has had its share, and
 * what it sent is one batch.
 *
 * Which of them it is, is looked at every NBL_PACE_MS: SCHED_BATCH while there is a stream to
 * guests (NBL_PACE_FRAMES in that time) and hardly a frame from them, SCHED_OTHER for
 * everything else: conversations wait for each frame.  A thread that was begun
 * with another policy keeps it.
 */
#ifndef NBL_PACE_H
#define NBL_PACE_H

#include <stdbool.h>
#include <stdint.h>

#define NBL_PACE_MS	4	/* at least; up to four times that, or it was no stream */
#define NBL_PACE_FRAMES	16u
#define NBL_PACE_ANSWERS 16u	/* a frame from guests for so many to them */

struct nbl_pace {
	int64_t since_ms;	/* the frames are of this time on */
	unsigned int rx, tx;	/* frames to guests, and from them */
	int policy;		/* of the thread, as sched(7) */
	bool off;
};

/* Once, by the thread that is to be paced, or by the one that makes it. */
void nbl_pace_init(struct nbl_pace *pace);
/* After a turn, at now_ms of any steady clock: a coarse one will do. */
void nbl_pace_look(struct nbl_pace *pace, int64_t now_ms);
/* The same, now. */
void nbl_pace_turn(struct nbl_pace *pace);

#endif

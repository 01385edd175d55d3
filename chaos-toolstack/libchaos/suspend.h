/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A domain that stops for a while: to be saved, or to go on elsewhere.
 *
 *   open -> stop -> (write) -> go_on | destroy -> close
 *
 * Its name is locked from open to close, and says CHAOS__TASK_SAVE from stop to
 * go_on: a process that dies in between leaves a name from which chaos_gc knows
 * that the guest is to go on.  close lets a guest go on that is still stopped.
 */
#ifndef CHAOS_SUSPEND_H
#define CHAOS_SUSPEND_H

#include "config.h"
#include "find.h"
#include "saved.h"

#define CHAOS__CODE_SUSPEND	2	/* SHUTDOWN_suspend of Xen's sched.h */

struct chaos__suspend {
	struct chaos *ctx;
	struct chaos__found f;
	struct chaos__name_lock lock;
	struct chaos_config *cfg;	/* what made it */
	uint32_t generation;		/* of its device page */
	bool stopped;
};

/* -EPERM domain 0; -ENOENT not made by libchaos; -EBUSY; -EOPNOTSUPP this Xen
 * has no noxs.  All calls record their errors. */
int chaos__suspend_open(struct chaos *ctx, uint32_t domid,
			struct chaos__suspend *s);
/* Asks the guest, and waits until it has.  A guest that has not in time is told
 * to go on.  -EAGAIN it is paused; as chaos__power_command. */
int chaos__suspend_stop(struct chaos__suspend *s, int timeout_ms);
/* The records in front of the chunks, then the chunks and the trailer. */
int chaos__suspend_write_head(struct chaos__suspend *s,
			      struct chaos__saved_writer *w);
int chaos__suspend_write_state(struct chaos__suspend *s,
			       struct chaos__saved_writer *w);
int chaos__suspend_go_on(struct chaos__suspend *s);
int chaos__suspend_destroy(struct chaos__suspend *s);
void chaos__suspend_close(struct chaos__suspend *s);

/* What a write that failed was. */
int chaos__suspend_failed(struct chaos__suspend *s, int rc, const char *step);

#endif

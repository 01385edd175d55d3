/* SPDX-License-Identifier: BSD-2-Clause */
/* A line that says how far a long command is, if stderr is a terminal. */
#ifndef CHAOS_PROGRESS_H
#define CHAOS_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * For chaos_set_progress(); arg is not used.  Draws at most ten times a second.
 * total 0: it is not known.
 */
void cmd_progress(void *arg, const char *what, uint64_t done, uint64_t total);
/* Takes the line away: before anything else is printed, and at the end. */
void cmd_progress_clear(void);

#endif

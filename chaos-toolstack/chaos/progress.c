// SPDX-License-Identifier: BSD-2-Clause
/* The progress line.  There is one terminal, so there is one state. */
#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define INTERVAL_NS 100000000

static struct {
	bool asked, tty;	/* is stderr a terminal that can go back? */
	bool drawn;
	uint64_t next_ns;	/* not before */
} state;

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

void cmd_progress(void *arg, const char *what, uint64_t done, uint64_t total)
{
	const char *term;
	uint64_t now;

	(void)arg;
	if (!state.asked) {
		state.asked = true;
		term = getenv("TERM");
		state.tty = isatty(STDERR_FILENO) && term && *term &&
			    strcmp(term, "dumb") != 0;
	}
	if (!state.tty)
		return;
	now = now_ns();
	if (now < state.next_ns)
		return;
	state.next_ns = now + INTERVAL_NS;
	state.drawn = true;
	if (total)
		fprintf(stderr, "\r%s %" PRIu64 " of %" PRIu64 " (%.0f%%)\033[K",
			what, done, total,
			100.0 * (double)done / (double)total);
	else
		fprintf(stderr, "\r%s %" PRIu64 "\033[K", what, done);
	fflush(stderr);
}

void cmd_progress_clear(void)
{
	if (!state.drawn)
		return;
	state.drawn = false;
	fputs("\r\033[K", stderr);
	fflush(stderr);
}

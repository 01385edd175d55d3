/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * journal.h: a guest's output in the systemd journal, a line each, with
 * CHAOS_GUEST, CHAOS_UUID and CHAOS_DOMID.  Lines end after 1,000 bytes; of more
 * than 100 within a second it is told how many were not taken.
 */
#ifndef CHAOSD_JOURNAL_H
#define CHAOSD_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

#define JOURNAL_MAX_LINE	1000u
#define JOURNAL_MAX_LINES	100u	/* a second */

struct journal_guest {
	const char *name, *uuid;
	uint32_t domid;
};

struct journal {
	uint64_t since_ns;
	unsigned int nr_lines;	/* since then */
	unsigned int nr_left_out;
	size_t nr;		/* of line */
	char line[JOURNAL_MAX_LINE];
};

/* Where lines go; tests have their own. */
extern void (*journal_send)(const struct journal_guest *g, const char *line,
			    size_t size);

void journal_put(struct journal *j, const struct journal_guest *g,
		 const void *data, size_t n, uint64_t now_ns);
/* The guest has ended: what it said without a newline. */
void journal_end(struct journal *j, const struct journal_guest *g,
		 uint64_t now_ns);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A table: columns as wide as what is in them.  On a terminal the widest text
 * is cut to what fits; elsewhere nothing is ever cut.
 *
 *	cmd_table_init(&t, columns, 2);
 *	cmd_table_cell(&t, CMD_PLAIN, "%s", name);
 *	cmd_table_cell(&t, CMD_RED, "%u", 7);
 *	status = cmd_table_print(&t, stdout, width, colour);
 */
#ifndef CHAOS_TABLE_H
#define CHAOS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "colour.h"

struct cmd_column {
	const char *title;
	bool right;		/* numbers: aligned to the right, never cut */
};

#define CMD_TABLE_MAX_COLUMNS 16

struct cmd_table {
	const struct cmd_column *column;
	unsigned int nr_columns;
	unsigned int width[CMD_TABLE_MAX_COLUMNS];
	/* Of every cell its colour and its text, which ends with a NUL. */
	char *text;
	size_t size, room;
	size_t nr_cells;
	bool failed;		/* out of memory: seen by print */
};

void cmd_table_init(struct cmd_table *t, const struct cmd_column *column,
		    unsigned int nr_columns);
/* The next cell, row by row. */
void cmd_table_cell(struct cmd_table *t, enum cmd_colour colour,
		    const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The same for a text as it is, which is quicker. */
void cmd_table_text(struct cmd_table *t, enum cmd_colour colour,
		    const char *text);
/* Prints titles and rows and frees them.  width 0: no end.  -ENOMEM. */
int cmd_table_print(struct cmd_table *t, FILE *f, unsigned int width,
		    bool colour);

/* Columns of the terminal behind a descriptor: $COLUMNS if that is a number,
 * else as it says itself; 0: it is none. */
unsigned int cmd_terminal_width(int fd);

#endif

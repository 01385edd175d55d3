/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A screen of its own on the terminal, for what is shown again and again: typed
 * keys come one by one and are not seen.  Signals that end the command set
 * cmd_interrupted as ever; those that stop it are not to be had by a key.
 */
#ifndef CHAOS_SCREEN_H
#define CHAOS_SCREEN_H

#include <stdbool.h>
#include <termios.h>

struct cmd_env;
struct cmd_table;

struct cmd_screen {
	bool never;		/* IN: not even on a terminal */
	bool open;
	struct termios old;
};

/* Not open afterwards: stdin and stdout are not both a terminal. */
void cmd_screen_open(struct cmd_screen *s);
/* As it was before.  Of one that is not open, too. */
void cmd_screen_close(struct cmd_screen *s);
/* As many rows of it as there is room for; frees it.  The exit status. */
int cmd_screen_draw(struct cmd_screen *s, struct cmd_env *env,
		    struct cmd_table *t);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A screen of its own on the terminal, for what is shown again and again: typed
 * keys come one by one and are not seen.  Signals that end the command set
 * cmd_interrupted as ever.  While it waits for one that stops it, the terminal
 * is as it was; continued, it takes it again.
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
	struct termios old, raw;
};

enum cmd_screen_event {
	CMD_SCREEN_TIME,	/* that was all */
	CMD_SCREEN_KEY,		/* one was typed */
	CMD_SCREEN_CHANGED,	/* another size, or continued: draw it again */
	CMD_SCREEN_END,		/* interrupted, or there is no terminal any more */
};

/* Not open afterwards: stdin and stdout are not both a terminal. */
void cmd_screen_open(struct cmd_screen *s);
/* As it was before.  Of one that is not open, too. */
void cmd_screen_close(struct cmd_screen *s);
/* What happens first within that time; *key is written for CMD_SCREEN_KEY.  Of
 * one that is not open, it waits for the time or the end. */
enum cmd_screen_event cmd_screen_wait(struct cmd_screen *s, int ms, char *key);
/* As many rows and columns of it as there is room for; frees it.  The exit
 * status. */
int cmd_screen_draw(struct cmd_screen *s, struct cmd_env *env,
		    struct cmd_table *t);

#endif

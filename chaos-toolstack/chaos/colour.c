// SPDX-License-Identifier: BSD-2-Clause
/* Colours of the terminal. */
#include "colour.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool cmd_colour_parse(const char *text, enum cmd_colour_when *when)
{
	if (!strcmp(text, "auto"))
		*when = CMD_COLOUR_AUTO;
	else if (!strcmp(text, "never"))
		*when = CMD_COLOUR_NEVER;
	else if (!strcmp(text, "always"))
		*when = CMD_COLOUR_ALWAYS;
	else
		return false;
	return true;
}

bool cmd_colour_wanted(enum cmd_colour_when when, int fd)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (when != CMD_COLOUR_AUTO)
		return when == CMD_COLOUR_ALWAYS;
	if (no_color && *no_color)
		return false;
	return isatty(fd) && term && *term && strcmp(term, "dumb") != 0;
}

const char *cmd_colour_escape(enum cmd_colour colour)
{
	static const char *const escapes[] = {
		[CMD_PLAIN] = "\033[0m",
		[CMD_BOLD] = "\033[1m",
		[CMD_DIM] = "\033[2m",
		[CMD_RED] = "\033[31m",
		[CMD_GREEN] = "\033[32m",
		[CMD_YELLOW] = "\033[33m",
	};

	return escapes[colour];
}

enum cmd_colour cmd_colour_of_state(enum chaos_state state)
{
	switch (state) {
	case CHAOS_STATE_RUNNING:
		return CMD_GREEN;
	case CHAOS_STATE_PAUSED:
		return CMD_YELLOW;
	case CHAOS_STATE_SHUTDOWN:
	case CHAOS_STATE_DYING:
		return CMD_DIM;
	case CHAOS_STATE_CRASHED:
		return CMD_RED;
	case CHAOS_STATE_IDLE:
		break;
	}
	return CMD_PLAIN;
}

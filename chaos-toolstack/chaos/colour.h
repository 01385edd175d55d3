/* SPDX-License-Identifier: BSD-2-Clause */
/* Colours, where somebody looks: on a terminal, unless NO_COLOR is set. */
#ifndef CHAOS_COLOUR_H
#define CHAOS_COLOUR_H

#include <stdbool.h>

#include <chaos.h>

enum cmd_colour {
	CMD_PLAIN = 0,
	CMD_BOLD,
	CMD_DIM,
	CMD_RED,
	CMD_GREEN,
	CMD_YELLOW,
};

enum cmd_colour_when {
	CMD_COLOUR_AUTO = 0,
	CMD_COLOUR_NEVER,
	CMD_COLOUR_ALWAYS,
};

/* "auto", "never", "always"; false: none of them. */
bool cmd_colour_parse(const char *text, enum cmd_colour_when *when);
/* Are there colours on this descriptor? */
bool cmd_colour_wanted(enum cmd_colour_when when, int fd);
/* The escape sequence; of CMD_PLAIN the one that ends all colours. */
const char *cmd_colour_escape(enum cmd_colour colour);

enum cmd_colour cmd_colour_of_state(enum chaos_state state);

#endif

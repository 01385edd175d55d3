// SPDX-License-Identifier: BSD-2-Clause
/*
 * Which keys a configuration sets, and on which line.  libxlutil parses the
 * values but cannot list the keys, and an unknown key has to be an error that
 * names its place.  This knows the tokens of the language and nothing more: a
 * text that it misreads is one that libxlutil rejects.  It also keeps from
 * libxlutil what that does not treat well.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "config.h"

struct cursor {
	const char *p;
	unsigned int line;
};

/* Without overlong forms, surrogates, and what is beyond U+10FFFF. */
static unsigned int utf8_len(const unsigned char *p)
{
	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4 || (p[1] & 0xc0) != 0x80)
		return 0;
	if (p[0] < 0xe0)
		return 2;
	if ((p[2] & 0xc0) != 0x80 || (p[0] == 0xe0 && p[1] < 0xa0) ||
	    (p[0] == 0xed && p[1] > 0x9f))
		return 0;
	if (p[0] < 0xf0)
		return 3;
	if ((p[3] & 0xc0) != 0x80 || (p[0] == 0xf0 && p[1] < 0x90) ||
	    (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return 4;
}

bool chaos__is_utf8(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;
	unsigned int n;

	for (; *p; p += n) {
		n = utf8_len(p);
		if (!n)
			return false;
	}
	return true;
}

/* The library drops \012 without a word, and leaks over what it refuses. */
static bool is_escape(char ch)
{
	return ch && strchr("\"'\\abfnrtv", ch);
}

static void skip_string(struct cursor *c, struct chaos__scan *scan)
{
	char quote = *c->p++;

	while (*c->p && *c->p != quote && *c->p != '\n') {
		if (*c->p == '\\' && c->p[1]) {
			c->p++;
			if (!is_escape(*c->p) && !scan->escape_line)
				scan->escape_line = c->line;
			if (*c->p == '\n')
				return;	/* not closed: a syntax error */
		}
		c->p++;
	}
	if (*c->p == quote)
		c->p++;
}

static void skip_comment(struct cursor *c)
{
	while (*c->p && *c->p != '\n')
		c->p++;
}

static bool is_key_char(char ch)
{
	return islower((unsigned char)ch) || isdigit((unsigned char)ch) ||
	       ch == '.' || ch == '_';
}

static int take_key(struct cursor *c, struct chaos__scan *scan)
{
	struct chaos__scan_key *key;
	const char *start = c->p;
	size_t len;

	while (is_key_char(*c->p))
		c->p++;
	len = (size_t)(c->p - start);
	if (scan->nr == CHAOS__MAX_KEYS)
		return -E2BIG;
	key = &scan->key[scan->nr++];
	if (len >= sizeof(key->name))
		len = sizeof(key->name) - 1;
	memcpy(key->name, start, len);
	key->name[len] = '\0';
	key->line = c->line;
	return 0;
}

int chaos__scan(const char *text, struct chaos__scan *scan)
{
	struct cursor c = { .p = text, .line = 1 };
	bool at_start = true;	/* of a statement */
	unsigned int depth = 0;
	int rc;

	memset(scan, 0, sizeof(*scan));
	while (*c.p) {
		char ch = *c.p;

		if (ch == '#') {
			skip_comment(&c);
		} else if (ch == '\'' || ch == '"') {
			skip_string(&c, scan);
			at_start = false;
		} else if (islower((unsigned char)ch) && at_start && !depth) {
			rc = take_key(&c, scan);
			if (rc)
				return rc;
			at_start = false;
		} else {
			if (ch == '\n')
				c.line++;
			if (ch == '[' && ++depth > CHAOS__MAX_DEPTH &&
			    !scan->depth_line)
				scan->depth_line = c.line;
			if (ch == ']' && depth)
				depth--;
			if (ch == ';' || ch == '\n')
				at_start = true;
			else if (ch != ' ' && ch != '\t' && ch != '\r')
				at_start = false;
			c.p++;
		}
	}
	return 0;
}

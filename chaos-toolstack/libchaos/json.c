// SPDX-License-Identifier: BSD-2-Clause
/* Writing JSON. */
#include "json.h"

void chaos__json_text(FILE *f, const char *text)
{
	const char *s;

	putc_unlocked('"', f);
	for (s = text ? text : ""; *s; s++) {
		if (*s == '"' || *s == '\\')
			putc_unlocked('\\', f);
		if ((unsigned char)*s < 0x20)
			fprintf(f, "\\u%04x", (unsigned char)*s);
		else
			putc_unlocked(*s, f);
	}
	putc_unlocked('"', f);
}

void chaos__json_member(FILE *f, const char *key, const char *text)
{
	putc_unlocked(',', f);
	chaos__json_text(f, key);
	putc_unlocked(':', f);
	chaos__json_text(f, text);
}

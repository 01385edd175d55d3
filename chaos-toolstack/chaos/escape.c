// SPDX-License-Identifier: BSD-2-Clause
#include <stdbool.h>
#include <string.h>

#include "escape.h"

static size_t hex(unsigned char c, char *out)
{
	static const char digits[] = "0123456789abcdef";

	out[0] = '\\';
	out[1] = 'x';
	out[2] = digits[c >> 4];
	out[3] = digits[c & 15];
	return 4;
}

/* Bytes of the sequence that c begins; 1: of none. */
static size_t length_of(unsigned char c)
{
	if (c >= 0xc2 && c <= 0xdf)
		return 2;
	if (c >= 0xe0 && c <= 0xef)
		return 3;
	return c >= 0xf0 && c <= 0xf4 ? 4 : 1;
}

/* Of a whole sequence: not a control character (U+0080 to U+009F), a surrogate,
 * out of range or longer than it need be. */
static bool is_fine(const unsigned char *s)
{
	switch (s[0]) {
	case 0xc2:
		return s[1] >= 0xa0;
	case 0xe0:
		return s[1] >= 0xa0;
	case 0xed:
		return s[1] < 0xa0;
	case 0xf0:
		return s[1] >= 0x90;
	case 0xf4:
		return s[1] < 0x90;
	default:
		return true;
	}
}

static size_t plain(unsigned char c, char *out)
{
	if (c != '\n' && c != '\t' && (c < 32 || c > 126))
		return hex(c, out);
	out[0] = (char)c;
	return 1;
}

size_t cmd_escape_end(struct cmd_escape *e, char *out)
{
	size_t i, n = 0;

	for (i = 0; i < e->nr; i++)
		n += hex(e->held[i], out + n);
	e->nr = 0;
	return n;
}

/* c does not go on with what is held, if anything is. */
static size_t begin(struct cmd_escape *e, unsigned char c, char *out)
{
	size_t n = 0;

	if (e->nr == 1 && e->held[0] == '\r' && c == '\n')
		e->nr = 0;
	n = cmd_escape_end(e, out);
	if (c != '\r' && length_of(c) == 1)
		return n + plain(c, out + n);
	e->held[e->nr++] = c;
	return n;
}

static size_t go_on(struct cmd_escape *e, unsigned char c, char *out)
{
	size_t n = e->nr + 1;

	e->held[e->nr++] = c;
	if (n < length_of(e->held[0]))
		return 0;
	if (!is_fine(e->held))
		return cmd_escape_end(e, out);
	memcpy(out, e->held, n);
	e->nr = 0;
	return n;
}

size_t cmd_escape(struct cmd_escape *e, const char *in, size_t size, char *out)
{
	size_t i, n = 0;

	for (i = 0; i < size; i++) {
		unsigned char c = (unsigned char)in[i];

		if (e->nr && e->held[0] != '\r' && (c & 0xc0) == 0x80)
			n += go_on(e, c, out + n);
		else
			n += begin(e, c, out + n);
	}
	return n;
}

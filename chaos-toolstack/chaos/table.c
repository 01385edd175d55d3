// SPDX-License-Identifier: BSD-2-Clause
/* Tables. */
#include "table.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define GAP	2	/* between two columns */
#define CUT_MIN	4	/* a column is cut to no less */
#define ELLIPSIS "\xe2\x80\xa6"

/* Characters of UTF-8: all bytes but those that continue one. */
static unsigned int text_width(const char *s)
{
	unsigned int n = 0;

	for (; *s; s++)
		n += (*s & 0xc0) != 0x80;
	return n;
}

/* The bytes of the first so many characters. */
static int text_head(const char *s, unsigned int width)
{
	const char *p = s;

	for (; *p; p++)
		if ((*p & 0xc0) != 0x80 && !width--)
			break;
	return (int)(p - s);
}

void cmd_table_init(struct cmd_table *t, const struct cmd_column *column,
		    unsigned int nr_columns)
{
	unsigned int i;

	memset(t, 0, sizeof(*t));
	t->column = column;
	t->nr_columns = nr_columns;
	for (i = 0; i < nr_columns; i++)
		t->width[i] = text_width(column[i].title);
}

static bool make_room(struct cmd_table *t, size_t size)
{
	size_t room = t->room ? t->room : 4096;
	char *text;

	while (room - t->size < size)
		room *= 2;
	if (room == t->room)
		return true;
	text = realloc(t->text, room);
	if (!text)
		return false;
	t->text = text;
	t->room = room;
	return true;
}

/* A cell that was written behind the ones before it. */
static void add_cell(struct cmd_table *t, enum cmd_colour colour, size_t len)
{
	unsigned int *width = &t->width[t->nr_cells % t->nr_columns];
	char *cell = t->text + t->size;
	unsigned int n;

	cell[0] = (char)colour;
	t->size += len + 2;
	t->nr_cells++;
	n = text_width(cell + 1);
	if (n > *width)
		*width = n;
}

void cmd_table_text(struct cmd_table *t, enum cmd_colour colour,
		    const char *text)
{
	size_t len = strlen(text);

	if (t->failed || !make_room(t, len + 2)) {
		t->failed = true;
		return;
	}
	memcpy(t->text + t->size + 1, text, len + 1);
	add_cell(t, colour, len);
}

void cmd_table_cell(struct cmd_table *t, enum cmd_colour colour,
		    const char *format, ...)
{
	char *text;
	va_list ap;
	int len;

	va_start(ap, format);
	len = vasprintf(&text, format, ap);
	va_end(ap);
	if (len < 0) {
		t->failed = true;
		return;
	}
	cmd_table_text(t, colour, text);
	free(text);
}

/* Cuts the widest text, so that the table is not wider than that. */
static void fit(struct cmd_table *t, unsigned int width)
{
	unsigned int i, total = 0, *widest = NULL;

	for (i = 0; i < t->nr_columns; i++) {
		total += t->width[i] + (i ? GAP : 0);
		if (!t->column[i].right && (!widest || t->width[i] > *widest))
			widest = &t->width[i];
	}
	if (total <= width || !widest || *widest <= CUT_MIN)
		return;
	total -= *widest;
	*widest = width > total + CUT_MIN ? width - total : CUT_MIN;
}

static void print_spaces(FILE *f, unsigned int n)
{
	static const char spaces[] = "                                ";
	const unsigned int most = sizeof(spaces) - 1;

	for (; n > most; n -= most)
		fwrite(spaces, 1, most, f);
	fwrite(spaces, 1, n, f);
}

static void print_text(FILE *f, const char *text, unsigned int most,
		       enum cmd_colour colour)
{
	if (colour != CMD_PLAIN)
		fputs(cmd_colour_escape(colour), f);
	if (text_width(text) > most)
		fprintf(f, "%.*s" ELLIPSIS, text_head(text, most - 1), text);
	else
		fputs(text, f);
	if (colour != CMD_PLAIN)
		fputs(cmd_colour_escape(CMD_PLAIN), f);
}

static void print_cell(const struct cmd_table *t, FILE *f, unsigned int i,
		       const char *text, enum cmd_colour colour)
{
	unsigned int n = text_width(text), width = t->width[i];
	unsigned int pad = n < width ? width - n : 0;

	if (t->column[i].right)
		print_spaces(f, pad);
	print_text(f, text, width, colour);
	if (i == t->nr_columns - 1)
		putc('\n', f);
	else
		print_spaces(f, t->column[i].right ? GAP : pad + GAP);
}

int cmd_table_print(struct cmd_table *t, FILE *f, unsigned int width,
		    bool colour)
{
	const char *p = t->text;
	int rc = t->failed ? -ENOMEM : 0;
	unsigned int i;
	size_t n;

	if (width)
		fit(t, width);
	for (i = 0; !rc && i < t->nr_columns; i++)
		print_cell(t, f, i, t->column[i].title,
			   colour ? CMD_BOLD : CMD_PLAIN);
	for (n = 0, i = 0; !rc && n < t->nr_cells; n++) {
		enum cmd_colour c = (enum cmd_colour)*p++;

		print_cell(t, f, i, p, colour ? c : CMD_PLAIN);
		p += strlen(p) + 1;
		i = i + 1 < t->nr_columns ? i + 1 : 0;
	}
	free(t->text);
	t->text = NULL;
	t->nr_cells = 0;
	return rc;
}

unsigned int cmd_terminal_width(int fd)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	char *end;
	long n;

	if (!isatty(fd))
		return 0;
	n = columns ? strtol(columns, &end, 10) : 0;
	if (n > 0 && n < 10000 && !*end)
		return (unsigned int)n;
	if (ioctl(fd, TIOCGWINSZ, &size))
		return 0;
	return size.ws_col;
}

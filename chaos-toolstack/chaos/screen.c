// SPDX-License-Identifier: BSD-2-Clause
/* The terminal's other screen. */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cmd.h"
#include "screen.h"

#define ENTER	"\033[?1049h\033[?25l"	/* the other screen, no cursor */
#define LEAVE	"\033[?25h\033[?1049l"
#define ROWS	24			/* of a terminal that does not say */

void cmd_screen_open(struct cmd_screen *s)
{
	const char *term = getenv("TERM");
	struct termios raw;

	if (s->never || !isatty(STDOUT_FILENO) || !term ||
	    !strcmp(term, "dumb") || tcgetattr(STDIN_FILENO, &s->old))
		return;
	raw = s->old;
	raw.c_lflag &= (tcflag_t)~(ICANON | ECHO);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	raw.c_cc[VSUSP] = raw.c_cc[VQUIT] = _POSIX_VDISABLE;
	if (tcsetattr(STDIN_FILENO, TCSANOW, &raw))
		return;
	fputs(ENTER, stdout);
	fflush(stdout);
	s->open = true;
}

void cmd_screen_close(struct cmd_screen *s)
{
	if (!s->open)
		return;
	fputs(LEAVE, stdout);
	fflush(stdout);
	tcsetattr(STDIN_FILENO, TCSANOW, &s->old);
	s->open = false;
}

static unsigned int nr_rows(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_row)
		return ROWS;
	return size.ws_row;
}

/* A line at a time, each up to the end of its row; then nothing. */
static void put(const char *text)
{
	unsigned int left = nr_rows();
	const char *end;

	fputs("\033[H", stdout);
	for (; left && *text; left--, text = end) {
		end = text + strcspn(text, "\n");
		fwrite(text, 1, (size_t)(end - text), stdout);
		fputs("\033[K", stdout);
		if (*end)
			end++;
		/* None behind the last row: it would scroll. */
		if (left > 1 && *end)
			fputs("\r\n", stdout);
	}
	fputs("\033[J", stdout);
	fflush(stdout);
}

int cmd_screen_draw(struct cmd_screen *s, struct cmd_env *env,
		    struct cmd_table *t)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	int rc, status = 0;

	(void)s;
	if (!f)	/* frees it */
		return cmd_show_table(env, "top", t);
	rc = cmd_table_print(t, f, cmd_terminal_width(STDOUT_FILENO),
			     cmd_colour_wanted(env->colour_when,
					       STDOUT_FILENO));
	if (fclose(f) && !rc)
		rc = -ENOMEM;
	if (rc)
		status = cmd_fail(env, "top", rc, "table", "print", "%s",
				  strerror(-rc));
	else
		put(text);
	free(text);
	return status;
}

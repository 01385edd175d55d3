// SPDX-License-Identifier: BSD-2-Clause
/*
 * talker: a guest that uses its console as its command line says.
 *
 *   say=WORD lines=N     prints "WORD 0" ... "WORD N-1"
 *   then=idle            nothing more (default)
 *        crash           "WORD: last words", and ends with a crash
 *        off             the same, powers off
 *        flood           lines without end, as fast as they are taken
 *        storm           events without end, with nothing to read
 *        lie             an index that cannot be
 *        tick            "WORD tick N", five a second
 *        echo            "WORD heard LINE" for each line of input
 *        paint           an escape sequence and bytes that are no text
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xen/io/console.h>

#include "minios/app.h"
#include "minios/barrier.h"
#include "minios/boot.h"
#include "minios/console.h"
#include "minios/events.h"
#include "minios/sched.h"
#include "minios/time.h"

const char app_name[] = "talker";

static char word[32] = "talker", then[16];
static struct xencons_interface *ring;
static uint32_t port;
static struct waitq news;

static void sleep_ms(unsigned int ms)
{
	sched_sleep_until(time_ns() + ms * NS_PER_MS);
}

static bool is_full(void)
{
	return READ_ONCE(ring->out_prod) - READ_ONCE(ring->out_cons) >
	       sizeof(ring->out) - 128;
}

/* Lines that find no room are lost: wait for it. */
static void say_all(unsigned int lines)
{
	unsigned int i;

	for (i = 0; i < lines; i++) {
		while (is_full())
			sleep_ms(1);
		printf("%s %u\n", word, i);
		console_flush();
	}
}

static void flood(void)
{
	unsigned int i;

	for (i = 0; ; i++) {
		while (is_full())
			sched_yield();
		printf("%s floods %u with so many words that it fills the ring\n",
		       word, i);
		console_flush();
	}
}

static void storm(void)
{
	for (;;)
		event_notify(port);
}

static void tick(void)
{
	unsigned int i;

	for (i = 0; ; i++) {
		printf("%s tick %u\n", word, i);
		console_flush();
		sleep_ms(200);
	}
}

static void lie(void)
{
	/* When what was said before has been read. */
	sleep_ms(500);
	WRITE_ONCE(ring->out_prod, READ_ONCE(ring->out_cons) + 5000);
	event_notify(port);
}

static void hear(void *data)
{
	waitq_wake(data);
}

static void echo(void)
{
	char line[64];
	unsigned int n = 0;

	event_bind(port, hear, &news);
	for (;;) {
		uint32_t cons = READ_ONCE(ring->in_cons);

		if (READ_ONCE(ring->in_prod) == cons) {
			waitq_wait(&news, SCHED_FOREVER);
			continue;
		}
		xen_rmb();
		line[n] = ring->in[MASK_XENCONS_IDX(cons, ring->in)];
		xen_mb();
		WRITE_ONCE(ring->in_cons, cons + 1);
		event_notify(port);
		if (line[n] != '\n' && n < sizeof(line) - 1) {
			n++;
			continue;
		}
		line[n] = '\0';
		n = 0;
		printf("%s heard %s\n", word, line);
		console_flush();
	}
}

static bool is_then(const char *what)
{
	return !strcmp(then, what);
}

int app_main(void)
{
	struct waitq never = { 0 };
	char lines[16] = "0";

	boot_option(boot.cmdline, "say", word, sizeof(word));
	boot_option(boot.cmdline, "lines", lines, sizeof(lines));
	boot_option(boot.cmdline, "then", then, sizeof(then));
	ring = boot_console(&port);
	console_flush();
	say_all((unsigned int)strtol(lines, NULL, 10));
	if (is_then("flood"))
		flood();
	else if (is_then("tick"))
		tick();
	else if (is_then("storm"))
		storm();
	else if (is_then("lie"))
		lie();
	else if (is_then("echo"))
		echo();
	else if (is_then("paint"))
		printf("\033]0;owned\007 \233 a\377b\n");
	console_flush();
	if (is_then("crash") || is_then("off")) {
		printf("%s: last words\n", word);
		console_flush();
		return is_then("crash");
	}
	waitq_wait(&never, SCHED_FOREVER);
	return 0;
}

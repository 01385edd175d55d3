// SPDX-License-Identifier: BSD-2-Clause
/*
 * Console output.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "minios/hypercall.h"
#include <xen/io/console.h>

#include "minios/barrier.h"
#include "minios/boot.h"
#include "minios/console.h"
#include "minios/events.h"

#define EARLY_SIZE	512
#define DEBUG_PORT	0xe9	/* Xen logs what a PVH guest writes here */

/*
 * Until the ring is known (to ask for it is not worth a delay of what the
 * guest is there for) the first lines wait here.
 */
static char early[EARLY_SIZE];
static unsigned int nr_early;
static bool opened;

static struct xencons_interface *ring;
static uint32_t port;
static uint32_t out_prod;	/* ours; the ring only gets copies of it */
static bool news;

static void put(char c)
{
	uint32_t cons = READ_ONCE(ring->out_cons);

	/* A consumer index that makes no sense counts as a full ring. */
	if (out_prod - cons >= sizeof(ring->out))
		return;
	ring->out[MASK_XENCONS_IDX(out_prod, ring->out)] = c;
	out_prod++;
}

static void ring_write(const char *s, size_t len)
{
	if (!ring || !len)
		return;
	/* Characters are written only where the consumer has been. */
	xen_mb();
	for (; len; len--, s++) {
		if (*s == '\n')
			put('\r');
		put(*s);
	}
	/* The consumer sees the characters before the index. */
	xen_wmb();
	WRITE_ONCE(ring->out_prod, out_prod);
	news = true;
}

static void open_ring(void)
{
	opened = true;
	ring = boot_console(&port);
	if (ring)
		out_prod = READ_ONCE(ring->out_prod);
	ring_write(early, nr_early);
	nr_early = 0;
}

void console_write(const char *s, size_t len)
{
	if (opened) {
		ring_write(s, len);
		return;
	}
	if (len > sizeof(early) - nr_early)
		len = sizeof(early) - nr_early;
	memcpy(early + nr_early, s, len);
	nr_early += len;
}

void console_flush(void)
{
	if (!opened)
		open_ring();
	if (!news)
		return;
	news = false;
	event_notify(port);
}

void console_emergency(const char *s, size_t len)
{
	console_write(s, len);
	console_flush();
	/* Xen takes this from guests only if it is built for debugging. */
	hypercall3(__HYPERVISOR_console_io, CONSOLEIO_write, len, s);
	if (boot.pv)
		return;
	for (; len; len--, s++)
		__asm__ volatile("outb %%al, %%dx"
				 :: "a"(*s), "d"(DEBUG_PORT));
}

void console_resume(void)
{
	if (opened)
		open_ring();
}

int printf(const char *fmt, ...)
{
	char buf[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	console_write(buf, n < (int)sizeof(buf) ? n : (int)sizeof(buf) - 1);
	return n;
}

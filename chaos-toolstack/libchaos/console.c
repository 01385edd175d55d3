// SPDX-License-Identifier: BSD-2-Clause
/*
 * A guest's console ring.  The guest may write anything into its page: each
 * index is read once and checked before use, and our own two are kept here,
 * never read back.  Where chaosd has the console, it is a stream of its
 * (console-stream.c) instead.
 */
#include <chaosd-console.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console-stream.h"
#include "console.h"

#define CODE_SUSPEND 2	/* SHUTDOWN_suspend of Xen's sched.h */

int chaos__console_find(struct chaos *ctx, uint32_t domid,
			struct chaos__found *f)
{
	int rc = chaos__find(ctx, domid, f);

	if (!rc && !f->rec)
		rc = chaos__fail(ctx, -ENOENT, f->object, "open console",
				 "try xl console",
				 "it was not made by chaos");
	return rc;
}

int chaos__console_open(struct chaos *ctx, const struct chaos__found *f,
			struct chaos__xen_consoles *set, void *arg,
			struct chaos_console *con)
{
	void *page;
	int rc;

	rc = chaos__xen_console_open(ctx->xen, f->dom.domid, &f->rec->console,
				     set, arg, &con->port, &page);
	if (rc)
		return chaos__fail(ctx, rc, f->object, "open console", "", "%s",
				   rc == -EBUSY ? "it is in use" :
						  chaos__xen_reason(ctx, rc));
	con->xen = ctx->xen;
	con->domid = f->dom.domid;
	memcpy(con->uuid, f->dom.uuid, sizeof(con->uuid));
	con->ring = page;
	/* Whoever had the console before left them here. */
	con->out_cons = __atomic_load_n(&con->ring->out_cons, __ATOMIC_RELAXED);
	con->in_prod = __atomic_load_n(&con->ring->in_prod, __ATOMIC_RELAXED);
	return 0;
}

int chaos__console_new(struct chaos *ctx, const char *object,
		       struct chaos_console **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : chaos__fail(ctx, -ENOMEM, object, "open console", "",
				      NULL);
}

/* chaosd, if it has the consoles; else directly. */
static int open_either(struct chaos *ctx, const struct chaos__found *f,
		       struct chaos_console *con)
{
	char which[16];
	int rc;

	snprintf(which, sizeof(which), "%u", f->dom.domid);
	rc = chaos__console_stream_open(ctx, f->object, which,
					CHAOSD_CONSOLE_ATTACH, &con->stream);
	if (rc != -ENOTCONN && rc != -EOPNOTSUPP)
		return rc;
	chaos__clear_errors(ctx);
	return chaos__console_open(ctx, f, NULL, NULL, con);
}

int chaos_console_open(struct chaos *ctx, uint32_t domid,
		       struct chaos_console **out)
{
	struct chaos_console *con = NULL;
	struct chaos__found f;
	int rc;

	rc = chaos__console_find(ctx, domid, &f);
	if (!rc)
		rc = chaos__console_new(ctx, f.object, &con);
	if (!rc)
		rc = open_either(ctx, &f, con);
	chaos__found_fini(&f);
	if (rc)
		free(con);
	else
		*out = con;
	return rc;
}

int chaos_console_log_open(struct chaos *ctx, const char *name_or_domid,
			   unsigned int flags, struct chaos_console **out)
{
	struct chaos_console *con = NULL;
	int rc;

	chaos__begin(ctx);
	if (flags & ~CHAOS_CONSOLE_FOLLOW)
		return chaos__fail(ctx, -EINVAL, name_or_domid, "open its log",
				   "", "unknown flags");
	rc = chaos__console_new(ctx, name_or_domid, &con);
	if (!rc)
		rc = chaos__console_stream_open(ctx, name_or_domid,
			name_or_domid, flags ? CHAOSD_CONSOLE_FOLLOW : 0,
			&con->stream);
	if (rc)
		free(con);
	else
		*out = con;
	return rc;
}

void chaos_console_close(struct chaos_console *con)
{
	if (!con)
		return;
	if (con->stream)
		chaos__console_stream_close(con->stream);
	else
		chaos__xen_console_close(con->port);
	free(con);
}

int chaos_console_fd(const struct chaos_console *con)
{
	return con->stream ? chaos__console_stream_fd(con->stream) :
			     chaos__xen_console_fd(con->port);
}

uint64_t chaos_console_lost(const struct chaos_console *con)
{
	return con->stream ? chaos__console_stream_lost(con->stream) : 0;
}

/* One that is suspended may go on (save --keep), or is gone soon. */
static bool is_over(const struct chaos_console *con)
{
	struct chaos__xen_dom dom;
	int rc = chaos__xen_get(con->xen, con->domid, &dom);

	if (rc)
		return rc == -ESRCH;
	return dom.dying || memcmp(dom.uuid, con->uuid, sizeof(con->uuid)) ||
	       (dom.shutdown && dom.shutdown_code != CODE_SUSPEND);
}

static long take(struct chaos_console *con, uint8_t *buf, size_t size)
{
	struct xencons_interface *ring = con->ring;
	XENCONS_RING_IDX prod, used, i;

	/* Acquire: what the guest wrote before it raised prod is seen. */
	prod = __atomic_load_n(&ring->out_prod, __ATOMIC_ACQUIRE);
	used = prod - con->out_cons;
	if (used > sizeof(ring->out))
		return -EPROTO;
	if (used > size)
		used = (XENCONS_RING_IDX)size;
	for (i = 0; i < used; i++)
		buf[i] = (uint8_t)ring->out[MASK_XENCONS_IDX(con->out_cons + i,
							     ring->out)];
	con->out_cons += used;
	/* Release: the bytes were read before the guest may reuse them. */
	__atomic_store_n(&ring->out_cons, con->out_cons, __ATOMIC_RELEASE);
	return (long)used;
}

long chaos__console_take(struct chaos_console *con, void *buf, size_t size)
{
	long n = take(con, buf, size);
	int rc = n > 0 ? chaos__xen_console_notify(con->port) : 0;

	return rc ? rc : n;
}

long chaos_console_read(struct chaos_console *con, void *buf, size_t size)
{
	bool over = false;
	long n;
	int rc;

	if (con->stream)
		return chaos__console_stream_read(con->stream, buf, size);
	rc = chaos__xen_console_event(con->port);
	if (rc)
		return rc;
	n = chaos__console_take(con, buf, size);
	if (!n) {
		/* Asked before the last look, so its last words are not lost. */
		over = is_over(con);
		n = chaos__console_take(con, buf, size);
	}
	return !n && over ? -EPIPE : n;
}

long chaos_console_write(struct chaos_console *con, const void *buf,
			 size_t size)
{
	struct xencons_interface *ring = con->ring;	/* or NULL */
	XENCONS_RING_IDX cons, used, room, i;
	const uint8_t *p = buf;
	int rc;

	if (con->stream)
		return chaos__console_stream_write(con->stream, buf, size);
	/* Acquire: the guest has read the bytes before it raised cons. */
	cons = __atomic_load_n(&ring->in_cons, __ATOMIC_ACQUIRE);
	used = con->in_prod - cons;
	if (used > sizeof(ring->in))
		return -EPROTO;
	room = (XENCONS_RING_IDX)sizeof(ring->in) - used;
	if (room > size)
		room = (XENCONS_RING_IDX)size;
	for (i = 0; i < room; i++)
		ring->in[MASK_XENCONS_IDX(con->in_prod + i, ring->in)] =
			(char)p[i];
	con->in_prod += room;
	/* Release: the guest sees the bytes before the new in_prod. */
	__atomic_store_n(&ring->in_prod, con->in_prod, __ATOMIC_RELEASE);
	if (!room)
		return 0;
	rc = chaos__xen_console_notify(con->port);
	return rc ? rc : (long)room;
}

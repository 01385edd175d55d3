// SPDX-License-Identifier: BSD-2-Clause
/*
 * A guest's console ring.  The guest may write anything into its page: each
 * index is read once and checked before use, and our own two are kept here,
 * never read back.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <xen/io/console.h>

#include "find.h"

struct chaos_console {
	struct chaos__xen *xen;
	struct chaos__xen_console *port;
	struct xencons_interface *ring;
	uint32_t domid;
	uint8_t uuid[16];
	XENCONS_RING_IDX out_cons;	/* what we read of out[] */
	XENCONS_RING_IDX in_prod;	/* what we wrote to in[] */
};

int chaos_console_open(struct chaos *ctx, uint32_t domid,
		       struct chaos_console **out)
{
	struct chaos_console *con;
	struct chaos__found f;
	void *page;
	int rc;

	rc = chaos__find(ctx, domid, &f);
	if (rc)
		return rc;
	if (!f.rec) {
		rc = chaos__fail(ctx, -ENOENT, f.object, "open console",
				 "try xl console",
				 "it was not made by chaos");
		goto err_found;
	}
	con = calloc(1, sizeof(*con));
	if (!con) {
		rc = chaos__fail(ctx, -ENOMEM, f.object, "open console", "",
				 NULL);
		goto err_found;
	}
	rc = chaos__xen_console_open(ctx->xen, domid, &f.rec->console,
				     &con->port, &page);
	if (rc) {
		chaos__fail(ctx, rc, f.object, "open console", "", "%s",
			    rc == -EBUSY ? "it is in use" :
					   chaos__xen_reason(ctx, rc));
		goto err_free;
	}
	con->xen = ctx->xen;
	con->domid = domid;
	memcpy(con->uuid, f.dom.uuid, sizeof(con->uuid));
	con->ring = page;
	/* Whoever had the console before left them here. */
	con->out_cons = __atomic_load_n(&con->ring->out_cons, __ATOMIC_RELAXED);
	con->in_prod = __atomic_load_n(&con->ring->in_prod, __ATOMIC_RELAXED);
	chaos__found_fini(&f);
	*out = con;
	return 0;

err_free:
	free(con);
err_found:
	chaos__found_fini(&f);
	return rc;
}

void chaos_console_close(struct chaos_console *con)
{
	if (!con)
		return;
	chaos__xen_console_close(con->port);
	free(con);
}

int chaos_console_fd(const struct chaos_console *con)
{
	return chaos__xen_console_fd(con->port);
}

static bool is_over(const struct chaos_console *con)
{
	struct chaos__xen_dom dom;
	int rc = chaos__xen_get(con->xen, con->domid, &dom);

	return rc == -ESRCH ||
	       (!rc && (dom.dying || dom.shutdown ||
			memcmp(dom.uuid, con->uuid, sizeof(con->uuid))));
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

long chaos_console_read(struct chaos_console *con, void *buf, size_t size)
{
	bool over = false;
	long n;
	int rc;

	rc = chaos__xen_console_event(con->port);
	if (rc)
		return rc;
	n = take(con, buf, size);
	if (!n) {
		/* Asked before the last look, so its last words are not lost. */
		over = is_over(con);
		n = take(con, buf, size);
	}
	if (n > 0) {
		rc = chaos__xen_console_notify(con->port);
		return rc ? rc : n;
	}
	return !n && over ? -EPIPE : n;
}

long chaos_console_write(struct chaos_console *con, const void *buf,
			 size_t size)
{
	struct xencons_interface *ring = con->ring;
	XENCONS_RING_IDX cons, used, room, i;
	const uint8_t *p = buf;
	int rc;

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

// SPDX-License-Identifier: BSD-2-Clause
/*
 * XenStore's wire protocol: requests and replies through a ring page.
 */
#include "minios/hypercall.h"
#include <xen/io/xs_wire.h>	/* before errno.h: no table of all errors */

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "minios/barrier.h"
#include "minios/boot.h"
#include "minios/events.h"
#include "minios/sched.h"
#include "store.h"

#define BURST	16	/* messages without a break */

static struct xenstore_domain_interface *ring;
static uint32_t port;
static XENSTORE_RING_IDX req_prod, rsp_cons;	/* ours; the ring has copies */
static uint32_t req_id;
static unsigned int nr_received;
static bool dead, watch_fired;
static char *payload;		/* of the last message, XENSTORE_PAYLOAD_MAX + 1 */
static struct waitq work;

void store_poke(void)
{
	waitq_wake(&work);
}

void store_wait(void)
{
	waitq_wait(&work, SCHED_FOREVER);
}

static void store_event(void *data)
{
	(void)data;
	store_poke();
}

static int connect(void)
{
	int rc;

	ring = boot_store(&port);
	if (!ring)
		return -ENOENT;
	rc = event_bind(port, store_event, NULL);
	if (rc)
		return rc;
	/* Whatever was said before was not said to us. */
	req_prod = READ_ONCE(ring->req_prod);
	rsp_cons = READ_ONCE(ring->rsp_prod);
	WRITE_ONCE(ring->rsp_cons, rsp_cons);
	return 0;
}

int store_open(void)
{
	int rc;

	payload = malloc(XENSTORE_PAYLOAD_MAX + 1);
	if (!payload)
		return -ENOMEM;
	rc = connect();
	if (rc)
		free(payload);
	return rc;
}

void store_resume(void)
{
	watch_fired = false;
	dead = connect() != 0;
	store_poke();
}

static int broken(void)
{
	dead = true;
	return -EPROTO;
}

/* Bytes that can be put, and bytes that can be taken.  -EPROTO: nonsense. */
static int room(void)
{
	XENSTORE_RING_IDX used = req_prod - READ_ONCE(ring->req_cons);

	/* We write only where the daemon has been. */
	xen_mb();
	return used > XENSTORE_RING_SIZE ? broken() :
	       (int)(XENSTORE_RING_SIZE - used);
}

static int ready(void)
{
	XENSTORE_RING_IDX nr = READ_ONCE(ring->rsp_prod) - rsp_cons;

	/* We see rsp_prod before the bytes that it covers. */
	xen_rmb();
	return nr > XENSTORE_RING_SIZE ? broken() : (int)nr;
}

static int put(const void *from, size_t len)
{
	const char *src = from;

	while (len) {
		int nr = room();

		if (nr < 0)
			return nr;
		if (!nr) {
			event_notify(port);
			store_wait();
		}
		for (; nr && len; nr--, len--)
			ring->req[MASK_XENSTORE_IDX(req_prod++)] = *src++;
		/* The daemon sees the bytes before the index. */
		xen_wmb();
		WRITE_ONCE(ring->req_prod, req_prod);
	}
	return 0;
}

static int take(void *to, size_t len)
{
	char *dst = to;

	while (len) {
		XENSTORE_RING_IDX before = rsp_cons;
		int nr = ready();

		if (nr < 0)
			return nr;
		if (!nr)
			store_wait();
		for (; nr && len; nr--, len--)
			*dst++ = ring->rsp[MASK_XENSTORE_IDX(rsp_cons++)];
		/* The daemon sees room only where we have read. */
		xen_mb();
		WRITE_ONCE(ring->rsp_cons, rsp_cons);
		xen_mb();
		/* One that found no room waits to be told. */
		if (READ_ONCE(ring->rsp_prod) - before >= XENSTORE_RING_SIZE)
			event_notify(port);
	}
	return 0;
}

/* The next message, its payload with a zero behind it. */
static int receive(struct xsd_sockmsg *msg)
{
	int rc = take(msg, sizeof(*msg));

	if (rc)
		return rc;
	if (msg->len > XENSTORE_PAYLOAD_MAX)
		return broken();
	rc = take(payload, msg->len);
	if (rc)
		return rc;
	payload[msg->len] = '\0';
	/* The other threads have their turn, however much there is to say. */
	if (++nr_received % BURST == 0)
		sched_yield();
	if (msg->type == XS_WATCH_EVENT)
		watch_fired = true;
	return 0;
}

int store_changed(void)
{
	struct xsd_sockmsg msg;
	bool fired;

	while (!dead) {
		int rc = ready();

		if (rc > 0)
			rc = receive(&msg);
		else if (!rc)
			break;
		if (rc)
			return rc;
	}
	fired = watch_fired;
	watch_fired = false;
	return dead ? -EPROTO : fired;
}

/*
 * path, and data of len bytes, to the daemon; its reply to payload.  Returns
 * the reply's length.
 */
static int transact(uint32_t type, const char *path, const char *data,
		    size_t len)
{
	struct xsd_sockmsg msg = { .type = type };
	size_t path_len = strlen(path) + 1;
	int rc;

	if (dead)
		return -EPROTO;
	msg.req_id = ++req_id;
	msg.len = path_len + len;
	if (msg.len > XENSTORE_PAYLOAD_MAX)
		return -ERANGE;
	rc = put(&msg, sizeof(msg));
	if (!rc)
		rc = put(path, path_len);
	if (!rc)
		rc = put(data, len);
	event_notify(port);
	do {
		if (!rc)
			rc = receive(&msg);
	} while (!rc && msg.type == XS_WATCH_EVENT);
	if (rc)
		return rc;
	if (msg.req_id != req_id)
		return broken();
	if (msg.type == XS_ERROR)
		return strcmp(payload, "ENOENT") ? -EIO : -ENOENT;
	return msg.type == type ? (int)msg.len : broken();
}

int store_read(const char *path, char *value, size_t size)
{
	int len = transact(XS_READ, path, NULL, 0);

	if (len < 0)
		return len;
	if ((size_t)len >= size || memchr(payload, '\0', len))
		return -ERANGE;
	memcpy(value, payload, len + 1);
	return 0;
}

int store_write(const char *path, const char *value)
{
	int rc = transact(XS_WRITE, path, value, strlen(value));

	return rc < 0 ? rc : 0;
}

int store_directory(const char *path, const char **words, size_t *len)
{
	int rc = transact(XS_DIRECTORY, path, NULL, 0);

	if (rc < 0)
		return rc;
	*words = payload;
	*len = rc;
	return 0;
}

/* The token is one for all: whatever fires, everything is looked at. */
static int watch(uint32_t type, const char *path)
{
	int rc = transact(type, path, "w", 2);

	return rc < 0 ? rc : 0;
}

int store_watch(const char *path)
{
	return watch(XS_WATCH, path);
}

int store_unwatch(const char *path)
{
	return watch(XS_UNWATCH, path);
}

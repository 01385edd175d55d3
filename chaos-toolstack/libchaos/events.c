// SPDX-License-Identifier: BSD-2-Clause
/*
 * Events: what became of the domains.
 *
 * Xen says that something changed, and for each domain what it is now; what it
 * was before is known here.  An event is the difference, so a domain that was
 * paused and unpaused between two looks had none.  Domains that vanished are in
 * no list: whenever Xen says that one did, those that are known are held
 * against those that are alive.
 *
 * Events are collected before any is told: whoever is told may use the context.
 */
#include <chaosd-console.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <noxs/noxs.h>

#include "store.h"
#include "watch.h"

#define OBJECT		"events"
/* Domains change while we read: as many rounds as there can be domains. */
#define MAX_CALLS	32768u
#define MAX_PER_ENTRY	8u	/* events of one domain in one look */
#define LIST_BATCH	256
#define MAX_TRIES	32

struct known {
	uint64_t serial;
	uint32_t domid;
	uint32_t flags;		/* XEN_NOXS_DOM_* */
	uint8_t code;
	uint8_t nr_tries;	/* to learn its name */
	bool alive;		/* while those that vanished are looked for */
	uint8_t uuid[16];
	char name[CHAOS_NAME_MAX + 1];
};

struct queued {
	enum chaos_event_kind kind;
	uint32_t domid, code;
	uint8_t uuid[16];
	char name[CHAOS_NAME_MAX + 1];
};

struct chaos_events {
	struct chaos *ctx;
	struct chaos__watch watch;
	uint64_t since;		/* what Xen counted until the latest look */
	uint64_t gone;
	struct known *known;	/* in order of domid */
	size_t nr_known, max_known;
	struct queued *queue;
	size_t nr_queued, max_queued;
	bool quiet;		/* the first look tells nothing */
	bool tell_dying;
};

static const char *const kinds[] = {
	[CHAOS_EVENT_CREATED] = "created",
	[CHAOS_EVENT_STARTED] = "started",
	[CHAOS_EVENT_PAUSED] = "paused",
	[CHAOS_EVENT_UNPAUSED] = "unpaused",
	[CHAOS_EVENT_SHUTDOWN] = "shutdown",
	[CHAOS_EVENT_REBOOTED] = "rebooted",
	[CHAOS_EVENT_SUSPENDED] = "suspended",
	[CHAOS_EVENT_RESUMED] = "resumed",
	[CHAOS_EVENT_CRASHED] = "crashed",
	[CHAOS_EVENT_GONE] = "gone",
};

const char *chaos_event_name(enum chaos_event_kind kind)
{
	return (size_t)kind < sizeof(kinds) / sizeof(kinds[0]) ? kinds[kind] :
								 "unknown";
}

/* Makes room for n more of size bytes each. */
static int reserve(void **array, size_t nr, size_t *max, size_t n, size_t size)
{
	void *bigger;

	if (nr + n <= *max)
		return 0;
	bigger = realloc(*array, (nr + n) * 2 * size);
	if (!bigger)
		return -ENOMEM;
	*array = bigger;
	*max = (nr + n) * 2;
	return 0;
}

/* So that what is taken note of can also be told. */
static int reserve_all(struct chaos_events *ev)
{
	void *known = ev->known, *queue = ev->queue;
	int rc;

	rc = reserve(&known, ev->nr_known, &ev->max_known, 1,
		     sizeof(*ev->known));
	ev->known = known;
	if (rc)
		return rc;
	rc = reserve(&queue, ev->nr_queued, &ev->max_queued, MAX_PER_ENTRY,
		     sizeof(*ev->queue));
	ev->queue = queue;
	return rc;
}

/* There is room: reserve_all(). */
static void push(struct chaos_events *ev, const struct known *k,
		 enum chaos_event_kind kind)
{
	struct queued *q = &ev->queue[ev->nr_queued];

	if (ev->quiet)
		return;
	ev->nr_queued++;
	memset(q, 0, sizeof(*q));
	q->kind = kind;
	q->domid = k->domid;
	q->code = k->code;
	memcpy(q->uuid, k->uuid, sizeof(q->uuid));
	strcpy(q->name, k->name);
}

/* The index of the domid, or where it belongs. */
static size_t find_known(const struct chaos_events *ev, uint32_t domid)
{
	size_t low = 0, high = ev->nr_known, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (ev->known[mid].domid < domid)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/*
 * It has one late in its creation, may get another, and loses it just after it
 * is destroyed.
 */
static void learn_name(struct chaos_events *ev, struct known *k)
{
	struct chaos__record *rec = NULL;

	if (chaos__store_open(ev->ctx) ||
	    chaos__record_load(ev->ctx, k->uuid, &rec))
		return;
	strcpy(k->name, rec->name);
	chaos__record_free(rec);
}

static void forget(struct chaos_events *ev, size_t i)
{
	learn_name(ev, &ev->known[i]);
	push(ev, &ev->known[i], CHAOS_EVENT_GONE);
	ev->nr_known--;
	memmove(&ev->known[i], &ev->known[i + 1],
		(ev->nr_known - i) * sizeof(ev->known[0]));
}

/* Nothing is said when a record is written; one that never is, is given up. */
static void learn_names(struct chaos_events *ev)
{
	size_t i;

	for (i = 0; i < ev->nr_known; i++) {
		struct known *k = &ev->known[i];

		if (*k->name || k->nr_tries == MAX_TRIES)
			continue;
		k->nr_tries++;
		learn_name(ev, k);
	}
}

static enum chaos_event_kind kind_of_code(uint8_t code)
{
	static const enum chaos_event_kind known_codes[] = {
		CHAOS_EVENT_SHUTDOWN, CHAOS_EVENT_REBOOTED,
		CHAOS_EVENT_SUSPENDED,
	};

	return code < sizeof(known_codes) / sizeof(known_codes[0]) ?
	       known_codes[code] : CHAOS_EVENT_CRASHED;
}

static void compare(struct chaos_events *ev, struct known *k,
		    const struct xen_noxs_state_entry *e)
{
	uint32_t was = k->flags, is = e->flags;
	uint8_t old_code = k->code;
	bool started = is & XEN_NOXS_DOM_STARTED;

	k->flags = is;
	k->code = is & XEN_NOXS_DOM_SHUTDOWN ? e->code : 0;
	/* Every domain is paused until it starts: that is nothing to tell. */
	if (started && !(was & XEN_NOXS_DOM_STARTED)) {
		push(ev, k, CHAOS_EVENT_STARTED);
		was &= ~XEN_NOXS_DOM_PAUSED;
	}
	if (started && (was ^ is) & XEN_NOXS_DOM_PAUSED)
		push(ev, k, is & XEN_NOXS_DOM_PAUSED ? CHAOS_EVENT_PAUSED :
						       CHAOS_EVENT_UNPAUSED);
	if (was & XEN_NOXS_DOM_SHUTDOWN &&
	    (!(is & XEN_NOXS_DOM_SHUTDOWN) || k->code != old_code)) {
		push(ev, k, CHAOS_EVENT_RESUMED);
		was &= ~XEN_NOXS_DOM_SHUTDOWN;
	}
	if (is & XEN_NOXS_DOM_SHUTDOWN && !(was & XEN_NOXS_DOM_SHUTDOWN))
		push(ev, k, kind_of_code(k->code));
	if (ev->tell_dying && is & XEN_NOXS_DOM_DYING &&
	    !(was & XEN_NOXS_DOM_DYING))
		push(ev, k, (enum chaos_event_kind)CHAOSD_EVENT_DYING);
}

void chaosd_events_tell_dying(struct chaos_events *ev)
{
	ev->tell_dying = true;
}

static int take_entry(struct chaos_events *ev,
		      const struct xen_noxs_state_entry *e)
{
	struct known *k;
	size_t i;
	int rc;

	if (!e->domid)
		return 0;	/* us */
	rc = reserve_all(ev);
	if (rc)
		return rc;
	i = find_known(ev, e->domid);
	if (i < ev->nr_known && ev->known[i].domid == e->domid &&
	    ev->known[i].serial != e->serial)
		forget(ev, i);
	k = &ev->known[i];
	if (i == ev->nr_known || k->domid != e->domid) {
		memmove(k + 1, k, (ev->nr_known - i) * sizeof(*k));
		ev->nr_known++;
		memset(k, 0, sizeof(*k));
		k->serial = e->serial;
		k->domid = e->domid;
		memcpy(k->uuid, e->uuid, sizeof(k->uuid));
		learn_name(ev, k);
		push(ev, k, CHAOS_EVENT_CREATED);
	} else {
		learn_name(ev, k);
	}
	compare(ev, k, e);
	return 0;
}

static int look_for_gone(struct chaos_events *ev)
{
	struct chaos__xen_dom *batch;
	uint32_t next = 0;
	size_t i;
	int n, j, rc = 0;

	batch = calloc(LIST_BATCH, sizeof(*batch));
	if (!batch)
		return -ENOMEM;
	for (i = 0; i < ev->nr_known; i++)
		ev->known[i].alive = false;
	while ((n = chaos__xen_list(ev->ctx->xen, next, batch,
				    LIST_BATCH)) > 0) {
		for (j = 0; j < n; j++) {
			i = find_known(ev, batch[j].domid);
			if (i < ev->nr_known &&
			    ev->known[i].domid == batch[j].domid &&
			    !memcmp(ev->known[i].uuid, batch[j].uuid, 16))
				ev->known[i].alive = true;
		}
		next = batch[n - 1].domid + 1;
	}
	free(batch);
	for (i = 0; n == 0 && !rc && i < ev->nr_known;) {
		if (ev->known[i].alive) {
			i++;
			continue;
		}
		rc = reserve_all(ev);
		if (!rc)
			forget(ev, i);
	}
	return n < 0 ? n : rc;
}

/* Nothing is lost by a look that fails: the next one begins where it did. */
static int look(struct chaos_events *ev)
{
	struct xen_noxs_states op = { .since = ev->since };
	uint64_t now = 0, gone = 0;
	unsigned int i, call;
	int rc;

	for (call = 0; call < MAX_CALLS; call++) {
		rc = noxs_states(ev->ctx->nx, &op);
		if (rc)
			return rc;
		/* Later calls may already miss what changed meanwhile. */
		if (call == 0) {
			now = op.now;
			gone = op.gone;
		}
		for (i = 0; i < op.nr && i < XEN_NOXS_STATES_MAX; i++) {
			rc = take_entry(ev, &op.entry[i]);
			if (rc)
				return rc;
		}
		if (op.next_domid == XEN_NOXS_END)
			break;
	}
	learn_names(ev);
	if (gone != ev->gone && !ev->quiet) {
		rc = look_for_gone(ev);
		if (rc)
			return rc;
	}
	ev->since = now;
	ev->gone = gone;
	return 0;
}

static int open_failed(struct chaos *ctx, int rc)
{
	if (rc == -ENOSYS)
		return chaos__fail(ctx, rc, OBJECT, "watch domains",
				   "boot the extended Xen",
				   "this Xen has no noxs extension");
	if (rc == -ENOSPC)
		return chaos__fail(ctx, rc, OBJECT, "watch domains",
				   "end one of them",
				   "there are %u watchers already, no more fit",
				   XEN_NOXS_MAX_WATCHES);
	return chaos__fail(ctx, rc, OBJECT, "watch domains", "", NULL);
}

int chaos_events_open(struct chaos *ctx, struct chaos_events **out)
{
	struct chaos_events *ev;
	int rc;

	chaos__begin(ctx);
	rc = chaos__need_xen(ctx, OBJECT);
	if (rc)
		return rc;
	ev = calloc(1, sizeof(*ev));
	if (!ev)
		return open_failed(ctx, -ENOMEM);
	ev->ctx = ctx;
	rc = chaos__watch_open(ctx, &ev->watch);
	if (!rc) {
		ev->quiet = true;
		rc = look(ev);
		ev->quiet = false;
	}
	if (rc) {
		chaos_events_close(ev);
		return open_failed(ctx, rc);
	}
	*out = ev;
	return 0;
}

void chaos_events_close(struct chaos_events *ev)
{
	if (!ev)
		return;
	chaos__watch_close(ev->ctx, &ev->watch);
	free(ev->known);
	free(ev->queue);
	free(ev);
}

int chaos_events_fd(const struct chaos_events *ev)
{
	return chaos__xen_port_fd(ev->watch.port);
}

int chaos_events_dispatch(struct chaos_events *ev,
			  void (*fn)(void *arg, const struct chaos_event *e),
			  void *arg)
{
	char uuid[CHAOS__UUID_LEN + 1];
	size_t i;
	int rc;

	chaos__begin(ev->ctx);
	/* First: what happens from now on makes the fd readable again. */
	rc = chaos__xen_port_clear(ev->watch.port);
	if (rc >= 0)
		rc = look(ev);
	if (rc)
		return chaos__fail(ev->ctx, rc, OBJECT, "look at domains", "",
				   NULL);
	for (i = 0; i < ev->nr_queued; i++) {
		const struct queued *q = &ev->queue[i];
		struct chaos_event e = {
			.kind = q->kind, .domid = q->domid, .name = q->name,
			.uuid = uuid, .code = q->code,
		};

		chaos__uuid_format(q->uuid, uuid);
		fn(arg, &e);
	}
	ev->nr_queued = 0;
	return 0;
}

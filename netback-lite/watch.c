// SPDX-License-Identifier: BSD-2-Clause
/*
 * Deaths of guests.
 *
 * A guest that dies is listed as DYING at least as long as somebody has a page
 * of it mapped, and we map the front page of each: so its death is seen in
 * the list of changes.  That a domain vanished altogether is then no news of
 * ours, but Xen does not say which it was; all guests are checked, at most
 * once a second, so that a host that destroys a hundred domains a second does
 * not walk all guests a hundred times.
 */
#include "evtchn.h"
#include "guest.h"
#include "log.h"
#include "watch.h"

#define VERIFY_EVERY_MS	1000

/* Domains change while we read: as many rounds as there can be domains. */
#define MAX_CALLS	(NBL_MAX_DOMID + 1)

static void watch_seen(struct nbl *nb, const struct xen_noxs_state_entry *e)
{
	struct nbl_guest *guest = nbl_guest_find(nb, e->domid);

	if (guest && guest->serial == e->serial &&
	    (e->flags & XEN_NOXS_DOM_DYING))
		nbl_guest_drop(nb, guest);
}

static void watch_read(struct nbl *nb)
{
	struct nbl_watch *w = &nb->watch;
	struct xen_noxs_states op = { .since = w->since };
	uint64_t now = 0, gone = 0;
	unsigned int i, call;
	int rc;

	for (call = 0; call < MAX_CALLS; call++) {
		rc = noxs_states(nb->nx, &op);
		if (rc) {
			nbl_log(NBL_ERROR, "read domain states: %s",
				nbl_strerror(rc));
			return;
		}
		/* Later calls may already miss what changed meanwhile. */
		if (call == 0)
			now = op.now;
		gone = op.gone;
		for (i = 0; i < op.nr && i < XEN_NOXS_STATES_MAX; i++)
			watch_seen(nb, &op.entry[i]);
		if (op.next_domid == XEN_NOXS_END)
			break;
	}
	if (gone > w->since && !w->verify_due && nb->nr_guests)
		w->verify_due = true;
	w->since = now;
}

void nbl_watch_start(struct nbl *nb)
{
	struct nbl_watch *w = &nb->watch;
	struct xen_noxs_watch op = { .flags = 0 };
	int rc;

	rc = nbl_evtchn_alloc(nb->ec, nb->domid, &w->port);
	if (!rc) {
		op.port = w->port;
		rc = noxs_watch(nb->nx, &op);
		if (rc)
			nbl_evtchn_free(nb->ec, w->port);
	}
	if (rc) {
		nbl_log(NBL_WARN, "watch domains: %s: vifs of a dead guest stay until they are detached",
			nbl_strerror(rc));
		return;
	}
	w->on = true;
	watch_read(nb);
}

void nbl_watch_stop(struct nbl *nb)
{
	struct nbl_watch *w = &nb->watch;
	struct xen_noxs_watch op = {
		.port = w->port,
		.flags = XEN_NOXS_WATCH_OFF,
	};

	if (!w->on)
		return;
	w->on = false;
	noxs_watch(nb->nx, &op);
	nbl_evtchn_free(nb->ec, w->port);
}

void nbl_watch_event(struct nbl *nb)
{
	/* First: what happens from now on raises the port again. */
	nbl_evtchn_unmask(nb->ec, nb->watch.port);
	watch_read(nb);
}

int nbl_watch_timeout(const struct nbl *nb, int timeout_ms)
{
	int64_t left;

	if (!nb->watch.verify_due)
		return timeout_ms;
	left = nb->watch.verify_at_ms - nbl_now_ms();
	if (left < 0)
		left = 0;
	return timeout_ms < 0 || timeout_ms > left ? (int)left : timeout_ms;
}

void nbl_watch_poll(struct nbl *nb)
{
	struct nbl_guest *guest, *next;
	int64_t now;

	if (!nb->watch.verify_due)
		return;
	now = nbl_now_ms();
	if (now < nb->watch.verify_at_ms)
		return;
	nb->watch.verify_due = false;
	nb->watch.verify_at_ms = now + VERIFY_EVERY_MS;
	for (guest = TAILQ_FIRST(&nb->guests); guest; guest = next) {
		next = TAILQ_NEXT(guest, link);
		if (!nbl_guest_alive(nb, guest))
			nbl_guest_drop(nb, guest);
	}
}

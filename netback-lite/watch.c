// SPDX-License-Identifier: BSD-2-Clause
/*
 * Deaths of guests.
 *
 * A guest that dies is listed as DYING at least as long as somebody has a page
 * of it mapped, and we map the front page of each: so every death is seen in
 * the list of changes, and none is looked for.  What a destroyed guest costs
 * here does not depend on how many others there are.
 */
#include <errno.h>

#include "evtchn.h"
#include "guest.h"
#include "log.h"
#include "remote.h"
#include "shard.h"
#include "watch.h"

/* Domains change while we read: as many rounds as there can be domains. */
#define MAX_CALLS	(NBL_MAX_DOMID + 1)

static void watch_dying(struct nbl *nb, void *arg)
{
	const struct xen_noxs_state_entry *e = arg;
	struct nbl_guest *guest = nbl_guest_find(nb, e->domid);

	if (guest && guest->serial == e->serial)
		nbl_guest_drop(nb, guest);
}

static void watch_read(struct nbl *nb)
{
	struct nbl_watch *w = &nb->watch;
	struct xen_noxs_states op = { .since = w->since };
	uint64_t now = 0;
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
		for (i = 0; i < op.nr && i < XEN_NOXS_STATES_MAX; i++)
			if (op.entry[i].flags & XEN_NOXS_DOM_DYING)
				nbl_shard_do(nb, op.entry[i].domid,
					     watch_dying, &op.entry[i]);
		if (op.next_domid == XEN_NOXS_END)
			break;
	}
	w->since = now;
}

void nbl_watch_start(struct nbl *nb)
{
	struct nbl_watch *w = &nb->watch;
	/* Births and pauses of thousands of guests are not ours to wake for. */
	struct xen_noxs_watch op = { .flags = XEN_NOXS_WATCH_DYING };
	int rc;

	rc = nbl_evtchn_alloc(nb->ec, nb->domid, &w->port);
	if (!rc) {
		op.port = w->port;
		rc = noxs_watch(nb->nx, &op);
		nb->unprivileged = rc == -EPERM;
		if (nb->unprivileged) {
			op.flags = XEN_NOXS_WATCH_BACKEND;
			rc = noxs_watch(nb->nx, &op);
		}
		if (rc)
			nbl_evtchn_free(nb->ec, w->port);
	}
	if (rc) {
		nbl_log(NBL_WARN, "watch domains: %s: vifs of a dead guest stay until they are detached",
			nbl_strerror(rc));
		return;
	}
	w->on = true;
	if (!nb->unprivileged)
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
	if (nb->unprivileged)
		nbl_remote_event(nb);
	else
		watch_read(nb);
}

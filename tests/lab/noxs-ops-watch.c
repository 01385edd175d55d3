// SPDX-License-Identifier: BSD-2-Clause
/* What domains are told of each other: watches, and states. */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include <xenctrl.h>
#include <xenguest.h>

#include "noxs-ops.h"

bool event_pending(uint32_t port)
{
	struct pollfd pfd = {
		.fd = xenevtchn_fd(env.xce), .events = POLLIN,
	};
	bool seen = false;

	while (poll(&pfd, 1, 300) == 1) {
		int got = xenevtchn_pending(env.xce);

		if (got < 0)
			break;
		seen |= (uint32_t)got == port;
		xenevtchn_unmask(env.xce, got);
	}
	return seen;
}

bool states_has(uint64_t since, uint32_t domid, struct xen_noxs_states *st,
		struct xen_noxs_state_entry *e)
{
	uint64_t now = 0;
	bool found = false;
	unsigned int i;

	memset(st, 0, sizeof(*st));
	st->since = since;
	do {
		if (op(XEN_NOXS_OP_states, st, sizeof(*st)))
			return false;
		if (!now)
			now = st->now;
		for (i = 0; i < st->nr; i++)
			if (st->entry[i].domid == domid) {
				*e = st->entry[i];
				found = true;
			}
	} while (st->next_domid != XEN_NOXS_END);
	st->now = now;
	return found;
}

/* Domid was made paused, its vCPU is not up; st is of now. */
static void pauses_are_told(uint32_t domid, uint32_t port,
			    struct xen_noxs_states *st)
{
	const uint32_t both = XEN_NOXS_DOM_PAUSED | XEN_NOXS_DOM_STARTED;
	struct xen_noxs_state_entry e = { 0 };
	uint64_t since = st->now;

	if (xc_domain_pause(env.xch, domid))
		die("xc_domain_pause");
	if (xc_domain_unpause(env.xch, domid))
		die("xc_domain_unpause");
	ok(!event_pending(port) && !states_has(since, domid, st, &e),
	   "watch: a pause within a pause is none");
	since = st->now;
	if (xc_domain_unpause(env.xch, domid))
		die("xc_domain_unpause");
	ok(event_pending(port), "watch: the start is told");
	ok(states_has(since, domid, st, &e) && (e.flags & both) ==
	   XEN_NOXS_DOM_STARTED, "states: started");
	since = st->now;
	if (xc_domain_pause(env.xch, domid))
		die("xc_domain_pause");
	ok(event_pending(port), "watch: a pause is told");
	ok(states_has(since, domid, st, &e) && (e.flags & both) == both,
	   "states: paused, started before");
}

static void shutdowns_are_told(uint32_t domid, uint32_t port,
			       struct xen_noxs_states *st)
{
	struct xen_noxs_state_entry e = { 0 };
	uint64_t since = st->now;

	if (xc_domain_shutdown(env.xch, domid, 2))
		die("xc_domain_shutdown");
	ok(event_pending(port), "watch: suspend is told");
	ok(states_has(since, domid, st, &e) && e.code == 2 &&
	   (e.flags & XEN_NOXS_DOM_SHUTDOWN), "states: with its code");
	since = st->now;
	if (xc_domain_resume(env.xch, domid, 0))
		die("xc_domain_resume");
	ok(event_pending(port), "watch: resume is told");
	ok(states_has(since, domid, st, &e) &&
	   !(e.flags & XEN_NOXS_DOM_SHUTDOWN), "states: not shut down any more");
	since = st->now;
	if (xc_domain_shutdown(env.xch, domid, 3))
		die("xc_domain_shutdown");
	ok(event_pending(port), "watch: crash is told");
	ok(states_has(since, domid, st, &e) && e.code == 3 &&
	   (e.flags & XEN_NOXS_DOM_SHUTDOWN), "states: with its code, too");
}

void test_watch(void)
{
	struct xen_noxs_state_entry e = { 0 };
	struct xen_noxs_states st;
	struct xen_noxs_watch w = { .port = port_for(0) };
	uint32_t port = w.port, more[XEN_NOXS_MAX_WATCHES] = { 0 }, domid;
	unsigned int i;
	uint64_t since, gone;

	w.flags = 8;
	ok_rc(op(XEN_NOXS_OP_watch, &w, sizeof(w)), -EINVAL, "watch: flags");
	w.flags = XEN_NOXS_WATCH_OFF | XEN_NOXS_WATCH_DYING;
	ok_rc(op(XEN_NOXS_OP_watch, &w, sizeof(w)), -EINVAL,
	      "watch: flags that exclude each other");
	w.flags = 0;
	ok_rc(op(XEN_NOXS_OP_watch, &w, sizeof(w)), 0, "watch");
	ok_rc(op(XEN_NOXS_OP_watch, &w, sizeof(w)), 0, "watch: twice is once");
	w.port = 0x7fffffff;
	ok_rc(op(XEN_NOXS_OP_watch, &w, sizeof(w)), -EINVAL, "watch: no port");
	event_pending(port);

	ok(states_has(0, 0, &st, &e) && e.serial == env.version.serial,
	   "states: dom0 is there");
	since = st.now;
	domid = domain_create(true);
	ok(event_pending(port), "watch: creation is told");
	ok(states_has(since, domid, &st, &e) && e.uuid[1] == 0xa1 &&
	   e.flags == XEN_NOXS_DOM_PAUSED && e.changed > since,
	   "states: the new domain");
	ok(!states_has(st.now, domid, &st, &e), "states: but once");
	pauses_are_told(domid, port, &st);
	shutdowns_are_told(domid, port, &st);

	since = st.now;
	gone = st.gone;
	domain_destroy(domid);
	ok(event_pending(port), "watch: death is told");
	ok(!states_has(since, domid, &st, &e) && st.gone > gone &&
	   st.gone > since, "states: gone");

	w.port = port;
	w.flags = XEN_NOXS_WATCH_DYING;
	ok_rc(op(XEN_NOXS_OP_watch, &w, sizeof(w)), 0, "watch: deaths alone");
	domid = domain_create(true);
	if (xc_domain_unpause(env.xch, domid))
		die("xc_domain_unpause");
	ok(!event_pending(port), "watch: a life is not told then");
	domain_destroy(domid);
	ok(event_pending(port), "watch: a death is");
	w.flags = XEN_NOXS_WATCH_OFF;
	ok_rc(op(XEN_NOXS_OP_watch, &w, sizeof(w)), 0, "watch: off");
	ok_rc(op(XEN_NOXS_OP_watch, &w, sizeof(w)), -ENOENT, "watch: off again");
	domid = domain_create(true);
	ok(!event_pending(port), "watch: off is off");
	domain_destroy(domid);
	port_close(port);

	w.flags = 0;
	for (i = 0; i < XEN_NOXS_MAX_WATCHES; i++) {
		w.port = more[i] = port_for(0);
		if (op(XEN_NOXS_OP_watch, &w, sizeof(w)))
			break;
	}
	ok(i == XEN_NOXS_MAX_WATCHES, "watch: 16 at once");
	if (i != XEN_NOXS_MAX_WATCHES)
		die("watch: the rest needs them");
	w.port = port_for(0);
	ok_rc(op(XEN_NOXS_OP_watch, &w, sizeof(w)), -ENOSPC, "watch: no more");
	port_close(more[5]);
	ok_rc(op(XEN_NOXS_OP_watch, &w, sizeof(w)), 0,
	      "watch: a closed port makes room");
	port_close(w.port);
	for (i = 0; i < XEN_NOXS_MAX_WATCHES; i++)
		if (i != 5)
			port_close(more[i]);
	ok(domain_wait_gone(domid), "watch: the domain goes");
}

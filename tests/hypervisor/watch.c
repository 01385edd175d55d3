// SPDX-License-Identifier: BSD-2-Clause
/* Watches and states. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "world.h"

static long watch(struct domain *d, uint32_t port, uint32_t flags)
{
	struct xen_noxs_watch op = { .port = port, .flags = flags };

	return op_as(d, XEN_NOXS_OP_watch, &op, sizeof(op));
}

/* All rounds of one scan: how many entries, and the last of a domid. */
static unsigned int scan(uint64_t since, uint64_t *now, uint64_t *gone,
			 domid_t domid, struct xen_noxs_state_entry *e)
{
	struct xen_noxs_states st = { .since = since };
	unsigned int n = 0, i;
	uint64_t first = 0;

	do {
		assert_int_equal(op_dom0(XEN_NOXS_OP_states, &st, sizeof(st)),
				 0);
		if (!first)
			first = st.now;
		for (i = 0; i < st.nr; i++, n++)
			if (e && st.entry[i].domid == domid)
				*e = st.entry[i];
	} while (st.next_domid != XEN_NOXS_END);
	*now = first;
	*gone = st.gone;
	return n;
}

static void watch_refuses(void **state)
{
	uint32_t port = port_for(w.dom0, 0), other = port_for(w.dom0, GUEST);

	(void)state;
	assert_int_equal(watch(w.dom0, port, 8), -EINVAL);
	assert_int_equal(watch(w.dom0, port, XEN_NOXS_WATCH_OFF |
			       XEN_NOXS_WATCH_DYING), -EINVAL);
	assert_int_equal(watch(w.dom0, 0, 0), -EINVAL);
	assert_int_equal(watch(w.dom0, other, 0), -EINVAL);
	assert_int_equal(watch(w.dom0, 0xffffffff, 0), -EINVAL);
	assert_int_equal(watch(w.dom0, port, XEN_NOXS_WATCH_OFF), -ENOENT);
	assert_int_equal(watch(w.guest, port_for(w.guest, GUEST), 0), -EPERM);
}

static void watch_is_raised_for_every_change(void **state)
{
	uint32_t port = port_for(w.dom0, 0);
	struct evtchn *chn = &w.dom0->evtchn[port];
	struct domain *d;

	(void)state;
	assert_int_equal(watch(w.dom0, port, 0), 0);
	assert_int_equal(watch(w.dom0, port, 0), 0);
	d = domain_new(9);
	assert_int_equal(chn->raised, 1);
	domain_kill(d);
	assert_int_equal(chn->raised, 2);
	domain_bury(d);
	assert_int_equal(chn->raised, 3);
	assert_int_equal(watch(w.dom0, port, XEN_NOXS_WATCH_OFF), 0);
	noxs_domain_changed(w.guest);
	assert_int_equal(chn->raised, 3);
}

/* Who wants to hear of deaths hears of one, once, and of nothing else. */
static void watch_for_deaths(void **state)
{
	uint32_t port = port_for(w.dom0, 0);
	struct evtchn *chn = &w.dom0->evtchn[port];
	struct domain *d;

	(void)state;
	assert_int_equal(watch(w.dom0, port, XEN_NOXS_WATCH_DYING), 0);
	d = domain_new(9);
	domain_unpause(d);
	domain_pause(d);
	d->is_shut_down = true;
	noxs_domain_changed(d);
	assert_int_equal(chn->raised, 0);
	domain_kill(d);
	assert_int_equal(chn->raised, 1);
	domain_bury(d);
	assert_int_equal(chn->raised, 1);
	/* The last call for a port decides. */
	assert_int_equal(watch(w.dom0, port, 0), 0);
	noxs_domain_changed(w.guest);
	assert_int_equal(chn->raised, 2);
	assert_int_equal(watch(w.dom0, port, XEN_NOXS_WATCH_DYING), 0);
	noxs_domain_changed(w.guest);
	assert_int_equal(chn->raised, 2);
	assert_int_equal(watch(w.dom0, port, XEN_NOXS_WATCH_OFF), 0);
	assert_int_equal(watch(w.dom0, port, XEN_NOXS_WATCH_OFF), -ENOENT);
}

static void watch_ends_with_its_port(void **state)
{
	uint32_t port[XEN_NOXS_MAX_WATCHES], extra = port_for(w.dom0, 0);
	unsigned int i;

	(void)state;
	for (i = 0; i < XEN_NOXS_MAX_WATCHES; i++) {
		port[i] = port_for(w.dom0, 0);
		assert_int_equal(watch(w.dom0, port[i], 0), 0);
	}
	assert_int_equal(watch(w.dom0, extra, 0), -ENOSPC);
	evtchn_close(w.dom0, port[3], false);
	/* Used for something else by now: not raised. */
	assert_int_equal(port_for(w.dom0, GUEST), port[3]);
	noxs_domain_changed(w.guest);
	assert_int_equal(w.dom0->evtchn[port[3]].raised, 0);
	assert_int_equal(w.dom0->evtchn[port[4]].raised, 1);
	assert_int_equal(watch(w.dom0, extra, 0), 0);
}

/* No reference is held on the watcher: its watches go before it does. */
static void watcher_dies(void **state)
{
	uint32_t port = port_for(w.backend, BACKEND);

	(void)state;
	w.backend->is_privileged = true;
	assert_int_equal(watch(w.backend, port, 0), 0);
	noxs_domain_changed(w.guest);
	assert_int_equal(w.backend->evtchn[port].raised, 1);
	domain_kill(w.backend);
	assert_int_equal(w.backend->evtchn[port].raised, 1);
	assert_int_equal(watch(w.backend, port, 0), -ESRCH);
	domain_bury(w.backend);
	noxs_domain_changed(w.guest);
}

static void states_tell_what_changed(void **state)
{
	struct xen_noxs_state_entry e = { 0 };
	uint64_t now, gone, now2, gone2;
	struct domain *d;

	(void)state;
	assert_int_equal(scan(0, &now, &gone, 0, NULL), 4);
	assert_int_equal(scan(now, &now2, &gone, 0, NULL), 0);
	d = domain_new(9);
	assert_int_equal(scan(now, &now2, &gone, 9, &e), 1);
	assert_int_equal(e.uuid[0], 9);
	assert_int_equal(e.flags, XEN_NOXS_DOM_PAUSED);
	assert_int_equal(e.changed, now2);
	assert_int_equal(e.serial, d->noxs->serial);
	domain_unpause(d);
	assert_int_equal(scan(now2, &now, &gone, 9, &e), 1);
	assert_int_equal(e.flags, XEN_NOXS_DOM_STARTED);
	assert_int_equal(e.changed, now);
	d->is_shut_down = true;
	d->shutdown_code = 3;
	noxs_domain_changed(d);
	assert_int_equal(scan(now, &now2, &gone, 9, &e), 1);
	assert_int_equal(e.flags,
			 XEN_NOXS_DOM_SHUTDOWN | XEN_NOXS_DOM_STARTED);
	assert_int_equal(e.code, 3);
	/* Resumed, as after a save that was given up. */
	d->is_shut_down = false;
	noxs_domain_changed(d);
	assert_int_equal(scan(now2, &now, &gone, 9, &e), 1);
	assert_int_equal(e.flags, XEN_NOXS_DOM_STARTED);
	assert_int_equal(e.code, 0);
	domain_kill(d);
	assert_int_equal(scan(now, &now2, &gone2, 9, &e), 1);
	assert_true(e.flags & XEN_NOXS_DOM_DYING);
	assert_int_equal(gone2, gone);
	domain_bury(d);
	assert_int_equal(scan(now2, &now, &gone, 9, &e), 0);
	assert_true(gone > now2);
}

/* Pauses are counted: the first and the last to go are news, no other is. */
static void pauses_are_told_once(void **state)
{
	uint32_t port = port_for(w.dom0, 0);
	struct evtchn *chn = &w.dom0->evtchn[port];
	struct xen_noxs_state_entry e = { 0 };
	uint64_t now, now2, gone;

	(void)state;
	assert_int_equal(watch(w.dom0, port, 0), 0);
	scan(0, &now, &gone, 0, NULL);
	domain_pause(w.guest);		/* was not started yet */
	assert_int_equal(chn->raised, 0);
	domain_unpause(w.guest);
	assert_int_equal(chn->raised, 0);
	domain_unpause(w.guest);
	assert_int_equal(chn->raised, 1);
	assert_int_equal(scan(now, &now2, &gone, GUEST, &e), 1);
	assert_int_equal(e.flags, XEN_NOXS_DOM_STARTED);
	domain_pause(w.guest);
	domain_pause(w.guest);
	assert_int_equal(chn->raised, 2);
	assert_int_equal(scan(now2, &now, &gone, GUEST, &e), 1);
	assert_int_equal(e.flags, XEN_NOXS_DOM_PAUSED | XEN_NOXS_DOM_STARTED);
	domain_unpause(w.guest);
	assert_int_equal(scan(now, &now2, &gone, GUEST, &e), 0);
	domain_unpause(w.guest);
	assert_int_equal(chn->raised, 3);
	assert_int_equal(scan(now, &now2, &gone, GUEST, &e), 1);
	assert_int_equal(e.flags, XEN_NOXS_DOM_STARTED);
}

static void states_come_in_pages(void **state)
{
	struct domain *d[100];
	uint64_t now, gone;
	unsigned int i;

	(void)state;
	for (i = 0; i < 100; i++)
		d[i] = domain_new(100 + 7 * i);
	assert_int_equal(scan(0, &now, &gone, 0, NULL), 104);
	for (i = 0; i < 100; i++) {
		domain_kill(d[i]);
		domain_bury(d[i]);
	}
}

static void states_refuse(void **state)
{
	struct xen_noxs_states st = { .pad = 1 };

	(void)state;
	assert_int_equal(op_dom0(XEN_NOXS_OP_states, &st, sizeof(st)), -EINVAL);
	st.pad = 0;
	assert_int_equal(op_as(w.guest, XEN_NOXS_OP_states, &st, sizeof(st)),
			 -EPERM);
	st.next_domid = XEN_NOXS_END;
	assert_int_equal(op_dom0(XEN_NOXS_OP_states, &st, sizeof(st)), 0);
	assert_int_equal(st.nr, 0);
}

/* A change while another CPU scans is in this round or in the next. */
static void change_guest_now(void)
{
	noxs_domain_changed(w.guest);
}

static void no_change_is_lost(void **state)
{
	uint64_t now, gone, next;
	unsigned int n;

	(void)state;
	scan(0, &now, &gone, 0, NULL);
	shim.on_lock = change_guest_now;
	shim.on_lock_class = SHIM_LOCK_CHANGE;
	n = scan(now, &next, &gone, 0, NULL);
	n += scan(next, &now, &gone, 0, NULL);
	assert_true(n >= 1);
}

/*
 * A watch that comes between a change and the look for watches: it is raised
 * or its owner's first question finds the change.
 */
static uint32_t late_port;

static void watch_now(void)
{
	shim.on_barrier = NULL;
	assert_int_equal(watch(w.dom0, late_port, 0), 0);
}

static void late_watch_misses_nothing(void **state)
{
	uint64_t before, now, gone;

	(void)state;
	late_port = port_for(w.dom0, 0);
	scan(0, &before, &gone, 0, NULL);
	shim.on_barrier = watch_now;
	noxs_domain_changed(w.guest);
	assert_null(shim.on_barrier);
	assert_int_equal(w.dom0->evtchn[late_port].raised +
			 scan(before, &now, &gone, 0, NULL), 2);
}

/* In any order of coming and going, those that are there are raised. */
static void watches_come_and_go(void **state)
{
	uint32_t port[XEN_NOXS_MAX_WATCHES];
	unsigned int i, round, raised[XEN_NOXS_MAX_WATCHES];
	bool on[XEN_NOXS_MAX_WATCHES] = { false };

	(void)state;
	for (i = 0; i < XEN_NOXS_MAX_WATCHES; i++)
		port[i] = port_for(w.dom0, 0);
	for (round = 0; round < 200; round++) {
		i = round * 7 % 5 + round * 11 % (XEN_NOXS_MAX_WATCHES - 4);
		assert_int_equal(watch(w.dom0, port[i],
				       on[i] ? XEN_NOXS_WATCH_OFF : 0), 0);
		on[i] = !on[i];
		for (i = 0; i < XEN_NOXS_MAX_WATCHES; i++)
			raised[i] = w.dom0->evtchn[port[i]].raised;
		noxs_domain_changed(w.guest);
		for (i = 0; i < XEN_NOXS_MAX_WATCHES; i++)
			assert_int_equal(w.dom0->evtchn[port[i]].raised,
					 raised[i] + on[i]);
	}
}

static void serials_are_never_used_twice(void **state)
{
	uint64_t last = w.guest->noxs->serial;
	unsigned int i;

	(void)state;
	for (i = 0; i < 10; i++) {
		struct domain *d = domain_new(9);

		assert_true(d->noxs->serial > last);
		last = d->noxs->serial;
		domain_kill(d);
		domain_bury(d);
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		T(watch_refuses),
		T(watch_is_raised_for_every_change),
		T(watch_for_deaths),
		T(watch_ends_with_its_port),
		T(watcher_dies),
		T(states_tell_what_changed),
		T(pauses_are_told_once),
		T(states_come_in_pages),
		T(states_refuse),
		T(no_change_is_lost),
		T(late_watch_misses_nothing),
		T(watches_come_and_go),
		T(serials_are_never_used_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

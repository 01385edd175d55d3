// SPDX-License-Identifier: BSD-2-Clause
/*
 * Many operations in no order, half of them nonsense, among domains that come
 * and go.  The shim's own checks and the fixture's are the test: locks, leaks,
 * frames, RCU; and what Xen believes agrees with what a guest can see.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "world.h"

#define ROUNDS	60000
#define DOMAINS	12

static uint32_t rnd_state;

static uint32_t rnd(uint32_t n)
{
	rnd_state ^= rnd_state << 13;
	rnd_state ^= rnd_state >> 17;
	rnd_state ^= rnd_state << 5;
	return rnd_state % n;
}

static struct domain *any_domain(void)
{
	return rcu_lock_domain_by_id(rnd(DOMAINS));
}

static void agree(struct domain *d)
{
	const struct noxs_devices *dev = d->noxs->dev;
	unsigned int i, n = 0;

	if (!dev)
		return;
	for (i = 0; i < XEN_NOXS_MAX_SLOTS; i++) {
		const struct noxs_device *nd = &dev->slot[i];
		const struct xen_noxs_slot *s = &dev->page->slot[i];

		assert_int_equal(s->state == XEN_NOXS_SLOT_PRESENT,
				 nd->type != XEN_NOXS_TYPE_NONE);
		if (!nd->type)
			continue;
		n++;
		assert_true(i < dev->nr_slots);
		assert_true(dev->pair[nd->pair]->used & (1u << nd->area));
		assert_int_equal(dev->pair[nd->pair]->serial,
				 nd->backend_serial);
		assert_int_equal(s->port[0], nd->guest_port[0]);
		assert_true(noxs_is_domain(nd->backend, nd->backend_serial));
	}
	assert_int_equal(n, dev->nr_devices);
	assert_int_equal(dev->page->nr_slots, dev->nr_slots);
	assert_int_equal(dev->page->generation, d->noxs->generation);
	assert_int_not_equal(dev->page->generation, 0);
}

static void random_op(struct domain *as)
{
	union {
		struct xen_noxs_add add;
		struct xen_noxs_remove rm;
		struct xen_noxs_publish pub;
		struct xen_noxs_list list;
		struct xen_noxs_watch watch;
		struct xen_noxs_states states;
		struct xen_noxs_limit limit;
		struct xen_noxs_generation generation;
		struct xen_noxs_read read;
		uint8_t byte[sizeof(struct xen_noxs_list)];
	} u;
	unsigned int cmd = rnd(XEN_NOXS_OP_read + 1);

	memset(&u, 0, sizeof(u));
	if (cmd == XEN_NOXS_OP_add) {
		u.add = add_of(rnd(20));
		u.add.domid = rnd(DOMAINS);
		u.add.backend = rnd(DOMAINS);
		u.add.nr_ports = 1 + rnd(XEN_NOXS_MAX_PORTS);
		if (!rnd(3))
			u.add.port[0] = rnd(SHIM_PORTS);
		else if (!rnd(3))
			u.add.port[0] = XEN_NOXS_PORT_WAIT;
	} else if (cmd == XEN_NOXS_OP_publish) {
		struct xen_noxs_add add = add_of(rnd(20));
		struct domain *d = any_domain();

		add.domid = d ? d->domain_id : 0;
		add.serial = d ? d->noxs->serial : 0;
		if (d)
			rcu_unlock_domain(d);
		u.pub = publish_of(&add, rnd(9000));
		u.pub.flags = rnd(2);
	} else if (cmd == XEN_NOXS_OP_remove) {
		u.rm = remove_of(rnd(20));
		u.rm.domid = rnd(DOMAINS);
	} else if (cmd == XEN_NOXS_OP_limit) {
		u.limit.domid = rnd(DOMAINS);
		u.limit.max_slots = 1 + rnd(XEN_NOXS_MAX_SLOTS);
	} else if (cmd == XEN_NOXS_OP_generation) {
		u.generation.domid = rnd(DOMAINS);
		u.generation.generation = rnd(5);
	} else if (cmd == XEN_NOXS_OP_list) {
		u.list.domid = u.list.backend = XEN_NOXS_ANY;
		u.list.next_domid = rnd(DOMAINS);
		u.list.next_slot = rnd(70);
	} else if (cmd == XEN_NOXS_OP_read) {
		u.read.domid = rnd(DOMAINS);
		u.read.id = rnd(20);
		u.read.type = XEN_NOXS_TYPE_NET;
		u.read.side = rnd(2);
	} else if (cmd == XEN_NOXS_OP_watch) {
		u.watch.port = rnd(SHIM_PORTS);
		u.watch.flags = rnd(5);
	}
	if (!rnd(4))
		u.byte[rnd(sizeof(u))] ^= 1u << rnd(8);
	op_as(as, cmd, &u, sizeof(u));
}

static void random_event(struct domain *d)
{
	unsigned int port = 1 + rnd(SHIM_PORTS - 1);
	mfn_t mfn;

	switch (rnd(6)) {
	case 0:
		if (d->evtchn[port].state > ECS_RESERVED)
			evtchn_close(d, port, false);
		break;
	case 1:
		shim.fail_at = 0;
		if (shim_ports(d) < SHIM_PORTS - 8)
			port_for(d, rnd(DOMAINS));
		break;
	case 2:
		noxs_page_mfn(d, rnd(40), &mfn);
		break;
	case 3:
		noxs_domain_reset(d);
		break;
	case 4:
		shim.steps = 0;
		shim.fail_at = 1 + rnd(20);
		break;
	default:
		shim.fail_at = 0;
	}
}

static void run(uint32_t seed)
{
	unsigned int i;

	rnd_state = seed;
	for (i = 0; i < ROUNDS; i++) {
		struct domain *d = any_domain();
		domid_t domid;

		if (d)
			rcu_unlock_domain(d);
		if (d && rnd(50)) {
			if (rnd(4))
				random_op(rnd(2) ? w.dom0 : d);
			else
				random_event(d);
		} else if (d && d != w.dom0 && rnd(2)) {
			shim.fail_at = 0;
			domain_kill(d);
			domain_bury(d);
		} else if (!d) {
			shim.fail_at = 0;
			for (domid = 1; domid < DOMAINS; domid++) {
				d = rcu_lock_domain_by_id(domid);
				if (!d)
					break;
				rcu_unlock_domain(d);
			}
			domain_new(domid);
		}
		for (d = shim.domains; !(i % 16) && d; d = d->next_in_list)
			agree(d);
	}
	shim.fail_at = 0;
}

static void everything_at_once(void **state)
{
	uint32_t seed;

	(void)state;
	for (seed = 1; seed <= 5; seed++)
		run(seed * 2654435761u);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		T(everything_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: BSD-2-Clause
/*
 * Backends without rights: ports that wait for them, news of their devices, and
 * areas that are read for them.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "world.h"

static struct xen_noxs_add waiting(domid_t backend, unsigned int id)
{
	struct xen_noxs_add add = add_of(id);

	add.backend = backend;
	add.port[0] = XEN_NOXS_PORT_WAIT;
	assert_int_equal(op_dom0(XEN_NOXS_OP_add, &add, sizeof(add)), 0);
	assert_int_equal(add.port[0], 0);
	return add;
}

static struct xen_noxs_list_entry only_entry(struct domain *d)
{
	struct xen_noxs_list list = {
		.domid = XEN_NOXS_ANY, .backend = XEN_NOXS_ANY,
	};

	assert_int_equal(op_as(d, XEN_NOXS_OP_list, &list, sizeof(list)), 0);
	assert_int_equal(list.nr, 1);
	return list.entry[0];
}

static void port_waits_for_its_backend(void **state)
{
	struct xen_noxs_add add = waiting(BACKEND, 0);
	struct xen_noxs_list_entry e = only_entry(w.backend);
	evtchn_bind_interdomain_t bind = {
		.remote_dom = GUEST, .remote_port = e.guest_port[0],
	};
	struct xen_noxs_publish pub = publish_of(&add, 1500);
	struct xen_noxs_remove rm = remove_of(0);
	struct evtchn *chn = &w.guest->evtchn[e.guest_port[0]];

	(void)state;
	assert_int_equal(device_page(w.guest)->slot[0].port[0],
			 e.guest_port[0]);
	assert_int_equal(e.backend_port[0], 0);
	assert_int_equal(chn->state, ECS_UNBOUND);
	assert_int_equal(chn->u.unbound.remote_domid, BACKEND);
	assert_int_equal(shim_ports(w.backend), 0);
	/* The guest hears of what is published before somebody is there. */
	pub.flags = XEN_NOXS_PUBLISH_NOTIFY;
	assert_int_equal(op_as(w.backend, XEN_NOXS_OP_publish, &pub,
			       sizeof(pub)), 0);
	assert_int_equal(chn->raised, 1);
	assert_int_equal(evtchn_bind_interdomain(&bind, w.backend2, 0),
			 -EINVAL);
	assert_int_equal(evtchn_bind_interdomain(&bind, w.backend, 0), 0);
	assert_int_equal(chn->state, ECS_INTERDOMAIN);
	assert_int_equal(op_dom0(XEN_NOXS_OP_remove, &rm, sizeof(rm)), 0);
	assert_int_equal(shim_ports(w.guest), 0);
	/* Its own end is the backend's to close. */
	assert_int_equal(w.backend->evtchn[bind.local_port].state,
			 ECS_UNBOUND);
}

static void port_that_waited_goes_with_its_device(void **state)
{
	struct xen_noxs_remove rm = remove_of(0);

	(void)state;
	waiting(BACKEND, 0);
	assert_int_equal(op_dom0(XEN_NOXS_OP_remove, &rm, sizeof(rm)), 0);
	assert_int_equal(shim_ports(w.guest), 0);
	waiting(BACKEND, 0);
	domain_kill(w.backend);
	assert_int_equal(shim_ports(w.guest), 0);
	assert_int_equal(device_page(w.guest)->nr_slots, 0);
}

/* All four ways of having a port in one device, each step failing once. */
static void add_fails_at_every_step(void **state)
{
	struct xen_noxs_add add;
	unsigned int n, fails = 0;
	long rc = -1;

	(void)state;
	for (n = 1; rc; n++) {
		assert_true(n < 100);
		add = add_of(0);
		add.backend = BACKEND;
		add.nr_ports = 3;
		add.port[0] = add.port[2] = XEN_NOXS_PORT_WAIT;
		shim.steps = 0;
		shim.fail_at = n;
		rc = op_dom0(XEN_NOXS_OP_add, &add, sizeof(add));
		shim.fail_at = 0;
		fails += !!rc;
		if (rc)
			assert_int_equal(shim_ports(w.guest) +
					 shim_ports(w.backend), 0);
	}
	assert_true(fails > 3);
	assert_int_equal(shim_ports(w.guest), 3);
	assert_int_equal(shim_ports(w.backend), 1);
}

static long watch(struct domain *d, uint32_t port, uint32_t flags)
{
	struct xen_noxs_watch op = { .port = port, .flags = flags };

	return op_as(d, XEN_NOXS_OP_watch, &op, sizeof(op));
}

static void backend_hears_of_its_devices(void **state)
{
	uint32_t port = port_for(w.backend, BACKEND);
	struct evtchn *chn = &w.backend->evtchn[port];
	struct xen_noxs_remove rm = remove_of(0);
	uint16_t seq;

	(void)state;
	assert_int_equal(watch(w.backend, port, XEN_NOXS_WATCH_BACKEND), 0);
	noxs_domain_changed(w.guest);
	waiting(BACKEND2, 5);
	assert_int_equal(chn->raised, 0);
	waiting(BACKEND, 0);
	assert_int_equal(chn->raised, 1);
	seq = only_entry(w.backend).seq;
	assert_int_equal(op_dom0(XEN_NOXS_OP_remove, &rm, sizeof(rm)), 0);
	assert_int_equal(chn->raised, 2);
	/* Another in its place is told from it. */
	waiting(BACKEND, 0);
	assert_int_equal(chn->raised, 3);
	assert_int_not_equal(only_entry(w.backend).seq, seq);
	domain_kill(w.guest);
	assert_int_equal(chn->raised, 4);
	assert_int_equal(watch(w.backend, port, XEN_NOXS_WATCH_OFF), 0);
	assert_int_equal(watch(w.backend, port, XEN_NOXS_WATCH_OFF), -EPERM);
}

static void backend_watch_is_one_a_domain(void **state)
{
	uint32_t a = port_for(w.backend, BACKEND);
	uint32_t b = port_for(w.backend, BACKEND), other, i;

	(void)state;
	/* Whatever any domain does, others have their watches. */
	for (i = 0; i < 2 * XEN_NOXS_MAX_WATCHES; i++)
		assert_int_equal(watch(w.backend, i & 1 ? a : b,
				       XEN_NOXS_WATCH_BACKEND), 0);
	assert_int_equal(watch(w.dom0, port_for(w.dom0, 0), 0), 0);
	waiting(BACKEND, 0);
	assert_int_equal(w.backend->evtchn[a].raised, 1);
	assert_int_equal(w.backend->evtchn[b].raised, 0);
	/* A port that is something else by now is not raised. */
	evtchn_close(w.backend, a, false);
	other = port_for(w.backend, GUEST);
	assert_int_equal(other, a);
	waiting(BACKEND, 1);
	assert_int_equal(w.backend->evtchn[a].raised, 1);
}

static void backend_watch_refuses(void **state)
{
	uint32_t port = port_for(w.backend, BACKEND);

	(void)state;
	assert_int_equal(watch(w.backend, 0, XEN_NOXS_WATCH_BACKEND), -EINVAL);
	assert_int_equal(watch(w.backend, 0, XEN_NOXS_WATCH_OFF), -EPERM);
	assert_int_equal(watch(w.backend, 0xffffffff, XEN_NOXS_WATCH_BACKEND),
			 -EINVAL);
	assert_int_equal(watch(w.backend, port_for(w.backend, GUEST),
			       XEN_NOXS_WATCH_BACKEND), -EINVAL);
	assert_int_equal(watch(w.backend, port, XEN_NOXS_WATCH_BACKEND |
			       XEN_NOXS_WATCH_DYING), -EINVAL);
	assert_int_equal(watch(w.backend, port, XEN_NOXS_WATCH_BACKEND |
			       XEN_NOXS_WATCH_OFF), -EINVAL);
	assert_int_equal(watch(w.backend, port, XEN_NOXS_WATCH_DYING), -EPERM);
	assert_int_equal(watch(w.backend, port, 8), -EINVAL);
}

static struct xen_noxs_read read_of(unsigned int id, unsigned int side)
{
	return (struct xen_noxs_read){
		.domid = GUEST, .id = id, .type = XEN_NOXS_TYPE_NET,
		.side = side,
	};
}

static void areas_are_read_for_their_backend(void **state)
{
	struct xen_noxs_add mine = waiting(BACKEND, 0);
	struct xen_noxs_read rd = read_of(0, XEN_NOXS_READ_FRONT);

	(void)state;
	waiting(BACKEND2, 1);
	memset(front_of(&mine), 0x5a, XEN_NOXS_AREA_SIZE);
	assert_int_equal(op_as(w.backend, XEN_NOXS_OP_read, &rd, sizeof(rd)),
			 0);
	assert_memory_equal(rd.data, front_of(&mine), XEN_NOXS_AREA_SIZE);
	rd = read_of(0, XEN_NOXS_READ_BACK);
	rd.serial = mine.serial;
	assert_int_equal(op_as(w.backend, XEN_NOXS_OP_read, &rd, sizeof(rd)),
			 0);
	assert_memory_equal(rd.data, back_of(&mine), XEN_NOXS_AREA_SIZE);
	assert_int_equal(op_dom0(XEN_NOXS_OP_read, &rd, sizeof(rd)), 0);
}

static void areas_are_read_for_nobody_else(void **state)
{
	struct xen_noxs_read rd;
	struct domain *next;

	(void)state;
	waiting(BACKEND, 0);
	waiting(BACKEND2, 1);
#define REFUSED(who, id_, rc, ...) do {					\
	rd = read_of(id_, XEN_NOXS_READ_FRONT);				\
	__VA_ARGS__;							\
	memset(rd.data, 0xee, sizeof(rd.data));				\
	assert_int_equal(op_as(who, XEN_NOXS_OP_read, &rd, sizeof(rd)), rc); \
	assert_int_equal(rd.data[0], 0xee);				\
} while (0)
	REFUSED(w.backend, 1, -EPERM, (void)0);
	REFUSED(w.backend2, 0, -EPERM, (void)0);
	REFUSED(w.guest, 0, -EPERM, (void)0);
	REFUSED(w.backend, 9, -ENOENT, (void)0);
	REFUSED(w.backend, 0, -ESTALE, rd.serial = 12345);
	REFUSED(w.backend, 0, -EINVAL, rd.side = 2);
	REFUSED(w.backend, 0, -EINVAL, rd.pad = 1);
	REFUSED(w.backend, 0, -EINVAL, rd.type = 0);
	REFUSED(w.backend, 0, -EINVAL, rd.type = XEN_NOXS_TYPE_MAX + 1);
	REFUSED(w.backend, 0, -ESRCH, rd.domid = 77);
	REFUSED(w.backend, 0, -EPERM, rd.domid = BACKEND2);
	/* Nor for the next domain of its number. */
	domain_kill(w.backend);
	domain_bury(w.backend);
	next = domain_new(BACKEND);
	REFUSED(next, 0, -EPERM, (void)0);
#undef REFUSED
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		T(port_waits_for_its_backend),
		T(port_that_waited_goes_with_its_device),
		T(add_fails_at_every_step),
		T(backend_hears_of_its_devices),
		T(backend_watch_is_one_a_domain),
		T(backend_watch_refuses),
		T(areas_are_read_for_their_backend),
		T(areas_are_read_for_nobody_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: BSD-2-Clause
/* Domains die in every order and at every moment. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "world.h"

static void guest_dies_with_devices(void **state)
{
	uint32_t port = port_for(w.backend, GUEST);
	struct xen_noxs_add add = add_of(0);
	struct xen_noxs_publish pub;
	struct xen_noxs_remove rm = remove_of(0);

	(void)state;
	add.backend = BACKEND;
	add.nr_ports = 2;
	add.port[0] = port;
	assert_int_equal(op_dom0(XEN_NOXS_OP_add, &add, sizeof(add)), 0);
	assert_int_equal(shim_ports(w.backend), 2);
	domain_kill(w.guest);
	/* What Xen opened is closed; what the backend opened is its own. */
	assert_int_equal(shim_ports(w.backend), 1);
	assert_int_equal(w.backend->evtchn[port].state, ECS_UNBOUND);
	assert_int_equal(atomic_read(&w.backend->noxs->served), 0);
	/* Dying, and still there: no new device, nothing to act on. */
	pub = publish_of(&add, 9000);
	assert_int_equal(op_dom0(XEN_NOXS_OP_publish, &pub, sizeof(pub)),
			 -ENOENT);
	assert_int_equal(op_dom0(XEN_NOXS_OP_remove, &rm, sizeof(rm)), -ENOENT);
	add = add_of(1);
	assert_int_equal(op_dom0(XEN_NOXS_OP_add, &add, sizeof(add)), -ESRCH);
	/* Killing is idempotent. */
	domain_kill(w.guest);
}

static void guest_dies_before_it_has_pages(void **state)
{
	mfn_t mfn;

	(void)state;
	domain_kill(w.guest);
	assert_int_equal(noxs_page_mfn(w.guest, 0, &mfn), -ESRCH);
	assert_int_equal(w.guest->xenheap_pages, 0);
}

/* The shim aborts when a mapped frame is freed, or freed twice. */
static void pages_stay_while_mapped(void **state)
{
	struct xen_noxs_add add = added(0, 0);
	const struct xen_noxs_device_page *page = device_page(w.guest);
	mfn_t mfn;
	unsigned int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		assert_int_equal(noxs_page_mfn(w.guest, i, &mfn), 0);
		shim_map(mfn);
	}
	domain_kill(w.guest);
	assert_int_equal(shim.frames, 3);
	assert_int_equal(page->slot[add.slot].state, XEN_NOXS_SLOT_EMPTY);
	for (i = 0; i < 3; i++) {
		assert_int_equal(noxs_page_mfn(w.guest, i, &mfn), 0);
		shim_unmap(mfn);
	}
	domain_bury(w.guest);
	assert_int_equal(shim.frames, 0);
}

static void backend_dies(void **state)
{
	struct xen_noxs_add gone = added(BACKEND, 0), stays = added(0, 1);
	const struct xen_noxs_device_page *page = device_page(w.guest);
	unsigned int virqs = w.guest->virqs;

	(void)state;
	domain_kill(w.backend);
	assert_int_equal(page->slot[gone.slot].state, XEN_NOXS_SLOT_EMPTY);
	assert_int_equal(page->slot[stays.slot].state, XEN_NOXS_SLOT_PRESENT);
	assert_int_equal(w.guest->virqs, virqs + 1);
	assert_int_equal(shim_ports(w.guest), 1);
	domain_kill(w.backend);
}

/* Many domains to look at: in stretches, and all of them. */
static void backend_of_many_dies(void **state)
{
	struct domain *d[200];
	unsigned int i, calls = 0;
	int rc;

	(void)state;
	for (i = 0; i < 200; i++) {
		struct xen_noxs_add add = add_of(0);

		d[i] = domain_new(100 + 2 * i);
		add.domid = d[i]->domain_id;
		add.backend = BACKEND;
		w.backend->max_ports = SHIM_PORTS;
		/* Every fourth: there are but 63 ports. */
		if (i % 4 == 0)
			assert_int_equal(op_dom0(XEN_NOXS_OP_add, &add,
						 sizeof(add)), 0);
	}
	assert_int_equal(atomic_read(&w.backend->noxs->served), 50);
	w.backend->is_dying = 1;
	do {
		rc = noxs_domain_kill(w.backend);
		/* A domain may vanish where the walk was to go on. */
		if (calls++ == 0) {
			i = (w.backend->noxs->kill_next - 100) / 2;
			domain_kill(d[i]);
			domain_bury(d[i]);
			d[i] = NULL;
		}
	} while (rc == -ERESTART);
	assert_int_equal(rc, 0);
	assert_true(calls > 3);
	assert_int_equal(atomic_read(&w.backend->noxs->served), 0);
	assert_int_equal(shim_ports(w.backend), 0);
	for (i = 0; i < 200; i++)
		if (d[i]) {
			domain_kill(d[i]);
			domain_bury(d[i]);
		}
}

/* The successor with the same domid is not the backend, nor the guest. */
static void successors_inherit_nothing(void **state)
{
	struct xen_noxs_add add = added(BACKEND, 0);
	struct xen_noxs_publish pub = publish_of(&add, 9000);
	struct xen_noxs_remove rm = remove_of(0);

	(void)state;
	rm.serial = add.serial;
	domain_kill(w.guest);
	domain_bury(w.guest);
	w.guest = domain_new(GUEST);
	added(BACKEND, 0);
	assert_int_equal(op_as(w.backend, XEN_NOXS_OP_publish, &pub,
			       sizeof(pub)), -ESTALE);
	assert_int_equal(op_as(w.backend, XEN_NOXS_OP_remove, &rm, sizeof(rm)),
			 -ESTALE);
	domain_kill(w.backend);
	domain_bury(w.backend);
	w.backend = domain_new(BACKEND);
	rm.serial = 0;
	assert_int_equal(op_as(w.backend, XEN_NOXS_OP_remove, &rm, sizeof(rm)),
			 -EPERM);
}

/* A pair goes to another backend domain only when the first one is gone. */
static void pairs_change_hands_only_after_death(void **state)
{
	struct xen_noxs_add a = added(BACKEND, 0), b;
	struct xen_noxs_remove rm = remove_of(0);

	(void)state;
	assert_int_equal(op_dom0(XEN_NOXS_OP_remove, &rm, sizeof(rm)), 0);
	b = added(BACKEND2, 0);
	assert_int_not_equal(b.pair, a.pair);
	domain_kill(w.backend);
	domain_bury(w.backend);
	w.backend = domain_new(BACKEND);
	b = added(BACKEND, 1);
	assert_int_equal(b.pair, a.pair);
}

/* More backend domains than pairs: -ENOSPC while they live. */
static void pairs_run_out(void **state)
{
	struct domain *d[XEN_NOXS_MAX_PAIRS + 1];
	struct xen_noxs_add add;
	unsigned int i;

	(void)state;
	for (i = 0; i <= XEN_NOXS_MAX_PAIRS; i++) {
		d[i] = domain_new(100 + i);
		add = add_of(i);
		add.backend = 100 + i;
		assert_int_equal(op_dom0(XEN_NOXS_OP_add, &add, sizeof(add)),
				 i < XEN_NOXS_MAX_PAIRS ? 0 : -ENOSPC);
	}
	assert_int_equal(shim_ports(d[XEN_NOXS_MAX_PAIRS]), 0);
	assert_int_equal(w.guest->xenheap_pages, XEN_NOXS_MAX_PAGES);
	for (i = 0; i <= XEN_NOXS_MAX_PAIRS; i++) {
		domain_kill(d[i]);
		domain_bury(d[i]);
	}
	assert_int_equal(w.guest->noxs->dev->nr_devices, 0);
}

static void kill_guest_now(void)
{
	domain_kill(w.guest);
}

static void kill_backend_now(void)
{
	domain_kill(w.backend);
}

/* Between the look-up and the lock. */
static void death_overtakes_add(void **state)
{
	struct xen_noxs_add add = add_of(0);

	(void)state;
	add.backend = BACKEND;
	shim.on_lock = kill_backend_now;
	assert_int_equal(op_dom0(XEN_NOXS_OP_add, &add, sizeof(add)), -ESRCH);
	assert_int_equal(atomic_read(&w.backend->noxs->served), 0);
	assert_int_equal(shim_ports(w.guest), 0);
	assert_int_equal(w.guest->noxs->dev->nr_devices, 0);
	add = add_of(0);
	shim.on_lock = kill_guest_now;
	assert_int_equal(op_dom0(XEN_NOXS_OP_add, &add, sizeof(add)), -ESRCH);
	assert_int_equal(shim_ports(w.dom0), 0);
}

static void death_overtakes_publish_and_remove(void **state)
{
	struct xen_noxs_add add = added(BACKEND, 0);
	struct xen_noxs_publish pub = publish_of(&add, 9000);
	struct xen_noxs_remove rm = remove_of(0);

	(void)state;
	shim.on_lock = kill_backend_now;
	assert_int_equal(op_dom0(XEN_NOXS_OP_publish, &pub, sizeof(pub)),
			 -ENOENT);
	shim.on_lock = kill_guest_now;
	assert_int_equal(op_dom0(XEN_NOXS_OP_remove, &rm, sizeof(rm)), -ENOENT);
}

/*
 * The other order: the add is past its look at is_dying, with the lock held,
 * when the backend domain begins to die; its walk comes after the add.
 */
static void backend_starts_dying_within_add(void)
{
	w.backend->is_dying = 1;
}

static void add_overtakes_death(void **state)
{
	struct xen_noxs_add add = add_of(0);

	(void)state;
	/* From here on no port can be had, which is one way out ... */
	add.backend = BACKEND;
	shim.on_alloc_unbound = backend_starts_dying_within_add;
	assert_int_equal(op_dom0(XEN_NOXS_OP_add, &add, sizeof(add)), -EINVAL);
	shim.on_alloc_unbound = NULL;
	assert_int_equal(atomic_read(&w.backend->noxs->served), 0);
	/* ... and the device is complete, the other: then the walk takes it. */
	w.backend->is_dying = 0;
	add = added(BACKEND, 0);
	domain_kill(w.backend);
	assert_int_equal(device_page(w.guest)->slot[add.slot].state,
			 XEN_NOXS_SLOT_EMPTY);
}

/* Ports are had by domid: here a successor has it by the time. */
static struct domain *old_backend;

static void backend_is_replaced(void)
{
	shim.on_alloc_unbound = NULL;
	old_backend = w.backend;
	shim_domain_unlist(old_backend);
	w.backend = domain_new(BACKEND);
}

static void add_does_not_bind_to_a_successor(void **state)
{
	struct xen_noxs_add add = add_of(0);

	(void)state;
	add.backend = BACKEND;
	shim.on_alloc_unbound = backend_is_replaced;
	assert_int_equal(op_dom0(XEN_NOXS_OP_add, &add, sizeof(add)), -ESRCH);
	assert_int_equal(shim_ports(w.backend), 0);
	assert_int_equal(shim_ports(w.guest), 0);
	assert_int_equal(w.guest->noxs->dev->nr_devices, 0);
	old_backend->is_dying = 1;
	assert_int_equal(noxs_domain_kill(old_backend), 0);
	noxs_domain_free(old_backend);
	shim_domain_free(old_backend);
}

static void soft_reset(void **state)
{
	struct xen_noxs_add add = added(BACKEND, 0);
	const struct xen_noxs_device_page *page = device_page(w.guest);
	uint32_t generation = page->generation, seq = page->seq;

	(void)state;
	noxs_domain_reset(w.guest);
	assert_ptr_equal(device_page(w.guest), page);
	assert_int_not_equal(page->generation, generation);
	assert_int_not_equal(page->seq, seq);
	assert_int_equal(page->nr_slots, 0);
	assert_int_equal(shim_ports(w.guest), 0);
	assert_int_equal(shim_ports(w.backend), 0);
	noxs_domain_reset(w.guest);
	assert_int_equal(added(BACKEND, 0).slot, add.slot);
	/* And of a domain that never had pages. */
	noxs_domain_reset(w.backend2);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		T(guest_dies_with_devices),
		T(guest_dies_before_it_has_pages),
		T(pages_stay_while_mapped),
		T(backend_dies),
		T(backend_of_many_dies),
		T(successors_inherit_nothing),
		T(pairs_change_hands_only_after_death),
		T(pairs_run_out),
		T(death_overtakes_add),
		T(death_overtakes_publish_and_remove),
		T(add_overtakes_death),
		T(add_does_not_bind_to_a_successor),
		T(soft_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

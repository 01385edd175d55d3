// SPDX-License-Identifier: BSD-2-Clause
/* Every step of an operation fails once, in turn; nothing stays behind. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "world.h"

#define MAX_STEPS	100

/* An add with all there is: new pages, two ports given, two to be made. */
static struct xen_noxs_add full_add(uint32_t a, uint32_t b)
{
	struct xen_noxs_add add = add_of(0);

	add.backend = BACKEND;
	add.nr_ports = XEN_NOXS_MAX_PORTS;
	add.port[0] = a;
	add.port[2] = b;
	return add;
}

static void add_fails_at_every_step(void **state)
{
	uint32_t a = port_for(w.backend, GUEST), b = port_for(w.backend, GUEST);
	struct xen_noxs_remove rm = remove_of(0);
	unsigned int n, fails = 0, virqs;
	struct xen_noxs_add add;
	long rc;

	(void)state;
	for (n = 1; n < MAX_STEPS; n++) {
		shim.steps = 0;
		shim.fail_at = n;
		shim.failed = false;
		virqs = w.guest->virqs;
		add = full_add(a, b);
		rc = op_dom0(XEN_NOXS_OP_add, &add, sizeof(add));
		shim.fail_at = 0;
		if (!shim.failed)
			break;
		fails++;
		assert_true(rc == -ENOMEM || rc == -EFAULT);
		assert_int_equal(shim_ports(w.guest), 0);
		assert_int_equal(shim_ports(w.backend), 2);
		assert_int_equal(w.backend->evtchn[a].state, ECS_UNBOUND);
		assert_int_equal(w.backend->evtchn[b].state, ECS_UNBOUND);
		assert_int_equal(atomic_read(&w.backend->noxs->served), 0);
		assert_true(!w.guest->noxs->dev ||
			    (!w.guest->noxs->dev->nr_devices &&
			     !w.guest->noxs->dev->nr_slots));
		/* Only the device that was there for a moment is announced. */
		assert_true(w.guest->virqs <= virqs + (rc == -EFAULT));
	}
	/*
	 * The pages of a failed try stay for the next one, so there are fewer
	 * steps each time: copy in, bookkeeping, device page, pair, a port; then
	 * all is there but ports: the sixth step is a backend's, the seventh a
	 * guest's, the eighth the copy out.
	 */
	assert_int_equal(rc, 0);
	assert_int_equal(fails, 8);
	rc = op_dom0(XEN_NOXS_OP_remove, &rm, sizeof(rm));
	assert_int_equal(rc, 0);
	assert_int_equal(shim_ports(w.backend), 2);
}

/* As above, but each time in a new guest, whose pages fail as well. */
static void add_fails_at_every_step_of_a_new_guest(void **state)
{
	unsigned int n, fails = 0;
	bool done = false;

	(void)state;
	for (n = 1; !done; n++) {
		struct domain *d = domain_new(40);
		unsigned int allocs = shim.allocs, frames = shim.frames;
		struct xen_noxs_add add = full_add(0, 0);

		assert_true(n < MAX_STEPS);
		add.domid = 40;
		shim.steps = 0;
		shim.fail_at = n;
		shim.failed = false;
		op_dom0(XEN_NOXS_OP_add, &add, sizeof(add));
		shim.fail_at = 0;
		done = !shim.failed;
		fails += !done;
		assert_true(done || shim_ports(w.backend) == 0);
		domain_kill(d);
		assert_int_equal(shim_ports(w.backend), 0);
		domain_bury(d);
		assert_int_equal(shim.allocs, allocs - 1);
		assert_int_equal(shim.frames, frames);
	}
	assert_int_equal(fails, 1 + 2 + 3 + 8 + 1);
}

/* The pages that a mapping needs are the guest's too. */
static void mapping_fails_at_every_step(void **state)
{
	unsigned int n;
	mfn_t mfn;
	int rc = -1;

	(void)state;
	for (n = 1; rc; n++) {
		assert_true(n < MAX_STEPS);
		shim.steps = 0;
		shim.fail_at = n;
		rc = noxs_page_mfn(w.guest, XEN_NOXS_PAGE_DEVICE, &mfn);
		assert_true(!rc || rc == -ENOMEM);
	}
	assert_int_equal(n, 4);
}

static void domain_init_fails(void **state)
{
	struct domain *d = shim_domain_create(40);

	(void)state;
	shim.steps = 0;
	shim.fail_at = 1;
	assert_int_equal(noxs_domain_init(d), -ENOMEM);
	shim.fail_at = 0;
	noxs_domain_free(d);
	shim_domain_unlist(d);
	shim_domain_free(d);
}

/* Every operation with memory that can be read and not written, or neither. */
static void copies_fail(void **state)
{
	uint8_t zero[sizeof(struct xen_noxs_list)] = { 0 };
	unsigned int cmd, n;

	(void)state;
	w.guest->is_translated = false;
	for (cmd = XEN_NOXS_OP_version; cmd <= XEN_NOXS_OP_read; cmd++)
		for (n = 1; n <= 2; n++) {
			long rc;

			shim.steps = 0;
			shim.fail_at = n;
			shim.failed = false;
			rc = op_dom0(cmd, zero, sizeof(zero));
			memset(zero, 0, sizeof(zero));
			assert_true(!shim.failed || rc == -EFAULT);
			assert_true(shim.failed || n == 2);
		}
	shim.fail_at = 0;
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		T(add_fails_at_every_step),
		T(add_fails_at_every_step_of_a_new_guest),
		T(mapping_fails_at_every_step),
		T(domain_init_fails),
		T(copies_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

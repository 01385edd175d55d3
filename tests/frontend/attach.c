/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * attach.c owns the tests of drivers that come and go by themselves: the OS is
 * told of devices and says later who drives them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "os_unit.h"

#define PORT	5

static struct {
	unsigned int appeared, vanished;
	unsigned int probed, removed, changed, lost, events;
	int probe_rc;
	struct noxs_device *dev[XEN_NOXS_MAX_SLOTS];	/* by id */
} seen;

static struct noxs_bus bus;

static int drv_probe(struct noxs_device *dev)
{
	if (seen.probe_rc)
		return seen.probe_rc;
	seen.probed++;
	dev->priv = &seen;
	return 0;
}

static void drv_remove(struct noxs_device *dev)
{
	assert_ptr_equal(dev->priv, &seen);
	seen.removed++;
}

static void drv_changed(struct noxs_device *dev)
{
	struct xen_noxs_area_hdr hdr;

	seen.changed++;
	noxs_device_read_back(dev, &hdr, sizeof(hdr), sizeof(hdr));
}

static void drv_lost(struct noxs_device *dev)
{
	(void)dev;
	seen.lost++;
}

static void drv_event(struct noxs_device *dev, unsigned int index)
{
	(void)dev;
	assert_int_equal(index, 0);
	seen.events++;
}

static const struct noxs_driver drv = {
	.name = "late", .type = XEN_NOXS_TYPE_NET,
	.probe = drv_probe, .remove = drv_remove, .changed = drv_changed,
	.lost = drv_lost, .event = drv_event,
};

static const struct noxs_driver other = {
	.name = "other", .type = XEN_NOXS_TYPE_POWER,
	.probe = drv_probe, .remove = drv_remove, .changed = drv_changed,
	.lost = drv_lost,
};

static void appeared(void *arg, struct noxs_device *dev)
{
	assert_ptr_equal(arg, &seen);
	assert_null(dev->drv);
	assert_in_range(dev->slot.id, 0, XEN_NOXS_MAX_SLOTS - 1);
	seen.appeared++;
	seen.dev[dev->slot.id] = dev;
	dev->os = &seen.dev[dev->slot.id];
}

static void vanished(void *arg, struct noxs_device *dev)
{
	assert_ptr_equal(arg, &seen);
	assert_null(dev->drv);
	assert_ptr_equal(dev->os, &seen.dev[dev->slot.id]);
	seen.vanished++;
	seen.dev[dev->slot.id] = NULL;
}

static const struct noxs_bus_ops ops = {
	.appeared = appeared, .vanished = vanished,
};

static void slot_add(unsigned int i)
{
	struct xen_noxs_area_hdr hdr = {
		.magic = XEN_NOXS_BACK_MAGIC,
		.version = XEN_NOXS_VERSION,
		.size = sizeof(hdr),
		.state = XEN_NOXS_STATE_INIT,
		.generation = 1,
	};

	memcpy(os_back(i), &hdr, sizeof(hdr));
	os_slot_add(i, XEN_NOXS_TYPE_NET, (uint16_t)i, PORT + i);
}

static int bus_init(void)
{
	return noxs_bus_init(&bus, NULL, 0, &ops, &seen);
}

static int setup(void **state)
{
	(void)state;
	os_reset();
	memset(&seen, 0, sizeof(seen));
	return 0;
}

static void finish(void)
{
	noxs_bus_fini(&bus);
	assert_int_equal(seen.appeared, seen.vanished);
	assert_int_equal(seen.probed, seen.removed);
	assert_true(os_clean());
}

static void told_of_each_device(void **state)
{
	(void)state;
	slot_add(0);
	assert_int_equal(bus_init(), 0);
	assert_int_equal(seen.appeared, 1);
	slot_add(7);
	noxs_bus_poll(&bus);
	assert_int_equal(seen.appeared, 2);
	assert_false(os_port_bound(PORT) || os_port_bound(PORT + 7));
	os_slot_remove(0);
	noxs_bus_poll(&bus);
	assert_int_equal(seen.vanished, 1);
	assert_null(seen.dev[0]);
	finish();
}

static void driven_later_and_again(void **state)
{
	unsigned int i;

	(void)state;
	slot_add(3);
	assert_int_equal(bus_init(), 0);
	for (i = 1; i <= 2; i++) {
		assert_int_equal(noxs_device_attach(seen.dev[3], &drv), 0);
		assert_int_equal(seen.probed, i);
		assert_int_equal(seen.changed, i);
		assert_true(os_raise(PORT + 3));
		assert_int_equal(seen.events, i);
		assert_int_equal(noxs_device_attach(seen.dev[3], &drv),
				 -EBUSY);
		noxs_device_detach(seen.dev[3]);
		assert_int_equal(seen.removed, i);
		assert_false(os_port_bound(PORT + 3));
		noxs_device_detach(seen.dev[3]);
		assert_int_equal(seen.removed, i);
	}
	assert_int_equal(seen.vanished, 0);
	finish();
}

static void driver_of_another_type(void **state)
{
	(void)state;
	slot_add(3);
	assert_int_equal(bus_init(), 0);
	assert_int_equal(noxs_device_attach(seen.dev[3], &other), -EINVAL);
	assert_int_equal(seen.probed, 0);
	finish();
}

static void probe_refuses(void **state)
{
	(void)state;
	slot_add(3);
	assert_int_equal(bus_init(), 0);
	seen.probe_rc = -ENODEV;
	assert_int_equal(noxs_device_attach(seen.dev[3], &drv), -ENODEV);
	assert_false(os_port_bound(PORT + 3));
	seen.probe_rc = 0;
	assert_int_equal(noxs_device_attach(seen.dev[3], &drv), 0);
	finish();
}

static void goes_while_driven(void **state)
{
	(void)state;
	slot_add(3);
	assert_int_equal(bus_init(), 0);
	assert_int_equal(noxs_device_attach(seen.dev[3], &drv), 0);
	os_slot_remove(3);
	noxs_bus_poll(&bus);
	assert_int_equal(seen.removed, 1);
	assert_int_equal(seen.vanished, 1);
	finish();
}

/* The announcement of a device that was never driven is no loss. */
static void resume_keeps_both_kinds(void **state)
{
	(void)state;
	slot_add(1);
	slot_add(2);
	assert_int_equal(bus_init(), 0);
	assert_int_equal(noxs_device_attach(seen.dev[1], &drv), 0);
	os_device_page()->slot[2].port[0] = PORT + 40;
	assert_int_equal(noxs_bus_resume(&bus), 0);
	assert_int_equal(seen.lost, 1);
	assert_int_equal(seen.changed, 2);
	assert_int_equal(seen.vanished, 0);
	assert_int_equal(noxs_device_attach(seen.dev[2], &drv), 0);
	assert_true(os_port_bound(PORT + 40));
	finish();
}

static void each_failing_call(void **state)
{
	unsigned int n;
	int rc = -1;

	(void)state;
	for (n = 1;; n++) {
		setup(NULL);
		slot_add(0);
		os_fail_at(n);
		if (!bus_init()) {
			if (seen.dev[0])
				rc = noxs_device_attach(seen.dev[0], &drv);
			noxs_bus_fini(&bus);
		}
		assert_int_equal(seen.probed, seen.removed);
		assert_int_equal(seen.appeared, seen.vanished);
		assert_true(os_clean());
		if (!os_fail_hit())
			break;
	}
	assert_in_range(n, 5, 20);
	assert_int_equal(rc, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(told_of_each_device, setup),
		cmocka_unit_test_setup(driven_later_and_again, setup),
		cmocka_unit_test_setup(driver_of_another_type, setup),
		cmocka_unit_test_setup(probe_refuses, setup),
		cmocka_unit_test_setup(goes_while_driven, setup),
		cmocka_unit_test_setup(resume_keeps_both_kinds, setup),
		cmocka_unit_test_setup(each_failing_call, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

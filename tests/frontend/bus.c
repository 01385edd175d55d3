/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bus.c owns the tests of the noxs bus: what it makes of the device page and
 * of the areas, with Xen and a backend played by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "os_unit.h"

#define PORT	5

static struct {
	unsigned int probed, removed, gone, changed, lost, events, wakes;
	int probe_rc;
	struct noxs_device *dev;	/* the last one probed */
} seen;

static struct noxs_bus bus;

static int drv_probe(struct noxs_device *dev)
{
	seen.probed++;
	seen.dev = dev;
	return seen.probe_rc;
}

static void drv_remove(struct noxs_device *dev)
{
	seen.removed++;
	seen.gone += dev->gone;
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

static void wake(void *arg)
{
	assert_ptr_equal(arg, &seen);
	seen.wakes++;
}

static const struct noxs_driver drv = {
	.name = "test", .type = XEN_NOXS_TYPE_NET,
	.probe = drv_probe, .remove = drv_remove, .changed = drv_changed,
	.lost = drv_lost, .event = drv_event,
};
static const struct noxs_driver *const drivers[] = { &drv };
static const struct noxs_bus_ops ops = { .wake = wake };

static int bus_init(void)
{
	int rc = noxs_bus_init(&bus, drivers, 1, &ops, &seen);

	/* Slots made before were announced, too. */
	if (!rc)
		noxs_bus_poll(&bus);
	seen.wakes = 0;
	return rc;
}

static void back_hdr(struct xen_noxs_area_hdr *hdr)
{
	memset(hdr, 0, sizeof(*hdr));
	hdr->magic = XEN_NOXS_BACK_MAGIC;
	hdr->version = XEN_NOXS_VERSION;
	hdr->size = sizeof(*hdr);
	hdr->state = XEN_NOXS_STATE_INIT;
	hdr->generation = 1;
}

static void slot_add(unsigned int i)
{
	struct xen_noxs_area_hdr hdr;

	back_hdr(&hdr);
	memcpy(os_back(i), &hdr, sizeof(hdr));
	os_slot_add(i, XEN_NOXS_TYPE_NET, (uint16_t)i, PORT + i);
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
	assert_true(os_clean());
}

static void probe_finds_no_noxs(void **state)
{
	(void)state;
	os_version_rc = -ENOSYS;
	assert_int_equal(bus_init(), -ENOSYS);
	os_version_rc = 0;
	os_version.magic = 1;
	assert_int_equal(bus_init(), -ENOSYS);
	os_version.magic = XEN_NOXS_MAGIC;
	os_version.version = 2;
	assert_int_equal(bus_init(), -EPROTO);
	os_version.version = XEN_NOXS_VERSION;
	os_version.area_size = 1024;
	assert_int_equal(bus_init(), -EPROTO);
	os_version.area_size = XEN_NOXS_AREA_SIZE;
	os_device_page()->magic = 1;
	assert_int_equal(bus_init(), -EPROTO);
	os_device_page()->magic = XEN_NOXS_MAGIC;
	os_device_page()->version = 2;
	assert_int_equal(bus_init(), -EPROTO);
	os_device_page()->version = XEN_NOXS_VERSION;
	os_device_page()->nr_slots = XEN_NOXS_MAX_SLOTS + 1;
	assert_int_equal(bus_init(), -EPROTO);
	assert_true(os_clean());
}

static void finds_devices_of_its_types(void **state)
{
	(void)state;
	slot_add(0);
	os_slot_add(1, XEN_NOXS_TYPE_BLOCK, 0, 9);
	os_slot_add(2, 77, 0, 10);
	slot_add(61);
	assert_int_equal(bus_init(), 0);
	assert_int_equal(seen.probed, 2);
	assert_int_equal(seen.changed, 2);
	assert_int_equal(seen.dev->slot.id, 61);
	assert_true(os_port_bound(PORT) && os_port_bound(PORT + 61 - 0));
	assert_false(os_port_bound(9) || os_port_bound(10));
	noxs_bus_fini(&bus);
	assert_int_equal(seen.removed, 2);
	assert_int_equal(seen.gone, 0);
	assert_true(os_clean());
}

static void hot_add_and_remove(void **state)
{
	(void)state;
	assert_int_equal(bus_init(), 0);
	assert_false(noxs_bus_pending(&bus));
	slot_add(3);
	assert_int_equal(seen.wakes, 1);
	assert_int_equal(seen.probed, 0);	/* not in event context */
	assert_true(noxs_bus_pending(&bus));
	assert_int_equal(noxs_bus_poll(&bus), 0);
	assert_int_equal(seen.probed, 1);
	assert_int_equal(noxs_bus_poll(&bus), 0);
	assert_int_equal(seen.probed, 1);
	os_slot_remove(3);
	assert_int_equal(noxs_bus_poll(&bus), 0);
	assert_int_equal(seen.removed, 1);
	assert_int_equal(seen.gone, 1);
	assert_false(os_port_bound(PORT + 3));
	finish();
}

static void replaced_in_its_slot(void **state)
{
	(void)state;
	slot_add(0);
	assert_int_equal(bus_init(), 0);
	os_slot_remove(0);
	slot_add(0);
	assert_int_equal(noxs_bus_poll(&bus), 0);
	assert_int_equal(seen.removed, 1);
	assert_int_equal(seen.probed, 2);
	finish();
}

static void port_moves_to_an_earlier_slot(void **state)
{
	struct xen_noxs_area_hdr hdr;

	(void)state;
	slot_add(4);
	assert_int_equal(bus_init(), 0);
	os_slot_remove(4);
	back_hdr(&hdr);
	memcpy(os_back(1), &hdr, sizeof(hdr));
	os_slot_add(1, XEN_NOXS_TYPE_NET, 9, PORT + 4);
	assert_int_equal(noxs_bus_poll(&bus), 0);
	assert_int_equal(seen.probed, 2);
	assert_true(os_port_bound(PORT + 4));
	assert_true(os_raise(PORT + 4));
	assert_int_equal(seen.events, 1);
	finish();
}

static void fewer_slots(void **state)
{
	(void)state;
	slot_add(0);
	slot_add(5);
	assert_int_equal(bus_init(), 0);
	os_device_page()->nr_slots = 3;
	assert_int_equal(noxs_bus_scan(&bus), 0);
	assert_int_equal(seen.removed, 1);
	finish();
}

static unsigned int tears;

static void tear_slot(void)
{
	if (!tears)
		return;
	tears--;
	os_device_page()->slot[2].seq++;
	os_device_page()->slot[2].id++;
}

static void torn_slot_is_read_again(void **state)
{
	(void)state;
	assert_int_equal(bus_init(), 0);
	slot_add(2);
	tears = 3;
	os_rmb_hook = tear_slot;
	assert_int_equal(noxs_bus_poll(&bus), 0);
	os_rmb_hook = NULL;
	assert_int_equal(seen.probed, 1);
	assert_int_equal(seen.dev->slot.id, os_device_page()->slot[2].id);
	assert_int_equal(seen.dev->slot.seq, os_device_page()->slot[2].seq);
	finish();
}

static unsigned int barriers;

static void tear_after_the_copy(void)
{
	/* The first two barriers are those of slot 0. */
	if (++barriers != 2)
		return;
	os_device_page()->slot[0].seq++;
	os_device_page()->slot[0].port[0] = PORT + 9;
}

static void slot_torn_after_the_copy(void **state)
{
	(void)state;
	slot_add(0);
	barriers = 0;
	os_rmb_hook = tear_after_the_copy;
	assert_int_equal(bus_init(), 0);
	os_rmb_hook = NULL;
	assert_int_equal(seen.probed, 1);
	assert_int_equal(seen.dev->slot.port[0], PORT + 9);
	assert_true(os_port_bound(PORT + 9));
	finish();
}

static void slot_torn_for_ever(void **state)
{
	(void)state;
	slot_add(2);
	assert_int_equal(bus_init(), 0);
	tears = ~0u;
	os_rmb_hook = tear_slot;
	os_raise_virq();
	assert_int_equal(noxs_bus_poll(&bus), -EAGAIN);
	os_rmb_hook = NULL;
	assert_int_equal(seen.removed, 0);
	assert_true(noxs_bus_pending(&bus));
	assert_int_equal(noxs_bus_poll(&bus), 0);
	assert_int_equal(seen.removed, 1);	/* its seq is another now */
	assert_int_equal(seen.probed, 2);
	finish();
}

static void invalid_slots(void **state)
{
	struct xen_noxs_slot *slot = &os_device_page()->slot[0];
	struct xen_noxs_slot good;
	unsigned int i;

	(void)state;
	slot_add(0);
	good = *slot;
	assert_int_equal(bus_init(), 0);
	for (i = 0; i < 8; i++) {
		*slot = good;
		slot->seq = 100 + i;
		switch (i) {
		case 0: slot->nr_ports = XEN_NOXS_MAX_PORTS + 1; break;
		case 1: slot->nr_ports = 0; break;
		case 2: slot->pair = XEN_NOXS_MAX_PAIRS; break;
		case 3: slot->offset = 100; break;
		case 4: slot->offset = 4096; break;
		case 5: slot->pad = 1; break;
		case 6: slot->port[0] = 0; break;
		case 7: slot->state = 2; break;
		}
		noxs_bus_scan(&bus);
		assert_int_equal(seen.probed, 1);
		assert_int_equal(seen.removed, 1);
	}
	*slot = good;
	noxs_bus_scan(&bus);
	assert_int_equal(seen.probed, 2);
	finish();
}

static void driver_that_does_not_want(void **state)
{
	(void)state;
	seen.probe_rc = -ENODEV;
	slot_add(0);
	assert_int_equal(bus_init(), 0);
	assert_int_equal(noxs_bus_scan(&bus), 0);
	assert_int_equal(seen.probed, 1);
	assert_int_equal(seen.changed, 0);
	assert_false(os_port_bound(PORT));
	os_slot_remove(0);
	assert_int_equal(noxs_bus_poll(&bus), 0);
	assert_int_equal(seen.removed, 0);
	seen.probe_rc = -ENOMEM;
	slot_add(0);
	assert_int_equal(noxs_bus_poll(&bus), -ENOMEM);
	seen.probe_rc = 0;
	assert_int_equal(noxs_bus_scan(&bus), 0);
	assert_int_equal(seen.probed, 3);
	finish();
}

static void events_and_publishes(void **state)
{
	struct xen_noxs_area_hdr hdr;

	(void)state;
	slot_add(0);
	assert_int_equal(bus_init(), 0);
	assert_int_equal(seen.changed, 1);
	os_raise(PORT);
	assert_int_equal(seen.events, 1);
	assert_int_equal(seen.wakes, 0);	/* data, not a publish */
	back_hdr(&hdr);
	hdr.state = XEN_NOXS_STATE_CONNECTED;
	os_publish(0, &hdr, sizeof(hdr));
	assert_int_equal(seen.events, 2);
	assert_int_equal(seen.wakes, 1);
	assert_int_equal(seen.changed, 1);	/* not in event context */
	assert_int_equal(noxs_bus_poll(&bus), 0);
	assert_int_equal(seen.changed, 2);
	os_raise(PORT);
	assert_int_equal(seen.wakes, 1);
	noxs_device_poke(seen.dev);
	assert_int_equal(noxs_bus_poll(&bus), 0);
	assert_int_equal(seen.changed, 3);
	finish();
}

static void tear_back(void)
{
	struct xen_noxs_area_hdr *hdr = os_back(0);

	if (!tears)
		return;
	tears--;
	hdr->seq += 2;
	hdr->features++;
}

static int read_hdr(struct xen_noxs_area_hdr *hdr)
{
	return noxs_device_read_back(seen.dev, hdr, sizeof(*hdr), sizeof(*hdr));
}

static void back_area_is_read_whole(void **state)
{
	struct xen_noxs_area_hdr hdr, *back = os_back(0);

	(void)state;
	slot_add(0);
	assert_int_equal(bus_init(), 0);
	tears = 5;
	os_rmb_hook = tear_back;
	assert_int_equal(read_hdr(&hdr), 0);
	assert_int_equal(hdr.seq, back->seq);
	assert_int_equal(hdr.features, back->features);
	assert_false(noxs_bus_pending(&bus));
	tears = ~0u;
	assert_int_equal(read_hdr(&hdr), -EAGAIN);
	assert_true(noxs_bus_pending(&bus));
	os_rmb_hook = NULL;
	back->seq |= 1;
	assert_int_equal(read_hdr(&hdr), -EAGAIN);
	back->seq++;
	assert_int_equal(noxs_bus_poll(&bus), 0);
	assert_int_equal(seen.changed, 2);
	finish();
}

static int read_area(uint8_t *area, size_t size)
{
	return noxs_device_read_back(seen.dev, area, size, size);
}

static void back_area_is_validated(void **state)
{
	struct xen_noxs_area_hdr *back = os_back(0), good;
	uint8_t area[XEN_NOXS_AREA_SIZE];
	unsigned int i;

	(void)state;
	slot_add(0);
	assert_int_equal(bus_init(), 0);
	good = *back;
	for (i = 0; i < 7; i++) {
		*back = good;
		switch (i) {
		case 0: back->magic = XEN_NOXS_FRONT_MAGIC; break;
		case 1: back->version = 2; break;
		case 2: back->size = sizeof(good) - 1; break;
		case 3: back->size = XEN_NOXS_AREA_SIZE + 8; break;
		case 4: back->state = XEN_NOXS_STATE_MAX + 1; break;
		case 5: back->pad = 1; break;
		case 6: back->magic = 0; break;
		}
		assert_int_equal(read_area(area, sizeof(good)), -EPROTO);
	}
	*back = good;
	back->size = sizeof(good) + 8;
	assert_int_equal(read_area(area, sizeof(good)), 0);
	assert_int_equal(read_area(area, sizeof(good) + 16), -EPROTO);
	assert_int_equal(read_area(area, 8), -EINVAL);
	assert_int_equal(read_area(area, 1024), -EINVAL);
	finish();
}

/* An older backend's is shorter: what it has not is 0, whatever lies there. */
static void back_area_may_end_early(void **state)
{
	struct xen_noxs_area_hdr *back = os_back(0);
	const size_t least = sizeof(*back) + 8, size = least + 16;
	uint8_t *body = (uint8_t *)(back + 1), area[XEN_NOXS_AREA_SIZE];
	unsigned int i;

	(void)state;
	slot_add(0);
	assert_int_equal(bus_init(), 0);
	memset(body, 0xee, 24);
	for (i = 0; i <= 16; i += 4) {
		back->size = (uint16_t)(least + i);
		assert_int_equal(noxs_device_read_back(seen.dev, area, size,
						       least), 0);
		assert_int_equal(area[least + i - 1], 0xee);
		assert_int_equal(area[size - 1], i == 16 ? 0xee : 0);
		if (i < 16)
			assert_int_equal(area[least + i], 0);
	}
	back->size = (uint16_t)(least - 1);
	assert_int_equal(noxs_device_read_back(seen.dev, area, size, least),
			 -EPROTO);
	assert_int_equal(noxs_device_read_back(seen.dev, area, least, size),
			 -EINVAL);
	finish();
}

/* What the backend could see at each write barrier. */
static struct xen_noxs_net_front step[4];
static unsigned int nr_steps;

static void record_step(void)
{
	assert_in_range(nr_steps, 0, sizeof(step) / sizeof(step[0]) - 1);
	memcpy(&step[nr_steps++], os_front(0), sizeof(step[0]));
}

static void front_area_is_written_in_order(void **state)
{
	struct xen_noxs_net_front *front = os_front(0), body;

	(void)state;
	slot_add(0);
	assert_int_equal(bus_init(), 0);
	memset(&body, 0, sizeof(body));
	body.hdr.features = 3;
	body.nr_queues = 1;
	body.queue[7].rx_port = 0x12345678;
	noxs_device_write_front(seen.dev, &body, sizeof(body), 11,
				XEN_NOXS_STATE_CONNECTED);
	body.queue[7].rx_port = 0x87654321;
	nr_steps = 0;
	os_wmb_hook = record_step;
	noxs_device_write_front(seen.dev, &body, sizeof(body), 12,
				XEN_NOXS_STATE_CONNECTED);
	os_wmb_hook = NULL;
	assert_int_equal(nr_steps, 4);
	assert_int_equal(step[0].hdr.state, XEN_NOXS_STATE_CLOSED);
	assert_int_equal(step[0].queue[7].rx_port, 0x12345678);
	assert_int_equal(step[1].queue[7].rx_port, 0x87654321);
	assert_int_equal(step[1].hdr.generation, 11);
	assert_int_equal(step[2].hdr.generation, 12);
	/* Not as an answer that is taken back, which has no error. */
	assert_int_equal(step[1].hdr.error, EAGAIN);
	assert_int_equal(step[2].hdr.error, EAGAIN);
	assert_int_equal(step[2].hdr.state, XEN_NOXS_STATE_CLOSED);
	assert_int_equal(step[3].hdr.state, XEN_NOXS_STATE_CONNECTED);
	assert_int_equal(front->hdr.state, XEN_NOXS_STATE_CONNECTED);
	assert_int_equal(front->hdr.error, 0);
	assert_int_equal(front->hdr.magic, XEN_NOXS_FRONT_MAGIC);
	assert_int_equal(front->hdr.version, XEN_NOXS_VERSION);
	assert_int_equal(front->hdr.size, sizeof(body));
	assert_int_equal(front->hdr.features, 3);
	assert_int_equal(front->hdr.seq | front->hdr.pad, 0);

	nr_steps = 0;
	os_wmb_hook = record_step;
	noxs_device_set_state(seen.dev, 13, XEN_NOXS_STATE_CLOSING, 71);
	os_wmb_hook = NULL;
	assert_int_equal(step[0].hdr.state, XEN_NOXS_STATE_CLOSING);
	assert_int_equal(step[0].hdr.generation, 12);
	assert_int_equal(front->hdr.generation, 13);
	assert_int_equal(front->hdr.error, 71);
	assert_int_equal(front->hdr.size, sizeof(body));
	noxs_device_notify(seen.dev, 0);
	noxs_device_notify(seen.dev, 1);
	assert_int_equal(os_notified(PORT), 1);
	finish();
}

static void resume_keeps_the_device(void **state)
{
	(void)state;
	slot_add(0);
	slot_add(1);
	assert_int_equal(bus_init(), 0);
	os_slot_remove(1);
	os_device_page()->slot[0].port[0] = 20;
	os_device_page()->slot[0].seq = 50;
	assert_int_equal(noxs_bus_resume(&bus), 0);
	assert_int_equal(seen.lost, 2);
	assert_int_equal(seen.removed, 1);
	assert_int_equal(seen.probed, 2);
	assert_int_equal(seen.changed, 3);
	assert_true(os_port_bound(20));
	assert_false(os_port_bound(PORT) || os_port_bound(PORT + 1));
	finish();
}

static void resume_in_other_slots(void **state)
{
	struct xen_noxs_slot *slot = os_device_page()->slot, was;

	(void)state;
	slot_add(0);
	slot_add(1);
	slot_add(2);
	assert_int_equal(bus_init(), 0);
	was = slot[0];
	slot[0] = slot[2];
	slot[2] = slot[1];
	slot[1] = was;
	assert_int_equal(noxs_bus_resume(&bus), 0);
	assert_int_equal(seen.lost, 3);
	assert_int_equal(seen.removed, 0);
	assert_int_equal(seen.probed, 3);
	assert_int_equal(seen.changed, 6);
	assert_true(os_port_bound(PORT) && os_port_bound(PORT + 1) &&
		    os_port_bound(PORT + 2));
	finish();
}

static void generation_alone_resets(void **state)
{
	(void)state;
	slot_add(0);
	assert_int_equal(bus_init(), 0);
	os_device_page()->generation++;
	assert_int_equal(noxs_bus_scan(&bus), 0);
	assert_int_equal(noxs_bus_scan(&bus), 0);
	assert_int_equal(seen.lost, 1);
	assert_int_equal(seen.removed, 0);
	assert_int_equal(seen.changed, 2);
	finish();
}

static void serial_alone_resets(void **state)
{
	(void)state;
	slot_add(0);
	assert_int_equal(bus_init(), 0);
	os_device_page()->serial++;
	os_raise_virq();
	noxs_bus_poll(&bus);
	assert_int_equal(seen.lost, 1);
	os_raise_virq();
	noxs_bus_poll(&bus);
	assert_int_equal(seen.lost, 1);
	finish();
}

static void resume_of_another_device(void **state)
{
	(void)state;
	slot_add(0);
	assert_int_equal(bus_init(), 0);
	os_device_page()->slot[0].id = 33;
	assert_int_equal(noxs_bus_resume(&bus), 0);
	assert_int_equal(seen.removed, 1);
	assert_int_equal(seen.probed, 2);
	assert_int_equal(seen.dev->slot.id, 33);
	finish();
}

static void resume_that_fails(void **state)
{
	(void)state;
	slot_add(0);
	assert_int_equal(bus_init(), 0);
	os_fail_at(1);
	assert_int_equal(noxs_bus_resume(&bus), -ENOMEM);
	os_fail_at(0);
	assert_int_equal(seen.removed, 1);
	assert_int_equal(noxs_bus_scan(&bus), -ENODEV);
	finish();
}

static void each_failing_call(void **state)
{
	unsigned int n;
	int rc;

	(void)state;
	for (n = 1;; n++) {
		setup(NULL);
		slot_add(0);
		slot_add(1);
		os_fail_at(n);
		rc = bus_init();
		if (!rc) {
			slot_add(10);
			noxs_bus_poll(&bus);
			noxs_bus_resume(&bus);
			noxs_bus_fini(&bus);
		}
		assert_int_equal(seen.probed, seen.removed);
		assert_true(os_clean());
		if (!os_fail_hit())
			break;
	}
	assert_in_range(n, 15, 60);
	assert_int_equal(rc, 0);
}

static void failed_device_comes_at_the_next_scan(void **state)
{
	unsigned int n, missed = 0;

	(void)state;
	for (n = 1; n < 30; n++) {
		setup(NULL);
		assert_int_equal(bus_init(), 0);
		slot_add(10);
		os_fail_at(n);
		noxs_bus_poll(&bus);
		missed += os_fail_hit();
		noxs_bus_scan(&bus);
		assert_int_equal(seen.probed - seen.removed, 1);
		finish();
	}
	assert_in_range(missed, 3, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(probe_finds_no_noxs, setup),
		cmocka_unit_test_setup(finds_devices_of_its_types, setup),
		cmocka_unit_test_setup(hot_add_and_remove, setup),
		cmocka_unit_test_setup(replaced_in_its_slot, setup),
		cmocka_unit_test_setup(port_moves_to_an_earlier_slot, setup),
		cmocka_unit_test_setup(fewer_slots, setup),
		cmocka_unit_test_setup(torn_slot_is_read_again, setup),
		cmocka_unit_test_setup(slot_torn_after_the_copy, setup),
		cmocka_unit_test_setup(slot_torn_for_ever, setup),
		cmocka_unit_test_setup(invalid_slots, setup),
		cmocka_unit_test_setup(driver_that_does_not_want, setup),
		cmocka_unit_test_setup(events_and_publishes, setup),
		cmocka_unit_test_setup(back_area_is_read_whole, setup),
		cmocka_unit_test_setup(back_area_is_validated, setup),
		cmocka_unit_test_setup(back_area_may_end_early, setup),
		cmocka_unit_test_setup(front_area_is_written_in_order, setup),
		cmocka_unit_test_setup(resume_keeps_the_device, setup),
		cmocka_unit_test_setup(resume_in_other_slots, setup),
		cmocka_unit_test_setup(generation_alone_resets, setup),
		cmocka_unit_test_setup(serial_alone_resets, setup),
		cmocka_unit_test_setup(resume_of_another_device, setup),
		cmocka_unit_test_setup(resume_that_fails, setup),
		cmocka_unit_test_setup(each_failing_call, setup),
		cmocka_unit_test_setup(failed_device_comes_at_the_next_scan,
				       setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

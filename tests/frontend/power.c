/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * power.c owns the tests of the power device: a toolstack that keeps to the
 * rules and one that does not, suspend and resume with the bus called from
 * inside of the command.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "noxs_power.h"
#include "os_unit.h"

#define PORT	5
#define SLOT	0

#define F(cmd)	XEN_NOXS_POWER_F(XEN_NOXS_POWER_##cmd)

/* What the OS was told, and what it does. */
static struct {
	unsigned int commands;		/* calls */
	unsigned int cmd;
	uint64_t arg;
	uint32_t ack_id, ack_error;	/* as the toolstack sees them meanwhile */
	int rc, check_rc;
	void (*doing)(void);
} seen;

static struct noxs_bus bus;
static struct noxs_power power;
static struct xen_noxs_power_back back;

static const volatile struct xen_noxs_power_front *front(void)
{
	return os_front(SLOT);
}

static int os_check(void *arg, unsigned int cmd, uint64_t cmd_arg)
{
	(void)cmd;
	(void)cmd_arg;
	assert_ptr_equal(arg, &seen);
	return seen.check_rc;
}

static int os_command(void *arg, unsigned int cmd, uint64_t cmd_arg)
{
	assert_ptr_equal(arg, &seen);
	seen.commands++;
	seen.cmd = cmd;
	seen.arg = cmd_arg;
	seen.ack_id = front()->ack_id;
	seen.ack_error = front()->ack_error;
	if (seen.doing)
		seen.doing();
	return seen.rc;
}

static const struct noxs_power_ops ops = {
	.check = os_check, .command = os_command,
};
static struct noxs_power_config cfg;
static const struct noxs_driver *const drivers[] = { &power.drv };

static void back_reset(void)
{
	memset(&back, 0, sizeof(back));
	back.hdr.magic = XEN_NOXS_BACK_MAGIC;
	back.hdr.version = XEN_NOXS_VERSION;
	back.hdr.size = sizeof(back);
	back.hdr.state = XEN_NOXS_STATE_INIT;
	back.hdr.generation = 10;
}

/* A device as the toolstack makes it with the domain. */
static void device_add(void)
{
	memcpy(os_back(SLOT), &back, sizeof(back));
	os_slot_add(SLOT, XEN_NOXS_TYPE_POWER, 0, PORT);
}

static int setup(void **state)
{
	(void)state;
	os_reset();
	memset(&seen, 0, sizeof(seen));
	cfg = (struct noxs_power_config){
		.ops = &ops, .arg = &seen,
		.commands = XEN_NOXS_POWER_F_ALL,
	};
	assert_int_equal(noxs_power_init(&power, &cfg), 0);
	back_reset();
	return 0;
}

static void start(void)
{
	assert_int_equal(noxs_bus_init(&bus, drivers, 1, NULL, NULL), 0);
}

static void finish(void)
{
	noxs_bus_fini(&bus);
	assert_true(os_clean());
}

/* What an OS does when it is woken. */
static void run(void)
{
	unsigned int n;

	for (n = 0; n < 10; n++) {
		if (noxs_bus_pending(&bus))
			noxs_bus_poll(&bus);
		if (noxs_power_pending(&power))
			noxs_power_poll(&power);
		else if (!noxs_bus_pending(&bus))
			return;
	}
	fail_msg("the guest does not come to rest");
}

static void publish(uint32_t cmd, uint32_t id, uint64_t arg)
{
	back.hdr.state = XEN_NOXS_STATE_CONNECTED;
	back.cmd = cmd;
	back.cmd_id = id;
	back.arg = arg;
	os_publish(SLOT, &back, sizeof(back));
}

static void acknowledged(uint32_t id, uint32_t error)
{
	assert_int_equal(front()->ack_id, id);
	assert_int_equal(front()->ack_error, error);
	assert_int_equal(front()->hdr.state, XEN_NOXS_STATE_CONNECTED);
}

/* --- the rules ------------------------------------------------------------ */

static void answers_the_offer(void **state)
{
	(void)state;
	cfg.commands = F(POWEROFF) | F(SUSPEND);
	device_add();
	start();
	run();
	assert_int_equal(front()->hdr.magic, XEN_NOXS_FRONT_MAGIC);
	assert_int_equal(front()->hdr.version, XEN_NOXS_VERSION);
	assert_int_equal(front()->hdr.size, sizeof(*front()));
	assert_int_equal(front()->hdr.generation, 10);
	assert_int_equal(front()->hdr.features, F(POWEROFF) | F(SUSPEND));
	assert_int_equal(front()->hdr.error, 0);
	acknowledged(0, 0);
	assert_int_equal(seen.commands, 0);
	/* Nobody waits for an event at the other end. */
	assert_int_equal(os_notified(PORT), 0);
	finish();
	assert_int_equal(front()->hdr.state, XEN_NOXS_STATE_CLOSED);
}

static void acknowledges_before_it_does(void **state)
{
	static const unsigned int cmds[] = {
		XEN_NOXS_POWER_POWEROFF, XEN_NOXS_POWER_REBOOT,
		XEN_NOXS_POWER_SUSPEND,
	};
	unsigned int i;

	(void)state;
	device_add();
	start();
	for (i = 0; i < 3; i++) {
		publish(cmds[i], 70 + i, 0);
		run();
		assert_int_equal(seen.commands, i + 1);
		assert_int_equal(seen.cmd, cmds[i]);
		assert_int_equal(seen.arg, 0);
		assert_int_equal(seen.ack_id, 70 + i);
		assert_int_equal(seen.ack_error, 0);
		acknowledged(70 + i, 0);
	}
	finish();
}

static void memory_is_done_before_it_is_acknowledged(void **state)
{
	(void)state;
	device_add();
	start();
	publish(XEN_NOXS_POWER_MEMORY, 1, 0x123456789aull);
	run();
	assert_int_equal(seen.cmd, XEN_NOXS_POWER_MEMORY);
	assert_int_equal(seen.arg, 0x123456789aull);
	assert_int_equal(seen.ack_id, 0);
	acknowledged(1, 0);
	seen.rc = -ENOMEM;
	publish(XEN_NOXS_POWER_MEMORY, 2, 4096);
	run();
	assert_int_equal(seen.ack_id, 1);
	acknowledged(2, ENOMEM);
	finish();
}

/* Whoever sees the id sees the error that is of it. */
static uint32_t id_before;

static void error_is_there(void)
{
	if (front()->ack_id != id_before)
		assert_int_equal(front()->ack_error, EOPNOTSUPP);
}

static void error_comes_before_the_id(void **state)
{
	(void)state;
	device_add();
	start();
	publish(XEN_NOXS_POWER_REBOOT, 3, 0);
	run();
	id_before = 3;
	os_wmb_hook = error_is_there;
	publish(77, 4, 0);
	run();
	os_wmb_hook = NULL;
	acknowledged(4, EOPNOTSUPP);
	finish();
}

static void same_command_is_done_once(void **state)
{
	unsigned int i;

	(void)state;
	device_add();
	start();
	publish(XEN_NOXS_POWER_SUSPEND, 9, 0);
	run();
	for (i = 0; i < 5; i++) {
		publish(XEN_NOXS_POWER_SUSPEND, 9, 0);
		run();
		os_raise(PORT);
		run();
		os_raise_virq();
		run();
	}
	assert_int_equal(seen.commands, 1);
	acknowledged(9, 0);
	/* Numbers go round; only the last one taken counts. */
	publish(XEN_NOXS_POWER_SUSPEND, 8, 0);
	run();
	publish(XEN_NOXS_POWER_SUSPEND, 9, 0);
	run();
	assert_int_equal(seen.commands, 3);
	finish();
}

static void command_from_before_the_driver(void **state)
{
	(void)state;
	back.hdr.state = XEN_NOXS_STATE_CONNECTED;
	back.cmd = XEN_NOXS_POWER_POWEROFF;
	back.cmd_id = 1;
	device_add();
	start();
	run();
	assert_int_equal(seen.commands, 1);
	assert_int_equal(seen.ack_id, 1);
	acknowledged(1, 0);
	assert_int_equal(front()->hdr.features, XEN_NOXS_POWER_F_ALL);
	finish();
}

static void later_command_makes_the_earlier_void(void **state)
{
	(void)state;
	device_add();
	start();
	publish(XEN_NOXS_POWER_REBOOT, 1, 0);
	noxs_bus_poll(&bus);
	publish(XEN_NOXS_POWER_MEMORY, 2, 1024);
	run();
	assert_int_equal(seen.commands, 1);
	assert_int_equal(seen.cmd, XEN_NOXS_POWER_MEMORY);
	acknowledged(2, 0);
	/* Taken back before it was taken. */
	publish(XEN_NOXS_POWER_REBOOT, 3, 0);
	noxs_bus_poll(&bus);
	assert_true(noxs_power_pending(&power));
	publish(XEN_NOXS_POWER_MEMORY, 2, 1024);
	run();
	assert_int_equal(seen.commands, 1);
	acknowledged(2, 0);
	finish();
}

static void memory_may_take_its_time(void **state)
{
	(void)state;
	device_add();
	start();
	seen.rc = NOXS_POWER_LATER;
	publish(XEN_NOXS_POWER_MEMORY, 1, 1024);
	run();
	acknowledged(0, 0);
	noxs_power_done(&power, -EIO);
	acknowledged(1, EIO);
	noxs_power_done(&power, 0);
	acknowledged(1, EIO);
	/* Another command came meanwhile: the end of this one is no news. */
	publish(XEN_NOXS_POWER_MEMORY, 2, 1024);
	run();
	seen.rc = 0;
	publish(XEN_NOXS_POWER_REBOOT, 3, 0);
	run();
	noxs_power_done(&power, -EIO);
	acknowledged(3, 0);
	finish();
}

static void refused_by_the_os(void **state)
{
	(void)state;
	device_add();
	start();
	seen.check_rc = -EBUSY;
	publish(XEN_NOXS_POWER_SUSPEND, 1, 0);
	run();
	acknowledged(1, EBUSY);
	publish(XEN_NOXS_POWER_MEMORY, 2, 4);
	run();
	acknowledged(2, EBUSY);
	assert_int_equal(seen.commands, 0);
	seen.check_rc = 0;
	publish(XEN_NOXS_POWER_SUSPEND, 3, 0);
	run();
	assert_int_equal(seen.commands, 1);
	finish();
}

static void init_refuses(void **state)
{
	static const struct noxs_power_ops none;

	(void)state;
	cfg.commands = 1;
	assert_int_equal(noxs_power_init(&power, &cfg), -EINVAL);
	cfg.commands = 1u << (XEN_NOXS_POWER_MAX + 1);
	assert_int_equal(noxs_power_init(&power, &cfg), -EINVAL);
	cfg.commands = F(POWEROFF);
	cfg.ops = &none;
	assert_int_equal(noxs_power_init(&power, &cfg), -EINVAL);
	cfg.ops = &ops;
	assert_int_equal(noxs_power_init(&power, &cfg), 0);
	/* Nothing is there: nothing is due. */
	assert_int_equal(noxs_power_poll(&power), 0);
	noxs_power_done(&power, 0);
}

/* --- hostile ---------------------------------------------------------------- */

static void unknown_commands(void **state)
{
	static const uint32_t cmds[] = {
		XEN_NOXS_POWER_NONE, XEN_NOXS_POWER_MAX + 1, 31, 32, 33,
		0x80000000u, 0xffffffffu,
	};
	unsigned int i;

	(void)state;
	device_add();
	start();
	for (i = 0; i < sizeof(cmds) / sizeof(cmds[0]); i++) {
		publish(cmds[i], 100 + i, 0);
		run();
		acknowledged(100 + i, EOPNOTSUPP);
	}
	assert_int_equal(seen.commands, 0);
	/* Known to the ABI, not to this OS. */
	cfg.commands = F(POWEROFF);
	publish(XEN_NOXS_POWER_REBOOT, 1, 0);
	run();
	acknowledged(1, EOPNOTSUPP);
	/* An argument that means nothing yet. */
	publish(XEN_NOXS_POWER_POWEROFF, 2, 1);
	run();
	acknowledged(2, EINVAL);
	assert_int_equal(seen.commands, 0);
	finish();
}

/* Each byte of the area wrong in turn: a command, a refusal or a closed
 * device, and a good offer makes it good again. */
static void any_byte_wrong(void **state)
{
	unsigned int o, closed = 0;
	uint32_t id = 1000;

	(void)state;
	device_add();
	start();
	for (o = 0; o < sizeof(back); o++) {
		struct xen_noxs_power_back good;

		if (o >= offsetof(struct xen_noxs_area_hdr, seq) &&
		    o < offsetof(struct xen_noxs_area_hdr, state))
			continue;	/* Xen's own */
		back.hdr.state = XEN_NOXS_STATE_CONNECTED;
		back.cmd = XEN_NOXS_POWER_REBOOT;
		back.cmd_id = ++id;
		back.arg = 0;
		good = back;
		((uint8_t *)&back)[o] ^= 0xa5;
		os_publish(SLOT, &back, sizeof(back));
		run();
		if (front()->hdr.state == XEN_NOXS_STATE_CLOSED) {
			closed++;
			assert_int_equal(front()->hdr.error, EPROTO);
		}
		back = good;
		publish(XEN_NOXS_POWER_REBOOT, ++id, 0);
		run();
		acknowledged(id, 0);
	}
	/* magic, version, size, state, pad: 4 + 2 + 1 or 2 + 4 + 4 */
	assert_in_range(closed, 15, 16);
	finish();
}

static void republishes_while_it_is_read(void)
{
	back.cmd_id++;
	os_publish(SLOT, &back, sizeof(back));
}

static void never_still(void **state)
{
	(void)state;
	device_add();
	start();
	os_rmb_hook = republishes_while_it_is_read;
	publish(XEN_NOXS_POWER_REBOOT, 1, 0);
	assert_int_equal(noxs_bus_poll(&bus), -EAGAIN);
	assert_false(noxs_power_pending(&power));
	os_rmb_hook = NULL;
	run();
	assert_int_equal(seen.commands, 1);
	acknowledged(back.cmd_id, 0);
	finish();
}

static void no_command_before_connected(void **state)
{
	(void)state;
	back.cmd = XEN_NOXS_POWER_POWEROFF;
	back.cmd_id = 4;
	device_add();
	start();
	run();
	assert_int_equal(seen.commands, 0);
	acknowledged(0, 0);
	finish();
}

static void closes_and_opens(void **state)
{
	(void)state;
	device_add();
	start();
	publish(XEN_NOXS_POWER_REBOOT, 1, 0);
	noxs_bus_poll(&bus);
	back.hdr.state = XEN_NOXS_STATE_CLOSING;
	os_publish(SLOT, &back, sizeof(back));
	run();
	assert_int_equal(seen.commands, 0);
	assert_int_equal(front()->hdr.state, XEN_NOXS_STATE_CLOSED);
	back.hdr.generation++;
	back.hdr.state = XEN_NOXS_STATE_INIT;
	os_publish(SLOT, &back, sizeof(back));
	run();
	assert_int_equal(front()->hdr.generation, 11);
	acknowledged(0, 0);
	publish(XEN_NOXS_POWER_REBOOT, 2, 0);
	run();
	acknowledged(2, 0);
	/* A new offer keeps the word that was given. */
	back.hdr.generation++;
	os_publish(SLOT, &back, sizeof(back));
	run();
	assert_int_equal(front()->hdr.generation, 12);
	acknowledged(2, 0);
	assert_int_equal(seen.commands, 1);
	finish();
}

static void second_power_device_is_left_alone(void **state)
{
	(void)state;
	device_add();
	os_slot_add(1, XEN_NOXS_TYPE_POWER, 1, PORT + 1);
	start();
	run();
	acknowledged(0, 0);
	assert_false(os_port_bound(PORT + 1));
	finish();
}

static void removed_with_a_command_due(void **state)
{
	(void)state;
	device_add();
	start();
	publish(XEN_NOXS_POWER_REBOOT, 1, 0);
	noxs_bus_poll(&bus);
	os_slot_remove(SLOT);
	run();
	assert_int_equal(seen.commands, 0);
	assert_int_equal(noxs_power_poll(&power), 0);
	/* A new device counts from the start. */
	back_reset();
	device_add();
	run();
	publish(XEN_NOXS_POWER_REBOOT, 1, 0);
	run();
	assert_int_equal(seen.commands, 1);
	finish();
}

/* --- suspend and resume -------------------------------------------------------- */

/* The domain is another one: pages, ports and device are new, Xen says so. */
static void become_another(void)
{
	struct xen_noxs_device_page *page = os_device_page();

	page->serial += 5;
	page->generation++;
	memset(os_front(SLOT), 0, XEN_NOXS_AREA_SIZE);
	back_reset();
	memcpy(os_back(SLOT), &back, sizeof(back));
	page->slot[SLOT].port[0] = 30;
}

static void sleep_and_wake_elsewhere(void)
{
	become_another();
	assert_int_equal(noxs_bus_resume(&bus), 0);
}

static void resumed_as_another_domain(void **state)
{
	(void)state;
	device_add();
	start();
	seen.doing = sleep_and_wake_elsewhere;
	publish(XEN_NOXS_POWER_SUSPEND, 1, 0);
	run();
	assert_int_equal(seen.commands, 1);
	/* No word of the life before. */
	acknowledged(0, 0);
	assert_true(os_port_bound(30));
	assert_false(os_port_bound(PORT));
	/* Its number is free again: the next save of the new domain. */
	publish(XEN_NOXS_POWER_SUSPEND, 1, 0);
	run();
	assert_int_equal(seen.commands, 2);
	finish();
}

static void sleep_and_find_a_command(void)
{
	become_another();
	back.hdr.state = XEN_NOXS_STATE_CONNECTED;
	back.cmd = XEN_NOXS_POWER_MEMORY;
	back.cmd_id = 1;
	back.arg = 8192;
	memcpy(os_back(SLOT), &back, sizeof(back));
	seen.doing = NULL;
	assert_int_equal(noxs_bus_resume(&bus), 0);
}

static void commanded_before_it_woke(void **state)
{
	(void)state;
	device_add();
	start();
	seen.doing = sleep_and_find_a_command;
	publish(XEN_NOXS_POWER_SUSPEND, 1, 0);
	noxs_bus_poll(&bus);
	assert_int_equal(noxs_power_poll(&power), -EAGAIN);
	run();
	assert_int_equal(seen.commands, 2);
	assert_int_equal(seen.cmd, XEN_NOXS_POWER_MEMORY);
	acknowledged(1, 0);
	finish();
}

static void sleep_and_be_woken(void)
{
	/* Nobody has to, but may. */
	assert_int_equal(noxs_bus_resume(&bus), 0);
}

static void cancelled_suspend(void **state)
{
	(void)state;
	device_add();
	start();
	publish(XEN_NOXS_POWER_SUSPEND, 1, 0);
	run();
	os_raise(PORT);
	run();
	assert_int_equal(seen.commands, 1);
	seen.doing = sleep_and_be_woken;
	publish(XEN_NOXS_POWER_SUSPEND, 2, 0);
	run();
	assert_int_equal(seen.commands, 2);
	/* The same device: its word stands. */
	acknowledged(2, 0);
	publish(XEN_NOXS_POWER_SUSPEND, 3, 0);
	run();
	assert_int_equal(seen.commands, 3);
	finish();
}

/* A MEMORY that was under way belongs to the domain that it was said to. */
static void resumed_with_memory_under_way(void **state)
{
	(void)state;
	device_add();
	start();
	seen.rc = NOXS_POWER_LATER;
	publish(XEN_NOXS_POWER_MEMORY, 6, 1024);
	run();
	become_another();
	assert_int_equal(noxs_bus_resume(&bus), 0);
	noxs_power_done(&power, 0);
	acknowledged(0, 0);
	finish();
}

static void sleep_and_lose_the_device(void)
{
	os_device_page()->generation++;
	os_slot_remove(SLOT);
	assert_int_equal(noxs_bus_resume(&bus), 0);
}

static void resumed_without_a_power_device(void **state)
{
	(void)state;
	device_add();
	start();
	seen.doing = sleep_and_lose_the_device;
	publish(XEN_NOXS_POWER_SUSPEND, 1, 0);
	run();
	assert_int_equal(seen.commands, 1);
	assert_false(noxs_power_pending(&power));
	noxs_power_done(&power, 0);
	finish();
}

static void bus_starts_again(void **state)
{
	(void)state;
	device_add();
	start();
	publish(XEN_NOXS_POWER_SUSPEND, 1, 0);
	run();
	noxs_bus_fini(&bus);
	assert_int_equal(front()->hdr.state, XEN_NOXS_STATE_CLOSED);
	start();
	run();
	/* Still published, done already. */
	assert_int_equal(seen.commands, 1);
	acknowledged(1, 0);
	finish();
}

static void each_failing_call(void **state)
{
	unsigned int n;

	(void)state;
	for (n = 1;; n++) {
		setup(NULL);
		device_add();
		os_fail_at(n);
		if (!noxs_bus_init(&bus, drivers, 1, NULL, NULL)) {
			publish(XEN_NOXS_POWER_REBOOT, 1, 0);
			os_raise_virq();	/* what failed is tried again */
			run();
			assert_int_equal(seen.commands, 1);
			noxs_bus_resume(&bus);
			noxs_bus_fini(&bus);
		}
		assert_true(os_clean());
		if (!os_fail_hit())
			break;
	}
	assert_in_range(n, 6, 20);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, setup)
	const struct CMUnitTest tests[] = {
		T(answers_the_offer),
		T(acknowledges_before_it_does),
		T(memory_is_done_before_it_is_acknowledged),
		T(error_comes_before_the_id),
		T(same_command_is_done_once),
		T(command_from_before_the_driver),
		T(later_command_makes_the_earlier_void),
		T(memory_may_take_its_time),
		T(refused_by_the_os),
		T(init_refuses),
		T(unknown_commands),
		T(any_byte_wrong),
		T(never_still),
		T(no_command_before_connected),
		T(closes_and_opens),
		T(second_power_device_is_left_alone),
		T(removed_with_a_command_due),
		T(resumed_as_another_domain),
		T(commanded_before_it_woke),
		T(cancelled_suspend),
		T(resumed_with_memory_under_way),
		T(resumed_without_a_power_device),
		T(bus_starts_again),
		T(each_failing_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

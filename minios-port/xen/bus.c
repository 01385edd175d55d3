// SPDX-License-Identifier: BSD-2-Clause
/*
 * The noxs bus and its thread.
 */
#include <errno.h>
#include <stdio.h>

#include "minios/boot.h"
#include "minios/bus.h"
#include "minios/power.h"
#include "minios/sched.h"
#include "minios/xenbus.h"
#include "noxs_power.h"

static struct noxs_bus bus;
static struct noxs_power power;
static const struct bus_client *client;
static bool tried, up;
static struct waitq work;

void bus_wake(void)
{
	waitq_wake(&work);
}

static void wake(void *arg)
{
	(void)arg;
	bus_wake();
}

static const struct noxs_bus_ops ops = { .wake = wake };

static int command(void *arg, unsigned int cmd, uint64_t cmd_arg)
{
	int rc = power_do(cmd, cmd_arg);

	(void)arg;
	return rc < 0 ? rc : 0;
}

static const struct noxs_power_ops power_ops = { .command = command };
static const struct noxs_power_config power_config = {
	.ops = &power_ops,
	.commands = XEN_NOXS_POWER_F_ALL,
};

/*
 * Over noxs; or over XenStore, if there is no noxs, or nothing in it for us,
 * and the toolstack gave this domain a XenStore page.
 */
static int begin(void)
{
	static const struct noxs_driver *drivers[2];
	unsigned int nr = 0;
	uint32_t port;
	int rc;

	tried = true;
	drivers[nr++] = &power.drv;
	if (client)
		drivers[nr++] = client->driver;
	rc = noxs_bus_init(&bus, drivers, nr, &ops, NULL);
	if ((!rc && !bus.page->nr_slots) || rc == -ENOSYS) {
		if (boot_store(&port)) {
			if (!rc)
				noxs_bus_fini(&bus);
			rc = xenbus_start();
			if (!rc)
				rc = noxs_bus_init(&bus, drivers, nr, &ops,
						   NULL);
		}
	}
	up = !rc;
	return rc;
}

int bus_attach(const struct bus_client *c)
{
	int rc;

	/* It may have begun without. */
	if (up)
		noxs_bus_fini(&bus);
	client = c;
	rc = begin();
	bus_wake();
	return rc;
}

bool bus_poll(void)
{
	bool more;

	if (!up)
		return false;
	more = noxs_bus_pending(&bus) && noxs_bus_poll(&bus) == -EAGAIN;
	if (noxs_power_pending(&power) && noxs_power_poll(&power) == -EAGAIN)
		more = true;
	return more;
}

void bus_resume(void)
{
	int rc;

	if (!up)
		return;
	if (xenbus_active)
		xenbus_resume();
	rc = noxs_os_resume();
	if (!rc)
		rc = noxs_bus_resume(&bus);
	if (rc && rc != -EAGAIN)
		printf("bus: not resumed: %d\n", rc);
	bus_wake();
}

static void bus_thread(void *arg)
{
	(void)arg;
	if (!tried)
		begin();
	for (;;) {
		uint64_t deadline = SCHED_FOREVER;

		if (client)
			deadline = client->round();
		else if (bus_poll())
			deadline = 0;
		if (deadline)
			waitq_wait(&work, deadline);
		else
			sched_yield();
	}
}

int bus_init(void)
{
	int rc = noxs_power_init(&power, &power_config);

	return rc ? rc : thread_create("bus", bus_thread, NULL);
}

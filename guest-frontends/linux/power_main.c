// SPDX-License-Identifier: GPL-2.0-only
/*
 * power_main.c owns noxs_power.ko: what the toolstack asks for, done by the
 * kernel's own means.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/reboot.h>
#include <linux/workqueue.h>

#include <xen/xen.h>

#include "noxs_linux.h"
#include "noxs_power.h"
#include "power.h"

/* The balloon may have to wait for user space to let go of memory. */
#define MEMORY_TRIES	100
#define MEMORY_DELAY	(HZ / 10)

static struct noxs_power power;			/* bus lock */
static struct noxs_driver core_driver;
static struct noxs_linux_driver driver = {
	.driver.name = "noxs_power",
	.core = &core_driver,
};
static struct workqueue_struct *wq;
static unsigned int memory_tries;		/* bus lock */

/* --- commands ----------------------------------------------------------------- */

static void memory_work(struct work_struct *work)
{
	struct delayed_work *again = to_delayed_work(work);
	int rc;

	noxs_bus_lock();
	rc = noxs_memory_reached();
	if (rc == -EAGAIN && --memory_tries) {
		queue_delayed_work(wq, again, MEMORY_DELAY);
	} else {
		if (rc)
			noxs_memory_give_up();
		noxs_power_done(&power, rc ? -ENOMEM : 0);
	}
	noxs_bus_unlock();
}
static DECLARE_DELAYED_WORK(memory, memory_work);

static int power_check(void *arg, unsigned int cmd, uint64_t cmd_arg)
{
	if (system_state > SYSTEM_RUNNING)
		return -EBUSY;
	return cmd == XEN_NOXS_POWER_MEMORY ? noxs_memory_check(cmd_arg) : 0;
}

static int power_command(void *arg, unsigned int cmd, uint64_t cmd_arg)
{
	switch (cmd) {
	case XEN_NOXS_POWER_POWEROFF:
		/* At once, if there is no user space yet that could do it. */
		orderly_poweroff(system_state < SYSTEM_RUNNING);
		return 0;
	case XEN_NOXS_POWER_REBOOT:
		orderly_reboot();
		return 0;
	case XEN_NOXS_POWER_SUSPEND:
		noxs_suspend();
		return 0;
	case XEN_NOXS_POWER_MEMORY:
		noxs_memory_set(cmd_arg);
		memory_tries = MEMORY_TRIES;
		mod_delayed_work(wq, &memory, 0);
		return NOXS_POWER_LATER;
	default:
		return -EOPNOTSUPP;
	}
}

static const struct noxs_power_ops ops = {
	.check = power_check,
	.command = power_command,
};

static struct noxs_power_config config = { .ops = &ops };

static void power_work_fn(struct work_struct *work)
{
	noxs_bus_lock();
	while (noxs_power_pending(&power))
		noxs_power_poll(&power);
	noxs_bus_unlock();
}
static DECLARE_WORK(power_work, power_work_fn);

/* In the bus's call nothing may be done yet. */
static void power_changed(struct noxs_device *dev)
{
	power.drv.changed(dev);
	if (noxs_power_pending(&power))
		queue_work(wq, &power_work);
}

/* --- the module ----------------------------------------------------------------- */

static int __init noxs_power_module_init(void)
{
	int rc;

	if (!xen_domain())
		return -ENODEV;
	config.commands = XEN_NOXS_POWER_F(XEN_NOXS_POWER_POWEROFF) |
			  XEN_NOXS_POWER_F(XEN_NOXS_POWER_REBOOT) |
			  XEN_NOXS_POWER_F(XEN_NOXS_POWER_MEMORY);
	if (noxs_suspend_init())
		config.commands |= XEN_NOXS_POWER_F(XEN_NOXS_POWER_SUSPEND);
	noxs_memory_init();
	rc = noxs_power_init(&power, &config);
	if (rc)
		return rc;
	core_driver = power.drv;
	core_driver.changed = power_changed;
	wq = alloc_ordered_workqueue("noxs-power", 0);
	if (!wq)
		return -ENOMEM;
	rc = noxs_driver_register(&driver);
	if (rc)
		destroy_workqueue(wq);
	return rc;
}

static void __exit noxs_power_module_exit(void)
{
	noxs_driver_unregister(&driver);
	cancel_delayed_work_sync(&memory);
	destroy_workqueue(wq);
}

module_init(noxs_power_module_init);
module_exit(noxs_power_module_exit);

MODULE_DESCRIPTION("noxs: Xen devices without XenStore, power off to suspend");
MODULE_ALIAS("noxs:t3");
MODULE_LICENSE("GPL");

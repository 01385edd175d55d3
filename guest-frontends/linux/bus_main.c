// SPDX-License-Identifier: GPL-2.0-only
/*
 * bus_main.c owns noxs_bus.ko: the one bus of this domain, the lock around it,
 * and the work that follows it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>

#include <xen/xen.h>

#include "noxs_linux.h"
#include "internal.h"

/* How often to ask again for pages that a backend still maps. */
#define RETRY		(HZ / 2)
/* How often, and in what time, before the module goes without them. */
#define MAX_STOPS	20
#define STOP_MS		100

static struct noxs_bus bus;
static DEFINE_MUTEX(bus_mutex);
/* Ordered: noxs_devices_settle() runs once at a time. */
static struct workqueue_struct *wq;
static void bus_work(struct work_struct *work);
static DECLARE_DELAYED_WORK(work, bus_work);

void noxs_bus_lock(void)
{
	mutex_lock(&bus_mutex);
}
EXPORT_SYMBOL_GPL(noxs_bus_lock);

void noxs_bus_unlock(void)
{
	mutex_unlock(&bus_mutex);
}
EXPORT_SYMBOL_GPL(noxs_bus_unlock);

void noxs_bus_kick(void)
{
	mod_delayed_work(wq, &work, 0);
}
EXPORT_SYMBOL_GPL(noxs_bus_kick);

static void bus_wake(void *arg)
{
	noxs_bus_kick();
}

static void bus_work(struct work_struct *w)
{
	bool again, later;
	int rc;

	noxs_bus_lock();
	rc = noxs_bus_poll(&bus);
	noxs_events_reap();
	again = noxs_bus_pending(&bus);
	later = rc == -ENOMEM || bus.limbo;
	noxs_bus_unlock();
	noxs_devices_settle();
	if (again)
		noxs_bus_kick();
	else if (later)
		queue_delayed_work(wq, &work, RETRY);
}

/* --- suspend ---------------------------------------------------------------- */

void noxs_bus_leave(void)
{
	lockdep_assert_held(&bus_mutex);
	noxs_events_leave();
	noxs_frames_leave();
}
EXPORT_SYMBOL_GPL(noxs_bus_leave);

bool noxs_bus_back(void)
{
	int rc;

	if (!noxs_events_lost()) {
		noxs_frames_back();
		noxs_events_back();
		return false;
	}
	rc = noxs_bus_resume(&bus);
	if (rc && rc != -EAGAIN)
		pr_err("not resumed: %d\n", rc);
	noxs_bus_kick();
	return true;
}
EXPORT_SYMBOL_GPL(noxs_bus_back);

/* --- life ------------------------------------------------------------------- */

static const struct noxs_bus_ops ops = {
	.wake = bus_wake,
	.appeared = noxs_devices_appeared,
	.vanished = noxs_devices_vanished,
};

static int bus_begin(void)
{
	int rc;

	noxs_bus_lock();
	rc = noxs_bus_init(&bus, NULL, 0, &ops, NULL);
	noxs_bus_unlock();
	switch (rc) {
	case 0:
		noxs_bus_kick();
		return 0;
	case -ENOSYS:
		pr_info("this Xen has no noxs\n");
		return -ENODEV;
	case -EPROTO:
		pr_err("this Xen speaks another noxs\n");
		return -ENODEV;
	default:
		pr_err("no device page: %d\n", rc);
		return rc;
	}
}

static int __init noxs_bus_module_init(void)
{
	int rc;

	if (!xen_domain()) {
		pr_info("not a guest of Xen\n");
		return -ENODEV;
	}
	wq = alloc_ordered_workqueue("noxs", 0);
	if (!wq)
		return -ENOMEM;
	rc = noxs_devices_init();
	if (rc)
		goto err_wq;
	rc = bus_begin();
	if (rc)
		goto err_devices;
	return 0;

err_devices:
	noxs_devices_fini();
err_wq:
	destroy_workqueue(wq);
	return rc;
}

/* The drivers are gone already: they use this module. */
static void __exit noxs_bus_module_exit(void)
{
	unsigned int tries = 0;

	noxs_bus_lock();
	/* What a backend still maps is lost, if it does not let go of it. */
	while (noxs_bus_stop(&bus) == -EBUSY && tries++ < MAX_STOPS)
		msleep(STOP_MS);
	noxs_bus_fini(&bus);
	noxs_events_fini();
	noxs_bus_unlock();
	cancel_delayed_work_sync(&work);
	noxs_devices_settle();
	noxs_devices_fini();
	destroy_workqueue(wq);
}

module_init(noxs_bus_module_init);
module_exit(noxs_bus_module_exit);

#ifndef MODULE
/* Built in: what the domain has from its start is there before process 1. */
static int __init noxs_bus_settle(void)
{
	flush_delayed_work(&work);
	return 0;
}
late_initcall(noxs_bus_settle);
#endif

/* For the drivers. */
EXPORT_SYMBOL_GPL(noxs_device_read_back);
EXPORT_SYMBOL_GPL(noxs_device_write_front);
EXPORT_SYMBOL_GPL(noxs_device_write_word);
EXPORT_SYMBOL_GPL(noxs_device_echo);
EXPORT_SYMBOL_GPL(noxs_device_set_state);
EXPORT_SYMBOL_GPL(noxs_device_notify);
EXPORT_SYMBOL_GPL(noxs_device_poke);
EXPORT_SYMBOL_GPL(noxs_pool_create);
EXPORT_SYMBOL_GPL(noxs_pool_destroy);

MODULE_DESCRIPTION("noxs: Xen devices without XenStore, the bus");
MODULE_LICENSE("GPL");

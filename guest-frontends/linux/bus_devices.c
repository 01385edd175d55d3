// SPDX-License-Identifier: GPL-2.0-only
/*
 * bus_devices.c owns the Linux bus type "noxs": its devices, their sysfs
 * attributes and uevents, and the way of a device to its driver.
 *
 * The core calls appeared() and vanished() with the bus lock held, under which
 * nothing may be registered: a driver's probe takes that lock itself.  So both
 * only make a note, and noxs_devices_settle() tells Linux later.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/list.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <linux/wait.h>

#include "noxs_linux.h"

struct noxs_ldev {
	struct device dev;
	struct noxs_device *core;	/* bus lock; NULL: it has vanished */
	uint16_t id;
	uint8_t type;
	struct list_head list;		/* of news */
};

#define to_ldev(d)	container_of(d, struct noxs_ldev, dev)
#define to_ldrv(d)	container_of(d, struct noxs_linux_driver, driver)

/* Where they hang in the tree of devices. */
static struct device *root;

/* bus lock */
static LIST_HEAD(arrivals);
static LIST_HEAD(departures);

/* Not freed yet: somebody may hold a device for longer than it is there. */
static atomic_t nr_ldevs = ATOMIC_INIT(0);
static DECLARE_WAIT_QUEUE_HEAD(no_ldevs);

static const char *const type_names[] = {
	[XEN_NOXS_TYPE_NET] = "vif",
	[XEN_NOXS_TYPE_CONSOLE] = "console",
	[XEN_NOXS_TYPE_POWER] = "power",
	[XEN_NOXS_TYPE_BLOCK] = "vbd",
};

/* --- sysfs ---------------------------------------------------------------- */

static ssize_t type_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	return sysfs_emit(buf, "%u\n", to_ldev(dev)->type);
}
static DEVICE_ATTR_RO(type);

static ssize_t id_show(struct device *dev, struct device_attribute *attr,
		       char *buf)
{
	return sysfs_emit(buf, "%u\n", to_ldev(dev)->id);
}
static DEVICE_ATTR_RO(id);

static ssize_t backend_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	struct noxs_device *core;
	ssize_t rc = -ENODEV;

	noxs_bus_lock();
	core = to_ldev(dev)->core;
	if (core)
		rc = sysfs_emit(buf, "%u\n", core->slot.backend);
	noxs_bus_unlock();
	return rc;
}
static DEVICE_ATTR_RO(backend);

static ssize_t modalias_show(struct device *dev, struct device_attribute *attr,
			     char *buf)
{
	return sysfs_emit(buf, "noxs:t%u\n", to_ldev(dev)->type);
}
static DEVICE_ATTR_RO(modalias);

static struct attribute *ldev_attrs[] = {
	&dev_attr_type.attr,
	&dev_attr_id.attr,
	&dev_attr_backend.attr,
	&dev_attr_modalias.attr,
	NULL,
};
ATTRIBUTE_GROUPS(ldev);

/* --- the bus type ----------------------------------------------------------- */

static int bus_match(struct device *dev, struct device_driver *drv)
{
	return to_ldev(dev)->type == to_ldrv(drv)->core->type;
}

static int bus_uevent(struct device *dev, struct kobj_uevent_env *env)
{
	const struct noxs_ldev *ldev = to_ldev(dev);

	return add_uevent_var(env, "NOXS_TYPE=%u", ldev->type) ?:
	       add_uevent_var(env, "NOXS_ID=%u", ldev->id) ?:
	       add_uevent_var(env, "MODALIAS=noxs:t%u", ldev->type);
}

static int bus_probe(struct device *dev)
{
	struct noxs_ldev *ldev = to_ldev(dev);
	int rc = -ENODEV;

	noxs_bus_lock();
	if (ldev->core)
		rc = noxs_device_attach(ldev->core, to_ldrv(dev->driver)->core);
	noxs_bus_unlock();
	return rc;
}

static void bus_remove(struct device *dev)
{
	struct noxs_ldev *ldev = to_ldev(dev);

	noxs_bus_lock();
	/* If it has vanished, its driver heard of it then. */
	if (ldev->core)
		noxs_device_detach(ldev->core);
	noxs_bus_unlock();
}

static struct bus_type bus_type = {
	.name = "noxs",
	.dev_groups = ldev_groups,
	.match = bus_match,
	.uevent = bus_uevent,
	.probe = bus_probe,
	.remove = bus_remove,
};

int __noxs_driver_register(struct noxs_linux_driver *drv, struct module *owner,
			   const char *mod_name)
{
	drv->driver.bus = &bus_type;
	drv->driver.owner = owner;
	drv->driver.mod_name = mod_name;
	return driver_register(&drv->driver);
}
EXPORT_SYMBOL_GPL(__noxs_driver_register);

void noxs_driver_unregister(struct noxs_linux_driver *drv)
{
	driver_unregister(&drv->driver);
}
EXPORT_SYMBOL_GPL(noxs_driver_unregister);

/* --- devices ---------------------------------------------------------------- */

static void ldev_release(struct device *dev)
{
	kfree(to_ldev(dev));
	if (atomic_dec_and_test(&nr_ldevs))
		wake_up(&no_ldevs);
}

void noxs_devices_appeared(void *arg, struct noxs_device *core)
{
	struct noxs_ldev *ldev = kzalloc(sizeof(*ldev), GFP_KERNEL);

	/* Nobody will drive it. */
	if (!ldev)
		return;
	atomic_inc(&nr_ldevs);
	device_initialize(&ldev->dev);
	ldev->dev.bus = &bus_type;
	ldev->dev.parent = root;
	ldev->dev.release = ldev_release;
	ldev->core = core;
	ldev->type = core->slot.type;
	ldev->id = core->slot.id;
	core->os = ldev;
	list_add_tail(&ldev->list, &arrivals);
}

void noxs_devices_vanished(void *arg, struct noxs_device *core)
{
	struct noxs_ldev *ldev = core->os;

	if (!ldev)
		return;
	ldev->core = NULL;
	list_move_tail(&ldev->list, &departures);
}

struct device *noxs_device_linux(struct noxs_device *dev)
{
	struct noxs_ldev *ldev = dev->os;

	return &ldev->dev;
}
EXPORT_SYMBOL_GPL(noxs_device_linux);

static struct noxs_ldev *news(struct list_head *list)
{
	struct noxs_ldev *ldev;

	noxs_bus_lock();
	ldev = list_first_entry_or_null(list, struct noxs_ldev, list);
	if (ldev)
		list_del_init(&ldev->list);
	noxs_bus_unlock();
	return ldev;
}

static void arrive(struct noxs_ldev *ldev)
{
	const char *name = ldev->type < ARRAY_SIZE(type_names) ?
			   type_names[ldev->type] : NULL;
	int rc;

	if (name)
		rc = dev_set_name(&ldev->dev, "%s%u", name, ldev->id);
	else
		rc = dev_set_name(&ldev->dev, "type%u-%u", ldev->type,
				  ldev->id);
	if (!rc)
		rc = device_add(&ldev->dev);
	if (rc)
		pr_err("device %u of type %u not registered: %d\n", ldev->id,
		       ldev->type, rc);
}

static void depart(struct noxs_ldev *ldev)
{
	if (device_is_registered(&ldev->dev))
		device_del(&ldev->dev);
	put_device(&ldev->dev);
}

void noxs_devices_settle(void)
{
	struct noxs_ldev *ldev;

	/* First these: what came may have the name of what went. */
	while ((ldev = news(&departures)))
		depart(ldev);
	while ((ldev = news(&arrivals)))
		arrive(ldev);
}

int noxs_devices_init(void)
{
	int rc;

	root = root_device_register("noxs");
	if (IS_ERR(root))
		return PTR_ERR(root);
	rc = bus_register(&bus_type);
	if (rc)
		root_device_unregister(root);
	return rc;
}

/* Of this module, what frees devices must stay until it has. */
void noxs_devices_fini(void)
{
	wait_event(no_ldevs, !atomic_read(&nr_ldevs));
	bus_unregister(&bus_type);
	root_device_unregister(root);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * noxs_bus.c owns the list of devices: it follows the device page and hands
 * devices to drivers and back.
 */
#include "internal.h"

/* --- devices ------------------------------------------------------------ */

static void ports_unbind(struct noxs_device *dev)
{
	unsigned int i;

	for (i = 0; i < XEN_NOXS_MAX_PORTS; i++) {
		if (dev->port[i].bound)
			noxs_os_evtchn_unbind(dev->slot.port[i]);
		dev->port[i].bound = false;
	}
}

static int ports_bind(struct noxs_device *dev)
{
	unsigned int i;
	int rc;

	for (i = 0; i < dev->slot.nr_ports; i++) {
		dev->port[i].dev = dev;
		rc = noxs_os_evtchn_bind(dev->slot.port[i], noxs_device_event,
					 &dev->port[i]);
		if (rc) {
			ports_unbind(dev);
			return rc;
		}
		dev->port[i].bound = true;
	}
	return 0;
}

static int areas_find(struct noxs_device *dev)
{
	struct noxs_bus *bus = dev->bus;
	int rc = noxs_pair_map(bus, dev->slot.pair);

	if (rc)
		return rc;
	dev->front = (uint8_t *)bus->front[dev->slot.pair] + dev->slot.offset;
	dev->back = (const uint8_t *)bus->back[dev->slot.pair] +
		    dev->slot.offset;
	dev->front_used = false;
	/* Odd: no publish has this number, so the first one is news. */
	dev->back_seq = 1;
	return 0;
}

static const struct noxs_driver *driver_find(const struct noxs_bus *bus,
					     unsigned int type)
{
	unsigned int i;

	for (i = 0; i < bus->nr_drivers; i++)
		if (bus->drivers[i]->type == type)
			return bus->drivers[i];
	return NULL;
}

static void device_remove(struct noxs_bus *bus, unsigned int i, bool gone)
{
	struct noxs_device *dev = bus->dev[i];

	if (!dev)
		return;
	bus->dev[i] = NULL;
	dev->gone = gone;
	ports_unbind(dev);
	if (dev->drv)
		dev->drv->remove(dev);
	noxs_os_free(dev);
}

static int device_add(struct noxs_bus *bus, unsigned int i,
		      const struct xen_noxs_slot *slot)
{
	const struct noxs_driver *drv = driver_find(bus, slot->type);
	struct noxs_device *dev;
	int rc;

	dev = noxs_os_alloc(sizeof(*dev));
	if (!dev)
		return -ENOMEM;
	dev->bus = bus;
	dev->slot = *slot;
	if (!drv)
		goto out;	/* remembered, so that nobody looks again */
	rc = areas_find(dev);
	if (rc)
		goto err_free;
	dev->drv = drv;
	rc = drv->probe(dev);
	if (rc == -ENOMEM)
		goto err_free;	/* there may be more at the next scan */
	if (rc) {
		dev->drv = NULL;
		goto out;
	}
	rc = ports_bind(dev);
	if (rc)
		goto err_remove;
	bus->dev[i] = dev;
	drv->changed(dev);
	return 0;
out:
	bus->dev[i] = dev;
	return 0;

err_remove:
	drv->remove(dev);
err_free:
	noxs_os_free(dev);
	return rc;
}

/* The domain is another one now, the device may still be the same. */
static void device_reset(struct noxs_bus *bus, unsigned int i,
			 unsigned int nr_slots)
{
	struct noxs_device *dev = bus->dev[i];
	struct xen_noxs_slot slot;
	int rc;

	if (!dev)
		return;
	ports_unbind(dev);
	if (dev->drv)
		dev->drv->lost(dev);
	rc = i < nr_slots ? noxs_slot_read(bus, i, &slot) : -ENOENT;
	if (rc || slot.state != XEN_NOXS_SLOT_PRESENT ||
	    slot.type != dev->slot.type || slot.id != dev->slot.id) {
		device_remove(bus, i, true);
		return;
	}
	dev->slot = slot;
	if (!dev->drv)
		return;
	rc = areas_find(dev);
	if (!rc)
		rc = ports_bind(dev);
	if (rc) {
		noxs_os_log(NOXS_OS_ERROR, "noxs: %s%u: not resumed: %d\n",
			    dev->drv->name, dev->slot.id, rc);
		device_remove(bus, i, true);
		return;
	}
	dev->drv->changed(dev);
}

/* --- scan ----------------------------------------------------------------- */

static int slot_gone(struct noxs_bus *bus, unsigned int i,
		     unsigned int nr_slots)
{
	struct xen_noxs_slot slot;
	int rc = 0;

	if (!bus->dev[i])
		return 0;
	if (i < nr_slots)
		rc = noxs_slot_read(bus, i, &slot);
	if (rc == -EAGAIN)
		return rc;
	if (rc || i >= nr_slots || slot.state != XEN_NOXS_SLOT_PRESENT ||
	    slot.seq != bus->dev[i]->slot.seq)
		device_remove(bus, i, true);
	return 0;
}

static int slot_appeared(struct noxs_bus *bus, unsigned int i)
{
	struct xen_noxs_slot slot;
	int rc;

	if (bus->dev[i])
		return 0;
	rc = noxs_slot_read(bus, i, &slot);
	if (!rc && slot.state == XEN_NOXS_SLOT_PRESENT)
		rc = device_add(bus, i, &slot);
	if (rc && rc != -EAGAIN)
		noxs_os_log(NOXS_OS_ERROR, "noxs: slot %u not usable: %d\n",
			    i, rc);
	return rc;
}

int noxs_bus_scan(struct noxs_bus *bus)
{
	unsigned int i, nr_slots;
	uint32_t generation;
	int rc = 0, r;

	if (!bus->page)
		return -ENODEV;
	/* Before the first look: what is announced from now on is news. */
	noxs_flag_take(&bus->rescan);
	r = noxs_page_check(bus, &nr_slots);
	if (r)
		return r;
	generation = bus->page->generation;
	if (generation != bus->generation) {
		bus->generation = generation;
		for (i = 0; i < XEN_NOXS_MAX_SLOTS; i++)
			device_reset(bus, i, nr_slots);
	}
	/*
	 * All that went before anything that came: a new device may have the
	 * port number of an old one.
	 */
	for (i = 0; i < XEN_NOXS_MAX_SLOTS; i++)
		if (slot_gone(bus, i, nr_slots))
			rc = -EAGAIN;
	for (i = 0; i < nr_slots; i++) {
		r = slot_appeared(bus, i);
		if (r == -EAGAIN || (r == -ENOMEM && !rc))
			rc = r;
	}
	if (rc == -EAGAIN) {
		noxs_flag_set(&bus->rescan);
		noxs_flag_set(&bus->pending);
	}
	return rc;
}

bool noxs_bus_pending(const struct noxs_bus *bus)
{
	return noxs_flag_get(&bus->pending);
}

int noxs_bus_poll(struct noxs_bus *bus)
{
	unsigned int i;
	int rc = 0;

	if (!noxs_flag_take(&bus->pending))
		return 0;
	if (noxs_flag_get(&bus->rescan))
		rc = noxs_bus_scan(bus);
	for (i = 0; i < XEN_NOXS_MAX_SLOTS; i++) {
		struct noxs_device *dev = bus->dev[i];

		if (dev && dev->drv && noxs_flag_take(&dev->pending))
			dev->drv->changed(dev);
	}
	noxs_pool_retry(bus);
	return noxs_bus_pending(bus) ? -EAGAIN : rc;
}

/* Event context. */
static void bus_virq(void *data)
{
	struct noxs_bus *bus = data;

	noxs_flag_set(&bus->rescan);
	noxs_flag_set(&bus->pending);
	if (bus->ops && bus->ops->wake)
		bus->ops->wake(bus->arg);
}

/* --- life ------------------------------------------------------------------- */

static int version_probe(struct noxs_bus *bus)
{
	struct xen_noxs_version version = { 0 };
	int rc = noxs_os_hypercall(XEN_NOXS_OP_version, &version);

	if (rc)
		return rc;
	if (version.magic != XEN_NOXS_MAGIC)
		return -ENOSYS;
	if (version.version != XEN_NOXS_VERSION ||
	    version.area_size != XEN_NOXS_AREA_SIZE)
		return -EPROTO;
	bus->virq = version.virq;
	return 0;
}

int noxs_bus_init(struct noxs_bus *bus,
		  const struct noxs_driver *const *drivers, unsigned int nr,
		  const struct noxs_bus_ops *ops, void *arg)
{
	int rc;

	memset(bus, 0, sizeof(*bus));
	bus->drivers = drivers;
	bus->nr_drivers = nr;
	bus->ops = ops;
	bus->arg = arg;
	rc = version_probe(bus);
	if (rc)
		return rc;
	rc = noxs_page_map(bus);
	if (rc)
		goto err_unmap;
	bus->generation = bus->page->generation;
	/* Before the scan: a change after it must not be missed. */
	rc = noxs_os_virq_bind(bus->virq, bus_virq, bus);
	if (rc)
		goto err_unmap;
	bus->virq_bound = true;
	noxs_bus_scan(bus);
	return 0;

err_unmap:
	noxs_pages_unmap(bus);
	return rc;
}

int noxs_bus_stop(struct noxs_bus *bus)
{
	unsigned int i;

	if (bus->virq_bound)
		noxs_os_virq_unbind(bus->virq);
	bus->virq_bound = false;
	for (i = 0; i < XEN_NOXS_MAX_SLOTS; i++)
		device_remove(bus, i, false);
	noxs_pool_retry(bus);
	return bus->limbo ? -EBUSY : 0;
}

void noxs_bus_fini(struct noxs_bus *bus)
{
	noxs_bus_stop(bus);
	noxs_pool_abandon(bus);
	noxs_pages_unmap(bus);
}

int noxs_bus_resume(struct noxs_bus *bus)
{
	unsigned int i;
	int rc;

	/* No event looks into a page while it is being replaced. */
	for (i = 0; i < XEN_NOXS_MAX_SLOTS; i++)
		if (bus->dev[i])
			ports_unbind(bus->dev[i]);
	noxs_pages_unmap(bus);
	rc = noxs_page_map(bus);
	if (rc)
		goto err_remove;
	/* Whatever the page says, the devices start anew. */
	bus->generation = ~bus->page->generation;
	return noxs_bus_scan(bus);

err_remove:
	for (i = 0; i < XEN_NOXS_MAX_SLOTS; i++)
		device_remove(bus, i, true);
	return rc;
}

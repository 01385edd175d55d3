/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * noxs_probe.c owns the way of a device to its driver and back: areas, ports,
 * and the order in which they come and go.
 */
#include "internal.h"

void noxs_ports_unbind(struct noxs_device *dev)
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
			noxs_ports_unbind(dev);
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

void noxs_device_remove(struct noxs_bus *bus, unsigned int i, bool gone)
{
	struct noxs_device *dev = bus->dev[i];

	if (!dev)
		return;
	bus->dev[i] = NULL;
	dev->gone = gone;
	noxs_ports_unbind(dev);
	if (dev->drv)
		dev->drv->remove(dev);
	dev->drv = NULL;
	if (dev->announced)
		bus->ops->vanished(bus->arg, dev);
	noxs_os_free(dev);
}

/*
 * Map, probe, bind: for a device without a driver.  A failure leaves it so;
 * refused: it was probe's.
 */
static int drive(struct noxs_device *dev, const struct noxs_driver *drv,
		 bool *refused)
{
	int rc = areas_find(dev);

	*refused = false;
	if (rc)
		return rc;
	dev->drv = drv;
	rc = drv->probe(dev);
	if (rc) {
		*refused = true;
		goto err_drv;
	}
	rc = ports_bind(dev);
	if (rc)
		goto err_remove;
	return 0;

err_remove:
	drv->remove(dev);
err_drv:
	dev->drv = NULL;
	return rc;
}

int noxs_device_attach(struct noxs_device *dev, const struct noxs_driver *drv)
{
	bool refused;
	int rc;

	if (dev->drv)
		return -EBUSY;
	if (drv->type != dev->slot.type)
		return -EINVAL;
	rc = drive(dev, drv, &refused);
	if (!rc)
		drv->changed(dev);
	return rc;
}

void noxs_device_detach(struct noxs_device *dev)
{
	const struct noxs_driver *drv = dev->drv;

	if (!drv)
		return;
	noxs_ports_unbind(dev);
	drv->remove(dev);
	dev->drv = NULL;
	dev->priv = NULL;
	noxs_flag_take(&dev->pending);
}

int noxs_device_add(struct noxs_bus *bus, unsigned int i,
		    const struct xen_noxs_slot *slot)
{
	const struct noxs_driver *drv = driver_find(bus, slot->type);
	struct noxs_device *dev;
	bool refused = false;
	int rc = 0;

	dev = noxs_os_alloc(sizeof(*dev));
	if (!dev)
		return -ENOMEM;
	dev->bus = bus;
	dev->slot = *slot;
	if (drv)
		rc = drive(dev, drv, &refused);
	/* There may be more memory at the next scan. */
	if (rc && (!refused || rc == -ENOMEM)) {
		noxs_os_free(dev);
		return rc;
	}
	/* Also without a driver: remembered, so that nobody looks again. */
	bus->dev[i] = dev;
	if (dev->drv) {
		dev->drv->changed(dev);
	} else if (!drv && bus->ops && bus->ops->appeared) {
		dev->announced = true;
		bus->ops->appeared(bus->arg, dev);
	}
	return 0;
}

/* The driver begins anew, in the areas that the device has now, or ends. */
static void device_restart(struct noxs_device *dev)
{
	int rc = dev->gone ? 0 : areas_find(dev);

	dev->gone |= rc != 0;
	dev->drv->lost(dev);
	if (!dev->gone)
		rc = ports_bind(dev);
	if (rc) {
		noxs_os_log(NOXS_OS_ERROR, "noxs: %s%u: not resumed: %d\n",
			    dev->drv->name, dev->slot.id, rc);
		dev->gone = true;
	}
	if (!dev->gone)
		dev->drv->changed(dev);
}

void noxs_device_reset(struct noxs_bus *bus, unsigned int i,
		       unsigned int nr_slots)
{
	struct noxs_device *dev = bus->dev[i];
	struct xen_noxs_slot slot;
	int rc;

	if (!dev)
		return;
	noxs_ports_unbind(dev);
	rc = i < nr_slots ? noxs_slot_read(bus, i, &slot) : -ENOENT;
	dev->gone = rc || slot.state != XEN_NOXS_SLOT_PRESENT ||
		    slot.type != dev->slot.type || slot.id != dev->slot.id;
	if (!dev->gone)
		dev->slot = slot;
	if (dev->drv)
		device_restart(dev);
	if (dev->gone)
		noxs_device_remove(bus, i, true);
}

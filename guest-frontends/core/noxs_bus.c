/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * noxs_bus.c owns the list of devices: it follows the device page and hands
 * devices to drivers and back.
 */
#include "internal.h"

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
		noxs_device_remove(bus, i, true);
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
		rc = noxs_device_add(bus, i, &slot);
	if (rc && rc != -EAGAIN)
		noxs_os_log(NOXS_OS_ERROR, "noxs: slot %u not usable: %d\n",
			    i, rc);
	return rc;
}

/* Does the page number another life than the one that the bus knows? */
static bool life_changed(struct noxs_bus *bus)
{
	uint64_t serial = bus->page->serial;
	uint32_t generation = bus->page->generation;
	bool changed = serial != bus->serial || generation != bus->generation;

	bus->serial = serial;
	bus->generation = generation;
	return changed;
}

/*
 * Another life may have the same devices in other slots, in whatever order its
 * toolstack made them.
 */
static void devices_move(struct noxs_bus *bus, unsigned int nr_slots)
{
	struct noxs_device *dev;
	struct xen_noxs_slot slot;
	unsigned int i, n;

	for (i = 0; i < nr_slots; i++) {
		if (noxs_slot_read(bus, i, &slot) ||
		    slot.state != XEN_NOXS_SLOT_PRESENT)
			continue;
		for (n = 0; n < XEN_NOXS_MAX_SLOTS; n++) {
			dev = bus->dev[n];
			if (!dev || dev->slot.type != slot.type ||
			    dev->slot.id != slot.id)
				continue;
			bus->dev[n] = bus->dev[i];
			bus->dev[i] = dev;
			break;
		}
	}
}

int noxs_bus_scan(struct noxs_bus *bus)
{
	unsigned int i, nr_slots;
	int rc = 0, r;

	if (!bus->page)
		return -ENODEV;
	/* Before the first look: what is announced from now on is news. */
	noxs_flag_take(&bus->rescan);
	r = noxs_page_check(bus, &nr_slots);
	if (r)
		return r;
	if (life_changed(bus)) {
		devices_move(bus, nr_slots);
		for (i = 0; i < XEN_NOXS_MAX_SLOTS; i++)
			noxs_device_reset(bus, i, nr_slots);
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
	life_changed(bus);
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
		noxs_device_remove(bus, i, false);
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
			noxs_ports_unbind(bus->dev[i]);
	noxs_pages_unmap(bus);
	rc = noxs_page_map(bus);
	if (rc)
		goto err_remove;
	/* Whatever the page says, the devices start anew. */
	bus->generation = ~bus->page->generation;
	return noxs_bus_scan(bus);

err_remove:
	for (i = 0; i < XEN_NOXS_MAX_SLOTS; i++)
		noxs_device_remove(bus, i, true);
	return rc;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * noxs_pages.c owns the mapping of the noxs pages and the reading of the
 * device page.
 */
#include "internal.h"

/* Xen rewrites a slot in well under a microsecond. */
#define MAX_READS	64

/* --- the device page --------------------------------------------------- */

int noxs_slot_read(const struct noxs_bus *bus, unsigned int i,
		   struct xen_noxs_slot *out)
{
	const volatile struct xen_noxs_slot *slot = &bus->page->slot[i];
	unsigned int n, port;

	for (n = 0; n < MAX_READS; n++) {
		uint32_t seq = slot->seq;

		/* Xen changes seq between the old slot and the new one ... */
		xen_rmb();
		noxs_copy_in(out, slot, sizeof(*out));
		/* ... so the same seq on both sides means one slot. */
		xen_rmb();
		if (slot->seq == seq && out->seq == seq &&
		    slot->state == out->state)
			break;
	}
	if (n == MAX_READS)
		return -EAGAIN;
	if (out->state != XEN_NOXS_SLOT_PRESENT) {
		out->state = XEN_NOXS_SLOT_EMPTY;
		return 0;
	}
	if (out->nr_ports > XEN_NOXS_MAX_PORTS || !out->nr_ports ||
	    out->pair >= XEN_NOXS_MAX_PAIRS || out->pad ||
	    out->offset % XEN_NOXS_AREA_SIZE ||
	    out->offset >= NOXS_OS_PAGE_SIZE)
		return -EPROTO;
	for (port = 0; port < out->nr_ports; port++)
		if (!out->port[port])
			return -EPROTO;
	return 0;
}

int noxs_page_check(const struct noxs_bus *bus, unsigned int *nr_slots)
{
	const volatile struct xen_noxs_device_page *page = bus->page;
	unsigned int nr = page->nr_slots;

	if (page->magic != XEN_NOXS_MAGIC ||
	    page->version != XEN_NOXS_VERSION || nr > XEN_NOXS_MAX_SLOTS)
		return -EPROTO;
	*nr_slots = nr;
	return 0;
}

/* --- control pages ------------------------------------------------------ */

int noxs_pair_map(struct noxs_bus *bus, unsigned int pair)
{
	int rc;

	if (!bus->front[pair]) {
		rc = noxs_os_map_page(XEN_NOXS_PAGE_FRONT(pair), true,
				      &bus->front[pair]);
		if (rc)
			return rc;
	}
	if (!bus->back[pair]) {
		rc = noxs_os_map_page(XEN_NOXS_PAGE_BACK(pair), false,
				      &bus->back[pair]);
		if (rc)
			return rc;
	}
	return 0;
}

void noxs_pages_unmap(struct noxs_bus *bus)
{
	unsigned int pair;

	for (pair = 0; pair < XEN_NOXS_MAX_PAIRS; pair++) {
		if (bus->front[pair])
			noxs_os_unmap_page(XEN_NOXS_PAGE_FRONT(pair),
					   bus->front[pair]);
		if (bus->back[pair])
			noxs_os_unmap_page(XEN_NOXS_PAGE_BACK(pair),
					   bus->back[pair]);
		bus->front[pair] = NULL;
		bus->back[pair] = NULL;
	}
	if (bus->page)
		noxs_os_unmap_page(XEN_NOXS_PAGE_DEVICE, bus->page_addr);
	bus->page = NULL;
}

int noxs_page_map(struct noxs_bus *bus)
{
	unsigned int nr;
	int rc;

	rc = noxs_os_map_page(XEN_NOXS_PAGE_DEVICE, false, &bus->page_addr);
	if (rc)
		return rc;
	bus->page = bus->page_addr;
	return noxs_page_check(bus, &nr);
}

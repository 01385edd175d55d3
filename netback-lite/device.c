// SPDX-License-Identifier: BSD-2-Clause
/* Devices that are there already. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "device.h"
#include "evtchn.h"
#include "guest.h"

#define PATIENCE_MS	200

bool nbl_device_wait(int64_t *until_ms)
{
	int64_t now = nbl_now_ms();

	if (!*until_ms)
		*until_ms = now + PATIENCE_MS;
	if (now >= *until_ms)
		return false;
	usleep(1000);
	return true;
}

int nbl_device_back(struct nbl *nb, const struct xen_noxs_list_entry *e,
		    uint8_t area[XEN_NOXS_AREA_SIZE])
{
	struct xen_noxs_read op = {
		.domid = e->domid,
		.id = e->id,
		.type = XEN_NOXS_TYPE_NET,
		.side = XEN_NOXS_READ_BACK,
		.serial = e->serial,
	};
	int rc = noxs_read(nb->nx, &op);

	if (!rc)
		memcpy(area, op.data, sizeof(op.data));
	return rc;
}

int nbl_device_port(struct nbl *nb, const struct xen_noxs_list_entry *e,
		    unsigned int i, int64_t *until_ms, uint32_t *port)
{
	int rc;

	do {
		rc = nbl_evtchn_bind(nb->ec, e->domid, e->guest_port[i], port);
	} while (rc == -EINVAL && nbl_device_wait(until_ms));
	return rc;
}

int nbl_device_ports(struct nbl_vif *vif, const struct xen_noxs_list_entry *e,
		     int64_t *until_ms, char err[NBL_ERROR_SIZE])
{
	uint32_t port;
	unsigned int i;
	int rc = 0;

	for (i = 0; !rc && i < e->nr_ports; i++) {
		rc = nbl_device_port(vif->nb, e, i, until_ms, &port);
		if (!rc)
			rc = nbl_vif_port_add(vif, port);
		if (rc)
			nbl_fail(err, rc, "bind event channel %u",
				 e->guest_port[i]);
	}
	if (rc)
		nbl_vif_ports_free(vif);
	return rc;
}

int nbl_device_take(struct nbl_vif *vif, const struct xen_noxs_list_entry *e,
		    char err[NBL_ERROR_SIZE])
{
	int rc;

	vif->slot = e->slot;
	vif->seq = e->seq;
	vif->pair = e->pair;
	vif->offset = e->offset;
	rc = nbl_guest_get(vif->nb, e->domid, e->serial, &vif->guest);
	if (rc)
		return nbl_fail(err, rc, "domain %u", e->domid);
	rc = nbl_vif_map_front(vif);
	if (rc) {
		nbl_fail(err, rc, "look at the front area");
		nbl_guest_put(vif->nb, vif->guest);
	}
	return rc;
}

void nbl_device_release(struct nbl_vif *vif)
{
	nbl_vif_unmap_front(vif);
	nbl_guest_put(vif->nb, vif->guest);
}

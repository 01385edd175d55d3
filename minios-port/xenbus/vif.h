/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One network device between XenStore (device/vif/ID and its backend's
 * directory) and the areas of a noxs device.
 */
#ifndef MINIOS_XENBUS_VIF_H
#define MINIOS_XENBUS_VIF_H

#include <stdbool.h>
#include <stdint.h>

#include "minios/hypercall.h"
#include <xen/noxs.h>

#include "store.h"

/* What was said in XenStore; the frontend's own words are in its area. */
enum xb_phase {
	XB_IDLE,	/* Initialising: waits for the backend's InitWait */
	XB_OFFERED,	/* the frontend has the offer */
	XB_CONNECTED,	/* Connected */
	XB_CLOSED,	/* Closed; waits for the backend to be so, too */
};

struct xb_vif {
	bool used;
	bool listed;			/* by the scan that goes on */
	uint16_t id, backend_id;
	uint32_t port;			/* ours, for the backend to bind */
	enum xb_phase phase;
	struct xen_noxs_net_back back;	/* as last published */
	volatile struct xen_noxs_net_front *front_area;
	volatile struct xen_noxs_net_back *back_area;
	char backend[STORE_PATH_MAX];	/* its directory */
};

/*
 * Takes in device/vif/id: v is cleared but for the areas.  -EIO: XenStore has
 * nothing usable to say of it; -ENOSPC: no port.
 */
int xb_vif_init(struct xb_vif *v, uint16_t id);
void xb_vif_fini(struct xb_vif *v);
/*
 * In another domain: a new port, and the frontend is told that the backend
 * went.  Asks nobody.  -ENOSPC: no port.
 */
int xb_vif_resume(struct xb_vif *v);
/* And what XenStore says there of the same device.  Errors as of init. */
int xb_vif_reread(struct xb_vif *v);
/* Looks at both sides and does what is next.  0, or -EPROTO: no XenStore. */
int xb_vif_update(struct xb_vif *v);
/* Does the frontend's area say what XenStore does not yet? */
bool xb_vif_is_news(const struct xb_vif *v);

#endif

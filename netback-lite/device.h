/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * device.h owns how a vif takes over a device that is there already: one that an
 * earlier process served (adopt.c), or that another domain added (remote.c).
 */
#ifndef NBL_DEVICE_H
#define NBL_DEVICE_H

#include "vif.h"

/*
 * A process that has ended may have descriptors and ports that the kernel is still
 * closing.  *until_ms is when the wait for that ends, 0: it has not begun.  Sleeps a
 * moment; false: it is over.
 */
bool nbl_device_wait(int64_t *until_ms);

/* Its whole back area, by a hypercall: mapping the page takes ten times as long. */
int nbl_device_back(struct nbl *nb, const struct xen_noxs_list_entry *e,
		    uint8_t area[XEN_NOXS_AREA_SIZE]);
/* The guest's port i of e, bound to one of ours; waits for it to be free. */
int nbl_device_port(struct nbl *nb, const struct xen_noxs_list_entry *e,
		    unsigned int i, int64_t *until_ms, uint32_t *port);
/* All of e's are vif's, or none is. */
int nbl_device_ports(struct nbl_vif *vif, const struct xen_noxs_list_entry *e,
		     int64_t *until_ms, char err[NBL_ERROR_SIZE]);

/* Its guest and front area; and to let go of them. */
int nbl_device_take(struct nbl_vif *vif, const struct xen_noxs_list_entry *e,
		    char err[NBL_ERROR_SIZE]);
void nbl_device_release(struct nbl_vif *vif);

#endif

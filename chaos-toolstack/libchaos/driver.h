/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Vifs whose backend is another domain, a driver domain.  Nobody there can be
 * asked: the device is added here, with what is wanted of it in its back area
 * (struct xen_noxs_net_request), and the answer is read there.
 */
#ifndef CHAOS_DRIVER_H
#define CHAOS_DRIVER_H

#include <noxs/netback.h>

#include "find.h"

struct chaos__driver {
	const char *name;	/* of the driver domain, borrowed; NULL: none */
	uint64_t serial;	/* of the guest */
};

/*
 * Adds the device of an ATTACH to the guest, and removes it if it cannot be had.
 * Add does not wait; wait does, up to the context's timeout.  They record their
 * errors: -ESRCH no such driver domain, -ETIMEDOUT nobody answers in it, and
 * what is answered.
 */
int chaos__driver_add(struct chaos *ctx, const char *object, const char *name,
		      const struct noxs_netback_request *req,
		      struct chaos__driver *out);
int chaos__driver_wait(struct chaos *ctx, const char *object,
		       const struct noxs_netback_request *req,
		       const struct chaos__driver *d);
/* Could add succeed?  Is there such a domain? */
int chaos__driver_check(struct chaos *ctx, const char *object, unsigned int vif,
			const char *name);
/* 0 too when it is not there. */
int chaos__driver_remove(struct chaos *ctx, uint32_t domid, unsigned int vif);
/*
 * What the backend says.  0: it was never served, or refused; 1: it is (or was)
 * served, and *state is XEN_NOXS_STATE_*.  -ENOENT no such device.
 */
int chaos__driver_state(struct noxs *nx, uint32_t domid, unsigned int vif,
			unsigned int *state);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of the hypervisor's files share: a host with a dom0 (0), a
 * guest (5) and two more domains that can be backends (2, 3); hypercalls as
 * some domain; a reader that plays the guest.
 */
#ifndef HYPERVISOR_WORLD_H
#define HYPERVISOR_WORLD_H

#include "shim.h"
#include <xen/noxs.h>

#include "hypervisor-ext/xen/common/noxs-private.h"

#define GUEST		5
#define BACKEND		2
#define BACKEND2	3

struct world {
	struct domain *dom0, *guest, *backend, *backend2;
	uint8_t *mem;	/* one page of the caller's memory */
};

extern struct world w;

/* cmocka fixtures.  The tear-down proves that nothing is left. */
int world_setup(void **state);
int world_teardown(void **state);

/* The whole life of a domain.  kill does what domain_kill() does, as often as
 * it has to; bury is what follows when nobody maps a page any more. */
struct domain *domain_new(domid_t domid);
void domain_kill(struct domain *d);
void domain_bury(struct domain *d);
/* What the toolstack's domctls do, counted, with the hooks where Xen has
 * them.  A domain is made paused. */
void domain_pause(struct domain *d);
void domain_unpause(struct domain *d);

/* noxs_op(cmd, arg) as that domain. */
long op_as(struct domain *d, unsigned int cmd, void *arg, size_t size);
long op_dom0(unsigned int cmd, void *arg, size_t size);

/* A good request for vif id of GUEST with dom0 as its backend. */
struct xen_noxs_add add_of(unsigned int id);
/* A port that the backend allocated for GUEST. */
uint32_t port_for(struct domain *backend, domid_t remote);
/* Add vif id; fails the test if it cannot. */
struct xen_noxs_add added(domid_t backend, unsigned int id);
struct xen_noxs_remove remove_of(unsigned int id);
struct xen_noxs_publish publish_of(const struct xen_noxs_add *add,
				   uint16_t mtu);

/* The guest's pages. */
void *page_of(struct domain *d, unsigned int idx);	/* NULL: none */
const struct xen_noxs_device_page *device_page(struct domain *d);
const struct xen_noxs_net_back *back_of(const struct xen_noxs_add *add);
void *front_of(const struct xen_noxs_add *add);

#endif

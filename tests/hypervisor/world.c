// SPDX-License-Identifier: BSD-2-Clause
/* See world.h. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "world.h"

struct world w;

struct domain *domain_new(domid_t domid)
{
	struct domain *d = shim_domain_create(domid);

	d->handle[0] = domid;
	d->controller_pause_count = 1;
	assert_int_equal(noxs_domain_init(d), 0);
	noxs_domain_changed(d);
	return d;
}

void domain_kill(struct domain *d)
{
	int rc;

	d->is_dying = 1;
	do
		rc = noxs_domain_kill(d);
	while (rc == -ERESTART);
	assert_int_equal(rc, 0);
	noxs_domain_changed(d);
}

void domain_bury(struct domain *d)
{
	unsigned int port;

	/* evtchn_destroy() */
	for (port = 1; port < d->max_ports; port++)
		if (d->evtchn[port].state > ECS_RESERVED)
			evtchn_close(d, port, false);
	shim_domain_unlist(d);
	noxs_domain_free(d);
	noxs_domain_free(d);	/* allowed twice */
	noxs_domain_gone();
	shim_domain_free(d);
}

void domain_pause(struct domain *d)
{
	if (++d->controller_pause_count == 1)
		noxs_domain_changed(d);
}

void domain_unpause(struct domain *d)
{
	if (--d->controller_pause_count)
		return;
	d->creation_finished = true;
	noxs_domain_changed(d);
}

int world_setup(void **state)
{
	(void)state;
	shim_reset();
	if (posix_memalign((void **)&w.mem, PAGE_SIZE, PAGE_SIZE))
		return -1;
	memset(w.mem, 0, PAGE_SIZE);
	shim.guest_mem = w.mem;
	shim.guest_size = PAGE_SIZE;
	w.dom0 = domain_new(0);
	w.dom0->is_privileged = true;
	w.dom0->is_translated = false;
	w.backend = domain_new(BACKEND);
	w.backend2 = domain_new(BACKEND2);
	w.guest = domain_new(GUEST);
	shim.current_domain = w.dom0;
	return 0;
}

int world_teardown(void **state)
{
	struct domain *d;

	(void)state;
	shim.on_barrier = NULL;
	shim.on_lock = NULL;
	shim.on_alloc_unbound = NULL;
	shim.fail_at = 0;
	while ((d = shim.domains) != NULL) {
		domain_kill(d);
		domain_bury(d);
	}
	free(w.mem);
	shim_reset();
	return 0;
}

long op_as(struct domain *d, unsigned int cmd, void *arg, size_t size)
{
	struct domain *was = shim.current_domain;
	shim_handle_t handle = { w.mem };
	long rc;

	memcpy(w.mem, arg, size);
	/* What is behind the structure must not be touched. */
	shim.guest_size = size;
	shim.current_domain = d;
	rc = do_noxs_op(cmd, handle);
	shim.current_domain = was;
	shim.guest_size = PAGE_SIZE;
	memcpy(arg, w.mem, size);
	assert_int_equal(shim.rcu, 0);
	return rc;
}

long op_dom0(unsigned int cmd, void *arg, size_t size)
{
	return op_as(w.dom0, cmd, arg, size);
}

struct xen_noxs_add add_of(unsigned int id)
{
	struct xen_noxs_net_back back = {
		.hdr.magic = XEN_NOXS_BACK_MAGIC,
		.hdr.version = XEN_NOXS_VERSION,
		.hdr.size = sizeof(back),
		.hdr.state = XEN_NOXS_STATE_INIT,
		.hdr.generation = 7,
		.mac = { 0, 0x16, 0x3e, 1, 2, id },
		.mtu = 1500,
		.max_queues = 1,
	};
	struct xen_noxs_add add = {
		.domid = GUEST,
		.id = id,
		.type = XEN_NOXS_TYPE_NET,
		.nr_ports = 1,
	};

	memcpy(add.back, &back, sizeof(back));
	return add;
}

uint32_t port_for(struct domain *backend, domid_t remote)
{
	evtchn_alloc_unbound_t alloc = {
		.dom = backend->domain_id, .remote_dom = remote,
	};

	assert_int_equal(evtchn_alloc_unbound(&alloc, 0), 0);
	return alloc.port;
}

struct xen_noxs_add added(domid_t backend, unsigned int id)
{
	struct xen_noxs_add add = add_of(id);

	add.backend = backend;
	assert_int_equal(op_dom0(XEN_NOXS_OP_add, &add, sizeof(add)), 0);
	return add;
}

struct xen_noxs_remove remove_of(unsigned int id)
{
	return (struct xen_noxs_remove){
		.domid = GUEST, .id = id, .type = XEN_NOXS_TYPE_NET,
	};
}

struct xen_noxs_publish publish_of(const struct xen_noxs_add *add,
				   uint16_t mtu)
{
	struct xen_noxs_publish pub = {
		.domid = add->domid, .id = add->id, .type = add->type,
		.serial = add->serial, .size = sizeof(struct xen_noxs_net_back),
	};
	struct xen_noxs_net_back *back = (void *)pub.data;

	memcpy(pub.data, add->back, sizeof(pub.data));
	back->mtu = mtu;
	back->hdr.state = XEN_NOXS_STATE_CONNECTED;
	back->hdr.generation = mtu;
	return pub;
}

void *page_of(struct domain *d, unsigned int idx)
{
	mfn_t mfn;

	return noxs_page_mfn(d, idx, &mfn) ? NULL : mfn_to_page(mfn)->va;
}

const struct xen_noxs_device_page *device_page(struct domain *d)
{
	return page_of(d, XEN_NOXS_PAGE_DEVICE);
}

const struct xen_noxs_net_back *back_of(const struct xen_noxs_add *add)
{
	return (void *)((uint8_t *)page_of(w.guest, XEN_NOXS_PAGE_BACK(add->pair)) +
			add->offset);
}

void *front_of(const struct xen_noxs_add *add)
{
	return (uint8_t *)page_of(w.guest, XEN_NOXS_PAGE_FRONT(add->pair)) +
	       add->offset;
}

// SPDX-License-Identifier: BSD-2-Clause
/* Backends: another domain, one that dies, begins anew, or has no rights. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include <xenctrl.h>

#include "noxs-ops.h"

/* A backend domain other than dom0, with Xen making both ends. */
void test_backend_death(void)
{
	uint32_t guest = domain_create(true), backend = domain_create(true);
	const struct xen_noxs_device_page *page;
	struct xen_noxs_add add, own;
	struct mapping m;

	if (!map(&m, guest, XEN_NOXS_PAGE_DEVICE, 1, PROT_READ))
		die("backend death: set-up");
	page = m.addr;
	ok_rc(add_vif(&own, guest, 0), 0, "backend death: a device of dom0");
	add_init(&add, guest, 1);
	add.backend = backend;
	add.nr_ports = 2;
	ok_rc(op(XEN_NOXS_OP_add, &add, sizeof(add)), 0,
	      "backend death: one of another domain");
	ok(add.port[0] && add.port[1] && add.port[0] != add.port[1] &&
	   add.pair != own.pair, "backend death: with ports of Xen's making");
	{
		xc_evtchn_status_t st = { .dom = backend, .port = add.port[1] };

		ok(!xc_evtchn_status(env.xch, &st) &&
		   st.status == EVTCHNSTAT_interdomain &&
		   st.u.interdomain.dom == guest, "backend death: bound");
	}
	domain_destroy(backend);
	ok(page->slot[add.slot].state == XEN_NOXS_SLOT_EMPTY,
	   "backend death: its device goes");
	ok(page->slot[own.slot].state == XEN_NOXS_SLOT_PRESENT,
	   "backend death: the other stays");
	ok(domain_wait_gone(backend), "backend death: the backend goes");
	ok_rc(remove_vif(guest, 1), -ENOENT, "backend death: nothing to remove");

	/* Its pair is free for a later backend domain. */
	backend = domain_create(true);
	{
		unsigned int pair = add.pair;

		add_init(&add, guest, 1);
		add.backend = backend;
		ok(!op(XEN_NOXS_OP_add, &add, sizeof(add)) && add.pair == pair,
		   "backend death: its pages are used again");
	}
	ok_rc(remove_vif(guest, 1), 0, "backend death: remove");
	{
		xc_evtchn_status_t st = { .dom = backend, .port = add.port[0] };

		ok(!xc_evtchn_status(env.xch, &st) &&
		   st.status == EVTCHNSTAT_closed,
		   "backend death: Xen closes what it opened");
	}
	unmap(&m);
	port_close(own.port[0]);
	domain_destroy(guest);
	domain_destroy(backend);
	ok(domain_wait_gone(guest) && domain_wait_gone(backend),
	   "backend death: the domains go");
}

/* A domain with the domid of one that is gone: what still names the old one by
 * its serial reaches nobody. */
void test_succession(void)
{
	const struct xen_noxs_device_page *page;
	struct xen_noxs_generation g = { .generation = 9 };
	struct xen_noxs_publish pub = { .type = XEN_NOXS_TYPE_NET };
	struct xen_noxs_remove rm = { .type = XEN_NOXS_TYPE_NET };
	struct xen_noxs_state_entry e = { 0 };
	struct xen_noxs_states st;
	struct xen_noxs_add old, new;
	struct mapping m;
	uint32_t domid = domain_create(true);

	g.domid = domid;
	if (add_vif(&old, domid, 0) ||
	    op(XEN_NOXS_OP_generation, &g, sizeof(g)))
		die("succession: set-up");
	domain_destroy(domid);
	if (!domain_wait_gone(domid))
		die("succession: the old one stays");
	if (domain_create_as(domid, true) != domid || add_vif(&new, domid, 0))
		die("succession: the same domid and vif");
	ok(new.serial > old.serial, "succession: another serial");
	pub.domid = rm.domid = domid;
	pub.serial = rm.serial = old.serial;
	pub.size = sizeof(struct xen_noxs_area_hdr);
	memcpy(pub.data, old.back, sizeof(pub.data));
	ok_rc(op(XEN_NOXS_OP_publish, &pub, sizeof(pub)), -ESTALE,
	      "succession: publish to the old one");
	ok_rc(op(XEN_NOXS_OP_remove, &rm, sizeof(rm)), -ESTALE,
	      "succession: remove from the old one");
	if (!map(&m, domid, XEN_NOXS_PAGE_DEVICE, 1, PROT_READ))
		die("succession: map");
	page = m.addr;
	ok(page->serial == new.serial && page->generation == 1 &&
	   page->nr_slots == 1 && slot_is(page, &new),
	   "succession: the new one's page is its own");
	ok(states_has(0, domid, &st, &e) && e.serial == new.serial &&
	   !(e.flags & XEN_NOXS_DOM_STARTED), "succession: and its state");
	unmap(&m);
	port_close(old.port[0]);
	port_close(new.port[0]);
	domain_destroy(domid);
	ok(domain_wait_gone(domid), "succession: the domain goes");
}

/* A backend process that restarts finds its devices and their ports. */
void test_backend_restart(void)
{
	uint32_t domid = domain_create(false);
	struct xen_noxs_list list = { .domid = domid, .backend = 0 };
	struct xen_noxs_add add;
	int port;

	if (add_vif(&add, domid, 7))
		die("restart: set-up");
	port_close(add.port[0]);	/* as the end of its process does */
	ok(!op(XEN_NOXS_OP_list, &list, sizeof(list)) && list.nr == 1 &&
	   list.entry[0].id == 7, "restart: the device is still there");
	port = xenevtchn_bind_interdomain(env.xce, domid,
					  list.entry[0].guest_port[0]);
	ok(port > 0, "restart: its channel can be bound again");
	ok_rc(remove_vif(domid, 7), 0, "restart: remove");
	port_close(port);
	domain_destroy(domid);
	ok(domain_wait_gone(domid), "restart: the domain goes");
}

/* What a backend without rights lives by, from one that has them. */
void test_driver(void)
{
	struct xen_noxs_watch w = { .flags = XEN_NOXS_WATCH_BACKEND };
	struct xen_noxs_list list = { .backend = XEN_NOXS_ANY };
	struct xen_noxs_read good = { 0 }, rd;
	uint32_t domid = domain_create(true);
	unsigned int before = dom0_ports();
	struct xen_noxs_add add;

	w.port = port_for(0);
	ok_rc(op(XEN_NOXS_OP_watch, &w, sizeof(w)), 0, "driver: watch");
	event_pending(w.port);	/* of who had its number before */
	ok(!event_pending(w.port), "driver: nothing has come");
	add_init(&add, domid, 3);
	add.port[0] = XEN_NOXS_PORT_WAIT;
	ok_rc(op(XEN_NOXS_OP_add, &add, sizeof(add)), 0,
	      "driver: add with a port that waits");
	ok(!add.port[0] && dom0_ports() == before + 1,
	   "driver: none was made here");
	ok(event_pending(w.port), "driver: it is told");
	list.domid = (uint16_t)domid;
	ok(!op(XEN_NOXS_OP_list, &list, sizeof(list)) && list.nr == 1 &&
	   list.entry[0].guest_port[0] && !list.entry[0].backend_port[0],
	   "driver: and is listed, with its port");
	good.domid = (uint16_t)domid;
	good.id = 3;
	good.type = XEN_NOXS_TYPE_NET;
	good.side = XEN_NOXS_READ_BACK;

#define READ(rc, what, ...) do {					\
		rd = good;						\
		__VA_ARGS__;						\
		ok_rc(op(XEN_NOXS_OP_read, &rd, sizeof(rd)), rc,	\
		      "read: " what);					\
	} while (0)

	READ(0, "back", (void)0);
	ok(!memcmp(rd.data + sizeof(struct xen_noxs_area_hdr),
		   add.back + sizeof(struct xen_noxs_area_hdr),
		   XEN_NOXS_AREA_SIZE - sizeof(struct xen_noxs_area_hdr)),
	   "read: is what was added");
	READ(0, "front", rd.side = XEN_NOXS_READ_FRONT;
	     rd.serial = add.serial);
	READ(-EINVAL, "side", rd.side = 2);
	READ(-EINVAL, "padding", rd.pad = 1);
	READ(-EINVAL, "type", rd.type = 77);
	READ(-ENOENT, "no such device", rd.id = 4);
	READ(-ESTALE, "serial of another", rd.serial = add.serial + 1);
	READ(-ESRCH, "no such domain", rd.domid = 0x7000);
#undef READ
	ok_rc(remove_vif(domid, 3), 0, "driver: remove");
	ok(event_pending(w.port), "driver: that is told, too");
	domain_destroy(domid);
	ok(domain_wait_gone(domid), "driver: the domain goes");
	w.flags = XEN_NOXS_WATCH_OFF;
	ok_rc(op(XEN_NOXS_OP_watch, &w, sizeof(w)), 0, "driver: off");
	port_close(w.port);
}

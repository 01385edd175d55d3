// SPDX-License-Identifier: BSD-2-Clause
/* The operations of a device: add, publish, limit, list, generation. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include <xenctrl.h>

#include "noxs-ops.h"

/* One field wrong at a time; nothing may come of it. */
void test_add_refusals(void)
{
	uint32_t domid = domain_create(true), bare = domain_create_bare(true);
	unsigned int before = dom0_ports();
	struct xen_noxs_add add, good;
	struct xen_noxs_area_hdr *hdr = (void *)add.back;
	uint32_t port = port_for(domid), other = port_for(bare);

#define REFUSED(rc, what, ...) do {					\
		add = good;						\
		__VA_ARGS__;						\
		ok_rc(op(XEN_NOXS_OP_add, &add, sizeof(add)), rc,	\
		      "add: " what);					\
	} while (0)

	add_init(&good, domid, 0);
	good.port[0] = port;
	REFUSED(-EINVAL, "padding", add.pad = 1);
	REFUSED(-EINVAL, "padding 2", add.pad2 = 1);
	REFUSED(-EINVAL, "no type", add.type = XEN_NOXS_TYPE_NONE);
	REFUSED(-EINVAL, "unknown type", add.type = XEN_NOXS_TYPE_MAX + 1);
	REFUSED(-EINVAL, "no port", add.nr_ports = 0);
	REFUSED(-EINVAL, "too many ports", add.nr_ports = 5);
	REFUSED(-EINVAL, "a port behind the last", add.port[1] = port);
	REFUSED(-EINVAL, "port of another guest", add.port[0] = other);
	REFUSED(-EINVAL, "port that is bound already",
		add.nr_ports = 2; add.port[1] = port);
	REFUSED(-EINVAL, "port out of range", add.port[0] = 0x7fffffff);
	REFUSED(-EINVAL, "back magic", hdr->magic = XEN_NOXS_FRONT_MAGIC);
	REFUSED(-EINVAL, "back version", hdr->version = 2);
	REFUSED(-EINVAL, "back size too small", hdr->size = 31);
	REFUSED(-EINVAL, "back size too large", hdr->size = 513);
	REFUSED(-EINVAL, "back seq", hdr->seq = 2);
	REFUSED(-EINVAL, "back state", hdr->state = 4);
	REFUSED(-EINVAL, "back padding", hdr->pad = 1);
	REFUSED(-ESRCH, "no such guest", add.domid = 0x7000);
	REFUSED(-ESRCH, "no such backend", add.backend = 0x7000);
	REFUSED(-EINVAL, "the caller itself", add.domid = 0; add.backend = domid);
	REFUSED(-EINVAL, "its own backend", add.backend = domid);
	REFUSED(-ESRCH, "DOMID_SELF", add.domid = DOMID_SELF);
	REFUSED(-EINVAL, "guest without a vCPU",
		add.domid = bare; add.port[0] = other);
	REFUSED(0, "the same with nothing wrong", add.pair = 0);
	REFUSED(-EEXIST, "twice", add.port[0] = 0);
#undef REFUSED
	port_close(port);
	port_close(other);
	domain_destroy(domid);
	domain_destroy(bare);
	ok(domain_wait_gone(domid) && domain_wait_gone(bare),
	   "add refusals: domains go");
	ok(dom0_ports() == before, "add refusals: no port left behind");
}

void test_publish(void)
{
	uint32_t domid = domain_create(true);
	struct xen_noxs_publish pub, good;
	struct xen_noxs_net_back *back = (void *)good.data;
	struct xen_noxs_area_hdr *hdr = (void *)pub.data;
	const struct xen_noxs_net_back *seen;
	struct xen_noxs_add add;
	struct mapping m;
	uint32_t seq;

	if (add_vif(&add, domid, 0) ||
	    !map(&m, domid, XEN_NOXS_PAGE_BACK(add.pair), 1, PROT_READ))
		die("publish: set-up");
	seen = (void *)((uint8_t *)m.addr + add.offset);
	seq = seen->hdr.seq;

	memset(&good, 0, sizeof(good));
	good.domid = domid;
	good.type = XEN_NOXS_TYPE_NET;
	good.serial = add.serial;
	good.size = sizeof(*back);
	memcpy(back, add.back, sizeof(*back));
	back->hdr.state = XEN_NOXS_STATE_CONNECTED;
	back->mtu = 9000;

#define PUBLISH(rc, what, ...) do {					\
		pub = good;						\
		__VA_ARGS__;						\
		ok_rc(op(XEN_NOXS_OP_publish, &pub, sizeof(pub)), rc,	\
		      "publish: " what);				\
	} while (0)

	PUBLISH(-EINVAL, "padding", pub.pad = 1);
	PUBLISH(-EINVAL, "padding 2", pub.pad2 = 1);
	PUBLISH(-EINVAL, "flags", pub.flags = 2);
	PUBLISH(-EINVAL, "size too small", pub.size = 31);
	PUBLISH(-EINVAL, "size too large", pub.size = 513);
	PUBLISH(-EINVAL, "seq", hdr->seq = 1);
	PUBLISH(-EINVAL, "state", hdr->state = 77);
	PUBLISH(-ENOENT, "no such device", pub.id = 1);
	PUBLISH(-ESTALE, "serial of another", pub.serial++);
	PUBLISH(-ESTALE, "serial 0", pub.serial = 0);
	PUBLISH(-ESRCH, "no such domain", pub.domid = 0x7000);
	ok(seen->hdr.seq == seq && seen->mtu == 1500,
	   "publish: refused ones change nothing");
	PUBLISH(0, "done", pub.flags = XEN_NOXS_PUBLISH_NOTIFY);
	ok(seen->hdr.seq == seq + 2 && seen->mtu == 9000 &&
	   seen->hdr.state == XEN_NOXS_STATE_CONNECTED, "publish: is seen");
	PUBLISH(0, "header alone", pub.size = sizeof(*hdr);
		hdr->state = XEN_NOXS_STATE_CLOSING);
	ok(seen->hdr.state == XEN_NOXS_STATE_CLOSING && seen->mtu == 9000,
	   "publish: the rest stays");
#undef PUBLISH
	unmap(&m);
	port_close(add.port[0]);
	domain_destroy(domid);
	ok(domain_wait_gone(domid), "publish: the domain goes");
}

void test_limits(void)
{
	struct xen_noxs_limit limit = { 0 };
	struct xen_noxs_add add[XEN_NOXS_MAX_SLOTS + 1];
	uint32_t domid = domain_create(true);
	unsigned int i, pairs = 0, n = 0;
	struct xen_noxs_list list;
	bool ordered = true;

	limit.domid = domid;
	limit.max_slots = XEN_NOXS_MAX_SLOTS + 1;
	ok_rc(op(XEN_NOXS_OP_limit, &limit, sizeof(limit)), -EINVAL,
	      "limit: too much");
	limit.max_slots = 0;
	ok_rc(op(XEN_NOXS_OP_limit, &limit, sizeof(limit)), 0, "limit: 0");
	ok_rc(add_vif(&add[0], domid, 0), -ENOSPC, "limit: holds");
	limit.max_slots = XEN_NOXS_MAX_SLOTS;
	limit.pad = 1;
	ok_rc(op(XEN_NOXS_OP_limit, &limit, sizeof(limit)), -EINVAL,
	      "limit: padding");
	limit.pad = 0;
	ok_rc(op(XEN_NOXS_OP_limit, &limit, sizeof(limit)), 0, "limit: all");
	for (i = 0; i < XEN_NOXS_MAX_SLOTS; i++) {
		if (add_vif(&add[i], domid, i))
			break;
		if (add[i].pair > pairs)
			pairs = add[i].pair;
	}
	ok(i == XEN_NOXS_MAX_SLOTS && pairs == 7,
	   "limit: 62 devices in 8 pairs");
	ok_rc(add_vif(&add[i], domid, i), -ENOSPC, "limit: no 63rd");

	memset(&list, 0, sizeof(list));
	list.domid = XEN_NOXS_ANY;
	list.backend = 0;
	do {
		if (op(XEN_NOXS_OP_list, &list, sizeof(list)))
			break;
		for (i = 0; i < list.nr; i++, n++)
			ordered &= list.entry[i].domid == domid &&
				   list.entry[i].slot == n &&
				   list.entry[i].backend_port[0] ==
					add[n].port[0];
	} while (list.next_domid != XEN_NOXS_END);
	ok(n == XEN_NOXS_MAX_SLOTS && ordered, "list: all of them, in order");

	memset(&list, 0, sizeof(list));
	list.domid = domid;
	list.backend = 0x123;
	ok(!op(XEN_NOXS_OP_list, &list, sizeof(list)) && list.nr == 0 &&
	   list.next_domid == XEN_NOXS_END, "list: none of another backend");
	list.domid = 0x7000;
	list.next_domid = 0;
	ok_rc(op(XEN_NOXS_OP_list, &list, sizeof(list)), -ESRCH,
	      "list: no such guest");
	list.pad = 1;
	ok_rc(op(XEN_NOXS_OP_list, &list, sizeof(list)), -EINVAL,
	      "list: padding");

	domain_destroy(domid);
	ok(domain_wait_gone(domid), "limit: the domain goes");
	for (i = 0; i < XEN_NOXS_MAX_SLOTS; i++)
		port_close(add[i].port[0]);
}

void test_generation(void)
{
	struct xen_noxs_generation g = { .generation = 5 };
	const struct xen_noxs_device_page *page;
	uint32_t domid = domain_create(true);
	struct mapping m;

	g.domid = domid;
	ok_rc(op(XEN_NOXS_OP_generation, &g, sizeof(g)), 0,
	      "generation: before there is a page");
	if (!map(&m, domid, XEN_NOXS_PAGE_DEVICE, 1, PROT_READ))
		die("generation: set-up");
	page = m.addr;
	ok(page->generation == 5, "generation: the page begins with it");
	g.generation = 6;
	ok_rc(op(XEN_NOXS_OP_generation, &g, sizeof(g)), 0, "generation: later");
	ok(page->generation == 6 && page->magic == XEN_NOXS_MAGIC,
	   "generation: is seen");
	g.generation = 0;
	ok_rc(op(XEN_NOXS_OP_generation, &g, sizeof(g)), -EINVAL,
	      "generation: 0");
	g.generation = 7;
	g.pad = 1;
	ok_rc(op(XEN_NOXS_OP_generation, &g, sizeof(g)), -EINVAL,
	      "generation: padding");
	g.pad = 0;
	g.domid = 0x7000;
	ok_rc(op(XEN_NOXS_OP_generation, &g, sizeof(g)), -ESRCH,
	      "generation: no such domain");
	ok(page->generation == 6, "generation: refused ones change nothing");
	domain_destroy(domid);
	g.domid = domid;
	ok_rc(op(XEN_NOXS_OP_generation, &g, sizeof(g)), -ESRCH,
	      "generation: a dying domain");
	unmap(&m);
	ok(domain_wait_gone(domid), "generation: the domain goes");
}

/* A device without a process behind it: Xen makes both ends of its channel. */
void test_power(void)
{
	uint32_t domid = domain_create(true);
	unsigned int before = dom0_ports();
	const struct xen_noxs_power_back *seen;
	const struct xen_noxs_slot *slot;
	struct xen_noxs_power_back back = {
		.hdr.magic = XEN_NOXS_BACK_MAGIC,
		.hdr.version = XEN_NOXS_VERSION,
		.hdr.size = sizeof(back),
		.hdr.state = XEN_NOXS_STATE_INIT,
		.hdr.generation = 1,
		.hdr.features = XEN_NOXS_POWER_F_ALL,
	};
	struct xen_noxs_publish pub = {
		.type = XEN_NOXS_TYPE_POWER,
		.flags = XEN_NOXS_PUBLISH_NOTIFY,
		.size = sizeof(back),
	};
	xc_evtchn_status_t st = { .dom = 0 };
	struct xen_noxs_add add;
	struct mapping m;

	add_init(&add, domid, 0);
	add.type = XEN_NOXS_TYPE_POWER;
	memset(add.back, 0, sizeof(add.back));
	memcpy(add.back, &back, sizeof(back));
	ok_rc(op(XEN_NOXS_OP_add, &add, sizeof(add)), 0, "power: add");
	if (!map(&m, domid, 0, 3, PROT_READ))
		die("power: set-up");
	slot = &((struct xen_noxs_device_page *)m.addr)->slot[add.slot];
	seen = (void *)((uint8_t *)m.addr + 2 * 4096 + add.offset);
	st.port = add.port[0];
	ok(slot->type == XEN_NOXS_TYPE_POWER && slot->id == 0 &&
	   slot->nr_ports == 1 && slot->port[0],
	   "power: the guest has its slot");
	ok(add.port[0] && !xc_evtchn_status(env.xch, &st) &&
	   st.status == EVTCHNSTAT_interdomain &&
	   st.u.interdomain.dom == domid, "power: dom0's end is Xen's making");
	ok(seen->hdr.state == XEN_NOXS_STATE_INIT && !seen->cmd_id,
	   "power: no command yet");
	back.hdr.state = XEN_NOXS_STATE_CONNECTED;
	back.cmd = XEN_NOXS_POWER_MEMORY;
	back.cmd_id = 1;
	back.arg = 0x123456789abc;
	pub.domid = domid;
	pub.serial = add.serial;
	memcpy(pub.data, &back, sizeof(back));
	ok_rc(op(XEN_NOXS_OP_publish, &pub, sizeof(pub)), 0, "power: command");
	ok(seen->cmd == XEN_NOXS_POWER_MEMORY && seen->cmd_id == 1 &&
	   seen->arg == 0x123456789abc && !(seen->hdr.seq & 1),
	   "power: is seen whole");
	domain_destroy(domid);
	unmap(&m);
	ok(domain_wait_gone(domid), "power: the domain goes");
	ok(dom0_ports() == before, "power: and takes dom0's end with it");
}

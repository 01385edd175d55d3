// SPDX-License-Identifier: BSD-2-Clause
/*
 * The hypercall and the pages, from dom0 of a real Xen: every operation, what
 * it refuses, every order of death, and that nothing leaks.  Speaks TAP.
 */

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xenguest.h>

#include "noxs-ops-lib.h"

#define CYCLES_WARM	100
#define CYCLES		1000

static void test_version(void)
{
	struct xen_noxs_version *v = &env.version;
	int rc = op(XEN_NOXS_OP_version, v, sizeof(*v));

	if (rc == -ENOSYS) {
		printf("1..0 # SKIP this Xen has no noxs\n");
		exit(77);
	}
	ok_rc(rc, 0, "version");
	ok(v->magic == XEN_NOXS_MAGIC && v->version == XEN_NOXS_VERSION &&
	   v->max_slots == XEN_NOXS_MAX_SLOTS &&
	   v->max_ports == XEN_NOXS_MAX_PORTS &&
	   v->max_pairs == XEN_NOXS_MAX_PAIRS &&
	   v->area_size == XEN_NOXS_AREA_SIZE && v->virq == VIRQ_NOXS &&
	   v->pad == 0, "version says what the header does");
	ok(v->domid == 0 && v->serial != 0, "version names the caller");
	ok_rc(op_raw(XEN_NOXS_OP_version, 16), -EFAULT, "bad pointer, version");
	ok_rc(op_raw(XEN_NOXS_OP_add, 16), -EFAULT, "bad pointer, add");
	ok_rc(op_raw(XEN_NOXS_OP_list, 16), -EFAULT, "bad pointer, list");
	ok_rc(op_raw(99, (unsigned long)env.buf), -ENOSYS, "unknown operation");
}

/* What a guest would read of one device. */
static bool slot_is(const struct xen_noxs_device_page *page,
		    const struct xen_noxs_add *add)
{
	const struct xen_noxs_slot *s = &page->slot[add->slot];

	return s->state == XEN_NOXS_SLOT_PRESENT && s->type == add->type &&
	       s->id == add->id && s->backend == add->backend &&
	       s->nr_ports == add->nr_ports && s->pair == add->pair &&
	       s->offset == add->offset && s->pad == 0 && s->port[0] != 0;
}

static bool can_map(uint32_t domid, unsigned int first, unsigned int nr,
		    int prot)
{
	struct mapping m;
	bool can = map(&m, domid, first, nr, prot);

	unmap(&m);
	return can;
}

static void test_pages(bool pvh)
{
	const struct xen_noxs_device_page *page;
	const char *kind = pvh ? "PVH" : "PV";
	uint32_t domid = domain_create(pvh);
	struct xen_noxs_add add;
	struct mapping dev, pair;
	uint32_t seq, slot_seq;

	ok(map(&dev, domid, XEN_NOXS_PAGE_DEVICE, 1, PROT_READ),
	   "%s: device page can be mapped before there is a device", kind);
	page = dev.addr;
	ok(page->magic == XEN_NOXS_MAGIC &&
	   page->version == XEN_NOXS_VERSION && page->size >= 128 &&
	   page->domid == domid && page->serial > env.version.serial &&
	   page->nr_slots == 0, "%s: it is empty", kind);
	ok(!can_map(domid, XEN_NOXS_PAGE_FRONT(0), 1, PROT_READ),
	   "%s: no control page before the first device", kind);
	seq = page->seq;

	ok_rc(add_vif(&add, domid, 3), 0, "add");
	ok(add.serial == page->serial, "%s: add tells the serial", kind);
	ok(page->nr_slots == 1 && page->seq != seq && slot_is(page, &add),
	   "%s: the device is in the device page", kind);
	ok(map(&pair, domid, XEN_NOXS_PAGE_FRONT(add.pair), 2, PROT_READ),
	   "%s: control pages can be mapped", kind);
	{
		struct xen_noxs_area_hdr hdr;
		const uint8_t *back = (uint8_t *)pair.addr + 4096 + add.offset;

		memcpy(&hdr, back, sizeof(hdr));
		ok(!(hdr.seq & 1) && hdr.seq, "%s: back area is stable", kind);
		hdr.seq = 0;
		ok(!memcmp(&hdr, add.back, sizeof(hdr)) &&
		   !memcmp(back + sizeof(hdr), add.back + sizeof(hdr),
			   XEN_NOXS_AREA_SIZE - sizeof(hdr)),
		   "%s: back area is what add said", kind);
	}
	ok(!can_map(domid, XEN_NOXS_PAGE_DEVICE, 1, PROT_READ | PROT_WRITE),
	   "%s: device page cannot be mapped writable", kind);
	ok(!can_map(domid, XEN_NOXS_PAGE_BACK(add.pair), 1,
		    PROT_READ | PROT_WRITE),
	   "%s: back page cannot be mapped writable", kind);
	ok(can_map(domid, XEN_NOXS_PAGE_FRONT(add.pair), 1,
		   PROT_READ | PROT_WRITE),
	   "%s: front page can be mapped writable", kind);
	ok(!can_map(domid, 0, XEN_NOXS_MAX_PAGES + 1, PROT_READ),
	   "%s: no more pages than there are", kind);

	slot_seq = page->slot[add.slot].seq;
	ok_rc(remove_vif(domid, 3), 0, "remove");
	ok(page->slot[add.slot].state == XEN_NOXS_SLOT_EMPTY &&
	   page->slot[add.slot].seq != slot_seq && page->nr_slots == 0,
	   "%s: the slot is empty again", kind);
	ok(((uint32_t *)((uint8_t *)pair.addr + 4096 + add.offset))[0] == 0,
	   "%s: and so is the back area", kind);
	ok_rc(remove_vif(domid, 3), -ENOENT, "remove again");
	port_close(add.port[0]);

	domain_destroy(domid);
	usleep(200000);
	ok(page->magic == XEN_NOXS_MAGIC,
	   "%s: mapped pages outlive the domain", kind);
	ok(domain_exists(domid), "%s: which stays as long", kind);
	unmap(&dev);
	unmap(&pair);
	ok(domain_wait_gone(domid), "%s: and not longer", kind);
}

/* One field wrong at a time; nothing may come of it. */
static void test_add_refusals(void)
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

static void test_publish(void)
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

static void test_limits(void)
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

static void test_generation(void)
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
static void test_power(void)
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

static bool event_pending(uint32_t port)
{
	struct pollfd pfd = {
		.fd = xenevtchn_fd(env.xce), .events = POLLIN,
	};
	bool seen = false;

	while (poll(&pfd, 1, 300) == 1) {
		int got = xenevtchn_pending(env.xce);

		if (got < 0)
			break;
		seen |= (uint32_t)got == port;
		xenevtchn_unmask(env.xce, got);
	}
	return seen;
}

/* Does states(since) name the domain?  Leaves the last answer in st. */
static bool states_has(uint64_t since, uint32_t domid,
		       struct xen_noxs_states *st,
		       struct xen_noxs_state_entry *e)
{
	uint64_t now = 0;
	bool found = false;
	unsigned int i;

	memset(st, 0, sizeof(*st));
	st->since = since;
	do {
		if (op(XEN_NOXS_OP_states, st, sizeof(*st)))
			return false;
		if (!now)
			now = st->now;
		for (i = 0; i < st->nr; i++)
			if (st->entry[i].domid == domid) {
				*e = st->entry[i];
				found = true;
			}
	} while (st->next_domid != XEN_NOXS_END);
	st->now = now;
	return found;
}

/* Domid was made paused, its vCPU is not up; st is of now. */
static void pauses_are_told(uint32_t domid, uint32_t port,
			    struct xen_noxs_states *st)
{
	const uint32_t both = XEN_NOXS_DOM_PAUSED | XEN_NOXS_DOM_STARTED;
	struct xen_noxs_state_entry e = { 0 };
	uint64_t since = st->now;

	if (xc_domain_pause(env.xch, domid))
		die("xc_domain_pause");
	if (xc_domain_unpause(env.xch, domid))
		die("xc_domain_unpause");
	ok(!event_pending(port) && !states_has(since, domid, st, &e),
	   "watch: a pause within a pause is none");
	since = st->now;
	if (xc_domain_unpause(env.xch, domid))
		die("xc_domain_unpause");
	ok(event_pending(port), "watch: the start is told");
	ok(states_has(since, domid, st, &e) && (e.flags & both) ==
	   XEN_NOXS_DOM_STARTED, "states: started");
	since = st->now;
	if (xc_domain_pause(env.xch, domid))
		die("xc_domain_pause");
	ok(event_pending(port), "watch: a pause is told");
	ok(states_has(since, domid, st, &e) && (e.flags & both) == both,
	   "states: paused, started before");
}

static void shutdowns_are_told(uint32_t domid, uint32_t port,
			       struct xen_noxs_states *st)
{
	struct xen_noxs_state_entry e = { 0 };
	uint64_t since = st->now;

	if (xc_domain_shutdown(env.xch, domid, 2))
		die("xc_domain_shutdown");
	ok(event_pending(port), "watch: suspend is told");
	ok(states_has(since, domid, st, &e) && e.code == 2 &&
	   (e.flags & XEN_NOXS_DOM_SHUTDOWN), "states: with its code");
	since = st->now;
	if (xc_domain_resume(env.xch, domid, 0))
		die("xc_domain_resume");
	ok(event_pending(port), "watch: resume is told");
	ok(states_has(since, domid, st, &e) &&
	   !(e.flags & XEN_NOXS_DOM_SHUTDOWN), "states: not shut down any more");
	since = st->now;
	if (xc_domain_shutdown(env.xch, domid, 3))
		die("xc_domain_shutdown");
	ok(event_pending(port), "watch: crash is told");
	ok(states_has(since, domid, st, &e) && e.code == 3 &&
	   (e.flags & XEN_NOXS_DOM_SHUTDOWN), "states: with its code, too");
}

static void test_watch(void)
{
	struct xen_noxs_state_entry e = { 0 };
	struct xen_noxs_states st;
	struct xen_noxs_watch w = { .port = port_for(0) };
	uint32_t port = w.port, more[XEN_NOXS_MAX_WATCHES] = { 0 }, domid;
	unsigned int i;
	uint64_t since, gone;

	w.flags = 8;
	ok_rc(op(XEN_NOXS_OP_watch, &w, sizeof(w)), -EINVAL, "watch: flags");
	w.flags = XEN_NOXS_WATCH_OFF | XEN_NOXS_WATCH_DYING;
	ok_rc(op(XEN_NOXS_OP_watch, &w, sizeof(w)), -EINVAL,
	      "watch: flags that exclude each other");
	w.flags = 0;
	ok_rc(op(XEN_NOXS_OP_watch, &w, sizeof(w)), 0, "watch");
	ok_rc(op(XEN_NOXS_OP_watch, &w, sizeof(w)), 0, "watch: twice is once");
	w.port = 0x7fffffff;
	ok_rc(op(XEN_NOXS_OP_watch, &w, sizeof(w)), -EINVAL, "watch: no port");
	event_pending(port);

	ok(states_has(0, 0, &st, &e) && e.serial == env.version.serial,
	   "states: dom0 is there");
	since = st.now;
	domid = domain_create(true);
	ok(event_pending(port), "watch: creation is told");
	ok(states_has(since, domid, &st, &e) && e.uuid[1] == 0xa1 &&
	   e.flags == XEN_NOXS_DOM_PAUSED && e.changed > since,
	   "states: the new domain");
	ok(!states_has(st.now, domid, &st, &e), "states: but once");
	pauses_are_told(domid, port, &st);
	shutdowns_are_told(domid, port, &st);

	since = st.now;
	gone = st.gone;
	domain_destroy(domid);
	ok(event_pending(port), "watch: death is told");
	ok(!states_has(since, domid, &st, &e) && st.gone > gone &&
	   st.gone > since, "states: gone");

	w.port = port;
	w.flags = XEN_NOXS_WATCH_DYING;
	ok_rc(op(XEN_NOXS_OP_watch, &w, sizeof(w)), 0, "watch: deaths alone");
	domid = domain_create(true);
	if (xc_domain_unpause(env.xch, domid))
		die("xc_domain_unpause");
	ok(!event_pending(port), "watch: a life is not told then");
	domain_destroy(domid);
	ok(event_pending(port), "watch: a death is");
	w.flags = XEN_NOXS_WATCH_OFF;
	ok_rc(op(XEN_NOXS_OP_watch, &w, sizeof(w)), 0, "watch: off");
	ok_rc(op(XEN_NOXS_OP_watch, &w, sizeof(w)), -ENOENT, "watch: off again");
	domid = domain_create(true);
	ok(!event_pending(port), "watch: off is off");
	domain_destroy(domid);
	port_close(port);

	w.flags = 0;
	for (i = 0; i < XEN_NOXS_MAX_WATCHES; i++) {
		w.port = more[i] = port_for(0);
		if (op(XEN_NOXS_OP_watch, &w, sizeof(w)))
			break;
	}
	ok(i == XEN_NOXS_MAX_WATCHES, "watch: 16 at once");
	if (i != XEN_NOXS_MAX_WATCHES)
		die("watch: the rest needs them");
	w.port = port_for(0);
	ok_rc(op(XEN_NOXS_OP_watch, &w, sizeof(w)), -ENOSPC, "watch: no more");
	port_close(more[5]);
	ok_rc(op(XEN_NOXS_OP_watch, &w, sizeof(w)), 0,
	      "watch: a closed port makes room");
	port_close(w.port);
	for (i = 0; i < XEN_NOXS_MAX_WATCHES; i++)
		if (i != 5)
			port_close(more[i]);
	ok(domain_wait_gone(domid), "watch: the domain goes");
}

/* A backend domain other than dom0, with Xen making both ends. */
static void test_backend_death(void)
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
static void test_succession(void)
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
static void test_backend_restart(void)
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

static void cycle(unsigned int i)
{
	struct xen_noxs_add add, made;
	uint32_t domid = domain_create(i & 1);
	struct mapping m;

	if (add_vif(&add, domid, 0))
		die("cycle: add");
	add_init(&made, domid, 1);
	if (op(XEN_NOXS_OP_add, &made, sizeof(made)))
		die("cycle: add with Xen's port");
	if (!map(&m, domid, 0, 3, PROT_READ))
		die("cycle: map");
	if ((i & 2) && remove_vif(domid, 0))
		die("cycle: remove");
	if (i & 4)
		unmap(&m);
	domain_destroy(domid);
	unmap(&m);
	port_close(add.port[0]);
	if (!domain_wait_gone(domid))
		die("cycle: the domain stays");
}

static void test_leaks(void)
{
	uint64_t before, after = 0;
	unsigned int i, ports;

	for (i = 0; i < CYCLES_WARM; i++)
		cycle(i);
	usleep(500000);
	before = free_pages();
	ports = dom0_ports();
	for (i = 0; i < CYCLES; i++)
		cycle(i);
	for (i = 0; i < 100; i++) {
		after = free_pages();
		if (after == before)
			break;
		usleep(50000);
	}
	note("free pages %llu before, %llu after %u cycles",
	     (unsigned long long)before, (unsigned long long)after, CYCLES);
	ok(after == before, "leaks: Xen's free pages are what they were");
	ok(dom0_ports() == ports, "leaks: and dom0's event channels");
}

/* What a backend without rights lives by, from one that has them. */
static void test_driver(void)
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

int main(void)
{
	env_open();
	test_version();
	test_pages(true);
	test_pages(false);
	test_add_refusals();
	test_publish();
	test_limits();
	test_generation();
	test_power();
	test_watch();
	test_driver();
	test_backend_death();
	test_succession();
	test_backend_restart();
	test_leaks();
	env_close();
	return tap_done();
}

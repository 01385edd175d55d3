// SPDX-License-Identifier: BSD-2-Clause
/*
 * The hypercall and the pages, from dom0 of a real Xen: every operation, what
 * it refuses, every order of death, and that nothing leaks.  Speaks TAP.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "noxs-ops.h"

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

bool slot_is(const struct xen_noxs_device_page *page,
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

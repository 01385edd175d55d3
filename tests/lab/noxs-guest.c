// SPDX-License-Identifier: BSD-2-Clause
/*
 * Boots the hostile guests (tests/lab/hostile), PVH and PV, with one vif whose
 * backend is this program, and tells how far they got.  Speaks TAP.
 *
 *   noxs-guest DIRECTORY     where hostile-pvh and hostile-pv are
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xengnttab.h>
#include <xenguest.h>

#define HOSTILE_DOM0
#include "hostile/hostile.h"
#include "noxs-ops-lib.h"

#define MEM_MB		16
#define STEP_MS		10
#define WAIT_MS		10000

/* Whatever libxenguest needs to boot an image in a domain with a vCPU. */
static void build(uint32_t domid, bool pvh, const char *image)
{
	struct xc_dom_image *dom;

	if (xc_domain_setmaxmem(env.xch, domid, (MEM_MB + 1) << 10))
		die("setmaxmem");
	dom = xc_dom_allocate(env.xch, "", NULL);
	if (!dom || xc_dom_kernel_file(dom, image))
		die(image);
	dom->container_type = pvh ? XC_DOM_HVM_CONTAINER : XC_DOM_PV_CONTAINER;
	dom->max_vcpus = 1;
	dom->target_pages = MEM_MB << 8;
	if (pvh) {
		dom->lowmem_end = (uint64_t)MEM_MB << 20;
		dom->mmio_start = 0xf0000000;
		dom->mmio_size = 0x10000000;
	}
	dom->console_evtchn = xc_evtchn_alloc_unbound(env.xch, domid, 0);
	dom->xenstore_evtchn = xc_evtchn_alloc_unbound(env.xch, domid, 0);
	if (xc_dom_boot_xen_init(dom, env.xch, domid))
		die("boot_xen_init");
	if (xc_dom_parse_image(dom))
		die("parse_image");
	if (xc_dom_mem_init(dom, MEM_MB) || xc_dom_boot_mem_init(dom))
		die("mem_init");
	if (xc_dom_build_image(dom) || xc_dom_boot_image(dom))
		die("build and boot image");
	if (xc_dom_gnttab_init(dom))
		die("gnttab_init");
	xc_dom_release(dom);
}

/* The code of its shutdown, or -1 while it runs. */
static int shutdown_code(uint32_t domid)
{
	xc_dominfo_t info;

	if (xc_domain_getinfo(env.xch, domid, 1, &info) != 1 ||
	    info.domid != domid)
		die("getinfo");
	return info.shutdown || info.crashed ? (int)info.shutdown_reason : -1;
}

/* Until the guest waits for us: 0, else the code with which it stopped. */
static int wait_ready(uint32_t domid, const volatile uint32_t *front)
{
	unsigned int ms;
	int code;

	for (ms = 0; ms < WAIT_MS; ms += STEP_MS) {
		if (front[0] == HOSTILE_READY)
			return 0;
		code = shutdown_code(domid);
		if (code >= 0)
			return code;
		usleep(STEP_MS * 1000);
	}
	return -1;
}

static int wait_shutdown(uint32_t domid)
{
	unsigned int ms;
	int code = -1;

	for (ms = 0; code < 0 && ms < WAIT_MS; ms += STEP_MS) {
		usleep(STEP_MS * 1000);
		code = shutdown_code(domid);
	}
	return code;
}

static void test_grants(uint32_t domid, const char *kind, uint32_t device,
			uint32_t back)
{
	xengnttab_handle *xgt = xengnttab_open(NULL, 0);
	uint32_t *page;

	if (!xgt)
		die("xengnttab_open");
	page = xengnttab_map_grant_ref(xgt, domid, device, PROT_READ);
	ok(page && *page == XEN_NOXS_MAGIC,
	   "%s: it can grant its device page to be read", kind);
	if (page)
		xengnttab_unmap(xgt, page, 1);
	page = xengnttab_map_grant_ref(xgt, domid, device,
				       PROT_READ | PROT_WRITE);
	ok(!page, "%s: but not to be written", kind);
	if (page)
		xengnttab_unmap(xgt, page, 1);
	page = xengnttab_map_grant_ref(xgt, domid, back,
				       PROT_READ | PROT_WRITE);
	ok(!page, "%s: nor its back page", kind);
	if (page)
		xengnttab_unmap(xgt, page, 1);
	xengnttab_close(xgt);
}

static void test_copy(uint32_t domid, const char *kind, uint32_t device,
		      const volatile struct xen_noxs_device_page *page)
{
	static uint32_t zero __attribute__((aligned(4096)));
	xengnttab_handle *xgt = xengnttab_open(NULL, 0);
	xengnttab_grant_copy_segment_t seg = {
		.source.virt = &zero,
		.dest.foreign = { .ref = device, .offset = 0, .domid = domid },
		.len = sizeof(zero),
		.flags = GNTCOPY_dest_gref,
	};

	if (!xgt || xengnttab_grant_copy(xgt, 1, &seg))
		die("grant_copy");
	ok(seg.status != GNTST_okay && page->magic == XEN_NOXS_MAGIC,
	   "%s: nor can a grant copy write it", kind);
	xengnttab_close(xgt);
}

static void publish(const struct xen_noxs_add *add)
{
	struct xen_noxs_publish pub = {
		.domid = add->domid, .type = add->type, .id = add->id,
		.serial = add->serial, .flags = XEN_NOXS_PUBLISH_NOTIFY,
		.size = sizeof(struct xen_noxs_net_back),
	};

	memcpy(pub.data, add->back, pub.size);
	((struct xen_noxs_net_back *)pub.data)->mtu = HOSTILE_MTU;
	if (op(XEN_NOXS_OP_publish, &pub, sizeof(pub)))
		die("publish");
}

static void test_guest(bool pvh, const char *image)
{
	const char *kind = pvh ? "PVH" : "PV";
	uint64_t before = free_pages(), after = 0;
	uint32_t domid = domain_create(pvh);
	volatile uint32_t *front;
	struct xen_noxs_add add;
	struct mapping dev, pair;
	unsigned int i;
	int code;

	build(domid, pvh, image);
	if (add_vif(&add, domid, 0) || !map(&dev, domid, 0, 1, PROT_READ) ||
	    !map(&pair, domid, 1, 2, PROT_READ))
		die("vif");
	front = (void *)((uint8_t *)pair.addr + add.offset);
	if (xc_domain_unpause(env.xch, domid))
		die("unpause");
	code = wait_ready(domid, front);
	ok(!code, "%s: a guest finds its pages and cannot misuse them", kind);
	if (code)
		note("it stopped with %d: see hostile.h", code);
	else {
		test_grants(domid, kind, front[1], front[2]);
		test_copy(domid, kind, front[1], dev.addr);
		publish(&add);
		code = wait_shutdown(domid);
		ok(code == STEP_OK, "%s: it sees the publish and its event, "
		   "and gives its pages back", kind);
		if (code != STEP_OK)
			note("it stopped with %d: see hostile.h", code);
	}
	ok(((struct xen_noxs_device_page *)dev.addr)->magic == XEN_NOXS_MAGIC,
	   "%s: what was given back is still what it was", kind);
	domain_destroy(domid);
	unmap(&dev);
	unmap(&pair);
	port_close(add.port[0]);
	ok(domain_wait_gone(domid), "%s: it goes", kind);
	for (i = 0; i < 100 && after < before; i++) {
		usleep(20000);
		after = free_pages();
	}
	note("free pages %llu before, %llu after", (unsigned long long)before,
	     (unsigned long long)after);
}

int main(int argc, char **argv)
{
	char image[2][256];

	if (argc != 2) {
		fprintf(stderr, "usage: noxs-guest DIRECTORY\n");
		return 2;
	}
	snprintf(image[0], sizeof(image[0]), "%s/hostile-pvh", argv[1]);
	snprintf(image[1], sizeof(image[1]), "%s/hostile-pv", argv[1]);
	env_open();
	test_guest(true, image[0]);
	test_guest(false, image[1]);
	/* And again: what the first ones left behind is in nobody's way. */
	test_guest(true, image[0]);
	test_guest(false, image[1]);
	env_close();
	return tap_done();
}

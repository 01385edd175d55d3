// SPDX-License-Identifier: BSD-2-Clause
/*
 * labmeddle GUEST OTHER: in a driver domain, everything that it must not do to a
 * guest of its own (which has a power device, of dom0's) and to one of somebody
 * else's.  Prints what was not refused as it should be, and fails then.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <noxs/noxs.h>

static struct noxs *nx;
static int failed;

static void expect(const char *what, unsigned int domid, int rc, int want)
{
	if (rc == want)
		return;
	printf("%s of domain %u: %s, not %s\n", what, domid,
	       rc ? strerror(-rc) : "done", strerror(-want));
	failed = 1;
}

static int read_area(uint16_t domid, uint8_t type, uint8_t side)
{
	struct xen_noxs_read op = {
		.domid = domid, .type = type, .side = side,
	};

	return noxs_read(nx, &op);
}

static int take_device(uint16_t domid, uint8_t type)
{
	const struct xen_noxs_remove op = { .domid = domid, .type = type };

	return noxs_remove(nx, &op);
}

static int say(uint16_t domid, uint8_t type)
{
	struct xen_noxs_publish op = {
		.domid = domid,
		.type = type,
		.size = sizeof(struct xen_noxs_area_hdr),
	};
	struct xen_noxs_area_hdr *hdr = (void *)op.data;
	struct xen_noxs_list list = { .domid = domid };

	list.backend = XEN_NOXS_ANY;
	hdr->magic = XEN_NOXS_BACK_MAGIC;
	hdr->version = XEN_NOXS_VERSION;
	hdr->size = sizeof(*hdr);
	if (!noxs_list(nx, &list) && list.nr)
		op.serial = list.entry[0].serial;
	return noxs_publish(nx, &op);
}

static int add_device(uint16_t domid)
{
	struct xen_noxs_add op = {
		.domid = domid,
		.backend = noxs_version(nx)->domid,
		.id = 9,
		.type = XEN_NOXS_TYPE_NET,
		.nr_ports = 1,
	};
	struct xen_noxs_area_hdr *hdr = (void *)op.back;

	hdr->magic = XEN_NOXS_BACK_MAGIC;
	hdr->version = XEN_NOXS_VERSION;
	hdr->size = sizeof(*hdr);
	return noxs_add(nx, &op);
}

/* How many devices of it can be seen that are not ours. */
static void look(uint16_t domid, unsigned int ours)
{
	struct xen_noxs_list op = { .domid = domid };
	int rc;

	op.backend = XEN_NOXS_ANY;
	rc = noxs_list(nx, &op);
	expect("list", domid, rc, 0);
	if (!rc && op.nr != ours) {
		printf("domain %u: %u devices to be seen, not %u\n", domid,
		       op.nr, ours);
		failed = 1;
	}
}

static void map(uint16_t domid, unsigned int page, const char *what)
{
	struct noxs_mapping *m;
	const void *addr;
	int rc = noxs_map(nx, domid, page, 1, &m, &addr);

	if (rc)
		return;
	printf("%s of domain %u was mapped\n", what, domid);
	failed = 1;
}

static void meddle(uint16_t domid, uint8_t type)
{
	const struct xen_noxs_limit limit = { .domid = domid };
	const struct xen_noxs_generation generation = {
		.domid = domid, .generation = 7,
	};

	expect("read of the front", domid,
	       read_area(domid, type, XEN_NOXS_READ_FRONT), -EPERM);
	expect("read of the back", domid,
	       read_area(domid, type, XEN_NOXS_READ_BACK), -EPERM);
	expect("remove", domid, take_device(domid, type), -EPERM);
	expect("publish", domid, say(domid, type), -EPERM);
	expect("add", domid, add_device(domid), -EPERM);
	expect("limit", domid, noxs_limit(nx, &limit), -EPERM);
	expect("generation", domid, noxs_generation(nx, &generation), -EPERM);
	map(domid, XEN_NOXS_PAGE_DEVICE, "the device page");
	map(domid, XEN_NOXS_PAGE_FRONT(0), "a front page");
	map(domid, XEN_NOXS_PAGE_BACK(0), "a back page");
}

int main(int argc, char **argv)
{
	struct xen_noxs_watch watch = { .flags = XEN_NOXS_WATCH_DYING };
	struct xen_noxs_states states = { .since = 0 };
	uint16_t guest, other;

	if (argc != 3) {
		fputs("Usage: labmeddle GUEST OTHER\n", stderr);
		return 2;
	}
	guest = (uint16_t)atoi(argv[1]);
	other = (uint16_t)atoi(argv[2]);
	if (noxs_open(&nx)) {
		fputs("labmeddle: no noxs\n", stderr);
		return 2;
	}
	expect("states", guest, noxs_states(nx, &states), -EPERM);
	expect("watch", guest, noxs_watch(nx, &watch), -EPERM);
	look(guest, 1);
	look(other, 0);
	meddle(guest, XEN_NOXS_TYPE_POWER);
	meddle(other, XEN_NOXS_TYPE_NET);
	meddle(other, XEN_NOXS_TYPE_POWER);
	/* It may read its own. */
	expect("read of its own", guest,
	       read_area(guest, XEN_NOXS_TYPE_NET, XEN_NOXS_READ_FRONT), 0);
	noxs_close(nx);
	if (!failed)
		puts("all refused");
	return failed;
}

// SPDX-License-Identifier: BSD-2-Clause
/*
 * laboffer: what a backend process that takes over from a dead one does first,
 * for tests of frontends: the vif's last offer once more, under another
 * generation, and no more than that.
 *
 *   laboffer DOMID VIF       0 when the frontend has answered with its rings
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <noxs/noxs.h>

#define WAIT_MS	20000

static struct noxs *nx;
static struct xen_noxs_list_entry device;

static int fail(const char *what, int err)
{
	fprintf(stderr, "laboffer: %s: %s\n", what, strerror(err));
	return 1;
}

static int find(uint16_t domid, uint16_t id)
{
	struct xen_noxs_list list = { .domid = domid,
				      .backend = XEN_NOXS_ANY };
	unsigned int i;
	int rc = noxs_list(nx, &list);

	if (rc)
		return rc;
	for (i = 0; i < list.nr; i++) {
		device = list.entry[i];
		if (device.type == XEN_NOXS_TYPE_NET && device.id == id)
			return 0;
	}
	return -ENODEV;
}

static int area(unsigned int index, const volatile void **out)
{
	struct noxs_mapping *map;
	const void *page;
	int rc = noxs_map(nx, device.domid, index, 1, &map, &page);

	if (!rc)
		*out = (const char *)page + device.offset;
	return rc;
}

static int offer(const volatile struct xen_noxs_net_back *was,
		 uint32_t *generation)
{
	struct xen_noxs_net_back back = *was;
	struct xen_noxs_publish op = {
		.domid = device.domid,
		.id = device.id,
		.type = XEN_NOXS_TYPE_NET,
		.size = sizeof(back),
		.serial = device.serial,
		.flags = XEN_NOXS_PUBLISH_NOTIFY,
	};

	*generation = back.hdr.generation + 1;
	back.hdr.seq = 0;
	back.hdr.state = XEN_NOXS_STATE_INIT;
	back.hdr.generation = *generation;
	memcpy(op.data, &back, sizeof(back));
	return noxs_publish(nx, &op);
}

int main(int argc, char **argv)
{
	const struct timespec nap = { .tv_nsec = 1000000 };
	const volatile struct xen_noxs_net_front *front;
	const volatile void *f, *b;
	uint32_t generation;
	unsigned int ms;
	int rc;

	if (argc != 3)
		return fail("usage: laboffer DOMID VIF", EINVAL);
	rc = noxs_open(&nx);
	if (!rc)
		rc = find((uint16_t)strtoul(argv[1], NULL, 10),
			  (uint16_t)strtoul(argv[2], NULL, 10));
	if (!rc)
		rc = area(XEN_NOXS_PAGE_FRONT(device.pair), &f);
	if (!rc)
		rc = area(XEN_NOXS_PAGE_BACK(device.pair), &b);
	if (rc)
		return fail("vif", -rc);
	rc = offer(b, &generation);
	if (rc)
		return fail("offer", -rc);
	front = f;
	for (ms = 0; front->hdr.generation != generation ||
	     front->hdr.state != XEN_NOXS_STATE_CONNECTED; ms++) {
		if (ms == WAIT_MS)
			return fail("answer", ETIMEDOUT);
		nanosleep(&nap, NULL);
	}
	if (!front->nr_queues || !front->queue[0].tx_ref ||
	    !front->queue[0].rx_ref)
		return fail("answer", EPROTO);
	return 0;
}

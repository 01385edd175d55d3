// SPDX-License-Identifier: BSD-2-Clause
/*
 * The device page of our own, and the thread that keeps it in step with
 * XenStore.
 *
 * All of XenStore's news are treated alike: every watch that fires, and every
 * new word of a frontend, has everything looked at again.  There is little to
 * look at, and no message that could be missed or come in the wrong order.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "minios/barrier.h"
#include "minios/events.h"
#include "minios/mm.h"
#include "minios/sched.h"
#include "minios/xenbus.h"
#include "control.h"
#include "vif.h"

#define MAX_VIFS	XEN_NOXS_AREAS_PER_PAGE	/* one pair of control pages */
#define NR_PAGES	3			/* device, front, back */

bool xenbus_active;

static struct {
	struct xen_noxs_device_page *device;
	char *pages[NR_PAGES];
	struct xb_vif *vifs;
	void (*virq)(void *);
	void *virq_data;
	bool news;		/* a frontend has something to say */
	bool resumed;		/* what was watched is not any more */
} xb;

/* --- towards the frontends --------------------------------------------------- */

int xenbus_hypercall(unsigned int cmd, void *arg)
{
	const struct xen_noxs_version version = {
		.magic = XEN_NOXS_MAGIC,
		.version = XEN_NOXS_VERSION,
		.max_slots = MAX_VIFS,
		.max_ports = 1,
		.max_pairs = 1,
		.area_size = XEN_NOXS_AREA_SIZE,
	};

	if (cmd != XEN_NOXS_OP_version)
		return -ENOSYS;
	memcpy(arg, &version, sizeof(version));
	return 0;
}

void *xenbus_page(unsigned int index)
{
	return index < NR_PAGES ? xb.pages[index] : NULL;
}

void xenbus_virq(void (*handler)(void *), void *data)
{
	xb.virq = handler;
	xb.virq_data = data;
}

void xenbus_notify(uint32_t port)
{
	unsigned int i;

	for (i = 0; i < MAX_VIFS; i++) {
		struct xb_vif *v = &xb.vifs[i];

		if (!v->used || v->port != port)
			continue;
		if (xb_vif_is_news(v)) {
			xb.news = true;
			store_poke();
		}
		if (v->phase == XB_CONNECTED)
			event_notify(port);
	}
}

/* Slot i changed: what a reader goes by changes last. */
static void slot_write(unsigned int i, const struct xb_vif *v)
{
	volatile struct xen_noxs_slot *slot = &xb.device->slot[i];

	slot->state = XEN_NOXS_SLOT_EMPTY;
	slot->seq++;
	xen_wmb();
	if (v) {
		slot->type = XEN_NOXS_TYPE_NET;
		slot->id = v->id;
		slot->backend = v->backend_id;
		slot->nr_ports = 1;
		slot->offset = i * XEN_NOXS_AREA_SIZE;
		slot->port[0] = v->port;
		xen_wmb();
		slot->state = XEN_NOXS_SLOT_PRESENT;
	}
	xb.device->seq++;
	if (xb.virq)
		xb.virq(xb.virq_data);
}

/* --- towards XenStore --------------------------------------------------------- */

static void vif_gone(unsigned int i)
{
	struct xb_vif *v = &xb.vifs[i];

	slot_write(i, NULL);
	xb_vif_fini(v);
}

static void vif_found(uint16_t id)
{
	struct xb_vif *v, *free = NULL;
	unsigned int i;
	size_t at;

	for (i = 0; i < MAX_VIFS; i++) {
		v = &xb.vifs[i];
		if (v->used && v->id == id) {
			v->listed = true;
			return;
		}
		if (!v->used && !free)
			free = v;
	}
	if (!free)
		return;
	i = free - xb.vifs;
	at = i * XEN_NOXS_AREA_SIZE;
	memset(free, 0, sizeof(*free));
	memset(xb.pages[XEN_NOXS_PAGE_FRONT(0)] + at, 0, XEN_NOXS_AREA_SIZE);
	memset(xb.pages[XEN_NOXS_PAGE_BACK(0)] + at, 0, XEN_NOXS_AREA_SIZE);
	free->front_area = (void *)(xb.pages[XEN_NOXS_PAGE_FRONT(0)] + at);
	free->back_area = (void *)(xb.pages[XEN_NOXS_PAGE_BACK(0)] + at);
	free->listed = !xb_vif_init(free, id);
}

/* Which vifs there are now. */
static int scan(void)
{
	uint16_t ids[MAX_VIFS];
	unsigned int i, nr = 0;
	const char *words;
	size_t len, at;
	int rc;

	rc = store_directory("device/vif", &words, &len);
	if (rc == -EPROTO)
		return rc;
	for (at = 0; !rc && at < len; at += strlen(words + at) + 1) {
		char *end;
		unsigned long id = strtoul(words + at, &end, 10);

		if (end != words + at && !*end && id <= UINT16_MAX &&
		    nr < MAX_VIFS)
			ids[nr++] = id;
	}
	for (i = 0; i < MAX_VIFS; i++)
		xb.vifs[i].listed = false;
	/* The list is void with the next call to XenStore: hence the copy. */
	for (i = 0; i < nr; i++)
		vif_found(ids[i]);
	for (i = 0; i < MAX_VIFS; i++)
		if (xb.vifs[i].used && !xb.vifs[i].listed)
			vif_gone(i);
	return 0;
}

static int update(void)
{
	unsigned int i;
	int rc = scan();

	for (i = 0; !rc && i < MAX_VIFS; i++) {
		struct xb_vif *v = &xb.vifs[i];

		if (!v->used)
			continue;
		rc = xb_vif_update(v);
		/* It is a device when there is an offer. */
		if (v->phase == XB_OFFERED &&
		    xb.device->slot[i].state == XEN_NOXS_SLOT_EMPTY)
			slot_write(i, v);
	}
	return rc;
}

/* Whose nodes are gone, or are of another backend: found anew by the scan. */
static int reread(void)
{
	unsigned int i;
	int rc = store_watch("device/vif");

	xb.resumed = false;
	for (i = 0; !rc && i < MAX_VIFS; i++)
		if (xb.vifs[i].used && xb_vif_reread(&xb.vifs[i]))
			vif_gone(i);
	return rc;
}

static void xenbus_thread(void *arg)
{
	int rc = store_watch("device/vif");
	bool work = !rc, listens = false;

	(void)arg;
	while (!rc || rc == 1) {
		if (work) {
			xb.news = false;
			rc = update();
			/* The network comes first. */
			if (!rc)
				rc = listens ? control_update() :
					       control_start();
			listens = true;
			if (!rc && xb.resumed) {
				rc = reread();
				listens = false;
			}
			if (rc)
				break;
		}
		rc = store_changed();
		work = rc == 1 || xb.news;
		if (!work)
			store_wait();
	}
	printf("xenbus: no XenStore any more (%d)\n", rc);
}

void xenbus_resume(void)
{
	unsigned int i;

	store_resume();
	xb.resumed = true;
	xb.news = true;
	for (i = 0; i < MAX_VIFS; i++) {
		struct xb_vif *v = &xb.vifs[i];
		volatile struct xen_noxs_slot *slot = &xb.device->slot[i];

		if (!v->used)
			continue;
		if (xb_vif_resume(v)) {
			v->used = false;
			slot->state = XEN_NOXS_SLOT_EMPTY;
		}
		slot->port[0] = v->port;
	}
}

/* --- life ------------------------------------------------------------------- */

int xenbus_start(void)
{
	unsigned int i;
	int rc = store_open();

	if (rc)
		return rc;
	xb.vifs = calloc(MAX_VIFS, sizeof(*xb.vifs));
	if (!xb.vifs)
		return -ENOMEM;
	for (i = 0; i < NR_PAGES; i++) {
		xb.pages[i] = page_alloc(1);
		if (!xb.pages[i])
			return -ENOMEM;
		memset(xb.pages[i], 0, PAGE_SIZE);
	}
	xb.device = (struct xen_noxs_device_page *)xb.pages[0];
	xb.device->magic = XEN_NOXS_MAGIC;
	xb.device->version = XEN_NOXS_VERSION;
	xb.device->size = sizeof(*xb.device);
	xb.device->nr_slots = MAX_VIFS;
	xenbus_active = true;
	return thread_create("xenbus", xenbus_thread, NULL);
}

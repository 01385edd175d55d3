// SPDX-License-Identifier: BSD-2-Clause
/* See hostile.h: what does not depend on how the guest runs. */

#include "hostile.h"

static uint8_t page_aligned arg[PAGE];

void done(enum hostile_step step)
{
	struct sched_shutdown op = { .reason = step };

	for (;;)
		hypercall(__HYPERVISOR_sched_op, SCHEDOP_shutdown,
			  (unsigned long)&op, 0, 0);
}

void check(int good, enum hostile_step step)
{
	if (!good)
		done(step);
}

/* A compiler may ask for these. */
void *memset(void *p, int c, __SIZE_TYPE__ n);
void *memset(void *p, int c, __SIZE_TYPE__ n)
{
	uint8_t *b = p;

	while (n--)
		*b++ = c;
	return p;
}

void *memcpy(void *d, const void *s, __SIZE_TYPE__ n);
void *memcpy(void *d, const void *s, __SIZE_TYPE__ n)
{
	uint8_t *to = d;
	const uint8_t *from = s;

	while (n--)
		*to++ = *from++;
	return d;
}

static long noxs(unsigned int cmd)
{
	return hypercall(__HYPERVISOR_noxs_op, cmd, (unsigned long)arg, 0, 0);
}

static void version(const struct pages *pages)
{
	struct xen_noxs_version *v = (void *)arg;

	check(noxs(XEN_NOXS_OP_version) == 0, STEP_VERSION);
	check(v->magic == XEN_NOXS_MAGIC && v->domid == pages->device->domid &&
	      v->serial == pages->device->serial, STEP_VERSION);
}

static void content(const struct pages *pages)
{
	const volatile struct xen_noxs_slot *s = &pages->device->slot[0];
	const volatile struct xen_noxs_net_back *b =
		(void *)(pages->back + s->offset);

	check(pages->device->magic == XEN_NOXS_MAGIC &&
	      pages->device->nr_slots == 1 &&
	      s->state == XEN_NOXS_SLOT_PRESENT &&
	      s->type == XEN_NOXS_TYPE_NET && s->port[0], STEP_CONTENT);
	check(b->hdr.magic == XEN_NOXS_BACK_MAGIC && b->mtu == 1500,
	      STEP_CONTENT);
}

/* All that is the toolstack's or the backend's. */
static void control(const struct pages *pages)
{
	struct xen_noxs_publish *pub = (void *)arg;
	struct xen_noxs_remove *rm = (void *)arg;
	struct xen_noxs_limit *limit = (void *)arg;
	struct xen_noxs_generation *generation = (void *)arg;
	struct xen_noxs_add *add = (void *)arg;
	struct xen_noxs_list *list = (void *)arg;
	struct xen_noxs_watch *watch = (void *)arg;
	struct xen_noxs_read *rd = (void *)arg;
	struct xen_noxs_states *states = (void *)arg;
	struct xen_noxs_area_hdr *hdr;
	domid_t self = pages->device->domid;

	memset(arg, 0, sizeof(arg));
	pub->domid = self;
	pub->type = XEN_NOXS_TYPE_NET;
	pub->serial = pages->device->serial;
	pub->size = sizeof(*hdr);
	hdr = (void *)pub->data;
	hdr->magic = XEN_NOXS_BACK_MAGIC;
	hdr->version = XEN_NOXS_VERSION;
	hdr->size = sizeof(*hdr);
	check(noxs(XEN_NOXS_OP_publish) == -EPERM, STEP_CONTROL);
	memset(arg, 0, sizeof(arg));
	rm->domid = self;
	rm->type = XEN_NOXS_TYPE_NET;
	check(noxs(XEN_NOXS_OP_remove) == -EPERM, STEP_CONTROL);
	memset(arg, 0, sizeof(arg));
	add->domid = self;
	add->id = 1;
	add->type = XEN_NOXS_TYPE_NET;
	add->nr_ports = 1;
	hdr = (void *)add->back;
	hdr->magic = XEN_NOXS_BACK_MAGIC;
	hdr->version = XEN_NOXS_VERSION;
	hdr->size = sizeof(*hdr);
	check(noxs(XEN_NOXS_OP_add) == -EPERM, STEP_CONTROL);
	memset(arg, 0, sizeof(arg));
	limit->domid = self;
	limit->max_slots = 62;
	check(noxs(XEN_NOXS_OP_limit) == -EPERM, STEP_CONTROL);
	memset(arg, 0, sizeof(arg));
	generation->domid = self;
	generation->generation = 9;
	check(noxs(XEN_NOXS_OP_generation) == -EPERM, STEP_CONTROL);
	memset(arg, 0, sizeof(arg));
	rd->domid = self;
	rd->type = XEN_NOXS_TYPE_NET;
	check(noxs(XEN_NOXS_OP_read) == -EPERM, STEP_CONTROL);
	memset(arg, 0, sizeof(arg));
	watch->port = 1;
	check(noxs(XEN_NOXS_OP_watch) == -EPERM, STEP_CONTROL);
	memset(arg, 0, sizeof(arg));
	states->since = 0;
	check(noxs(XEN_NOXS_OP_states) == -EPERM, STEP_CONTROL);
	memset(arg, 0, sizeof(arg));
	list->domid = list->backend = XEN_NOXS_ANY;
	check(noxs(XEN_NOXS_OP_list) == 0 && list->nr == 0, STEP_LIST);
}

/* Whatever takes a page that Xen will write to has to refuse this one. */
static void vcpu_info_there(const struct pages *pages)
{
	struct vcpu_register_vcpu_info info = { .mfn = pages->device_frame };

	check(hypercall(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 0,
			(unsigned long)&info, 0) < 0, STEP_VCPU_INFO);
}

static void grant(const struct pages *pages, unsigned int ref, uint32_t frame)
{
	volatile grant_entry_v1_t *e = &pages->grants[ref];

	e->domid = 0;
	e->frame = frame;
	__sync_synchronize();
	e->flags = GTF_permit_access;
}

/* Dom0 tries the grants, then publishes and notifies. */
static void wait_for_dom0(const struct pages *pages)
{
	const volatile struct xen_noxs_slot *s = &pages->device->slot[0];
	const volatile struct xen_noxs_net_back *b =
		(void *)(pages->back + s->offset);
	volatile uint32_t *front = (void *)(pages->front + s->offset);
	unsigned int port = s->port[0], bits = 8 * sizeof(unsigned long);
	volatile unsigned long *pending =
		&pages->shared->evtchn_pending[port / bits];

	grant(pages, 8, pages->device_frame);
	grant(pages, 9, pages->back_frame);
	/* Binding raised it once; that was not the notification. */
	__sync_fetch_and_and(pending, ~(1ul << (port % bits)));
	front[1] = 8;
	front[2] = 9;
	__sync_synchronize();
	front[0] = HOSTILE_READY;
	check(front[0] == HOSTILE_READY, STEP_WRITE_FRONT);
	while (b->mtu != HOSTILE_MTU)
		hypercall(__HYPERVISOR_sched_op, SCHEDOP_yield, 0, 0, 0);
	/* The event comes after the words, and at once. */
	while (b->hdr.seq & 1)
		;
	hypercall(__HYPERVISOR_sched_op, SCHEDOP_yield, 0, 0, 0);
	check(!!(*pending & (1ul << (port % bits))), STEP_EVENT);
	check(b->hdr.magic == XEN_NOXS_BACK_MAGIC, STEP_WRITE_BACK);
	check(pages->device->magic == XEN_NOXS_MAGIC, STEP_WRITE_DEVICE);
}

void common(const struct pages *pages)
{
	version(pages);
	content(pages);
	control(pages);
	vcpu_info_there(pages);
	wait_for_dom0(pages);
	give_back();
	done(STEP_OK);
}

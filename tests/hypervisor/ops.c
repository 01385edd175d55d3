// SPDX-License-Identifier: BSD-2-Clause
/* The operations: what they do, whom they refuse, what they refuse. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "world.h"

static void version_tells_limits_and_caller(void **state)
{
	struct xen_noxs_version v = { 0 };

	(void)state;
	assert_int_equal(op_as(w.guest, XEN_NOXS_OP_version, &v, sizeof(v)), 0);
	assert_int_equal(v.magic, XEN_NOXS_MAGIC);
	assert_int_equal(v.domid, GUEST);
	assert_int_equal(v.serial, device_page(w.guest)->serial);
	assert_int_equal(v.virq, VIRQ_NOXS);
	assert_int_equal(op_dom0(XEN_NOXS_OP_read + 1, &v, sizeof(v)),
			 -ENOSYS);
	/* Too little memory behind the pointer. */
	assert_int_equal(op_dom0(XEN_NOXS_OP_version, &v, sizeof(v) - 1),
			 -EFAULT);
}

static void add_fills_slot_area_and_channel(void **state)
{
	const struct xen_noxs_slot *s;
	const struct xen_noxs_net_back *b;
	struct xen_noxs_add add = add_of(3);
	uint32_t port = port_for(w.dom0, GUEST);

	(void)state;
	add.port[0] = port;
	assert_int_equal(op_dom0(XEN_NOXS_OP_add, &add, sizeof(add)), 0);
	assert_int_equal(add.port[0], port);
	s = &device_page(w.guest)->slot[add.slot];
	assert_int_equal(s->state, XEN_NOXS_SLOT_PRESENT);
	assert_int_equal(s->type, XEN_NOXS_TYPE_NET);
	assert_int_equal(s->id, 3);
	assert_int_equal(s->backend, 0);
	assert_int_equal(s->nr_ports, 1);
	assert_int_equal(s->pair, add.pair);
	assert_int_equal(s->offset, add.offset);
	assert_int_equal(device_page(w.guest)->nr_slots, 1);
	assert_int_equal(w.guest->evtchn[s->port[0]].state, ECS_INTERDOMAIN);
	assert_int_equal(
		w.guest->evtchn[s->port[0]].u.interdomain.remote_port, port);
	b = back_of(&add);
	assert_int_equal(b->mtu, 1500);
	assert_int_equal(b->hdr.seq & 1, 0);
	assert_int_equal(w.guest->virqs, 1);
	/* Device, front and back page, all charged to the guest. */
	assert_int_equal(w.guest->xenheap_pages, 3);
	assert_true(noxs_frame_is_ro(page_to_mfn(virt_to_page(
		page_of(w.guest, XEN_NOXS_PAGE_DEVICE)))));
	assert_true(noxs_frame_is_ro(page_to_mfn(virt_to_page(
		page_of(w.guest, XEN_NOXS_PAGE_BACK(0))))));
	assert_false(noxs_frame_is_ro(page_to_mfn(virt_to_page(
		page_of(w.guest, XEN_NOXS_PAGE_FRONT(0))))));
}

/* What a backend left behind the size that it gave is not published. */
static void add_ends_at_the_size_given(void **state)
{
	struct xen_noxs_add add = add_of(0);

	(void)state;
	memset(add.back + sizeof(struct xen_noxs_net_back), 0xee, 100);
	assert_int_equal(op_dom0(XEN_NOXS_OP_add, &add, sizeof(add)), 0);
	assert_int_equal(
		((uint8_t *)back_of(&add))[sizeof(struct xen_noxs_net_back)], 0);
}

/* Each byte in turn is wrong: refused or harmless, and nothing stays. */
static void add_with_any_byte_wrong(void **state)
{
	struct xen_noxs_remove rm;
	struct xen_noxs_add add;
	unsigned int o, refused = 0;
	long rc;

	(void)state;
	added(BACKEND, 50);	/* the pages are there */
	for (o = 0; o < sizeof(add); o++) {
		unsigned int dom0 = shim_ports(w.dom0);
		unsigned int guest = shim_ports(w.guest);

		add = add_of(1);
		((uint8_t *)&add)[o] ^= 0xff;
		rc = op_dom0(XEN_NOXS_OP_add, &add, sizeof(add));
		if (rc) {
			refused++;
			assert_true(rc == -EINVAL || rc == -ESRCH);
		} else {
			rm = remove_of(add.id);
			assert_int_equal(op_dom0(XEN_NOXS_OP_remove, &rm,
						 sizeof(rm)), 0);
		}
		assert_int_equal(shim_ports(w.dom0), dom0);
		assert_int_equal(shim_ports(w.guest), guest);
		assert_int_equal(w.guest->noxs->dev->nr_devices, 1);
	}
	/* domid, backend, type, nr_ports, 4 ports, pads, most of the header */
	assert_true(refused >= 40);
}

static void add_refuses_by_name(void **state)
{
	struct xen_noxs_add add = add_of(0);

	(void)state;
	add.domid = 0;
	assert_int_equal(op_dom0(XEN_NOXS_OP_add, &add, sizeof(add)), -EINVAL);
	add = add_of(0);
	add.backend = GUEST;
	assert_int_equal(op_dom0(XEN_NOXS_OP_add, &add, sizeof(add)), -EINVAL);
	add = add_of(0);
	assert_int_equal(op_as(w.guest, XEN_NOXS_OP_add, &add, sizeof(add)),
			 -EPERM);
	add = add_of(0);
	add.backend = BACKEND;
	assert_int_equal(op_as(w.backend, XEN_NOXS_OP_add, &add, sizeof(add)),
			 -EPERM);
	w.guest->vcpu0 = NULL;
	add = add_of(0);
	assert_int_equal(op_dom0(XEN_NOXS_OP_add, &add, sizeof(add)), -EINVAL);
	w.guest->vcpu0 = &w.guest->vcpu0_storage;
	added(0, 0);
	add = add_of(0);
	assert_int_equal(op_dom0(XEN_NOXS_OP_add, &add, sizeof(add)), -EEXIST);
	/* The same number of another type is another device. */
	add.type = XEN_NOXS_TYPE_BLOCK;
	assert_int_equal(op_dom0(XEN_NOXS_OP_add, &add, sizeof(add)), 0);
}

static void remove_empties_slot_area_and_channel(void **state)
{
	struct xen_noxs_add add = added(BACKEND, 0);
	const struct xen_noxs_slot *s = &device_page(w.guest)->slot[add.slot];
	struct xen_noxs_remove rm = remove_of(0);
	uint32_t seq = s->seq;

	(void)state;
	memset(front_of(&add), 0x77, XEN_NOXS_AREA_SIZE);
	assert_int_equal(op_dom0(XEN_NOXS_OP_remove, &rm, sizeof(rm)), 0);
	assert_int_equal(s->state, XEN_NOXS_SLOT_EMPTY);
	assert_int_not_equal(s->seq, seq);
	assert_int_equal(device_page(w.guest)->nr_slots, 0);
	assert_int_equal(back_of(&add)->hdr.magic, 0);
	assert_int_equal(*(uint8_t *)front_of(&add), 0);
	assert_int_equal(shim_ports(w.guest), 0);
	assert_int_equal(shim_ports(w.backend), 0);
	assert_int_equal(w.guest->virqs, 2);
	assert_int_equal(op_dom0(XEN_NOXS_OP_remove, &rm, sizeof(rm)), -ENOENT);
	rm.serial = 1;
	assert_int_equal(op_dom0(XEN_NOXS_OP_remove, &rm, sizeof(rm)), -ESTALE);
	rm.serial = 0;
	rm.pad[1] = 1;
	assert_int_equal(op_dom0(XEN_NOXS_OP_remove, &rm, sizeof(rm)), -EINVAL);
}

/* The guest closed its port and has the number for something else by now. */
static void remove_leaves_a_port_that_is_not_ours(void **state)
{
	struct xen_noxs_add add = added(0, 0);
	uint32_t port = device_page(w.guest)->slot[add.slot].port[0];
	struct xen_noxs_remove rm = remove_of(0);

	(void)state;
	evtchn_close(w.guest, port, false);
	assert_int_equal(port_for(w.guest, BACKEND2), port);
	assert_int_equal(op_dom0(XEN_NOXS_OP_remove, &rm, sizeof(rm)), 0);
	assert_int_equal(w.guest->evtchn[port].state, ECS_UNBOUND);
}

/* As above, and the number leads to a third domain by now. */
static void a_port_that_leads_elsewhere_is_let_alone(void **state)
{
	struct xen_noxs_add add = added(0, 0);
	uint32_t port = device_page(w.guest)->slot[add.slot].port[0];
	evtchn_bind_interdomain_t bind = {
		.remote_dom = BACKEND2,
		.remote_port = port_for(w.backend2, GUEST),
	};
	struct xen_noxs_publish pub = publish_of(&add, 9000);
	struct xen_noxs_remove rm = remove_of(0);

	(void)state;
	evtchn_close(w.guest, port, false);
	assert_int_equal(evtchn_bind_interdomain(&bind, w.guest, 0), 0);
	assert_int_equal(bind.local_port, port);
	pub.flags = XEN_NOXS_PUBLISH_NOTIFY;
	assert_int_equal(op_dom0(XEN_NOXS_OP_publish, &pub, sizeof(pub)), 0);
	assert_int_equal(w.guest->evtchn[port].raised, 0);
	assert_int_equal(op_dom0(XEN_NOXS_OP_remove, &rm, sizeof(rm)), 0);
	assert_int_equal(w.guest->evtchn[port].state, ECS_INTERDOMAIN);
}

static void who_may_publish_and_remove(void **state)
{
	struct xen_noxs_add add = added(BACKEND, 0);
	struct xen_noxs_publish pub = publish_of(&add, 9000), p;
	struct xen_noxs_remove rm = remove_of(0), r;

	(void)state;
#define PUBLISH(d) (p = pub, op_as(d, XEN_NOXS_OP_publish, &p, sizeof(p)))
#define REMOVE(d) (r = rm, op_as(d, XEN_NOXS_OP_remove, &r, sizeof(r)))
	assert_int_equal(PUBLISH(w.guest), -EPERM);
	assert_int_equal(PUBLISH(w.backend2), -EPERM);
	assert_int_equal(REMOVE(w.guest), -EPERM);
	assert_int_equal(REMOVE(w.backend2), -EPERM);
	assert_int_equal(back_of(&add)->mtu, 1500);
	assert_int_equal(PUBLISH(w.backend), 0);
	assert_int_equal(PUBLISH(w.dom0), 0);
	/* A backend of another device of the guest knows it, but may not. */
	added(BACKEND2, 1);
	assert_int_equal(PUBLISH(w.backend2), -EPERM);
	assert_int_equal(REMOVE(w.backend2), -EPERM);
	pub.id = rm.id = 9;
	assert_int_equal(PUBLISH(w.backend2), -ENOENT);
	assert_int_equal(REMOVE(w.backend2), -ENOENT);
	assert_int_equal(PUBLISH(w.guest), -EPERM);
	rm.id = 0;
	assert_int_equal(REMOVE(w.backend), 0);
#undef PUBLISH
#undef REMOVE
}

static void publish_refuses(void **state)
{
	struct xen_noxs_add add = added(0, 0);
	struct xen_noxs_publish pub = publish_of(&add, 9000), p;
	struct xen_noxs_area_hdr *hdr = (void *)p.data;

	(void)state;
#define REFUSED(rc, ...) do {						\
		p = pub;						\
		__VA_ARGS__;						\
		assert_int_equal(op_dom0(XEN_NOXS_OP_publish, &p,	\
					 sizeof(p)), rc);		\
		assert_int_equal(back_of(&add)->mtu, 1500);		\
	} while (0)
	REFUSED(-EINVAL, p.pad = 1);
	REFUSED(-EINVAL, p.pad2 = 1);
	REFUSED(-EINVAL, p.flags = 1u << 31);
	REFUSED(-EINVAL, p.size = 0);
	REFUSED(-EINVAL, p.size = 0xffff);
	REFUSED(-EINVAL, p.type = 0);
	REFUSED(-EINVAL, hdr->size = 0xffff);
	REFUSED(-EINVAL, hdr->seq = 2);
	REFUSED(-EINVAL, hdr->magic = 0);
	REFUSED(-EINVAL, hdr->pad = 1);
	REFUSED(-EINVAL, hdr->state = XEN_NOXS_STATE_MAX + 1);
	REFUSED(-ESTALE, p.serial = 0);
	REFUSED(-ESTALE, p.serial++);
	REFUSED(-ENOENT, p.id++);
	REFUSED(-ENOENT, p.type = XEN_NOXS_TYPE_BLOCK);
	REFUSED(-ESRCH, p.domid = 77);
#undef REFUSED
}

static void publish_raises_the_first_port_only_when_asked(void **state)
{
	struct xen_noxs_add add = added(0, 0);
	uint32_t port = device_page(w.guest)->slot[add.slot].port[0];
	struct xen_noxs_publish pub = publish_of(&add, 9000);

	(void)state;
	assert_int_equal(op_dom0(XEN_NOXS_OP_publish, &pub, sizeof(pub)), 0);
	assert_int_equal(w.guest->evtchn[port].raised, 0);
	pub.flags = XEN_NOXS_PUBLISH_NOTIFY;
	assert_int_equal(op_dom0(XEN_NOXS_OP_publish, &pub, sizeof(pub)), 0);
	assert_int_equal(w.guest->evtchn[port].raised, 1);
	/* The backend's process has closed its end: still the device's port. */
	evtchn_close(w.dom0, add.port[0], false);
	assert_int_equal(op_dom0(XEN_NOXS_OP_publish, &pub, sizeof(pub)), 0);
	assert_int_equal(w.guest->evtchn[port].raised, 2);
	/* The guest has closed its own: publishing works, nobody is raised. */
	evtchn_close(w.guest, port, false);
	assert_int_equal(op_dom0(XEN_NOXS_OP_publish, &pub, sizeof(pub)), 0);
	assert_int_equal(w.guest->evtchn[port].raised, 2);
}

static const struct xen_noxs_net_back *reader_back;
static unsigned int reader_looks, reader_mtu;

/*
 * The guest on another CPU.  Of the two barriers of a publish the first
 * stands before all data, the second behind all; at both the area says that
 * it is not to be read.
 */
static void publish_reader(void)
{
	assert_int_equal(reader_back->hdr.seq & 1, 1);
	assert_int_equal(reader_back->mtu, reader_mtu + (reader_looks & 1));
	/* Written elsewhere in the area, and the same number. */
	assert_int_equal(reader_back->hdr.generation, reader_back->mtu);
	if (reader_looks++ & 1)
		reader_mtu++;
}

static void publish_is_never_seen_half(void **state)
{
	struct xen_noxs_add add = added(0, 0);
	struct xen_noxs_publish pub = publish_of(&add, 1000);
	unsigned int mtu;

	(void)state;
	assert_int_equal(op_dom0(XEN_NOXS_OP_publish, &pub, sizeof(pub)), 0);
	reader_back = back_of(&add);
	reader_looks = 0;
	reader_mtu = 1000;
	for (mtu = 1001; mtu < 1010; mtu++) {
		pub = publish_of(&add, mtu);
		shim.on_barrier = publish_reader;
		assert_int_equal(op_dom0(XEN_NOXS_OP_publish, &pub,
					 sizeof(pub)), 0);
		shim.on_barrier = NULL;
		assert_int_equal(reader_back->hdr.seq & 1, 0);
		assert_int_equal(reader_back->mtu, mtu);
	}
	assert_int_equal(reader_looks, 18);
}

static const struct xen_noxs_device_page *reader_page;
static unsigned int reader_present;

/* A slot that says PRESENT is complete, at every barrier. */
static void slot_reader(void)
{
	const struct xen_noxs_slot *s = &reader_page->slot[0];

	reader_looks++;
	if (s->state != XEN_NOXS_SLOT_PRESENT)
		return;
	reader_present++;
	assert_int_equal(s->type, XEN_NOXS_TYPE_NET);
	assert_int_not_equal(s->port[0], 0);
	assert_int_equal(w.guest->evtchn[s->port[0]].state, ECS_INTERDOMAIN);
	assert_int_equal(reader_back->hdr.magic, XEN_NOXS_BACK_MAGIC);
	assert_int_equal(reader_back->hdr.seq & 1, 0);
}

static void slot_is_never_seen_half(void **state)
{
	struct xen_noxs_add add = added(0, 0);
	struct xen_noxs_remove rm = remove_of(0);
	unsigned int i;
	uint32_t seq;

	(void)state;
	reader_page = device_page(w.guest);
	reader_back = back_of(&add);
	reader_looks = reader_present = 0;
	for (i = 0; i < 5; i++) {
		seq = reader_page->slot[0].seq;
		shim.on_barrier = slot_reader;
		assert_int_equal(op_dom0(XEN_NOXS_OP_remove, &rm, sizeof(rm)), 0);
		add = add_of(0);
		assert_int_equal(op_dom0(XEN_NOXS_OP_add, &add, sizeof(add)), 0);
		shim.on_barrier = NULL;
		/* Gone and back: whoever slept through it can tell. */
		assert_int_equal(reader_page->slot[0].seq, seq + 2);
		assert_int_equal(add.slot, 0);
	}
	assert_true(reader_looks > reader_present && reader_present);
}

static void frames_are_for_pv_guests(void **state)
{
	struct xen_noxs_frames f = { .first = 0, .nr = 3 };

	(void)state;
	added(0, 0);
	assert_int_equal(op_as(w.guest, XEN_NOXS_OP_frames, &f, sizeof(f)),
			 -EOPNOTSUPP);
	w.guest->is_translated = false;
	assert_int_equal(op_as(w.guest, XEN_NOXS_OP_frames, &f, sizeof(f)), 0);
	assert_ptr_equal(mfn_to_page((mfn_t){ f.mfn[1] })->va,
			 page_of(w.guest, 1));
	f.first = 2;
	assert_int_equal(op_as(w.guest, XEN_NOXS_OP_frames, &f, sizeof(f)),
			 -ENOENT);
	f.first = XEN_NOXS_MAX_PAGES - 1;
	f.nr = 2;
	assert_int_equal(op_as(w.guest, XEN_NOXS_OP_frames, &f, sizeof(f)),
			 -ENOENT);
	f.first = 0xffffffff;
	assert_int_equal(op_as(w.guest, XEN_NOXS_OP_frames, &f, sizeof(f)),
			 -EINVAL);
	f.first = 0;
	f.nr = 0;
	assert_int_equal(op_as(w.guest, XEN_NOXS_OP_frames, &f, sizeof(f)),
			 -EINVAL);
	f.nr = XEN_NOXS_FRAMES_MAX + 1;
	assert_int_equal(op_as(w.guest, XEN_NOXS_OP_frames, &f, sizeof(f)),
			 -EINVAL);
}

static void resource_names_the_same_frames(void **state)
{
	xen_pfn_t list[XEN_NOXS_MAX_PAGES + 1];

	(void)state;
	added(0, 0);
	assert_int_equal(noxs_resource_max_frames(w.guest, 0),
			 XEN_NOXS_MAX_PAGES);
	assert_int_equal(noxs_resource_max_frames(w.guest, 1), 0);
	assert_int_equal(noxs_acquire_resource(w.guest, 0, 0, 3, list), 3);
	assert_ptr_equal(mfn_to_page((mfn_t){ list[2] })->va,
			 page_of(w.guest, 2));
	assert_int_equal(noxs_acquire_resource(w.guest, 1, 0, 1, list),
			 -EINVAL);
	assert_int_equal(noxs_acquire_resource(w.guest, 0, 2, 2, list),
			 -ENOENT);
	assert_int_equal(noxs_acquire_resource(w.guest, 0, 0xffffffff, 1, list),
			 -EINVAL);
}

static void limits_hold(void **state)
{
	struct xen_noxs_limit limit = { .domid = GUEST, .max_slots = 2 };
	struct xen_noxs_add add;
	unsigned int i;

	(void)state;
	assert_int_equal(op_as(w.guest, XEN_NOXS_OP_limit, &limit,
			       sizeof(limit)), -EPERM);
	assert_int_equal(op_dom0(XEN_NOXS_OP_limit, &limit, sizeof(limit)), 0);
	added(0, 0);
	added(0, 1);
	add = add_of(2);
	assert_int_equal(op_dom0(XEN_NOXS_OP_add, &add, sizeof(add)), -ENOSPC);
	limit.max_slots = XEN_NOXS_MAX_SLOTS;
	assert_int_equal(op_dom0(XEN_NOXS_OP_limit, &limit, sizeof(limit)), 0);
	for (i = 2; i < XEN_NOXS_MAX_SLOTS; i++)
		added(i & 1 ? BACKEND : BACKEND2, i);
	add = add_of(i);
	assert_int_equal(op_dom0(XEN_NOXS_OP_add, &add, sizeof(add)), -ENOSPC);
	/* 2 of dom0, 30 of each other: 1 + 4 + 4 pairs */
	assert_int_equal(w.guest->xenheap_pages, 1 + 2 * 9);
	limit.max_slots++;
	assert_int_equal(op_dom0(XEN_NOXS_OP_limit, &limit, sizeof(limit)),
			 -EINVAL);
}

static long generation(struct domain *as, domid_t domid, uint32_t generation)
{
	struct xen_noxs_generation op = {
		.domid = domid, .generation = generation,
	};

	return op_as(as, XEN_NOXS_OP_generation, &op, sizeof(op));
}

static void generation_numbers_a_life(void **state)
{
	struct xen_noxs_generation op = {
		.domid = GUEST, .pad = 1, .generation = 2,
	};
	const struct xen_noxs_device_page *page;
	struct xen_noxs_add add;
	uint32_t seq;

	(void)state;
	/* Before there is a page, as a restore does it ... */
	assert_int_equal(generation(w.dom0, GUEST, 7), 0);
	assert_int_equal(generation(w.backend, GUEST, 8), -EPERM);
	assert_int_equal(generation(w.guest, GUEST, 8), -EPERM);
	assert_int_equal(generation(w.dom0, GUEST, 0), -EINVAL);
	assert_int_equal(generation(w.dom0, 77, 8), -ESRCH);
	assert_int_equal(op_dom0(XEN_NOXS_OP_generation, &op, sizeof(op)),
			 -EINVAL);
	page = device_page(w.guest);
	assert_int_equal(page->generation, 7);
	/* ... and of one that is in use, whose devices stay. */
	add = added(BACKEND, 0);
	seq = page->slot[add.slot].seq;
	assert_int_equal(generation(w.dom0, GUEST, 0xffffffff), 0);
	assert_int_equal(page->generation, 0xffffffff);
	assert_int_equal(page->magic, XEN_NOXS_MAGIC);
	assert_int_equal(page->slot[add.slot].seq, seq);
	assert_int_equal(page->slot[add.slot].state, XEN_NOXS_SLOT_PRESENT);
	/* 0 would be none. */
	noxs_domain_reset(w.guest);
	assert_int_equal(page->generation, 1);
	/* A new domain begins with 1. */
	assert_int_equal(device_page(w.backend)->generation, 1);
	domain_kill(w.guest);
	assert_int_equal(generation(w.dom0, GUEST, 9), -ESRCH);
	assert_int_equal(page->generation, 1);
}

static struct xen_noxs_power_back power_of(uint32_t state, uint32_t cmd,
					   uint32_t cmd_id)
{
	return (struct xen_noxs_power_back){
		.hdr.magic = XEN_NOXS_BACK_MAGIC,
		.hdr.version = XEN_NOXS_VERSION,
		.hdr.size = sizeof(struct xen_noxs_power_back),
		.hdr.state = state,
		.hdr.generation = 1,
		.hdr.features = XEN_NOXS_POWER_F_ALL,
		.cmd = cmd,
		.cmd_id = cmd_id,
	};
}

/* A device that nobody in the backend domain listens to: both ends are Xen's. */
static void power_device_takes_commands(void **state)
{
	struct xen_noxs_power_back back = power_of(XEN_NOXS_STATE_INIT, 0, 0);
	struct xen_noxs_add add = add_of(0);
	struct xen_noxs_publish pub = { .domid = GUEST,
		.type = XEN_NOXS_TYPE_POWER, .size = sizeof(back),
		.flags = XEN_NOXS_PUBLISH_NOTIFY };
	struct xen_noxs_remove rm = remove_of(0);
	const struct xen_noxs_power_back *seen;
	uint32_t port;

	(void)state;
	add.type = XEN_NOXS_TYPE_POWER;
	memset(add.back, 0, sizeof(add.back));
	memcpy(add.back, &back, sizeof(back));
	assert_int_equal(op_dom0(XEN_NOXS_OP_add, &add, sizeof(add)), 0);
	assert_true(add.port[0] != 0);
	seen = (const void *)back_of(&add);
	assert_int_equal(seen->hdr.state, XEN_NOXS_STATE_INIT);
	assert_int_equal(seen->cmd_id, 0);

	back = power_of(XEN_NOXS_STATE_CONNECTED, XEN_NOXS_POWER_MEMORY, 1);
	back.arg = 0x123456789abcull;
	pub.serial = add.serial;
	memcpy(pub.data, &back, sizeof(back));
	assert_int_equal(op_dom0(XEN_NOXS_OP_publish, &pub, sizeof(pub)), 0);
	assert_int_equal(seen->hdr.seq & 1, 0);
	back.hdr.seq = seen->hdr.seq;
	assert_memory_equal(seen, &back, sizeof(back));
	port = device_page(w.guest)->slot[add.slot].port[0];
	assert_int_equal(w.guest->evtchn[port].raised, 1);

	/* Nobody but the toolstack commands the guest. */
	assert_int_equal(op_as(w.backend, XEN_NOXS_OP_publish, &pub,
			       sizeof(pub)), -EPERM);
	assert_int_equal(op_as(w.guest, XEN_NOXS_OP_publish, &pub,
			       sizeof(pub)), -EPERM);
	rm.type = XEN_NOXS_TYPE_POWER;
	assert_int_equal(op_dom0(XEN_NOXS_OP_remove, &rm, sizeof(rm)), 0);
	assert_int_equal(seen->cmd_id, 0);
	assert_int_equal(shim_ports(w.dom0), 0);
	assert_int_equal(shim_ports(w.guest), 0);
}

/* Every port of the guest is taken. */
static void add_without_a_free_port(void **state)
{
	struct xen_noxs_add add = add_of(0);

	(void)state;
	w.guest->max_ports = 3;
	add.nr_ports = 3;
	assert_int_equal(op_dom0(XEN_NOXS_OP_add, &add, sizeof(add)), -ENOSPC);
	assert_int_equal(shim_ports(w.guest), 0);
	assert_int_equal(shim_ports(w.dom0), 0);
}

static unsigned int listed(struct domain *as, uint16_t domid, uint16_t backend,
			   unsigned int *calls)
{
	struct xen_noxs_list list = { .domid = domid, .backend = backend };
	unsigned int n = 0, i;
	int last = -1;

	*calls = 0;
	do {
		assert_int_equal(op_as(as, XEN_NOXS_OP_list, &list,
				       sizeof(list)), 0);
		for (i = 0; i < list.nr; i++, n++) {
			assert_true(list.entry[i].domid * 64 +
				    list.entry[i].slot > last);
			last = list.entry[i].domid * 64 + list.entry[i].slot;
		}
		assert_true(++*calls < 1000);
	} while (list.next_domid != XEN_NOXS_END);
	return n;
}

static void list_pages_filters_and_hides(void **state)
{
	struct xen_noxs_list list = { .domid = 77 };
	struct domain *far = domain_new(30000);
	unsigned int i, calls;
	struct xen_noxs_add add;

	(void)state;
	for (i = 0; i < 40; i++)
		added(i & 1 ? BACKEND : 0, i);
	add = add_of(0);
	add.domid = 30000;
	assert_int_equal(op_dom0(XEN_NOXS_OP_add, &add, sizeof(add)), 0);
	assert_int_equal(listed(w.dom0, XEN_NOXS_ANY, XEN_NOXS_ANY, &calls), 41);
	assert_int_equal(calls, 3);
	assert_int_equal(listed(w.dom0, GUEST, XEN_NOXS_ANY, &calls), 40);
	assert_int_equal(listed(w.dom0, GUEST, BACKEND, &calls), 20);
	assert_int_equal(listed(w.backend, XEN_NOXS_ANY, XEN_NOXS_ANY, &calls),
			 20);
	assert_int_equal(listed(w.backend, XEN_NOXS_ANY, 0, &calls), 0);
	assert_int_equal(listed(w.guest, XEN_NOXS_ANY, XEN_NOXS_ANY, &calls), 0);
	assert_int_equal(op_dom0(XEN_NOXS_OP_list, &list, sizeof(list)), -ESRCH);
	/* To go on where nobody lives any more is bounded work, and arrives. */
	list = (struct xen_noxs_list){ .domid = XEN_NOXS_ANY,
		.backend = XEN_NOXS_ANY, .next_domid = 100, .next_slot = 9 };
	for (calls = 0; !list.nr && calls < 1000; calls++)
		assert_int_equal(op_dom0(XEN_NOXS_OP_list, &list,
					 sizeof(list)), 0);
	assert_int_equal(list.entry[0].domid, 30000);
	assert_true(calls > 2);
	domain_kill(far);
	domain_bury(far);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		T(version_tells_limits_and_caller),
		T(add_fills_slot_area_and_channel),
		T(add_ends_at_the_size_given),
		T(add_with_any_byte_wrong),
		T(add_refuses_by_name),
		T(remove_empties_slot_area_and_channel),
		T(remove_leaves_a_port_that_is_not_ours),
		T(a_port_that_leads_elsewhere_is_let_alone),
		T(who_may_publish_and_remove),
		T(publish_refuses),
		T(publish_raises_the_first_port_only_when_asked),
		T(publish_is_never_seen_half),
		T(slot_is_never_seen_half),
		T(frames_are_for_pv_guests),
		T(resource_names_the_same_frames),
		T(limits_hold),
		T(generation_numbers_a_life),
		T(power_device_takes_commands),
		T(add_without_a_free_port),
		T(list_pages_filters_and_hides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

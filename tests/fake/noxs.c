// SPDX-License-Identifier: BSD-2-Clause
/* The noxs hypercall: the guest's calls, and libnoxs for the backend. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include <noxs/noxs.h>

#include <noxs/netback.h>

#include "internal.h"

struct noxs {
	struct xen_noxs_version version;
};

struct noxs_mapping {
	void *addr;
	unsigned int nr;
};

static struct xen_noxs_device_page *device_page(struct fake_domain *dom)
{
	return (void *)dom->noxs;
}

static uint8_t *noxs_page(struct fake_domain *dom, unsigned int index)
{
	return dom->noxs + (size_t)index * FAKE_PAGE;
}

static bool page_exists(const struct fake_domain *dom, unsigned int index)
{
	return index == XEN_NOXS_PAGE_DEVICE ||
	       (index < XEN_NOXS_MAX_PAGES &&
		(index - 1) / 2 < dom->nr_pairs);
}

static void fill_version(struct xen_noxs_version *v, uint64_t serial,
			 uint16_t domid)
{
	*v = (struct xen_noxs_version){
		.magic = XEN_NOXS_MAGIC,
		.version = XEN_NOXS_VERSION,
		.max_slots = XEN_NOXS_MAX_SLOTS,
		.max_ports = XEN_NOXS_MAX_PORTS,
		.max_pairs = XEN_NOXS_MAX_PAIRS,
		.area_size = XEN_NOXS_AREA_SIZE,
		.serial = serial,
		.domid = domid,
		.virq = VIRQ_NOXS,
	};
}

/* The guest's side. */

int fake_dom_hypercall(struct fake_domain *dom, unsigned int cmd, void *arg)
{
	switch (cmd) {
	case XEN_NOXS_OP_version:
		fill_version(arg, dom->serial, dom->domid);
		return 0;
	case XEN_NOXS_OP_frames:
		return -EOPNOTSUPP;	/* a translated guest */
	default:
		return cmd <= XEN_NOXS_OP_read ? -EPERM : -ENOSYS;
	}
}

int fake_dom_map(struct fake_domain *dom, unsigned int index, bool writable,
		 void **out)
{
	bool front = index > 0 && index % 2 == 1;
	void *p;

	if (!page_exists(dom, index))
		return -ENOENT;
	if (writable && !front)
		return -EPERM;
	if (fake_host->alias) {
		*out = noxs_page(dom, index);
		return 0;
	}
	p = mmap(NULL, FAKE_PAGE, writable ? PROT_READ | PROT_WRITE : PROT_READ,
		 MAP_SHARED, dom->noxsfd, (off_t)index * FAKE_PAGE);
	fake_assert(p != MAP_FAILED);
	*out = p;
	return 0;
}

void fake_dom_unmap(struct fake_domain *dom, unsigned int index, void *addr)
{
	(void)dom;
	(void)index;
	if (!fake_host->alias)
		munmap(addr, FAKE_PAGE);
}

void *fake_dom_noxs_page(struct fake_domain *dom, unsigned int index)
{
	fake_assert(page_exists(dom, index));
	return noxs_page(dom, index);
}

int fake_dom_add_net(struct fake_domain *dom, uint16_t id,
		     const struct xen_noxs_net_back *back,
		     uint32_t *backend_port)
{
	struct xen_noxs_add op = {
		.domid = dom->domid,
		.backend = FAKE_BACKEND,
		.id = id,
		.type = XEN_NOXS_TYPE_NET,
		.nr_ports = 1,
	};
	int rc;

	memcpy(op.back, back, sizeof(*back));
	rc = noxs_add(NULL, &op);
	if (!rc)
		*backend_port = op.port[0];
	return rc;
}

int fake_dom_ask_net(struct fake_domain *dom, uint16_t id,
		     const struct xen_noxs_net_back *back,
		     const struct xen_noxs_net_request *req)
{
	struct xen_noxs_add op = {
		.domid = dom->domid,
		.backend = FAKE_BACKEND,
		.id = id,
		.type = XEN_NOXS_TYPE_NET,
		.nr_ports = (uint8_t)noxs_netback_ports(req->queues),
	};
	bool was = fake_host->unprivileged;
	unsigned int i;
	int rc;

	for (i = 0; i < op.nr_ports; i++)
		op.port[i] = XEN_NOXS_PORT_WAIT;
	memcpy(op.back, back, sizeof(*back));
	memcpy(op.back + XEN_NOXS_NET_REQUEST, req, sizeof(*req));
	fake_host->unprivileged = false;
	rc = noxs_add(NULL, &op);
	fake_host->unprivileged = was;
	return rc;
}

int fake_dom_take_net(struct fake_domain *dom, uint16_t id)
{
	const struct xen_noxs_remove op = {
		.domid = dom->domid, .id = id, .type = XEN_NOXS_TYPE_NET,
	};

	return noxs_remove(NULL, &op);
}

/* libnoxs. */

int noxs_open(struct noxs **out)
{
	if (fake_fail_now())
		return -ENOSYS;
	*out = fake_alloc(sizeof(**out));
	fill_version(&(*out)->version, 1, FAKE_BACKEND);
	fake_host->usage.handles++;
	return 0;
}

void noxs_close(struct noxs *nx)
{
	if (!nx)
		return;
	fake_host->usage.handles--;
	free(nx);
}

const struct xen_noxs_version *noxs_version(const struct noxs *nx)
{
	return &nx->version;
}

static int slot_find(struct fake_domain *dom, uint8_t type, uint16_t id)
{
	struct xen_noxs_slot *s = device_page(dom)->slot;
	int i;

	for (i = 0; i < XEN_NOXS_MAX_SLOTS; i++)
		if (s[i].state == XEN_NOXS_SLOT_PRESENT && s[i].type == type &&
		    s[i].id == id)
			return i;
	return -ENOENT;
}

static int area_take(struct fake_domain *dom, uint16_t backend, uint8_t *pair,
		     uint16_t *offset)
{
	unsigned int p, a;

	for (p = 0; p < XEN_NOXS_MAX_PAIRS; p++) {
		if (p == dom->nr_pairs) {
			dom->pair_backend[p] = backend;
			dom->pair_areas[p] = 0;
			dom->nr_pairs++;
		}
		if (dom->pair_backend[p] != backend)
			continue;
		for (a = 0; a < XEN_NOXS_AREAS_PER_PAGE; a++) {
			if (dom->pair_areas[p] & 1u << a)
				continue;
			dom->pair_areas[p] |= (uint8_t)(1u << a);
			*pair = (uint8_t)p;
			*offset = (uint16_t)(a * XEN_NOXS_AREA_SIZE);
			return 0;
		}
	}
	return -ENOSPC;
}

static int add_port(const struct xen_noxs_add *op, uint32_t *port)
{
	struct fake_port *p;

	if (*port == XEN_NOXS_PORT_WAIT) {
		*port = 0;
		return 0;
	}
	if (!*port)
		return fake_port_alloc(op->backend, op->domid, port);
	p = fake_port(op->backend, *port);
	return p && p->state == FAKE_PORT_UNBOUND && p->remote == op->domid ?
		0 : -EINVAL;
}

static void ports_bind(const struct xen_noxs_add *op,
		       const struct fake_device *dev)
{
	struct fake_port *b, *g;
	unsigned int i;

	for (i = 0; i < dev->nr_ports; i++) {
		b = fake_port(op->backend, dev->backend_port[i]);
		g = fake_port(op->domid, dev->guest_port[i]);
		if (!dev->backend_port[i])
			continue;	/* the guest's waits */
		b->state = g->state = FAKE_PORT_BOUND;
		b->remote_port = dev->guest_port[i];
		g->remote_port = dev->backend_port[i];
	}
}

static void slot_fill(struct fake_domain *dom, int i, struct xen_noxs_add *op,
		      const struct fake_device *dev)
{
	struct xen_noxs_device_page *page = device_page(dom);
	struct xen_noxs_slot *s = &page->slot[i];

	s->seq++;
	s->type = op->type;
	s->id = op->id;
	s->backend = op->backend;
	s->nr_ports = op->nr_ports;
	s->pair = op->pair;
	s->offset = op->offset;
	memcpy(s->port, dev->guest_port, sizeof(s->port));
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	s->state = XEN_NOXS_SLOT_PRESENT;
	if (i >= page->nr_slots)
		page->nr_slots = (uint16_t)(i + 1);
	page->seq++;
	dom->device[i] = *dev;
}

static int noxs_add_locked(struct noxs *nx, struct xen_noxs_add *op)
{
	struct fake_domain *dom = fake_dom_find(op->domid);
	const struct xen_noxs_area_hdr *hdr = (const void *)op->back;
	struct fake_device dev = { .backend = op->backend };
	unsigned int i, k;
	int rc;

	(void)nx;
	if (fake_fail_now())
		return -ENOMEM;
	if (fake_host->unprivileged)
		return -EPERM;
	if (!dom || dom->dying)
		return -ESRCH;
	if (!op->nr_ports || op->nr_ports > XEN_NOXS_MAX_PORTS ||
	    op->backend != FAKE_BACKEND ||
	    hdr->magic != XEN_NOXS_BACK_MAGIC || hdr->seq || op->pad ||
	    op->pad2)
		return -EINVAL;
	if (slot_find(dom, op->type, op->id) >= 0)
		return -EEXIST;
	for (i = 0; i < dom->max_slots; i++)
		if (device_page(dom)->slot[i].state == XEN_NOXS_SLOT_EMPTY)
			break;
	if (i == dom->max_slots)
		return -ENOSPC;
	rc = area_take(dom, op->backend, &op->pair, &op->offset);
	if (rc)
		return rc;
	memcpy(dev.backend_port, op->port, sizeof(dev.backend_port));
	for (k = 0; !rc && k < op->nr_ports; k++, dev.nr_ports++) {
		rc = add_port(op, &dev.backend_port[k]);
		if (!rc)
			rc = fake_port_alloc(op->domid, op->backend,
					     &dev.guest_port[k]);
	}
	if (rc) {
		dom->pair_areas[op->pair] &=
			(uint8_t)~(1u << op->offset / XEN_NOXS_AREA_SIZE);
		return rc;
	}
	ports_bind(op, &dev);
	fake_words_put(noxs_page(dom, XEN_NOXS_PAGE_BACK(op->pair)) + op->offset,
		       op->back, XEN_NOXS_AREA_SIZE);
	slot_fill(dom, (int)i, op, &dev);
	memcpy(op->port, dev.backend_port, sizeof(op->port));
	op->slot = (uint16_t)i;
	op->serial = dom->serial;
	fake_host->usage.devices++;
	fake_virq_raise(dom, VIRQ_NOXS);
	fake_devices_changed();
	return 0;
}

int noxs_add(struct noxs *nx, struct xen_noxs_add *op)
{
	int rc;

	fake_lock();
	rc = noxs_add_locked(nx, op);
	fake_unlock();
	return rc;
}

/* The device of an op, with the errors that all share. */
static int device_find(uint16_t domid, uint64_t serial, uint8_t type,
		       uint16_t id, struct fake_domain **dom)
{
	*dom = fake_dom_find(domid);
	if (!*dom || (*dom)->dying)
		return -ESRCH;
	if (serial && serial != (*dom)->serial)
		return -ESTALE;
	return slot_find(*dom, type, id);
}

int noxs_remove(struct noxs *nx, const struct xen_noxs_remove *op)
{
	struct xen_noxs_device_page *page;
	struct xen_noxs_slot *s;
	struct fake_domain *dom;
	unsigned int port;
	int i;

	(void)nx;
	i = device_find(op->domid, op->serial, op->type, op->id, &dom);
	if (i < 0)
		return i;
	page = device_page(dom);
	s = &page->slot[i];
	s->state = XEN_NOXS_SLOT_EMPTY;
	s->seq++;
	page->seq++;
	for (port = 0; port < s->nr_ports; port++)
		fake_port_close(dom->domid, s->port[port]);
	fake_words_put(noxs_page(dom, XEN_NOXS_PAGE_FRONT(s->pair)) + s->offset,
		       NULL, XEN_NOXS_AREA_SIZE);
	fake_words_put(noxs_page(dom, XEN_NOXS_PAGE_BACK(s->pair)) + s->offset,
		       NULL, XEN_NOXS_AREA_SIZE);
	dom->pair_areas[s->pair] &=
		(uint8_t)~(1u << s->offset / XEN_NOXS_AREA_SIZE);
	memset(&dom->device[i], 0, sizeof(dom->device[i]));
	fake_host->usage.devices--;
	fake_virq_raise(dom, VIRQ_NOXS);
	fake_devices_changed();
	return 0;
}

int noxs_publish(struct noxs *nx, const struct xen_noxs_publish *op)
{
	struct xen_noxs_area_hdr *hdr;
	struct xen_noxs_slot *s;
	struct fake_domain *dom;
	uint32_t seq;
	int i;

	(void)nx;
	if (fake_fail_now())
		return -EFAULT;
	i = device_find(op->domid, op->serial, op->type, op->id, &dom);
	if (i < 0)
		return i;
	hdr = (void *)(uintptr_t)op->data;
	if (op->size < sizeof(*hdr) || op->size > XEN_NOXS_AREA_SIZE ||
	    op->pad || op->pad2 || hdr->seq ||
	    op->flags & ~XEN_NOXS_PUBLISH_NOTIFY)
		return -EINVAL;
	s = &device_page(dom)->slot[i];
	hdr = (void *)(noxs_page(dom, XEN_NOXS_PAGE_BACK(s->pair)) +
		       s->offset);
	seq = hdr->seq;
	fake_words_put(hdr, op->data, op->size);
	__atomic_store_n(&hdr->seq, seq + 2, __ATOMIC_RELAXED);
	if (op->flags & XEN_NOXS_PUBLISH_NOTIFY)
		fake_port_raise(dom->domid, s->port[0]);
	return 0;
}

int noxs_read(struct noxs *nx, struct xen_noxs_read *op)
{
	bool back = op->side == XEN_NOXS_READ_BACK;
	struct fake_domain *dom;
	struct xen_noxs_slot *s;
	unsigned int at;
	uint8_t *from;
	uint32_t word;
	int i;

	(void)nx;
	if (fake_fail_now())
		return -EFAULT;
	if (op->pad || op->side > XEN_NOXS_READ_BACK)
		return -EINVAL;
	i = device_find(op->domid, op->serial, op->type, op->id, &dom);
	if (i < 0)
		return i;
	s = &device_page(dom)->slot[i];
	from = noxs_page(dom, back ? XEN_NOXS_PAGE_BACK(s->pair) :
			 XEN_NOXS_PAGE_FRONT(s->pair)) + s->offset;
	for (at = 0; at < XEN_NOXS_AREA_SIZE; at += sizeof(word)) {
		word = __atomic_load_n((uint32_t *)(void *)(from + at),
				       __ATOMIC_SEQ_CST);
		memcpy(op->data + at, &word, sizeof(word));
	}
	return 0;
}

static void list_fill(struct fake_domain *dom, unsigned int i,
		      struct xen_noxs_list_entry *e)
{
	const struct xen_noxs_slot *s = &device_page(dom)->slot[i];

	*e = (struct xen_noxs_list_entry){
		.serial = dom->serial,
		.domid = dom->domid,
		.slot = (uint16_t)i,
		.id = s->id,
		.backend = s->backend,
		.type = s->type,
		.nr_ports = s->nr_ports,
		.pair = s->pair,
		.offset = s->offset,
		.seq = (uint16_t)s->seq,
	};
	memcpy(e->guest_port, s->port, sizeof(e->guest_port));
	memcpy(e->backend_port, dom->device[i].backend_port,
	       sizeof(e->backend_port));
}

/* Four at a time, so that callers have to go on. */
int noxs_list(struct noxs *nx, struct xen_noxs_list *op)
{
	unsigned int domid, slot, nr = 0;
	struct fake_domain *dom;

	(void)nx;
	if (fake_fail_now())
		return -ENOMEM;
	slot = op->next_slot;
	for (domid = op->next_domid; domid < 0x7ff0; domid++, slot = 0) {
		if (op->domid != XEN_NOXS_ANY && domid != op->domid)
			continue;
		dom = fake_dom_find((uint16_t)domid);
		for (; dom && slot < XEN_NOXS_MAX_SLOTS; slot++) {
			if (!dom->device[slot].nr_ports)
				continue;
			if (nr == 4)
				goto more;
			list_fill(dom, slot, &op->entry[nr++]);
		}
	}
	domid = XEN_NOXS_END;
	slot = 0;
more:
	op->next_domid = (uint16_t)domid;
	op->next_slot = (uint16_t)slot;
	op->nr = nr;
	return 0;
}

int noxs_watch(struct noxs *nx, const struct xen_noxs_watch *op)
{
	const struct fake_port *p = fake_port(FAKE_BACKEND, op->port);
	unsigned int i;

	(void)nx;
	if (op->flags > XEN_NOXS_WATCH_DYING &&
	    op->flags != XEN_NOXS_WATCH_BACKEND)
		return -EINVAL;
	if (op->flags & XEN_NOXS_WATCH_OFF) {
		for (i = 0; i < XEN_NOXS_MAX_WATCHES; i++)
			if (fake_host->watch[i] == op->port) {
				fake_host->watch[i] = 0;
				fake_host->usage.watches--;
				return 0;
			}
		return -ENOENT;
	}
	if (fake_host->unprivileged && !(op->flags & XEN_NOXS_WATCH_BACKEND))
		return -EPERM;
	if (fake_fail_now())
		return -ENOSPC;
	if (!p || p->state != FAKE_PORT_UNBOUND || p->remote != FAKE_BACKEND)
		return -EINVAL;
	for (i = 0; i < XEN_NOXS_MAX_WATCHES; i++)
		if (!fake_host->watch[i]) {
			fake_host->watch[i] = op->port;
			fake_host->watch_flags[i] = op->flags;
			fake_host->usage.watches++;
			return 0;
		}
	return -ENOSPC;
}

int noxs_states(struct noxs *nx, struct xen_noxs_states *op)
{
	struct fake_domain *dom;
	unsigned int domid;

	(void)nx;
	if (fake_host->unprivileged)
		return -EPERM;
	op->nr = 0;
	for (domid = op->next_domid; domid < 0x7ff0; domid++) {
		dom = fake_dom_find((uint16_t)domid);
		if (!dom || dom->changed <= op->since)
			continue;
		if (op->nr == 4)
			break;
		op->entry[op->nr++] = (struct xen_noxs_state_entry){
			.serial = dom->serial,
			.changed = dom->changed,
			.uuid = { 0xfa, [15] = (uint8_t)dom->domid },
			.domid = dom->domid,
			.flags = dom->dying ? XEN_NOXS_DOM_DYING : 0,
		};
	}
	op->next_domid = domid == 0x7ff0 ? XEN_NOXS_END : (uint16_t)domid;
	op->now = fake_host->seq;
	op->gone = fake_host->gone;
	return 0;
}

int noxs_limit(struct noxs *nx, const struct xen_noxs_limit *op)
{
	struct fake_domain *dom = fake_dom_find(op->domid);

	(void)nx;
	if (!dom)
		return -ESRCH;
	if (op->max_slots > XEN_NOXS_MAX_SLOTS || op->pad)
		return -EINVAL;
	dom->max_slots = op->max_slots;
	return 0;
}

int noxs_generation(struct noxs *nx, const struct xen_noxs_generation *op)
{
	struct fake_domain *dom = fake_dom_find(op->domid);

	(void)nx;
	if (!dom || dom->dying)
		return -ESRCH;
	if (!op->generation || op->pad)
		return -EINVAL;
	((struct xen_noxs_device_page *)dom->noxs)->generation = op->generation;
	return 0;
}

int noxs_map_open(struct noxs *nx)
{
	(void)nx;
	return fake_fail_now() ? -EACCES : 0;
}

int noxs_map(struct noxs *nx, uint16_t domid, unsigned int first,
	     unsigned int nr, struct noxs_mapping **out, const void **addr)
{
	struct fake_domain *dom = fake_dom_find(domid);
	struct noxs_mapping *m;

	(void)nx;
	if (fake_fail_now())
		return -ENOMEM;
	if (fake_host->unprivileged)
		return -EPERM;
	if (!dom)
		return -ESRCH;
	if (!page_exists(dom, first) || !page_exists(dom, first + nr - 1))
		return -ENOENT;
	m = fake_alloc(sizeof(*m));
	m->nr = nr;
	m->addr = fake_host->alias ? noxs_page(dom, first)
				   : mmap(NULL, (size_t)nr * FAKE_PAGE,
					  PROT_READ, MAP_SHARED, dom->noxsfd,
					  (off_t)first * FAKE_PAGE);
	fake_assert(m->addr != MAP_FAILED);
	fake_host->usage.noxs_maps += nr;
	*out = m;
	*addr = m->addr;
	return 0;
}

void noxs_unmap(struct noxs *nx, struct noxs_mapping *map)
{
	(void)nx;
	if (!map)
		return;
	fake_host->usage.noxs_maps -= map->nr;
	if (!fake_host->alias)
		munmap(map->addr, (size_t)map->nr * FAKE_PAGE);
	free(map);
}

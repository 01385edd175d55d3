// SPDX-License-Identifier: BSD-2-Clause
/* A noxs hypercall that remembers, and fails when told to. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "fake_hyp.h"

struct noxs {
	char unused;
};

struct noxs_mapping {
	char unused;
};

struct fake_hyp_state fake_hyp;

void fake_hyp_reset(void)
{
	memset(&fake_hyp, 0, sizeof(fake_hyp));
}

int noxs_open(struct noxs **out)
{
	if (fake_hyp.open_rc)
		return fake_hyp.open_rc;
	if (fail_here("noxs open"))
		return -EMFILE;
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	fake_hyp.nr_open++;
	fake_hyp.nr_opened++;
	return 0;
}

void noxs_close(struct noxs *nx)
{
	if (!nx)
		return;
	fake_hyp.nr_open--;
	free(nx);
}

const struct xen_noxs_version *noxs_version(const struct noxs *nx)
{
	static const struct xen_noxs_version version = { .version = 7 };

	(void)nx;
	return &version;
}

static struct fake_domain *find(uint32_t domid)
{
	if (domid >= FAKE_DOMAINS || !fake_xen.domain[domid].used)
		return NULL;
	return &fake_xen.domain[domid];
}

/* Of this domain, and not of an earlier one with its number. */
static struct fake_power *power_of(uint32_t domid)
{
	struct fake_power *p = &fake_hyp.power[domid];

	if (!find(domid) || !p->added || p->serial != find(domid)->serial)
		return NULL;
	return p;
}

struct fake_net *fake_hyp_net(uint32_t domid, unsigned int id)
{
	struct fake_net *n;

	for (n = fake_hyp.net; n < fake_hyp.net + FAKE_NETS; n++)
		if (n->serial && n->domid == domid && n->id == id &&
		    find(domid) && find(domid)->serial == n->serial)
			return n;
	return NULL;
}

unsigned int fake_hyp_nr_nets(void)
{
	unsigned int i, nr = 0;

	for (i = 0; i < FAKE_NETS; i++)
		nr += fake_hyp.net[i].serial &&
		      fake_hyp_net(fake_hyp.net[i].domid, fake_hyp.net[i].id);
	return nr;
}

void fake_hyp_serve(struct fake_net *net)
{
	struct xen_noxs_area_hdr *hdr = &net->area.back.hdr;
	struct xen_noxs_net_refusal refusal = {
		.magic = XEN_NOXS_NET_REF_MAGIC,
	};
	struct xen_noxs_net_request q;

	memcpy(&q, net->area.byte + XEN_NOXS_NET_REQUEST, sizeof(q));
	if (hdr->generation || hdr->error || q.magic != XEN_NOXS_NET_REQ_MAGIC)
		return;
	if (!strcmp(q.bridge, "xenbr0")) {
		hdr->state = XEN_NOXS_STATE_INIT;
		hdr->generation = 1;
		return;
	}
	snprintf(refusal.text, sizeof(refusal.text), "bridge %.16s", q.bridge);
	memcpy(net->area.byte + XEN_NOXS_NET_REFUSAL, &refusal,
	       sizeof(refusal));
	hdr->error = ENODEV;
}

static int add_net(struct xen_noxs_add *op)
{
	const struct xen_noxs_net_back *back = (const void *)op->back;
	struct xen_noxs_net_request q;
	struct fake_net *n = fake_hyp.net;

	memcpy(&q, op->back + XEN_NOXS_NET_REQUEST, sizeof(q));
	if (op->nr_ports != noxs_netback_ports(q.queues) ||
	    op->port[op->nr_ports - 1] != XEN_NOXS_PORT_WAIT ||
	    !find(op->domid)->vcpus || op->backend == op->domid ||
	    back->hdr.magic != XEN_NOXS_BACK_MAGIC ||
	    back->hdr.state != XEN_NOXS_STATE_CLOSED)
		return -EINVAL;
	if (!find(op->backend))
		return -ESRCH;
	if (fake_hyp_net(op->domid, op->id))
		return -EEXIST;
	while (n->serial && fake_hyp_net(n->domid, n->id))
		if (++n == fake_hyp.net + FAKE_NETS)
			return -ENOSPC;
	n->serial = find(op->domid)->serial;
	n->domid = op->domid;
	n->id = op->id;
	n->backend = op->backend;
	memcpy(n->area.byte, op->back, sizeof(op->back));
	memset(op->port, 0, sizeof(op->port));
	op->serial = n->serial;
	return 0;
}

int noxs_remove(struct noxs *nx, const struct xen_noxs_remove *op)
{
	struct fake_net *n;

	(void)nx;
	if (fail_here("noxs remove"))
		return -EIO;
	if (!find(op->domid))
		return -ESRCH;
	n = fake_hyp_net(op->domid, op->id);
	if (!n || op->type != XEN_NOXS_TYPE_NET)
		return -ENOENT;
	n->serial = 0;
	return 0;
}

int noxs_read(struct noxs *nx, struct xen_noxs_read *op)
{
	struct fake_net *n;

	(void)nx;
	if (fail_here("noxs read"))
		return -EIO;
	if (!find(op->domid))
		return -ESRCH;
	n = fake_hyp_net(op->domid, op->id);
	if (op->serial && op->serial != find(op->domid)->serial)
		return -ESTALE;
	if (!n || !find(n->backend) || op->type != XEN_NOXS_TYPE_NET)
		return -ENOENT;
	if (op->side != XEN_NOXS_READ_BACK || op->pad)
		return -EINVAL;
	memcpy(op->data, n->area.byte, sizeof(op->data));
	if (fake_hyp.netback)
		fake_hyp.netback(n);
	return 0;
}

int noxs_add(struct noxs *nx, struct xen_noxs_add *op)
{
	struct fake_power *p;

	(void)nx;
	if (fail_here("noxs add"))
		return -ENOSPC;
	if (!find(op->domid))
		return -ESRCH;
	if (op->type == XEN_NOXS_TYPE_NET)
		return add_net(op);
	/* A channel is bound to vCPU 0, so there has to be one. */
	if (op->type != XEN_NOXS_TYPE_POWER || op->nr_ports != 1 ||
	    op->port[0] || op->id || !find(op->domid)->vcpus)
		return -EINVAL;
	if (power_of(op->domid))
		return -EEXIST;
	p = &fake_hyp.power[op->domid];
	memset(p, 0, sizeof(*p));
	p->added = true;
	p->serial = find(op->domid)->serial;
	p->offset = XEN_NOXS_AREA_SIZE;
	memcpy(&p->back, op->back, sizeof(p->back));
	op->serial = p->serial;
	op->offset = p->offset;
	return 0;
}

/* As many as fit beside the power device. */
static void list_nets(struct xen_noxs_list *op)
{
	const struct fake_net *n;

	for (n = fake_hyp.net; n < fake_hyp.net + FAKE_NETS; n++) {
		if (!n->serial || n->domid != op->domid ||
		    fake_hyp_net(n->domid, n->id) != n ||
		    op->nr == XEN_NOXS_LIST_MAX - 1)
			continue;
		op->entry[op->nr++] = (struct xen_noxs_list_entry){
			.serial = n->serial,
			.domid = n->domid,
			.id = n->id,
			.backend = n->backend,
			.type = XEN_NOXS_TYPE_NET,
			.nr_ports = 1,
			.offset = 3 * XEN_NOXS_AREA_SIZE,
			.guest_port = { 17 },
		};
	}
}

int noxs_list(struct noxs *nx, struct xen_noxs_list *op)
{
	struct fake_power *p;

	(void)nx;
	if (fail_here("noxs list"))
		return -EIO;
	if (!find(op->domid))
		return -ESRCH;
	p = power_of(op->domid);
	op->nr = 0;
	op->next_domid = XEN_NOXS_END;
	memset(op->entry, 0, sizeof(op->entry));
	list_nets(op);
	if (!p)
		return 0;
	op->entry[op->nr] = op->entry[0];
	op->nr++;
	memset(&op->entry[0], 0, sizeof(op->entry[0]));
	op->entry[0].serial = p->serial;
	op->entry[0].domid = op->domid;
	op->entry[0].type = XEN_NOXS_TYPE_POWER;
	op->entry[0].nr_ports = 1;
	op->entry[0].offset = p->offset;
	return 0;
}

int noxs_publish(struct noxs *nx, const struct xen_noxs_publish *op)
{
	struct fake_power *p;

	(void)nx;
	if (fail_here("noxs publish"))
		return -EIO;
	if (!find(op->domid))
		return -ESRCH;
	if (op->serial != find(op->domid)->serial)
		return -ESTALE;
	p = power_of(op->domid);
	if (!p || op->type != XEN_NOXS_TYPE_POWER || op->id)
		return -ENOENT;
	memcpy(&p->back, op->data, sizeof(p->back));
	if (!p->back.cmd_id)
		return 0;
	p->nr_commands++;
	if (fake_hyp.driver && op->flags & XEN_NOXS_PUBLISH_NOTIFY)
		fake_hyp.driver(op->domid, &p->back);
	return 0;
}

int noxs_generation(struct noxs *nx, const struct xen_noxs_generation *op)
{
	(void)nx;
	if (fail_here("noxs generation"))
		return -EIO;
	if (!find(op->domid))
		return -ESRCH;
	fake_hyp.page[op->domid].generation = op->generation;
	return 0;
}

int noxs_map(struct noxs *nx, uint16_t domid, unsigned int first,
	     unsigned int nr, struct noxs_mapping **out, const void **addr)
{
	(void)nx;
	if (fail_here("noxs map"))
		return -ENOMEM;
	if (!find(domid))
		return -ESRCH;
	if ((first != XEN_NOXS_PAGE_FRONT(0) && first) || nr != 1)
		return -EINVAL;
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	*addr = first ? (const void *)fake_hyp.power[domid].front.bytes :
			&fake_hyp.page[domid];
	fake_hyp.nr_maps++;
	return 0;
}

void noxs_unmap(struct noxs *nx, struct noxs_mapping *map)
{
	(void)nx;
	if (!map)
		return;
	fake_hyp.nr_maps--;
	free(map);
}

struct xen_noxs_power_front *fake_hyp_front(uint32_t domid)
{
	struct fake_power *p = &fake_hyp.power[domid];

	return (void *)(p->front.bytes + p->offset);
}

void fake_hyp_connect(uint32_t domid, uint32_t features)
{
	struct xen_noxs_power_front *front = fake_hyp_front(domid);

	memset(front, 0, sizeof(*front));
	front->hdr.magic = XEN_NOXS_FRONT_MAGIC;
	front->hdr.version = XEN_NOXS_VERSION;
	front->hdr.size = sizeof(*front);
	front->hdr.generation = fake_hyp.power[domid].back.hdr.generation;
	front->hdr.features = features ? features : XEN_NOXS_POWER_F_ALL;
	front->hdr.state = XEN_NOXS_STATE_CONNECTED;
}

void fake_hyp_ack(uint32_t domid, uint32_t id, uint32_t error)
{
	struct xen_noxs_power_front *front = fake_hyp_front(domid);

	front->ack_error = error;
	__atomic_store_n(&front->ack_id, id, __ATOMIC_RELEASE);
}

void fake_hyp_obey(uint32_t domid, const struct xen_noxs_power_back *back)
{
	static const uint32_t codes[] = {
		[XEN_NOXS_POWER_POWEROFF] = 0,
		[XEN_NOXS_POWER_REBOOT] = 1,
		[XEN_NOXS_POWER_SUSPEND] = 2,
	};
	struct chaos__xen_dom *dom = &fake_xen.domain[domid].dom;

	fake_hyp_ack(domid, back->cmd_id, 0);
	if (back->cmd == XEN_NOXS_POWER_MEMORY)
		return;
	dom->shutdown_code = codes[back->cmd];
	dom->shutdown = true;
}

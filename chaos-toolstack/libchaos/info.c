// SPDX-License-Identifier: BSD-2-Clause
/* One domain in full: Xen's view, the record, the live state of its vifs. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <noxs/noxs.h>

#include "devices.h"
#include "find.h"

/* A vif with the texts that the public structure points at. */
struct info_vif {
	struct chaos_vif pub;
	struct chaos__vif_record rec;
};

struct info {
	struct chaos_info pub;
	struct chaos__found found;
	char uuid[CHAOS__UUID_LEN + 1];
	const struct chaos_vif *ptr[CHAOS__MAX_VIFS];
	struct info_vif vif[CHAOS__MAX_VIFS];
};

static const char *device_state(unsigned int state)
{
	static const char *const names[] = {
		[XEN_NOXS_STATE_CLOSED] = "closed",
		[XEN_NOXS_STATE_INIT] = "init",
		[XEN_NOXS_STATE_CONNECTED] = "connected",
		[XEN_NOXS_STATE_CLOSING] = "closing",
	};

	return state <= XEN_NOXS_STATE_MAX ? names[state] : "unknown";
}

static void init_vifs(struct info *info)
{
	const struct chaos__record *rec = info->found.rec;
	unsigned int i;

	for (i = 0; rec && i < rec->nr_vifs; i++) {
		struct info_vif *v = &info->vif[i];

		v->rec = rec->vif[i];
		v->pub.id = v->rec.id;
		v->pub.mac = v->rec.mac;
		v->pub.bridge = v->rec.bridge;
		v->pub.ifname = v->rec.ifname;
		v->pub.ip = v->rec.ip;
		v->pub.gateway = v->rec.gateway;
		v->pub.mtu = v->rec.mtu;
		v->pub.backend = v->rec.backend;
		v->pub.backend_state = "unknown";
		v->pub.frontend_state = "unknown";
		info->ptr[i] = &v->pub;
		info->pub.nr_vifs++;
	}
	info->pub.vif = info->ptr;
}

static void ask_backend(struct chaos *ctx, struct info *info)
{
	struct noxs_netback_reply reply;
	size_t i;
	int rc;

	for (i = 0; i < info->pub.nr_vifs; i++) {
		struct chaos_vif *v = &info->vif[i].pub;

		if (*v->backend)
			continue;
		rc = chaos__devices_stats(ctx, info->pub.domain.domid, v->id,
					  &reply);
		if (rc == -ENOENT)
			continue;
		/* It would not answer for the next one either. */
		if (rc)
			break;
		v->backend_state = device_state(reply.state);
		v->rx_packets = reply.stats.rx_packets;
		v->rx_bytes = reply.stats.rx_bytes;
		v->tx_packets = reply.stats.tx_packets;
		v->tx_bytes = reply.stats.tx_bytes;
	}
}

/* The guest's page: one field is copied, and named only if it has a name. */
static const char *read_front(struct noxs *nx, uint32_t domid,
			      const struct xen_noxs_list_entry *e)
{
	const volatile struct xen_noxs_area_hdr *hdr;
	struct noxs_mapping *map;
	const char *state;
	const void *page;

	if (e->pair >= XEN_NOXS_MAX_PAIRS ||
	    e->offset > 4096 - XEN_NOXS_AREA_SIZE)
		return "unknown";
	if (noxs_map(nx, (uint16_t)domid, XEN_NOXS_PAGE_FRONT(e->pair), 1, &map,
		     &page))
		return "unknown";
	hdr = (const volatile void *)((const char *)page + e->offset);
	state = device_state(hdr->state);
	noxs_unmap(nx, map);
	return state;
}

static struct chaos_vif *find_vif(struct info *info, unsigned int id)
{
	size_t i;

	for (i = 0; i < info->pub.nr_vifs; i++)
		if (info->vif[i].pub.id == id)
			return &info->vif[i].pub;
	return NULL;
}

static void note_device(struct info *info, struct noxs *nx,
			const struct xen_noxs_list_entry *e)
{
	uint32_t domid = info->pub.domain.domid;
	struct chaos_vif *v = NULL;
	unsigned int state;

	if (e->type == XEN_NOXS_TYPE_NET)
		v = find_vif(info, e->id);
	if (e->type == XEN_NOXS_TYPE_POWER) {
		info->pub.power_state = read_front(nx, domid, e);
	} else if (v) {
		v->guest_port = e->guest_port[0];
		v->backend_port = e->backend_port[0];
		v->frontend_state = read_front(nx, domid, e);
		if (*v->backend &&
		    chaos__driver_state(nx, domid, e->id, &state) > 0)
			v->backend_state = device_state(state);
	}
}

static void ask_xen(struct info *info)
{
	struct xen_noxs_list list = {
		.domid = (uint16_t)info->pub.domain.domid,
		.backend = XEN_NOXS_ANY,
	};
	struct noxs *nx;
	uint32_t i;

	if (!info->pub.domain.domid || noxs_open(&nx))
		return;
	do {
		if (noxs_list(nx, &list) || list.nr > XEN_NOXS_LIST_MAX)
			break;
		for (i = 0; i < list.nr; i++)
			note_device(info, nx, &list.entry[i]);
	} while (list.next_domid != XEN_NOXS_END);
	noxs_close(nx);
}

int chaos_info_get(struct chaos *ctx, uint32_t domid, struct chaos_info **out)
{
	const struct chaos__record *rec;
	struct info *info;
	int rc;

	info = calloc(1, sizeof(*info));
	if (!info) {
		chaos__begin(ctx);
		return chaos__fail(ctx, -ENOMEM, "domain", "info", "", NULL);
	}
	rc = chaos__find(ctx, domid, &info->found);
	if (rc) {
		free(info);
		return rc;
	}
	rec = info->found.rec;
	chaos__describe(&info->found.dom, rec ? rec->name : NULL, info->uuid,
			&info->pub.domain);
	info->pub.kernel = rec ? rec->kernel : "";
	info->pub.ramdisk = rec ? rec->ramdisk : "";
	info->pub.cmdline = rec ? rec->cmdline : "";
	info->pub.on_poweroff = rec ? rec->on_poweroff : "";
	info->pub.on_reboot = rec ? rec->on_reboot : "";
	info->pub.on_crash = rec ? rec->on_crash : "";
	info->pub.created = rec ? rec->created : 0;
	info->pub.config = rec && rec->config ? rec->config : "";
	info->pub.power_state = "none";
	init_vifs(info);
	ask_backend(ctx, info);
	ask_xen(info);
	*out = &info->pub;
	return 0;
}

void chaos_info_free(struct chaos_info *pub)
{
	struct info *info = (struct info *)pub;

	if (!info)
		return;
	chaos__found_fini(&info->found);
	free(info);
}

// SPDX-License-Identifier: BSD-2-Clause
/*
 * A configuration as bytes, between two processes of one release: what a parse
 * of JSON would take is more than all the rest of a claim.
 *
 * Strings are a uint32_t with the size and the 0 at their end, or NO_STRING.
 * What is read is held to what the parser would have let through.
 */
#include <chaosd.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xen/noxs.h>

#include "config.h"
#include "store.h"

#define WIRE_VERSION	4u
#define NO_STRING	UINT32_MAX
#define MAX_STRING	8192u

struct out {
	uint8_t *at;
	size_t left;
	bool full;
};

struct in {
	const uint8_t *at;
	size_t left;
	bool bad;
};

static void put(struct out *o, const void *data, size_t size)
{
	if (o->full || size > o->left) {
		o->full = true;
		return;
	}
	memcpy(o->at, data, size);
	o->at += size;
	o->left -= size;
}

static void put_string(struct out *o, const char *s)
{
	uint32_t size = s ? (uint32_t)strlen(s) + 1 : NO_STRING;

	put(o, &size, sizeof(size));
	if (s)
		put(o, s, size);
}

/* A path means something in our folder only. */
static void put_path(struct out *o, const char *s)
{
	char *full = s && *s && *s != '/' ? realpath(s, NULL) : NULL;

	put_string(o, full ? full : s);
	free(full);
}

/* All that has a fixed size. */
struct fixed {
	uint32_t version;
	uint32_t nr_vifs;
	int64_t memory_mb, maxmem_mb, vcpus, maxvcpus, cpu_weight, cap;
	int64_t max_grant_frames, max_maptrack_frames, max_event_channels;
	int64_t idle_timeout;
	uint8_t uuid[16];
	uint8_t uuid_set, pvh;
	uint8_t pad[6];
};

struct fixed_vif {
	uint64_t amount[NOXS_NETBACK_NR_LIMITS];
	uint32_t interval_us[NOXS_NETBACK_NR_LIMITS];
	uint16_t mtu;
	uint8_t id, id_set, mac_set, ip_mode, prefix;
	uint8_t mac[6], ip[4], gateway[4];
	char bridge[16], ifname[16], limit[NOXS_NETBACK_NR_LIMITS][32];
	uint8_t spoofchk, queues;
	uint16_t vlan;
	char backend[CHAOS_NAME_MAX + 1];
};

static void put_vif(struct out *o, const struct chaos__vif_config *v)
{
	struct fixed_vif f = {
		.mtu = v->mtu,
		.id = v->id,
		.id_set = v->id_set,
		.mac_set = v->mac_set,
		.ip_mode = v->ip_mode,
		.prefix = v->prefix,
		.spoofchk = v->spoofchk,
		.vlan = v->vlan,
		.queues = v->queues,
	};
	unsigned int i;

	memcpy(f.mac, v->mac, sizeof(f.mac));
	memcpy(f.ip, v->ip, sizeof(f.ip));
	memcpy(f.gateway, v->gateway, sizeof(f.gateway));
	memcpy(f.bridge, v->bridge, sizeof(f.bridge));
	memcpy(f.backend, v->backend, sizeof(f.backend));
	memcpy(f.ifname, v->ifname, sizeof(f.ifname));
	for (i = 0; i < NOXS_NETBACK_NR_LIMITS; i++) {
		f.amount[i] = v->limit[i].amount;
		f.interval_us[i] = v->limit[i].interval_us;
		memcpy(f.limit[i], v->limit[i].text, sizeof(f.limit[i]));
	}
	put(o, &f, sizeof(f));
}

size_t chaosd_put_config(const struct chaos_config *cfg, void *buf, size_t size)
{
	struct out o = { .at = buf, .left = size };
	struct fixed f = {
		.version = WIRE_VERSION,
		.nr_vifs = cfg->nr_vifs,
		.memory_mb = cfg->memory_mb,
		.maxmem_mb = cfg->maxmem_mb,
		.vcpus = cfg->vcpus,
		.maxvcpus = cfg->maxvcpus,
		.cpu_weight = cfg->cpu_weight,
		.cap = cfg->cap,
		.max_grant_frames = cfg->max_grant_frames,
		.max_maptrack_frames = cfg->max_maptrack_frames,
		.max_event_channels = cfg->max_event_channels,
		.idle_timeout = cfg->idle_timeout,
		.uuid_set = cfg->uuid_set,
		.pvh = cfg->pvh,
	};
	unsigned int i;

	memcpy(f.uuid, cfg->uuid, sizeof(f.uuid));
	put(&o, &f, sizeof(f));
	put_string(&o, cfg->name);
	put_path(&o, cfg->kernel);
	put_path(&o, cfg->ramdisk);
	put_string(&o, cfg->cmdline);
	put_string(&o, cfg->on_poweroff);
	put_string(&o, cfg->on_reboot);
	put_string(&o, cfg->on_crash);
	put_string(&o, cfg->on_idle);
	put_string(&o, cfg->cpus);
	put_string(&o, cfg->pool);
	for (i = 0; i < cfg->nr_vifs; i++)
		put_vif(&o, &cfg->vif[i]);
	return o.full ? 0 : size - o.left;
}

static void get(struct in *in, void *data, size_t size)
{
	if (in->bad || size > in->left) {
		in->bad = true;
		memset(data, 0, size);
		return;
	}
	memcpy(data, in->at, size);
	in->at += size;
	in->left -= size;
}

static char *get_string(struct in *in)
{
	uint32_t size;
	char *s;

	get(in, &size, sizeof(size));
	if (in->bad || size == NO_STRING)
		return NULL;
	if (!size || size > MAX_STRING || size > in->left ||
	    in->at[size - 1] || strlen((const char *)in->at) != size - 1 ||
	    !chaos__is_utf8((const char *)in->at)) {
		in->bad = true;
		return NULL;
	}
	s = strdup((const char *)in->at);
	in->bad |= !s;
	in->at += size;
	in->left -= size;
	return s;
}

static bool name_fits(const char *s, size_t size)
{
	return memchr(s, '\0', size) && chaos__is_utf8(s);
}

static void get_vif(struct in *in, struct chaos__vif_config *v)
{
	struct fixed_vif f;
	unsigned int i;

	get(in, &f, sizeof(f));
	if (f.id >= CHAOS__MAX_VIFS || f.id_set > 1 || f.mac_set > 1 ||
	    f.ip_mode > XEN_NOXS_NET_IP_DHCP || f.prefix > 32 ||
	    f.mtu > XEN_NOXS_NET_MAX_MTU || (f.mac_set && f.mac[0] & 1) ||
	    !name_fits(f.bridge, sizeof(f.bridge)) ||
	    !name_fits(f.ifname, sizeof(f.ifname)) ||
	    !name_fits(f.backend, sizeof(f.backend)) ||
	    (*f.backend && !chaos__backend_valid(f.backend)) ||
	    f.spoofchk >= CHAOS__NR_SPOOFCHKS || f.vlan > 4094 ||
	    f.queues > CHAOS__MAX_QUEUES)
		in->bad = true;
	for (i = 0; i < NOXS_NETBACK_NR_LIMITS; i++)
		if (!f.amount[i] != !f.interval_us[i] ||
		    !name_fits(f.limit[i], sizeof(f.limit[i])))
			in->bad = true;
	if (in->bad)
		return;
	v->mtu = f.mtu;
	v->id = f.id;
	v->id_set = f.id_set;
	v->mac_set = f.mac_set;
	v->ip_mode = f.ip_mode;
	v->prefix = f.prefix;
	v->spoofchk = f.spoofchk;
	v->vlan = f.vlan;
	v->queues = f.queues;
	memcpy(v->mac, f.mac, sizeof(f.mac));
	memcpy(v->ip, f.ip, sizeof(f.ip));
	memcpy(v->gateway, f.gateway, sizeof(f.gateway));
	memcpy(v->bridge, f.bridge, sizeof(f.bridge));
	memcpy(v->backend, f.backend, sizeof(f.backend));
	memcpy(v->ifname, f.ifname, sizeof(f.ifname));
	for (i = 0; i < NOXS_NETBACK_NR_LIMITS; i++) {
		v->limit[i].amount = f.amount[i];
		v->limit[i].interval_us = f.interval_us[i];
		memcpy(v->limit[i].text, f.limit[i], sizeof(f.limit[i]));
	}
}

static void get_fixed(struct in *in, struct chaos_config *cfg)
{
	struct fixed f;

	get(in, &f, sizeof(f));
	if (f.version != WIRE_VERSION || f.nr_vifs > CHAOS__MAX_VIFS ||
	    f.uuid_set > 1 || f.pvh > 1)
		in->bad = true;
	if (in->bad)
		return;
	cfg->nr_vifs = f.nr_vifs;
	cfg->memory_mb = f.memory_mb;
	cfg->maxmem_mb = f.maxmem_mb;
	cfg->vcpus = f.vcpus;
	cfg->maxvcpus = f.maxvcpus;
	cfg->cpu_weight = f.cpu_weight;
	cfg->cap = f.cap;
	cfg->max_grant_frames = f.max_grant_frames;
	cfg->max_maptrack_frames = f.max_maptrack_frames;
	cfg->max_event_channels = f.max_event_channels;
	cfg->idle_timeout = f.idle_timeout;
	cfg->uuid_set = f.uuid_set;
	cfg->pvh = f.pvh;
	memcpy(cfg->uuid, f.uuid, sizeof(f.uuid));
}

static bool has_name(const struct chaos_config *cfg)
{
	const char *why, *remedy;

	return cfg->name && !chaos__name_check(cfg->name, &why, &remedy);
}

static bool vifs_differ(const struct chaos_config *cfg)
{
	unsigned int i, taken = 0;

	for (i = 0; i < cfg->nr_vifs; i++) {
		if (taken & 1u << cfg->vif[i].id)
			return false;
		taken |= 1u << cfg->vif[i].id;
	}
	return true;
}

int chaosd_get_config(const void *buf, size_t size, struct chaos_config **out)
{
	struct in in = { .at = buf, .left = size };
	struct chaos_config *cfg = chaos__config_new();
	unsigned int i;

	if (!cfg)
		return -ENOMEM;
	get_fixed(&in, cfg);
	cfg->name = get_string(&in);
	cfg->kernel = get_string(&in);
	cfg->ramdisk = get_string(&in);
	cfg->cmdline = get_string(&in);
	cfg->on_poweroff = get_string(&in);
	cfg->on_reboot = get_string(&in);
	cfg->on_crash = get_string(&in);
	cfg->on_idle = get_string(&in);
	cfg->cpus = get_string(&in);
	cfg->pool = get_string(&in);
	for (i = 0; i < cfg->nr_vifs && !in.bad; i++)
		get_vif(&in, &cfg->vif[i]);
	if (in.bad || in.left || !has_name(cfg) || !cfg->kernel ||
	    !vifs_differ(cfg) || !chaos__keys_valid(cfg)) {
		chaos_config_free(cfg);
		return -EPROTO;
	}
	*out = cfg;
	return 0;
}

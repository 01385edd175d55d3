// SPDX-License-Identifier: BSD-2-Clause
/* A configuration as one JSON object, which reads back as the same guest. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xen/noxs.h>

#include "config-json.h"
#include "json.h"

static void put_number(FILE *f, const char *key, long value)
{
	fprintf(f, ",\"%s\":%ld", key, value);
}

static void put_optional(FILE *f, const char *key, const char *text)
{
	if (text && *text)
		chaos__json_member(f, key, text);
}

static void put_address(FILE *f, const struct chaos__vif_config *v)
{
	char ip[INET_ADDRSTRLEN];

	if (v->ip_mode == XEN_NOXS_NET_IP_DHCP)
		fputs(",\"ip\":\"dhcp\"", f);
	if (v->ip_mode != XEN_NOXS_NET_IP_STATIC)
		return;
	inet_ntop(AF_INET, v->ip, ip, sizeof(ip));
	fprintf(f, ",\"ip\":\"%s/%u\"", ip, v->prefix);
	if (v->gateway[0] | v->gateway[1] | v->gateway[2] | v->gateway[3]) {
		inet_ntop(AF_INET, v->gateway, ip, sizeof(ip));
		fprintf(f, ",\"gateway\":\"%s\"", ip);
	}
}

static void put_vif(FILE *f, const struct chaos__vif_config *v,
		    unsigned int place)
{
	const uint8_t *m = v->mac;
	unsigned int i;

	/* An empty bridge is one: none. */
	fputs("{\"bridge\":", f);
	chaos__json_text(f, v->bridge);
	if (v->id != place)
		put_number(f, "id", v->id);
	if (v->mac_set)
		fprintf(f, ",\"mac\":\"%02x:%02x:%02x:%02x:%02x:%02x\"", m[0],
			m[1], m[2], m[3], m[4], m[5]);
	if (v->mtu)
		put_number(f, "mtu", v->mtu);
	put_optional(f, "vifname", v->ifname);
	put_optional(f, "backend", v->backend);
	if (v->vlan)
		put_number(f, "vlan", v->vlan);
	if (v->queues)
		put_number(f, "queues", v->queues);
	put_optional(f, "spoofchk", chaos__spoofchk_names[v->spoofchk]);
	for (i = 0; i < NOXS_NETBACK_NR_LIMITS; i++)
		put_optional(f, chaos__limit_keys[i], v->limit[i].text);
	put_address(f, v);
	putc_unlocked('}', f);
}

static void put_vifs(FILE *f, const struct chaos_config *cfg)
{
	unsigned int i;

	if (!cfg->nr_vifs)
		return;
	fputs(",\"vif\":[", f);
	for (i = 0; i < cfg->nr_vifs; i++) {
		if (i)
			putc_unlocked(',', f);
		put_vif(f, &cfg->vif[i], i);
	}
	putc_unlocked(']', f);
}

/* A list for each vCPU is one with a ; in it. */
static void put_cpus(FILE *f, const struct chaos_config *cfg)
{
	const char *c;

	if (cfg->cpus && !strchr(cfg->cpus, ';'))
		put_optional(f, "cpus", cfg->cpus);
	else if (cfg->cpus) {
		fputs(",\"cpus\":[\"", f);
		for (c = cfg->cpus; *c; c++)
			if (*c != ';')
				putc_unlocked(*c, f);
			else if (c[1])
				fputs("\",\"", f);
		fputs("\"]", f);
	}
	if (cfg->cpu_weight >= 0)
		put_number(f, "cpu_weight", cfg->cpu_weight);
	if (cfg->cap >= 0)
		put_number(f, "cap", cfg->cap);
	put_optional(f, "pool", cfg->pool);
}

static void put_limits(FILE *f, const struct chaos_config *cfg)
{
	if (cfg->max_grant_frames >= 0)
		put_number(f, "max_grant_frames", cfg->max_grant_frames);
	put_number(f, "max_maptrack_frames", cfg->max_maptrack_frames);
	put_number(f, "max_event_channels", cfg->max_event_channels);
}

void chaos__config_write_json(FILE *f, const struct chaos_config *cfg)
{
	char uuid[CHAOS__UUID_LEN + 1];

	fprintf(f, "{\"type\":\"%s\"", cfg->pvh ? "pvh" : "pv");
	put_optional(f, "name", cfg->name);
	if (cfg->uuid_set) {
		chaos__uuid_format(cfg->uuid, uuid);
		chaos__json_member(f, "uuid", uuid);
	}
	put_optional(f, "kernel", cfg->kernel);
	put_optional(f, "ramdisk", cfg->ramdisk);
	put_optional(f, "cmdline", cfg->cmdline);
	put_number(f, "memory", cfg->memory_mb);
	put_number(f, "maxmem", cfg->maxmem_mb);
	put_number(f, "vcpus", cfg->vcpus);
	put_cpus(f, cfg);
	put_limits(f, cfg);
	if (cfg->spares_low >= 0)
		put_number(f, "spares_low", cfg->spares_low);
	if (cfg->spares_high)
		put_number(f, "spares_high", cfg->spares_high);
	put_optional(f, "on_poweroff", cfg->on_poweroff);
	put_optional(f, "on_reboot", cfg->on_reboot);
	put_optional(f, "on_crash", cfg->on_crash);
	if (cfg->idle_timeout)
		put_number(f, "idle_timeout", cfg->idle_timeout);
	put_optional(f, "on_idle", cfg->on_idle);
	put_vifs(f, cfg);
	putc_unlocked('}', f);
}

char *chaos_config_json(const struct chaos_config *cfg)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	bool failed;

	if (!f)
		return NULL;
	chaos__config_write_json(f, cfg);
	failed = ferror(f);
	if (fclose(f) || failed) {
		free(text);
		return NULL;
	}
	return text;
}

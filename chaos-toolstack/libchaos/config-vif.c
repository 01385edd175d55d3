// SPDX-License-Identifier: BSD-2-Clause
/* vif = [ "mac=...,bridge=...,ip=...", ... ] */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xen/noxs.h>

#include "config.h"
#include "store.h"

#define ITEM_MAX 512

struct vif_parse {
	struct chaos__parse *p;
	struct chaos__vif_config *vif;
	const char *key;
	char part[16];
};

#define vif_fail(v, remedy, ...) \
	chaos__parse_fail((v)->p, (v)->key, (v)->part, remedy, __VA_ARGS__)

static bool is_mac(const char *s)
{
	unsigned int i;

	for (i = 0; i < 17; i++)
		if (i % 3 == 2 ? s[i] != ':' : !isxdigit((unsigned char)s[i]))
			return false;
	return !s[17];
}

static void set_mac(struct vif_parse *v, const char *value)
{
	unsigned int b[6], i;

	if (!is_mac(value) ||
	    sscanf(value, "%2x:%2x:%2x:%2x:%2x:%2x", &b[0], &b[1], &b[2],
		   &b[3], &b[4], &b[5]) != 6) {
		vif_fail(v, "write it like mac=00:16:3e:01:02:03",
			 "\"%s\" is not a MAC address", value);
		return;
	}
	if (b[0] & 1) {
		vif_fail(v, "clear the lowest bit of the first byte",
			 "%s is a group address, not one of a card", value);
		return;
	}
	if (!(b[0] | b[1] | b[2] | b[3] | b[4] | b[5])) {
		vif_fail(v, "", "the MAC address is zero");
		return;
	}
	for (i = 0; i < 6; i++)
		v->vif->mac[i] = (uint8_t)b[i];
	v->vif->mac_set = true;
}

static void set_ifname(struct vif_parse *v, const char *value, const char *what,
		       char out[16])
{
	const char *c;

	for (c = value; *c; c++)
		if (*c == '/' || *c == ':' || !isgraph((unsigned char)*c))
			break;
	if (*c || strlen(value) > 15 || !strcmp(value, ".") ||
	    !strcmp(value, ".."))
		vif_fail(v, "1 to 15 characters, no / or :",
			 "\"%s\" is not a name for a %s", value, what);
	else
		strcpy(out, value);
}

static void set_bridge(struct vif_parse *v, const char *value)
{
	set_ifname(v, value, "bridge", v->vif->bridge);
}

static void set_vifname(struct vif_parse *v, const char *value)
{
	if (!*value)
		vif_fail(v, "", "vifname is empty");
	else
		set_ifname(v, value, "network interface", v->vif->ifname);
}

static void set_ip(struct vif_parse *v, const char *value)
{
	const char *slash = strchr(value, '/');
	char addr[16];
	char *end;
	long prefix;

	if (!strcmp(value, "dhcp")) {
		v->vif->ip_mode = XEN_NOXS_NET_IP_DHCP;
		return;
	}
	v->vif->ip_mode = XEN_NOXS_NET_IP_STATIC;
	if (!slash || (size_t)(slash - value) >= sizeof(addr)) {
		vif_fail(v, "write ip=10.0.0.2/24 or ip=dhcp",
			 "\"%s\" is not an address with prefix length", value);
		return;
	}
	memcpy(addr, value, (size_t)(slash - value));
	addr[slash - value] = '\0';
	prefix = strtol(slash + 1, &end, 10);
	if (inet_pton(AF_INET, addr, v->vif->ip) != 1 ||
	    !isdigit((unsigned char)slash[1]) || *end || prefix < 1 ||
	    prefix > 32) {
		vif_fail(v, "write ip=10.0.0.2/24 or ip=dhcp",
			 "\"%s\" is not an address with prefix length", value);
		return;
	}
	v->vif->prefix = (uint8_t)prefix;
}

static void set_gateway(struct vif_parse *v, const char *value)
{
	if (inet_pton(AF_INET, value, v->vif->gateway) != 1)
		vif_fail(v, "", "\"%s\" is not an IPv4 address", value);
}

static void set_mtu(struct vif_parse *v, const char *value)
{
	char *end;
	long mtu = strtol(value, &end, 10);

	if (!*value || *end || mtu < XEN_NOXS_NET_MIN_MTU ||
	    mtu > XEN_NOXS_NET_MAX_MTU)
		vif_fail(v, "", "mtu %s is not within %d..%d", value,
			 XEN_NOXS_NET_MIN_MTU, XEN_NOXS_NET_MAX_MTU);
	else
		v->vif->mtu = (uint16_t)mtu;
}

static void set_vlan(struct vif_parse *v, const char *value)
{
	char *end;
	long vlan = strtol(value, &end, 10);

	if (!*value || *end || vlan < 1 || vlan > 4094)
		vif_fail(v, "", "vlan %s is not within 1..4094", value);
	else
		v->vif->vlan = (uint16_t)vlan;
}

static void set_queues(struct vif_parse *v, const char *value)
{
	char *end;
	long nr = strtol(value, &end, 10);

	if (!*value || *end || nr < 1 || nr > CHAOS__MAX_QUEUES)
		vif_fail(v, "leave it out for one", "queues %s is not within 1..%d",
			 value, CHAOS__MAX_QUEUES);
	else
		v->vif->queues = (uint8_t)nr;
}

static void set_id(struct vif_parse *v, const char *value)
{
	char *end;
	long id = strtol(value, &end, 10);

	if (!*value || *end || id < 0 || id >= CHAOS__MAX_VIFS) {
		vif_fail(v, "", "id %s is not within 0..%d", value,
			 CHAOS__MAX_VIFS - 1);
		return;
	}
	v->vif->id = (uint8_t)id;
	v->vif->id_set = true;
}

bool chaos__backend_valid(const char *name)
{
	const char *why, *remedy;

	if (*name && !name[strspn(name, "0123456789")])
		return strlen(name) <= 5;
	return !chaos__name_check(name, &why, &remedy);
}

static void set_backend(struct vif_parse *v, const char *value)
{
	v->vif->backend[0] = '\0';
	if (!strcmp(value, "0") || !strcmp(value, "Domain-0"))
		return;
	if (!chaos__backend_valid(value))
		vif_fail(v, "write backend=NAME or a domid",
			 "\"%s\" is not a domain", value);
	else
		strcpy(v->vif->backend, value);
}

const char *const chaos__spoofchk_names[CHAOS__NR_SPOOFCHKS] = {
	[CHAOS__SPOOFCHK_OFF] = "off",
	[CHAOS__SPOOFCHK_MAC] = "mac",
	[CHAOS__SPOOFCHK_ON] = "on",
};

static void set_spoofchk(struct vif_parse *v, const char *value)
{
	unsigned int i;

	for (i = CHAOS__SPOOFCHK_OFF; i < CHAOS__NR_SPOOFCHKS; i++) {
		if (!strcmp(value, chaos__spoofchk_names[i])) {
			v->vif->spoofchk = (uint8_t)i;
			return;
		}
	}
	vif_fail(v, "write spoofchk=on, mac or off", "spoofchk is \"%s\"",
		 value);
}

static void set_limit(struct vif_parse *v, const char *value,
		      enum noxs_netback_limited which)
{
	bool frames = which == NOXS_NETBACK_TX_FRAMES ||
		      which == NOXS_NETBACK_RX_FRAMES;
	struct chaos__limit *l = &v->vif->limit[which];

	if (strlen(value) >= sizeof(l->text) ||
	    !(frames ? chaos__pps_parse : chaos__rate_parse)(value, &l->amount,
							     &l->interval_us))
		vif_fail(v, frames ? "write it like 1000, 10K or 500p/s@1s" :
			 "write it like 10Mb/s, 1MB/s or 10Mb/s@20ms",
			 "\"%s\" is not a rate", value);
	else
		strcpy(l->text, value);
}

static void set_rate(struct vif_parse *v, const char *value)
{
	set_limit(v, value, NOXS_NETBACK_TX_BYTES);
}

static void set_pps(struct vif_parse *v, const char *value)
{
	set_limit(v, value, NOXS_NETBACK_TX_FRAMES);
}

static void set_rate_in(struct vif_parse *v, const char *value)
{
	set_limit(v, value, NOXS_NETBACK_RX_BYTES);
}

static void set_pps_in(struct vif_parse *v, const char *value)
{
	set_limit(v, value, NOXS_NETBACK_RX_FRAMES);
}

static void ignore(struct vif_parse *v, const char *value)
{
	(void)value;
	chaos__parse_warn(v->p, v->key,
			  "script=, type= and model= have no meaning here, ignored");
}

static const struct vif_key {
	const char *name;
	void (*set)(struct vif_parse *v, const char *value);
} vif_keys[] = {
	{ "mac", set_mac }, { "bridge", set_bridge }, { "ip", set_ip },
	{ "gateway", set_gateway }, { "mtu", set_mtu }, { "id", set_id },
	{ "vifname", set_vifname }, { "ifname", set_vifname }, { "backend", set_backend },
	{ "rate", set_rate }, { "rate_in", set_rate_in }, { "pps", set_pps },
	{ "pps_in", set_pps_in }, { "spoofchk", set_spoofchk },
	{ "vlan", set_vlan }, { "queues", set_queues },
	{ "script", ignore }, { "type", ignore }, { "model", ignore },
};

const char *chaos__vif_key_name(size_t i)
{
	bool has = i < sizeof(vif_keys) / sizeof(vif_keys[0]) &&
		   vif_keys[i].set != ignore;

	return has ? vif_keys[i].name : NULL;
}

static char *trim(char *s)
{
	char *end;

	while (isspace((unsigned char)*s))
		s++;
	end = s + strlen(s);
	while (end > s && isspace((unsigned char)end[-1]))
		*--end = '\0';
	return s;
}

static void set_field(struct vif_parse *v, char *field)
{
	char *eq = strchr(field, '=');
	const char *name;
	size_t i;

	if (!eq) {
		vif_fail(v, "write key=value, separated by commas",
			 "\"%s\" is not an assignment", field);
		return;
	}
	*eq = '\0';
	name = trim(field);
	for (i = 0; i < sizeof(vif_keys) / sizeof(vif_keys[0]); i++) {
		if (!strcmp(vif_keys[i].name, name)) {
			vif_keys[i].set(v, trim(eq + 1));
			return;
		}
	}
	vif_fail(v, "see chaos.cfg(5)", "unknown key %s", name);
}

static void parse_vif(struct vif_parse *v, const char *item)
{
	char buf[ITEM_MAX], *field, *next;

	strcpy(v->vif->bridge, CHAOS__BRIDGE_DEFAULT);
	if (strlen(item) >= sizeof(buf)) {
		vif_fail(v, "", "longer than %d characters", ITEM_MAX - 1);
		return;
	}
	strcpy(buf, item);
	for (field = buf; field; field = next) {
		next = strchr(field, ',');
		if (next)
			*next++ = '\0';
		field = trim(field);
		if (*field)
			set_field(v, field);
	}
	if (v->vif->vlan && !*v->vif->bridge)
		vif_fail(v, "name a bridge", "vlan without bridge");
	if (v->vif->ip_mode != XEN_NOXS_NET_IP_STATIC &&
	    memcmp(v->vif->gateway, "\0\0\0\0", 4))
		vif_fail(v, "add ip=address/prefix", "gateway without address");
}

void chaos__parse_vifs(struct chaos__parse *p, const char *key)
{
	struct vif_parse v = { .p = p, .key = key };
	XLU_ConfigList *list;
	const char *item;
	int i, n;

	if (xlu_cfg_get_list(p->xlu, key, &list, &n, 1)) {
		chaos__parse_fail(p, key, "", "write vif = [ \"...\" ]",
				  "must be a list");
		return;
	}
	if (n > CHAOS__MAX_VIFS) {
		chaos__parse_fail(p, key, "", "", "%d vifs, at most %d", n,
				  CHAOS__MAX_VIFS);
		return;
	}
	for (i = 0; i < n; i++) {
		snprintf(v.part, sizeof(v.part), "[%d]", i);
		v.vif = &p->cfg->vif[i];
		item = xlu_cfg_get_listitem(list, i);
		if (!item)
			vif_fail(&v, "", "must be a string");
		else if (!chaos__is_utf8(item))
			vif_fail(&v, "write it in UTF-8", "is not UTF-8");
		else
			parse_vif(&v, item);
	}
	p->cfg->nr_vifs = (unsigned int)n;
}

// SPDX-License-Identifier: BSD-2-Clause
/*
 * A vif: an lwIP netif on a noxs netfront.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lwip/dhcp.h"
#include "lwip/etharp.h"
#include "lwip/netif.h"
#include "lwip/pbuf.h"
#include "lwip/priv/tcp_priv.h"
#include "netif/ethernet.h"

#include "minios/boot.h"
#include "minios/net.h"
#include "minios/net_lwip.h"
#include "minios/xenbus.h"
#include "vif.h"

#define RX_BUDGET	32	/* frames per vif and round */

struct vif {
	struct netif netif;
	struct vif *next;
	struct noxs_netfront *nf;
	uint16_t id;
	bool added;		/* lwIP knows the netif */
	bool due;		/* an event came, or frames are left */
	bool silent;		/* speaks when the backend is connected */
	bool dhcp;
};

static struct vif *vifs;
static void (*wake_thread)(void);

void vifs_init(void (*wake)(void))
{
	wake_thread = wake;
}

/* The first of these announces a static address by ARP. */
static void vif_speak(struct vif *v)
{
	v->silent = false;
	netif_set_link_up(&v->netif);
	if (v->dhcp && !netif_dhcp_data(&v->netif))
		dhcp_start(&v->netif);
}

bool vifs_poll(void)
{
	bool more = false;
	struct vif *v;

	for (v = vifs; v; v = v->next) {
		if (!v->due)
			continue;
		v->due = false;
		if (v->silent && noxs_netfront_connected(v->nf))
			vif_speak(v);
		if (noxs_netfront_poll(v->nf, RX_BUDGET) == RX_BUDGET) {
			v->due = true;
			more = true;
		}
	}
	return more;
}

struct netif *net_route_src(const ip4_addr_t *src)
{
	struct vif *v;

	if (!src || ip4_addr_isany(src))
		return NULL;
	for (v = vifs; v; v = v->next)
		if (v->added && netif_is_up(&v->netif) &&
		    netif_is_link_up(&v->netif) &&
		    ip4_addr_cmp(src, netif_ip4_addr(&v->netif)))
			return &v->netif;
	return NULL;
}

/* An address made known by ARP: nobody is to answer, and there is nothing to age. */
static bool is_announcement(const struct pbuf *p)
{
	const struct eth_hdr *eth = p->payload;
	const struct etharp_hdr *arp = (const void *)(eth + 1);

	return p->len >= sizeof(*eth) + sizeof(*arp) &&
	       eth->type == PP_HTONS(ETHTYPE_ARP) &&
	       !memcmp(&arp->sipaddr, &arp->dipaddr, sizeof(arp->sipaddr));
}

static err_t vif_output(struct netif *netif, struct pbuf *p)
{
	struct vif *v = netif->state;
	struct noxs_net_frag frags[NOXS_NET_MAX_FRAGS];
	unsigned int nr = 0;
	struct pbuf *q;

	for (q = p; q; q = q->next) {
		if (nr == NOXS_NET_MAX_FRAGS)
			return ERR_BUF;
		if (q->len)
			frags[nr++] = (struct noxs_net_frag){ q->payload,
							      q->len };
		if (q->tot_len == q->len)
			break;
	}
	if (!is_announcement(p))
		timers_activity();
	switch (noxs_netfront_send(v->nf, frags, nr, 0)) {
	case 0:
		return ERR_OK;
	case -EAGAIN:
		return ERR_MEM;		/* TCP tries again by itself */
	default:
		return ERR_IF;
	}
}

static err_t vif_netif_init(struct netif *netif)
{
	netif->name[0] = 'v';
	netif->name[1] = 'i';
	netif->hwaddr_len = ETH_HWADDR_LEN;
	netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP |
		       NETIF_FLAG_ETHERNET;
	netif->output = etharp_output;
	netif->linkoutput = vif_output;
	return ERR_OK;
}

static void vif_rx(void *priv, unsigned int queue,
		   const struct noxs_net_frame *frame)
{
	struct vif *v = priv;
	u16_t off = 0, flags = NETIF_CHECKSUM_ENABLE_ALL;
	struct pbuf *p;
	unsigned int i;

	(void)queue;
	if (frame->len > UINT16_MAX)
		return;
	p = pbuf_alloc(PBUF_RAW, frame->len, PBUF_RAM);
	if (!p)
		return;
	for (i = 0; i < frame->nr_frags; i++) {
		memcpy((char *)p->payload + off, frame->frags[i].data,
		       frame->frags[i].len);
		off += frame->frags[i].len;
	}
	/* Not a broadcast: somebody talks to us. */
	if (!(*(const u8_t *)p->payload & 1))
		timers_activity();
	if (frame->flags & (NOXS_NET_CSUM_BLANK | NOXS_NET_CSUM_VALID))
		flags &= ~(NETIF_CHECKSUM_CHECK_TCP | NETIF_CHECKSUM_CHECK_UDP);
	NETIF_SET_CHECKSUM_CTRL(&v->netif, flags);
	if (v->netif.input(p, &v->netif) != ERR_OK)
		pbuf_free(p);
}

static unsigned int prefix_of(uint32_t mask)
{
	unsigned int n = 0;

	for (; mask; mask &= mask - 1)
		n++;
	return n;
}

static void vif_status(struct netif *netif)
{
	struct vif *v = netif->state;
	const u8_t *ip = (const u8_t *)netif_ip4_addr(netif);
	const u8_t *gw = (const u8_t *)netif_ip4_gw(netif);
	uint32_t mask = netif_ip4_netmask(netif)->addr;

	if (ip4_addr_isany(netif_ip4_addr(netif)) || !netif_is_up(netif))
		return;
	printf("vif%u: %u.%u.%u.%u/%u gateway %u.%u.%u.%u\n", v->id,
	       ip[0], ip[1], ip[2], ip[3], prefix_of(mask),
	       gw[0], gw[1], gw[2], gw[3]);
	if (!netif_default && !ip4_addr_isany(netif_ip4_gw(netif)))
		netif_set_default(netif);
}

/* What the command line says of this vif; false: nothing it understands. */
static bool address_from_cmdline(uint16_t id, struct net_address *out)
{
	char key[8], value[64];

	snprintf(key, sizeof(key), id ? "ip%u" : "ip", id);
	if (!boot_option(boot.cmdline, key, value, sizeof(value)))
		return false;
	if (!net_address_parse(value, out))
		return true;
	printf("vif%u: %s=%s makes no sense\n", id, key, value);
	return false;
}

static void vif_address(const struct noxs_net_info *info,
			struct net_address *out)
{
	*out = (struct net_address){ 0 };
	if (address_from_cmdline(info->id, out))
		return;
	out->dhcp = info->ip_mode != XEN_NOXS_NET_IP_STATIC;
	if (out->dhcp)
		return;
	memcpy(out->ip, info->ip, 4);
	memcpy(out->gateway, info->gateway, 4);
	out->prefix = info->prefix;
}

static void vif_dhcp_end(struct vif *v)
{
	if (!netif_dhcp_data(&v->netif))
		return;
	dhcp_stop(&v->netif);
	dhcp_cleanup(&v->netif);
}

/* What a new offer does not say any more, a restored guest forgets. */
static void vif_configure(struct vif *v, const struct net_address *a)
{
	ip4_addr_t ip, mask, gw;

	memcpy(&ip, a->ip, 4);
	memcpy(&gw, a->gateway, 4);
	mask.addr = a->prefix ? lwip_htonl(~0u << (32 - a->prefix)) : 0;
	if (!a->dhcp)
		vif_dhcp_end(v);
	/* A lease stays until its server was asked. */
	if (!a->dhcp || !v->dhcp)
		netif_set_addr(&v->netif, &ip, &mask, &gw);
	v->dhcp = a->dhcp;
}

static int vif_link_up(void *priv, const struct noxs_net_info *info)
{
	struct vif *v = priv;
	struct net_address a;

	if (!v->added) {
		if (!netif_add(&v->netif, NULL, NULL, NULL, v, vif_netif_init,
			       netif_input))
			return -ENOMEM;
		v->added = true;
		netif_set_status_callback(&v->netif, vif_status);
	}
	memcpy(v->netif.hwaddr, info->mac, ETH_HWADDR_LEN);
	v->netif.mtu = info->mtu;
	vif_address(info, &a);
	vif_configure(v, &a);
	netif_set_up(&v->netif);
	/*
	 * netback-lite sends what it finds in the ring when it connects; of
	 * dom0's netback, the bridge drops what comes before its carrier.
	 */
	v->silent = xenbus_active;
	if (!v->silent)
		vif_speak(v);
	return 0;
}

static void vif_link_down(void *priv, unsigned int error)
{
	struct vif *v = priv;

	v->silent = false;
	if (!v->added)
		return;
	netif_set_link_down(&v->netif);
	netif_set_down(&v->netif);
	printf("vif%u: down, error %u\n", v->id, error);
}

static void vif_event(void *priv, unsigned int queue, unsigned int port)
{
	struct vif *v = priv;

	(void)queue;
	(void)port;
	v->due = true;
	wake_thread();
}

static void vif_tx_room(void *priv, unsigned int queue)
{
	(void)priv;
	(void)queue;
	tcp_txnow();
}

static int vif_probe(void *arg, struct noxs_netfront *nf, uint16_t id,
		     void **priv)
{
	struct vif *v = calloc(1, sizeof(*v));

	(void)arg;
	if (!v)
		return -ENOMEM;
	v->nf = nf;
	v->id = id;
	v->next = vifs;
	vifs = v;
	*priv = v;
	return 0;
}

static void vif_remove(void *priv)
{
	struct vif *v = priv, **p;

	for (p = &vifs; *p != v; p = &(*p)->next)
		;
	*p = v->next;
	if (v->added) {
		vif_dhcp_end(v);
		netif_remove(&v->netif);
	}
	free(v);
}

const struct noxs_netfront_ops vif_ops = {
	.probe = vif_probe,
	.remove = vif_remove,
	.link_up = vif_link_up,
	.link_down = vif_link_down,
	.event = vif_event,
	.rx = vif_rx,
	.tx_room = vif_tx_room,
};

// SPDX-License-Identifier: BSD-2-Clause
/* What is heard on a bridge for guests that are not there. */
#include <errno.h>
#include <net/ethernet.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "await.h"
#include "batch.h"
#include "closer.h"
#include "ear.h"
#include "link.h"
#include "tap.h"

#define BUDGET		64	/* frames each turn */
#define DRAIN_MAX	1024	/* more than the TAP's queue holds */

/* Of an ARP packet for IPv4 over Ethernet (RFC 826), behind its header */
struct arp_body {
	uint16_t hw, proto;
	uint8_t hw_len, proto_len;
	uint16_t op;
	uint8_t sender_mac[6], sender_ip[4], target_mac[6], target_ip[4];
};

/* The IP that an ARP request asks for; NULL: it is none, or tells of itself. */
static const uint8_t *arp_target(const uint8_t *frame, size_t len)
{
	const struct arp_body *arp = (const void *)(frame + ETHER_HDR_LEN);
	static const uint8_t head[] = { 0, ARPHRD_ETHER, ETHERTYPE_IP >> 8,
					ETHERTYPE_IP & 255, 6, 4, 0,
					ARPOP_REQUEST };

	if (len < ETHER_HDR_LEN + sizeof(*arp) || frame[12] != ETHERTYPE_ARP >> 8 ||
	    frame[13] != (ETHERTYPE_ARP & 255) || memcmp(arp, head, sizeof(head)))
		return NULL;
	return memcmp(arp->sender_ip, arp->target_ip, 4) ? arp->target_ip
							 : NULL;
}

/* By the IP that is asked for, or by the MAC that it is for. */
static struct nbl_await *find(const struct nbl_ear *ear, const uint8_t *frame,
			      size_t len)
{
	const uint8_t *ip = arp_target(frame, len);
	struct nbl_await *a;

	if (len < ETHER_HDR_LEN || (!ip && frame[0] & 1))
		return NULL;
	for (a = TAILQ_FIRST(&ear->awaits); a; a = TAILQ_NEXT(a, link))
		if (ip ? !memcmp(ip, a->ip, 4) : !memcmp(frame, a->mac, 6))
			return a;
	return NULL;
}

/* Up to so many frames.  The arena is nobody's between two batches. */
static void listen_to(struct nbl_ear *ear, unsigned int frames)
{
	const size_t hdr = sizeof(struct virtio_net_hdr);
	uint8_t *packet = ear->nb->batch->arena;
	struct nbl_await *a;
	ssize_t n;

	while (frames--) {
		n = read(ear->tap->fd, packet, NBL_BATCH_ARENA);
		if (n < 0)
			return;
		if ((size_t)n <= hdr)
			continue;
		a = find(ear, packet + hdr, (size_t)n - hdr);
		if (a)
			nbl_await_frame(a, packet, (size_t)n);
	}
}

static void ear_ready(struct nbl_source *src, uint32_t events)
{
	struct nbl_ear *ear = nbl_container(src, struct nbl_ear, src);

	(void)events;
	if (ear->tap)
		listen_to(ear, BUDGET);
}

void nbl_ear_drain(struct nbl_ear *ear)
{
	listen_to(ear, DRAIN_MAX);
}

/* The filter first: on its bridge it hears everything that is flooded. */
static int ear_attach(struct nbl_ear *ear, int master, unsigned int mtu)
{
	struct nbl *nb = ear->nb;
	int ifindex, rc;

	rc = nbl_tap_filter(ear->tap->fd, NULL, NULL);
	if (rc)
		return rc;
	rc = nbl_loop_add(&nb->loop, ear->tap->fd, EPOLLIN, &ear->src);
	if (rc)
		return rc;
	rc = nbl_link_attach(nb->link, ear->tap->ifname, master, mtu,
			     &ifindex);
	if (rc)
		nbl_loop_del(&nb->loop, ear->tap->fd);
	return rc;
}

static int ear_open(struct nbl_ear *ear, const char *bridge,
		    char err[NBL_ERROR_SIZE])
{
	struct nbl *nb = ear->nb;
	char ifname[NOXS_NETBACK_IFNAMSIZ];
	unsigned int mtu;
	int master, rc;

	rc = nbl_link_find(nb->link, bridge, &master, &mtu);
	if (rc)
		return nbl_fail(err, rc, "bridge %s", bridge);
	snprintf(ifname, sizeof(ifname), "wake%d", master);
	rc = nbl_closer_open(nb->closer, ifname, false, &ear->tap, err);
	if (rc)
		return rc;
	rc = ear_attach(ear, master, mtu);
	if (!rc)
		return 0;
	nbl_closer_push(nb->closer, ear->tap);
	if (rc == -EOPNOTSUPP)
		return nbl_fail(err, rc, "%s is not a bridge", bridge);
	return nbl_fail(err, rc, "put %s on bridge %s", ifname, bridge);
}

struct nbl_ear *nbl_ear_find(struct nbl *nb, const char *bridge)
{
	struct nbl_ear *ear;

	for (ear = TAILQ_FIRST(&nb->ears); ear; ear = TAILQ_NEXT(ear, link))
		if (!strcmp(ear->bridge, bridge))
			return ear;
	return NULL;
}

int nbl_ear_get(struct nbl *nb, const char *bridge, struct nbl_ear **out,
		char err[NBL_ERROR_SIZE])
{
	struct nbl_ear *ear = nbl_ear_find(nb, bridge);
	int rc;

	if (!ear) {
		ear = calloc(1, sizeof(*ear));
		if (!ear)
			return nbl_fail(err, -ENOMEM, "allocate an ear");
		ear->nb = nb;
		ear->src.fn = ear_ready;
		TAILQ_INIT(&ear->awaits);
		rc = ear_open(ear, bridge, err);
		if (rc) {
			free(ear);
			return rc;
		}
		strcpy(ear->bridge, bridge);
		TAILQ_INSERT_TAIL(&nb->ears, ear, link);
	}
	*out = ear;
	return 0;
}

void nbl_ear_put(struct nbl_ear *ear)
{
	struct nbl *nb = ear->nb;

	if (!TAILQ_EMPTY(&ear->awaits))
		return;
	nbl_loop_del(&nb->loop, ear->tap->fd);
	nbl_closer_push(nb->closer, ear->tap);
	ear->tap = NULL;	/* this turn's events may still name it */
	TAILQ_REMOVE(&nb->ears, ear, link);
	TAILQ_INSERT_TAIL(&nb->dead_ears, ear, link);
}

void nbl_ear_bury(struct nbl *nb)
{
	struct nbl_ear *ear;

	while ((ear = TAILQ_FIRST(&nb->dead_ears))) {
		TAILQ_REMOVE(&nb->dead_ears, ear, link);
		free(ear);
	}
}

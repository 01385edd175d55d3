// SPDX-License-Identifier: BSD-2-Clause
/*
 * flood: a guest that sends frames of one size, as fast as its ring takes them,
 * from the first broadcast that it hears on: so that many begin at once.
 *
 *   to=XX:XX:XX:XX:XX:XX   the destination's MAC
 *   size=N                 bytes of a frame, 60 (default) to 16384
 *   seconds=N              for how long, 1 (default) to 3600
 *
 * They are of an Ethernet type for experiments, for which nobody listens.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "minios/app.h"
#include "minios/boot.h"
#include "minios/bus.h"
#include "minios/sched.h"
#include "minios/time.h"
#include "noxs_netfront.h"

#define MIN_SIZE	60u
#define MAX_SIZE	16384u
#define ETHERTYPE	0x88b5u
#define NR_TX		128u	/* pages: twice a backend's budget, or more */
#define BURST		256u	/* frames between two looks at the bus */
#define RX_BUDGET	32u

const char app_name[] = "flood";

static struct noxs_netfront *front;
static uint8_t frame[MAX_SIZE];
static uint32_t size = MIN_SIZE;
static uint64_t seconds = 1, end_ns;
static bool is_up;

static int flood_probe(void *arg, struct noxs_netfront *nf, uint16_t id,
		       void **priv)
{
	(void)arg;
	(void)priv;
	if (id)
		return -1;
	front = nf;
	return 0;
}

static void flood_remove(void *priv)
{
	(void)priv;
	front = NULL;
}

static int flood_link_up(void *priv, const struct noxs_net_info *info)
{
	(void)priv;
	memcpy(frame + 6, info->mac, 6);
	if (size > info->mtu + 14u) {
		printf("flood: size=%u: the MTU is %u\n", size, info->mtu);
		size = info->mtu + 14u;
	}
	is_up = true;
	return 0;
	bus_wake();
}

static void flood_link_down(void *priv, unsigned int error)
{
	(void)priv;
	(void)error;
	is_up = false;
}

static void flood_event(void *priv, unsigned int queue, unsigned int port)
{
	(void)priv;
	(void)queue;
	(void)port;
	bus_wake();
}

static void flood_room(void *priv, unsigned int queue)
{
	(void)priv;
	(void)queue;
	bus_wake();
}

static void flood_rx(void *priv, unsigned int queue,
		     const struct noxs_net_frame *f)
{
	static const uint8_t all[6] = { 255, 255, 255, 255, 255, 255 };

	(void)priv;
	(void)queue;
	if (!end_ns && !memcmp(f->frags[0].data, all, sizeof(all)))
		end_ns = time_ns() + seconds * 1000000000;
}

static const struct noxs_netfront_ops ops = {
	.probe = flood_probe,
	.remove = flood_remove,
	.link_up = flood_link_up,
	.link_down = flood_link_down,
	.event = flood_event,
	.rx = flood_rx,
	.tx_room = flood_room,
};

/* True: not for want of room. */
static bool send_burst(void)
{
	const struct noxs_net_frag frag = { frame, size };
	unsigned int i;

	for (i = 0; i < BURST; i++)
		if (noxs_netfront_send(front, &frag, 1, 0))
			return false;
	return true;
}

static uint64_t flood_round(void)
{
	bool more = bus_poll();

	if (!front || !is_up)
		return more ? 0 : SCHED_FOREVER;
	/* What comes is thrown away; what was sent, taken back. */
	if (noxs_netfront_poll(front, RX_BUDGET) == RX_BUDGET)
		more = true;
	if (is_up && time_ns() < end_ns && send_burst())
		more = true;
	return more ? 0 : SCHED_FOREVER;
}

static bool parse_mac(const char *text, uint8_t mac[6])
{
	char *end;
	int i;

	for (i = 0; i < 6; i++) {
		mac[i] = (uint8_t)strtoul(text, &end, 16);
		if (end == text || *end != (i < 5 ? ':' : '\0'))
			return false;
		text = end + 1;
	}
	return true;
}

static bool parse(void)
{
	char value[24];

	frame[12] = ETHERTYPE >> 8;
	frame[13] = ETHERTYPE & 0xff;
	if (boot_option(boot.cmdline, "size", value, sizeof(value)))
		size = (uint32_t)strtoul(value, NULL, 10);
	if (boot_option(boot.cmdline, "seconds", value, sizeof(value)))
		seconds = strtoul(value, NULL, 10);
	return size >= MIN_SIZE && size <= MAX_SIZE &&
	       seconds && seconds <= 3600 &&
	       boot_option(boot.cmdline, "to", value, sizeof(value)) &&
	       parse_mac(value, frame);
}

int app_main(void)
{
	static const struct noxs_netfront_config cfg = {
		.ops = &ops,
		.nr_rx = 16,
		.nr_tx = NR_TX,
		.features = XEN_NOXS_NET_F_SG,
	};
	static struct noxs_driver driver;
	static const struct bus_client client = { &driver, flood_round };
	struct waitq never = { 0 };

	if (!parse()) {
		printf("flood: %s makes no sense\n", boot.cmdline);
		return 1;
	}
	if (noxs_netfront_driver_init(&driver, &cfg) || bus_attach(&client)) {
		printf("flood: no noxs\n");
		return 1;
	}
	waitq_wait(&never, SCHED_FOREVER);
	return 0;
}

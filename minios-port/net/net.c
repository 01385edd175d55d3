// SPDX-License-Identifier: BSD-2-Clause
/*
 * Bringing the network up, and its part of the bus thread's rounds.
 */
#include <errno.h>
#include <stdio.h>

#include "lwip/init.h"

#include "minios/bus.h"
#include "minios/mm.h"
#include "minios/net.h"
#include "minios/net_lwip.h"
#include "minios/sched.h"
#include "noxs_netfront.h"
#include "vif.h"

/*
 * Receive pages per vif, and half as many to send: a share of what is free
 * when the vif appears.  Fifteen vifs take two thirds of a 4 MB guest; a
 * large guest gets what a fast peer fills in a millisecond.
 */
#define MIN_RX		16
#define MAX_RX		128
#define FREE_PER_RX	24

static uint64_t net_round(void)
{
	uint64_t deadline;
	bool more;

	timers_begin();
	more = bus_poll();
	if (vifs_poll())
		more = true;
	deadline = timers_end();
	return more ? 0 : deadline;
}

static struct noxs_netfront_ops ops;
/*
 * No GSO: lwIP cannot cut a segment, and one that it receives in a single piece
 * would need as much of the heap at once as many guests have.
 */
static struct noxs_netfront_config cfg = {
	.ops = &ops,
	.features = XEN_NOXS_NET_F_CSUM4 | XEN_NOXS_NET_F_STATIC |
		    XEN_NOXS_NET_F_MCAST,
};

static int probe(void *arg, struct noxs_netfront *nf, uint16_t id, void **priv)
{
	unsigned long n = page_nr_free() / FREE_PER_RX;

	/* Read when the vif makes its rings, and not again. */
	cfg.nr_rx = n < MIN_RX ? MIN_RX : n > MAX_RX ? MAX_RX : n;
	cfg.nr_tx = cfg.nr_rx / 2;
	return vif_ops.probe(arg, nf, id, priv);
}

int net_start(void)
{
	static struct noxs_driver driver;
	static const struct bus_client client = { &driver, net_round };
	int rc;

	net_mem_init();
	lwip_init();
	timers_init(bus_wake);
	vifs_init(bus_wake);
	ops = vif_ops;
	ops.probe = probe;
	rc = noxs_netfront_driver_init(&driver, &cfg);
	if (!rc)
		rc = bus_attach(&client);
	if (rc)
		printf("network: %s (%d)\n", rc == -ENOSYS ?
		       "this Xen has no noxs" : "no noxs bus", rc);
	return rc;
}

// SPDX-License-Identifier: BSD-2-Clause
/*
 * Bringing the network up, and the thread that keeps it going.
 */
#include <errno.h>
#include <stdio.h>

#include "lwip/init.h"

#include "minios/boot.h"
#include "minios/mm.h"
#include "minios/net.h"
#include "minios/net_lwip.h"
#include "minios/sched.h"
#include "minios/xenbus.h"
#include "noxs_bus.h"
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

static struct noxs_bus bus;
static struct waitq work;

static void wake(void)
{
	waitq_wake(&work);
}

static void bus_wake(void *arg)
{
	(void)arg;
	wake();
}

static const struct noxs_bus_ops bus_ops = { .wake = bus_wake };

static void net_thread(void *arg)
{
	(void)arg;
	for (;;) {
		bool more = false;
		uint64_t deadline;

		timers_begin();
		if (noxs_bus_pending(&bus) && noxs_bus_poll(&bus) == -EAGAIN)
			more = true;
		if (vifs_poll())
			more = true;
		deadline = timers_end();
		if (more)
			sched_yield();
		else
			waitq_wait(&work, deadline);
	}
}

static struct noxs_netfront_ops ops;
static struct noxs_netfront_config cfg = {
	.ops = &ops,
	.features = XEN_NOXS_NET_F_CSUM4,
};

static int probe(void *arg, struct noxs_netfront *nf, uint16_t id, void **priv)
{
	unsigned long n = page_nr_free() / FREE_PER_RX;

	/* Read when the vif makes its rings, and not again. */
	cfg.nr_rx = n < MIN_RX ? MIN_RX : n > MAX_RX ? MAX_RX : n;
	cfg.nr_tx = cfg.nr_rx / 2;
	return vif_ops.probe(arg, nf, id, priv);
}

/*
 * Over noxs; or over XenStore, if there is no noxs, or nothing in it for us,
 * and the toolstack gave this domain a XenStore page.
 */
static int bus_start(const struct noxs_driver *const *drivers)
{
	int rc = noxs_bus_init(&bus, drivers, 1, &bus_ops, NULL);
	uint32_t port;

	if (rc ? rc != -ENOSYS : bus.page->nr_slots)
		return rc;
	if (!boot_store(&port))
		return rc;
	if (!rc)
		noxs_bus_fini(&bus);
	rc = xenbus_start();
	return rc ? rc : noxs_bus_init(&bus, drivers, 1, &bus_ops, NULL);
}

int net_start(void)
{
	static struct noxs_driver driver;
	static const struct noxs_driver *const drivers[] = { &driver };
	int rc;

	net_mem_init();
	lwip_init();
	timers_init(wake);
	vifs_init(wake);
	ops = vif_ops;
	ops.probe = probe;
	rc = noxs_netfront_driver_init(&driver, &cfg);
	if (!rc)
		rc = bus_start(drivers);
	if (rc) {
		printf("network: %s (%d)\n", rc == -ENOSYS ?
		       "this Xen has no noxs" : "no noxs bus", rc);
		return rc;
	}
	return thread_create("net", net_thread, NULL);
}

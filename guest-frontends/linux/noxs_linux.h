/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * noxs_linux.h owns what noxs_bus.ko offers to the modules that drive devices:
 * a Linux bus type above the core's bus.
 *
 * Model
 *   The core's bus (noxs_bus.h) finds devices and speaks with backends; for
 *   each device this module makes a struct device on the Linux bus "noxs",
 *   whose uevent asks for the module that drives its type (MODALIAS
 *   "noxs:t<type>").  Linux matches it with a noxs_linux_driver and the core
 *   is told (noxs_device_attach).
 *
 * Locks, outermost first
 *   device lock (Linux)  >  noxs_bus_lock  >  rtnl  >  a driver's own
 *   All calls of the core's drivers (probe, remove, changed, lost) come with
 *   noxs_bus_lock held; a driver therefore never takes it in them, nor from
 *   where rtnl is held.
 *
 * All functions are task context and may sleep, unless marked.
 */
#ifndef NOXS_LINUX_H
#define NOXS_LINUX_H

#include <linux/device.h>
#include <linux/module.h>

#include "noxs_bus.h"

struct noxs_port;

struct noxs_linux_driver {
	struct device_driver driver;
	const struct noxs_driver *core;
};

/*
 * core and driver.name stay valid until unregister.  0 or -errno of the driver
 * model.  Unregister returns when no device is driven any more.
 */
#define noxs_driver_register(drv) \
	__noxs_driver_register(drv, THIS_MODULE, KBUILD_MODNAME)
int __noxs_driver_register(struct noxs_linux_driver *drv, struct module *owner,
			   const char *mod_name);
void noxs_driver_unregister(struct noxs_linux_driver *drv);

/* For drivers with calls of their own into the core. */
void noxs_bus_lock(void);
void noxs_bus_unlock(void);
/* Any context.  Look for news soon. */
void noxs_bus_kick(void);

/* The Linux device that stands for dev.  bus lock. */
struct device *noxs_device_linux(struct noxs_device *dev);

/*
 * Ports.  An event masks its port until its end is said; by default that is
 * when the handler returns, and a driver may keep it for later:
 *
 *   handler: noxs_port_hold -> whoever does the work: noxs_port_eoi
 *
 * spurious: nothing was found to do; such events come ever more slowly, which
 * is what a backend gets that raises them in a loop.
 */

/* Of a device that the caller drives; valid until its remove or lost. */
struct noxs_port *noxs_port_of(struct noxs_device *dev, unsigned int index);
/* From its handler only. */
void noxs_port_hold(struct noxs_port *port);
/*
 * Any context, one hypercall.  Is nobody at the other end?  A backend whose
 * process has ended leaves the port so until another one takes its place.
 */
bool noxs_port_orphaned(const struct noxs_port *port);
/* Any context.  Nothing if it is not held. */
void noxs_port_eoi(struct noxs_port *port, bool spurious);

/*
 * Around a suspend, with the bus lock held all the time.  After leave no page
 * of Xen's is in this kernel's page tables.  back finds out what happened: true
 * if this is a domain in which everything has to be made new (and is, on
 * return), false if the suspend was called off.  A bus that could not be made
 * new has no devices any more (logged).
 */
void noxs_bus_leave(void);
bool noxs_bus_back(void);

/* Inside noxs_bus.ko. */

void noxs_events_fini(void);
/* Ports of which the last user has gone and Xen too: freed.  bus lock. */
void noxs_events_reap(void);
void noxs_events_leave(void);
/*
 * True: Linux has forgotten all event channels, this is another domain or
 * another life of it.  All ports are unbound then.
 */
bool noxs_events_lost(void);
void noxs_events_back(void);

void noxs_frames_leave(void);
void noxs_frames_back(void);

int noxs_devices_init(void);
void noxs_devices_fini(void);
/* The core's bus_ops.  bus lock. */
void noxs_devices_appeared(void *arg, struct noxs_device *dev);
void noxs_devices_vanished(void *arg, struct noxs_device *dev);
/* Tell Linux of what came and went.  One at a time, without the bus lock. */
void noxs_devices_settle(void);

#endif

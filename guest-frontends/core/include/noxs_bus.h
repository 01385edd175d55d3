/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * noxs_bus.h owns the guest's view of its noxs devices: which there are
 * (device page), who drives them, and the two areas of each.
 *
 * Model
 *   The bus keeps a private copy of every slot.  A scan compares the copies
 *   with the device page; a device that appeared is offered to the driver of
 *   its type, one that went (or was replaced in its slot) is taken from it.
 *   The bus owns the ports of a device: it binds all of them after probe and
 *   unbinds them before remove.  Each event calls the driver's event(); an
 *   event that comes with a new publish of the backend also marks the bus
 *   pending, and noxs_bus_poll() then calls the driver's changed().
 *   Control pages are mapped when the first device needs them and stay so
 *   until fini.
 *   Drivers are known from the start, or an OS whose drivers come and go by
 *   themselves is told of each device that none of them drives
 *   (ops.appeared) and says later who does (noxs_device_attach).
 *
 * Call order
 *   noxs_bus_init -> { on ops.wake or periodically: noxs_bus_poll }
 *   [ after the domain was resumed in place: noxs_bus_resume ]
 *   -> [ noxs_bus_stop, until it returns 0 ] -> noxs_bus_fini
 *   driver: probe -> { changed | lost } -> remove.
 *   OS: appeared -> { noxs_device_attach -> noxs_device_detach } -> vanished.
 *
 * Context: all calls are task context, one at a time (noxs_os.h), unless
 * marked "event"; none may come from a driver's callback.  Nothing blocks.  Errors are -errno; what a hostile backend
 * can cause is logged at most once per life of its device.
 */
#ifndef NOXS_BUS_H
#define NOXS_BUS_H

#include "noxs_os.h"

struct noxs_bus;
struct noxs_device;
struct noxs_pool;

struct noxs_driver {
	const char *name;
	uint8_t type;			/* XEN_NOXS_TYPE_* */
	const void *arg;		/* for the driver; the bus ignores it */
	/*
	 * A device is there.  Nothing was read yet and no event comes before
	 * this returns; changed() follows at once if it returns 0.  Non-zero:
	 * the driver keeps nothing; the device is left alone until it is
	 * removed.
	 */
	int (*probe)(struct noxs_device *dev);
	/*
	 * Forget everything; no event comes any more.  dev->gone: the device
	 * left the device page, there is no backend to talk to.  Otherwise
	 * the bus itself goes, and the backend may be told.
	 */
	void (*remove)(struct noxs_device *dev);
	/*
	 * The backend published something.  Read it with
	 * noxs_device_read_back().  Also called without a change.
	 */
	void (*changed)(struct noxs_device *dev);
	/*
	 * The connection is void: the domain was resumed, restored or
	 * cloned.  Drop rings; dev->slot and the front area are the new life's
	 * already.  An area that still holds the old life's answer is the same
	 * one, and the backend may be late: take the answer back before what
	 * it names is gone, and raise no port.  changed() follows, unless
	 * dev->gone: then it is remove(), and there are no areas.
	 */
	void (*lost)(struct noxs_device *dev);
	/* Event context.  port[index] of the device was raised.  Optional. */
	void (*event)(struct noxs_device *dev, unsigned int index);
};

struct noxs_bus_ops {
	/* Event context: noxs_bus_poll() has something to do. */
	void (*wake)(void *arg);
	/*
	 * A device is there that none of the bus's drivers drives; dev->os is
	 * the callee's.  It is valid until vanished() returns; its driver, if
	 * it got one, has let go of it by then.  Task context, from init, scan,
	 * poll and resume, stop and fini: no bus call from here.  Both or none.
	 */
	void (*appeared)(void *arg, struct noxs_device *dev);
	void (*vanished)(void *arg, struct noxs_device *dev);
};

struct noxs_device_port {
	struct noxs_device *dev;
	bool bound;
};

struct noxs_device {
	/* read-only for drivers */
	struct noxs_bus *bus;
	struct xen_noxs_slot slot;	/* private, validated copy */
	bool gone;			/* no longer in the device page */
	bool announced;			/* to ops.appeared() */
	/* the driver's */
	void *priv;
	/* the OS's, for a device that appeared() was called for */
	void *os;
	/* the bus's own */
	const struct noxs_driver *drv;	/* NULL: nobody drives it */
	const volatile void *back;
	volatile void *front;
	uint32_t back_seq;		/* of the last publish that was read */
	bool pending;			/* atomic: changed() is due */
	bool front_used;		/* the front area has a header */
	struct noxs_device_port port[XEN_NOXS_MAX_PORTS];
};

/* The caller's memory; all fields are the bus's own. */
struct noxs_bus {
	const struct noxs_driver *const *drivers;
	unsigned int nr_drivers;
	const struct noxs_bus_ops *ops;
	void *arg;
	const volatile struct xen_noxs_device_page *page;
	void *page_addr;		/* the same, as it was mapped */
	/*
	 * Which life of which domain this is, as of the last scan; drivers may
	 * read it, in lost() it is the new one already.
	 */
	uint64_t serial;
	uint32_t generation;
	unsigned int virq;
	bool virq_bound;
	bool pending;			/* atomic: noxs_bus_poll() is due */
	bool rescan;			/* atomic: the device page changed */
	void *front[XEN_NOXS_MAX_PAIRS];
	void *back[XEN_NOXS_MAX_PAIRS];
	struct noxs_pool *limbo;	/* pages that a backend still maps */
	struct noxs_device *dev[XEN_NOXS_MAX_SLOTS];
};

/*
 * Probe for noxs, map the device page, bind VIRQ_NOXS, scan once.  drivers
 * (nr pointers), ops and what they point to stay valid until fini; ops may be
 * NULL for a caller that polls.  -ENOSYS: this Xen has no noxs; -EPROTO: noxs
 * of another version, or a device page that makes no sense; -ENOMEM, and what
 * the OS's mapping or VIRQ binding returned.  On failure nothing is held.
 * A single device that could not be set up is no failure: it is logged and
 * tried again at the next scan.
 */
int noxs_bus_init(struct noxs_bus *bus,
		  const struct noxs_driver *const *drivers, unsigned int nr,
		  const struct noxs_bus_ops *ops, void *arg);
/*
 * Remove all devices from their drivers; the backends are told.  0, or -EBUSY
 * while a backend still has pages mapped: call again after a while to get
 * them back.  After stop only stop and fini may be called.
 */
int noxs_bus_stop(struct noxs_bus *bus);
/*
 * Stop, and let go of everything, except for pages that a backend still has
 * mapped: those are lost (logged).
 */
void noxs_bus_fini(struct noxs_bus *bus);

/* Any context: is noxs_bus_poll() due? */
bool noxs_bus_pending(const struct noxs_bus *bus);
/*
 * Do what is due: a scan if the device page changed, changed() for devices
 * whose backend published.  Bounded by XEN_NOXS_MAX_SLOTS.  Returns 0, or
 * -EAGAIN if there is more to do (a page was being written all the time, or
 * something new came): call again; or what the scan returned.
 */
int noxs_bus_poll(struct noxs_bus *bus);
/*
 * Scan now, whatever was announced.  -EAGAIN as for poll; -ENOMEM: a device
 * could not be set up; -EPROTO: the device page makes no sense; -ENODEV: a
 * resume failed before.
 */
int noxs_bus_scan(struct noxs_bus *bus);
/*
 * After a suspend from which the domain woke elsewhere or anew: map all
 * pages again, call lost() and changed() of every device.  The OS has made its
 * grant table, event channels and VIRQ usable again before; references and
 * ports of the time before are dropped in the course of this call.  On failure
 * (as noxs_bus_init) all devices are removed and the bus can only be finished.
 */
int noxs_bus_resume(struct noxs_bus *bus);

/*
 * Give a device that nobody drives to drv, which stays valid until detach or
 * until the device has vanished.  Calls probe and changed.  -EBUSY: it has a
 * driver; -EINVAL: drv is for another type; what mapping, binding and probe
 * say.
 */
int noxs_device_attach(struct noxs_device *dev, const struct noxs_driver *drv);
/*
 * Take it back: the backend is told, the device may be attached again.
 * Nothing if nobody drives it.
 */
void noxs_device_detach(struct noxs_device *dev);

/* For drivers. */

/*
 * Copy the back area.  area starts with struct xen_noxs_area_hdr, size is
 * what the driver knows of it, least what there has to be; what is not there
 * is 0.  The copy is consistent (one publish, all of it), its header valid:
 * magic, version, at least that many bytes, state in range, zero padding.
 * -EAGAIN: it is being rewritten all the time (the bus calls changed() again);
 * -EPROTO: invalid.  area is undefined after a failure.
 */
int noxs_device_read_back(struct noxs_device *dev, void *area, size_t size,
			  size_t least);
/*
 * Write the front area: body first, then the generation that it answers, then
 * the state, so that a backend that sees both sees all.  area starts with
 * struct xen_noxs_area_hdr, of which features and error are taken and the
 * rest is filled in here.  size: a multiple of 8, at most AREA_SIZE.
 */
void noxs_device_write_front(struct noxs_device *dev, const void *area,
			     size_t size, uint32_t generation, uint32_t state);
/*
 * Write state, error and the generation that this is about, nothing else, and
 * the state first: for states other than CONNECTED.
 */
void noxs_device_set_state(struct noxs_device *dev, uint32_t generation,
			   uint32_t state, uint32_t error);
/*
 * The generation that the front area names, by whoever wrote there last, an earlier
 * driver or life as well; 0: nobody did, or dev->gone.
 */
uint32_t noxs_device_echo(const struct noxs_device *dev);
/*
 * Write one word of the front area behind its header.  The backend sees
 * whatever was written before it sees this.  offset: a multiple of 4.
 */
void noxs_device_write_word(struct noxs_device *dev, size_t offset,
			    uint32_t value);
/* Any context.  Raise port[index] at the backend. */
void noxs_device_notify(struct noxs_device *dev, unsigned int index);
/* Ask the bus to call changed() at the next poll. */
void noxs_device_poke(struct noxs_device *dev);

#endif

// SPDX-License-Identifier: GPL-2.0-only
/*
 * os_events.c owns event channels and VIRQs.
 *
 * Xen closes a noxs port with its device; Linux closes a port when its irq is
 * unbound, and BUG()s when Xen has done so before.  So a port is held twice:
 * by its irq's handler and by its entry in the list here.  Unbinding takes the
 * handler away and parks the port, open or not, which a later bind takes over
 * (another driver for the same device; a new device whose port has this
 * number).  noxs_events_reap() frees those parked ports that Xen has closed:
 * it takes the number back from Xen, so that there is a port to close.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/interrupt.h>
#include <linux/list.h>
#include <linux/slab.h>

#include <asm/xen/hypercall.h>

#include <xen/events.h>
#include <xen/interface/event_channel.h>

#include "noxs_linux.h"

/* Free numbers below a port that may have to be taken to get at it. */
#define MAX_TRIES	64

struct noxs_port {
	struct list_head list;
	evtchn_port_t port;
	int irq;
	atomic_t held;
	bool taken;			/* by a hold, in this interrupt */
	bool parked;
	noxs_os_handler handler;	/* NULL: nobody's any more */
	void *data;
};

/* bus lock; the handlers have their entry and need no list. */
static LIST_HEAD(ports);

static struct {
	int irq;			/* 0: not bound */
	noxs_os_handler handler;
	void *data;
} virqs[NR_VIRQS];

static struct noxs_port *port_find(evtchn_port_t port)
{
	struct noxs_port *p;

	list_for_each_entry(p, &ports, list)
		if (p->port == port)
			return p;
	return NULL;
}

static irqreturn_t port_irq(int irq, void *data)
{
	struct noxs_port *p = data;

	p->taken = false;
	if (p->handler)
		p->handler(p->data);
	/* Who held it says the end, and may have done so already. */
	if (!p->taken)
		xen_irq_lateeoi(irq, 0);
	return IRQ_HANDLED;
}

/* The second hold.  A module that was here before may have left one. */
static int port_get(evtchn_port_t port)
{
	int rc = evtchn_get(port);

	if (rc == -EINVAL)
		rc = evtchn_make_refcounted(port) ?: evtchn_get(port);
	return rc;
}

static int port_open(struct noxs_port *p)
{
	int irq;

	irq = bind_evtchn_to_irqhandler_lateeoi(p->port, port_irq, 0, "noxs",
						p);
	if (irq < 0)
		return irq;
	p->irq = irq;
	p->parked = false;
	return port_get(p->port);
}

int noxs_os_evtchn_bind(uint32_t port, noxs_os_handler handler, void *data)
{
	struct noxs_port *p = port_find(port);
	int rc;

	if (p && !p->parked)
		return -EBUSY;
	if (!p) {
		p = kzalloc(sizeof(*p), GFP_KERNEL);
		if (!p)
			return -ENOMEM;
		p->port = port;
		p->parked = true;
		list_add(&p->list, &ports);
	}
	p->handler = handler;
	p->data = data;
	atomic_set(&p->held, 0);
	rc = port_open(p);
	if (rc) {
		list_del(&p->list);
		kfree(p);
	}
	return rc;
}

static void port_park(struct noxs_port *p)
{
	unbind_from_irqhandler(p->irq, p);
	/* Nobody will say the end of what nobody has heard. */
	if (atomic_xchg(&p->held, 0))
		xen_irq_lateeoi(p->irq, 0);
	p->parked = true;
	p->handler = NULL;
}

void noxs_os_evtchn_unbind(uint32_t port)
{
	struct noxs_port *p = port_find(port);

	if (p && !p->parked)
		port_park(p);
}

void noxs_os_evtchn_notify(uint32_t port)
{
	notify_remote_via_evtchn(port);
}

/* --- ports that Xen has closed --------------------------------------------- */

static void port_close(evtchn_port_t port)
{
	struct evtchn_close op = { .port = port };

	HYPERVISOR_event_channel_op(EVTCHNOP_close, &op);
}

/* Xen gives the lowest free number: take those below, too, for a moment. */
static bool number_take(evtchn_port_t port)
{
	evtchn_port_t below[MAX_TRIES];
	unsigned int nr = 0;
	bool got = false;

	while (nr < MAX_TRIES) {
		struct evtchn_alloc_unbound op = {
			.dom = DOMID_SELF,
			.remote_dom = DOMID_SELF,
		};

		if (HYPERVISOR_event_channel_op(EVTCHNOP_alloc_unbound, &op))
			break;
		got = op.port == port;
		if (got)
			break;
		below[nr++] = op.port;
	}
	while (nr)
		port_close(below[--nr]);
	return got;
}

static bool port_is(evtchn_port_t port, u32 status)
{
	struct evtchn_status op = { .dom = DOMID_SELF, .port = port };

	return !HYPERVISOR_event_channel_op(EVTCHNOP_status, &op) &&
	       op.status == status;
}

void noxs_events_reap(void)
{
	struct noxs_port *p, *next;

	list_for_each_entry_safe(p, next, &ports, list) {
		if (!p->parked)
			continue;
		/* Forgotten over a suspend, or somebody else's by now. */
		if (irq_from_evtchn(p->port) != p->irq)
			goto forget;
		if (!port_is(p->port, EVTCHNSTAT_closed) ||
		    !number_take(p->port))
			continue;
		evtchn_put(p->port);
forget:
		list_del(&p->list);
		kfree(p);
	}
}

/* --- what drivers do with an event ------------------------------------------ */

struct noxs_port *noxs_port_of(struct noxs_device *dev, unsigned int index)
{
	return index < dev->slot.nr_ports ? port_find(dev->slot.port[index]) :
					    NULL;
}
EXPORT_SYMBOL_GPL(noxs_port_of);

bool noxs_port_orphaned(const struct noxs_port *port)
{
	return port_is(port->port, EVTCHNSTAT_unbound);
}
EXPORT_SYMBOL_GPL(noxs_port_orphaned);

void noxs_port_hold(struct noxs_port *port)
{
	port->taken = true;
	atomic_set(&port->held, 1);
}
EXPORT_SYMBOL_GPL(noxs_port_hold);

void noxs_port_eoi(struct noxs_port *port, bool spurious)
{
	if (atomic_xchg(&port->held, 0))
		xen_irq_lateeoi(port->irq,
				spurious ? XEN_EOI_FLAG_SPURIOUS : 0);
}
EXPORT_SYMBOL_GPL(noxs_port_eoi);

/* --- VIRQs ------------------------------------------------------------------ */

static irqreturn_t virq_irq(int irq, void *data)
{
	unsigned int virq = (unsigned long)data;

	virqs[virq].handler(virqs[virq].data);
	return IRQ_HANDLED;
}

int noxs_os_virq_bind(unsigned int virq, noxs_os_handler handler, void *data)
{
	int irq;

	if (virq >= NR_VIRQS)
		return -EINVAL;
	if (virqs[virq].irq)
		return -EBUSY;
	virqs[virq].handler = handler;
	virqs[virq].data = data;
	/*
	 * After a suspend Linux binds it anew on the CPU that it was moved to,
	 * and BUG()s when Xen allows this kind on vCPU 0 alone: it stays there.
	 */
	irq = bind_virq_to_irqhandler(virq, 0, virq_irq, IRQF_NOBALANCING,
				      "noxs-bus", (void *)(unsigned long)virq);
	if (irq < 0)
		return irq;
	virqs[virq].irq = irq;
	return 0;
}

void noxs_os_virq_unbind(unsigned int virq)
{
	if (virq >= NR_VIRQS || !virqs[virq].irq)
		return;
	unbind_from_irqhandler(virqs[virq].irq, (void *)(unsigned long)virq);
	virqs[virq].irq = 0;
}

/* --- suspend ---------------------------------------------------------------- */

/*
 * What was bound when Linux forgets its ports is freed with its handler, if
 * that alone holds it; what is parked would stay for ever.
 */
void noxs_events_leave(void)
{
	struct noxs_port *p;

	list_for_each_entry(p, &ports, list) {
		if (p->parked && port_open(p))
			pr_warn("port %u is lost\n", p->port);
		evtchn_put(p->port);
	}
}

/* Forget with Linux what it has forgotten.  False: it has not. */
bool noxs_events_lost(void)
{
	struct noxs_port *p;
	bool lost = false;

	list_for_each_entry(p, &ports, list)
		lost |= irq_from_evtchn(p->port) != p->irq;
	if (!lost)
		return false;
	/* The entries stay until reap: drivers have not heard of it yet. */
	list_for_each_entry(p, &ports, list) {
		unbind_from_irqhandler(p->irq, p);
		atomic_set(&p->held, 0);
		p->irq = 0;
		p->parked = true;
		p->handler = NULL;
	}
	return true;
}

/* Called off: hold them twice again. */
void noxs_events_back(void)
{
	struct noxs_port *p;

	list_for_each_entry(p, &ports, list) {
		if (port_get(p->port))
			pr_warn("port %u is lost\n", p->port);
		if (!p->handler)
			port_park(p);
	}
}

void noxs_events_fini(void)
{
	struct noxs_port *p, *next;

	noxs_events_reap();
	/* Open ports stay, for the next module that drives these devices. */
	list_for_each_entry_safe(p, next, &ports, list) {
		list_del(&p->list);
		kfree(p);
	}
}

// SPDX-License-Identifier: BSD-2-Clause
/*
 * Polled 2-level event channels.
 */
#include <errno.h>
#include <string.h>

#include "minios/hypercall.h"
#include <xen/event_channel.h>
#include <xen/sched.h>

#include "minios/barrier.h"
#include "minios/events.h"
#include "minios/shared.h"
#include "minios/time.h"

#define WORD_BITS	64
#define MAX_PORTS	(WORD_BITS * WORD_BITS)	/* 2-level, 64-bit guest */

struct binding {
	event_handler handler;
	void *data;
};

/*
 * Bound ports lie densely in ports[0..nr); slot i belongs to ports[i].  That
 * is the array that SCHEDOP_poll takes.
 */
static evtchn_port_t ports[EVENTS_MAX];
static struct binding bindings[EVENTS_MAX];
static unsigned int nr_ports;

void events_init(void)
{
	/*
	 * Masked ports still become pending and still end a poll; they only
	 * never ask for an upcall.
	 */
	memset(shared->evtchn_mask, 0xff, sizeof(shared->evtchn_mask));
}

void events_resume(void)
{
	nr_ports = 0;
	events_init();
}

static int port_index(uint32_t port)
{
	unsigned int i;

	for (i = 0; i < nr_ports; i++)
		if (ports[i] == port)
			return i;
	return -ENOENT;
}

int event_bind(uint32_t port, event_handler handler, void *data)
{
	if (!port || port >= MAX_PORTS)
		return -EINVAL;
	if (port_index(port) >= 0)
		return -EBUSY;
	if (nr_ports == EVENTS_MAX)
		return -ENOSPC;
	ports[nr_ports] = port;
	bindings[nr_ports] = (struct binding){ handler, data };
	nr_ports++;
	return 0;
}

void event_unbind(uint32_t port)
{
	int i = port_index(port);

	if (i < 0)
		return;
	nr_ports--;
	ports[i] = ports[nr_ports];
	bindings[i] = bindings[nr_ports];
}

void event_notify(uint32_t port)
{
	struct evtchn_send op = { .port = port };

	hypercall2(__HYPERVISOR_event_channel_op, EVTCHNOP_send, &op);
}

void event_raise(uint32_t port)
{
	__atomic_fetch_or(&shared->evtchn_pending[port / WORD_BITS],
			  (xen_ulong_t)1 << (port % WORD_BITS),
			  __ATOMIC_SEQ_CST);
}

int virq_bind(unsigned int virq, uint32_t *port)
{
	struct evtchn_bind_virq op = { .virq = virq };
	long rc = hypercall2(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_virq,
			     &op);

	if (!rc)
		*port = op.port;
	return rc;
}

bool virq_bound(unsigned int virq, uint32_t port)
{
	struct evtchn_status op = { .dom = DOMID_SELF, .port = port };

	return !hypercall2(__HYPERVISOR_event_channel_op, EVTCHNOP_status,
			   &op) &&
	       op.status == EVTCHNSTAT_virq && op.u.virq == virq;
}

void port_close(uint32_t port)
{
	struct evtchn_close op = { .port = port };

	hypercall2(__HYPERVISOR_event_channel_op, EVTCHNOP_close, &op);
}

/* Take the pending bit; the handler looks at its rings after this. */
static bool port_take(uint32_t port)
{
	xen_ulong_t *word = &shared->evtchn_pending[port / WORD_BITS];
	xen_ulong_t bit = (xen_ulong_t)1 << (port % WORD_BITS);

	if (!(READ_ONCE(*word) & bit))
		return false;
	return __atomic_fetch_and(word, ~bit, __ATOMIC_SEQ_CST) & bit;
}

bool events_dispatch(void)
{
	bool any = false;
	unsigned int i;

	/*
	 * A handler may unbind: the last port then moves to i, was looked at
	 * or not, and a port skipped in this round stays pending for the
	 * next, since no wait begins before a round without events.
	 */
	for (i = 0; i < nr_ports; i++) {
		if (!port_take(ports[i]))
			continue;
		any = true;
		bindings[i].handler(bindings[i].data);
	}
	return any;
}

/*
 * Xen closed a port under us: its device went, and the bus has yet to hear
 * of it.  A poll that names such a port fails at once.
 */
static void drop_closed(void)
{
	unsigned int i = 0;

	while (i < nr_ports) {
		struct evtchn_status op = { .dom = DOMID_SELF,
					    .port = ports[i] };

		if (hypercall2(__HYPERVISOR_event_channel_op, EVTCHNOP_status,
			       &op) || op.status == EVTCHNSTAT_closed)
			event_unbind(ports[i]);
		else
			i++;
	}
}

void events_wait(uint64_t deadline_ns)
{
	struct sched_poll op = {
		.nr_ports = nr_ports,
		.timeout = deadline_ns ? time_to_xen(deadline_ns) : 0,
	};

	set_xen_guest_handle(op.ports, ports);
	if (hypercall2(__HYPERVISOR_sched_op, SCHEDOP_poll, &op))
		drop_closed();
}

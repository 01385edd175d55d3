// SPDX-License-Identifier: BSD-2-Clause
/* The shim's event channels: states and refusals are those of Xen 4.17. */

#include "shim.h"

/* Stands for every domain's event_lock: one CPU takes what it needs. */
static spinlock_t event_lock = { SHIM_LOCK_EVENT, false };

static int port_get(const struct domain *d)
{
	unsigned int port;

	if (d->is_dying)
		return -EINVAL;
	if (shim_step_fails())
		return -ENOMEM;
	for (port = 1; port < d->max_ports; port++)
		if (d->evtchn[port].state == ECS_FREE)
			return port;
	return -ENOSPC;
}

int evtchn_alloc_unbound(evtchn_alloc_unbound_t *alloc, evtchn_port_t port)
{
	struct domain *d;
	int rc;

	ASSERT(!port);
	if (shim.on_alloc_unbound)
		shim_other_cpu(shim.on_alloc_unbound);
	d = rcu_lock_domain_by_id(alloc->dom);
	if (!d)
		return -ESRCH;
	shim_lock(&event_lock);
	rc = port_get(d);
	if (rc > 0) {
		d->evtchn[rc].state = ECS_UNBOUND;
		d->evtchn[rc].u.unbound.remote_domid = alloc->remote_dom;
		alloc->port = rc;
		rc = 0;
	}
	shim_unlock(&event_lock);
	rcu_unlock_domain(d);
	return rc;
}

int evtchn_bind_interdomain(evtchn_bind_interdomain_t *bind, struct domain *ld,
			    evtchn_port_t lport)
{
	struct domain *rd = rcu_lock_domain_by_id(bind->remote_dom);
	struct evtchn *lchn, *rchn;
	int rc;

	ASSERT(!lport);
	if (!rd)
		return -ESRCH;
	shim_lock(&event_lock);
	rc = port_get(ld);
	if (rc < 0)
		goto out;
	lchn = &ld->evtchn[rc];
	rchn = bind->remote_port < rd->max_ports ?
		&rd->evtchn[bind->remote_port] : NULL;
	if (!rchn || rchn->state != ECS_UNBOUND ||
	    rchn->u.unbound.remote_domid != ld->domain_id) {
		rc = -EINVAL;
		goto out;
	}
	lchn->state = rchn->state = ECS_INTERDOMAIN;
	lchn->u.interdomain.remote_dom = rd;
	lchn->u.interdomain.remote_port = bind->remote_port;
	rchn->u.interdomain.remote_dom = ld;
	rchn->u.interdomain.remote_port = lchn->port;
	ASSERT(ld->vcpu && ld->vcpu[0]);	/* it gets a first event */
	bind->local_port = lchn->port;
	rc = 0;
out:
	shim_unlock(&event_lock);
	rcu_unlock_domain(rd);
	return rc;
}

int evtchn_close(struct domain *d, int port, bool guest)
{
	struct evtchn *chn = &d->evtchn[port], *peer;
	int rc = 0;

	ASSERT(port > 0 && (unsigned int)port < d->max_ports && !guest);
	shim_lock(&event_lock);
	if (chn->state == ECS_INTERDOMAIN) {
		peer = &chn->u.interdomain.remote_dom->evtchn[
			chn->u.interdomain.remote_port];
		ASSERT(peer->state == ECS_INTERDOMAIN &&
		       peer->u.interdomain.remote_dom == d);
		peer->state = ECS_UNBOUND;
		peer->u.unbound.remote_domid = d->domain_id;
	} else if (chn->state != ECS_UNBOUND) {
		rc = -EINVAL;
	}
	if (!rc)
		chn->state = ECS_FREE;
	shim_unlock(&event_lock);
	return rc;
}

void evtchn_port_set_pending(struct domain *d, unsigned int vcpu_id,
			     struct evtchn *chn)
{
	ASSERT(chn->lock.held && !vcpu_id && d->vcpu && d->vcpu[0]);
	ASSERT(chn->state > ECS_RESERVED);
	chn->raised++;
}

unsigned int shim_ports(const struct domain *d)
{
	unsigned int port, n = 0;

	for (port = 1; port < d->max_ports; port++)
		n += d->evtchn[port].state != ECS_FREE;
	return n;
}

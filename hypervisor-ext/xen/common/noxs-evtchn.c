/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * noxs: event channels of devices.
 *
 * The guest may close a port of its own at any time, and so may the backend
 * domain, and the number may by then stand for something else.  So a port is
 * looked at, under its lock, before Xen raises or closes it; what can happen
 * between the look and evtchn_close() happens to the one who did it.
 */

#include <xen/event.h>

#include "noxs-private.h"

/*
 * Is the port of d one that leads to the remote domain, or did until that
 * closed its end?  Then raise it, if asked to.
 */
static bool port_check(struct domain *d, evtchn_port_t port, domid_t remote,
                       bool raise)
{
    struct evtchn *chn;
    bool ours = false;

    if ( !port || !port_is_valid(d, port) )
        return false;

    chn = evtchn_from_port(d, port);
    evtchn_read_lock(chn);

    if ( chn->state == ECS_INTERDOMAIN )
        ours = chn->u.interdomain.remote_dom->domain_id == remote;
    else if ( chn->state == ECS_UNBOUND )
        ours = chn->u.unbound.remote_domid == remote;

    if ( ours && raise )
        evtchn_port_set_pending(d, chn->notify_vcpu_id, chn);

    evtchn_read_unlock(chn);

    return ours;
}

/* Is the port of d bound to that very domain? */
static bool port_leads_to(const struct domain *d, evtchn_port_t port,
                          const struct domain *remote)
{
    struct evtchn *chn = evtchn_from_port(d, port);
    bool ret;

    evtchn_read_lock(chn);
    ret = chn->state == ECS_INTERDOMAIN &&
          chn->u.interdomain.remote_dom == remote;
    evtchn_read_unlock(chn);

    return ret;
}

bool noxs_self_port_check(struct domain *d, uint32_t port, bool raise)
{
    struct evtchn *chn;
    bool ours;

    if ( !port || !port_is_valid(d, port) )
        return false;

    chn = evtchn_from_port(d, port);
    evtchn_read_lock(chn);
    ours = chn->state == ECS_UNBOUND &&
           chn->u.unbound.remote_domid == d->domain_id;
    if ( ours && raise )
        evtchn_port_set_pending(d, chn->notify_vcpu_id, chn);
    evtchn_read_unlock(chn);

    return ours;
}

/*
 * Close the end that Xen itself allocated for guest d, in the domain of this
 * serial; 0: in whichever has the domid.
 */
static void backend_end_close(const struct domain *d, domid_t domid,
                              uint64_t serial, evtchn_port_t port)
{
    struct domain *backend = rcu_lock_domain_by_id(domid);

    if ( !backend )
        return;

    if ( (!serial || backend->noxs->serial == serial) &&
         port_check(backend, port, d->domain_id, false) )
        evtchn_close(backend, port, 0);

    rcu_unlock_domain(backend);
}

/* The guest's end of channel i, which waits for the backend domain. */
static int channel_wait(struct domain *d, struct noxs_device *dev,
                        unsigned int i)
{
    evtchn_alloc_unbound_t alloc = {
        .dom = d->domain_id,
        .remote_dom = dev->backend,
    };
    int rc = evtchn_alloc_unbound(&alloc, 0);

    dev->backend_port[i] = 0;
    if ( !rc )
        dev->guest_port[i] = alloc.port;

    return rc;
}

/*
 * Bind channel i; 0 in backend_port[i] asks for both ends, XEN_NOXS_PORT_WAIT
 * for the guest's alone.
 */
int noxs_channel_open(struct domain *d, struct domain *backend,
                      struct noxs_device *dev, unsigned int i)
{
    evtchn_bind_interdomain_t bind = { .remote_dom = backend->domain_id };
    int rc;

    if ( dev->backend_port[i] == XEN_NOXS_PORT_WAIT )
        return channel_wait(d, dev, i);

    if ( !dev->backend_port[i] )
    {
        evtchn_alloc_unbound_t alloc = {
            .dom = backend->domain_id,
            .remote_dom = d->domain_id,
        };

        rc = evtchn_alloc_unbound(&alloc, 0);
        if ( rc )
            return rc;

        dev->backend_port[i] = alloc.port;
        dev->made |= 1u << i;
    }

    bind.remote_port = dev->backend_port[i];
    rc = evtchn_bind_interdomain(&bind, d, 0);
    if ( rc )
        return rc;

    if ( port_leads_to(d, bind.local_port, backend) )
    {
        dev->guest_port[i] = bind.local_port;
        return 0;
    }

    /* Found by domid: the backend domain is gone, this is its successor. */
    evtchn_close(d, bind.local_port, 0);
    if ( dev->made & (1u << i) )
        backend_end_close(d, dev->backend, 0, dev->backend_port[i]);
    dev->made &= ~(1u << i);

    return -ESRCH;
}

/* Takes a device of which only some channels are open. */
void noxs_channels_close(struct domain *d, struct noxs_device *dev)
{
    unsigned int i;

    for ( i = 0; i < XEN_NOXS_MAX_PORTS; i++ )
    {
        if ( port_check(d, dev->guest_port[i], dev->backend, false) )
            evtchn_close(d, dev->guest_port[i], 0);

        if ( dev->made & (1u << i) )
            backend_end_close(d, dev->backend, dev->backend_serial,
                              dev->backend_port[i]);

        dev->guest_port[i] = dev->backend_port[i] = 0;
    }

    dev->made = 0;
}

void noxs_channel_raise(struct domain *d, const struct noxs_device *dev)
{
    port_check(d, dev->guest_port[0], dev->backend, true);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * noxs: the hypercall's entry, and a domain's life as noxs sees it.
 */

#include <xen/event.h>
#include <xen/hypercall.h>
#include <xsm/xsm.h>

#include "noxs-private.h"

/* Does the domid still name the domain that it named then? */
bool noxs_is_domain(domid_t domid, uint64_t serial)
{
    struct domain *d = rcu_lock_domain_by_id(domid);
    bool same = d && d->noxs->serial == serial;

    if ( d )
        rcu_unlock_domain(d);

    return same;
}

struct domain *noxs_walk_next(struct noxs_walk *walk,
                              const struct domain *prev)
{
    struct domain *d = NULL;

    if ( prev )
    {
        d = rcu_dereference(prev->next_in_list);
        walk->next = d ? d->domain_id : XEN_NOXS_END;
        if ( !d || !walk->budget )
            return NULL;
        walk->budget--;
        return d;
    }

    /* Where to start may have gone since: probe, but not for ever. */
    for ( ; walk->next < DOMID_FIRST_RESERVED; walk->next++ )
    {
        if ( !walk->budget )
            return NULL;
        walk->budget--;

        d = rcu_lock_domain_by_id(walk->next);
        if ( d )
        {
            rcu_unlock_domain(d); /* domlist_read_lock keeps it */
            return d;
        }
    }

    walk->next = XEN_NOXS_END;

    return NULL;
}

int noxs_domain_init(struct domain *d)
{
    struct noxs_domain *nd = xzalloc(struct noxs_domain);

    if ( !nd )
        return -ENOMEM;

    spin_lock_init(&nd->lock);
    nd->serial = noxs_serial_next();
    nd->max_slots = XEN_NOXS_MAX_SLOTS;
    nd->generation = 1;
    d->noxs = nd;

    return 0;
}

/* With the lock held.  Nobody is told. */
static void drop_all(struct domain *d)
{
    struct noxs_devices *dev = d->noxs->dev;

    /* Each drop may lower nr_slots, to 0 in the end. */
    while ( dev && dev->nr_slots )
        noxs_device_drop(d, dev->nr_slots - 1);
}

void noxs_domain_reset(struct domain *d)
{
    struct noxs_domain *nd = d->noxs;

    spin_lock(&nd->lock);
    drop_all(d);
    nd->generation = nd->generation + 1 ?: 1;
    noxs_header_write(d);
    spin_unlock(&nd->lock);
}

/* Drop the devices in d that have the domain of this serial as backend. */
static void drop_backend(struct domain *d, uint64_t serial)
{
    struct noxs_domain *nd = d->noxs;
    bool dropped = false;
    unsigned int i;

    spin_lock(&nd->lock);

    for ( i = nd->dev ? nd->dev->nr_slots : 0; i-- > 0; )
        if ( nd->dev->slot[i].type != XEN_NOXS_TYPE_NONE &&
             nd->dev->slot[i].backend_serial == serial )
        {
            noxs_device_drop(d, i);
            dropped = true;
        }

    spin_unlock(&nd->lock);

    if ( dropped )
        send_guest_global_virq(d, VIRQ_NOXS);
}

/*
 * A device is added with the guest's lock held: served of the backend domain
 * is raised, then the backend's is_dying is looked at.  Here is_dying was set
 * before, and served is looked at now.  One of the two sees the other; and an
 * add that did not see is_dying still holds a lock that the walk will take.
 */
int noxs_domain_kill(struct domain *d)
{
    struct noxs_domain *nd = d->noxs;
    struct noxs_walk walk = { .budget = NOXS_WALK_BUDGET };
    struct domain *other = NULL;

    ASSERT(d->is_dying);

    if ( !nd->closed )
    {
        spin_lock(&nd->lock);
        nd->closed = true;
        drop_all(d);
        spin_unlock(&nd->lock);

        noxs_watches_drop(d);
    }

    smp_mb(); /* is_dying before served, see above */
    if ( nd->kill_next == XEN_NOXS_END || !atomic_read(&nd->served) )
        return 0;

    walk.next = nd->kill_next;
    rcu_read_lock(&domlist_read_lock);
    while ( (other = noxs_walk_next(&walk, other)) != NULL )
        drop_backend(other, nd->serial);
    rcu_read_unlock(&domlist_read_lock);
    nd->kill_next = walk.next;

    return walk.next == XEN_NOXS_END ? 0 : -ERESTART;
}

void noxs_domain_free(struct domain *d)
{
    struct noxs_domain *nd = d->noxs;

    if ( !nd )
        return;

    noxs_devices_free(nd->dev);
    xfree(nd);
    d->noxs = NULL;
}

static long noxs_op_version(XEN_GUEST_HANDLE_PARAM(void) arg)
{
    const struct domain *d = current->domain;
    struct xen_noxs_version op = {
        .magic     = XEN_NOXS_MAGIC,
        .version   = XEN_NOXS_VERSION,
        .max_slots = XEN_NOXS_MAX_SLOTS,
        .max_ports = XEN_NOXS_MAX_PORTS,
        .max_pairs = XEN_NOXS_MAX_PAIRS,
        .area_size = XEN_NOXS_AREA_SIZE,
        .serial    = d->noxs->serial,
        .domid     = d->domain_id,
        .virq      = VIRQ_NOXS,
    };

    return copy_to_guest(arg, &op, 1) ? -EFAULT : 0;
}

static long noxs_op_limit(XEN_GUEST_HANDLE_PARAM(void) arg)
{
    struct xen_noxs_limit op;
    struct domain *d;
    int rc;

    if ( copy_from_guest(&op, arg, 1) )
        return -EFAULT;

    if ( op.pad || op.max_slots > XEN_NOXS_MAX_SLOTS )
        return -EINVAL;

    d = rcu_lock_domain_by_id(op.domid);
    if ( !d )
        return -ESRCH;

    rc = xsm_noxs(XSM_PRIV, d, XEN_NOXS_OP_limit);
    if ( !rc )
    {
        spin_lock(&d->noxs->lock);
        d->noxs->max_slots = op.max_slots;
        spin_unlock(&d->noxs->lock);
    }

    rcu_unlock_domain(d);

    return rc;
}

static long noxs_op_generation(XEN_GUEST_HANDLE_PARAM(void) arg)
{
    struct xen_noxs_generation op;
    struct noxs_domain *nd;
    struct domain *d;
    int rc;

    if ( copy_from_guest(&op, arg, 1) )
        return -EFAULT;

    if ( op.pad || !op.generation )
        return -EINVAL;

    d = rcu_lock_domain_by_id(op.domid);
    if ( !d )
        return -ESRCH;

    rc = xsm_noxs(XSM_PRIV, d, XEN_NOXS_OP_generation);
    if ( !rc )
    {
        nd = d->noxs;
        spin_lock(&nd->lock);
        if ( nd->closed )
            rc = -ESRCH;
        else
        {
            nd->generation = op.generation;
            noxs_header_write(d);
        }
        spin_unlock(&nd->lock);
    }

    rcu_unlock_domain(d);

    return rc;
}

long do_noxs_op(unsigned int cmd, XEN_GUEST_HANDLE_PARAM(void) arg)
{
    switch ( cmd )
    {
    case XEN_NOXS_OP_version:
        return noxs_op_version(arg);

    case XEN_NOXS_OP_frames:
        return noxs_op_frames(arg);

    case XEN_NOXS_OP_add:
        return noxs_op_add(arg);

    case XEN_NOXS_OP_remove:
        return noxs_op_remove(arg);

    case XEN_NOXS_OP_list:
        return noxs_op_list(arg);

    case XEN_NOXS_OP_publish:
        return noxs_op_publish(arg);

    case XEN_NOXS_OP_watch:
        return noxs_op_watch(arg);

    case XEN_NOXS_OP_states:
        return noxs_op_states(arg);

    case XEN_NOXS_OP_limit:
        return noxs_op_limit(arg);

    case XEN_NOXS_OP_generation:
        return noxs_op_generation(arg);

    case XEN_NOXS_OP_read:
        return noxs_op_read(arg);
    }

    return -ENOSYS;
}

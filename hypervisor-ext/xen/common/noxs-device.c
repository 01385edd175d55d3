/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * noxs: devices.  Add, remove, publish, read.
 */

#include <xen/event.h>
#include <xsm/xsm.h>

#include "noxs-private.h"

/* The index of the device, or MAX_SLOTS. */
static unsigned int device_find(const struct noxs_devices *dev,
                                unsigned int type, unsigned int id)
{
    unsigned int i;

    for ( i = 0; dev && i < dev->nr_slots; i++ )
        if ( dev->slot[i].type == type && dev->slot[i].id == id )
            return i;

    return XEN_NOXS_MAX_SLOTS;
}

static unsigned int slot_free(const struct noxs_devices *dev)
{
    unsigned int i;

    for ( i = 0; i < XEN_NOXS_MAX_SLOTS; i++ )
        if ( dev->slot[i].type == XEN_NOXS_TYPE_NONE )
            break;

    return i;
}

static bool type_ok(unsigned int type)
{
    return type != XEN_NOXS_TYPE_NONE && type <= XEN_NOXS_TYPE_MAX;
}

/* What a backend hands in, already copied. */
static bool back_area_ok(const void *data)
{
    const struct xen_noxs_area_hdr *hdr = data;

    return hdr->magic == XEN_NOXS_BACK_MAGIC &&
           hdr->version == XEN_NOXS_VERSION &&
           hdr->size >= sizeof(*hdr) && hdr->size <= XEN_NOXS_AREA_SIZE &&
           !hdr->seq && hdr->state <= XEN_NOXS_STATE_MAX && !hdr->pad;
}

/* The backend has one device less, and hears of it. */
static void served_dec(const struct noxs_device *dev)
{
    struct domain *backend = rcu_lock_domain_by_id(dev->backend);

    if ( !backend )
        return;

    if ( backend->noxs->serial == dev->backend_serial )
    {
        atomic_dec(&backend->noxs->served);
        noxs_backend_raise(backend);
    }

    rcu_unlock_domain(backend);
}

/* Takes a used slot. */
void noxs_device_drop(struct domain *d, unsigned int idx)
{
    struct noxs_devices *devs = d->noxs->dev;
    struct noxs_device *dev = &devs->slot[idx];

    noxs_slot_hide(devs, idx);
    noxs_channels_close(d, dev);
    noxs_area_put(devs, dev->pair, dev->area);
    served_dec(dev);
}

/* With the lock held and a free slot; all or nothing. */
static int device_fill(struct domain *d, struct domain *backend,
                       unsigned int idx, struct xen_noxs_add *op)
{
    struct noxs_devices *devs = d->noxs->dev;
    struct noxs_device *dev = &devs->slot[idx];
    const struct xen_noxs_area_hdr *hdr = (const void *)op->back;
    unsigned int i, pair, area;
    int rc;

    rc = noxs_area_get(d, backend, &pair, &area);
    if ( rc )
        return rc;

    atomic_inc(&backend->noxs->served);
    smp_mb(); /* served before is_dying: see noxs_domain_kill() */
    if ( backend->is_dying )
    {
        rc = -ESRCH;
        goto err_served;
    }

    dev->backend = backend->domain_id;
    dev->backend_serial = backend->noxs->serial;
    dev->id = op->id;
    dev->nr_ports = op->nr_ports;
    dev->pair = pair;
    dev->area = area;
    dev->made = 0;
    memset(dev->guest_port, 0, sizeof(dev->guest_port));
    memcpy(dev->backend_port, op->port, sizeof(dev->backend_port));

    for ( i = 0; i < op->nr_ports; i++ )
    {
        rc = noxs_channel_open(d, backend, dev, i);
        if ( rc )
            goto err_channels;
    }

    /* What is behind the size that the header gives stays 0. */
    noxs_back_write(devs->pair[pair], area, op->back, hdr->size);
    dev->type = op->type;
    noxs_slot_show(devs, idx);

    memcpy(op->port, dev->backend_port, sizeof(op->port));
    op->slot = idx;
    op->pair = pair;
    op->offset = area * XEN_NOXS_AREA_SIZE;
    op->serial = d->noxs->serial;

    return 0;

 err_channels:
    noxs_channels_close(d, dev);
 err_served:
    atomic_dec(&backend->noxs->served);
    noxs_area_put(devs, pair, area);
    return rc;
}

/* On success *seq tells this device from a later one in its slot. */
static int device_add(struct domain *d, struct domain *backend,
                      struct xen_noxs_add *op, uint32_t *seq)
{
    struct noxs_domain *nd = d->noxs;
    unsigned int idx;
    int rc;

    spin_lock(&nd->lock);

    rc = -ESRCH;
    if ( nd->closed || d->is_dying )
        goto out;

    /* A channel is bound to vCPU 0, so there has to be one. */
    rc = -EINVAL;
    if ( !d->vcpu || !d->vcpu[0] )
        goto out;

    rc = -EEXIST;
    if ( device_find(nd->dev, op->type, op->id) != XEN_NOXS_MAX_SLOTS )
        goto out;

    rc = -ENOSPC;
    if ( (nd->dev ? nd->dev->nr_devices : 0) >= nd->max_slots )
        goto out;

    rc = noxs_devices_get(d);
    if ( rc )
        goto out;

    /* max_slots is no more than the slots there are. */
    idx = slot_free(nd->dev);
    rc = device_fill(d, backend, idx, op);
    if ( !rc )
        *seq = nd->dev->slot[idx].seq;

 out:
    spin_unlock(&nd->lock);

    return rc;
}

/* The caller was never told of its device. */
static void device_undo(struct domain *d, unsigned int idx, uint32_t seq)
{
    struct noxs_domain *nd = d->noxs;

    spin_lock(&nd->lock);
    if ( nd->dev->slot[idx].seq == seq )
        noxs_device_drop(d, idx);
    spin_unlock(&nd->lock);
}

long noxs_op_add(XEN_GUEST_HANDLE_PARAM(void) arg)
{
    struct xen_noxs_add op;
    struct domain *d, *backend;
    unsigned int i;
    uint32_t seq;
    int rc;

    if ( copy_from_guest(&op, arg, 1) )
        return -EFAULT;

    if ( op.pad || op.pad2 || !type_ok(op.type) ||
         !op.nr_ports || op.nr_ports > XEN_NOXS_MAX_PORTS ||
         !back_area_ok(op.back) )
        return -EINVAL;

    for ( i = op.nr_ports; i < XEN_NOXS_MAX_PORTS; i++ )
        if ( op.port[i] )
            return -EINVAL;

    d = rcu_lock_domain_by_id(op.domid);
    if ( !d )
        return -ESRCH;

    rc = -ESRCH;
    backend = rcu_lock_domain_by_id(op.backend);
    if ( !backend )
        goto out_d;

    rc = xsm_noxs(XSM_PRIV, d, XEN_NOXS_OP_add);
    if ( rc )
        goto out_backend;

    /* Nobody is in control of itself, or its own backend. */
    rc = -EINVAL;
    if ( d == current->domain || d == backend )
        goto out_backend;

    rc = device_add(d, backend, &op, &seq);
    if ( rc )
        goto out_backend;

    if ( copy_to_guest(arg, &op, 1) )
    {
        device_undo(d, op.slot, seq);
        rc = -EFAULT;
    }

    send_guest_global_virq(d, VIRQ_NOXS);
    noxs_backend_raise(backend);

 out_backend:
    rcu_unlock_domain(backend);
 out_d:
    rcu_unlock_domain(d);

    return rc;
}

/*
 * With the lock held: the device of this type and id, if the caller is in
 * control or is its backend.  Who is neither of any device in d learns
 * nothing of them.
 */
static int device_get(struct domain *d, bool control, unsigned int type,
                      unsigned int id, uint64_t serial, unsigned int *idx)
{
    const struct noxs_domain *nd = d->noxs;
    uint64_t caller = current->domain->noxs->serial;
    bool known = control;
    unsigned int i;

    for ( i = 0; !known && nd->dev && i < XEN_NOXS_MAX_PAIRS; i++ )
        known = nd->dev->pair[i] && nd->dev->pair[i]->serial == caller;
    if ( !known )
        return -EPERM;

    if ( serial != nd->serial )
        return -ESTALE;

    *idx = device_find(nd->dev, type, id);
    if ( *idx == XEN_NOXS_MAX_SLOTS )
        return -ENOENT;

    if ( !control && nd->dev->slot[*idx].backend_serial != caller )
        return -EPERM;

    return 0;
}

long noxs_op_remove(XEN_GUEST_HANDLE_PARAM(void) arg)
{
    struct xen_noxs_remove op;
    struct domain *d;
    unsigned int idx;
    bool control;
    int rc;

    if ( copy_from_guest(&op, arg, 1) )
        return -EFAULT;

    if ( op.pad[0] || op.pad[1] || op.pad[2] || !type_ok(op.type) )
        return -EINVAL;

    d = rcu_lock_domain_by_id(op.domid);
    if ( !d )
        return -ESRCH;

    control = !xsm_noxs(XSM_PRIV, d, XEN_NOXS_OP_remove);

    spin_lock(&d->noxs->lock);
    rc = device_get(d, control, op.type, op.id, op.serial ?: d->noxs->serial,
                    &idx);
    if ( !rc )
        noxs_device_drop(d, idx);
    spin_unlock(&d->noxs->lock);

    if ( !rc )
        send_guest_global_virq(d, VIRQ_NOXS);

    rcu_unlock_domain(d);

    return rc;
}

long noxs_op_publish(XEN_GUEST_HANDLE_PARAM(void) arg)
{
    struct xen_noxs_publish op;
    const struct noxs_device *dev;
    struct domain *d;
    unsigned int idx;
    bool control;
    int rc;

    if ( copy_from_guest(&op, arg, 1) )
        return -EFAULT;

    if ( op.pad || op.pad2 || (op.flags & ~XEN_NOXS_PUBLISH_NOTIFY) ||
         !type_ok(op.type) ||
         op.size < sizeof(struct xen_noxs_area_hdr) ||
         op.size > XEN_NOXS_AREA_SIZE || !back_area_ok(op.data) )
        return -EINVAL;

    d = rcu_lock_domain_by_id(op.domid);
    if ( !d )
        return -ESRCH;

    control = !xsm_noxs(XSM_PRIV, d, XEN_NOXS_OP_publish);

    spin_lock(&d->noxs->lock);
    rc = device_get(d, control, op.type, op.id, op.serial, &idx);
    if ( !rc )
    {
        dev = &d->noxs->dev->slot[idx];
        noxs_back_write(d->noxs->dev->pair[dev->pair], dev->area, op.data,
                        op.size);
        if ( op.flags & XEN_NOXS_PUBLISH_NOTIFY )
            noxs_channel_raise(d, dev);
    }
    spin_unlock(&d->noxs->lock);

    rcu_unlock_domain(d);

    return rc;
}

long noxs_op_read(XEN_GUEST_HANDLE_PARAM(void) arg)
{
    const size_t head = offsetof(struct xen_noxs_read, data);
    struct xen_noxs_read op;
    const struct noxs_device *dev;
    struct domain *d;
    unsigned int idx;
    bool control;
    int rc;

    if ( copy_from_guest((uint8_t *)&op, arg, head) )
        return -EFAULT;

    if ( op.pad || op.side > XEN_NOXS_READ_BACK || !type_ok(op.type) )
        return -EINVAL;

    d = rcu_lock_domain_by_id(op.domid);
    if ( !d )
        return -ESRCH;

    control = !xsm_noxs(XSM_PRIV, d, XEN_NOXS_OP_read);

    spin_lock(&d->noxs->lock);
    rc = device_get(d, control, op.type, op.id, op.serial ?: d->noxs->serial,
                    &idx);
    if ( !rc )
    {
        dev = &d->noxs->dev->slot[idx];
        noxs_area_read(d->noxs->dev->pair[dev->pair], dev->area, op.side,
                       op.data);
    }
    spin_unlock(&d->noxs->lock);

    rcu_unlock_domain(d);

    if ( !rc && copy_to_guest(arg, &op, 1) )
        rc = -EFAULT;

    return rc;
}

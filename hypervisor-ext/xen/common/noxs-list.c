/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * noxs: XEN_NOXS_OP_list.
 */

#include <xen/event.h>
#include <xsm/xsm.h>

#include "noxs-private.h"

static void entry_fill(const struct domain *d, unsigned int idx,
                       struct xen_noxs_list_entry *e)
{
    const struct noxs_device *dev = &d->noxs->dev->slot[idx];

    *e = (struct xen_noxs_list_entry){
        .serial   = d->noxs->serial,
        .domid    = d->domain_id,
        .slot     = idx,
        .id       = dev->id,
        .backend  = dev->backend,
        .type     = dev->type,
        .nr_ports = dev->nr_ports,
        .pair     = dev->pair,
        .offset   = dev->area * XEN_NOXS_AREA_SIZE,
        .seq      = dev->seq,
    };
    memcpy(e->guest_port, dev->guest_port, sizeof(e->guest_port));
    memcpy(e->backend_port, dev->backend_port, sizeof(e->backend_port));
}

/* From slot first on.  True: all of d's; else op->next_slot is where to go on. */
static bool list_domain(struct domain *d, unsigned int first,
                        struct xen_noxs_list *op)
{
    struct noxs_domain *nd = d->noxs;
    uint64_t caller = current->domain->noxs->serial;
    bool control = !xsm_noxs(XSM_PRIV, d, XEN_NOXS_OP_list);
    const struct noxs_device *dev;
    bool done = true;
    unsigned int i;

    spin_lock(&nd->lock);

    for ( i = first; nd->dev && i < nd->dev->nr_slots; i++ )
    {
        dev = &nd->dev->slot[i];
        if ( dev->type == XEN_NOXS_TYPE_NONE ||
             (op->backend != XEN_NOXS_ANY && dev->backend != op->backend) ||
             (!control && dev->backend_serial != caller) )
            continue;

        if ( op->nr == XEN_NOXS_LIST_MAX )
        {
            op->next_slot = i;
            done = false;
            break;
        }

        entry_fill(d, i, &op->entry[op->nr++]);
    }

    spin_unlock(&nd->lock);

    return done;
}

static void list_all(struct xen_noxs_list *op)
{
    struct noxs_walk walk = {
        .next = op->next_domid,
        .budget = NOXS_WALK_BUDGET,
    };
    struct domain *d = NULL;
    bool done = true;

    rcu_read_lock(&domlist_read_lock);
    while ( done && (d = noxs_walk_next(&walk, d)) != NULL )
        done = list_domain(d, d->domain_id == op->next_domid ? op->next_slot
                                                              : 0, op);
    rcu_read_unlock(&domlist_read_lock);

    op->next_domid = walk.next;
    if ( done )
        op->next_slot = 0;
}

static int list_one(struct xen_noxs_list *op)
{
    struct domain *d = rcu_lock_domain_by_id(op->domid);

    if ( !d )
        return -ESRCH;

    if ( list_domain(d, op->next_slot, op) )
    {
        op->next_domid = XEN_NOXS_END;
        op->next_slot = 0;
    }
    else
        op->next_domid = op->domid;

    rcu_unlock_domain(d);

    return 0;
}

long noxs_op_list(XEN_GUEST_HANDLE_PARAM(void) arg)
{
    const size_t head = offsetof(struct xen_noxs_list, entry);
    struct xen_noxs_list op;
    int rc = 0;

    if ( copy_from_guest((uint8_t *)&op, arg, head) )
        return -EFAULT;

    if ( op.pad )
        return -EINVAL;

    op.nr = 0;
    if ( op.next_domid == XEN_NOXS_END )
        op.next_slot = 0;
    else if ( op.domid == XEN_NOXS_ANY )
        list_all(&op);
    else
        rc = list_one(&op);
    if ( rc )
        return rc;

    return copy_to_guest(arg, (uint8_t *)&op,
                         head + op.nr * sizeof(op.entry[0])) ? -EFAULT : 0;
}

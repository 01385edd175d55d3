/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * noxs: who changed when, and who wants to know.
 *
 * Any number of processes may watch, unlike VIRQ_DOM_EXC, which has one
 * holder on a host.  A watch is a port; nothing is queued for it.
 */

#include <xen/event.h>
#include <xen/rwlock.h>
#include <xsm/xsm.h>

#include "noxs-private.h"

static struct noxs_watch {
    struct domain *d;   /* no reference: noxs_domain_kill() drops its watches */
    uint32_t port;
    uint32_t flags;     /* XEN_NOXS_WATCH_DYING or none */
} watches[XEN_NOXS_MAX_WATCHES];
static unsigned int watches_end; /* the used ones are below */
static DEFINE_RWLOCK(watch_lock);

/*
 * A domain's changed and the number it was taken from are written together:
 * a reader that has seen a number finds it on the domain.
 */
static DEFINE_SPINLOCK(change_lock);
static uint64_t last_serial, last_change, last_gone;

uint64_t noxs_serial_next(void)
{
    uint64_t serial;

    spin_lock(&change_lock);
    serial = ++last_serial;
    spin_unlock(&change_lock);

    return serial;
}

static void watches_raise(bool dying)
{
    unsigned int i;

    /*
     * The change before the look for watches.  One that is missed here was
     * registered after the change, and whoever did that finds the change when
     * it asks for states.
     */
    smp_mb();
    if ( !read_atomic(&watches_end) )
        return;

    read_lock(&watch_lock);
    for ( i = 0; i < watches_end; i++ )
        if ( watches[i].d &&
             (dying || !(watches[i].flags & XEN_NOXS_WATCH_DYING)) )
            noxs_self_port_check(watches[i].d, watches[i].port, true);
    read_unlock(&watch_lock);
}

void noxs_domain_changed(struct domain *d)
{
    spin_lock(&change_lock);
    d->noxs->changed = ++last_change;
    spin_unlock(&change_lock);

    watches_raise(d->is_dying);
}

void noxs_domain_gone(void)
{
    spin_lock(&change_lock);
    last_gone = ++last_change;
    spin_unlock(&change_lock);

    watches_raise(false);
}

void noxs_backend_raise(struct domain *backend)
{
    uint32_t port;

    /*
     * The device before the look for a watch.  One that is missed here was
     * registered after the change, and whoever did that lists its devices then.
     */
    smp_mb();
    port = read_atomic(&backend->noxs->backend_port);
    if ( port )
        noxs_self_port_check(backend, port, true);
}

/* With the lock held for writing. */
static void watch_clear(struct noxs_watch *w)
{
    unsigned int end = watches_end;

    w->d = NULL;
    while ( end && !watches[end - 1].d )
        end--;
    write_atomic(&watches_end, end);
}

void noxs_watches_drop(const struct domain *d)
{
    unsigned int i;

    write_lock(&watch_lock);
    for ( i = 0; i < XEN_NOXS_MAX_WATCHES; i++ )
        if ( watches[i].d == d )
            watch_clear(&watches[i]);
    write_unlock(&watch_lock);
}

/* With the lock held for writing; those whose port was closed leave here. */
static struct noxs_watch *watch_find(const struct domain *d, uint32_t port,
                                     struct noxs_watch **empty)
{
    struct noxs_watch *found = NULL;
    unsigned int i;

    *empty = NULL;
    for ( i = 0; i < XEN_NOXS_MAX_WATCHES; i++ )
    {
        struct noxs_watch *w = &watches[i];

        if ( w->d && !noxs_self_port_check(w->d, w->port, false) )
            watch_clear(w);
        if ( !w->d )
            *empty = *empty ?: w;
        else if ( w->d == d && w->port == port )
            found = w;
    }

    return found;
}

static int watch_on(struct domain *d, uint32_t port, uint32_t flags)
{
    struct noxs_watch *w, *empty;
    int rc = 0;

    write_lock(&watch_lock);

    w = watch_find(d, port, &empty);
    if ( d->is_dying )
        rc = -ESRCH;
    else if ( !noxs_self_port_check(d, port, false) )
        rc = -EINVAL;
    else if ( !w && !empty )
        rc = -ENOSPC;
    else if ( !w )
    {
        *empty = (struct noxs_watch){ .d = d, .port = port, .flags = flags };
        write_atomic(&watches_end,
                     max_t(unsigned int, watches_end, empty - watches + 1));
    }
    else
        w->flags = flags;

    write_unlock(&watch_lock);

    return rc;
}

static int watch_off(const struct domain *d, uint32_t port)
{
    struct noxs_watch *w, *empty;

    write_lock(&watch_lock);
    w = watch_find(d, port, &empty);
    if ( w )
        watch_clear(w);
    write_unlock(&watch_lock);

    return w ? 0 : -ENOENT;
}

static int backend_watch_on(struct domain *d, uint32_t port)
{
    if ( !noxs_self_port_check(d, port, false) )
        return -EINVAL;

    write_atomic(&d->noxs->backend_port, port);
    smp_mb(); /* before the caller looks which devices there are */

    return 0;
}

long noxs_op_watch(XEN_GUEST_HANDLE_PARAM(void) arg)
{
    struct domain *d = current->domain;
    struct xen_noxs_watch op;
    int rc;

    if ( copy_from_guest(&op, arg, 1) )
        return -EFAULT;

    if ( op.flags && op.flags != XEN_NOXS_WATCH_DYING &&
         op.flags != XEN_NOXS_WATCH_BACKEND &&
         op.flags != XEN_NOXS_WATCH_OFF )
        return -EINVAL;

    if ( op.flags == XEN_NOXS_WATCH_BACKEND )
        return backend_watch_on(d, op.port);

    if ( op.flags == XEN_NOXS_WATCH_OFF && op.port &&
         op.port == read_atomic(&d->noxs->backend_port) )
    {
        write_atomic(&d->noxs->backend_port, 0);
        return 0;
    }

    rc = xsm_noxs(XSM_PRIV, NULL, XEN_NOXS_OP_watch);
    if ( rc )
        return rc;

    return op.flags & XEN_NOXS_WATCH_OFF ? watch_off(d, op.port)
                                         : watch_on(d, op.port, op.flags);
}

static uint64_t changed_of(const struct domain *d)
{
    uint64_t changed;

    spin_lock(&change_lock);
    changed = d->noxs->changed;
    spin_unlock(&change_lock);

    return changed;
}

static void entry_fill(const struct domain *d, uint64_t changed,
                       struct xen_noxs_state_entry *e)
{
    BUILD_BUG_ON(sizeof(e->uuid) != sizeof(d->handle));

    *e = (struct xen_noxs_state_entry){
        .serial  = d->noxs->serial,
        .changed = changed,
        .domid   = d->domain_id,
    };
    memcpy(e->uuid, d->handle, sizeof(e->uuid));

    if ( d->is_dying )
        e->flags |= XEN_NOXS_DOM_DYING;
    if ( d->controller_pause_count > 0 )
        e->flags |= XEN_NOXS_DOM_PAUSED;
    if ( d->creation_finished )
        e->flags |= XEN_NOXS_DOM_STARTED;
    if ( d->is_shut_down )
    {
        e->flags |= XEN_NOXS_DOM_SHUTDOWN;
        e->code = d->shutdown_code;
    }
}

static void states_walk(struct xen_noxs_states *op)
{
    struct noxs_walk walk = {
        .next = op->next_domid,
        .budget = NOXS_WALK_BUDGET,
    };
    struct domain *d = NULL;
    uint64_t changed;

    rcu_read_lock(&domlist_read_lock);
    while ( (d = noxs_walk_next(&walk, d)) != NULL )
    {
        changed = changed_of(d);
        if ( changed <= op->since )
            continue;

        if ( op->nr == XEN_NOXS_STATES_MAX )
            break;

        entry_fill(d, changed, &op->entry[op->nr++]);
    }
    rcu_read_unlock(&domlist_read_lock);

    op->next_domid = walk.next;
}

long noxs_op_states(XEN_GUEST_HANDLE_PARAM(void) arg)
{
    const size_t head = offsetof(struct xen_noxs_states, entry);
    struct xen_noxs_states op;
    int rc;

    if ( copy_from_guest((uint8_t *)&op, arg, head) )
        return -EFAULT;

    if ( op.pad )
        return -EINVAL;

    rc = xsm_noxs(XSM_PRIV, NULL, XEN_NOXS_OP_states);
    if ( rc )
        return rc;

    /* Before the walk: what changes meanwhile is in the next round. */
    spin_lock(&change_lock);
    op.now = last_change;
    op.gone = last_gone;
    spin_unlock(&change_lock);

    op.nr = 0;
    if ( op.next_domid != XEN_NOXS_END )
        states_walk(&op);

    return copy_to_guest(arg, (uint8_t *)&op,
                         head + op.nr * sizeof(op.entry[0])) ? -EFAULT : 0;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * noxs: the pages.  Their frames, who owns them, and all writing to them.
 *
 * Frames come from the Xen heap, zeroed, and are shared with the guest, which
 * becomes their owner (and is charged: xenheap_pages).  Domain destruction
 * drops the allocation reference; other domains' mappings hold references of
 * their own, and through them the domain structure.  So noxs_devices_free(),
 * which runs when that structure goes, is the first to find nobody there.
 */

#include <xen/event.h>
#include <xen/nospec.h>
#include <xen/paging.h>

#include "noxs-private.h"

/* Two frames or none, so that nothing has to be unshared. */
static int frames_alloc(struct domain *d, void **ro, void **rw)
{
    void *ro_va = alloc_xenheap_page();
    void *rw_va = rw ? alloc_xenheap_page() : NULL;

    if ( !ro_va || (rw && !rw_va) )
    {
        free_xenheap_page(ro_va);
        free_xenheap_page(rw_va);
        return -ENOMEM;
    }

    clear_page(ro_va);
    share_xen_page_with_guest(virt_to_page(ro_va), d, SHARE_ro);
    *ro = ro_va;

    if ( rw )
    {
        clear_page(rw_va);
        share_xen_page_with_guest(virt_to_page(rw_va), d, SHARE_rw);
        *rw = rw_va;
    }

    return 0;
}

int noxs_devices_get(struct domain *d)
{
    struct noxs_domain *nd = d->noxs;
    struct noxs_devices *dev;
    void *page;
    int rc;

    /* One page of bookkeeping a domain, at most. */
    BUILD_BUG_ON(sizeof(*dev) > PAGE_SIZE - 32);

    if ( nd->dev )
        return 0;

    if ( nd->closed || d->is_dying )
        return -ESRCH;

    dev = xzalloc(struct noxs_devices);
    if ( !dev )
        return -ENOMEM;

    rc = frames_alloc(d, &page, NULL);
    if ( rc )
    {
        xfree(dev);
        return rc;
    }

    dev->page = page;
    nd->dev = dev;
    noxs_header_write(d);

    return 0;
}

void noxs_devices_free(struct noxs_devices *dev)
{
    unsigned int i;

    if ( !dev )
        return;

    for ( i = 0; i < XEN_NOXS_MAX_PAIRS; i++ )
    {
        if ( !dev->pair[i] )
            continue;
        free_xenheap_page(dev->pair[i]->front);
        free_xenheap_page(dev->pair[i]->back);
        xfree(dev->pair[i]);
    }

    free_xenheap_page(dev->page);
    xfree(dev);
}

static int pair_alloc(struct domain *d, unsigned int idx)
{
    struct noxs_pair *pair = xzalloc(struct noxs_pair);
    void *front, *back;
    int rc;

    if ( !pair )
        return -ENOMEM;

    rc = frames_alloc(d, &back, &front);
    if ( rc )
    {
        xfree(pair);
        return rc;
    }

    pair->front = front;
    pair->back = back;
    d->noxs->dev->pair[idx] = pair;

    return 0;
}

/* The backend domain's own pair with room: its index, or MAX_PAIRS. */
static unsigned int pair_of(const struct noxs_devices *dev, uint64_t serial)
{
    unsigned int i;

    for ( i = 0; i < XEN_NOXS_MAX_PAIRS; i++ )
        if ( dev->pair[i] && dev->pair[i]->serial == serial &&
             dev->pair[i]->used != NOXS_AREAS_ALL )
            break;

    return i;
}

/*
 * A pair for a backend domain that has none with room.  One that served
 * another domain is taken again only when that domain is gone: until then it
 * may still have the pages mapped, and would see its successor's words.
 */
static unsigned int pair_spare(const struct noxs_devices *dev)
{
    unsigned int i;

    for ( i = 0; i < XEN_NOXS_MAX_PAIRS; i++ )
        if ( dev->pair[i] && !dev->pair[i]->used &&
             !noxs_is_domain(dev->pair[i]->backend, dev->pair[i]->serial) )
            return i;

    for ( i = 0; i < XEN_NOXS_MAX_PAIRS; i++ )
        if ( !dev->pair[i] )
            break;

    return i;
}

int noxs_area_get(struct domain *d, const struct domain *backend,
                  unsigned int *pair, unsigned int *area)
{
    struct noxs_devices *dev = d->noxs->dev;
    unsigned int i = pair_of(dev, backend->noxs->serial);
    int rc;

    if ( i == XEN_NOXS_MAX_PAIRS )
    {
        i = pair_spare(dev);
        if ( i == XEN_NOXS_MAX_PAIRS )
            return -ENOSPC;

        if ( !dev->pair[i] )
        {
            rc = pair_alloc(d, i);
            if ( rc )
                return rc;
        }

        dev->pair[i]->serial = backend->noxs->serial;
        dev->pair[i]->backend = backend->domain_id;
    }

    *pair = i;
    for ( i = 0; dev->pair[*pair]->used & (1u << i); i++ )
        ;
    dev->pair[*pair]->used |= 1u << i;
    *area = i;

    /* The guest may have written there since the last device left. */
    memset(dev->pair[*pair]->front + i * XEN_NOXS_AREA_SIZE, 0,
           XEN_NOXS_AREA_SIZE);

    return 0;
}

void noxs_area_put(struct noxs_devices *dev, unsigned int pair,
                   unsigned int area)
{
    memset(dev->pair[pair]->front + area * XEN_NOXS_AREA_SIZE, 0,
           XEN_NOXS_AREA_SIZE);
    noxs_back_write(dev->pair[pair], area, NULL, XEN_NOXS_AREA_SIZE);
    dev->pair[pair]->used &= ~(1u << area);
}

/* data, or zeroes; all but seq, which is ours. */
void noxs_back_write(struct noxs_pair *pair, unsigned int area,
                     const void *data, size_t size)
{
    uint8_t *va = pair->back + area * XEN_NOXS_AREA_SIZE;
    struct xen_noxs_area_hdr *hdr = (void *)va;
    const size_t head = offsetof(struct xen_noxs_area_hdr, seq);
    const size_t tail = head + sizeof(hdr->seq);

    ASSERT(size >= sizeof(*hdr) && size <= XEN_NOXS_AREA_SIZE);

    write_atomic(&hdr->seq, pair->seq[area] + 1);
    smp_wmb(); /* a reader that sees any of the data sees the odd seq */

    if ( data )
    {
        memcpy(va, data, head);
        memcpy(va + tail, data + tail, size - tail);
    }
    else
    {
        memset(va, 0, head);
        memset(va + tail, 0, size - tail);
    }

    pair->seq[area] += 2;
    smp_wmb(); /* a reader that sees the even seq sees all of the data */
    write_atomic(&hdr->seq, pair->seq[area]);
}

/*
 * For somebody else: nothing of it is looked at here.  The guest may write to
 * its area meanwhile, so each word is read once.
 */
void noxs_area_read(const struct noxs_pair *pair, unsigned int area,
                    unsigned int side, void *data)
{
    const uint8_t *page = side == XEN_NOXS_READ_BACK ? pair->back : pair->front;
    const uint32_t *from = (const void *)(page + area * XEN_NOXS_AREA_SIZE);
    uint8_t *to = data;
    unsigned int i;

    for ( i = 0; i < XEN_NOXS_AREA_SIZE / sizeof(*from); i++ )
    {
        uint32_t word = read_atomic(&from[i]);

        memcpy(to + i * sizeof(word), &word, sizeof(word));
    }
}

void noxs_header_write(const struct domain *d)
{
    const struct noxs_domain *nd = d->noxs;
    struct xen_noxs_device_page *page;

    if ( !nd->dev )
        return;

    page = nd->dev->page;
    page->version = XEN_NOXS_VERSION;
    page->size = sizeof(*page);
    write_atomic(&page->generation, nd->generation); /* it may be in use */
    page->serial = nd->serial;
    page->domid = d->domain_id;
    smp_wmb(); /* magic says that the rest is there */
    write_atomic(&page->magic, XEN_NOXS_MAGIC);
}

/* Slots first: whoever sees the new seq of the page sees them. */
static void header_update(struct noxs_devices *dev)
{
    while ( dev->nr_slots &&
            dev->slot[dev->nr_slots - 1].type == XEN_NOXS_TYPE_NONE )
        dev->nr_slots--;

    dev->seq++;
    write_atomic(&dev->page->nr_slots, dev->nr_slots);
    smp_wmb();
    write_atomic(&dev->page->seq, dev->seq);
}

void noxs_slot_show(struct noxs_devices *dev, unsigned int idx)
{
    struct noxs_device *nd = &dev->slot[idx];
    struct xen_noxs_slot *slot = &dev->page->slot[idx];
    unsigned int i;

    write_atomic(&slot->seq, ++nd->seq);
    smp_wmb(); /* a reader that sees any of the fields sees the new seq */

    slot->type = nd->type;
    slot->id = nd->id;
    slot->backend = nd->backend;
    slot->nr_ports = nd->nr_ports;
    slot->pair = nd->pair;
    slot->offset = nd->area * XEN_NOXS_AREA_SIZE;
    for ( i = 0; i < XEN_NOXS_MAX_PORTS; i++ )
        slot->port[i] = nd->guest_port[i];

    smp_wmb(); /* a reader that sees PRESENT sees all of the fields */
    write_atomic(&slot->state, XEN_NOXS_SLOT_PRESENT);

    dev->nr_devices++;
    if ( idx >= dev->nr_slots )
        dev->nr_slots = idx + 1;
    header_update(dev);
}

void noxs_slot_hide(struct noxs_devices *dev, unsigned int idx)
{
    struct noxs_device *nd = &dev->slot[idx];
    struct xen_noxs_slot *slot = &dev->page->slot[idx];

    write_atomic(&slot->state, XEN_NOXS_SLOT_EMPTY);
    smp_wmb(); /* EMPTY before the area and the ports are taken away */
    write_atomic(&slot->seq, ++nd->seq);
    smp_wmb();

    dev->nr_devices--;
    nd->type = XEN_NOXS_TYPE_NONE;
    header_update(dev);
}

/* With the lock held. */
static int page_va(struct domain *d, unsigned long idx, void **va)
{
    struct noxs_devices *dev;
    struct noxs_pair *pair;
    int rc;

    if ( idx >= XEN_NOXS_MAX_PAGES )
        return -EINVAL;

    if ( idx == XEN_NOXS_PAGE_DEVICE )
    {
        rc = noxs_devices_get(d);
        if ( !rc )
            *va = d->noxs->dev->page;
        return rc;
    }

    dev = d->noxs->dev;
    if ( !dev )
        return -ENOENT;

    idx--;
    pair = dev->pair[array_index_nospec(idx / 2, XEN_NOXS_MAX_PAIRS)];
    if ( !pair )
        return -ENOENT;

    *va = idx & 1 ? pair->back : pair->front;

    return 0;
}

int noxs_page_mfn(struct domain *d, unsigned long idx, mfn_t *mfn)
{
    void *va;
    int rc;

    spin_lock(&d->noxs->lock);
    rc = page_va(d, idx, &va);
    spin_unlock(&d->noxs->lock);

    if ( !rc )
        *mfn = page_to_mfn(virt_to_page(va));

    return rc;
}

unsigned int noxs_resource_max_frames(const struct domain *d, unsigned int id)
{
    return id ? 0 : XEN_NOXS_MAX_PAGES;
}

int noxs_acquire_resource(struct domain *d, unsigned int id,
                          unsigned int frame, unsigned int nr_frames,
                          xen_pfn_t mfn_list[])
{
    unsigned int i;
    mfn_t mfn;
    int rc;

    if ( id )
        return -EINVAL;

    for ( i = 0; i < nr_frames; i++ )
    {
        rc = noxs_page_mfn(d, (unsigned long)frame + i, &mfn);
        if ( rc )
            return rc;
        mfn_list[i] = mfn_x(mfn);
    }

    return nr_frames;
}

long noxs_op_frames(XEN_GUEST_HANDLE_PARAM(void) arg)
{
    struct domain *d = current->domain;
    struct xen_noxs_frames op;
    unsigned int i;
    mfn_t mfn;
    int rc;

    if ( paging_mode_translate(d) )
        return -EOPNOTSUPP;

    if ( copy_from_guest(&op, arg, 1) )
        return -EFAULT;

    if ( !op.nr || op.nr > XEN_NOXS_FRAMES_MAX )
        return -EINVAL;

    for ( i = 0; i < op.nr; i++ )
    {
        rc = noxs_page_mfn(d, (unsigned long)op.first + i, &mfn);
        if ( rc )
            return rc;
        op.mfn[i] = mfn_x(mfn);
    }

    return copy_to_guest(arg, &op, 1) ? -EFAULT : 0;
}

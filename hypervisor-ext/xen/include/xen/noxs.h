/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the rest of the hypervisor calls in noxs, and nothing more.  The ABI
 * is public/noxs.h; common/noxs-private.h is between the noxs files.
 */
#ifndef __XEN_NOXS_H__
#define __XEN_NOXS_H__

#include <xen/errno.h>
#include <xen/mm.h>
#include <xen/sched.h>
#include <public/noxs.h>

#ifdef CONFIG_NOXS

/*
 * Life of a domain, in this order.
 *
 * noxs_domain_init     before the domain can be found; undone by _free
 * noxs_domain_changed  created, paused or unpaused by the toolstack, shut down,
 *                      resumed or dead: tell the watches.  After the fact, so
 *                      that who hears of it sees it.  Takes leaf locks only
 * noxs_domain_reset    soft reset: no device survives, the pages do
 * noxs_domain_kill     the domain is dying: drop its devices and, in other
 *                      domains, those it was the backend of.  -ERESTART: call
 *                      again.  Idempotent
 * noxs_domain_gone     it cannot be found any more: tell the watches
 * noxs_domain_free     nobody maps its pages any more: free them.  Takes a
 *                      half-built domain, may be called twice
 */
int noxs_domain_init(struct domain *d);
void noxs_domain_changed(struct domain *d);
void noxs_domain_reset(struct domain *d);
int noxs_domain_kill(struct domain *d);
void noxs_domain_gone(void);
void noxs_domain_free(struct domain *d);

/* XENMEM_acquire_resource: the number of frames, 0 for an unknown id. */
unsigned int noxs_resource_max_frames(const struct domain *d, unsigned int id);
/* Returns nr_frames or -errno; -ENOENT where there is no page (yet). */
int noxs_acquire_resource(struct domain *d, unsigned int id,
                          unsigned int frame, unsigned int nr_frames,
                          xen_pfn_t mfn_list[]);

/*
 * XENMEM_add_to_physmap: the frame behind a page index.  It stays for as long
 * as d does, so no reference is taken (as with the shared info page).
 */
int noxs_page_mfn(struct domain *d, unsigned long idx, mfn_t *mfn);

/*
 * Is this a frame that its owner must not write?  share_xen_page_with_guest()
 * pinned its type, which keeps out everybody who takes a writable type
 * reference.  A P2M takes none: whoever enters a frame in a P2M asks here.
 */
static inline bool noxs_frame_is_ro(mfn_t mfn)
{
    const struct page_info *pg = mfn_to_page(mfn);

    return is_xen_heap_page(pg) &&
           (pg->u.inuse.type_info & PGT_type_mask) == PGT_none;
}

#else /* !CONFIG_NOXS */

static inline int noxs_domain_init(struct domain *d) { return 0; }
static inline void noxs_domain_changed(struct domain *d) {}
static inline void noxs_domain_reset(struct domain *d) {}
static inline int noxs_domain_kill(struct domain *d) { return 0; }
static inline void noxs_domain_gone(void) {}
static inline void noxs_domain_free(struct domain *d) {}

static inline unsigned int noxs_resource_max_frames(const struct domain *d,
                                                    unsigned int id)
{
    return 0;
}

static inline int noxs_acquire_resource(struct domain *d, unsigned int id,
                                        unsigned int frame,
                                        unsigned int nr_frames,
                                        xen_pfn_t mfn_list[])
{
    return -EOPNOTSUPP;
}

static inline int noxs_page_mfn(struct domain *d, unsigned long idx,
                                mfn_t *mfn)
{
    return -EOPNOTSUPP;
}

static inline bool noxs_frame_is_ro(mfn_t mfn) { return false; }

#endif /* CONFIG_NOXS */

#endif /* __XEN_NOXS_H__ */

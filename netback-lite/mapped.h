/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mapped.h owns the guest's buffers that stay mapped (XEN_NOXS_NET_F_STATIC),
 * and with them how the data of a batch crosses: by memcpy where its page is
 * mapped, by a grant copy where not.  A grant copy costs a hypercall and
 * the kernel's pinning of our own pages; a mapping costs memory of ours.
 *
 * So a vif's buffers are mapped when it has proved busy, all vifs' are at most
 * NBL_MAPPED_MAX pages, and those of a vif that had nothing to do since the last
 * look give way to another's.  A guest that lists what cannot be mapped is
 * served by grant copies; nothing that it says here ends its vif.
 *
 * Call order: init -> { offer -> { copy } -> drop }.
 */
#ifndef NBL_MAPPED_H
#define NBL_MAPPED_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <xen/noxs.h>

struct nbl;
struct nbl_batch;
struct nbl_mapping;
struct nbl_queue;

/* Tests have others. */
#ifndef NBL_MAPPED_BUSY
#define NBL_MAPPED_BUSY		256u	/* copies, before pages are mapped */
#endif
#ifndef NBL_MAPPED_MAX
#define NBL_MAPPED_MAX		32768u	/* pages of all vifs */
#endif

/* Of one queue. */
struct nbl_mapped {
	struct xen_noxs_net_list list;	/* what the guest offers; nr 0: nothing */
	unsigned int copies;		/* by grant, since that */
	struct nbl_mapping *mapping;	/* NULL: not mapped */
};

/* Of all. */
TAILQ_HEAD(nbl_mapping_list, nbl_mapping);
struct nbl_mapped_all {
	struct nbl_mapping_list mappings;	/* who is next to give way first */
	unsigned int nr_pages;
};

/* Pages of it that are mapped now. */
static inline unsigned int nbl_mapped_pages(const struct nbl_mapped *m)
{
	return m->mapping ? m->list.nr : 0;
}

void nbl_mapped_init(struct nbl_mapped_all *all);
/* The guest connects: from now on its buffers may be mapped.  list: checked. */
void nbl_mapped_offer(struct nbl_mapped *m,
		      const struct xen_noxs_net_list *list);
/* Before CLOSED is said.  Also when nothing is mapped or was offered. */
void nbl_mapped_drop(struct nbl_queue *q);

/*
 * Do what the batch's segments say; each one's status tells how it went.  The
 * caller has bounded offset + len by the page.
 */
void nbl_mapped_copy(struct nbl_queue *q, struct nbl_batch *b);

#endif

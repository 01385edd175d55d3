// SPDX-License-Identifier: BSD-2-Clause
/* A guest's buffers that stay mapped. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "closer.h"
#include "gnttab.h"
#include "guest.h"
#include "mapped.h"
#include "vif.h"

#define MAX	XEN_NOXS_NET_MAX_STATIC
#define BUCKETS	(2 * MAX)	/* a power of two; half of them stay empty */

/* Pages of one kind, side by side. */
struct area {
	uint8_t *addr;
	unsigned int nr;
	uint32_t ref[MAX];
};

struct bucket {
	uint32_t ref;
	uint16_t nr;		/* of the page in its area, and 1; 0: empty */
	uint16_t writable;
};

struct nbl_mapping {
	struct nbl_queue *q;
	TAILQ_ENTRY(nbl_mapping) link;
	bool used;		/* since somebody looked whether it was */
	struct area area[2];	/* read-only, writable */
	struct bucket bucket[BUCKETS];
};

void nbl_mapped_init(struct nbl_mapped_all *all)
{
	TAILQ_INIT(&all->mappings);
	all->nr_pages = 0;
}

void nbl_mapped_offer(struct nbl_mapped *m,
		      const struct xen_noxs_net_list *list)
{
	memset(m, 0, sizeof(*m));
	m->list = *list;
}

/* --- which page is it? ------------------------------------------------------- */

/* References are mostly consecutive: their low bits are as good as any hash. */
static struct bucket *bucket_find(struct nbl_mapping *map, uint32_t ref)
{
	struct bucket *b;
	uint32_t i;

	for (i = ref % BUCKETS;; i = (i + 1) % BUCKETS) {
		b = &map->bucket[i];
		if (!b->nr || b->ref == ref)
			return b;
	}
}

/* Where the page is, or NULL: it is not mapped so. */
static uint8_t *page_find(struct nbl_mapping *map, uint32_t ref, bool write)
{
	const struct bucket *b = bucket_find(map, ref);

	if (!b->nr || (write && !b->writable))
		return NULL;
	return map->area[b->writable].addr +
	       (size_t)(b->nr - 1) * NBL_PAGE_SIZE;
}

/* --- map and unmap ------------------------------------------------------------ */

static void area_unmap(struct nbl *nb, struct area *a)
{
	if (!a->addr)
		return;
	nbl_gnttab_unmap(nb->gt, a->addr, a->nr);
	nb->mapped.nr_pages -= a->nr;
	a->addr = NULL;
}

static int area_map(struct nbl_queue *q, struct area *a, bool writable)
{
	void *addr;
	int rc;

	if (!a->nr)
		return 0;
	rc = nbl_gnttab_map(q->vif->nb->gt, q->vif->guest->domid, a->ref, a->nr,
			    writable, &addr);
	if (rc)
		return rc;
	a->addr = addr;
	q->vif->nb->mapped.nr_pages += a->nr;
	return 0;
}

static void mapping_end(struct nbl *nb, struct nbl_mapping *map)
{
	area_unmap(nb, &map->area[0]);
	area_unmap(nb, &map->area[1]);
	free(map);
}

void nbl_mapped_drop(struct nbl_queue *q)
{
	struct nbl_mapping *map = q->mapped.mapping;

	memset(&q->mapped, 0, sizeof(q->mapped));
	if (!map)
		return;
	TAILQ_REMOVE(&q->vif->nb->mapped.mappings, map, link);
	mapping_end(q->vif->nb, map);
}

/* Its guest goes on with grant copies, until it has proved busy again. */
static void give_way(struct nbl_mapping *map)
{
	struct nbl_queue *q = map->q;
	struct xen_noxs_net_list list = q->mapped.list;

	nbl_mapped_drop(q);
	nbl_mapped_offer(&q->mapped, &list);
}

/* Room for nr pages more?  Each mapping gets a look; those in use stay. */
static bool make_room(struct nbl *nb, unsigned int nr)
{
	struct nbl_mapping_list *all = &nb->mapped.mappings;
	struct nbl_mapping *map, *last = TAILQ_LAST(all, nbl_mapping_list);
	bool end = !last;

	while (nb->mapped.nr_pages + nr > NBL_MAPPED_MAX && !end) {
		map = TAILQ_FIRST(all);
		end = map == last;
		if (!map->used) {
			give_way(map);
			continue;
		}
		map->used = false;
		TAILQ_REMOVE(all, map, link);
		TAILQ_INSERT_TAIL(all, map, link);
	}
	return nb->mapped.nr_pages + nr <= NBL_MAPPED_MAX;
}

/* The list is the guest's memory: it is read once, by a grant copy. */
static int list_read(struct nbl_queue *q, struct xen_noxs_net_static *to)
{
	const struct xen_noxs_net_list *list = &q->mapped.list;
	struct xengnttab_grant_copy_segment seg = {
		.source.foreign.ref = list->ref,
		.source.foreign.domid = q->vif->guest->domid,
		.dest.virt = to,
		.len = (uint16_t)(list->nr * sizeof(*to)),
		.flags = GNTCOPY_source_gref,
		.status = GNTST_general_error,
	};
	int rc;

	rc = nbl_gnttab_copy(q->vif->nb->gt, &seg, 1);
	if (rc)
		return rc;
	return seg.status == GNTST_okay ? 0 : -EFAULT;
}

/* Twice the same reference, or a flag that we do not know: not so. */
static int list_sort(struct nbl_mapping *map,
		     const struct xen_noxs_net_static *list, unsigned int nr)
{
	struct bucket *b;
	struct area *a;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		b = bucket_find(map, list[i].ref);
		if (b->nr || list[i].flags & ~XEN_NOXS_NET_STATIC_RO)
			return -EINVAL;
		b->writable = !(list[i].flags & XEN_NOXS_NET_STATIC_RO);
		a = &map->area[b->writable];
		a->ref[a->nr++] = b->ref = list[i].ref;
		b->nr = (uint16_t)a->nr;
	}
	return 0;
}

static int mapping_make(struct nbl_queue *q, struct nbl_mapping *map)
{
	struct xen_noxs_net_static list[MAX] = { 0 };
	int rc;

	map->q = q;
	map->used = true;
	rc = list_read(q, list);
	if (!rc)
		rc = list_sort(map, list, q->mapped.list.nr);
	if (!rc)
		rc = area_map(q, &map->area[0], false);
	if (!rc)
		rc = area_map(q, &map->area[1], true);
	return rc;
}

/* What cannot be had is not asked for again before the next connection. */
static void mapping_try(struct nbl_queue *q)
{
	struct nbl *nb = q->vif->nb;
	struct nbl_mapping *map;
	int rc;

	q->mapped.copies = 0;
	if (!make_room(nb, q->mapped.list.nr))
		return;		/* all are busy: perhaps later */
	map = calloc(1, sizeof(*map));
	if (!map)
		return;
	rc = mapping_make(q, map);
	if (rc) {
		nbl_log(NBL_DEBUG, "%s: its buffers cannot be mapped: %s",
			q->vif->tap->ifname, nbl_strerror(rc));
		q->mapped.list.nr = 0;
		mapping_end(nb, map);
		return;
	}
	q->mapped.mapping = map;
	TAILQ_INSERT_TAIL(&nb->mapped.mappings, map, link);
}

/* --- copy --------------------------------------------------------------------- */

/*
 * Of a page that its guest may write at the same moment: any mixture of bytes will
 * do, since nobody looks at them before they are in memory of ours, and there only
 * (the barrier: what is read later is our copy).  The thread sanitizer knows
 * memcpy only as something that must not race; for it, it is bytes.
 */
static void peer_copy(uint8_t *to, const uint8_t *from, size_t n)
{
#ifdef __SANITIZE_THREAD__
	for (; n; n--)
		__atomic_store_n(to++, __atomic_load_n(from++, __ATOMIC_RELAXED),
				 __ATOMIC_RELAXED);
#else
	memcpy(to, from, n);
	__asm__ volatile("" ::: "memory");
#endif
}

/* False: its page is not mapped. */
static bool segment_copy(struct nbl_mapping *map,
			 struct xengnttab_grant_copy_segment *s)
{
	bool out = s->flags & GNTCOPY_dest_gref;
	uint8_t *page;

	page = page_find(map, out ? s->dest.foreign.ref
				  : s->source.foreign.ref, out);
	if (!page)
		return false;
	if (out)
		peer_copy(page + s->dest.foreign.offset, s->source.virt, s->len);
	else
		peer_copy(s->dest.virt, page + s->source.foreign.offset, s->len);
	s->status = GNTST_okay;
	return true;
}

/* On -errno no status was written: all are still errors. */
static void grant_copy(struct nbl_queue *q,
		       struct xengnttab_grant_copy_segment *s, unsigned int nr)
{
	if (!nr)
		return;
	nbl_gnttab_copy(q->vif->nb->gt, s, nr);
	q->mapped.copies += nr;
}

/* Those that are not mapped, if there are any, are so in runs. */
static void mixed_copy(struct nbl_queue *q, struct nbl_batch *b)
{
	struct nbl_mapping *map = q->mapped.mapping;
	unsigned int i, nr = 0;

	map->used = true;
	for (i = 0; i < b->nr_segs; i++) {
		if (!segment_copy(map, &b->seg[i])) {
			nr++;
			continue;
		}
		grant_copy(q, &b->seg[i - nr], nr);
		nr = 0;
	}
	grant_copy(q, &b->seg[i - nr], nr);
}

void nbl_mapped_copy(struct nbl_queue *q, struct nbl_batch *b)
{
	struct nbl_mapped *m = &q->mapped;

	if (!m->mapping && m->list.nr &&
	    m->copies + b->nr_segs >= NBL_MAPPED_BUSY)
		mapping_try(q);
	if (m->mapping)
		mixed_copy(q, b);
	else
		grant_copy(q, b->seg, b->nr_segs);
}

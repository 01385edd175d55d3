// SPDX-License-Identifier: BSD-2-Clause
/* The ledger's records, sorted, to be found by device. */
#include <errno.h>
#include <stdlib.h>

#include "known.h"

/* Of several records for a device, the latest comes first. */
static int known_compare(const void *x, const void *y)
{
	const struct nbl_record *a = &((const struct nbl_known *)x)->r;
	const struct nbl_record *b = &((const struct nbl_known *)y)->r;

	if (a->domid != b->domid)
		return a->domid < b->domid ? -1 : 1;
	if (a->vif != b->vif)
		return a->vif < b->vif ? -1 : 1;
	if (a->serial != b->serial)
		return a->serial < b->serial ? -1 : 1;
	if (a->nr != b->nr)
		return a->nr > b->nr ? -1 : 1;
	return 0;
}

int nbl_known_read(struct nbl_ledger *l, struct nbl_known_list *list)
{
	uint32_t place, nr = nbl_ledger_nr(l);
	struct nbl_known *k;

	list->nr = 0;
	list->entry = calloc(nr ? nr : 1, sizeof(*list->entry));
	if (!list->entry)
		return -ENOMEM;
	for (place = 1; place <= nr; place++) {
		k = &list->entry[list->nr];
		if (nbl_ledger_read(l, place, &k->r))
			continue;
		k->place = place;
		list->nr++;
	}
	qsort(list->entry, list->nr, sizeof(*list->entry), known_compare);
	return 0;
}

void nbl_known_free(struct nbl_known_list *list)
{
	free(list->entry);
	list->entry = NULL;
	list->nr = 0;
}

static bool is_of(const struct nbl_record *r,
		  const struct xen_noxs_list_entry *e)
{
	return r->domid == e->domid && r->vif == e->id &&
	       r->serial == e->serial;
}

struct nbl_known *nbl_known_find(const struct nbl_known_list *list,
				 const struct xen_noxs_list_entry *e)
{
	const struct nbl_known key = { .r = {
		.domid = e->domid, .vif = e->id, .serial = e->serial,
		.nr = UINT64_MAX,
	} };
	size_t lo = 0, hi = list->nr, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (known_compare(&list->entry[mid], &key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < list->nr && is_of(&list->entry[lo].r, e) ?
		       &list->entry[lo] : NULL;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * known.h owns what the ledger says while an earlier process' vifs are adopted:
 * its records in the order of their devices, and which of them were used.
 */
#ifndef NBL_KNOWN_H
#define NBL_KNOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/noxs.h>

#include "ledger.h"

struct nbl_known {
	struct nbl_record r;
	uint32_t place;		/* in the ledger */
	bool used;		/* by a device; or to be left as it is */
};

struct nbl_known_list {
	struct nbl_known *entry;
	size_t nr;
};

/* All records of l.  -ENOMEM.  Freed with nbl_known_free. */
int nbl_known_read(struct nbl_ledger *l, struct nbl_known_list *list);
/* May be called twice. */
void nbl_known_free(struct nbl_known_list *list);

/* The latest one of that very device; NULL: none.  O(log nr). */
struct nbl_known *nbl_known_find(const struct nbl_known_list *list,
				 const struct xen_noxs_list_entry *e);

#endif

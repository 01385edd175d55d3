/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * guest.h owns the guests that have a vif: which domain it is (domid and
 * serial), its vifs in order of their number, and its front pages, each mapped
 * once however many devices share it.
 *
 * A guest exists as long as it has a reference; each vif holds one.
 */
#ifndef NBL_GUEST_H
#define NBL_GUEST_H

#include "nbl.h"

struct nbl_guest_page {
	struct noxs_mapping *map;
	const uint8_t *addr;
	unsigned int refs;
};

struct nbl_guest {
	TAILQ_ENTRY(nbl_guest) link;	/* nbl.guests */
	struct nbl_vif_list vifs;	/* by id */
	uint64_t serial;
	uint8_t uuid[16];		/* as of the last metrics; 0: unknown */
	uint16_t domid;
	unsigned int refs;
	struct nbl_guest_page front[XEN_NOXS_MAX_PAIRS];
};

/*
 * The guest with this domid and serial, made if need be.  One with another
 * serial is dead: its vifs are dropped first.  -ENOMEM, -ERANGE.
 */
int nbl_guest_get(struct nbl *nb, uint16_t domid, uint64_t serial,
		  struct nbl_guest **out);
void nbl_guest_put(struct nbl *nb, struct nbl_guest *guest);

/* NULL: none. */
struct nbl_guest *nbl_guest_find(struct nbl *nb, uint16_t domid);
/* The guest's first vif with a number >= id, or NULL. */
struct nbl_vif *nbl_guest_vif(struct nbl_guest *guest, uint16_t id);
/* Of all guests the first vif at or after domid's number id, or NULL. */
struct nbl_vif *nbl_vif_next(struct nbl *nb, uint16_t domid, uint16_t id);
void nbl_guest_vif_add(struct nbl_guest *guest, struct nbl_vif *vif);
void nbl_guest_vif_del(struct nbl_guest *guest, struct nbl_vif *vif);

/* Map a front page, read-only.  Errors of noxs_map. */
int nbl_guest_front_get(struct nbl *nb, struct nbl_guest *guest, uint8_t pair,
			const uint8_t **addr);
void nbl_guest_front_put(struct nbl *nb, struct nbl_guest *guest,
			 uint8_t pair);

/* Does Xen still know this guest, with a device of ours? */
bool nbl_guest_alive(struct nbl *nb, const struct nbl_guest *guest);
/* The guest is dead: drop its vifs.  guest is gone after this. */
void nbl_guest_drop(struct nbl *nb, struct nbl_guest *guest);
/* Detach every vif; guest is gone after this.  Of one guest, of all. */
void nbl_guest_detach(struct nbl *nb, struct nbl_guest *guest);
void nbl_guest_detach_all(struct nbl *nb);
void nbl_guest_leave_all(struct nbl *nb);

#endif

// SPDX-License-Identifier: BSD-2-Clause
/* Guests: found by domid, told from their successors by serial. */
#include <errno.h>
#include <stdlib.h>

#include "guest.h"
#include "log.h"
#include "vif.h"

struct nbl_guest *nbl_guest_find(struct nbl *nb, uint16_t domid)
{
	return domid < NBL_MAX_DOMID ? nb->guest[domid] : NULL;
}

int nbl_guest_get(struct nbl *nb, uint16_t domid, uint64_t serial,
		  struct nbl_guest **out)
{
	struct nbl_guest *guest = nbl_guest_find(nb, domid);

	if (domid >= NBL_MAX_DOMID)
		return -ERANGE;
	if (guest && guest->serial != serial) {
		nbl_guest_drop(nb, guest);
		guest = NULL;
	}
	if (!guest) {
		guest = calloc(1, sizeof(*guest));
		if (!guest)
			return -ENOMEM;
		guest->domid = domid;
		guest->serial = serial;
		TAILQ_INIT(&guest->vifs);
		TAILQ_INSERT_TAIL(&nb->guests, guest, link);
		nb->guest[domid] = guest;
		nb->nr_guests++;
	}
	guest->refs++;
	*out = guest;
	return 0;
}

void nbl_guest_put(struct nbl *nb, struct nbl_guest *guest)
{
	if (--guest->refs)
		return;
	TAILQ_REMOVE(&nb->guests, guest, link);
	nb->guest[guest->domid] = NULL;
	nb->nr_guests--;
	free(guest);
}

/* At most XEN_NOXS_MAX_SLOTS of them: a list is good enough. */
struct nbl_vif *nbl_guest_vif(struct nbl_guest *guest, uint16_t id)
{
	struct nbl_vif *vif;

	TAILQ_FOREACH(vif, &guest->vifs, guest_link)
		if (vif->id >= id)
			return vif;
	return NULL;
}

/* Guests are found by index: at most all domids. */
struct nbl_vif *nbl_vif_next(struct nbl *nb, uint16_t domid, uint16_t id)
{
	struct nbl_vif *vif;

	for (; domid < NBL_MAX_DOMID; domid++, id = 0) {
		vif = nb->guest[domid] ? nbl_guest_vif(nb->guest[domid], id)
				       : NULL;
		if (vif)
			return vif;
	}
	return NULL;
}

void nbl_guest_vif_add(struct nbl_guest *guest, struct nbl_vif *vif)
{
	struct nbl_vif *next = nbl_guest_vif(guest, vif->id);

	if (next)
		TAILQ_INSERT_BEFORE(next, vif, guest_link);
	else
		TAILQ_INSERT_TAIL(&guest->vifs, vif, guest_link);
}

void nbl_guest_vif_del(struct nbl_guest *guest, struct nbl_vif *vif)
{
	TAILQ_REMOVE(&guest->vifs, vif, guest_link);
}

int nbl_guest_front_get(struct nbl *nb, struct nbl_guest *guest, uint8_t pair,
			const uint8_t **addr)
{
	struct nbl_guest_page *page;
	const void *p;
	int rc;

	if (pair >= XEN_NOXS_MAX_PAIRS)
		return -ERANGE;
	page = &guest->front[pair];
	if (!page->refs) {
		rc = noxs_map(nb->nx, guest->domid, XEN_NOXS_PAGE_FRONT(pair),
			      1, &page->map, &p);
		if (rc)
			return rc;
		page->addr = p;
	}
	page->refs++;
	*addr = page->addr;
	return 0;
}

void nbl_guest_front_put(struct nbl *nb, struct nbl_guest *guest,
			 uint8_t pair)
{
	struct nbl_guest_page *page = &guest->front[pair];

	if (--page->refs)
		return;
	noxs_unmap(nb->nx, page->map);
	page->map = NULL;
	page->addr = NULL;
}

bool nbl_guest_alive(struct nbl *nb, const struct nbl_guest *guest)
{
	struct xen_noxs_list list = {
		.domid = guest->domid,
		.next_domid = guest->domid,
	};
	unsigned int i;
	int rc;

	list.backend = nb->domid;
	while (list.next_domid != XEN_NOXS_END) {
		rc = noxs_list(nb->nx, &list);
		if (rc)		/* not known: not dead */
			return rc != -ESRCH;
		for (i = 0; i < list.nr && i < XEN_NOXS_LIST_MAX; i++)
			if (list.entry[i].domid == guest->domid &&
			    list.entry[i].serial == guest->serial &&
			    list.entry[i].type == XEN_NOXS_TYPE_NET)
				return true;
	}
	return false;
}

void nbl_guest_drop(struct nbl *nb, struct nbl_guest *guest)
{
	struct nbl_vif *vif;

	nbl_log(NBL_DEBUG, "domain %u is gone", guest->domid);
	guest->refs++;
	while ((vif = TAILQ_FIRST(&guest->vifs)))
		nbl_vif_drop(vif);
	nbl_guest_put(nb, guest);
}

void nbl_guest_detach(struct nbl *nb, struct nbl_guest *guest)
{
	struct nbl_vif *vif;

	guest->refs++;
	while ((vif = TAILQ_FIRST(&guest->vifs)))
		nbl_vif_detach(vif);
	nbl_guest_put(nb, guest);
}

void nbl_guest_detach_all(struct nbl *nb)
{
	struct nbl_guest *guest, *next;

	for (guest = TAILQ_FIRST(&nb->guests); guest; guest = next) {
		next = TAILQ_NEXT(guest, link);
		nbl_guest_detach(nb, guest);
	}
}

static void guest_leave(struct nbl *nb, struct nbl_guest *guest)
{
	struct nbl_vif *vif;

	guest->refs++;
	while ((vif = TAILQ_FIRST(&guest->vifs)))
		nbl_vif_leave(vif);
	nbl_guest_put(nb, guest);
}

void nbl_guest_leave_all(struct nbl *nb)
{
	struct nbl_guest *guest, *next;

	for (guest = TAILQ_FIRST(&nb->guests); guest; guest = next) {
		next = TAILQ_NEXT(guest, link);
		guest_leave(nb, guest);
	}
}

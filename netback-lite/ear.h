/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ear.h owns what is heard on a bridge for guests that are not there: a TAP on
 * it, called wake<index of the bridge>, that sends nothing and takes ARP
 * requests and unicast frames that the bridge floods.  One for each bridge
 * where addresses are awaited, however many there are.
 */
#ifndef NBL_EAR_H
#define NBL_EAR_H

#include "log.h"
#include "nbl.h"

struct nbl_await;
struct nbl_closer_ticket;

TAILQ_HEAD(nbl_await_list, nbl_await);

struct nbl_ear {
	struct nbl_source src;
	TAILQ_ENTRY(nbl_ear) link;	/* nbl.ears or nbl.dead_ears */
	struct nbl *nb;
	struct nbl_closer_ticket *tap;
	char bridge[NOXS_NETBACK_IFNAMSIZ];
	struct nbl_await_list awaits;
};

/*
 * The one of this bridge, made if need be.  -ENODEV: no such bridge;
 * -EINPROGRESS: see nbl_vif_attach.
 */
int nbl_ear_get(struct nbl *nb, const char *bridge, struct nbl_ear **out,
		char err[NBL_ERROR_SIZE]);
struct nbl_ear *nbl_ear_find(struct nbl *nb, const char *bridge);
/* Goes when nothing is awaited there any more; freed at the turn's end. */
void nbl_ear_put(struct nbl_ear *ear);
/* What the bridge has given it so far is dealt with. */
void nbl_ear_drain(struct nbl_ear *ear);
void nbl_ear_bury(struct nbl *nb);

#endif

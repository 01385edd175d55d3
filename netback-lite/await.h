/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * await.h owns addresses that wait for their guest (<noxs/netback.h> has the
 * states), and how quiet the guests of owned ones are.
 *
 * An address belongs to its listener's connection and goes with it.  It has at
 * most one event to tell, the latest: what it says is looked up when the socket
 * takes it, so a listener that does not read costs nothing.
 */
#ifndef NBL_AWAIT_H
#define NBL_AWAIT_H

#include "ear.h"
#include "held.h"

struct nbl_connection;

struct nbl_await {
	TAILQ_ENTRY(nbl_await) link;		/* nbl_ear.awaits */
	TAILQ_ENTRY(nbl_await) due_link;	/* nbl_connection.due */
	struct nbl_ear *ear;
	struct nbl_connection *listener;
	uint64_t token;
	uint8_t mac[6], ip[4];
	struct nbl_vif *vif;		/* the owner's, or NULL */
	bool woken;
	uint16_t due;			/* NOXS_NETBACK_WAKE, _IDLE; 0: none */
	struct nbl_held held;
	/* How quiet the owner's guest is */
	uint32_t idle_ms;		/* 0: it does not matter */
	uint64_t moved;			/* packets, when last looked at */
	int64_t quiet_since;		/* ms */
};

/* What the requests of these names promise. */
int nbl_await_add(struct nbl *nb, const struct noxs_netback_request *req,
		  struct nbl_await **out, char err[NBL_ERROR_SIZE]);
int nbl_await_forget(struct nbl *nb, const struct noxs_netback_request *req,
		     char err[NBL_ERROR_SIZE]);
int nbl_await_doze(struct nbl *nb, const struct noxs_netback_request *req,
		   char err[NBL_ERROR_SIZE]);
/* The listener is gone, and all that it waited for with it. */
void nbl_await_forget_all(struct nbl *nb, struct nbl_connection *listener);

/* A packet for it came to its ear. */
void nbl_await_frame(struct nbl_await *a, const void *packet, size_t size);

/* A vif has an owner from now on: if it is awaited, it gets what was held. */
void nbl_await_own(struct nbl_vif *vif);
/* It is no more. */
void nbl_await_disown(struct nbl_vif *vif);
/* Something came for a guest that dozes. */
void nbl_await_stir(struct nbl_vif *vif);

/* As nbl_rate_timeout: look who is quiet, when it is time to. */
int nbl_await_timeout(struct nbl *nb, int timeout_ms);

#endif

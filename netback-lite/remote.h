/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * remote.h owns the vifs of a backend in a domain without rights over its
 * guests: a driver domain.
 *
 * Model
 *   The toolstack adds the device and writes what it wants of it behind the
 *   offer (struct xen_noxs_net_request, <xen/noxs.h>); nobody asks over the
 *   socket.  A watch tells that devices came or went; then all are listed:
 *   those that went are dropped, one that came is taken, and so on until none
 *   is left.  The answer is the offer, or CLOSED with an error and a text.
 *   From then on it is a vif like others, also for the next process.
 *
 *   The guest's areas cannot be mapped.  vif->front is a copy, which
 *   nbl_vif_fetch renews.
 */
#ifndef NBL_REMOTE_H
#define NBL_REMOTE_H

#include "vif.h"

/* With nb->unprivileged: from now on devices are looked for. */
void nbl_remote_start(struct nbl *nb);
/* Devices came or went. */
void nbl_remote_event(struct nbl *nb);
/* A TAP's name is free. */
void nbl_remote_retry(struct nbl *nb);
/* Is there something to do?  Then do a part of it. */
bool nbl_remote_due(const struct nbl *nb);
void nbl_remote_turn(struct nbl *nb);

#endif

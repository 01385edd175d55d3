/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The network's own pieces, towards each other.
 *
 *   net.c      start, and the thread that serves bus, vifs and timers
 *   vif.c      one lwIP netif on one noxs netfront
 *   timers.c   when lwIP's cyclic timers run
 */
#ifndef MINIOS_NET_VIF_H
#define MINIOS_NET_VIF_H

#include <stdbool.h>
#include <stdint.h>

#include "noxs_netfront.h"

/* The driver's callbacks.  wake (event context): vifs_poll has work. */
extern const struct noxs_netfront_ops vif_ops;
void vifs_init(void (*wake)(void));
/* Receive on every vif that had an event; true: there is more to do. */
bool vifs_poll(void);

/* Begins the first round.  wake: make the thread do a round. */
void timers_init(void (*wake)(void));
/* A frame that may have an answer was sent, or one for us came: caches now have
 * something to age. */
void timers_activity(void);
/* Around each round of the thread: look at the clock; run what is due and
 * tell the system time (ns) of the next, SCHED_FOREVER: none. */
void timers_begin(void);
uint64_t timers_end(void);

#endif

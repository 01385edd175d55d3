/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * steer.h owns by which queue a frame comes to a guest of several: the one that the
 * guest finds by the hash whose key it was told (XEN_NOXS_NET_F_HASH).  In the TAP a
 * program of the kernel's computes it, the same for all; in a switch we do.
 *
 * Without that, which a guest may choose and a kernel may not know, the TAP gives a
 * flow to the queue by which the guest sent of it last.
 */
#ifndef NBL_STEER_H
#define NBL_STEER_H

#include <stdbool.h>
#include <stdint.h>

struct nbl;
struct nbl_toeplitz;
struct nbl_vif;

/*
 * Before there is a sandbox: make a key and load the program, for all shards.  Where
 * that cannot be, no vif offers it; the log says why.
 */
void nbl_steer_open(struct nbl *first);
void nbl_steer_close(struct nbl *first);

/* Add it to what vif offers. */
void nbl_steer_offer(struct nbl_vif *vif);
/*
 * May a guest that answered with these features be connected?  What the program says
 * is a place among the TAP's queues: they are in the order in which they were
 * opened, unless one is closed, whose place the last one takes.  So those of an
 * earlier connection go first (closer.h); vif is run again when they have.
 */
bool nbl_steer_may(struct nbl_vif *vif, uint32_t features);
/* vif waits for that no more. */
void nbl_steer_forget(struct nbl_vif *vif);
/* As nbl_rate_timeout. */
int nbl_steer_timeout(struct nbl *nb, int timeout_ms);
/* vif's features are agreed on; and they end.  0 or -errno. */
int nbl_steer_begin(struct nbl_vif *vif);
void nbl_steer_end(struct nbl_vif *vif);
/* Which of its queues a frame is for, if its guest has agreed to it. */
unsigned int nbl_steer_queue(const struct nbl_vif *vif, const uint8_t *frame,
			     uint32_t len);

/*
 * steer-load.c, which tests replace: the program, a descriptor for nbl_tap_steer.
 * Errors of bpf(2).
 */
int nbl_steer_load(const struct nbl_toeplitz *t, int *out);

#endif

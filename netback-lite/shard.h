/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shard.h owns the threads of a backend (--threads).
 *
 * Model
 *   A shard is a struct nbl: guests, their vifs and all that their packets need,
 *   handles of devices, batch and lists included.  Each guest belongs to one, by its
 *   domid, and each shard to one thread, so nothing on a packet's way is shared.
 *   The first shard is the backend that main.c knows: its thread has the control
 *   socket, the watch of domains, the metrics and the closer.  What it wants of
 *   another's guests is done by that one's thread between two turns, while it
 *   waits; none ever waits for it.
 *
 *     first thread        another
 *     nbl_shard_do ------> its descriptor wakes it
 *        waits             fn(nb, arg), at the end of its turn
 *        goes on <-------- done
 *
 * What shards do share has locks of its own: the closer (closer.h), the ledger.
 *
 * Call order: open -> { do, each } -> start -> { do, each } -> stop -> { do, each }
 * -> close; all by the first thread.  Without threads (before start, after stop) it
 * does everything itself.
 */
#ifndef NBL_SHARD_H
#define NBL_SHARD_H

#include <stdint.h>

struct nbl;

#define NBL_MAX_SHARDS	16u

/* What fn may not do: wait for the first thread, or keep arg. */
typedef void (*nbl_shard_fn)(struct nbl *nb, void *arg);

/* nr shards (1 to NBL_MAX_SHARDS), first being one.  step as of nbl_open. */
int nbl_shards_open(struct nbl *first, unsigned int nr, const char **step);
/* What the first has or knows for all: the closer, the ledger, its rights. */
void nbl_shards_share(struct nbl *first);
/* Their threads begin; errors of eventfd and pthread_create. */
int nbl_shards_start(struct nbl *first);
/* They end, each after its turn. */
void nbl_shards_stop(struct nbl *first);
void nbl_shards_close(struct nbl *first);

unsigned int nbl_shards_nr(const struct nbl *first);
/* In domid's shard, or in that of a number, or in each, one after the other. */
void nbl_shard_do(struct nbl *first, uint16_t domid, nbl_shard_fn fn, void *arg);
void nbl_shard_do_nr(struct nbl *first, unsigned int nr, nbl_shard_fn fn,
		     void *arg);
void nbl_shards_each(struct nbl *first, nbl_shard_fn fn, void *arg);
/* Without threads alone: domid's. */
struct nbl *nbl_shard_of(struct nbl *first, uint16_t domid);

#endif

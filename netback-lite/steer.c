// SPDX-License-Identifier: BSD-2-Clause
/* Frames to the queue where the guest looks for them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "closer.h"
#include "steer.h"
#include "tap.h"
#include "toeplitz.h"
#include "vif.h"

#define LOOK_MS		4	/* are they closed?  It takes some tens of ms */

struct nbl_steer {
	struct nbl_toeplitz hash;
	int fd;			/* the program's */
};

static int steer_make(struct nbl_steer *s)
{
	size_t size = sizeof(s->hash.key);

	if (getrandom(s->hash.key, size, 0) != (ssize_t)size)
		return -errno;
	nbl_toeplitz_init(&s->hash);
	return nbl_steer_load(&s->hash, &s->fd);
}

void nbl_steer_open(struct nbl *first)
{
	struct nbl_steer *s = calloc(1, sizeof(*s));
	int rc = s ? steer_make(s) : -ENOMEM;

	if (!rc) {
		first->steer = s;
		return;
	}
	nbl_log(NBL_INFO, "load a program for TAPs: %s: a flow comes to a guest by the queue by which it sends",
		nbl_strerror(rc));
	free(s);
}

void nbl_steer_close(struct nbl *first)
{
	if (!first->steer)
		return;
	close(first->steer->fd);
	free(first->steer);
	first->steer = NULL;
}

void nbl_steer_offer(struct nbl_vif *vif)
{
	const struct nbl_steer *s = vif->nb->steer;

	if (!s || vif->max_queues == 1)
		return;
	vif->back.hdr.features |= XEN_NOXS_NET_F_HASH;
	memcpy(vif->back.hash_key, s->hash.key, sizeof(s->hash.key));
}

static bool has_others(const struct nbl_vif *vif)
{
	return nbl_closer_busy(vif->nb->closer, vif->tap->ifname);
}

bool nbl_steer_may(struct nbl_vif *vif, uint32_t features)
{
	if (!(features & XEN_NOXS_NET_F_HASH) || !has_others(vif))
		return true;
	if (!vif->unordered)
		TAILQ_INSERT_TAIL(&vif->nb->unordered, vif, unordered_link);
	vif->unordered = true;
	return false;
}

void nbl_steer_forget(struct nbl_vif *vif)
{
	if (vif->unordered)
		TAILQ_REMOVE(&vif->nb->unordered, vif, unordered_link);
	vif->unordered = false;
}

int nbl_steer_timeout(struct nbl *nb, int timeout_ms)
{
	struct nbl_vif *vif, *next;

	for (vif = TAILQ_FIRST(&nb->unordered); vif; vif = next) {
		next = TAILQ_NEXT(vif, unordered_link);
		if (has_others(vif))
			continue;
		nbl_steer_forget(vif);
		nbl_vif_ready(vif);
	}
	if (!TAILQ_EMPTY(&nb->unordered) &&
	    (timeout_ms < 0 || timeout_ms > LOOK_MS))
		timeout_ms = LOOK_MS;
	return timeout_ms;
}

static bool is_steered(const struct nbl_vif *vif)
{
	return vif->features & XEN_NOXS_NET_F_HASH;
}

int nbl_steer_begin(struct nbl_vif *vif)
{
	return is_steered(vif) ?
	       nbl_tap_steer(vif->tap->fd, vif->nb->steer->fd) : 0;
}

void nbl_steer_end(struct nbl_vif *vif)
{
	if (is_steered(vif))
		nbl_tap_steer(vif->tap->fd, -1);
}

/* The TAP's queues are those that read. */
static unsigned int nr_readers(const struct nbl_vif *vif)
{
	unsigned int nr = 1;

	while (nr < vif->nr_queues && vif->queue[nr].reads)
		nr++;
	return nr;
}

unsigned int nbl_steer_queue(const struct nbl_vif *vif, const uint8_t *frame,
			     uint32_t len)
{
	uint32_t hash = nbl_toeplitz_frame(&vif->nb->steer->hash, frame, len);

	return nbl_toeplitz_queue(hash, nr_readers(vif));
}

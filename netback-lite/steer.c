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

/* Of what the program returns a TAP takes so much. */
unsigned int nbl_steer_queue(const struct nbl_vif *vif, const uint8_t *frame,
			     uint32_t len)
{
	uint32_t hash = nbl_toeplitz_frame(&vif->nb->steer->hash, frame, len);

	return (hash & 0xffff) % vif->nr_queues;
}

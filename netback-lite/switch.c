// SPDX-License-Identifier: BSD-2-Clause
/* Frames from guest to guest. */
#include <errno.h>
#include <net/ethernet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "batch.h"
#include "nbl.h"
#include "stats.h"
#include "steer.h"
#include "switch.h"
#include "vif.h"

#define BUCKET_BITS	10
#define BUCKETS		(1u << BUCKET_BITS)
#define TYPE_AT		12u	/* in a frame */

struct nbl_station {
	TAILQ_ENTRY(nbl_station) link;	/* in its bucket */
	struct nbl_vif *vif;
	uint8_t mac[6];
	int64_t shown_ms;		/* to the bridge */
};

TAILQ_HEAD(bucket, nbl_station);

struct nbl_switch {
	uint64_t seed;			/* odd: nobody chooses his bucket */
	struct bucket bucket[BUCKETS];
	struct nbl_queue *to;		/* whose frames batch has */
	struct nbl_batch batch;		/* without memory of its own */
};

int nbl_switch_open(struct nbl *nb)
{
	struct nbl_switch *sw = calloc(1, sizeof(*sw));
	unsigned int i;

	if (!sw)
		return -ENOMEM;
	if (getrandom(&sw->seed, sizeof(sw->seed), 0) != sizeof(sw->seed)) {
		free(sw);
		return -errno;
	}
	sw->seed |= 1;
	for (i = 0; i < BUCKETS; i++)
		TAILQ_INIT(&sw->bucket[i]);
	nb->sw = sw;
	return 0;
}

void nbl_switch_close(struct nbl *nb)
{
	free(nb->sw);
	nb->sw = NULL;
}

/* --- stations ------------------------------------------------------------------ */

static struct bucket *bucket_of(struct nbl_switch *sw, const uint8_t mac[6])
{
	uint64_t n = 0;

	memcpy(&n, mac, 6);
	return &sw->bucket[(n * sw->seed) >> (64 - BUCKET_BITS)];
}

/* The other station of this address where vif is. */
static struct nbl_station *find(struct nbl_switch *sw,
				const struct nbl_vif *vif,
				const uint8_t mac[6])
{
	struct bucket *all = bucket_of(sw, mac);
	struct nbl_station *s;

	for (s = TAILQ_FIRST(all); s; s = TAILQ_NEXT(s, link))
		if (s->vif != vif && !memcmp(s->mac, mac, 6) &&
		    s->vif->vlan == vif->vlan &&
		    !strcmp(s->vif->bridge, vif->bridge))
			return s;
	return NULL;
}

void nbl_switch_forget(struct nbl_vif *vif)
{
	struct nbl_station *s = vif->station;

	if (!s)
		return;
	TAILQ_REMOVE(bucket_of(vif->nb->sw, s->mac), s, link);
	vif->station = NULL;
	free(s);
}

static void learn(struct nbl_switch *sw, struct nbl_vif *vif,
		  const uint8_t mac[6])
{
	struct nbl_station *s = calloc(1, sizeof(*s));

	nbl_switch_forget(vif);
	if (!s)
		return;
	s->vif = vif;
	s->shown_ms = nbl_now_ms();
	memcpy(s->mac, mac, sizeof(s->mac));
	TAILQ_INSERT_HEAD(bucket_of(sw, mac), s, link);
	vif->station = s;
}

/* Is vif, which sends from its own address alone, a station with this one? */
static bool is_known(const struct nbl_vif *vif, const uint8_t mac[6])
{
	return vif->station && !memcmp(vif->station->mac, mac, 6);
}

static bool to_be_shown(struct nbl_station *s)
{
	int64_t now = nbl_now_ms();

	if (now - s->shown_ms < NBL_SWITCH_SHOW_MS)
		return false;
	s->shown_ms = now;
	return true;
}

/* --- frames -------------------------------------------------------------------- */

static bool is_tagged(const uint8_t *frame)
{
	unsigned int type = (unsigned int)frame[TYPE_AT] << 8 |
			    frame[TYPE_AT + 1];

	return type == ETHERTYPE_VLAN || type == 0x88a8;
}

/* Frames follow by the TAP: those behind them must not overtake them. */
static void tap_is_next(struct nbl_vif *to)
{
	unsigned int i;

	for (i = 0; i < to->nr_queues; i++)
		to->queue[i].tap_readable = true;
	nbl_vif_ready(to);
}

/* The receiver lied: what was on its way to it is lost. */
static void give_up(struct nbl_switch *sw, int error, const char *why)
{
	struct nbl_vif *to = sw->to->vif;
	unsigned int i;

	for (i = 0; i < sw->batch.nr_packets; i++)
		nbl_stats_drop(&to->stats, NOXS_NETBACK_DROP_RX_COPY);
	nbl_batch_reset(&sw->batch);
	sw->to = NULL;
	nbl_vif_break(to, error, why);
}

/* 1: on its way; 0: not now; -errno: the receiver has to be closed. */
static int put(struct nbl_switch *sw, struct nbl_queue *to,
	       const struct nbl_packet *p, const char **why)
{
	if (sw->to != to)
		nbl_switch_flush(to->vif->nb);
	sw->to = to;
	return nbl_rx_put(to, &sw->batch, p, why);
}

/* The same as by its TAP; or, as a flow stays in one queue of its sender's, here. */
static struct nbl_queue *queue_for(const struct nbl_queue *from,
				   struct nbl_vif *to,
				   const struct nbl_packet *p)
{
	unsigned int i = (unsigned int)(from - from->vif->queue);

	if (to->features & XEN_NOXS_NET_F_HASH)
		return &to->queue[nbl_steer_queue(to, p->frame, p->len)];
	return &to->queue[i % to->nr_queues];
}

bool nbl_switch_frame(struct nbl_queue *from, const struct nbl_packet *p)
{
	struct nbl_vif *vif = from->vif;
	struct nbl_switch *sw = vif->nb->sw;
	const uint8_t *source = p->frame + ETH_ALEN;
	struct nbl_station *to;
	const char *why = "";
	int rc = 0;
	bool known;

	if (!sw || !vif->bridge[0] || !vif->spoof.mac)
		return false;
	known = is_known(vif, source);
	if (!known)
		learn(sw, vif, source);
	if (p->frame[0] & 1 || is_tagged(p->frame))
		return false;
	to = find(sw, vif, p->frame);
	if (!to || !nbl_rx_may_put(to->vif))
		return false;
	/* A new one's first frame goes by the bridge, which learns it, too. */
	if (known && !to_be_shown(vif->station))
		rc = put(sw, queue_for(from, to->vif, p), p, &why);
	if (rc < 0)
		give_up(sw, rc, why);
	else if (!rc)
		tap_is_next(to->vif);
	else
		vif->stats.tx_switched++;
	return rc > 0;
}

void nbl_switch_flush(struct nbl *nb)
{
	struct nbl_switch *sw = nb->sw;

	if (!sw || !sw->to)
		return;
	nbl_rx_flush(sw->to, &sw->batch);
	nbl_vif_notify(sw->to->vif);
	sw->to = NULL;
}

// SPDX-License-Identifier: BSD-2-Clause
/* Frames from guest to guest. */
#include <errno.h>
#include <net/ethernet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "batch.h"
#include "nbl.h"
#include "switch.h"
#include "vif.h"

#define BUCKET_BITS	10
#define BUCKETS		(1u << BUCKET_BITS)
#define TYPE_AT		12u	/* in a frame */

struct station {
	TAILQ_ENTRY(station) link;	/* in its bucket, unless it is unused */
	struct nbl_vif *vif;		/* NULL: unused */
	uint8_t mac[6];
	int64_t shown_ms;		/* to the bridge */
};

struct nbl_stations {
	unsigned int next;		/* to be replaced */
	struct station of[NBL_SWITCH_STATIONS];
};

TAILQ_HEAD(bucket, station);

struct nbl_switch {
	uint64_t seed;			/* odd: no guest chooses its bucket */
	struct bucket bucket[BUCKETS];
	struct nbl_vif *to;		/* whose frames batch has */
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

/* The station of this address where vif is. */
static struct station *find(struct nbl_switch *sw, const struct nbl_vif *vif,
			    const uint8_t mac[6])
{
	struct bucket *all = bucket_of(sw, mac);
	struct station *s;

	for (s = TAILQ_FIRST(all); s; s = TAILQ_NEXT(s, link))
		if (!memcmp(s->mac, mac, 6) && s->vif->vlan == vif->vlan &&
		    !strcmp(s->vif->bridge, vif->bridge))
			return s;
	return NULL;
}

static void forget(struct nbl_switch *sw, struct station *s)
{
	if (s->vif)
		TAILQ_REMOVE(bucket_of(sw, s->mac), s, link);
	s->vif = NULL;
}

static struct station *learn(struct nbl_switch *sw, struct nbl_vif *vif,
			     const uint8_t mac[6])
{
	struct nbl_stations *own = vif->stations;
	struct station *s;

	if (!own)
		own = vif->stations = calloc(1, sizeof(*own));
	if (!own)
		return NULL;
	s = &own->of[own->next++ % NBL_SWITCH_STATIONS];
	forget(sw, s);
	s->vif = vif;
	s->shown_ms = nbl_now_ms();
	memcpy(s->mac, mac, sizeof(s->mac));
	TAILQ_INSERT_HEAD(bucket_of(sw, mac), s, link);
	return s;
}

void nbl_switch_forget(struct nbl_vif *vif)
{
	unsigned int i;

	if (!vif->stations)
		return;
	for (i = 0; i < NBL_SWITCH_STATIONS; i++)
		forget(vif->nb->sw, &vif->stations->of[i]);
	free(vif->stations);
	vif->stations = NULL;
}

/*
 * The station that sends.  NULL: the bridge has to see this frame, to learn it as
 * we do.
 */
static struct station *sender(struct nbl_switch *sw, struct nbl_vif *vif,
			      const uint8_t mac[6])
{
	struct station *s = find(sw, vif, mac);

	if (s && s->vif == vif)
		return s;
	if (mac[0] & 1 || (s && s->vif->spoof.mac))
		return NULL;
	if (s)
		forget(sw, s);
	learn(sw, vif, mac);
	return NULL;
}

static bool to_be_shown(struct station *s)
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
	to->tap_readable = true;
	nbl_vif_ready(to);
}

/* The receiver lied: what was on its way to it is lost, as in its TAP. */
static void give_up(struct nbl_switch *sw, int error, const char *why)
{
	struct nbl_vif *to = sw->to;

	nbl_batch_reset(&sw->batch);
	sw->to = NULL;
	nbl_vif_break(to, error, why);
}

bool nbl_switch_frame(struct nbl_vif *vif, const struct nbl_packet *p)
{
	struct nbl_switch *sw = vif->nb->sw;
	struct station *from, *to;
	const char *why = "";
	int rc;

	if (!sw || !vif->bridge[0])
		return false;
	from = sender(sw, vif, p->frame + ETH_ALEN);
	if (!from || p->frame[0] & 1 || is_tagged(p->frame))
		return false;
	to = find(sw, vif, p->frame);
	if (!to || to->vif == vif || !nbl_rx_may_put(to->vif))
		return false;
	if (sw->to != to->vif)
		nbl_switch_flush(vif->nb);
	sw->to = to->vif;
	rc = to_be_shown(from) ? 0 : nbl_rx_put(to->vif, &sw->batch, p, &why);
	if (rc < 0)
		give_up(sw, rc, why);
	else if (!rc)
		tap_is_next(to->vif);
	if (rc <= 0)
		return false;
	vif->stats.tx_switched++;
	return true;
}

void nbl_switch_flush(struct nbl *nb)
{
	struct nbl_switch *sw = nb->sw;

	if (!sw || !sw->to)
		return;
	nbl_rx_flush(sw->to, &sw->batch);
	nbl_vif_notify(sw->to);
	sw->to = NULL;
}

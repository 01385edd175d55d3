/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netfront_ring.c owns the memory of the rings and their life: the seam
 * towards noxs_netfront.c, and the data-path calls of noxs_netfront.h that
 * concern both directions.
 */
#include "netfront.h"

#define DEFAULT_RX	32
#define DEFAULT_TX	16

/* The grants of a pool, as entries of the list from *at on. */
static void list_pool(struct xen_noxs_net_static **at,
		      const struct noxs_pool *pool, uint32_t flags)
{
	unsigned int i;

	for (i = 0; i < pool->nr; i++, (*at)++) {
		(*at)->ref = pool->page[i].ref;
		(*at)->flags = flags;
	}
}

/* Of all buffers: they are granted as long as the rings are. */
static int list_create(struct noxs_netfront *nf)
{
	struct nf_ring *ring = &nf->ring;
	struct xen_noxs_net_static *at;
	int rc;

	if (!(nf->cfg->features & XEN_NOXS_NET_F_STATIC))
		return 0;
	rc = noxs_pool_create(nf->dev->bus, nf->dev->slot.backend, 1, true,
			      &ring->list);
	if (rc)
		return rc;
	at = ring->list->page[0].addr;
	list_pool(&at, ring->tx.pool, XEN_NOXS_NET_STATIC_RO);
	list_pool(&at, ring->rx.pool, 0);
	return 0;
}

int nf_ring_init(struct noxs_netfront *nf)
{
	const struct noxs_netfront_config *cfg = nf->cfg;
	struct noxs_bus *bus = nf->dev->bus;
	uint16_t backend = nf->dev->slot.backend;
	struct nf_ring *ring = &nf->ring;
	int rc;

	if (ring->pages)
		return 0;
	rc = noxs_pool_create(bus, backend, 2, false, &ring->pages);
	if (rc)
		goto err_fini;
	rc = noxs_pool_create(bus, backend, cfg->nr_tx ?: DEFAULT_TX, true,
			      &ring->tx.pool);
	if (rc)
		goto err_fini;
	rc = noxs_pool_create(bus, backend, cfg->nr_rx ?: DEFAULT_RX, false,
			      &ring->rx.pool);
	if (rc)
		goto err_fini;
	rc = list_create(nf);
	if (rc)
		goto err_fini;
	return 0;

err_fini:
	nf_ring_fini(nf);
	return rc;
}

void nf_ring_fini(struct noxs_netfront *nf)
{
	struct noxs_bus *bus = nf->dev->bus;
	struct nf_ring *ring = &nf->ring;

	nf_ring_disconnect(nf);
	noxs_pool_destroy(bus, ring->list);
	noxs_pool_destroy(bus, ring->rx.pool);
	noxs_pool_destroy(bus, ring->tx.pool);
	noxs_pool_destroy(bus, ring->pages);
	ring->list = NULL;
	ring->rx.pool = NULL;
	ring->tx.pool = NULL;
	ring->pages = NULL;
}

void nf_ring_connect(struct noxs_netfront *nf, struct nf_ring_refs *refs)
{
	struct nf_ring *ring = &nf->ring;
	struct netif_tx_sring *tx = ring->pages->page[0].addr;
	struct netif_rx_sring *rx = ring->pages->page[1].addr;

	SHARED_RING_INIT(tx);
	SHARED_RING_INIT(rx);
	FRONT_RING_INIT(&ring->tx.ring, tx, NOXS_OS_PAGE_SIZE);
	FRONT_RING_INIT(&ring->rx.ring, rx, NOXS_OS_PAGE_SIZE);
	ring->features = nf->info.features;
	ring->max_len = nf->info.mtu + NF_MAX_HEADER;
	ring->dead = false;
	nf_tx_connect(nf);
	nf_rx_connect(nf);
	ring->up = true;
	refs->tx = ring->pages->page[0].ref;
	refs->rx = ring->pages->page[1].ref;
	if (ring->features & XEN_NOXS_NET_F_STATIC) {
		refs->list.ref = ring->list->page[0].ref;
		refs->list.nr = ring->tx.pool->nr + ring->rx.pool->nr;
	}
}

void nf_ring_disconnect(struct noxs_netfront *nf)
{
	nf->ring.up = false;
}

static void ring_end(struct noxs_netfront *nf, unsigned int error)
{
	nf->ring.dead = true;
	nf->ring.error = error;
	noxs_device_poke(nf->dev);
}

void nf_ring_kill(struct noxs_netfront *nf, const char *why)
{
	if (nf->ring.dead)
		return;
	ring_end(nf, EPROTO);
	if (!nf->complained)
		noxs_os_log(NOXS_OS_ERROR, "vif%u: backend %u misbehaves: %s\n",
			    nf->dev->slot.id, nf->dev->slot.backend, why);
	nf->complained = true;
}

void noxs_netfront_abandon(struct noxs_netfront *nf)
{
	if (nf->ring.up && !nf->ring.dead)
		ring_end(nf, ENOTCONN);
}

unsigned int noxs_netfront_poll(struct noxs_netfront *nf, unsigned int budget)
{
	/* Before the rings: an event after this is not lost. */
	noxs_flag_take(&nf->pending);
	if (!nf->ring.up || nf->ring.dead)
		return 0;
	nf_tx_reap(nf);
	if (nf_tx_wanted(nf) && nf->cfg->ops->tx_room)
		nf->cfg->ops->tx_room(nf->priv);
	if (!budget)
		return 0;
	return nf_rx_poll(nf, budget);
}

bool noxs_netfront_pending(const struct noxs_netfront *nf)
{
	return noxs_flag_get(&nf->pending);
}

void noxs_netfront_stats(const struct noxs_netfront *nf,
			 struct noxs_netfront_stats *out)
{
	*out = nf->ring.stats;
}

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
static int list_create(struct noxs_netq *q, uint16_t backend)
{
	struct xen_noxs_net_static *at;
	int rc;

	if (!(q->nf->cfg->features & XEN_NOXS_NET_F_STATIC))
		return 0;
	rc = noxs_pool_create(q->nf->dev->bus, backend, 1, true, &q->list);
	if (rc)
		return rc;
	at = q->list->page[0].addr;
	list_pool(&at, q->tx.pool, XEN_NOXS_NET_STATIC_RO);
	list_pool(&at, q->rx.pool, 0);
	return 0;
}

static void queue_fini(struct noxs_netq *q)
{
	struct noxs_bus *bus = q->nf->dev->bus;

	noxs_pool_destroy(bus, q->list);
	noxs_pool_destroy(bus, q->rx.pool);
	noxs_pool_destroy(bus, q->tx.pool);
	noxs_pool_destroy(bus, q->pages);
	q->list = NULL;
	q->rx.pool = NULL;
	q->tx.pool = NULL;
	q->pages = NULL;
}

static int queue_init(struct noxs_netq *q)
{
	const struct noxs_netfront_config *cfg = q->nf->cfg;
	struct noxs_bus *bus = q->nf->dev->bus;
	uint16_t backend = q->nf->dev->slot.backend;
	int rc;

	if (q->pages)
		return 0;
	rc = noxs_pool_create(bus, backend, 2, false, &q->pages);
	if (!rc)
		rc = noxs_pool_create(bus, backend, cfg->nr_tx ?: DEFAULT_TX,
				      true, &q->tx.pool);
	if (!rc)
		rc = noxs_pool_create(bus, backend, cfg->nr_rx ?: DEFAULT_RX,
				      false, &q->rx.pool);
	if (!rc)
		rc = list_create(q, backend);
	if (rc)
		queue_fini(q);
	return rc;
}

/* The structure stays as long as the device, for whoever holds it. */
static int queue_get(struct noxs_netfront *nf, unsigned int i)
{
	struct noxs_netq *q = nf->queue[i];

	if (!q)
		q = i ? noxs_os_alloc(sizeof(*q)) : &nf->first;
	if (!q)
		return -ENOMEM;
	q->nf = nf;
	q->nr = (uint8_t)i;
	nf->queue[i] = q;
	return 0;
}

static int queue_make(struct noxs_netfront *nf, unsigned int i)
{
	int rc = queue_get(nf, i);

	return rc ? rc : queue_init(nf->queue[i]);
}

int nf_ring_init(struct noxs_netfront *nf, unsigned int *nr)
{
	unsigned int i = 0;
	int rc = 0;

	while (i < *nr && !(rc = queue_make(nf, i)))
		i++;
	*nr = i;
	return i ? 0 : rc;
}

void nf_ring_fini(struct noxs_netfront *nf)
{
	unsigned int i;

	nf_ring_disconnect(nf);
	for (i = 0; i < XEN_NOXS_NET_MAX_QUEUES && nf->queue[i]; i++)
		queue_fini(nf->queue[i]);
}

static void queue_connect(struct noxs_netq *q)
{
	struct netif_tx_sring *tx = q->pages->page[0].addr;
	struct netif_rx_sring *rx = q->pages->page[1].addr;

	SHARED_RING_INIT(tx);
	SHARED_RING_INIT(rx);
	FRONT_RING_INIT(&q->tx.ring, tx, NOXS_OS_PAGE_SIZE);
	FRONT_RING_INIT(&q->rx.ring, rx, NOXS_OS_PAGE_SIZE);
	q->features = q->nf->info.features;
	q->max_len = q->nf->info.mtu + NF_MAX_HEADER;
	q->dead = false;
	nf_tx_connect(q);
	nf_rx_connect(q);
	q->up = true;
}

/* Both directions have a port of their own if there are enough. */
static void queue_ports(struct noxs_netq *q)
{
	bool split = nf_ports_split(q->nf);

	q->tx_port = (uint8_t)(split ? 2 * q->nr : q->nr);
	q->rx_port = (uint8_t)(q->tx_port + split);
}

void nf_ring_connect(struct noxs_netfront *nf, struct xen_noxs_net_front *front)
{
	struct noxs_netq *q;
	unsigned int i;

	__atomic_store_n(&nf->nr_queues, nf->info.queues, __ATOMIC_RELEASE);
	front->nr_queues = nf->info.queues;
	for (i = 0; i < nf->nr_queues; i++) {
		q = nf->queue[i];
		queue_ports(q);
		queue_connect(q);
		front->queue[i].tx_ref = q->pages->page[0].ref;
		front->queue[i].rx_ref = q->pages->page[1].ref;
		front->queue[i].tx_port = q->tx_port;
		front->queue[i].rx_port = q->rx_port;
		if (!(q->features & XEN_NOXS_NET_F_STATIC))
			continue;
		front->list[i].ref = q->list->page[0].ref;
		front->list[i].nr = q->tx.pool->nr + q->rx.pool->nr;
	}
	nf->up = true;
}

void nf_ring_disconnect(struct noxs_netfront *nf)
{
	unsigned int i;

	for (i = 0; nf->up && i < nf->nr_queues; i++)
		nf->queue[i]->up = false;
	nf->up = false;
}

const struct noxs_netq *nf_ring_dead(const struct noxs_netfront *nf)
{
	unsigned int i;

	for (i = 0; nf->up && i < nf->nr_queues; i++)
		if (nf->queue[i]->dead)
			return nf->queue[i];
	return NULL;
}

static void queue_end(struct noxs_netq *q, unsigned int error)
{
	q->error = error;
	q->dead = true;
	noxs_device_poke(q->nf->dev);
}

void nf_ring_kill(struct noxs_netq *q, const char *why)
{
	struct noxs_netfront *nf = q->nf;

	if (q->dead)
		return;
	queue_end(q, EPROTO);
	if (!noxs_flag_get(&nf->complained))
		noxs_os_log(NOXS_OS_ERROR, "vif%u: backend %u misbehaves: %s\n",
			    nf->dev->slot.id, nf->dev->slot.backend, why);
	noxs_flag_set(&nf->complained);
}

void noxs_netfront_abandon(struct noxs_netfront *nf)
{
	if (nf->up && !nf->first.dead)
		queue_end(&nf->first, ENOTCONN);
}

unsigned int noxs_netq_poll(struct noxs_netq *q, unsigned int budget)
{
	struct noxs_netfront *nf = q->nf;

	/* Before the rings: an event after this is not lost. */
	noxs_flag_take(&q->pending);
	if (!q->up || q->dead)
		return 0;
	nf_tx_reap(q);
	if (nf_tx_wanted(q) && nf->cfg->ops->tx_room)
		nf->cfg->ops->tx_room(nf->priv, q->nr);
	if (!budget)
		return 0;
	return nf_rx_poll(q, budget);
}

bool noxs_netq_pending(const struct noxs_netq *q)
{
	return noxs_flag_get(&q->pending);
}

void noxs_netq_stats(const struct noxs_netq *q,
		     struct noxs_netfront_stats *out)
{
	*out = q->stats;
}

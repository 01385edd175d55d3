/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * noxs_pool.c owns pages that are granted to a backend, until the backend has
 * really let go of them.
 */
#include "internal.h"

static unsigned int limbo_count(const struct noxs_bus *bus, uint16_t domid)
{
	const struct noxs_pool *pool;
	unsigned int nr = 0;

	for (pool = bus->limbo; pool; pool = pool->next)
		nr += pool->domid == domid;
	return nr;
}

static unsigned int limbo_max(const struct noxs_bus *bus, uint16_t domid)
{
	unsigned int i, nr = NOXS_POOL_MAX_LIMBO;

	for (i = 0; i < XEN_NOXS_MAX_SLOTS; i++)
		if (bus->dev[i] && bus->dev[i]->slot.backend == domid)
			nr += NOXS_POOL_PER_PORT * bus->dev[i]->slot.nr_ports;
	return nr;
}

/* Give back what the peer does not map.  True: nothing is left. */
static bool pool_release(struct noxs_pool *pool)
{
	bool empty = true;
	unsigned int i;

	for (i = 0; i < pool->nr; i++) {
		struct noxs_pool_page *page = &pool->page[i];

		if (!page->addr)
			continue;
		if (noxs_os_grant_end(page->ref)) {
			empty = false;
			continue;
		}
		noxs_os_page_free(page->addr);
		page->addr = NULL;
	}
	return empty;
}

int noxs_pool_create(struct noxs_bus *bus, uint16_t domid, unsigned int nr,
		     bool readonly, struct noxs_pool **out)
{
	struct noxs_pool *pool;
	unsigned int i;
	int rc = 0;

	noxs_pool_retry(bus);
	if (limbo_count(bus, domid) >= limbo_max(bus, domid))
		return -EBUSY;
	pool = noxs_os_alloc(sizeof(*pool) + nr * sizeof(pool->page[0]));
	if (!pool)
		return -ENOMEM;
	pool->domid = domid;
	pool->nr = nr;
	for (i = 0; i < nr; i++) {
		struct noxs_pool_page *page = &pool->page[i];
		void *addr = noxs_os_page_alloc();

		if (!addr) {
			rc = -ENOMEM;
			goto err_destroy;
		}
		rc = noxs_os_grant_access(domid, addr, readonly, &page->ref);
		if (rc) {
			noxs_os_page_free(addr);
			goto err_destroy;
		}
		page->addr = addr;
	}
	*out = pool;
	return 0;

err_destroy:
	noxs_pool_destroy(bus, pool);
	return rc;
}

void noxs_pool_destroy(struct noxs_bus *bus, struct noxs_pool *pool)
{
	if (!pool)
		return;
	if (pool_release(pool)) {
		noxs_os_free(pool);
		return;
	}
	pool->next = bus->limbo;
	bus->limbo = pool;
}

void noxs_pool_retry(struct noxs_bus *bus)
{
	struct noxs_pool **link = &bus->limbo;

	while (*link) {
		struct noxs_pool *pool = *link;

		if (!pool_release(pool)) {
			link = &pool->next;
			continue;
		}
		*link = pool->next;
		noxs_os_free(pool);
	}
}

void noxs_pool_abandon(struct noxs_bus *bus)
{
	unsigned int i, lost = 0;

	noxs_pool_retry(bus);
	while (bus->limbo) {
		struct noxs_pool *pool = bus->limbo;

		for (i = 0; i < pool->nr; i++)
			lost += pool->page[i].addr != NULL;
		bus->limbo = pool->next;
		noxs_os_free(pool);
	}
	if (lost)
		noxs_os_log(NOXS_OS_WARN,
			    "noxs: %u pages lost, a backend maps them\n", lost);
}

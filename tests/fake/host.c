// SPDX-License-Identifier: BSD-2-Clause
/* The fake host: its life, its domains, failures to order. */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

struct fake_host *fake_host;

static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

void fake_lock(void)
{
	pthread_mutex_lock(&lock);
}

void fake_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

void fake_words_put(void *to, const void *from, size_t size)
{
	uint32_t word = 0;
	size_t at;

	for (at = 0; at < size; at += sizeof(word)) {
		if (from)
			memcpy(&word, (const uint8_t *)from + at, sizeof(word));
		__atomic_store_n((uint32_t *)(void *)((uint8_t *)to + at), word,
				 __ATOMIC_RELAXED);
	}
}

void *fake_alloc(size_t size)
{
	void *p;

	/* The compiler would make calloc of malloc and memset. */
	fake_assert(!posix_memalign(&p, sizeof(void *) * 2, size));
	return memset(p, 0, size);
}

void fake_host_create(void)
{
	fake_assert(!fake_host);
	fake_host = fake_alloc(sizeof(*fake_host));
	fake_host->next_serial = 1000;
}

static void dom_free(struct fake_domain *dom)
{
	munmap(dom->mem, (size_t)FAKE_MAX_PAGES * FAKE_PAGE);
	munmap(dom->noxs, (size_t)XEN_NOXS_MAX_PAGES * FAKE_PAGE);
	close(dom->memfd);
	close(dom->noxsfd);
	free(dom);
}

void fake_host_destroy(void)
{
	struct fake_domain *dom;

	while ((dom = fake_host->doms)) {
		fake_host->doms = dom->next;
		dom_free(dom);
	}
	fake_taps_close();
	free(fake_host);
	fake_host = NULL;
}

void fake_host_unprivileged(bool on)
{
	fake_host->unprivileged = on;
}

void fake_host_sync(bool on)
{
	fake_host->sync = on;
}

void fake_host_alias(bool on)
{
	fake_host->alias = on;
}

void fake_host_usage(struct fake_usage *out)
{
	fake_taps_usage(out);
}

void fake_fail_at(unsigned int n)
{
	fake_host->fail_at = n;
	fake_host->fail_count = 0;
	fake_host->fail_hit = false;
}

unsigned int fake_fail_count(void)
{
	return fake_host->fail_count;
}

bool fake_fail_hit(void)
{
	return fake_host->fail_hit;
}

/* Calls of threads that a test does not make fail are counted, too. */
bool fake_fail_now(void)
{
	if (__atomic_add_fetch(&fake_host->fail_count, 1, __ATOMIC_RELAXED) !=
	    fake_host->fail_at)
		return false;
	fake_host->fail_hit = true;
	return true;
}

void fake_changed(struct fake_domain *dom)
{
	unsigned int i;

	dom->changed = ++fake_host->seq;
	for (i = 0; i < XEN_NOXS_MAX_WATCHES; i++)
		if (fake_host->watch[i] &&
		    !(fake_host->watch_flags[i] & XEN_NOXS_WATCH_BACKEND) &&
		    ((dom->dying && !dom->vanished) ||
		     !(fake_host->watch_flags[i] & XEN_NOXS_WATCH_DYING)))
			fake_port_raise(FAKE_BACKEND, fake_host->watch[i]);
}

void fake_devices_changed(void)
{
	unsigned int i;

	for (i = 0; i < XEN_NOXS_MAX_WATCHES; i++)
		if (fake_host->watch[i] &&
		    fake_host->watch_flags[i] & XEN_NOXS_WATCH_BACKEND)
			fake_port_raise(FAKE_BACKEND, fake_host->watch[i]);
}

static uint8_t *map_memory(int *fd, const char *name, size_t size)
{
	uint8_t *p;

	*fd = memfd_create(name, MFD_CLOEXEC);
	fake_assert(*fd >= 0 && !ftruncate(*fd, (off_t)size));
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
	fake_assert(p != MAP_FAILED);
	return p;
}

static void device_page_init(struct fake_domain *dom, uint32_t generation)
{
	struct xen_noxs_device_page *page = (void *)dom->noxs;

	memset(page, 0, sizeof(*page));
	page->magic = XEN_NOXS_MAGIC;
	page->version = XEN_NOXS_VERSION;
	page->size = sizeof(*page);
	page->generation = generation;
	page->serial = dom->serial;
	page->domid = dom->domid;
}

struct fake_domain *fake_dom_create(uint16_t domid)
{
	struct fake_domain *dom = fake_alloc(sizeof(*dom));

	fake_assert(domid != FAKE_BACKEND && !fake_dom_find(domid));
	dom->domid = domid;
	dom->serial = fake_host->next_serial++;
	dom->max_slots = XEN_NOXS_MAX_SLOTS;
	dom->mem = map_memory(&dom->memfd, "guest",
			      (size_t)FAKE_MAX_PAGES * FAKE_PAGE);
	dom->noxs = map_memory(&dom->noxsfd, "noxs",
			       (size_t)XEN_NOXS_MAX_PAGES * FAKE_PAGE);
	device_page_init(dom, 1);
	dom->next = fake_host->doms;
	fake_host->doms = dom;
	fake_changed(dom);
	return dom;
}

void fake_dom_kill(struct fake_domain *dom)
{
	uint32_t port;
	unsigned int i;

	dom->dying = true;
	for (port = 0; port < FAKE_MAX_PORTS; port++)
		if (dom->ports.port[port].state != FAKE_PORT_FREE)
			fake_port_close(dom->domid, port);
	for (i = 0; i < XEN_NOXS_MAX_SLOTS; i++)
		if (dom->device[i].nr_ports)
			fake_host->usage.devices--;
	memset(dom->device, 0, sizeof(dom->device));
	fake_changed(dom);
	fake_devices_changed();
}

void fake_dom_vanish(struct fake_domain *dom)
{
	fake_assert(dom->dying);
	dom->vanished = true;
	fake_changed(dom);
	fake_host->gone = fake_host->seq;
}

void fake_dom_restore(struct fake_domain *dom)
{
	struct xen_noxs_device_page *page = (void *)dom->noxs;
	uint32_t port, generation = page->generation;
	unsigned int i;

	for (port = 0; port < FAKE_MAX_PORTS; port++)
		if (dom->ports.port[port].state != FAKE_PORT_FREE)
			fake_port_close(dom->domid, port);
	for (i = 0; i < XEN_NOXS_MAX_SLOTS; i++)
		if (dom->device[i].nr_ports)
			fake_host->usage.devices--;
	memset(dom->device, 0, sizeof(dom->device));
	memset(dom->pair_areas, 0, sizeof(dom->pair_areas));
	memset(dom->noxs, 0, (size_t)XEN_NOXS_MAX_PAGES * FAKE_PAGE);
	dom->nr_pairs = 0;
	dom->serial = fake_host->next_serial++;
	device_page_init(dom, generation + 1);
}

uint64_t fake_dom_serial(const struct fake_domain *dom)
{
	return dom->serial;
}

struct fake_domain *fake_dom_find(uint16_t domid)
{
	struct fake_domain *dom;

	for (dom = fake_host->doms; dom; dom = dom->next)
		if (dom->domid == domid && !dom->vanished)
			return dom;
	return NULL;
}

// SPDX-License-Identifier: BSD-2-Clause
/* Memory and grants: the guest's calls, and netback-lite's seam gnttab.h. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include <gnttab.h>

#include "internal.h"

void *fake_dom_pages_alloc(struct fake_domain *dom, unsigned int nr)
{
	unsigned int at, n;

	for (at = 0; at + nr <= FAKE_MAX_PAGES; at += n + 1) {
		for (n = 0; n < nr && !dom->page_used[at + n]; n++)
			;
		if (n < nr)
			continue;
		memset(dom->page_used + at, true, nr);
		memset(dom->mem + (size_t)at * FAKE_PAGE, 0,
		       (size_t)nr * FAKE_PAGE);
		return dom->mem + (size_t)at * FAKE_PAGE;
	}
	return NULL;
}

static unsigned int page_index(const struct fake_domain *dom, const void *addr)
{
	size_t off = (size_t)((const uint8_t *)addr - dom->mem);

	fake_assert(off % FAKE_PAGE == 0 &&
		    off / FAKE_PAGE < FAKE_MAX_PAGES &&
		    dom->page_used[off / FAKE_PAGE]);
	return (unsigned int)(off / FAKE_PAGE);
}

void fake_dom_pages_free(struct fake_domain *dom, void *addr, unsigned int nr)
{
	unsigned int i, g, page = page_index(dom, addr);

	for (i = 0; i < nr; i++) {
		for (g = 0; g < FAKE_MAX_GRANTS; g++)	/* still granted? */
			fake_assert(!dom->grant[g].used ||
				    dom->grant[g].page != page + i);
		dom->page_used[page + i] = false;
	}
}

unsigned int fake_dom_pages_used(const struct fake_domain *dom)
{
	unsigned int i, n = 0;

	for (i = 0; i < FAKE_MAX_PAGES; i++)
		n += dom->page_used[i];
	return n;
}

/* The first eight are Xen's own, as in a real table. */
int fake_dom_grant(struct fake_domain *dom, uint16_t to, void *page,
		   bool readonly, uint32_t *gref)
{
	uint32_t g;

	for (g = 8; g < FAKE_MAX_GRANTS; g++) {
		if (dom->grant[g].used)
			continue;
		dom->grant[g] = (struct fake_grant){
			.used = true,
			.readonly = readonly,
			.to = to,
			.page = page_index(dom, page),
		};
		*gref = g;
		return 0;
	}
	return -ENOSPC;
}

int fake_dom_grant_end(struct fake_domain *dom, uint32_t gref)
{
	if (gref >= FAKE_MAX_GRANTS || !dom->grant[gref].used)
		return -EINVAL;
	if (dom->grant[gref].maps)
		return -EBUSY;
	dom->grant[gref].used = false;
	return 0;
}

void fake_dom_grant_flip(struct fake_domain *dom, uint32_t gref, bool on)
{
	fake_assert(gref < FAKE_MAX_GRANTS);
	__atomic_store_n(&dom->grant[gref].used, on, __ATOMIC_RELAXED);
}

unsigned int fake_dom_grants_used(const struct fake_domain *dom)
{
	unsigned int i, n = 0;

	for (i = 0; i < FAKE_MAX_GRANTS; i++)
		n += dom->grant[i].used;
	return n;
}

/* A grant that the backend domain may use, or NULL. */
static struct fake_grant *grant_find(uint16_t domid, uint32_t gref,
				     bool write)
{
	struct fake_domain *dom = fake_dom_find(domid);
	struct fake_grant *g;

	if (!dom || gref >= FAKE_MAX_GRANTS)
		return NULL;
	g = &dom->grant[gref];
	if (!__atomic_load_n(&g->used, __ATOMIC_RELAXED) || g->to != FAKE_BACKEND || (write && g->readonly))
		return NULL;
	return g;
}

/* The seam. */

#define MAX_MAPPINGS	2048u

struct mapping {
	void *addr, *alias;	/* alias: nothing was mapped */
	unsigned int nr;
	struct fake_grant *grant[NBL_MAX_MAP];
};

struct nbl_gnttab {
	struct mapping map[MAX_MAPPINGS];
};

int nbl_gnttab_open(struct nbl_gnttab **out)
{
	if (fake_fail_now())
		return -ENOENT;
	*out = fake_alloc(sizeof(**out));
	fake_host->usage.handles++;
	return 0;
}

void nbl_gnttab_close(struct nbl_gnttab *gt)
{
	if (!gt)
		return;
	fake_host->usage.handles--;
	free(gt);
}

/* Their place in the guest, if they lie side by side there; else NULL. */
static uint8_t *map_alias(const struct fake_domain *dom,
			  const struct mapping *m)
{
	unsigned int i;

	if (!fake_host->alias)
		return NULL;
	for (i = 1; i < m->nr; i++)
		if (m->grant[i]->page != m->grant[0]->page + i)
			return NULL;
	return dom->mem + (size_t)m->grant[0]->page * FAKE_PAGE;
}

static int map_pages(const struct fake_domain *dom, struct mapping *m,
		     bool writable)
{
	const int prot = PROT_READ | (writable ? PROT_WRITE : 0);
	const size_t page = FAKE_PAGE;
	uint8_t *addr;
	unsigned int i;
	void *p;

	m->alias = map_alias(dom, m);
	addr = m->alias ? m->alias
			: mmap(NULL, m->nr * page, PROT_NONE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	fake_assert(addr != MAP_FAILED);
	for (i = 0; i < m->nr; i++) {
		m->grant[i]->maps++;
		if (m->alias)
			continue;
		p = mmap(addr + i * page, page, prot, MAP_SHARED | MAP_FIXED,
			 dom->memfd, (off_t)(m->grant[i]->page * page));
		fake_assert(p != MAP_FAILED);
	}
	m->addr = addr;
	__atomic_fetch_add(&fake_host->usage.grant_maps, m->nr, __ATOMIC_RELAXED);
	return 0;
}

int nbl_gnttab_map(struct nbl_gnttab *gt, uint16_t domid,
		   const uint32_t *grefs, unsigned int nr, bool writable,
		   void **addr)
{
	struct mapping *m = gt->map;
	unsigned int i;

	if (fake_fail_now())
		return -ENOMEM;
	while (m->addr)
		fake_assert(++m < gt->map + MAX_MAPPINGS);
	fake_assert(nr && nr <= NBL_MAX_MAP);
	for (i = 0; i < nr; i++) {
		m->grant[i] = grant_find(domid, grefs[i], writable);
		if (!m->grant[i])
			return -EINVAL;
	}
	m->nr = nr;
	map_pages(fake_dom_find(domid), m, writable);
	*addr = m->addr;
	return 0;
}

void nbl_gnttab_unmap(struct nbl_gnttab *gt, void *addr, unsigned int nr)
{
	struct mapping *m = gt->map;
	unsigned int i;

	while (m->addr != addr)
		fake_assert(++m < gt->map + MAX_MAPPINGS);
	fake_assert(m->nr == nr);
	for (i = 0; i < nr; i++)
		m->grant[i]->maps--;
	if (!m->alias)
		munmap(addr, (size_t)nr * FAKE_PAGE);
	m->addr = NULL;
	__atomic_fetch_sub(&fake_host->usage.grant_maps, nr, __ATOMIC_RELAXED);
}

/* The guest may be writing there. */
static void copy_bytes(uint8_t *to, const uint8_t *from, size_t n)
{
	for (; n; n--)
		__atomic_store_n(to++, __atomic_load_n(from++, __ATOMIC_RELAXED),
				 __ATOMIC_RELAXED);
}

static int16_t copy_one(const struct xengnttab_grant_copy_segment *s)
{
	bool out = s->flags & GNTCOPY_dest_gref;
	uint16_t domid = out ? s->dest.foreign.domid : s->source.foreign.domid;
	uint16_t off = out ? s->dest.foreign.offset : s->source.foreign.offset;
	uint32_t gref = out ? s->dest.foreign.ref : s->source.foreign.ref;
	struct fake_grant *g = grant_find(domid, gref, out);
	uint8_t *page;

	if (!g)
		return GNTST_bad_gntref;
	page = fake_dom_find(domid)->mem + (size_t)g->page * FAKE_PAGE + off;
	if (out)
		copy_bytes(page, s->source.virt, s->len);
	else
		copy_bytes(s->dest.virt, page, s->len);
	return GNTST_okay;
}

int nbl_gnttab_copy(struct nbl_gnttab *gt,
		    struct xengnttab_grant_copy_segment *segs, unsigned int nr)
{
	unsigned int i;
	uint32_t off;

	(void)gt;
	if (fake_fail_now())
		return -EFAULT;
	for (i = 0; i < nr; i++) {
		off = segs[i].flags & GNTCOPY_dest_gref ?
			segs[i].dest.foreign.offset :
			segs[i].source.foreign.offset;
		/* The real ioctl refuses the whole call. */
		fake_assert(off + segs[i].len <= FAKE_PAGE);
		segs[i].status = copy_one(&segs[i]);
	}
	return 0;
}

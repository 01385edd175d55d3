// SPDX-License-Identifier: BSD-2-Clause
/* A Xen that remembers, and fails when told to. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fail.h"
#include "fake_xen.h"
#include "fake_xen_private.h"

struct fake_xen_state fake_xen;

void fake_xen_reset(void)
{
	memset(&fake_xen, 0, sizeof(fake_xen));
	fake_xen.free_kb = 1 << 20;
	fake_xen.next_domid = 1;
	fake_xen.domain[0].used = true;
	fake_xen.domain[0].dom.vcpus = fake_xen.domain[0].dom.max_vcpus = 2;
}

unsigned int fake_xen_nr_domains(void)
{
	unsigned int i, n = 0;

	for (i = 1; i < FAKE_DOMAINS; i++)
		n += fake_xen.domain[i].used;
	return n;
}

void fake_xen_step(const char *name)
{
	if (fake_xen.hook)
		fake_xen.hook(name);
}

struct fake_domain *fake_xen_find(uint32_t domid)
{
	if (domid >= FAKE_DOMAINS || !fake_xen.domain[domid].used)
		return NULL;
	return &fake_xen.domain[domid];
}

int chaos__xen_open(struct chaos__xen **out)
{
	if (fake_xen.open_rc)
		return fake_xen.open_rc;
	if (fail_here("xen open"))
		return -EACCES;
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

void chaos__xen_close(struct chaos__xen *xen)
{
	free(xen);
}

void fake_xen_reason(struct chaos__xen_build *b, const char *text)
{
	snprintf(b->xen->detail, sizeof(b->xen->detail), "%s", text);
}

const char *chaos__xen_detail(const struct chaos__xen *xen)
{
	return xen->detail;
}

int chaos__xen_get(struct chaos__xen *xen, uint32_t domid,
		   struct chaos__xen_dom *dom)
{
	(void)xen;
	__atomic_fetch_add(&fake_xen.nr_gets, 1, __ATOMIC_RELAXED);
	if (fail_here("xen get"))
		return -EIO;
	if (!fake_xen_find(domid))
		return -ESRCH;
	*dom = fake_xen_find(domid)->dom;
	return 0;
}

int chaos__xen_list(struct chaos__xen *xen, uint32_t first,
		    struct chaos__xen_dom *dom, unsigned int max)
{
	unsigned int n = 0;

	(void)xen;
	if (fail_here("xen list"))
		return -EIO;
	for (; first < FAKE_DOMAINS && n < max; first++)
		if (fake_xen_find(first))
			dom[n++] = fake_xen_find(first)->dom;
	return (int)n;
}

int chaos__xen_free_kb(struct chaos__xen *xen, uint64_t *kb)
{
	(void)xen;
	if (fail_here("xen physinfo"))
		return -EIO;
	*kb = fake_xen.free_kb;
	return 0;
}

int chaos__xen_create(struct chaos__xen *xen,
		      const struct chaos__xen_params *p, uint32_t *domid)
{
	struct fake_domain *d;

	(void)xen;
	fake_xen_step("create");
	if (fail_here("xen create"))
		return -ENOMEM;
	if (fake_xen.next_domid == FAKE_DOMAINS)
		return -ENOSPC;
	d = &fake_xen.domain[fake_xen.next_domid];
	memset(d, 0, sizeof(*d));
	d->used = true;
	d->dom.domid = fake_xen.next_domid;
	d->serial = ++fake_xen.last_serial;
	memcpy(d->dom.uuid, p->uuid, sizeof(p->uuid));
	d->dom.pvh = p->pvh;
	d->dom.paused = true;
	*domid = fake_xen.next_domid++;
	return 0;
}

int chaos__xen_vcpus(struct chaos__xen *xen, uint32_t domid,
		     const struct chaos__xen_params *p)
{
	(void)xen;
	fake_xen_step("vcpus");
	if (fail_here("xen vcpus"))
		return -ENOMEM;
	fake_xen_find(domid)->dom.vcpus = p->vcpus;
	fake_xen_find(domid)->dom.max_vcpus = p->vcpus;
	fake_xen_find(domid)->vcpus++;
	return 0;
}

int chaos__xen_build_begin(struct chaos__xen *xen, uint32_t domid,
			   const struct chaos__xen_params *p,
			   struct chaos__xen_build **out)
{
	struct chaos__xen_build *b;

	(void)xen;
	fake_xen_step("begin");
	if (fail_here("xen begin"))
		return -EINVAL;
	b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	b->xen = xen;
	b->d = fake_xen_find(domid);
	b->p = p;
	fake_xen.nr_builds++;
	*out = b;
	return 0;
}

void chaos__xen_build_use(struct chaos__xen_build *b, struct chaos__xen *xen)
{
	b->xen = xen;
}

int chaos__xen_build_memory(struct chaos__xen_build *b)
{
	fake_xen_step("memory");
	if (fail_here("xen memory"))
		return -ENOMEM;
	b->d->dom.pages = b->p->mem_kb / 4;
	b->d->dom.max_pages = b->p->max_mem_kb / 4;
	b->d->memory++;
	return 0;
}

int chaos__xen_build_image(struct chaos__xen_build *b)
{
	fake_xen_step("image");
	if (fail_here("xen image"))
		return -EFAULT;
	b->d->image++;
	return 0;
}

int chaos__xen_build_boot(struct chaos__xen_build *b,
			  struct chaos__xen_console_where *con)
{
	fake_xen_step("boot");
	if (fail_here("xen boot"))
		return -EINVAL;
	con->gfn = 0xa0;
	con->port = 1;
	b->d->boot++;
	return 0;
}

void chaos__xen_build_end(struct chaos__xen_build *b)
{
	if (!b)
		return;
	/* We keep the domain as long as something is built in it. */
	if (!b->d->used && !b->d->taken)
		abort();
	fake_xen.nr_builds--;
	free(b);
}

int chaos__xen_set_uuid(struct chaos__xen *xen, uint32_t domid,
			const uint8_t uuid[16])
{
	(void)xen;
	if (fail_here("xen set uuid"))
		return -EIO;
	if (!fake_xen_find(domid))
		return -ESRCH;
	memcpy(fake_xen_find(domid)->dom.uuid, uuid, 16);
	return 0;
}

int chaos__xen_pause(struct chaos__xen *xen, uint32_t domid)
{
	(void)xen;
	if (fail_here("xen pause"))
		return -EIO;
	if (!fake_xen_find(domid))
		return -ESRCH;
	fake_xen_find(domid)->dom.paused = true;
	return 0;
}

int chaos__xen_unpause(struct chaos__xen *xen, uint32_t domid)
{
	(void)xen;
	fake_xen_step("unpause");
	if (fail_here("xen unpause"))
		return -EIO;
	if (!fake_xen_find(domid))
		return -ESRCH;
	fake_xen_find(domid)->dom.paused = false;
	fake_xen_find(domid)->started = true;
	return 0;
}

int chaos__xen_destroy(struct chaos__xen *xen, uint32_t domid)
{
	(void)xen;
	if (fail_here("xen destroy"))
		return -EIO;
	if (!fake_xen_find(domid))
		return -ESRCH;
	if (domid == fake_xen.undestroyable)
		return 0;
	fake_xen_find(domid)->used = false;
	return 0;
}

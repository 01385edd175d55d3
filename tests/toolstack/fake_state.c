// SPDX-License-Identifier: BSD-2-Clause
/*
 * Saving and restoring by the pretended Xen: a guest's chunks are well made,
 * and its memory begins with the byte that its domain has in state.  A restore
 * looks at every chunk as the real one does.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "chunk_maker.h"
#include "fail.h"
#include "fake_xen.h"
#include "fake_xen_private.h"

static int put(const struct chaos__sink *sink, const struct made_chunk *c)
{
	struct iovec iov[2];
	size_t half = c->size / 2;

	/* In pieces, as they may come. */
	iov[0].iov_base = (void *)c->data;
	iov[0].iov_len = half;
	iov[1].iov_base = (void *)(c->data + half);
	iov[1].iov_len = c->size - half;
	return sink->put(sink->arg, c->type, iov, 2);
}

int chaos__xen_save(struct chaos__xen *xen, uint32_t domid, bool pvh,
		    uint64_t mem_pages, const struct chaos__sink *sink)
{
	struct fake_domain *d = fake_xen_find(domid);
	struct made *m;
	unsigned int i;
	int rc = 0;

	(void)xen;
	(void)mem_pages;
	fake_xen_step("save");
	if (fail_here("xen save"))
		return -EIO;
	if (!d)
		return -ESRCH;
	if (!d->dom.shutdown && !d->dom.paused)
		return -EBUSY;
	m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	m->vcpus = d->dom.vcpus;
	m->first = d->state;
	if (pvh)
		make_pvh(m);
	else
		make_pv(m);
	for (i = 0; !rc && i < m->nr; i++)
		rc = put(sink, &m->chunk[i]);
	free(m);
	if (!rc)
		d->saved++;
	return rc;
}

int chaos__xen_resume(struct chaos__xen *xen, uint32_t domid)
{
	struct fake_domain *d = fake_xen_find(domid);

	(void)xen;
	fake_xen_step("resume");
	if (fail_here("xen resume"))
		return -EIO;
	if (!d)
		return -ESRCH;
	if (!d->dom.shutdown)
		return -EINVAL;
	d->dom.shutdown = false;
	d->resumed++;
	return 0;
}

/* Where make_pvh() and make_pv() put the first byte of the first page. */
static void learn_state(struct fake_domain *d, uint32_t type,
			const uint8_t *data, bool *seen)
{
	size_t at = type == CHAOS__CHUNK_PAGES ? 8 + 2 * 16 :
		    40 + 8 + 24 + 8 + 16 + 24 + 8 + 32;

	if (*seen ||
	    (type != CHAOS__CHUNK_PAGES && type != CHAOS__CHUNK_PV_STREAM))
		return;
	d->state = (uint8_t)(data[at] - 1);
	*seen = true;
}

int chaos__xen_build_restore(struct chaos__xen_build *b,
			     const struct chaos__source *source,
			     struct chaos__xen_console_where *con)
{
	struct chaos__chunk_limits limits = {
		.pvh = b->p->pvh, .vcpus = b->p->vcpus,
		.max_pages = b->p->max_mem_kb / 4,
	};
	struct chaos__chunk_check check;
	bool seen = false;
	const void *data;
	uint32_t type;
	size_t size;
	int rc;

	fake_xen_step("restore");
	if (fail_here("xen restore"))
		return -ENOMEM;
	chaos__chunk_check_init(&check, &limits);
	do {
		rc = source->next(source->arg, &type, &data, &size);
		if (rc == -ENODATA)
			rc = -EPROTO;
		if (!rc)
			rc = chaos__chunk_check_next(&check, type, data, size);
		if (!rc)
			learn_state(b->d, type, data, &seen);
	} while (!rc && type != CHAOS__CHUNK_END);
	if (rc == -EPROTO)
		fake_xen_reason(b, check.why[0] ? check.why :
						  "it ends too early");
	chaos__chunk_check_fini(&check);
	if (rc)
		return rc;
	con->gfn = MAKER_CONSOLE;
	con->port = 1;
	b->d->dom.pages = MAKER_PAGES;
	b->d->dom.max_pages = b->p->max_mem_kb / 4;
	b->d->restored++;
	return 0;
}

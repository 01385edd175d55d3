// SPDX-License-Identifier: BSD-2-Clause
/*
 * Watches and domain states of the pretended hypercall.  What changed since
 * the look before is found by comparing, so that tests change domains as they
 * like.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fail.h"
#include "fake_hyp.h"

#define MAX_PORTS 16

struct chaos__xen_port {
	int fd[2];
	uint32_t number;
};

static struct chaos__xen_port *ports[MAX_PORTS];	/* by number - 1 */

/* What the states were at the latest look. */
static struct shadow {
	uint64_t serial, changed;	/* serial 0: no domain */
	uint32_t flags;
	uint8_t code;
} shadows[FAKE_DOMAINS];
static uint64_t last_change, last_gone;

int chaos__xen_port_open(struct chaos__xen *xen, uint32_t self,
			 struct chaos__xen_port **out, uint32_t *number)
{
	struct chaos__xen_port *p;
	unsigned int i;

	(void)xen;
	if (self || fail_here("port open"))
		return -EMFILE;
	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	for (i = 0; i < MAX_PORTS && ports[i]; i++)
		;
	if (i == MAX_PORTS || pipe(p->fd)) {
		free(p);
		return -EMFILE;
	}
	ports[i] = p;
	p->number = i + 1;
	*out = p;
	*number = p->number;
	return 0;
}

void chaos__xen_port_close(struct chaos__xen_port *p)
{
	unsigned int i;

	if (!p)
		return;
	/* Xen would go on raising what is not ours any more. */
	for (i = 0; i < FAKE_WATCHES; i++)
		if (fake_hyp.watch[i] == p->number)
			abort();
	ports[p->number - 1] = NULL;
	close(p->fd[0]);
	close(p->fd[1]);
	free(p);
}

int chaos__xen_port_fd(const struct chaos__xen_port *p)
{
	return p->fd[0];
}

static bool is_raised(const struct chaos__xen_port *p)
{
	struct pollfd pfd = { .fd = p->fd[0], .events = POLLIN };

	return poll(&pfd, 1, 0) == 1;
}

int chaos__xen_port_clear(struct chaos__xen_port *p)
{
	char c;

	if (!is_raised(p))
		return 0;
	return read(p->fd[0], &c, 1) == 1 ? 1 : -EIO;
}

void fake_hyp_raise(void)
{
	unsigned int i;

	for (i = 0; i < FAKE_WATCHES; i++) {
		struct chaos__xen_port *p;

		if (!fake_hyp.watch[i])
			continue;
		p = ports[fake_hyp.watch[i] - 1];
		if (!is_raised(p) && write(p->fd[1], "", 1) != 1)
			abort();
	}
}

unsigned int fake_hyp_nr_watches(void)
{
	unsigned int i, n = 0;

	for (i = 0; i < FAKE_WATCHES; i++)
		n += !!fake_hyp.watch[i];
	return n;
}

void fake_watch_reset(void)
{
	memset(shadows, 0, sizeof(shadows));
	last_change = 0;
	last_gone = 0;
}

int noxs_watch(struct noxs *nx, const struct xen_noxs_watch *op)
{
	bool off = op->flags & XEN_NOXS_WATCH_OFF;
	unsigned int i;

	(void)nx;
	if (!off && fail_here("noxs watch"))
		return -EINVAL;
	for (i = 0; i < FAKE_WATCHES; i++) {
		if (fake_hyp.watch[i] != (off ? op->port : 0))
			continue;
		fake_hyp.watch[i] = off ? 0 : op->port;
		fake_hyp.nr_watched += !off;
		return 0;
	}
	return off ? -ENOENT : -ENOSPC;
}

static void shadow_update(unsigned int domid)
{
	const struct fake_domain *d = &fake_xen.domain[domid];
	struct shadow now = { 0 }, *old = &shadows[domid];

	if (d->used) {
		now.serial = d->serial;
		now.flags = (d->dom.shutdown ? XEN_NOXS_DOM_SHUTDOWN : 0) |
			    (d->dom.dying ? XEN_NOXS_DOM_DYING : 0) |
			    (d->dom.paused ? XEN_NOXS_DOM_PAUSED : 0) |
			    (d->started ? XEN_NOXS_DOM_STARTED : 0);
		now.code = (uint8_t)d->dom.shutdown_code;
	}
	if (now.serial == old->serial && now.flags == old->flags &&
	    now.code == old->code)
		return;
	if (old->serial && now.serial != old->serial)
		last_gone = ++last_change;
	now.changed = ++last_change;
	*old = now;
}

int noxs_states(struct noxs *nx, struct xen_noxs_states *op)
{
	unsigned int i;

	(void)nx;
	if (fail_here("noxs states"))
		return -EIO;
	for (i = 1; i < FAKE_DOMAINS; i++)
		shadow_update(i);
	op->now = last_change;
	op->gone = last_gone;
	op->nr = 0;
	for (i = op->next_domid; i < FAKE_DOMAINS; i++) {
		const struct shadow *s = &shadows[i];
		struct xen_noxs_state_entry *e;

		if (!s->serial || s->changed <= op->since)
			continue;
		if (op->nr == XEN_NOXS_STATES_MAX) {
			op->next_domid = (uint16_t)i;
			return 0;
		}
		e = &op->entry[op->nr++];
		memset(e, 0, sizeof(*e));
		e->serial = s->serial;
		e->changed = s->changed;
		e->domid = (uint16_t)i;
		e->flags = s->flags;
		e->code = s->code;
		memcpy(e->uuid, fake_xen.domain[i].dom.uuid, sizeof(e->uuid));
	}
	op->next_domid = XEN_NOXS_END;
	return 0;
}

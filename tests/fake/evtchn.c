// SPDX-License-Identifier: BSD-2-Clause
/* Event channels: the guest's calls, and netback-lite's seam evtchn.h. */
#include <errno.h>
#include <sys/eventfd.h>
#include <string.h>
#include <unistd.h>

#include <evtchn.h>

#include "internal.h"

static struct fake_ports *ports_of(uint16_t domid)
{
	struct fake_domain *dom;

	if (domid == FAKE_BACKEND)
		return &fake_host->ports;
	dom = fake_dom_find(domid);
	return dom ? &dom->ports : NULL;
}

struct fake_port *fake_port(uint16_t domid, uint32_t port)
{
	struct fake_ports *ports = ports_of(domid);

	if (!ports || port >= FAKE_MAX_PORTS)
		return NULL;
	return ports->port[port].state == FAKE_PORT_FREE ? NULL
							 : &ports->port[port];
}

static int fake_port_alloc_locked(uint16_t domid, uint16_t remote, uint32_t *port)
{
	struct fake_ports *ports = ports_of(domid);
	uint32_t p;

	for (p = FAKE_FIRST_PORT; ports && p < FAKE_MAX_PORTS; p++) {
		if (ports->port[p].state != FAKE_PORT_FREE)
			continue;
		memset(&ports->port[p], 0, sizeof(ports->port[p]));
		ports->port[p].state = FAKE_PORT_UNBOUND;
		ports->port[p].remote = remote;
		if (domid == FAKE_BACKEND)
			fake_host->usage.ports++;
		*port = p;
		return 0;
	}
	return -ENOSPC;
}

int fake_port_alloc(uint16_t domid, uint16_t remote, uint32_t *port)
{
	int rc;

	fake_lock();
	rc = fake_port_alloc_locked(domid, remote, port);
	fake_unlock();
	return rc;
}

static void fake_port_close_locked(uint16_t domid, uint32_t port)
{
	struct fake_port *p = fake_port(domid, port), *peer;
	unsigned int i;

	if (!p)
		return;
	if (p->state == FAKE_PORT_BOUND) {
		peer = fake_port(p->remote, p->remote_port);
		if (peer)
			peer->state = FAKE_PORT_UNBOUND;
	}
	memset(p, 0, sizeof(*p));
	if (domid != FAKE_BACKEND)
		return;
	fake_host->usage.ports--;
	for (i = 0; i < XEN_NOXS_MAX_WATCHES; i++)
		if (fake_host->watch[i] == port) {
			fake_host->watch[i] = 0;
			fake_host->usage.watches--;
		}
}

void fake_port_close(uint16_t domid, uint32_t port)
{
	fake_lock();
	fake_port_close_locked(domid, port);
	fake_unlock();
}

struct nbl_evtchn {
	int fd;
};

/* Level: readable exactly while a pending port of its is not masked. */
static void backend_update(const struct nbl_evtchn *ec)
{
	const struct fake_port *p;
	uint64_t n = 1;
	bool any = false;

	if (!ec)
		return;
	for (p = fake_host->ports.port;
	     p < fake_host->ports.port + FAKE_MAX_PORTS; p++)
		any |= p->owner == ec && p->pending && !p->masked;
	if (any)
		fake_assert(write(ec->fd, &n, sizeof(n)) == sizeof(n));
	else if (read(ec->fd, &n, sizeof(n)) < 0)
		fake_assert(errno == EAGAIN);
}

static unsigned int port_deliver(struct fake_port *p)
{
	if (!p->pending || !p->fn)
		return 0;
	p->pending = false;
	p->fn(p->data);
	return 1;
}

static void fake_port_raise_locked(uint16_t domid, uint32_t port)
{
	struct fake_port *p = fake_port(domid, port);

	if (!p)
		return;
	p->pending = true;
	p->raised++;
	if (domid == FAKE_BACKEND)
		backend_update(p->owner);
	else if (fake_host->sync)
		port_deliver(p);
}

void fake_port_raise(uint16_t domid, uint32_t port)
{
	fake_lock();
	fake_port_raise_locked(domid, port);
	fake_unlock();
}

void fake_virq_raise(struct fake_domain *dom, unsigned int virq)
{
	struct fake_port *p = &dom->virq[virq];

	p->pending = true;
	p->raised++;
	if (fake_host->sync)
		port_deliver(p);
}

static void port_raise_remote(const struct fake_port *p)
{
	if (p->state == FAKE_PORT_BOUND)
		fake_port_raise(p->remote, p->remote_port);
}

/* The guest's side. */

static int port_bind(struct fake_port *p, fake_handler fn, void *data)
{
	if (p->fn)
		return -EBUSY;
	p->fn = fn;
	p->data = data;
	if (fake_host->sync)
		port_deliver(p);
	return 0;
}

int fake_dom_evtchn_bind(struct fake_domain *dom, uint32_t port,
			 fake_handler fn, void *data)
{
	if (port >= FAKE_MAX_PORTS)
		return -EINVAL;
	return port_bind(&dom->ports.port[port], fn, data);
}

void fake_dom_evtchn_unbind(struct fake_domain *dom, uint32_t port)
{
	fake_assert(port < FAKE_MAX_PORTS);
	dom->ports.port[port].fn = NULL;
}

static int fake_dom_evtchn_notify_locked(struct fake_domain *dom, uint32_t port)
{
	struct fake_port *p;

	p = port < FAKE_MAX_PORTS ? &dom->ports.port[port] : NULL;
	if (!p || p->state == FAKE_PORT_FREE)
		return -EINVAL;
	port_raise_remote(p);
	return 0;
}

int fake_dom_evtchn_notify(struct fake_domain *dom, uint32_t port)
{
	int rc;

	fake_lock();
	rc = fake_dom_evtchn_notify_locked(dom, port);
	fake_unlock();
	return rc;
}

void fake_dom_evtchn_close(struct fake_domain *dom, uint32_t port)
{
	fake_port_close(dom->domid, port);
}

int fake_dom_virq_bind(struct fake_domain *dom, unsigned int virq,
		       fake_handler fn, void *data)
{
	if (virq >= FAKE_MAX_VIRQS)
		return -EINVAL;
	return port_bind(&dom->virq[virq], fn, data);
}

void fake_dom_virq_unbind(struct fake_domain *dom, unsigned int virq)
{
	fake_assert(virq < FAKE_MAX_VIRQS);
	dom->virq[virq].fn = NULL;
}

unsigned int fake_dom_run(struct fake_domain *dom)
{
	unsigned int i, n = 0;

	for (i = 0; i < FAKE_MAX_VIRQS; i++)
		n += port_deliver(&dom->virq[i]);
	for (i = 0; i < FAKE_MAX_PORTS; i++)
		n += port_deliver(&dom->ports.port[i]);
	return n;
}

bool fake_dom_port_pending(const struct fake_domain *dom, uint32_t port)
{
	return dom->ports.port[port].pending;
}

void fake_dom_port_clear(struct fake_domain *dom, uint32_t port)
{
	dom->ports.port[port].pending = false;
}

unsigned int fake_dom_port_raised(const struct fake_domain *dom,
				  uint32_t port)
{
	return dom->ports.port[port].raised;
}

/* The seam. */

int nbl_evtchn_open(struct nbl_evtchn **out)
{
	if (fake_fail_now())
		return -ENOENT;
	*out = fake_alloc(sizeof(**out));
	(*out)->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	fake_assert((*out)->fd >= 0);
	fake_host->usage.handles++;
	return 0;
}

void nbl_evtchn_close(struct nbl_evtchn *ec)
{
	uint32_t i;

	if (!ec)
		return;
	fake_lock();
	for (i = 0; i < FAKE_MAX_PORTS; i++)
		if (fake_host->ports.port[i].owner == ec)
			fake_host->ports.port[i].owner = NULL;
	fake_unlock();
	fake_host->usage.handles--;
	close(ec->fd);
	free(ec);
}

int nbl_evtchn_fd(const struct nbl_evtchn *ec)
{
	return ec->fd;
}

int nbl_evtchn_alloc(struct nbl_evtchn *ec, uint16_t domid, uint32_t *port)
{
	int rc;

	if (fake_fail_now())
		return -ENOSPC;
	rc = fake_port_alloc(FAKE_BACKEND, domid, port);
	if (!rc)
		fake_port(FAKE_BACKEND, *port)->owner = ec;
	return rc;
}

int nbl_evtchn_bind(struct nbl_evtchn *ec, uint16_t domid, uint32_t remote,
		    uint32_t *port)
{
	struct fake_port *p;
	int rc;

	if (fake_fail_now())
		return -ENOSPC;
	p = domid == FAKE_BACKEND ? NULL : fake_port(domid, remote);
	if (!p || p->state != FAKE_PORT_UNBOUND || p->remote != FAKE_BACKEND)
		return -EINVAL;
	rc = fake_port_alloc(FAKE_BACKEND, domid, port);
	if (rc)
		return rc;
	p->state = FAKE_PORT_BOUND;
	p->remote_port = *port;
	p = fake_port(FAKE_BACKEND, *port);
	p->owner = ec;
	p->state = FAKE_PORT_BOUND;
	p->remote_port = remote;
	fake_port_raise(FAKE_BACKEND, *port);
	return 0;
}

int nbl_evtchn_free(struct nbl_evtchn *ec, uint32_t port)
{
	fake_assert(fake_port(FAKE_BACKEND, port));
	fake_lock();
	fake_host->ports.port[port].owner = NULL;
	fake_port_close(FAKE_BACKEND, port);
	backend_update(ec);
	fake_unlock();
	return 0;
}

static int nbl_evtchn_pending_locked(struct nbl_evtchn *ec, uint32_t *port)
{
	struct fake_ports *ports = &fake_host->ports;
	uint32_t i, at;

	for (i = 0; i < FAKE_MAX_PORTS; i++) {
		at = (ports->next + i) % FAKE_MAX_PORTS;
		if (!ports->port[at].pending || ports->port[at].masked ||
		    ports->port[at].owner != ec)
			continue;
		ports->port[at].pending = false;
		ports->port[at].masked = true;
		ports->next = at + 1;
		backend_update(ec);
		*port = at;
		return 0;
	}
	return -EAGAIN;
}

int nbl_evtchn_pending(struct nbl_evtchn *ec, uint32_t *port)
{
	int rc;

	fake_lock();
	rc = nbl_evtchn_pending_locked(ec, port);
	fake_unlock();
	return rc;
}

static int nbl_evtchn_unmask_locked(struct nbl_evtchn *ec, uint32_t port)
{
	struct fake_port *p = fake_port(FAKE_BACKEND, port);

	if (!p)
		return -EINVAL;
	p->masked = false;
	backend_update(ec);
	return 0;
}

int nbl_evtchn_unmask(struct nbl_evtchn *ec, uint32_t port)
{
	int rc;

	fake_lock();
	rc = nbl_evtchn_unmask_locked(ec, port);
	fake_unlock();
	return rc;
}

static int nbl_evtchn_notify_locked(struct nbl_evtchn *ec, uint32_t port)
{
	struct fake_port *p = fake_port(FAKE_BACKEND, port);

	(void)ec;
	if (!p)
		return -EINVAL;
	port_raise_remote(p);
	return 0;
}

int nbl_evtchn_notify(struct nbl_evtchn *ec, uint32_t port)
{
	int rc;

	fake_lock();
	rc = nbl_evtchn_notify_locked(ec, port);
	fake_unlock();
	return rc;
}

// SPDX-License-Identifier: BSD-2-Clause
/*
 * A guest's console: its page mapped, its event channel bound.  Those of many
 * guests can share one handle on event channels: a descriptor for all, which
 * tells the port.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "private.h"

struct chaos__xen_console {
	struct chaos__xen *xen;
	struct chaos__xen_consoles *set;	/* NULL: evtchn is its own */
	xenevtchn_handle *evtchn;
	evtchn_port_t port;		/* ours */
	void *page;
	void *arg;
};

struct chaos__xen_consoles {
	struct chaos__xen *xen;
	xenevtchn_handle *evtchn;
	struct chaos__xen_console **of_port;
	size_t nr_ports;		/* that of_port has room for */
};

int chaos__xen_consoles_open(struct chaos__xen *xen,
			     struct chaos__xen_consoles **out)
{
	struct chaos__xen_consoles *set = calloc(1, sizeof(*set));
	int rc;

	if (!set)
		return -ENOMEM;
	xen->detail[0] = '\0';
	set->xen = xen;
	set->evtchn = xenevtchn_open(&xen->logger, 0);
	if (!set->evtchn) {
		rc = chaos__xen_errno(xen);
		free(set);
		return rc;
	}
	*out = set;
	return 0;
}

void chaos__xen_consoles_close(struct chaos__xen_consoles *set)
{
	if (!set)
		return;
	xenevtchn_close(set->evtchn);
	free(set->of_port);
	free(set);
}

int chaos__xen_consoles_fd(const struct chaos__xen_consoles *set)
{
	return xenevtchn_fd(set->evtchn);
}

int chaos__xen_consoles_next(struct chaos__xen_consoles *set, void **arg)
{
	struct pollfd pfd = { .fd = chaos__xen_consoles_fd(set),
			      .events = POLLIN };
	xenevtchn_port_or_error_t port;

	while (poll(&pfd, 1, 0) > 0) {
		port = xenevtchn_pending(set->evtchn);
		if (port < 0)
			return chaos__xen_errno(set->xen);
		/* One that was closed since may still be told. */
		if ((size_t)port >= set->nr_ports || !set->of_port[port])
			continue;
		*arg = set->of_port[port]->arg;
		return 1;
	}
	return 0;
}

int chaos__xen_console_rearm(struct chaos__xen_console *con)
{
	if (xenevtchn_unmask(con->evtchn, con->port))
		return chaos__xen_errno(con->xen);
	return 0;
}

/* Ports are small numbers, given from the lowest on. */
static int join(struct chaos__xen_consoles *set, struct chaos__xen_console *con)
{
	size_t nr = set->nr_ports, port = con->port;
	void *bigger;

	if (port >= nr) {
		nr = port + port / 2 + 64;
		bigger = realloc(set->of_port, nr * sizeof(*set->of_port));
		if (!bigger)
			return -ENOMEM;
		set->of_port = bigger;
		memset(set->of_port + set->nr_ports, 0,
		       (nr - set->nr_ports) * sizeof(*set->of_port));
		set->nr_ports = nr;
	}
	set->of_port[port] = con;
	con->set = set;
	return 0;
}

static void close_handle(struct chaos__xen_console *con,
			 struct chaos__xen_consoles *set)
{
	if (!set)
		xenevtchn_close(con->evtchn);
}

int chaos__xen_console_open(struct chaos__xen *xen, uint32_t domid,
			    const struct chaos__xen_console_where *where,
			    struct chaos__xen_consoles *set, void *arg,
			    struct chaos__xen_console **out, void **page)
{
	xenevtchn_port_or_error_t port;
	xen_pfn_t pfn = where->gfn;
	struct chaos__xen_console *con;
	int rc;

	con = calloc(1, sizeof(*con));
	if (!con)
		return -ENOMEM;
	xen->detail[0] = '\0';
	con->xen = xen;
	con->arg = arg;
	con->evtchn = set ? set->evtchn : xenevtchn_open(&xen->logger, 0);
	if (!con->evtchn) {
		rc = chaos__xen_errno(xen);
		goto err_free;
	}
	port = xenevtchn_bind_interdomain(con->evtchn, domid, where->port);
	if (port < 0) {
		/* Xen's word for a port that is bound already. */
		rc = errno == EINVAL ? -EBUSY : chaos__xen_errno(xen);
		goto err_close;
	}
	con->port = (evtchn_port_t)port;
	con->page = xc_map_foreign_pages(xen->xch, domid,
					 PROT_READ | PROT_WRITE, &pfn, 1);
	if (!con->page) {
		rc = chaos__xen_errno(xen);
		goto err_unbind;
	}
	rc = set ? join(set, con) : 0;
	if (rc)
		goto err_unmap;
	*out = con;
	*page = con->page;
	return 0;

err_unmap:
	munmap(con->page, CHAOS__PAGE_SIZE);
err_unbind:
	xenevtchn_unbind(con->evtchn, con->port);
err_close:
	close_handle(con, set);
err_free:
	free(con);
	return rc;
}

void chaos__xen_console_close(struct chaos__xen_console *con)
{
	if (!con)
		return;
	if (con->set)
		con->set->of_port[con->port] = NULL;
	munmap(con->page, CHAOS__PAGE_SIZE);
	xenevtchn_unbind(con->evtchn, con->port);
	close_handle(con, con->set);
	free(con);
}

int chaos__xen_console_fd(const struct chaos__xen_console *con)
{
	return xenevtchn_fd(con->evtchn);
}

int chaos__xen_console_event(struct chaos__xen_console *con)
{
	struct pollfd pfd = {
		.fd = xenevtchn_fd(con->evtchn),
		.events = POLLIN,
	};
	xenevtchn_port_or_error_t port;

	if (con->set || poll(&pfd, 1, 0) <= 0)
		return 0;
	port = xenevtchn_pending(con->evtchn);
	if (port < 0)
		return chaos__xen_errno(con->xen);
	if (xenevtchn_unmask(con->evtchn, (evtchn_port_t)port))
		return chaos__xen_errno(con->xen);
	return 0;
}

int chaos__xen_console_notify(struct chaos__xen_console *con)
{
	if (xenevtchn_notify(con->evtchn, con->port))
		return chaos__xen_errno(con->xen);
	return 0;
}

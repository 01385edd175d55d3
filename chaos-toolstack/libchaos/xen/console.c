// SPDX-License-Identifier: BSD-2-Clause
/* A guest's console: its page mapped, its event channel bound. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "private.h"

struct chaos__xen_console {
	struct chaos__xen *xen;
	xenevtchn_handle *evtchn;
	evtchn_port_t port;		/* ours */
	void *page;
};

int chaos__xen_console_open(struct chaos__xen *xen, uint32_t domid,
			    const struct chaos__xen_console_where *where,
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
	con->evtchn = xenevtchn_open(&xen->logger, 0);
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
	*out = con;
	*page = con->page;
	return 0;

err_unbind:
	xenevtchn_unbind(con->evtchn, con->port);
err_close:
	xenevtchn_close(con->evtchn);
err_free:
	free(con);
	return rc;
}

void chaos__xen_console_close(struct chaos__xen_console *con)
{
	if (!con)
		return;
	munmap(con->page, CHAOS__PAGE_SIZE);
	xenevtchn_unbind(con->evtchn, con->port);
	xenevtchn_close(con->evtchn);
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

	if (poll(&pfd, 1, 0) <= 0)
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

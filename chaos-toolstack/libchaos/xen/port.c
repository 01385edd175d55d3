// SPDX-License-Identifier: BSD-2-Clause
/* An event channel of our own domain that Xen itself raises. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "private.h"

struct chaos__xen_port {
	struct chaos__xen *xen;
	xenevtchn_handle *evtchn;
};

int chaos__xen_port_open(struct chaos__xen *xen, uint32_t self,
			 struct chaos__xen_port **out, uint32_t *number)
{
	struct chaos__xen_port *p;
	int r, rc;

	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	xen->detail[0] = '\0';
	p->xen = xen;
	p->evtchn = xenevtchn_open(&xen->logger, 0);
	if (!p->evtchn) {
		rc = chaos__xen_errno(xen);
		goto err_free;
	}
	r = xenevtchn_bind_unbound_port(p->evtchn, self);
	if (r < 0) {
		rc = chaos__xen_errno(xen);
		goto err_close;
	}
	*out = p;
	*number = (uint32_t)r;
	return 0;

err_close:
	xenevtchn_close(p->evtchn);
err_free:
	free(p);
	return rc;
}

void chaos__xen_port_close(struct chaos__xen_port *p)
{
	if (!p)
		return;
	/* Which closes the port too. */
	xenevtchn_close(p->evtchn);
	free(p);
}

int chaos__xen_port_fd(const struct chaos__xen_port *p)
{
	return xenevtchn_fd(p->evtchn);
}

int chaos__xen_port_clear(struct chaos__xen_port *p)
{
	struct pollfd pfd = {
		.fd = xenevtchn_fd(p->evtchn),
		.events = POLLIN,
	};
	xenevtchn_port_or_error_t port;

	if (poll(&pfd, 1, 0) <= 0)
		return 0;
	port = xenevtchn_pending(p->evtchn);
	if (port < 0 || xenevtchn_unmask(p->evtchn, (evtchn_port_t)port))
		return chaos__xen_errno(p->xen);
	return 1;
}

// SPDX-License-Identifier: BSD-2-Clause
/* A port of ours that Xen raises with every change of a domain. */
#include <poll.h>

#include <noxs/noxs.h>

#include "watch.h"

int chaos__watch_open(struct chaos *ctx, struct chaos__watch *w)
{
	struct chaos__xen_port *port = NULL;
	struct xen_noxs_watch op = { 0 };
	int rc;

	rc = chaos__need_noxs(ctx);
	if (!rc)
		rc = chaos__xen_port_open(ctx->xen, noxs_version(ctx->nx)->domid,
					  &port, &op.port);
	if (rc)
		return rc;
	rc = noxs_watch(ctx->nx, &op);
	if (rc) {
		chaos__xen_port_close(port);
		return rc;
	}
	w->port = port;
	w->number = op.port;
	return 0;
}

void chaos__watch_close(struct chaos *ctx, struct chaos__watch *w)
{
	struct xen_noxs_watch op = {
		.port = w->number,
		.flags = XEN_NOXS_WATCH_OFF,
	};

	if (!w->port)
		return;
	/* The port may be another's right after: let go of it before. */
	noxs_watch(ctx->nx, &op);
	chaos__xen_port_close(w->port);
	w->port = NULL;
}

void chaos__watch_wait(struct chaos__watch *w, int timeout_ms)
{
	struct pollfd pfd = {
		.fd = chaos__xen_port_fd(w->port),
		.events = POLLIN,
	};

	if (poll(&pfd, 1, timeout_ms) > 0)
		chaos__xen_port_clear(w->port);
}

// SPDX-License-Identifier: BSD-2-Clause
/* Event channels through libxenevtchn; the one file that knows its errors. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include <xenevtchn.h>

#include "evtchn.h"

#define BATCH	64u

struct nbl_evtchn {
	xenevtchn_handle *xce;
	/* Ports that were read and not yet handed out: buf[next..nr-1]. */
	unsigned int next, nr;
	bool drained;		/* the last read found no more than it took */
	evtchn_port_t buf[BATCH];
};

int nbl_evtchn_open(struct nbl_evtchn **out)
{
	struct nbl_evtchn *ec;
	int fd, fl, rc;

	ec = calloc(1, sizeof(*ec));
	if (!ec)
		return -ENOMEM;
	errno = 0;
	ec->xce = xenevtchn_open(NULL, 0);
	if (!ec->xce) {
		rc = errno ? -errno : -EIO;
		goto err_free;
	}
	/*
	 * Without O_NONBLOCK a second look for a pending port would sleep; the
	 * warning in xenevtchn.h is about kernels before noxs's time.
	 */
	fd = xenevtchn_fd(ec->xce);
	fl = fcntl(fd, F_GETFL);
	if (fl < 0 || fcntl(fd, F_SETFL, fl | O_NONBLOCK)) {
		rc = -errno;
		goto err_close;
	}
	*out = ec;
	return 0;

err_close:
	xenevtchn_close(ec->xce);
err_free:
	free(ec);
	return rc;
}

void nbl_evtchn_close(struct nbl_evtchn *ec)
{
	if (!ec)
		return;
	xenevtchn_close(ec->xce);
	free(ec);
}

int nbl_evtchn_fd(const struct nbl_evtchn *ec)
{
	return xenevtchn_fd(ec->xce);
}

int nbl_evtchn_alloc(struct nbl_evtchn *ec, uint16_t domid, uint32_t *port)
{
	int r = xenevtchn_bind_unbound_port(ec->xce, domid);

	if (r < 0)
		return -errno;
	*port = (uint32_t)r;
	return 0;
}

int nbl_evtchn_bind(struct nbl_evtchn *ec, uint16_t domid, uint32_t remote,
		    uint32_t *port)
{
	int r = xenevtchn_bind_interdomain(ec->xce, domid, remote);

	if (r < 0)
		return -errno;
	*port = (uint32_t)r;
	return 0;
}

int nbl_evtchn_free(struct nbl_evtchn *ec, uint32_t port)
{
	return xenevtchn_unbind(ec->xce, port) < 0 ? -errno : 0;
}

/*
 * xenevtchn_pending() takes one port by one system call, and another to find
 * that there is no more.  Linux's device gives as many as are asked for
 * (<linux/xen/evtchn.h>: "read and write port numbers").
 */
int nbl_evtchn_pending(struct nbl_evtchn *ec, uint32_t *port)
{
	ssize_t n;

	if (ec->next == ec->nr) {
		if (ec->drained) {
			ec->drained = false;
			return -EAGAIN;
		}
		n = read(xenevtchn_fd(ec->xce), ec->buf, sizeof(ec->buf));
		if (n < 0)
			return errno == EINTR ? -EAGAIN : -errno;
		ec->next = 0;
		ec->nr = (unsigned int)((size_t)n / sizeof(ec->buf[0]));
		ec->drained = ec->nr < BATCH;
		if (!ec->nr)
			return -EAGAIN;
	}
	*port = ec->buf[ec->next++];
	return 0;
}

int nbl_evtchn_unmask(struct nbl_evtchn *ec, uint32_t port)
{
	return xenevtchn_unmask(ec->xce, port) < 0 ? -errno : 0;
}

int nbl_evtchn_notify(struct nbl_evtchn *ec, uint32_t port)
{
	return xenevtchn_notify(ec->xce, port) < 0 ? -errno : 0;
}

// SPDX-License-Identifier: BSD-2-Clause
/*
 * A PV guest's state back to libxenguest, which reads it from a file
 * descriptor.
 *
 *   source -> caller: checked parts -> socket -> thread: xc_domain_restore()
 *
 * As in save-pv.c, the source runs in the caller's thread, and each side ends
 * the other by closing its end.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xenguest.h>

#include "state.h"

/* A thread that no signal reaches: they are for the program's own.  Writing
 * to a closed socket then is an error and nothing more. */
int chaos__state_thread(pthread_t *thread, void *(*run)(void *), void *arg)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(thread, NULL, run, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

struct reader {
	struct chaos__xen_build *b;
	int fd;
	unsigned long console_mfn;
	int rc;
};

static void *read_stream(void *arg)
{
	struct restore_callbacks callbacks = { 0 };
	unsigned long store_mfn = 0;
	struct reader *r = arg;
	struct chaos__xen *xen = r->b->xen;

	errno = 0;
	r->rc = xc_domain_restore(xen->xch, r->fd, r->b->domid, 0, &store_mfn,
				  0, r->b->console_port, &r->console_mfn, 0,
				  XC_STREAM_PLAIN, &callbacks, -1) ?
		chaos__xen_errno(xen) : 0;
	close(r->fd);
	return NULL;
}

static int send_part(int fd, const uint8_t *data, size_t size)
{
	ssize_t n;

	for (; size; data += n, size -= (size_t)n) {
		n = send(fd, data, size, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n < 0)
			return -errno;
	}
	return 0;
}

/* *gone: the library reads no more; why is its business to say. */
static int send_parts(struct chaos__input *in, int fd, bool *gone)
{
	int rc = 0;

	while (!rc && in->type == CHAOS__CHUNK_PV_STREAM) {
		rc = send_part(fd, in->data, in->size);
		*gone = rc == -EPIPE || rc == -ECONNRESET;
		if (!rc)
			rc = chaos__input_next(in);
	}
	return rc;
}

int chaos__state_get_pv(struct chaos__input *in, uint64_t *console_mfn)
{
	struct reader r = { .b = in->b };
	bool gone = false;
	pthread_t thread;
	int fd[2], rc;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd))
		return -errno;
	r.fd = fd[1];
	rc = -chaos__state_thread(&thread, read_stream, &r);
	if (rc) {
		close(fd[1]);
		close(fd[0]);
		return rc;
	}
	rc = send_parts(in, fd[0], &gone);
	close(fd[0]);
	pthread_join(thread, NULL);
	if (rc && !gone)
		return rc;
	if (r.rc || rc)
		return r.rc ? r.rc : rc;
	*console_mfn = r.console_mfn;
	return 0;
}

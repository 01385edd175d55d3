// SPDX-License-Identifier: BSD-2-Clause
/*
 * A PV guest's state as libxenguest writes it: page tables and p2m are its
 * business.  It wants a file descriptor; we want chunks.
 *
 *   thread: xc_domain_save() -> socket -> caller: parts of 1 MB -> sink
 *
 * The sink is the caller's and runs in its thread; nothing else of Xen may be
 * asked through this handle meanwhile.  Each side ends the other by closing
 * its end, so neither waits for one that gave up.
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

struct writer {
	struct chaos__xen *xen;
	uint32_t domid;
	int fd;
	int rc;
};

/* libxenguest asks for it although it has been. */
static int is_suspended(void *data)
{
	(void)data;
	return 1;
}

static void *write_stream(void *arg)
{
	struct save_callbacks callbacks = { .suspend = is_suspended };
	struct writer *w = arg;

	errno = 0;
	w->rc = xc_domain_save(w->xen->xch, w->fd, w->domid, 0, &callbacks,
			       XC_STREAM_PLAIN, -1) ?
		chaos__xen_errno(w->xen) : 0;
	close(w->fd);
	return NULL;
}

/* Until the part is full or the stream ends; how much, or -errno. */
static ssize_t read_part(int fd, uint8_t *buf, size_t size)
{
	size_t done = 0;
	ssize_t n;

	while (done < size) {
		n = recv(fd, buf + done, size - done, MSG_WAITALL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

static int put_parts(int fd, uint8_t *buf, const struct chaos__sink *sink,
		     uint64_t *nr_bytes)
{
	ssize_t n;
	int rc;

	for (;;) {
		n = read_part(fd, buf, CHAOS__MAX_STREAM_PART);
		if (n <= 0)
			return (int)n;
		rc = chaos__state_put(sink, CHAOS__CHUNK_PV_STREAM, buf,
				      (size_t)n);
		if (rc)
			return rc;
		*nr_bytes += (uint64_t)n;
	}
}

int chaos__state_put_pv(struct chaos__xen *xen, uint32_t domid,
			const struct chaos__sink *sink,
			struct chaos__chunk_end *end)
{
	struct writer w = { .xen = xen, .domid = domid };
	pthread_t thread;
	uint8_t *buf;
	int fd[2], rc;

	buf = malloc(CHAOS__MAX_STREAM_PART);
	if (!buf)
		return -ENOMEM;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd)) {
		rc = -errno;
		goto err_free;
	}
	w.fd = fd[1];
	rc = -chaos__state_thread(&thread, write_stream, &w);
	if (rc) {
		close(fd[1]);
		goto err_close;
	}
	rc = put_parts(fd[0], buf, sink, &end->nr_bytes);
	close(fd[0]);
	pthread_join(thread, NULL);
	free(buf);
	/* The sink's error made the writer fail, not the other way round. */
	return rc ? rc : w.rc;

err_close:
	close(fd[0]);
err_free:
	free(buf);
	return rc;
}

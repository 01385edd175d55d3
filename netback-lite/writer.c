// SPDX-License-Identifier: BSD-2-Clause
/*
 * Batches of frames to TAPs.
 *
 * A TAP is non-blocking, so io_uring writes each frame within the call that submits
 * it, in order, and leaves none for later.  The ring can do nothing but
 * write: system calls made by it are not seen by the sandbox's filter.
 */
#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <unistd.h>

#include "writer.h"

struct nbl_writer {
	bool batches;		/* ring is there */
	unsigned int nr;
	struct {
		int fd;
		struct nbl_packet *packet;
	} todo[NBL_BATCH_PKTS];
	struct io_uring ring;
};

/* liburing 2.3 forgets to export its own functions for these two. */
static int ring_restrict(const struct io_uring *ring)
{
	struct io_uring_restriction allowed[] = {
		{ .opcode = IORING_RESTRICTION_SQE_OP,
		  .sqe_op = IORING_OP_WRITE },
		{ .opcode = IORING_RESTRICTION_SQE_FLAGS_ALLOWED,
		  .sqe_flags = 0 },
	};

	return io_uring_register((unsigned int)ring->ring_fd,
				 IORING_REGISTER_RESTRICTIONS, allowed, 2);
}

static int ring_enable(const struct io_uring *ring)
{
	return io_uring_register((unsigned int)ring->ring_fd,
				 IORING_REGISTER_ENABLE_RINGS, NULL, 0);
}

/* It begins disabled: nothing can be submitted that is not restricted. */
static int ring_open(struct io_uring *ring)
{
	struct io_uring_params params = { .flags = IORING_SETUP_R_DISABLED };
	int rc;

	rc = io_uring_queue_init_params(NBL_BATCH_PKTS, ring, &params);
	if (rc)
		return rc;
	rc = ring_restrict(ring);
	if (!rc)
		rc = ring_enable(ring);
	if (!rc)
		rc = io_uring_ring_dontfork(ring);
	if (rc)
		io_uring_queue_exit(ring);
	return rc;
}

int nbl_writer_create(struct nbl_writer **out)
{
	struct nbl_writer *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	w->batches = !ring_open(&w->ring);
	*out = w;
	return 0;
}

void nbl_writer_destroy(struct nbl_writer *w)
{
	if (w && w->batches)
		io_uring_queue_exit(&w->ring);
	free(w);
}

bool nbl_writer_batches(const struct nbl_writer *w)
{
	return w->batches;
}

void nbl_writer_add(struct nbl_writer *w, int fd, struct nbl_packet *p)
{
	p->written = -EINPROGRESS;
	w->todo[w->nr].fd = fd;
	w->todo[w->nr++].packet = p;
}

static size_t packet_size(const struct nbl_packet *p)
{
	return sizeof(*p->hdr) + p->len;
}

static void ring_submit(struct nbl_writer *w)
{
	struct io_uring_sqe *sqe;
	struct nbl_packet *p;
	unsigned int i;

	for (i = 0; i < w->nr; i++) {
		p = w->todo[i].packet;
		sqe = io_uring_get_sqe(&w->ring);
		io_uring_prep_write(sqe, w->todo[i].fd, p->hdr,
				    (unsigned int)packet_size(p), 0);
		io_uring_sqe_set_data(sqe, p);
	}
}

/*
 * A ring that still has some, taken or not, would write them later, from memory that
 * is others' by then: it goes, and they with it.  TAPs are never the cause, whose
 * queues refuse nothing but for want of memory.
 */
static void ring_give_up(struct nbl_writer *w, unsigned int taken)
{
	unsigned int i;

	io_uring_queue_exit(&w->ring);
	w->batches = false;
	for (i = 0; i < taken; i++)
		if (w->todo[i].packet->written == -EINPROGRESS)
			w->todo[i].packet->written = -EAGAIN;
}

/* Those that the kernel did not take are in progress afterwards. */
static void ring_flush(struct nbl_writer *w)
{
	struct io_uring_cqe *cqe;
	struct nbl_packet *p;
	unsigned int done = 0;
	int taken;

	ring_submit(w);
	taken = io_uring_submit(&w->ring);
	while (done < w->nr && !io_uring_peek_cqe(&w->ring, &cqe)) {
		p = io_uring_cqe_get_data(cqe);
		p->written = cqe->res < 0 ? cqe->res : 0;
		io_uring_cqe_seen(&w->ring, cqe);
		done++;
	}
	if (done < w->nr)
		ring_give_up(w, taken > 0 ? (unsigned int)taken : 0);
}

void nbl_writer_flush(struct nbl_writer *w)
{
	struct nbl_packet *p;
	unsigned int i;

	if (w->batches && w->nr > 1)
		ring_flush(w);
	for (i = 0; i < w->nr; i++) {
		p = w->todo[i].packet;
		if (p->written != -EINPROGRESS)
			continue;
		p->written = write(w->todo[i].fd, p->hdr, packet_size(p)) < 0
			     ? -errno : 0;
	}
	w->nr = 0;
}

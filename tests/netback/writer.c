// SPDX-License-Identifier: BSD-2-Clause
/* Batches of frames, by io_uring and without it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <liburing.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <writer.h>

#define FRAME	60u

struct packet {
	struct virtio_net_hdr hdr;
	uint8_t frame[FRAME];
};

struct state {
	struct nbl_writer *w;
	int fd, peer;
	struct packet memory[NBL_BATCH_PKTS];
	struct nbl_packet packet[NBL_BATCH_PKTS];
};

static bool no_ring;
static unsigned int keep;	/* of the submissions that many are not taken */

int __real_io_uring_queue_init_params(unsigned int entries,
				      struct io_uring *ring,
				      struct io_uring_params *p);
int __wrap_io_uring_queue_init_params(unsigned int entries,
				      struct io_uring *ring,
				      struct io_uring_params *p);
int __real_io_uring_submit(struct io_uring *ring);
int __wrap_io_uring_submit(struct io_uring *ring);

int __wrap_io_uring_queue_init_params(unsigned int entries,
				      struct io_uring *ring,
				      struct io_uring_params *p)
{
	return no_ring ? -EPERM
		       : __real_io_uring_queue_init_params(entries, ring, p);
}

/* As a kernel that has no memory for the last ones. */
int __wrap_io_uring_submit(struct io_uring *ring)
{
	ring->sq.sqe_tail -= keep;
	return __real_io_uring_submit(ring);
}

static int setup(void **state)
{
	static struct state s;
	unsigned int i;
	int fds[2];

	memset(&s, 0, sizeof(s));
	if (nbl_writer_create(&s.w) ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fds))
		return -1;
	s.fd = fds[0];
	s.peer = fds[1];
	for (i = 0; i < NBL_BATCH_PKTS; i++) {
		memset(s.memory[i].frame, (int)i, FRAME);
		s.packet[i].hdr = &s.memory[i].hdr;
		s.packet[i].frame = s.memory[i].frame;
		s.packet[i].len = FRAME;
	}
	*state = &s;
	return 0;
}

static int setup_without(void **state)
{
	no_ring = true;
	return setup(state);
}

static int teardown(void **state)
{
	struct state *s = *state;

	nbl_writer_destroy(s->w);
	close(s->fd);
	close(s->peer);
	no_ring = false;
	keep = 0;
	return 0;
}

/* The next one that came is the number-th. */
static void assert_came(struct state *s, unsigned int number)
{
	struct packet p;

	assert_int_equal(read(s->peer, &p, sizeof(p)), sizeof(p));
	assert_int_equal(p.frame[0], number);
	assert_int_equal(p.frame[FRAME - 1], number);
}

static void in_order(void **state)
{
	struct state *s = *state;
	unsigned int round, i, nr;

	for (round = 0; round < 50; round++) {
		nr = 1 + round % NBL_BATCH_PKTS;
		for (i = 0; i < nr; i++)
			nbl_writer_add(s->w, s->fd, &s->packet[i]);
		nbl_writer_flush(s->w);
		for (i = 0; i < nr; i++) {
			assert_int_equal(s->packet[i].written, 0);
			assert_came(s, i);
		}
	}
}

static void full_batch(void **state)
{
	struct state *s = *state;
	unsigned int i;

	for (i = 0; i < NBL_BATCH_PKTS; i++)
		nbl_writer_add(s->w, s->fd, &s->packet[i]);
	nbl_writer_flush(s->w);
	for (i = 0; i < NBL_BATCH_PKTS; i++)
		assert_came(s, i);
}

static void nothing(void **state)
{
	struct state *s = *state;
	struct packet p;

	nbl_writer_flush(s->w);
	assert_true(read(s->peer, &p, sizeof(p)) < 0);
}

/* One that cannot be written is the others' business in nothing. */
static void each_has_its_result(void **state)
{
	struct state *s = *state;

	nbl_writer_add(s->w, s->fd, &s->packet[0]);
	nbl_writer_add(s->w, -1, &s->packet[1]);
	nbl_writer_add(s->w, s->fd, &s->packet[2]);
	nbl_writer_flush(s->w);
	assert_int_equal(s->packet[0].written, 0);
	assert_int_equal(s->packet[1].written, -EBADF);
	assert_int_equal(s->packet[2].written, 0);
	assert_came(s, 0);
	assert_came(s, 2);
}

/* A queue that is full says so at once: nothing waits, nothing comes later. */
static void full_queue(void **state)
{
	struct state *s = *state;
	unsigned int taken = 0, refused = 0, came = 0, i, round;
	struct packet p;

	for (round = 0; round < 100 && !refused; round++) {
		for (i = 0; i < NBL_BATCH_PKTS; i++)
			nbl_writer_add(s->w, s->fd, &s->packet[i]);
		nbl_writer_flush(s->w);
		for (i = 0; i < NBL_BATCH_PKTS; i++) {
			if (!s->packet[i].written) {
				taken++;
				continue;
			}
			assert_int_equal(s->packet[i].written, -EAGAIN);
			refused++;
		}
	}
	assert_true(refused > 0);
	while (read(s->peer, &p, sizeof(p)) == sizeof(p))
		came++;
	assert_int_equal(came, taken);
}

static void a_ring_is_used(void **state)
{
	struct state *s = *state;
	struct io_uring probe;

	/* Where the machine's own policy forbids it there is nothing to show. */
	if (io_uring_queue_init(4, &probe, 0))
		skip();
	io_uring_queue_exit(&probe);
	assert_true(nbl_writer_batches(s->w));
}

static void without_a_ring(void **state)
{
	struct state *s = *state;

	assert_false(nbl_writer_batches(s->w));
	in_order(state);
	each_has_its_result(state);
}

/* What the kernel leaves is written another way, once, and the ring is given up. */
static void part_is_taken(void **state)
{
	struct state *s = *state;
	struct packet p;
	unsigned int i;

	if (!nbl_writer_batches(s->w))
		skip();
	keep = 3;
	for (i = 0; i < 10; i++)
		nbl_writer_add(s->w, s->fd, &s->packet[i]);
	nbl_writer_flush(s->w);
	assert_false(nbl_writer_batches(s->w));
	for (i = 0; i < 10; i++) {
		assert_int_equal(s->packet[i].written, 0);
		assert_came(s, i);
	}
	assert_true(read(s->peer, &p, sizeof(p)) < 0);
	in_order(state);
}

#define WITH(setup, test) \
	cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(setup, in_order),
		WITH(setup, full_batch),
		WITH(setup, nothing),
		WITH(setup, each_has_its_result),
		WITH(setup, full_queue),
		WITH(setup, a_ring_is_used),
		WITH(setup_without, without_a_ring),
		WITH(setup_without, full_queue),
		WITH(setup, part_is_taken),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("netback-writer", tests, NULL,
					   NULL);
}

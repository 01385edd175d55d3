// SPDX-License-Identifier: BSD-2-Clause
/* chaosd's look at the network backend, which is a socket of the test. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <noxs/netback.h>

#include "backend.h"

struct world {
	sd_event *event;
	struct backend *backend;
	struct sockaddr_un sa;
	int listener, fd;
	unsigned int nr_gone, nr_back;
};

static void gone(void *arg)
{
	((struct world *)arg)->nr_gone++;
}

static void back(void *arg)
{
	((struct world *)arg)->nr_back++;
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct backend_calls calls = { gone, back, w };

	w->sa.sun_family = AF_UNIX;
	snprintf(w->sa.sun_path, sizeof(w->sa.sun_path),
		 "/tmp/toolstack-backend-%d", getpid());
	unlink(w->sa.sun_path);
	w->listener = w->fd = -1;
	assert_true(sd_event_new(&w->event) >= 0);
	assert_int_equal(backend_open(w->event, w->sa.sun_path, &calls,
				      &w->backend), 0);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	backend_close(w->backend);
	sd_event_unref(w->event);
	close(w->fd);
	close(w->listener);
	unlink(w->sa.sun_path);
	free(w);
	return 0;
}

/* The loop, for that long.  How often it woke up. */
static unsigned int turn(struct world *w, unsigned int ms)
{
	unsigned int n = 0;
	uint64_t now, end;

	assert_true(sd_event_now(w->event, CLOCK_MONOTONIC, &now) >= 0);
	end = now + ms * 1000u;
	while (now < end) {
		n += sd_event_run(w->event, end - now) > 0;
		sd_event_now(w->event, CLOCK_MONOTONIC, &now);
	}
	return n;
}

static void start(struct world *w)
{
	unlink(w->sa.sun_path);
	w->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(w->listener, (struct sockaddr *)&w->sa,
			      sizeof(w->sa)), 0);
	assert_int_equal(listen(w->listener, 4), 0);
}

/* As a process that ends. */
static void end(struct world *w)
{
	close(w->fd);
	close(w->listener);
	w->fd = w->listener = -1;
}

static void accept_it(struct world *w)
{
	unsigned int i;

	for (i = 0; i < 300 && w->fd < 0; i++) {
		turn(w, 10);
		w->fd = accept(w->listener, NULL, NULL);
	}
	assert_true(w->fd >= 0);
}

static void answer(struct world *w, uint32_t magic)
{
	struct noxs_netback_request req;
	struct noxs_netback_reply reply = { .magic = magic };

	assert_int_equal(read(w->fd, &req, sizeof(req)), sizeof(req));
	assert_int_equal(req.op, NOXS_NETBACK_HELLO);
	reply.version = req.version;
	reply.op = req.op;
	reply.cookie = req.cookie;
	assert_int_equal(write(w->fd, &reply, sizeof(reply)), sizeof(reply));
}

static void test_restart(void **state)
{
	struct world *w = *state;
	unsigned int i;

	start(w);
	for (i = 1; i <= 3; i++) {
		accept_it(w);
		turn(w, 20);
		assert_int_equal(w->nr_back, i - 1);
		answer(w, NOXS_NETBACK_MAGIC);
		turn(w, 20);
		assert_int_equal(w->nr_back, i);
		assert_int_equal(w->nr_gone, i - 1);
		end(w);
		start(w);
		turn(w, 20);
		assert_int_equal(w->nr_gone, i);
	}
}

/* It is not there for a while: looked for, and not without end. */
static void test_away(void **state)
{
	struct world *w = *state;
	unsigned int n = turn(w, 2000);

	/* 0, 50, 150, 350, 750, 1550 ms */
	assert_in_range(n, 3, 8);
	assert_int_equal(w->nr_gone, 0);
	start(w);
	accept_it(w);
	answer(w, NOXS_NETBACK_MAGIC);
	turn(w, 20);
	assert_int_equal(w->nr_back, 1);
}

/* It hangs up on whoever comes, or talks nonsense: it was never there. */
static void test_never_there(void **state)
{
	struct world *w = *state;
	unsigned int i;

	start(w);
	for (i = 0; i < 3; i++) {
		accept_it(w);
		if (i)
			answer(w, 1);
		turn(w, 20);
		close(w->fd);
		w->fd = -1;
	}
	turn(w, 50);
	assert_int_equal(w->nr_back, 0);
	assert_int_equal(w->nr_gone, 0);
}

/* More than it was asked for: the end of it. */
static void test_talks(void **state)
{
	struct world *w = *state;

	start(w);
	accept_it(w);
	answer(w, NOXS_NETBACK_MAGIC);
	turn(w, 20);
	assert_int_equal(write(w->fd, "x", 1), 1);
	turn(w, 20);
	assert_int_equal(w->nr_gone, 1);
	/* And ours is closed. */
	assert_int_equal(send(w->fd, "x", 1, MSG_NOSIGNAL), -1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_restart), T(test_away), T(test_never_there),
		T(test_talks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

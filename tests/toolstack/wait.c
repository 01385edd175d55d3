// SPDX-License-Identifier: BSD-2-Clause
/* Waiting for a domain's state. */
#include "fixture.h"

#include <errno.h>
#include <string.h>

static struct fixture *world;
static uint32_t waited;
static unsigned int after;	/* looks, until it happens */
static void (*happen)(void);

static void on_point(const char *where)
{
	if (!strcmp(where, "xen get") && after && !--after)
		happen();
}

static int wait_for(struct fixture *f, uint32_t domid, unsigned int states,
		    unsigned int looks, void (*fn)(void), unsigned int *reached)
{
	int rc;

	world = f;
	waited = domid;
	after = looks;
	happen = fn;
	fail_hook = on_point;
	rc = chaos_wait(f->ctx, domid, states, 500, reached);
	fail_hook = NULL;
	return rc;
}

static void shut_down(void)
{
	fake_xen.domain[waited].dom.shutdown = true;
}

static void crash(void)
{
	fake_xen.domain[waited].dom.shutdown = true;
	fake_xen.domain[waited].dom.shutdown_code = 3;
}

static void go(void)
{
	fake_xen.domain[waited].used = false;
}

static void crash_and_tell(void)
{
	crash();
	fake_hyp_raise();
}

static void replace(void)
{
	fake_xen.domain[waited].dom.uuid[0] ^= 1;
}

static void cancel(void)
{
	chaos_cancel(world->ctx);
}

static void test_at_once(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = fixture_create(f, "web", 0);
	unsigned int reached = 0;

	assert_int_equal(chaos_wait(f->ctx, domid,
				    CHAOS_WAIT_STATE(CHAOS_STATE_RUNNING), 0,
				    &reached), 0);
	assert_int_equal(reached, CHAOS_WAIT_STATE(CHAOS_STATE_RUNNING));
	assert_int_equal(chaos_wait(f->ctx, 99, CHAOS_WAIT_GONE, 0, &reached),
			 0);
	assert_int_equal(reached, CHAOS_WAIT_GONE);
	assert_int_equal(chaos_nr_errors(f->ctx), 0);
	assert_int_equal(chaos_wait(f->ctx, 99,
				    CHAOS_WAIT_STATE(CHAOS_STATE_PAUSED), 0,
				    &reached), -ESRCH);
}

static void test_reached(void **state)
{
	struct fixture *f = *state;
	unsigned int ends = CHAOS_WAIT_STATE(CHAOS_STATE_SHUTDOWN) |
			    CHAOS_WAIT_STATE(CHAOS_STATE_CRASHED), reached;
	uint32_t a = fixture_create(f, "a", 0), b = fixture_create(f, "b", 0);

	assert_int_equal(wait_for(f, a, ends, 3, shut_down, &reached), 0);
	assert_int_equal(reached, CHAOS_WAIT_STATE(CHAOS_STATE_SHUTDOWN));
	assert_int_equal(wait_for(f, b, ends, 2, crash, &reached), 0);
	assert_int_equal(reached, CHAOS_WAIT_STATE(CHAOS_STATE_CRASHED));
	assert_int_equal(wait_for(f, a, CHAOS_WAIT_GONE, 3, go, &reached), 0);
	/* Another domain with its number: the one waited for is gone. */
	assert_int_equal(wait_for(f, b, CHAOS_WAIT_GONE, 3, replace, &reached),
			 0);
	assert_int_equal(reached, CHAOS_WAIT_GONE);
}

static void test_not_reached(void **state)
{
	unsigned int paused = CHAOS_WAIT_STATE(CHAOS_STATE_PAUSED), reached = 7;
	struct fixture *f = *state;
	uint32_t domid = fixture_create(f, "web", 0);

	assert_int_equal(chaos_wait(f->ctx, domid, paused, 120, &reached),
			 -ETIMEDOUT);
	assert_int_equal(wait_for(f, domid, paused, 2, cancel, &reached),
			 -ECANCELED);
	/* The next call is not cancelled. */
	assert_int_equal(chaos_wait(f->ctx, domid, paused, 0, &reached),
			 -ETIMEDOUT);
	fail_nth(1);
	assert_int_equal(chaos_wait(f->ctx, domid, paused, 0, &reached), -EIO);
	fail_never();
	assert_int_equal(wait_for(f, domid, paused, 2, go, &reached), -ESRCH);
	assert_error(f, "it has gone");
	assert_int_equal(reached, 7);
}

/* Xen says when; who cannot listen looks again and again. */
static void test_told(void **state)
{
	unsigned int crashed = CHAOS_WAIT_STATE(CHAOS_STATE_CRASHED), reached;
	struct fixture *f = *state;
	uint32_t a = fixture_create(f, "a", 0), b = fixture_create(f, "b", 0);
	unsigned int i;

	assert_int_equal(wait_for(f, a, crashed, 3, crash_and_tell, &reached),
			 0);
	assert_int_equal(fake_hyp.nr_watched, 1);
	assert_int_equal(fake_hyp_nr_watches(), 0);
	/* Of this one it says nothing. */
	assert_int_equal(chaos_wait(f->ctx, b,
				    CHAOS_WAIT_STATE(CHAOS_STATE_IDLE), 10,
				    &reached), -ETIMEDOUT);
	assert_int_equal(fake_hyp.nr_watched, 1);
	for (i = 0; i < FAKE_WATCHES; i++)
		fake_hyp.watch[i] = 16;
	assert_int_equal(wait_for(f, b, crashed, 4, crash, &reached), 0);
	memset(fake_hyp.watch, 0, sizeof(fake_hyp.watch));
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, \
						fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_at_once), T(test_reached), T(test_not_reached),
		T(test_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

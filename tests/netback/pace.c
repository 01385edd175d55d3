// SPDX-License-Identifier: BSD-2-Clause
/* Which scheduling policy a thread has for which traffic. */
#include "harness.h"

#include <errno.h>
#include <sched.h>

#include "pace.h"

#define STREAM	(4 * NBL_PACE_FRAMES)

static unsigned int calls;
static int refusal;

int __real_sched_setscheduler(pid_t pid, int policy,
			      const struct sched_param *param);
int __wrap_sched_setscheduler(pid_t pid, int policy,
			      const struct sched_param *param);

int __wrap_sched_setscheduler(pid_t pid, int policy,
			      const struct sched_param *param)
{
	calls++;
	if (refusal) {
		errno = refusal;
		return -1;
	}
	return __real_sched_setscheduler(pid, policy, param);
}

static void set_policy(int policy)
{
	const struct sched_param none = { 0 };

	assert_int_equal(__real_sched_setscheduler(0, policy, &none), 0);
}

static int setup(void **state)
{
	static struct nbl_pace pace;

	set_policy(SCHED_OTHER);
	memset(&pace, 0, sizeof(pace));
	nbl_pace_init(&pace);
	calls = 0;
	refusal = 0;
	*state = &pace;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	set_policy(SCHED_OTHER);
	return 0;
}

/* What the thread is after ms with so many frames to guests and from them. */
static int after(struct nbl_pace *pace, int64_t ms, unsigned int rx,
		 unsigned int tx)
{
	pace->rx += rx;
	pace->tx += tx;
	nbl_pace_look(pace, pace->since_ms + ms);
	return sched_getscheduler(0);
}

static void a_stream_to_guests(void **state)
{
	struct nbl_pace *p = *state;

	assert_int_equal(after(p, NBL_PACE_MS, STREAM, 0), SCHED_BATCH);
	assert_int_equal(after(p, NBL_PACE_MS, STREAM,
			       STREAM / NBL_PACE_ANSWERS), SCHED_BATCH);
	assert_int_equal(calls, 1);
	assert_int_equal(after(p, NBL_PACE_MS, 0, 0), SCHED_OTHER);
	assert_int_equal(after(p, NBL_PACE_MS, 0, 0), SCHED_OTHER);
	assert_int_equal(calls, 2);
}

static void a_conversation_is_none(void **state)
{
	struct nbl_pace *p = *state;

	assert_int_equal(after(p, NBL_PACE_MS, STREAM, STREAM), SCHED_OTHER);
	assert_int_equal(after(p, NBL_PACE_MS, STREAM,
			       STREAM / NBL_PACE_ANSWERS + 1), SCHED_OTHER);
	assert_int_equal(after(p, NBL_PACE_MS, 0, STREAM), SCHED_OTHER);
	assert_int_equal(calls, 0);
}

static void nor_are_rare_frames(void **state)
{
	struct nbl_pace *p = *state;

	assert_int_equal(after(p, NBL_PACE_MS, NBL_PACE_FRAMES - 1, 0),
			 SCHED_OTHER);
	/* As many, but with a pause. */
	assert_int_equal(after(p, 4 * NBL_PACE_MS + 1, STREAM, 0), SCHED_OTHER);
	assert_int_equal(calls, 0);
}

static void not_looked_at_sooner(void **state)
{
	struct nbl_pace *p = *state;

	p->rx = STREAM;
	nbl_pace_look(p, p->since_ms + NBL_PACE_MS - 1);
	assert_int_equal(sched_getscheduler(0), SCHED_OTHER);
	assert_int_equal(p->rx, STREAM);
	nbl_pace_look(p, p->since_ms + NBL_PACE_MS);
	assert_int_equal(sched_getscheduler(0), SCHED_BATCH);
}

static void other_policies_stay(void **state)
{
	struct nbl_pace *p = *state;

	set_policy(SCHED_IDLE);
	nbl_pace_init(p);
	assert_int_equal(after(p, NBL_PACE_MS, STREAM, 0), SCHED_IDLE);
	assert_int_equal(after(p, NBL_PACE_MS, 0, 0), SCHED_IDLE);
	assert_int_equal(calls, 0);
}

static void refused_is_not_asked_again(void **state)
{
	struct nbl_pace *p = *state;

	refusal = EPERM;
	assert_int_equal(after(p, NBL_PACE_MS, STREAM, 0), SCHED_OTHER);
	refusal = 0;
	assert_int_equal(after(p, NBL_PACE_MS, STREAM, 0), SCHED_OTHER);
	assert_int_equal(calls, 1);
}

/* Both kinds of frames are counted where they pass. */
static void frames_are_counted(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	static uint8_t frame[60];
	unsigned int i;

	/* Look at nothing meanwhile. */
	s->nb->pace.since_ms = INT64_MAX / 2;
	s->nb->pace.rx = s->nb->pace.tx = 0;
	guest_rx_post(g, 8);
	for (i = 0; i < 3; i++)
		net_send(g, frame, sizeof(frame), NULL);
	guest_tx(g, g->buf_ref[8], 0, sizeof(frame), 0, 0);
	guest_tx_push(g);
	turns(s->nb);
	assert_int_equal(s->nb->pace.rx, 3);
	assert_int_equal(s->nb->pace.tx, 1);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_stream_to_guests),
		TEST(a_conversation_is_none),
		TEST(nor_are_rare_frames),
		TEST(not_looked_at_sooner),
		TEST(other_policies_stay),
		TEST(refused_is_not_asked_again),
		cmocka_unit_test_setup_teardown(frames_are_counted,
						setup_connected,
						teardown_backend),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("netback-pace", tests, NULL, NULL);
}

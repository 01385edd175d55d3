// SPDX-License-Identifier: BSD-2-Clause
/* The power device: made with the domain, and commands to all sorts of guests. */
#include "fixture.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "power.h"

int __real_nanosleep(const struct timespec *ts, struct timespec *left);
int __wrap_nanosleep(const struct timespec *ts, struct timespec *left);

static unsigned int nr_sleeps, after;	/* sleeps, until it happens */
static void (*happen)(void);
static long longest_ns;

int __wrap_nanosleep(const struct timespec *ts, struct timespec *left)
{
	nr_sleeps++;
	if (ts->tv_nsec > longest_ns)
		longest_ns = ts->tv_nsec;
	if (after && !--after)
		happen();
	return __real_nanosleep(ts, left);
}

static struct fixture *world;
static uint32_t guest, id;

/* Remembers the command; the test answers it later. */
static void keep_id(uint32_t domid, const struct xen_noxs_power_back *back)
{
	(void)domid;
	id = back->cmd_id;
}

static int command(struct fixture *f, uint32_t domid, uint32_t cmd,
		   int timeout_ms)
{
	struct chaos__name_lock lock = { .fd = -1 };
	struct chaos__found found;
	int rc;

	world = f;
	guest = domid;
	rc = chaos__find(f->ctx, domid, &found);
	if (rc)
		return rc;
	rc = chaos__power_lock(f->ctx, &found, &lock);
	if (!rc)
		rc = chaos__power_command(f->ctx, &found, cmd, 4096,
					  timeout_ms);
	chaos__name_unlock(&lock);
	chaos__found_fini(&found);
	/* Whatever became of it, no command is left there. */
	if (rc != -ESRCH)
		assert_int_equal(fake_hyp.power[domid].back.cmd_id, 0);
	assert_int_equal(fake_hyp.nr_maps, 0);
	return rc;
}

static void later(unsigned int sleeps, void (*fn)(void))
{
	fake_hyp.driver = keep_id;
	after = sleeps;
	happen = fn;
}

static uint32_t create(struct fixture *f)
{
	uint32_t domid = fixture_create(f, "web", 0);

	nr_sleeps = 0;
	longest_ns = 0;
	after = 0;
	return domid;
}

static void test_add(void **state)
{
	struct fixture *f = *state;
	uint32_t a = create(f), b;
	const struct xen_noxs_power_back *back = &fake_hyp.power[a].back;

	assert_true(fake_hyp.power[a].added);
	assert_int_equal(back->hdr.magic, XEN_NOXS_BACK_MAGIC);
	assert_int_equal(back->hdr.version, XEN_NOXS_VERSION);
	assert_int_equal(back->hdr.size, sizeof(*back));
	assert_int_equal(back->hdr.state, XEN_NOXS_STATE_INIT);
	assert_int_equal(back->hdr.features, XEN_NOXS_POWER_F_ALL);
	assert_int_equal(back->cmd | back->cmd_id, 0);
	b = fixture_create(f, "web2", 0);
	assert_true(fake_hyp.power[b].added);
	/* Once per context. */
	assert_int_equal(fake_hyp.nr_opened, 1);
}

static void test_xen_without_noxs(void **state)
{
	struct fixture *f = *state;
	uint32_t domid;

	fake_hyp.open_rc = -ENOSYS;
	domid = create(f);
	assert_false(fake_hyp.power[domid].added);
	assert_int_equal(command(f, domid, XEN_NOXS_POWER_POWEROFF, 100),
			 -EOPNOTSUPP);
	assert_error(f, "this Xen has no noxs extension");
}

static void test_obeys(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = create(f);

	fake_hyp_connect(domid, 0);
	fake_hyp.driver = fake_hyp_obey;
	assert_int_equal(command(f, domid, XEN_NOXS_POWER_MEMORY, 100), 0);
	assert_int_equal(fake_hyp.power[domid].nr_commands, 1);
	assert_int_equal(command(f, domid, XEN_NOXS_POWER_POWEROFF, 100), 0);
	assert_int_equal(fake_hyp.power[domid].nr_commands, 2);
	assert_true(fake_xen.domain[domid].dom.shutdown);
	/* An answer that is there at once is not waited for. */
	assert_int_equal(nr_sleeps, 0);
}

static void ack(void)
{
	fake_hyp_ack(guest, id, 0);
}

static void test_obeys_later(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = create(f);

	fake_hyp_connect(domid, 0);
	later(20, ack);
	assert_int_equal(command(f, domid, XEN_NOXS_POWER_REBOOT, 2000), 0);
	assert_int_equal(nr_sleeps, 20);
	assert_int_equal(longest_ns, 20000000);
}

static void refuse(void)
{
	fake_hyp_ack(guest, id, EBUSY);
}

static void refuse_oddly(void)
{
	fake_hyp_ack(guest, id, 0xfffffff0u);
}

static void test_refuses(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = create(f);

	fake_hyp_connect(domid, 0);
	later(1, refuse);
	assert_int_equal(command(f, domid, XEN_NOXS_POWER_SUSPEND, 1000),
			 -ECONNREFUSED);
	assert_error(f, "it will not suspend: Device or resource busy");
	later(1, refuse_oddly);
	assert_int_equal(command(f, domid, XEN_NOXS_POWER_SUSPEND, 1000),
			 -ECONNREFUSED);
	assert_error(f, "no known reason");
}

static void test_silent(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = create(f);

	fake_hyp_connect(domid, 0);
	fake_hyp_ack(domid, 77, 0);	/* of a command of before */
	fake_hyp.driver = keep_id;
	assert_int_equal(command(f, domid, XEN_NOXS_POWER_POWEROFF, 150),
			 -ETIMEDOUT);
	assert_error(f, "did not answer in time");
	assert_int_not_equal(id, 0);
	assert_int_not_equal(id, 77);
	/* The next one has another number. */
	fake_hyp_ack(domid, id, 0);
	assert_int_equal(command(f, domid, XEN_NOXS_POWER_POWEROFF, 20),
			 -ETIMEDOUT);
}

static void connect(void)
{
	fake_hyp_connect(guest, 0);
	fake_hyp.driver = fake_hyp_obey;
}

static void test_without_driver(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = create(f);

	assert_int_equal(command(f, domid, XEN_NOXS_POWER_POWEROFF, 50),
			 -EOPNOTSUPP);
	assert_error(f, "no power driver");
	assert_int_equal(fake_hyp.power[domid].nr_commands, 0);
	/* One that is just coming up. */
	later(5, connect);
	assert_int_equal(command(f, domid, XEN_NOXS_POWER_POWEROFF, 2000), 0);
}

static void test_old_driver(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = create(f);

	fake_hyp_connect(domid, XEN_NOXS_POWER_F(XEN_NOXS_POWER_POWEROFF));
	assert_int_equal(command(f, domid, XEN_NOXS_POWER_SUSPEND, 1000),
			 -EOPNOTSUPP);
	assert_error(f, "its power driver cannot suspend");
	assert_int_equal(fake_hyp.power[domid].nr_commands, 0);
}

/* A guest that writes nonsense has no driver. */
static void test_liar(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = create(f);
	struct xen_noxs_power_front *front = fake_hyp_front(domid);
	const struct { size_t offset, size; } fields[] = {
#define FIELD(m) { offsetof(struct xen_noxs_power_front, m), \
		   sizeof(front->m) }
		FIELD(hdr.magic), FIELD(hdr.version), FIELD(hdr.size),
		FIELD(hdr.seq), FIELD(hdr.state), FIELD(hdr.generation),
		FIELD(hdr.pad),
	};
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		fake_hyp_connect(domid, 0);
		memset((char *)front + fields[i].offset, 0xff, fields[i].size);
		assert_int_equal(command(f, domid, XEN_NOXS_POWER_POWEROFF, 2),
				 -EOPNOTSUPP);
	}
	assert_int_equal(fake_hyp.power[domid].nr_commands, 0);
}

static void shut_down(void)
{
	fake_xen.domain[guest].dom.shutdown = true;
}

static void go(void)
{
	fake_xen.domain[guest].used = false;
}

static void replace(void)
{
	fake_xen.domain[guest].dom.uuid[3] ^= 1;
	fake_xen.domain[guest].serial = 999;
}

static void cancel(void)
{
	chaos_cancel(world->ctx);
}

static void test_ends_meanwhile(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = create(f);

	fake_hyp_connect(domid, 0);
	later(20, cancel);
	assert_int_equal(command(f, domid, XEN_NOXS_POWER_POWEROFF, 5000),
			 -ECANCELED);
	f->ctx->cancelled = 0;
	later(2, shut_down);
	assert_int_equal(command(f, domid, XEN_NOXS_POWER_POWEROFF, 5000), 0);
	fake_xen.domain[domid].dom.shutdown = false;
	later(20, go);
	assert_int_equal(command(f, domid, XEN_NOXS_POWER_POWEROFF, 5000),
			 -ESRCH);
	assert_error(f, "it has gone");
}

/* A number that is somebody else's by now. */
static void test_successor(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = create(f);
	struct chaos__found found;

	fake_hyp_connect(domid, 0);
	fake_hyp.driver = fake_hyp_obey;
	assert_int_equal(chaos__find(f->ctx, domid, &found), 0);
	guest = domid;
	replace();
	fake_hyp.power[domid].serial = 999;
	assert_int_equal(chaos__power_command(f->ctx, &found,
			 XEN_NOXS_POWER_POWEROFF, 0, 1000), -ESRCH);
	assert_int_equal(fake_hyp.power[domid].nr_commands, 0);
	assert_int_equal(fake_hyp.nr_maps, 0);
	chaos__found_fini(&found);
}

static void test_lock(void **state)
{
	struct chaos__name_lock a = { .fd = -1 }, b = { .fd = -1 };
	struct fixture *f = *state;
	uint32_t domid = create(f);
	struct chaos__found found;

	assert_int_equal(chaos__find(f->ctx, domid, &found), 0);
	assert_int_equal(chaos__power_lock(f->ctx, &found, &a), 0);
	assert_int_equal(chaos__power_lock(f->ctx, &found, &b), -EBUSY);
	assert_error(f, "another process is at work on it");
	chaos__name_unlock(&a);
	assert_int_equal(chaos_rename(f->ctx, domid, "other"), 0);
	assert_int_equal(chaos__power_lock(f->ctx, &found, &b), -ENOENT);
	chaos__found_fini(&found);
	/* Of somebody else. */
	fake_xen.domain[domid].dom.uuid[0] ^= 1;
	assert_int_equal(chaos__find(f->ctx, domid, &found), 0);
	assert_int_equal(chaos__power_lock(f->ctx, &found, &b), -ENOENT);
	assert_error(f, "not made by chaos");
	assert_int_equal(b.fd, -1);
	chaos__found_fini(&found);
}

/* Every point fails once: an error, and nothing stays mapped or asked. */
static void test_every_failure(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = create(f);
	struct chaos__found found;
	unsigned int n;
	int rc;

	fake_hyp_connect(domid, 0);
	fake_hyp.driver = fake_hyp_obey;
	assert_int_equal(chaos__find(f->ctx, domid, &found), 0);
	for (n = 1; ; n++) {
		fail_nth(n);
		rc = chaos__power_command(f->ctx, &found,
					  XEN_NOXS_POWER_MEMORY, 1, 100);
		if (!fail_happened())
			break;
		assert_int_equal(fake_hyp.nr_maps, 0);
		/* What comes after the answer changes nothing of it. */
		if (strcmp(fail_where(), "noxs publish") || rc)
			assert_in_range(-rc, 1, 4095);
	}
	fail_never();
	assert_int_equal(rc, 0);
	assert_true(n > 6);
	chaos__found_fini(&found);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, \
						fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_add), T(test_xen_without_noxs), T(test_obeys),
		T(test_obeys_later), T(test_refuses), T(test_silent),
		T(test_without_driver), T(test_old_driver), T(test_liar),
		T(test_ends_meanwhile), T(test_successor), T(test_lock),
		T(test_every_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

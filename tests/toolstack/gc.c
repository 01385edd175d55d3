// SPDX-License-Identifier: BSD-2-Clause
/* Collecting what was left, and nothing else. */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

struct seen {
	unsigned int nr[CHAOS_GARBAGE_SPARE + 1];
	char names[256];
};

static void see(void *arg, const struct chaos_garbage *g)
{
	struct seen *s = arg;

	s->nr[g->kind]++;
	strcat(s->names, g->name);
}

static struct seen gc(struct fixture *f, unsigned int flags)
{
	struct seen s = { 0 };

	if (chaos_gc(f->ctx, flags, see, &s))
		fail_msg("%s", fixture_errors(f));
	return s;
}

static void assert_seen(const struct seen *s, unsigned int names,
			unsigned int records, unsigned int domains,
			unsigned int vifs)
{
	assert_int_equal(s->nr[CHAOS_GARBAGE_NAME], names);
	assert_int_equal(s->nr[CHAOS_GARBAGE_RECORD], records);
	assert_int_equal(s->nr[CHAOS_GARBAGE_DOMAIN], domains);
	assert_int_equal(s->nr[CHAOS_GARBAGE_VIFS], vifs);
}

static void test_nothing_to_do(void **state)
{
	struct fixture *f = *state;
	struct seen s = gc(f, 0);

	assert_seen(&s, 0, 0, 0, 0);
	fixture_create(f, "web", 2);
	fixture_create(f, "db", 0);
	s = gc(f, 0);
	assert_seen(&s, 0, 0, 0, 0);
	assert_int_equal(fixture_nr_records(f), 4);
	assert_int_equal(fake_noxs_nr_vifs(), 2);
	assert_int_equal(chaos_gc(f->ctx, 8, see, &s), -EINVAL);
}

/* Destroyed by something else: name, record and vifs are left. */
static void test_dead(void **state)
{
	struct fixture *f = *state;
	uint32_t dead = fixture_create(f, "web", 2), alive;
	struct seen s;

	alive = fixture_create(f, "db", 1);
	fake_xen.domain[dead].used = false;
	s = gc(f, CHAOS_GC_DRY_RUN);
	assert_seen(&s, 1, 1, 0, 1);
	assert_string_equal(s.names, "web");
	assert_int_equal(fixture_nr_records(f), 4);
	assert_int_equal(fake_noxs_nr_vifs(), 3);
	s = gc(f, 0);
	assert_seen(&s, 1, 1, 0, 1);
	assert_int_equal(fixture_nr_records(f), 2);
	assert_int_equal(fake_noxs_nr_vifs(), 1);
	assert_int_equal(chaos_lookup(f->ctx, "db", &dead), 0);
	assert_int_equal(dead, alive);
	s = gc(f, 0);
	assert_seen(&s, 0, 0, 0, 0);
}

/* Its domid is that of another one by now. */
static void test_reused_domid(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = fixture_create(f, "web", 0);
	struct seen s;

	fake_xen.domain[domid].dom.uuid[0] ^= 1;
	s = gc(f, 0);
	assert_seen(&s, 1, 1, 0, 0);
	assert_true(fake_xen.domain[domid].used);
}

/* As if its create had been killed before it wrote the record. */
static void remove_record(struct fixture *f, uint32_t domid)
{
	struct chaos__name_lock lock = { .fd = -1 };

	fixture_take_name(f, "web", domid, &lock);
	assert_int_equal(chaos__name_mark(&lock, CHAOS__TASK_CREATE), 0);
	chaos__name_unlock(&lock);
	assert_int_equal(chaos__record_remove(f->ctx,
					      fake_xen.domain[domid].dom.uuid),
			 0);
}

/* A create that was killed before it wrote the record. */
static void test_abandoned(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = fixture_create(f, "web", 1);
	struct fake_domain *d = &fake_xen.domain[domid];
	char path[160];
	struct seen s;
	int fd;

	remove_record(f, domid);
	/* It runs or has run: somebody needs it. */
	s = gc(f, 0);
	assert_seen(&s, 0, 0, 0, 0);
	d->dom.paused = true;
	d->dom.cpu_ns = 1;
	s = gc(f, 0);
	assert_seen(&s, 0, 0, 0, 0);
	/* It is being made. */
	d->dom.cpu_ns = 0;
	snprintf(path, sizeof(path), "%s/names/web", f->run_dir);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	s = gc(f, 0);
	assert_seen(&s, 0, 0, 0, 0);
	close(fd);
	s = gc(f, CHAOS_GC_DRY_RUN);
	assert_seen(&s, 1, 0, 1, 0);
	assert_true(d->used);
	s = gc(f, 0);
	assert_seen(&s, 1, 0, 1, 0);
	assert_false(d->used);
	assert_int_equal(fake_noxs_nr_vifs(), 0);
	assert_int_equal(fixture_nr_records(f), 0);
}

/* Killed while Xen made the domain: its number was never written. */
static void test_number_unknown(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = fixture_create(f, "web", 0), holder;
	struct fake_domain *d = &fake_xen.domain[domid];
	struct chaos__name_lock lock = { .fd = -1 };
	struct seen s;

	remove_record(f, domid);
	fixture_take_name(f, "web", domid, &lock);
	assert_int_equal(chaos__name_bind(&lock, d->dom.uuid, 0), 0);
	chaos__name_unlock(&lock);
	d->dom.paused = true;
	assert_int_equal(chaos_lookup(f->ctx, "web", &holder), -ESRCH);
	assert_int_equal(chaos__name_claim(f->ctx, "web", &lock, &holder),
			 -EEXIST);
	assert_int_equal(holder, domid);
	s = gc(f, 0);
	assert_seen(&s, 1, 0, 1, 0);
	assert_false(d->used);
	assert_int_equal(fixture_nr_records(f), 0);
}

/* One of xl's that is paused and has not run: not ours. */
static void test_foreign(void **state)
{
	struct fixture *f = *state;
	struct seen s;

	fake_xen.domain[9].used = true;
	fake_xen.domain[9].dom.domid = 9;
	fake_xen.domain[9].dom.paused = true;
	fake_xen.domain[9].dom.uuid[0] = 9;
	s = gc(f, 0);
	assert_seen(&s, 0, 0, 0, 0);
	assert_true(fake_xen.domain[9].used);
}

static void test_debris(void **state)
{
	static const char *const files[] = {
		"names/empty", "names/torn",
		"domains/00000000-0000-4000-8000-000000000001.tmp",
		"domains/00000000-0000-4000-8000-000000000002",
	};
	struct fixture *f = *state;
	char path[200];
	struct seen s = gc(f, 0);
	size_t i;

	for (i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s/%s", f->run_dir, files[i]);
		fixture_write(path, "torn", i == 0 ? 0 : 4);
	}
	s = gc(f, 0);
	assert_seen(&s, 2, 2, 0, 0);
	assert_int_equal(fixture_nr_records(f), 0);
}

/* Renamed, and killed before the old name went. */
static void test_second_name(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = fixture_create(f, "web", 0), holder;
	struct chaos__name_lock lock = { .fd = -1 };
	struct seen s;

	assert_int_equal(chaos__name_claim(f->ctx, "old", &lock, &holder), 0);
	chaos__name_bind(&lock, fake_xen.domain[domid].dom.uuid, domid);
	chaos__name_unlock(&lock);
	s = gc(f, 0);
	assert_seen(&s, 1, 0, 0, 0);
	assert_string_equal(s.names, "old");
	assert_int_equal(chaos_lookup(f->ctx, "web", &holder), 0);
	assert_int_equal(chaos_lookup(f->ctx, "old", &holder), -ESRCH);
}

/* Every point that can fail: told, and nothing of the living is touched. */
static void test_failures(void **state)
{
	struct fixture *f = *state;
	uint32_t dead = fixture_create(f, "web", 1), alive;
	struct seen s = { 0 };
	unsigned int n;

	alive = fixture_create(f, "db", 1);
	fake_xen.domain[dead].used = false;
	for (n = 1; ; n++) {
		fail_nth(n);
		if (!chaos_gc(f->ctx, 0, see, &s) && !fail_happened())
			break;
		fail_never();
		assert_true(fake_xen.domain[alive].used);
		assert_true(fake_noxs_nr_vifs() >= 1);
		assert_true(fixture_nr_records(f) >= 2);
	}
	fail_never();
	assert_true(n > 6);
	assert_int_equal(fixture_nr_records(f), 2);
	assert_int_equal(fake_noxs_nr_vifs(), 1);
}

/* A destroy that was killed is finished; one at work is left alone. */
static void test_half_destroyed(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = fixture_create(f, "web", 1);
	struct chaos__name_lock lock = { .fd = -1 };
	const uint8_t *uuid = fake_xen.domain[domid].dom.uuid;
	char text[CHAOS__UUID_LEN + 1], tmp[64];
	struct seen s;

	fixture_create(f, "db", 1);
	fixture_take_name(f, "web", domid, &lock);
	assert_int_equal(chaos__name_mark(&lock, CHAOS__TASK_DESTROY), 0);
	chaos__uuid_format(uuid, text);
	snprintf(tmp, sizeof(tmp), "%s.tmp", text);
	close(openat(f->ctx->domains_fd, tmp, O_CREAT | O_WRONLY, 0600));
	s = gc(f, 0);
	assert_seen(&s, 0, 0, 0, 0);
	chaos__name_unlock(&lock);
	s = gc(f, CHAOS_GC_DRY_RUN);
	assert_seen(&s, 1, 2, 1, 0);
	assert_true(fake_xen.domain[domid].used);
	s = gc(f, 0);
	assert_seen(&s, 1, 2, 1, 0);
	assert_false(fake_xen.domain[domid].used);
	assert_int_equal(fixture_nr_records(f), 2);
	assert_int_equal(fake_noxs_nr_vifs(), 1);
}

static void test_no_backend(void **state)
{
	struct fixture *f = *state;
	uint32_t dead = fixture_create(f, "web", 1);
	struct seen s;

	fake_xen.domain[dead].used = false;
	fake_noxs.running = false;
	s = gc(f, 0);
	assert_seen(&s, 1, 1, 0, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, \
						fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_nothing_to_do), T(test_dead), T(test_reused_domid),
		T(test_abandoned), T(test_number_unknown), T(test_foreign), T(test_debris),
		T(test_second_name), T(test_half_destroyed), T(test_failures), T(test_no_backend),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: BSD-2-Clause
/* Names of living domains: domid to name, renaming, renames cut short. */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_name_of(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = fixture_create(f, "web", 0);
	char name[CHAOS_NAME_MAX + 1];

	assert_int_equal(chaos_domain_name(f->ctx, domid, name), 0);
	assert_string_equal(name, "web");
	assert_int_equal(chaos_domain_name(f->ctx, 0, name), 0);
	assert_string_equal(name, "Domain-0");
	assert_int_equal(chaos_domain_name(f->ctx, 99, name), -ESRCH);
	fake_xen.domain[99].used = true;
	fake_xen.domain[99].dom.domid = 99;
	fake_xen.domain[99].dom.uuid[0] = 1;
	assert_int_equal(chaos_domain_name(f->ctx, 99, name), -ENOENT);
	assert_error(f, "not made by chaos");
}

/* The one name that finds domid; the record has the same. */
static void assert_named(struct fixture *f, uint32_t domid, const char *name,
			 const char *not)
{
	char text[CHAOS_NAME_MAX + 1];
	uint32_t found;

	assert_int_equal(chaos_lookup(f->ctx, name, &found), 0);
	assert_int_equal(found, domid);
	assert_int_equal(chaos_lookup(f->ctx, not, &found), -ESRCH);
	assert_int_equal(chaos_domain_name(f->ctx, domid, text), 0);
	assert_string_equal(text, name);
}

static void test_rename(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = fixture_create(f, "web", 1), other;

	assert_int_equal(chaos_rename(f->ctx, domid, "db"), 0);
	assert_named(f, domid, "db", "web");
	assert_int_equal(fixture_nr_records(f), 2);
	assert_int_equal(chaos_rename(f->ctx, domid, "db"), 0);
	other = fixture_create(f, "web", 0);
	assert_int_equal(chaos_rename(f->ctx, domid, "web"), -EEXIST);
	assert_error(f, "is called web");
	assert_named(f, domid, "db", "nobody");
	assert_int_equal(chaos_destroy(f->ctx, domid), 0);
	assert_int_equal(chaos_destroy(f->ctx, other), 0);
	assert_int_equal(fixture_nr_records(f), 0);
}

static void test_refused(void **state)
{
	static const char *const bad[] = {
		"", "17", "a/b", ".web", "-web", "a b", "..", "w\303\244",
		"x123456789x123456789x123456789x123456789x123456789x1234567890abcd",
	};
	struct fixture *f = *state;
	uint32_t domid = fixture_create(f, "web", 0);
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(chaos_rename(f->ctx, domid, bad[i]), -EINVAL);
	assert_named(f, domid, "web", "db");
	assert_int_equal(chaos_rename(f->ctx, 99, "db"), -ESRCH);
	assert_int_equal(chaos_rename(f->ctx, 0, "db"), -ENOENT);
	assert_int_equal(fixture_nr_records(f), 2);
}

static void test_busy(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = fixture_create(f, "web", 0);
	char path[160];
	int fd;

	snprintf(path, sizeof(path), "%s/names/web", f->run_dir);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(chaos_rename(f->ctx, domid, "db"), -EBUSY);
	assert_error(f, "at work");
	close(fd);
	snprintf(path, sizeof(path), "%s/names/db", f->run_dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(chaos_rename(f->ctx, domid, "db"), -EEXIST);
	assert_error(f, "being created");
	close(fd);
	assert_int_equal(chaos_rename(f->ctx, domid, "db"), 0);
	assert_named(f, domid, "db", "web");
}

/* Another process looks at the name for so long; returns when it has begun to. */
static pid_t look_at(struct fixture *f, const char *name, unsigned int ms)
{
	char path[160], byte;
	int fd, begun[2];
	pid_t pid;

	snprintf(path, sizeof(path), "%s/names/%s", f->run_dir, name);
	assert_int_equal(pipe(begun), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0 || flock(fd, LOCK_SH) ||
		    write(begun[1], "", 1) != 1)
			_exit(1);
		usleep(ms * 1000);
		_exit(0);
	}
	assert_int_equal(read(begun[0], &byte, 1), 1);
	close(begun[0]);
	close(begun[1]);
	return pid;
}

static void test_being_looked_at(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = fixture_create(f, "web", 0);
	pid_t from = look_at(f, "web", 5), to = look_at(f, "db", 5);

	assert_int_equal(chaos_rename(f->ctx, domid, "db"), 0);
	assert_named(f, domid, "db", "web");
	assert_int_equal(waitpid(from, NULL, 0), from);
	assert_int_equal(waitpid(to, NULL, 0), to);
}

/* Who never ends looking is not waited for. */
static void test_stared_at(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = fixture_create(f, "web", 0);
	pid_t pid = look_at(f, "web", 60000);

	assert_int_equal(chaos_rename(f->ctx, domid, "db"), -EBUSY);
	assert_named(f, domid, "web", "db");
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* Every point that can fail: the old name or the new one, and no third. */
static void test_failures(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = fixture_create(f, "web", 0);
	unsigned int n;
	int rc;

	for (n = 1; ; n++) {
		fail_nth(n);
		rc = chaos_rename(f->ctx, domid, "db");
		if (!fail_happened())
			break;
		fail_never();
		if (rc)
			assert_named(f, domid, "web", "db");
		else
			chaos_rename(f->ctx, domid, "web");
		/* An empty name that could not be locked stays, for the next. */
		assert_in_range(fixture_nr_records(f), 2, 3);
	}
	fail_never();
	assert_int_equal(rc, 0);
	assert_true(n > 8);
	assert_int_equal(fixture_nr_records(f), 2);
	assert_named(f, domid, "db", "web");
}

/* Killed after the new name was bound: both find it, a second try succeeds. */
static void test_cut_short(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = fixture_create(f, "web", 0), found;
	struct chaos__name_lock lock = { .fd = -1 };
	uint32_t holder;

	assert_int_equal(chaos__name_claim(f->ctx, "db", &lock, &holder), 0);
	assert_int_equal(chaos__name_bind(&lock, fake_xen.domain[domid].dom.uuid,
					  domid), 0);
	chaos__name_unlock(&lock);
	assert_int_equal(chaos_lookup(f->ctx, "db", &found), 0);
	assert_int_equal(chaos_lookup(f->ctx, "web", &found), 0);
	assert_int_equal(found, domid);
	assert_int_equal(chaos_rename(f->ctx, domid, "db"), 0);
	assert_named(f, domid, "db", "web");
	assert_int_equal(fixture_nr_records(f), 2);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, \
						fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_name_of), T(test_rename), T(test_refused), T(test_busy),
		T(test_being_looked_at), T(test_stared_at), T(test_failures),
		T(test_cut_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

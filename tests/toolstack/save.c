// SPDX-License-Identifier: BSD-2-Clause
/* Saving to a file and restoring from it, and what becomes of failures. */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake_sched.h"
#include "suspend.h"

#define TIMEOUT_MS 200

static uint32_t guest(struct fixture *f, const char *name, unsigned int nr_vifs)
{
	uint32_t domid = fixture_create(f, name, nr_vifs);

	fake_hyp.driver = fake_hyp_obey;
	fake_hyp_connect(domid, 0);
	fake_hyp.page[domid].generation = 5;
	fake_xen.domain[domid].state = 77;
	return domid;
}

static const char *path(const struct fixture *f, const char *name)
{
	static char buf[160];

	snprintf(buf, sizeof(buf), "%s/%s", f->dir, name);
	return buf;
}

static int save(struct fixture *f, uint32_t domid, unsigned int flags)
{
	return chaos_save(f->ctx, domid, path(f, "img"), flags, TIMEOUT_MS);
}

static uint32_t restored(struct fixture *f, const char *const *overrides,
			 unsigned int flags)
{
	uint32_t domid = 0;

	if (chaos_restore(f->ctx, path(f, "img"), overrides, flags, &domid))
		fail_msg("%s", fixture_errors(f));
	return domid;
}

/* The guest lives as if nothing had been. */
static void assert_goes_on(struct fixture *f, uint32_t domid)
{
	struct chaos__name_lock lock = { .fd = -1 };
	enum chaos__task task;

	assert_true(fake_xen.domain[domid].used);
	assert_false(fake_xen.domain[domid].dom.shutdown);
	fixture_take_name(f, "web", domid, &lock);
	assert_int_equal(chaos__name_task(lock.fd, &task), 0);
	chaos__name_unlock(&lock);
	assert_int_equal(task, CHAOS__TASK_NONE);
}

static void assert_no_file(struct fixture *f)
{
	assert_int_equal(access(path(f, "img"), F_OK), -1);
}

static void test_there_and_back(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = guest(f, "web", 2), again;
	uint8_t uuid[16];
	struct chaos_info *info;
	struct stat st;
	char mac[18];

	memcpy(uuid, fake_xen.domain[domid].dom.uuid, 16);
	assert_int_equal(chaos_info_get(f->ctx, domid, &info), 0);
	strcpy(mac, info->vif[1]->mac);
	chaos_info_free(info);
	if (save(f, domid, 0))
		fail_msg("%s", fixture_errors(f));
	assert_int_equal(fake_xen_nr_domains(), 0);
	assert_int_equal(fake_noxs_nr_vifs(), 0);
	assert_int_equal(fixture_nr_records(f), 0);
	assert_int_equal(stat(path(f, "img"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);

	again = restored(f, NULL, 0);
	assert_int_equal(fake_xen.domain[again].state, 77);
	assert_int_equal(fake_hyp.page[again].generation, 6);
	assert_memory_equal(fake_xen.domain[again].dom.uuid, uuid, 16);
	assert_false(fake_xen.domain[again].dom.paused);
	assert_int_equal(chaos_info_get(f->ctx, again, &info), 0);
	assert_string_equal(info->domain.name, "web");
	assert_int_equal(info->nr_vifs, 2);
	assert_string_equal(info->vif[1]->mac, mac);
	chaos_info_free(info);
	/* What was restored can be saved again. */
	fake_hyp_connect(again, 0);
	assert_int_equal(save(f, again, 0), 0);
}

/* What was changed of it goes along. */
static void test_carried(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = guest(f, "web", 0);

	assert_int_equal(chaos_sched_set(f->ctx, domid, 700, 30), 0);
	assert_int_equal(save(f, domid, 0), 0);
	domid = restored(f, NULL, 0);
	assert_int_equal(fake_sched.domain[domid].weight, 700);
	assert_int_equal(fake_sched.domain[domid].cap, 30);
	/* It has less than memory= says; it may not have more again. */
	assert_true(fake_xen.domain[domid].dom.pages < 1024);
	assert_int_equal(fake_xen.domain[domid].dom.max_pages,
			 fake_xen.domain[domid].dom.pages);
}

static void test_keep(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = guest(f, "web", 1);

	assert_int_equal(save(f, domid, CHAOS_SAVE_KEEP), 0);
	assert_goes_on(f, domid);
	assert_int_equal(fake_noxs_nr_vifs(), 1);
	assert_int_equal(access(path(f, "img"), R_OK), 0);
	assert_int_equal(save(f, domid, CHAOS_SAVE_KEEP | CHAOS_SAVE_PAUSED), 0);
	assert_true(fake_xen.domain[domid].dom.paused);
	assert_int_equal(save(f, domid, CHAOS_SAVE_KEEP), -EAGAIN);
	assert_int_equal(save(f, domid, CHAOS_SAVE_PAUSED), -EINVAL);
	assert_int_equal(save(f, domid, 1u << 9), -EINVAL);
	assert_int_equal(save(f, 0, 0), -EPERM);
	assert_int_equal(save(f, 99, 0), -ESRCH);
}

/* One image, several guests at once. */
static void test_copies(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = guest(f, "web", 1), copy[3], i, j;
	struct chaos_info *info[3];
	char override[32];

	assert_int_equal(save(f, domid, CHAOS_SAVE_KEEP), 0);
	for (i = 0; i < 3; i++) {
		snprintf(override, sizeof(override), "name=web%u", i);
		copy[i] = restored(f, (const char *[]){ override, NULL }, 0);
		assert_int_equal(chaos_info_get(f->ctx, copy[i], &info[i]), 0);
	}
	for (i = 0; i < 3; i++)
		for (j = 0; j < i; j++) {
			assert_string_not_equal(info[i]->domain.uuid,
						info[j]->domain.uuid);
			assert_string_not_equal(info[i]->vif[0]->mac,
						info[j]->vif[0]->mac);
			assert_string_not_equal(info[i]->vif[0]->ifname,
						info[j]->vif[0]->ifname);
		}
	for (i = 0; i < 3; i++)
		chaos_info_free(info[i]);
	assert_goes_on(f, domid);
}

static void test_overrides(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = guest(f, "web", 1);
	const char *const refused[] = { "memory=8", "vcpus=2", "maxmem=1",
					"type=pv", "colour=1" };
	char before[4096];
	size_t i;

	assert_int_equal(save(f, domid, 0), 0);
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		assert_int_equal(chaos_restore(f->ctx, path(f, "img"),
			(const char *[]){ refused[i], NULL }, 0, &domid),
			-EINVAL);
		snprintf(before, sizeof(before), "%s", fixture_errors(f));
		assert_true(*before);
		assert_int_equal(fake_xen_nr_domains(), 0);
	}
	assert_int_equal(chaos_restore(f->ctx, path(f, "img"), NULL,
				       CHAOS_CREATE_DRY_RUN, &domid), 0);
	assert_int_equal(fake_xen_nr_domains(), 0);
	domid = restored(f, (const char *[]){ "vif=[]", "name=db", NULL },
			 CHAOS_CREATE_PAUSED);
	assert_true(fake_xen.domain[domid].dom.paused);
	assert_int_equal(fake_noxs_nr_vifs(), 0);
}

static void test_name_taken(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = guest(f, "web", 1);

	assert_int_equal(save(f, domid, CHAOS_SAVE_KEEP), 0);
	assert_int_equal(chaos_restore(f->ctx, path(f, "img"), NULL, 0,
				       &domid), -EEXIST);
	assert_goes_on(f, domid);
	assert_int_equal(fake_xen_nr_domains(), 1);
}

/* Every point fails once: no file, and the guest goes on. */
static void test_failing_save(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = guest(f, "web", 1);
	char where[32];
	unsigned int n;
	int rc;

	for (n = 1; ; n++) {
		fake_hyp.driver = fake_hyp_obey;
		fail_nth(n);
		rc = save(f, domid, CHAOS_SAVE_KEEP);
		if (!fail_happened())
			break;
		snprintf(where, sizeof(where), "%s", fail_where());
		fail_never();
		/* Resuming it may be what failed: then chaos_gc does. */
		if (fake_xen.domain[domid].dom.shutdown)
			assert_int_equal(chaos_gc(f->ctx, 0, NULL, NULL), 0);
		if (rc)
			assert_non_null(chaos_error(f->ctx, 0));
		/* A name that cannot be written says what it said. */
		if (strcmp(where, "pwrite"))
			assert_goes_on(f, domid);
		assert_false(fake_xen.domain[domid].dom.shutdown);
		if (rc && strcmp(where, "xen resume"))
			assert_no_file(f);
		unlink(path(f, "img"));
	}
	fail_never();
	assert_int_equal(rc, 0);
	assert_true(n > 10);
}

static void test_failing_restore(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = guest(f, "web", 2);
	unsigned int n, nr_fds;
	int rc;

	assert_int_equal(save(f, domid, 0), 0);
	nr_fds = fixture_nr_fds();
	for (n = 1; ; n++) {
		fail_nth(n);
		rc = chaos_restore(f->ctx, path(f, "img"), NULL, 0, &domid);
		if (!fail_happened())
			break;
		fail_never();
		if (!rc) {
			/* Only what can be done again may fail unseen. */
			assert_int_equal(chaos_destroy(f->ctx, domid), 0);
			continue;
		}
		assert_non_null(chaos_error(f->ctx, 0));
		assert_int_equal(fake_xen_nr_domains(), 0);
		assert_int_equal(fake_noxs_nr_vifs(), 0);
		/* An empty name that could not be locked is for chaos_gc. */
		assert_in_range(fixture_nr_records(f), 0, 1);
		assert_true(fixture_nr_fds() <= nr_fds + 1);
	}
	fail_never();
	assert_true(n > 15);
	assert_int_equal(rc, 0);
}

/* The guest refuses, or says nothing, or ends instead. */
static void refuse(uint32_t domid, const struct xen_noxs_power_back *back)
{
	fake_hyp_ack(domid, back->cmd_id, EBUSY);
}

static void only_say_so(uint32_t domid, const struct xen_noxs_power_back *back)
{
	fake_hyp_ack(domid, back->cmd_id, 0);
}

static void crash(uint32_t domid, const struct xen_noxs_power_back *back)
{
	fake_hyp_obey(domid, back);
	fake_xen.domain[domid].dom.shutdown_code = 3;
}

static void test_unwilling_guest(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = guest(f, "web", 0);

	fake_hyp.driver = refuse;
	assert_int_equal(save(f, domid, 0), -ECONNREFUSED);
	assert_goes_on(f, domid);
	fake_hyp.driver = NULL;
	assert_int_equal(save(f, domid, 0), -ETIMEDOUT);
	assert_goes_on(f, domid);
	fake_hyp.driver = only_say_so;
	assert_int_equal(save(f, domid, 0), -ETIMEDOUT);
	assert_error(f, "has not suspended in time");
	assert_goes_on(f, domid);
	fake_hyp.driver = crash;
	assert_int_equal(save(f, domid, 0), -EPROTO);
	assert_true(fake_xen.domain[domid].used);
	assert_no_file(f);
}

/* Without noxs nobody can be asked. */
static void test_stock_xen(void **state)
{
	struct fixture *f = *state;
	uint32_t domid;

	fake_hyp.open_rc = -ENOSYS;
	domid = fixture_create(f, "web", 0);
	assert_int_equal(save(f, domid, 0), -EOPNOTSUPP);
	assert_error(f, "no noxs");
}

static void test_bad_paths(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = guest(f, "web", 0);

	assert_int_equal(chaos_save(f->ctx, domid, path(f, "none/img"), 0,
				    TIMEOUT_MS), -ENOENT);
	assert_int_equal(chaos_save(f->ctx, domid, f->dir, 0, TIMEOUT_MS),
			 -EISDIR);
	assert_int_equal(chaos_save(f->ctx, domid, "/dev/null", 0, TIMEOUT_MS),
			 -EEXIST);
	assert_int_equal(chaos_save(f->ctx, domid, "", 0, TIMEOUT_MS), -EISDIR);
	assert_goes_on(f, domid);
	/* It was not even asked. */
	assert_int_equal(fake_hyp.power[domid].nr_commands, 0);
	assert_int_equal(chaos_restore(f->ctx, path(f, "none"), NULL, 0,
				       &domid), -ENOENT);
	assert_int_equal(chaos_restore(f->ctx, f->dir, NULL, 0, &domid),
			 -EISDIR);
	assert_int_equal(chaos_restore(f->ctx, f->kernel, NULL, 0, &domid),
			 -EPROTO);
	assert_error(f, "not a saved domain");
	assert_int_equal(mkfifo(path(f, "fifo"), 0600), 0);
	assert_int_equal(chaos_restore(f->ctx, path(f, "fifo"), NULL, 0,
				       &domid), -ESPIPE);
}

/* A file that is there is replaced as a whole, or stays as it is. */
static void test_replaces(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = guest(f, "web", 0);
	struct stat st;

	fixture_write(path(f, "img"), "precious", 8);
	fake_hyp.driver = refuse;
	assert_int_equal(save(f, domid, 0), -ECONNREFUSED);
	assert_int_equal(stat(path(f, "img"), &st), 0);
	assert_int_equal(st.st_size, 8);
	fake_hyp.driver = fake_hyp_obey;
	assert_int_equal(save(f, domid, 0), 0);
	assert_int_equal(stat(path(f, "img"), &st), 0);
	assert_true(st.st_size > 100);
}

/* Cut off anywhere, or with a byte changed: refused, and nothing made. */
static void test_damaged(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = guest(f, "web", 1), next;
	static unsigned char buf[1 << 20];
	ssize_t size;
	off_t i;
	int fd;

	assert_int_equal(save(f, domid, 0), 0);
	next = fake_xen.next_domid;
	fd = open(path(f, "img"), O_RDWR | O_CLOEXEC);
	size = read(fd, buf, sizeof(buf));
	assert_in_range(size, 100, sizeof(buf) - 1);
	for (i = 0; i < size; i += i < 512 ? 1 : 97) {
		buf[i] ^= 0x10;
		assert_int_equal(pwrite(fd, buf, (size_t)size, 0), size);
		assert_int_equal(chaos_restore(f->ctx, path(f, "img"), NULL, 0,
					       &domid), -EPROTO);
		buf[i] ^= 0x10;
	}
	for (i = size - 1; i >= 0; i -= i < 512 ? 1 : 97) {
		assert_int_equal(ftruncate(fd, i), 0);
		assert_int_equal(chaos_restore(f->ctx, path(f, "img"), NULL, 0,
					       &domid), -EPROTO);
	}
	assert_int_equal(fake_xen.next_domid, next);
	assert_int_equal(fixture_nr_records(f), 0);
	close(fd);
}

/* Who saved it was killed. */
static void test_gc(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = guest(f, "web", 1);
	struct chaos__suspend s;

	assert_int_equal(chaos__suspend_open(f->ctx, domid, &s), 0);
	/* While it is at work, nobody interferes. */
	assert_int_equal(save(f, domid, 0), -EBUSY);
	assert_int_equal(chaos__suspend_stop(&s, TIMEOUT_MS), 0);
	assert_int_equal(chaos_gc(f->ctx, 0, NULL, NULL), 0);
	assert_true(fake_xen.domain[domid].dom.shutdown);
	s.stopped = false;	/* as a kill would: no clean-up */
	chaos__suspend_close(&s);
	assert_int_equal(chaos_gc(f->ctx, CHAOS_GC_DRY_RUN, NULL, NULL), 0);
	assert_true(fake_xen.domain[domid].dom.shutdown);
	assert_int_equal(chaos_gc(f->ctx, 0, NULL, NULL), 0);
	assert_goes_on(f, domid);
	assert_int_equal(save(f, domid, 0), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, \
						fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_there_and_back), T(test_carried), T(test_keep), T(test_copies),
		T(test_overrides), T(test_name_taken), T(test_failing_save),
		T(test_failing_restore), T(test_unwilling_guest),
		T(test_stock_xen), T(test_bad_paths), T(test_replaces),
		T(test_damaged), T(test_gc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

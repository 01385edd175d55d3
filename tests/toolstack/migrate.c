// SPDX-License-Identifier: BSD-2-Clause
/*
 * Both ends of a migration, each against what the other one says as it stands
 * in a buffer: whole, cut off at every byte, with every byte changed.  At no
 * point may the guest run at both ends, or be lost.
 */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "migrate.h"
#include "suspend.h"

#define TIMEOUT_MS	200
#define MAX		(1u << 20)

struct bytes {
	unsigned char b[MAX];
	size_t size;
};

static struct bytes stream, answers, said;

static uint32_t guest(struct fixture *f)
{
	uint32_t domid = fixture_create(f, "web", 1);

	fake_hyp.driver = fake_hyp_obey;
	fake_hyp_connect(domid, 0);
	fake_hyp.page[domid].generation = 5;
	fake_xen.domain[domid].state = 77;
	return domid;
}

static int pipe_of(const struct bytes *from, size_t size)
{
	int fd[2];

	assert_int_equal(pipe(fd), 0);
	assert_true(fcntl(fd[1], F_SETPIPE_SZ, MAX) >= (int)size);
	assert_int_equal(write(fd[1], from->b, size), size);
	close(fd[1]);
	return fd[0];
}

static int memory(void)
{
	int fd = memfd_create("out", MFD_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static void take(int fd, struct bytes *to)
{
	ssize_t n = pread(fd, to->b, MAX, 0);

	assert_in_range(n, 0, MAX - 1);
	to->size = (size_t)n;
}

/* What a receiver says: records of these types, up to a 0. */
static void answer(struct bytes *to, const uint32_t *types, const char *text)
{
	struct chaos__saved_writer w;
	int fd = memory();
	size_t i;

	assert_int_equal(chaos__migrate_greet(fd, TIMEOUT_MS, NULL), 0);
	assert_int_equal(chaos__saved_writer_init(&w, fd), 0);
	for (i = 0; types[i]; i++)
		assert_int_equal(chaos__saved_put_one(&w, types[i], text,
			types[i] == CHAOS__MIGRATE_FAILED ? strlen(text) : 0), 0);
	chaos__saved_writer_fini(&w);
	take(fd, to);
	close(fd);
}

static const uint32_t willing[] = { CHAOS__MIGRATE_ACCEPT,
				    CHAOS__MIGRATE_BUILT,
				    CHAOS__MIGRATE_RUNNING, 0 };

/* Sends to somebody who says the first so many bytes of answers. */
static int send_to(struct fixture *f, uint32_t domid, size_t size)
{
	int in = pipe_of(&answers, size), out = memory();
	int rc = chaos_send(f->ctx, domid, in, out, 0, TIMEOUT_MS);

	take(out, &stream);
	close(in);
	close(out);
	return rc;
}

static enum chaos__task task_of(struct fixture *f, uint32_t domid)
{
	struct chaos__name_lock lock = { .fd = -1 };
	enum chaos__task task;

	fixture_take_name(f, "web", domid, &lock);
	assert_int_equal(chaos__name_task(lock.fd, &task), 0);
	chaos__name_unlock(&lock);
	return task;
}

static void assert_goes_on(struct fixture *f, uint32_t domid)
{
	assert_true(fake_xen.domain[domid].used);
	assert_false(fake_xen.domain[domid].dom.shutdown);
	assert_int_equal(task_of(f, domid), CHAOS__TASK_NONE);
}

/* It may run elsewhere: nobody but people decides. */
static void assert_undecided(struct fixture *f, uint32_t domid)
{
	assert_true(fake_xen.domain[domid].used);
	assert_true(fake_xen.domain[domid].dom.shutdown);
	assert_int_equal(task_of(f, domid), CHAOS__TASK_SEND);
	assert_int_equal(chaos_gc(f->ctx, 0, NULL, NULL), 0);
	assert_true(fake_xen.domain[domid].dom.shutdown);
	assert_non_null(strstr(f->log, "was migrating"));
	f->log[0] = '\0';
	assert_int_equal(chaos_resume(f->ctx, domid), 0);
	assert_goes_on(f, domid);
}

/* The other host. */
static struct chaos *elsewhere(struct fixture *f)
{
	struct chaos_options opt = { .size = sizeof(opt) };
	struct chaos *ctx;
	char dir[96];

	snprintf(dir, sizeof(dir), "%s/other", f->dir);
	opt.run_dir = dir;
	assert_int_equal(chaos_open(&opt, &ctx), 0);
	ctx->class_net = f->class_net;
	return ctx;
}

static int receive(struct chaos *ctx, size_t size, uint32_t *domid)
{
	int in = pipe_of(&stream, size), out = memory(), rc;

	rc = chaos_receive(ctx, in, out, NULL, 0, domid);
	take(out, &said);
	close(in);
	close(out);
	return rc;
}

/* The type of the n-th record that the receiver said, 0: none. */
static uint32_t nth_said(unsigned int n)
{
	struct chaos__saved_reader r;
	int fd = pipe_of(&said, said.size);
	uint32_t type = 0;
	const void *data;
	char why[160];
	size_t size;

	assert_int_equal(chaos__migrate_meet(fd, TIMEOUT_MS, NULL, why), 0);
	assert_int_equal(chaos__saved_reader_init(&r, fd, NULL), 0);
	do {
		if (chaos__saved_next(&r, &type, &data, &size))
			type = 0;
	} while (type && n--);
	chaos__saved_reader_fini(&r);
	close(fd);
	return type;
}

static void test_moves(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = guest(f), there = 0;
	struct chaos *ctx = elsewhere(f);
	uint8_t uuid[16];

	memcpy(uuid, fake_xen.domain[domid].dom.uuid, 16);
	answer(&answers, willing, "");
	if (send_to(f, domid, answers.size))
		fail_msg("%s", fixture_errors(f));
	assert_int_equal(fake_xen_nr_domains(), 0);
	assert_int_equal(fake_noxs_nr_vifs(), 0);
	assert_int_equal(fixture_nr_records(f), 0);

	assert_int_equal(receive(ctx, stream.size, &there), 0);
	assert_int_equal(fake_xen.domain[there].state, 77);
	assert_int_equal(fake_hyp.page[there].generation, 6);
	assert_memory_equal(fake_xen.domain[there].dom.uuid, uuid, 16);
	assert_false(fake_xen.domain[there].dom.paused);
	assert_int_equal(nth_said(0), CHAOS__MIGRATE_ACCEPT);
	assert_int_equal(nth_said(1), CHAOS__MIGRATE_BUILT);
	assert_int_equal(nth_said(2), CHAOS__MIGRATE_RUNNING);
	assert_int_equal(nth_said(3), 0);
	/* It has the name now: another one is refused at once. */
	assert_int_equal(receive(ctx, stream.size, &there), -EEXIST);
	assert_int_equal(nth_said(0), CHAOS__MIGRATE_FAILED);
	assert_int_equal(nth_said(1), 0);
	assert_int_equal(chaos_destroy(ctx, there), 0);
	chaos_close(ctx);
}

/* The receiver is cut off at each byte. */
static void test_receiver_dies(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = guest(f);
	size_t built, size;
	int rc;

	answer(&answers, (const uint32_t[]){ CHAOS__MIGRATE_ACCEPT,
					     CHAOS__MIGRATE_BUILT, 0 }, "");
	built = answers.size;
	answer(&answers, willing, "");
	for (size = 0; size < answers.size; size++) {
		rc = send_to(f, domid, size);
		if (size < built) {
			assert_int_equal(rc, -ECONNRESET);
			assert_goes_on(f, domid);
		} else {
			assert_int_equal(rc, -EREMOTEIO);
			assert_error(f, "may run at the other side");
			assert_undecided(f, domid);
		}
	}
	assert_int_equal(fake_noxs_nr_vifs(), 1);
	assert_int_equal(send_to(f, domid, size), 0);
}

static void test_receiver_lies(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = guest(f);
	size_t i;
	int rc;

	answer(&answers, willing, "");
	for (i = 0; i < answers.size; i++) {
		answers.b[i] ^= 0x20;
		rc = send_to(f, domid, answers.size);
		answers.b[i] ^= 0x20;
		assert_true(rc == -EPROTO || rc == -EREMOTEIO ||
			    rc == -ECONNRESET);
		if (rc == -EREMOTEIO)
			assert_undecided(f, domid);
		else
			assert_goes_on(f, domid);
	}
	/* What it may not say now. */
	answer(&answers, (const uint32_t[]){ CHAOS__MIGRATE_RUNNING, 0 }, "");
	assert_int_equal(send_to(f, domid, answers.size), -EPROTO);
	assert_int_equal(fake_hyp.power[domid].nr_commands >= 1, 1);
	assert_goes_on(f, domid);
}

/* It says that it failed: then the guest is ours, also behind GO. */
static void test_receiver_fails(void **state)
{
	static const uint32_t all[][4] = {
		{ CHAOS__MIGRATE_FAILED },
		{ CHAOS__MIGRATE_ACCEPT, CHAOS__MIGRATE_FAILED },
		{ CHAOS__MIGRATE_ACCEPT, CHAOS__MIGRATE_BUILT,
		  CHAOS__MIGRATE_FAILED },
	};
	struct fixture *f = *state;
	uint32_t domid = guest(f);
	size_t i;

	for (i = 0; i < 3; i++) {
		answer(&answers, all[i], "no \033[31mroom");
		assert_int_equal(send_to(f, domid, answers.size), -ECONNREFUSED);
		assert_error(f, "the other side: no ?[31mroom");
		assert_goes_on(f, domid);
	}
	/* The first of them came before it was even asked to suspend. */
	assert_int_equal(fake_xen.domain[domid].saved, 2);
}

static void test_receiver_hangs(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = guest(f);
	static char rubbish[4096];
	int in[2], out[2];

	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe2(out, O_NONBLOCK), 0);
	assert_int_equal(chaos_send(f->ctx, domid, in[0], out[1], 0,
				    TIMEOUT_MS), -ETIMEDOUT);
	assert_goes_on(f, domid);
	/* Nor does it read. */
	while (write(out[1], rubbish, sizeof(rubbish)) > 0)
		;
	assert_int_equal(chaos_send(f->ctx, domid, in[0], out[1], 0,
				    TIMEOUT_MS), -ETIMEDOUT);
	assert_goes_on(f, domid);
	/* Or is no more. */
	close(out[0]);
	close(in[1]);
	assert_int_equal(chaos_send(f->ctx, domid, in[0], out[1], 0,
				    TIMEOUT_MS), -ECONNRESET);
	assert_goes_on(f, domid);
	chaos_cancel(f->ctx);
	assert_int_equal(chaos_send(f->ctx, domid, in[0], out[1], 0,
				    TIMEOUT_MS), -ECANCELED);
	assert_int_equal(chaos_send(f->ctx, domid, in[0], out[1], 1,
				    TIMEOUT_MS), -EINVAL);
	close(in[0]);
	close(out[1]);
	assert_goes_on(f, domid);
}

static void sent(struct fixture *f)
{
	uint32_t domid = guest(f);

	answer(&answers, willing, "");
	if (send_to(f, domid, answers.size))
		fail_msg("%s", fixture_errors(f));
}

static void assert_nothing(struct chaos *ctx)
{
	assert_int_equal(fake_xen_nr_domains(), 0);
	fake_xen.next_domid = 10;	/* it has not room for ever so many */
	assert_int_equal(fake_noxs_nr_vifs(), 0);
	assert_non_null(chaos_error(ctx, 0));
}

/* Cut off or changed anywhere: nothing of it runs, nothing stays. */
static void test_sender_dies(void **state)
{
	struct fixture *f = *state;
	struct chaos *ctx = elsewhere(f);
	uint32_t domid;
	size_t i, step;

	sent(f);
	step = stream.size / 500 + 1;
	for (i = 0; i < stream.size; i += i < 1024 ? 1 : step) {
		assert_true(receive(ctx, i, &domid) < 0);
		assert_nothing(ctx);
		assert_int_not_equal(nth_said(2), CHAOS__MIGRATE_RUNNING);
	}
	for (i = 1; i < 200; i++) {
		assert_true(receive(ctx, stream.size - i, &domid) < 0);
		assert_nothing(ctx);
	}
	for (i = 0; i < stream.size; i += i < 1024 ? 1 : step) {
		stream.b[i] ^= 0x04;
		assert_true(receive(ctx, stream.size, &domid) < 0);
		stream.b[i] ^= 0x04;
		assert_nothing(ctx);
	}
	assert_int_equal(receive(ctx, stream.size, &domid), 0);
	assert_int_equal(chaos_destroy(ctx, domid), 0);
	chaos_close(ctx);
}

/* Every point fails once. */
static void test_failing_send(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = guest(f);
	char where[32];
	unsigned int n;
	int rc;

	answer(&answers, willing, "");
	for (n = 1; ; n++) {
		int in = pipe_of(&answers, answers.size), out = memory();

		fail_nth(n);
		rc = chaos_send(f->ctx, domid, in, out, 0, TIMEOUT_MS);
		close(in);
		close(out);
		if (!fail_happened())
			break;
		snprintf(where, sizeof(where), "%s", fail_where());
		fail_never();
		if (!fake_xen.domain[domid].used || !rc)
			domid = guest(f);
		if (!fake_xen.domain[domid].dom.shutdown)
			continue;
		/* Handed over, and not gone: or its resume failed. */
		chaos_gc(f->ctx, 0, NULL, NULL);
		if (!fake_xen.domain[domid].used)
			domid = guest(f);
		assert_false(fake_xen.domain[domid].dom.shutdown);
	}
	fail_never();
	assert_int_equal(rc, 0);
	assert_true(n > 10);
}

static void test_failing_receive(void **state)
{
	struct fixture *f = *state;
	struct chaos *ctx = elsewhere(f);
	unsigned int n;
	uint32_t domid;
	int rc;

	sent(f);
	for (n = 1; ; n++) {
		int in = pipe_of(&stream, stream.size), out = memory();

		fail_nth(n);
		rc = chaos_receive(ctx, in, out, NULL, 0, &domid);
		close(in);
		close(out);
		if (!fail_happened())
			break;
		fail_never();
		if (!rc)
			assert_int_equal(chaos_destroy(ctx, domid), 0);
		else
			assert_nothing(ctx);
	}
	fail_never();
	assert_int_equal(rc, 0);
	assert_true(n > 15);
	assert_int_equal(chaos_destroy(ctx, domid), 0);
	chaos_close(ctx);
}

static unsigned int nr_told;

static void count(void *arg, const char *what, uint64_t done, uint64_t total)
{
	assert_ptr_equal(arg, &nr_told);
	assert_true(*what);
	assert_true(!total || done <= total);
	nr_told++;
}

static void test_progress(void **state)
{
	struct fixture *f = *state;
	struct chaos *ctx = elsewhere(f);
	unsigned int before;
	uint32_t domid;

	chaos_set_progress(f->ctx, count, &nr_told);
	sent(f);
	assert_true(nr_told > 5);
	before = nr_told;
	chaos_set_progress(ctx, count, &nr_told);
	assert_int_equal(receive(ctx, stream.size, &domid), 0);
	assert_true(nr_told > before + 5);
	assert_int_equal(chaos_destroy(ctx, domid), 0);
	chaos_close(ctx);
}

/* A receiver on the same host was killed behind its record. */
static void test_gc_same_host(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = guest(f);
	struct chaos *ctx = elsewhere(f);
	struct chaos__record *rec, *again;
	uint8_t uuid[16];

	memcpy(uuid, fake_xen.domain[domid].dom.uuid, 16);
	assert_int_equal(chaos__record_load(f->ctx, uuid, &rec), 0);
	rec->domid = 500;
	assert_int_equal(chaos__store_open(ctx), 0);
	assert_int_equal(chaos__record_save(ctx, rec), 0);
	chaos__record_free(rec);
	assert_int_equal(chaos_gc(ctx, 0, NULL, NULL), 0);
	assert_int_equal(chaos__record_load(ctx, uuid, &again), -ENOENT);
	assert_int_equal(chaos_gc(f->ctx, 0, NULL, NULL), 0);
	assert_int_equal(chaos__record_load(f->ctx, uuid, &again), 0);
	chaos__record_free(again);
	chaos_close(ctx);
}

static void test_resume(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = guest(f);

	assert_int_equal(chaos_resume(f->ctx, domid), -EINVAL);
	assert_error(f, "not suspended");
	assert_int_equal(chaos_resume(f->ctx, 99), -ESRCH);
	assert_int_equal(chaos_resume(f->ctx, 0), -EPERM);
	assert_goes_on(f, domid);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, \
						fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_moves), T(test_receiver_dies), T(test_receiver_lies),
		T(test_receiver_fails), T(test_receiver_hangs),
		T(test_sender_dies), T(test_failing_send),
		T(test_failing_receive), T(test_progress), T(test_resume),
		T(test_gc_same_host),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

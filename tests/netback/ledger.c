// SPDX-License-Identifier: BSD-2-Clause
/* The ledger: what is written is read by the next one, and nothing else is. */
#include "harness.h"

#include <fcntl.h>
#include <ledger.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64], path[96], err[NBL_ERROR_SIZE];

static int setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/netback-ledger-XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/ledger", dir);
	nbl_log_start(NBL_ERROR, false);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	assert_int_equal(rmdir(dir), 0);
	return 0;
}

static struct nbl_ledger *reopen(struct nbl_ledger *l)
{
	nbl_ledger_close(l);
	assert_int_equal(nbl_ledger_open(path, &l, err), 0);
	return l;
}

static uint32_t put(struct nbl_ledger *l, uint32_t place, uint16_t domid)
{
	struct nbl_record r = {
		.serial = 100u + domid,
		.domid = domid,
		.vif = 3,
		.flags = NOXS_NETBACK_SPARE,
		.ifindex = 44,
		.limit = { [3] = { .amount = 5, .interval_us = 6 } },
		.ifname = "vif1.3",
		.bridge = "xenbr0",
	};

	nbl_ledger_put(l, &place, &r);
	return place;
}

static void overwrite(off_t at, const void *data, size_t size)
{
	int fd = open(path, O_RDWR);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, data, size, at), size);
	close(fd);
}

static void what_is_put_is_read(void **state)
{
	struct nbl_ledger *l = NULL;
	struct nbl_record r;
	struct stat st;

	(void)state;
	l = reopen(l);
	assert_int_equal(nbl_ledger_nr(l), 0);
	assert_int_equal(put(l, 0, 1), 1);
	assert_int_equal(put(l, 0, 2), 2);
	assert_int_equal(put(l, 1, 9), 1);	/* changed */
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);

	l = reopen(l);
	assert_int_equal(nbl_ledger_nr(l), 2);
	assert_int_equal(nbl_ledger_read(l, 1, &r), 0);
	assert_int_equal(r.domid, 9);
	assert_int_equal(r.serial, 109);
	assert_int_equal(r.vif, 3);
	assert_int_equal(r.flags, NOXS_NETBACK_SPARE);
	assert_int_equal(r.ifindex, 44);
	assert_int_equal(r.limit[3].amount, 5);
	assert_int_equal(r.limit[3].interval_us, 6);
	assert_string_equal(r.ifname, "vif1.3");
	assert_string_equal(r.bridge, "xenbr0");
	assert_int_equal(nbl_ledger_read(l, 2, &r), 0);
	assert_int_equal(r.domid, 2);
	assert_int_equal(nbl_ledger_read(l, 0, &r), -ENOENT);
	assert_int_equal(nbl_ledger_read(l, 3, &r), -ENOENT);
	nbl_ledger_close(l);
	nbl_ledger_close(NULL);
}

static void places_are_used_again(void **state)
{
	struct nbl_ledger *l = NULL;
	struct nbl_record r;
	uint32_t i;

	(void)state;
	l = reopen(l);
	for (i = 1; i <= 200; i++)
		assert_int_equal(put(l, 0, (uint16_t)i), i);
	for (i = 1; i <= 200; i += 2)
		nbl_ledger_erase(l, i);
	for (i = 1; i <= 100; i++)
		assert_in_range(put(l, 0, 1000), 1, 200);
	assert_int_equal(put(l, 0, 1000), 201);
	nbl_ledger_erase(l, 7);
	nbl_ledger_erase(l, 0);
	nbl_ledger_erase(NULL, 7);

	l = reopen(l);
	for (i = 1; i <= 201; i++)
		assert_int_equal(nbl_ledger_read(l, i, &r), i == 7 ? -ENOENT : 0);
	/* Free is what was found free; behind the end comes then. */
	assert_int_equal(put(l, 0, 1), 7);
	assert_int_equal(put(l, 0, 1), 202);
	nbl_ledger_close(l);
}

static void later_records_have_higher_numbers(void **state)
{
	struct nbl_ledger *l = NULL;
	struct nbl_record a, b, c;

	(void)state;
	l = reopen(l);
	put(l, 0, 1);
	put(l, 0, 2);
	put(l, 1, 1);
	l = reopen(l);
	nbl_ledger_read(l, 1, &a);
	nbl_ledger_read(l, 2, &b);
	assert_true(a.nr > b.nr);
	put(l, 0, 3);
	l = reopen(l);
	nbl_ledger_read(l, 3, &c);
	assert_true(c.nr > a.nr);
	nbl_ledger_close(l);
}

/* Every single byte of a record that is another one. */
static void damaged_records_are_none(void **state)
{
	struct nbl_ledger *l = NULL;
	struct nbl_record r, bad;
	size_t i;

	(void)state;
	l = reopen(l);
	put(l, 0, 1);
	l = reopen(l);
	assert_int_equal(nbl_ledger_read(l, 1, &r), 0);
	for (i = 0; i < sizeof(r); i++) {
		bad = r;
		((uint8_t *)&bad)[i] ^= 0x10;
		overwrite(sizeof(r), &bad, sizeof(bad));
		l = reopen(l);
		assert_int_equal(nbl_ledger_read(l, 1, &bad), -ENOENT);
	}
	nbl_ledger_close(l);
}

/* Killed while it was written: any part of it, at the end of the file. */
static void torn_ends_are_tolerated(void **state)
{
	struct nbl_ledger *l = NULL;
	struct nbl_record r;
	off_t size;

	(void)state;
	for (size = 511; size > 256; size -= 51) {
		l = reopen(NULL);
		put(l, 0, 1);
		put(l, 0, 2);
		assert_int_equal(truncate(path, 256 + size), 0);
		l = reopen(l);
		assert_int_equal(nbl_ledger_nr(l), 1);
		assert_int_equal(nbl_ledger_read(l, 1, &r), 0);
		assert_int_equal(put(l, 0, 2), 2);
		l = reopen(l);
		assert_int_equal(nbl_ledger_read(l, 2, &r), 0);
		nbl_ledger_close(l);
		unlink(path);
	}
	/* Before even its head was written. */
	close(open(path, O_CREAT | O_RDWR, 0600));
	l = reopen(NULL);
	assert_int_equal(put(l, 0, 1), 1);
	l = reopen(l);
	assert_int_equal(nbl_ledger_read(l, 1, &r), 0);
	nbl_ledger_close(l);
}

static void refused(int rc, const char *text)
{
	struct nbl_ledger *l;

	assert_int_equal(nbl_ledger_open(path, &l, err), rc);
	if (!strstr(err, text))
		fail_msg("\"%s\" does not say \"%s\"", err, text);
}

static void other_files_are_refused(void **state)
{
	struct nbl_ledger_head h = { .magic = 0 };
	struct nbl_ledger *l;
	int fd;

	(void)state;
	l = reopen(NULL);
	put(l, 0, 1);
	nbl_ledger_close(l);
	fd = open(path, O_RDONLY);
	assert_int_equal(read(fd, &h, sizeof(h)), sizeof(h));
	close(fd);
	h.sum ^= 1;
	overwrite(0, &h, sizeof(h));
	refused(-EPROTO, "is damaged");
	memset(&h, 0, sizeof(h));
	overwrite(0, &h, sizeof(h));
	refused(-EPROTO, "is damaged");
	assert_int_equal(truncate(path, 100), 0);
	refused(-ENODATA, "read");
	unlink(path);

	assert_int_equal(mkdir(path, 0700), 0);
	refused(-EISDIR, "open");
	rmdir(path);
	assert_int_equal(symlink("/dev/null", path), 0);
	refused(-ELOOP, "open");
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	refused(-EINVAL, "a file of ours");
	unlink(path);
}

/* As the ledger does it. */
static uint32_t fnv(const struct nbl_ledger_head *head)
{
	uint8_t bytes[sizeof(*head)];
	uint32_t h = 2166136261u;
	size_t i;

	memcpy(bytes, head, sizeof(bytes));
	for (i = 0; i < sizeof(bytes); i++)
		h = (h ^ bytes[i]) * 16777619u;
	return h;
}

static void other_versions_are_refused(void **state)
{
	struct nbl_ledger_head h = {
		.magic = NBL_LEDGER_MAGIC,
		.version = NBL_LEDGER_VERSION + 1,
		.size = 256,
	};
	struct nbl_ledger *l;

	(void)state;
	nbl_ledger_close(reopen(NULL));
	h.sum = fnv(&h);
	overwrite(0, &h, sizeof(h));
	refused(-EPROTO, "version 2");
	h.version = NBL_LEDGER_VERSION;
	h.sum = 0;
	h.sum = fnv(&h);
	overwrite(0, &h, sizeof(h));
	assert_int_equal(nbl_ledger_open(path, &l, err), 0);
	nbl_ledger_close(l);
}

/* No room for the second record: it costs nobody anything now. */
static void a_full_disk_is_survived(void **state)
{
	struct rlimit was, tight;
	struct nbl_ledger *l;
	struct nbl_record r;

	(void)state;
	l = reopen(NULL);
	assert_int_equal(put(l, 0, 1), 1);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	tight = was;
	tight.rlim_cur = 512;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
	assert_int_equal(put(l, 0, 2), 2);
	assert_int_equal(put(l, 1, 3), 1);	/* which has its place */
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	l = reopen(l);
	assert_int_equal(nbl_ledger_nr(l), 1);
	assert_int_equal(nbl_ledger_read(l, 1, &r), 0);
	assert_int_equal(r.domid, 3);
	nbl_ledger_close(l);
}

/* Somebody empties it while it is used. */
static void a_cut_file_is_no_ledger(void **state)
{
	struct nbl_ledger *l;

	(void)state;
	l = reopen(NULL);
	put(l, 0, 1);
	assert_int_equal(truncate(path, 0), 0);
	put(l, 0, 2);
	nbl_ledger_close(l);
	refused(-EPROTO, "is damaged");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		T(what_is_put_is_read),
		T(places_are_used_again),
		T(later_records_have_higher_numbers),
		T(damaged_records_are_none),
		T(torn_ends_are_tolerated),
		T(other_files_are_refused),
		T(other_versions_are_refused),
		T(a_full_disk_is_survived),
		T(a_cut_file_is_no_ledger),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("netback-ledger", tests, NULL,
					   NULL);
}

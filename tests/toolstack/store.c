// SPDX-License-Identifier: BSD-2-Clause
/* Records and names on disk. */
#include "fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const uint8_t uuid_a[16] = { 1, 2, 3, 4, 5, 6, 7, 8 };
static const uint8_t uuid_b[16] = { 9, 9, 9 };

static int setup(void **state)
{
	struct fixture *f;

	if (fixture_setup(state))
		return -1;
	f = *state;
	return chaos__need_xen(f->ctx, "test") ||
	       chaos__store_open(f->ctx) ? -1 : 0;
}

static struct chaos__record sample(void)
{
	struct chaos__record rec = {
		.domid = 17,
		.console = { .gfn = 0x123456789aull, .port = 3 },
		.created = 1700000000,
		.name = "web",
		.kernel = (char *)"/boot/\"quoted\"\\k",
		.cmdline = (char *)"tab\tline\n\x01 \xc3\xa4",
		.nr_vifs = 2,
		.vif = { { .mac = "00:16:3e:00:00:01", .bridge = "br0",
			   .ifname = "vif17.0", .ip = "10.0.0.2/24",
			   .gateway = "10.0.0.1", .mtu = 1500 },
			 { .id = 4, .mac = "00:16:3e:00:00:02" } },
	};

	memcpy(rec.uuid, uuid_a, 16);
	return rec;
}

static void test_round_trip(void **state)
{
	struct fixture *f = *state;
	struct chaos__record rec = sample(), *got = NULL;

	assert_int_equal(chaos__record_save(f->ctx, &rec), 0);
	assert_int_equal(chaos__record_load(f->ctx, uuid_a, &got), 0);
	assert_int_equal(got->domid, 17);
	assert_true(got->console.gfn == 0x123456789aull);
	assert_int_equal(got->console.port, 3);
	assert_int_equal(got->created, 1700000000);
	assert_string_equal(got->name, "web");
	assert_string_equal(got->kernel, rec.kernel);
	assert_string_equal(got->cmdline, rec.cmdline);
	assert_string_equal(got->ramdisk, "");
	assert_int_equal(got->nr_vifs, 2);
	assert_memory_equal(got->vif, rec.vif, sizeof(rec.vif[0]) * 2);
	chaos__record_free(got);
	assert_int_equal(chaos__record_remove(f->ctx, uuid_a), 0);
	assert_int_equal(chaos__record_remove(f->ctx, uuid_a), 0);
	assert_int_equal(chaos__record_load(f->ctx, uuid_a, &got), -ENOENT);
}

/* Any prefix of a record, and any byte of it changed: an error or a record,
 * never a crash. */
static void test_damaged(void **state)
{
	struct fixture *f = *state;
	struct chaos__record rec = sample(), *got;
	char path[160], uuid[40], text[4096];
	size_t size, i;
	FILE *file;

	assert_int_equal(chaos__record_save(f->ctx, &rec), 0);
	chaos__uuid_format(uuid_a, uuid);
	snprintf(path, sizeof(path), "%s/domains/%s", f->run_dir, uuid);
	file = fopen(path, "r");
	size = fread(text, 1, sizeof(text), file);
	fclose(file);
	/* The last byte is a newline, which is not missed. */
	for (i = 0; i < size - 1; i++) {
		fixture_write(path, text, i);
		assert_int_equal(chaos__record_load(f->ctx, uuid_a, &got),
				 -EPROTO);
	}
	for (i = 0; i < size; i++) {
		text[i] ^= 0x15;
		fixture_write(path, text, size);
		text[i] ^= 0x15;
		if (!chaos__record_load(f->ctx, uuid_a, &got))
			chaos__record_free(got);
	}
}

/* Read quickly from a record that begins as ours do, and from any other. */
static void test_name_alone(void **state)
{
	static const struct {
		const char *text, *name;	/* NULL: there is none */
	} cases[] = {
		{ "{\"version\":1,\"name\":\"a/b\",\"domid\":1}", NULL },
		{ "{\"version\":1,\"name\":\"\"", NULL },
		{ "{\"version\":1,\"name\":\"", NULL },
		{ "{\"version\":1,\"na", NULL }, { "", NULL },
		{ "{\"version\":1,\"domid\":3,\"console_gfn\":4,"
		  "\"console_port\":5,\"created\":6,\"name\":\"old\","
		  "\"kernel\":\"\",\"ramdisk\":\"\",\"cmdline\":\"\","
		  "\"on_poweroff\":\"\",\"on_reboot\":\"\",\"on_crash\":\"\","
		  "\"vifs\":[]}", "old" },
	};
	struct chaos__record rec = sample();
	char name[CHAOS_NAME_MAX + 1] = "", path[160], uuid[40];
	struct fixture *f = *state;
	size_t i;

	assert_int_equal(chaos__record_name(f->ctx, uuid_a, name), -ENOENT);
	memset(rec.name, 'n', CHAOS_NAME_MAX);
	assert_int_equal(chaos__record_save(f->ctx, &rec), 0);
	/* Without the parser, whose first allocation would fail. */
	fail_nth(2);
	assert_int_equal(chaos__record_name(f->ctx, uuid_a, name), 0);
	fail_never();
	assert_string_equal(name, rec.name);
	chaos__uuid_format(uuid_a, uuid);
	snprintf(path, sizeof(path), "%s/domains/%s", f->run_dir, uuid);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fixture_write(path, cases[i].text, strlen(cases[i].text));
		assert_int_equal(chaos__record_name(f->ctx, uuid_a, name),
				 cases[i].name ? 0 : -EPROTO);
		if (cases[i].name)
			assert_string_equal(name, cases[i].name);
	}
}

static void test_wrong_types(void **state)
{
	static const char *const texts[] = {
		"[]", "null", "{}", "{\"version\":\"1\"}", "{\"version\":2}",
		"{\"version\":1,\"name\":5}",
	};
	struct fixture *f = *state;
	struct chaos__record *got;
	char path[160], uuid[40];
	size_t i;

	chaos__uuid_format(uuid_a, uuid);
	snprintf(path, sizeof(path), "%s/domains/%s", f->run_dir, uuid);
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		fixture_write(path, texts[i], strlen(texts[i]));
		assert_int_equal(chaos__record_load(f->ctx, uuid_a, &got),
				 -EPROTO);
	}
}

static void test_save_fails_whole(void **state)
{
	struct fixture *f = *state;
	struct chaos__record rec = sample(), *got;
	unsigned int n;

	assert_int_equal(chaos__record_save(f->ctx, &rec), 0);
	strcpy(rec.name, "new");
	for (n = 1; ; n++) {
		fail_nth(n);
		if (!chaos__record_save(f->ctx, &rec))
			break;
		assert_true(fail_happened());
		/* The old one is whole, and no temporary file is left. */
		fail_never();
		assert_int_equal(chaos__record_load(f->ctx, uuid_a, &got), 0);
		assert_string_equal(got->name, "web");
		chaos__record_free(got);
		assert_int_equal(fixture_nr_records(f), 1);
	}
	assert_true(n > 1);
}

/* As who destroys domid does, without a record of it. */
static void remove_names(struct fixture *f, const uint8_t uuid[16],
			 uint32_t domid)
{
	struct chaos__name_lock lock = { .fd = -1 };
	uint32_t owner;

	while (!chaos__name_await_any(f->ctx, uuid, &lock, &owner)) {
		if (owner != domid) {
			chaos__name_unlock(&lock);
			return;
		}
		chaos__name_drop(f->ctx, &lock);
	}
}

static void test_names(void **state)
{
	struct fixture *f = *state;
	struct chaos__name_lock lock = { .fd = -1 }, other = { .fd = -1 };
	uint32_t holder, domid;
	uint8_t uuid[16];

	assert_int_equal(chaos__name_claim(f->ctx, "web", &lock, &holder), 0);
	assert_int_equal(chaos__name_find(f->ctx, "web", uuid, &domid),
			 -EAGAIN);
	assert_int_equal(chaos__name_claim(f->ctx, "web", &other, &holder),
			 -EEXIST);
	assert_int_equal(holder, 0);
	assert_int_equal(chaos__name_bind(&lock, uuid_a, 4294967295u), 0);
	assert_int_equal(chaos__name_bind(&lock, uuid_a, 5), 0);
	chaos__name_unlock(&lock);
	assert_int_equal(chaos__name_find(f->ctx, "web", uuid, &domid), 0);
	assert_int_equal(domid, 5);
	assert_memory_equal(uuid, uuid_a, 16);

	fake_xen.domain[5].used = true;
	memcpy(fake_xen.domain[5].dom.uuid, uuid_a, 16);
	assert_int_equal(chaos__name_claim(f->ctx, "web", &other, &holder),
			 -EEXIST);
	assert_int_equal(holder, 5);
	/* Not the one who has it, or not its domain any more: it stays. */
	remove_names(f, uuid_a, 4);
	assert_int_equal(chaos__name_take(f->ctx, "web", uuid_a, 4, &other),
			 -ESTALE);
	assert_int_equal(other.fd, -1);
	remove_names(f, uuid_b, 5);
	assert_int_equal(chaos__name_find(f->ctx, "web", uuid, &domid), 0);
	remove_names(f, uuid_a, 5);
	assert_int_equal(chaos__name_find(f->ctx, "web", uuid, &domid),
			 -ENOENT);
	remove_names(f, uuid_a, 5);
	chaos__name_drop(f->ctx, &lock);	/* of nothing */
}

/* What somebody else wrote there is not believed. */
static void test_odd_name_files(void **state)
{
	static const char *const texts[] = {
		"x", "00000000-0000-0000-0000-000000000000", "\n\n\n",
		"00000000-0000-0000-0000-00000000000g          5\n",
		"00000000-0000-0000-0000-000000000000          x\n",
	};
	struct fixture *f = *state;
	struct chaos__name_lock lock;
	char path[160];
	uint32_t domid;
	uint8_t uuid[16];
	size_t i;

	snprintf(path, sizeof(path), "%s/names/odd", f->run_dir);
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		fixture_write(path, texts[i], strlen(texts[i]));
		assert_int_equal(chaos__name_find(f->ctx, "odd", uuid, &domid),
				 -EPROTO);
		assert_int_equal(chaos__name_claim(f->ctx, "odd", &lock,
						   &domid), 0);
		chaos__name_unlock(&lock);
	}
	unlink(path);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_int_not_equal(chaos__name_claim(f->ctx, "odd", &lock, &domid),
			     0);
}

/* Many processes at once want one name: one gets it. */
static void test_race(void **state)
{
	struct fixture *f = *state;
	struct chaos__name_lock lock = { .fd = -1 };
	int i, status, winners = 0, go[2], done[2];
	uint32_t holder;
	char c;

	assert_int_equal(pipe(go), 0);
	assert_int_equal(pipe(done), 0);
	for (i = 0; i < 16; i++) {
		if (fork())
			continue;
		close(go[1]);
		close(done[1]);
		if (read(go[0], &c, 1) != 0)
			_exit(3);
		status = chaos__name_claim(f->ctx, "web", &lock, &holder);
		/* Who won holds it until all others have tried. */
		if (!status)
			usleep(200000);
		_exit(!status ? 1 : status == -EEXIST ? 0 : 2);
	}
	close(go[0]);
	close(go[1]);
	close(done[0]);
	close(done[1]);
	for (i = 0; i < 16; i++) {
		assert_true(wait(&status) > 0);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
		winners += WEXITSTATUS(status);
	}
	assert_int_equal(winners, 1);
	/* It died without releasing the name, which is free all the same. */
	assert_int_equal(chaos__name_claim(f->ctx, "web", &lock, &holder), 0);
	chaos__name_drop(f->ctx, &lock);
}

/* Between opening a name and locking it, another takes it and makes it anew:
 * that one is not removed. */
static char raced_path[160];

static void race_hook(const char *where)
{
	if (strcmp(where, "flock"))
		return;
	fail_hook = NULL;
	assert_int_equal(unlink(raced_path), 0);
	fixture_write(raced_path, "", 0);
}

static void test_remove_race(void **state)
{
	struct fixture *f = *state;
	struct chaos__name_lock lock = { .fd = -1 };
	uint32_t holder;

	assert_int_equal(chaos__name_claim(f->ctx, "web", &lock, &holder), 0);
	assert_int_equal(chaos__name_bind(&lock, uuid_a, 5), 0);
	chaos__name_unlock(&lock);
	snprintf(raced_path, sizeof(raced_path), "%s/names/web", f->run_dir);
	fail_hook = race_hook;
	remove_names(f, uuid_a, 5);
	assert_null(fail_hook);
	assert_int_equal(access(raced_path, F_OK), 0);

	/* The same while it is claimed: the one that has the name is locked. */
	fail_hook = race_hook;
	assert_int_equal(chaos__name_claim(f->ctx, "web", &lock, &holder), 0);
	assert_int_equal(chaos__name_bind(&lock, uuid_b, 6), 0);
	chaos__name_drop(f->ctx, &lock);
	assert_int_equal(access(raced_path, F_OK), -1);
}

/* Who makes the domain holds its name: removing it comes after that. */
static void test_remove_waits(void **state)
{
	struct fixture *f = *state;
	struct chaos__name_lock lock = { .fd = -1 };
	int status, ready[2];
	uint32_t holder;
	char c;

	assert_int_equal(pipe(ready), 0);
	if (!fork()) {
		if (chaos__name_claim(f->ctx, "web", &lock, &holder) ||
		    chaos__name_bind(&lock, uuid_a, 0) ||
		    write(ready[1], "", 1) != 1)
			_exit(1);
		/* The domain is made while somebody waits. */
		usleep(100000);
		if (chaos__name_bind(&lock, uuid_a, 5))
			_exit(1);
		usleep(100000);
		_exit(0);
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	close(ready[1]);
	alarm(10);
	remove_names(f, uuid_b, 5);
	assert_int_equal(fixture_nr_records(f), 1);
	remove_names(f, uuid_a, 5);
	alarm(0);
	assert_int_equal(fixture_nr_records(f), 0);
	assert_true(wait(&status) > 0);
	assert_int_equal(status, 0);
}

/* One that could not be read back is not written. */
static void test_record_too_large(void **state)
{
	struct fixture *f = *state;
	struct chaos__record rec = sample();

	rec.cmdline = malloc(300 << 10);
	memset(rec.cmdline, 'x', 300 << 10);
	rec.cmdline[(300 << 10) - 1] = '\0';
	assert_int_equal(chaos__record_save(f->ctx, &rec), -E2BIG);
	assert_int_equal(fixture_nr_records(f), 0);
	free(rec.cmdline);
}

static void test_unsafe_directory(void **state)
{
	struct fixture *f = *state;

	chaos__store_close(f->ctx);
	assert_int_equal(chmod(f->run_dir, 0777), 0);
	assert_int_equal(chaos__store_open(f->ctx), -EACCES);
	assert_int_equal(chmod(f->run_dir, 0700), 0);
	assert_int_equal(chaos__store_open(f->ctx), 0);
}

static void test_uuid(void **state)
{
	uint8_t a[16], b[16];
	char text[40];

	(void)state;
	assert_int_equal(chaos__uuid_random(a), 0);
	assert_int_equal(chaos__uuid_random(b), 0);
	assert_memory_not_equal(a, b, 16);
	assert_int_equal(a[6] >> 4, 4);
	assert_int_equal(a[8] >> 6, 2);
	chaos__uuid_format(a, text);
	assert_int_equal(chaos__uuid_parse(text, b), 0);
	assert_memory_equal(a, b, 16);
	text[35] = '\0';
	assert_int_equal(chaos__uuid_parse(text, b), -EINVAL);
	fail_nth(1);
	assert_int_equal(chaos__uuid_random(a), -EIO);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_round_trip), T(test_damaged), T(test_wrong_types),
		T(test_save_fails_whole), T(test_names), T(test_odd_name_files),
		T(test_race), T(test_remove_race),
		T(test_remove_waits), T(test_name_alone), T(test_record_too_large), T(test_unsafe_directory), T(test_uuid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

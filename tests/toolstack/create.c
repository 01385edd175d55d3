// SPDX-License-Identifier: BSD-2-Clause
/*
 * Creating: what a good create does, and that one which fails anywhere leaves
 * nothing behind.
 */
#include "fixture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "image.h"

static struct chaos_config *config(struct fixture *f, const char *name,
				   const char *more)
{
	struct chaos_config *cfg;
	char text[1024];

	snprintf(text, sizeof(text), "name = \"%s\"\nkernel = \"%s\"\n"
		 "memory = 4\n%s\n", name, f->kernel, more);
	if (chaos_config_parse_string(f->ctx, "test", text, NULL, &cfg))
		fail_msg("%s", fixture_errors(f));
	return cfg;
}

#define TWO_VIFS "vif = [ \"ip=10.0.0.2/24,gateway=10.0.0.1\", \"ip=dhcp\" ]"

static void assert_nothing_left(struct fixture *f)
{
	assert_int_equal(fake_xen_nr_domains(), 0);
	assert_int_equal(fake_noxs_nr_vifs(), 0);
	assert_int_equal(fake_xen.nr_builds, 0);
	assert_int_equal(fixture_nr_records(f), 0);
}

static void test_good(void **state)
{
	struct fixture *f = *state;
	struct chaos_config *cfg = config(f, "web", TWO_VIFS);
	struct fake_domain *d;
	uint32_t domid, found;

	assert_int_equal(chaos_create(f->ctx, cfg, 0, &domid), 0);
	d = &fake_xen.domain[domid];
	assert_true(d->used);
	assert_int_equal(d->vcpus, 1);
	assert_int_equal(d->memory, 1);
	assert_int_equal(d->image, 1);
	assert_int_equal(d->boot, 1);
	assert_false(d->dom.paused);
	assert_int_equal(fake_noxs_nr_vifs(), 2);
	assert_memory_equal(fake_noxs.vif[0].req.ip, "\x0a\0\0\x02", 4);
	assert_int_equal(fake_noxs.vif[0].req.prefix, 24);
	assert_int_equal(fake_noxs.vif[0].req.flags, NOXS_NETBACK_SPOOF_MAC |
						     NOXS_NETBACK_SPOOF_IP);
	/* Made up when not given: not the same, not groups. */
	assert_memory_not_equal(fake_noxs.vif[0].req.mac,
				fake_noxs.vif[1].req.mac, 6);
	assert_int_equal(fake_noxs.vif[0].req.mac[0] & 1, 0);
	assert_int_equal(chaos_lookup(f->ctx, "web", &found), 0);
	assert_int_equal(found, domid);
	chaos_config_free(cfg);
}

static void test_paused(void **state)
{
	struct fixture *f = *state;
	struct chaos_config *cfg = config(f, "web", "");
	uint32_t domid;

	assert_int_equal(chaos_create(f->ctx, cfg, CHAOS_CREATE_PAUSED,
				      &domid), 0);
	assert_true(fake_xen.domain[domid].dom.paused);
	assert_int_equal(chaos_create(f->ctx, cfg, 1u << 7, &domid), -EINVAL);
	chaos_config_free(cfg);
}

static void test_steps_are_timed(void **state)
{
	struct fixture *f = *state;
	struct chaos_config *cfg = config(f, "web", "");
	const struct chaos_step *last;
	uint32_t domid;

	assert_int_equal(chaos_create(f->ctx, cfg, 0, &domid), 0);
	assert_true(chaos_nr_steps(f->ctx) > 8);
	last = chaos_step(f->ctx, chaos_nr_steps(f->ctx) - 1);
	assert_string_equal(last->name, "unpause");
	assert_null(chaos_step(f->ctx, chaos_nr_steps(f->ctx)));
	chaos_config_free(cfg);
}

/* The ladder: every point fails once. */
static void test_every_failure_is_undone(void **state)
{
	struct fixture *f = *state;
	struct chaos_config *cfg = config(f, "web", TWO_VIFS);
	uint32_t domid = 12345;
	unsigned int n, nr_fds;
	int rc;

	/* The directories stay open from the first create on. */
	assert_int_equal(chaos_create(f->ctx, cfg, 0, &domid), 0);
	assert_int_equal(chaos_destroy(f->ctx, domid), 0);
	nr_fds = fixture_nr_fds();
	for (n = 1; ; n++) {
		domid = 12345;
		fail_nth(n);
		rc = chaos_create(f->ctx, cfg, 0, &domid);
		if (!fail_happened())
			break;
		if (!rc) {
			/* Only what can be done again may fail unseen. */
			assert_true(!strcmp(fail_where(), "netback send") ||
				    !strcmp(fail_where(), "pwrite"));
			fail_never();
			assert_int_equal(chaos_destroy(f->ctx, domid), 0);
			continue;
		}
		if (fake_xen_nr_domains() || fake_noxs_nr_vifs())
			print_error("after a failing %s\n", fail_where());
		assert_int_equal(domid, 12345);
		assert_non_null(chaos_error(f->ctx, 0));
		assert_int_equal(fake_xen_nr_domains(), 0);
		assert_int_equal(fake_noxs_nr_vifs(), 0);
		/* Without the lock, an empty name may be somebody else's. */
		assert_in_range(fixture_nr_records(f), 0,
				!strcmp(fail_where(), "flock"));
		assert_int_equal(fixture_nr_fds(), nr_fds);
	}
	fail_never();
	/* Less would mean that points were not reached. */
	assert_true(n > 20);
	assert_int_equal(rc, 0);
	assert_int_equal(chaos_destroy(f->ctx, domid), 0);
	assert_nothing_left(f);
	chaos_config_free(cfg);
}

static const char *cancel_at;
static struct chaos *cancel_ctx;

static void cancel_hook(const char *step)
{
	if (!strcmp(step, cancel_at))
		chaos_cancel(cancel_ctx);
}

static void test_cancel(void **state)
{
	static const char *const at[] = { "create", "vcpus", "begin", "memory",
					  "image", "boot" };
	struct fixture *f = *state;
	struct chaos_config *cfg = config(f, "web", TWO_VIFS);
	uint32_t domid;
	size_t i;

	cancel_ctx = f->ctx;
	fake_xen.hook = cancel_hook;
	for (i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		cancel_at = at[i];
		assert_int_equal(chaos_create(f->ctx, cfg, 0, &domid),
				 -ECANCELED);
		assert_error(f, "interrupted");
		assert_nothing_left(f);
	}
	/* It was for that one. */
	fake_xen.hook = NULL;
	assert_int_equal(chaos_create(f->ctx, cfg, 0, &domid), 0);
	chaos_config_free(cfg);
}

static void test_duplicate_name(void **state)
{
	struct fixture *f = *state;
	struct chaos_config *cfg = config(f, "web", TWO_VIFS);
	uint32_t domid, other;

	assert_int_equal(chaos_create(f->ctx, cfg, 0, &domid), 0);
	assert_int_equal(chaos_create(f->ctx, cfg, 0, &other), -EEXIST);
	assert_error(f, "web: claim name: domain 1 has this name");
	assert_int_equal(fake_xen_nr_domains(), 1);
	assert_int_equal(fake_noxs_nr_vifs(), 2);
	chaos_config_free(cfg);
}

static void test_duplicate_uuid(void **state)
{
	static const char uuid[] =
		"uuid = \"f81d4fae-7dec-11d0-a765-00a0c91e6bf6\"";
	struct fixture *f = *state;
	struct chaos_config *cfg = config(f, "web", uuid);
	struct chaos_config *cfg2 = config(f, "web2", uuid);
	uint32_t domid, other;

	assert_int_equal(chaos_create(f->ctx, cfg, 0, &domid), 0);
	assert_int_equal(chaos_create(f->ctx, cfg2, 0, &other), -EEXIST);
	assert_error(f, "domain 1 has this UUID");
	assert_int_equal(chaos_destroy(f->ctx, domid), 0);
	assert_int_equal(chaos_create(f->ctx, cfg2, 0, &other), 0);
	/* Dead without our knowing: its record is in nobody's way. */
	fake_xen.domain[other].used = false;
	assert_int_equal(chaos_create(f->ctx, cfg2, 0, &other), 0);
	chaos_config_free(cfg);
	chaos_config_free(cfg2);
}

/* Two creates of one name at once: the second sees the first at work. */
static void test_name_being_made(void **state)
{
	struct fixture *f = *state;
	struct chaos_config *cfg = config(f, "web", "");
	struct chaos__name_lock lock = { .fd = -1 };
	uint32_t domid, holder;

	assert_int_equal(chaos__store_open(f->ctx), 0);
	assert_int_equal(chaos__name_claim(f->ctx, "web", &lock, &holder), 0);
	assert_int_equal(chaos_create(f->ctx, cfg, 0, &domid), -EEXIST);
	assert_error(f, "is being created");
	chaos__name_drop(f->ctx, &lock);
	assert_int_equal(chaos_create(f->ctx, cfg, 0, &domid), 0);
	chaos_config_free(cfg);
}

/* Killed by somebody else, say xl destroy: the name is free again. */
static void test_name_of_the_dead(void **state)
{
	struct fixture *f = *state;
	struct chaos_config *cfg = config(f, "web", "");
	uint32_t domid, found;

	assert_int_equal(chaos_create(f->ctx, cfg, 0, &domid), 0);
	fake_xen.domain[domid].used = false;
	assert_int_equal(chaos_lookup(f->ctx, "web", &found), -ESRCH);
	assert_int_equal(chaos_create(f->ctx, cfg, 0, &domid), 0);
	/* The record of the one before went with its name. */
	assert_int_equal(fixture_nr_records(f), 2);
	/* And a successor with its domid is not taken for it. */
	fake_xen.domain[domid].dom.uuid[0] ^= 1;
	assert_int_equal(chaos_lookup(f->ctx, "web", &found), -ESRCH);
	assert_int_equal(chaos_create(f->ctx, cfg, 0, &domid), 0);
	chaos_config_free(cfg);
}

/* Its UUID is another's by now, whose record is not touched. */
static void test_uuid_of_the_dead(void **state)
{
	static const char uuid[] =
		"uuid = \"f81d4fae-7dec-11d0-a765-00a0c91e6bf6\"";
	struct fixture *f = *state;
	struct chaos_config *web = config(f, "web", uuid);
	struct chaos_config *db = config(f, "db", uuid);
	struct chaos_config *again = config(f, "web", "");
	char name[CHAOS_NAME_MAX + 1];
	uint32_t first, second, third;

	assert_int_equal(chaos_create(f->ctx, web, 0, &first), 0);
	fake_xen.domain[first].used = false;
	assert_int_equal(chaos_create(f->ctx, db, 0, &second), 0);
	assert_int_equal(chaos_create(f->ctx, again, 0, &third), 0);
	assert_int_equal(chaos_domain_name(f->ctx, second, name), 0);
	assert_string_equal(name, "db");
	chaos_config_free(web);
	chaos_config_free(db);
	chaos_config_free(again);
}

/* By another, between the record and the end. */
static void destroy_hook(const char *where)
{
	if (strcmp(where, "renameat"))
		return;
	fail_hook = NULL;
	fake_xen.domain[1].used = false;
	fake_xen.domain[1].taken = true;
}

static void test_destroyed_meanwhile(void **state)
{
	static const unsigned int flags[] = { CHAOS_CREATE_PAUSED, 0 };
	struct fixture *f = *state;
	struct chaos_config *cfg = config(f, "web", "");
	uint32_t domid;
	size_t i;

	for (i = 0; i < 2; i++) {
		fake_xen.next_domid = 1;
		fail_hook = destroy_hook;
		assert_int_equal(chaos_create(f->ctx, cfg, flags[i], &domid),
				 -ESRCH);
		assert_null(fail_hook);
		assert_error(f, "destroyed meanwhile");
		assert_nothing_left(f);
	}
	chaos_config_free(cfg);
}

static void test_too_much_memory(void **state)
{
	struct fixture *f = *state;
	struct chaos_config *cfg = config(f, "web", "memory = 1024");
	uint32_t domid;

	assert_int_equal(chaos_create(f->ctx, cfg, 0, &domid), -ENOSPC);
	assert_error(f, "check memory: it needs 1030 MB, Xen has 1024 MB free");
	assert_nothing_left(f);
	chaos_config_free(cfg);
}

static void test_kernel_too_large(void **state)
{
	struct fixture *f = *state;
	struct chaos_config *cfg = config(f, "web", "memory = 1");
	uint32_t domid;

	assert_int_equal(chaos_create(f->ctx, cfg, 0, &domid), -ENOSPC);
	assert_error(f, "the kernel does not fit in memory=");
	assert_nothing_left(f);
	chaos_config_free(cfg);
}

static void test_no_backend(void **state)
{
	struct fixture *f = *state;
	struct chaos_config *cfg = config(f, "web", TWO_VIFS);
	uint32_t domid;

	fake_noxs.running = false;
	assert_int_equal(chaos_create(f->ctx, cfg, 0, &domid), -ECONNREFUSED);
	assert_error(f, "the network backend is not running "
		     "(start netback-lite)");
	assert_nothing_left(f);
	/* That a Xen has it does not change while it runs. */
	noxs_close(f->ctx->nx);
	f->ctx->nx = NULL;
	fake_hyp.open_rc = -ENOSYS;
	assert_int_equal(chaos_create(f->ctx, cfg, 0, &domid), -ENOSYS);
	assert_error(f, "this Xen has no noxs extension");
	assert_nothing_left(f);
	chaos_config_free(cfg);

	/* Without vifs there is no need of either. */
	cfg = config(f, "web", "");
	assert_int_equal(chaos_create(f->ctx, cfg, 0, &domid), 0);
	chaos_config_free(cfg);
}

static void test_backend_restarted(void **state)
{
	struct fixture *f = *state;
	struct chaos_config *cfg = config(f, "web", TWO_VIFS);
	struct chaos_config *cfg2 = config(f, "web2", TWO_VIFS);
	uint32_t domid;

	assert_int_equal(chaos_create(f->ctx, cfg, 0, &domid), 0);
	fake_noxs.restarted = true;
	assert_int_equal(chaos_create(f->ctx, cfg2, 0, &domid), 0);
	chaos_config_free(cfg);
	chaos_config_free(cfg2);
}

static void test_silent_backend(void **state)
{
	struct fixture *f = *state;
	struct chaos_config *cfg = config(f, "web", TWO_VIFS);
	uint32_t domid;

	fake_noxs.silent = true;
	assert_int_equal(chaos_create(f->ctx, cfg, 0, &domid), -ETIMEDOUT);
	assert_error(f, "vif 0");
	/* Once, not again for each vif and in the undo. */
	assert_int_equal(fake_noxs.waited_ms, f->ctx->timeout_ms);
	assert_int_equal(fake_xen_nr_domains(), 0);
	assert_int_equal(fixture_nr_records(f), 0);
	chaos_config_free(cfg);
}

static void interrupt(void)
{
	chaos_cancel(cancel_ctx);
}

/* Ctrl-C while it hangs. */
static void test_cancel_silent_backend(void **state)
{
	struct fixture *f = *state;
	struct chaos_config *cfg = config(f, "web", TWO_VIFS);
	uint32_t domid;

	cancel_ctx = f->ctx;
	fake_noxs.silent = true;
	fake_noxs.wait_hook = interrupt;
	assert_int_equal(chaos_create(f->ctx, cfg, 0, &domid), -ECANCELED);
	assert_in_range(fake_noxs.waited_ms, 1, 3000);
	assert_int_equal(fake_xen_nr_domains(), 0);
	assert_int_equal(fixture_nr_records(f), 0);
	chaos_config_free(cfg);
}

static void test_absent_bridge(void **state)
{
	struct fixture *f = *state;
	struct chaos_config *cfg = config(f, "web",
		"vif = [ \"\", \"bridge=br7\" ]");
	uint32_t domid;

	assert_int_equal(chaos_create(f->ctx, cfg, 0, &domid), -ENODEV);
	assert_error(f, "vif 1: put TAP on bridge br7: No such device "
		     "(ip link add br7 type bridge)");
	assert_nothing_left(f);
	chaos_config_free(cfg);
}

static void test_no_xen(void **state)
{
	struct fixture *f = *state;
	struct chaos_config *cfg = config(f, "web", "");
	uint32_t domid;

	fake_xen.open_rc = -ENOENT;
	assert_int_equal(chaos_create(f->ctx, cfg, 0, &domid), -ENOENT);
	assert_error(f, "there is no Xen here");
	fake_xen.open_rc = -EACCES;
	assert_int_equal(chaos_create(f->ctx, cfg, 0, &domid), -EACCES);
	assert_error(f, "run it as root");
	chaos_config_free(cfg);
}

/* The cost of a name does not depend on how many there are. */
static void test_many(void **state)
{
	struct fixture *f = *state;
	struct chaos_config *cfg;
	unsigned int i, gets = 0;
	char name[16];
	uint32_t domid;

	for (i = 1; i <= 500; i++) {
		snprintf(name, sizeof(name), "g%u", i);
		cfg = config(f, name, "");
		fake_xen.nr_gets = 0;
		assert_int_equal(chaos_create(f->ctx, cfg, 0, &domid), 0);
		if (i == 1)
			gets = fake_xen.nr_gets;
		assert_int_equal(fake_xen.nr_gets, gets);
		chaos_config_free(cfg);
	}
	assert_int_equal(chaos_lookup(f->ctx, "g250", &domid), 0);
	assert_int_equal(domid, 250);
}

static void test_dry_run(void **state)
{
	struct fixture *f = *state;
	struct chaos_config *cfg = config(f, "web", TWO_VIFS);
	struct chaos_config *bad = config(f, "db", "vif=[\"bridge=br7\"]");
	unsigned int n;
	uint32_t domid;

	for (n = 1; ; n++) {
		fail_nth(n);
		if (!chaos_create(f->ctx, cfg, CHAOS_CREATE_DRY_RUN, NULL) &&
		    !fail_happened())
			break;
		assert_nothing_left(f);
	}
	fail_never();
	assert_true(n > 8);
	assert_nothing_left(f);
	assert_int_equal(chaos_create(f->ctx, bad, CHAOS_CREATE_DRY_RUN, NULL),
			 -ENODEV);
	assert_error(f, "no bridge br7 (ip link add br7 type bridge)");
	assert_int_equal(chaos_create(f->ctx, cfg, 0, &domid), 0);
	assert_int_equal(chaos_create(f->ctx, cfg, CHAOS_CREATE_DRY_RUN, NULL),
			 -EEXIST);
	assert_error(f, "has this name");
	fake_noxs.running = false;
	assert_int_equal(chaos_create(f->ctx, bad, CHAOS_CREATE_DRY_RUN, NULL),
			 -ECONNREFUSED);
	fake_xen.free_kb = 4096;
	assert_int_equal(chaos_create(f->ctx, bad, CHAOS_CREATE_DRY_RUN, NULL),
			 -ENOSPC);
	chaos_config_free(cfg);
	chaos_config_free(bad);
}

static void test_copies(void **state)
{
	struct fixture *f = *state;
	struct chaos_config *cfg = config(f, "web", "");
	struct chaos_config *pattern = config(f, "w%d-a", "");
	uint32_t domid;

	assert_int_equal(chaos_create(f->ctx, pattern, 0, &domid), -EINVAL);
	assert_error(f, "a pattern for several names");
	assert_int_equal(chaos_config_number(f->ctx, pattern, 1), 0);
	assert_string_equal(chaos_config_name(pattern), "w1-a");
	assert_int_equal(chaos_config_number(f->ctx, pattern, 20), 0);
	assert_string_equal(chaos_config_name(pattern), "w20-a");
	assert_int_equal(chaos_create(f->ctx, pattern, 0, &domid), 0);
	assert_int_equal(chaos_config_number(f->ctx, cfg, 1), 0);
	assert_int_equal(chaos_config_number(f->ctx, cfg, 4294967295u), 0);
	assert_string_equal(chaos_config_name(cfg), "web4294967295");
	chaos_config_free(cfg);
	chaos_config_free(pattern);
	cfg = config(f, "x123456789x123456789x123456789x123456789x123456789"
			"x123456789x123", "");
	assert_int_equal(chaos_config_number(f->ctx, cfg, 1), -EINVAL);
	assert_error(f, "must have 1 to 64 characters");
	chaos_config_free(cfg);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, \
						fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_good), T(test_paused), T(test_steps_are_timed),
		T(test_every_failure_is_undone), T(test_cancel),
		T(test_duplicate_name), T(test_duplicate_uuid), T(test_name_being_made),
		T(test_name_of_the_dead), T(test_uuid_of_the_dead), T(test_too_much_memory),
		T(test_kernel_too_large), T(test_no_backend),
		T(test_backend_restarted), T(test_silent_backend),
		T(test_cancel_silent_backend), T(test_destroyed_meanwhile),
		T(test_absent_bridge), T(test_no_xen), T(test_many),
		T(test_dry_run), T(test_copies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

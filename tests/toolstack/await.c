// SPDX-License-Identifier: BSD-2-Clause
/* Guests that are made when somebody calls: libchaos' part of it. */
#include "fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"

static struct chaos_config *config(struct fixture *f, const char *name,
				   const char *vif)
{
	struct chaos_config *cfg;
	char text[512];

	snprintf(text, sizeof(text), "name = \"%s\"\nkernel = \"%s\"\n"
		 "memory = 4\nidle_timeout = 7\nvif = [ %s ]\n", name,
		 f->kernel, vif);
	assert_int_equal(chaos_config_parse_string(f->ctx, "t", text, NULL,
						   &cfg), 0);
	return cfg;
}

#define TWO "\"bridge=xenbr0,ip=10.1.2.3/8\", \"bridge=xenbr0,ip=dhcp\", " \
	    "\"bridge=xenbr0,ip=10.1.2.4/8,mac=00:16:3e:00:00:09\""

static void test_config(void **state)
{
	struct fixture *f = *state;
	struct chaos_config *cfg = config(f, "web", TWO);
	char here[4096];

	assert_int_equal(chaos_await_config(f->ctx, cfg), 0);
	assert_memory_equal(cfg->vif[0].mac, "\x00\x16\x3e\x01\x02\x03", 6);
	assert_true(cfg->vif[0].mac_set);
	assert_false(cfg->vif[1].mac_set);
	assert_memory_equal(cfg->vif[2].mac, "\x00\x16\x3e\x00\x00\x09", 6);
	assert_string_equal(chaos_config_on_idle(cfg), "destroy");
	chaos_config_free(cfg);

	cfg = config(f, "web", "\"bridge=xenbr0\", \"ip=dhcp\"");
	assert_int_equal(chaos_await_config(f->ctx, cfg), -EINVAL);
	assert_non_null(strstr(fixture_errors(f), "a bridge and an address"));
	chaos_config_free(cfg);

	cfg = config(f, "web", "\"bridge=xenbr0,ip=10.1.2.3/8,backend=net1\"");
	assert_int_equal(chaos_await_config(f->ctx, cfg), -EINVAL);
	assert_non_null(strstr(fixture_errors(f), "is served here"));
	chaos_config_free(cfg);

	cfg = config(f, "w%d", TWO);
	assert_int_equal(chaos_await_config(f->ctx, cfg), -EINVAL);
	chaos_config_free(cfg);

	/* A path is one of this process alone. */
	cfg = config(f, "web", TWO);
	assert_non_null(getcwd(here, sizeof(here)));
	assert_true(!mkdir(f->run_dir, 0700) || errno == EEXIST);
	assert_int_equal(chdir(f->run_dir), 0);
	free(cfg->kernel);
	cfg->kernel = strdup("k");
	assert_int_equal(chaos_await_config(f->ctx, cfg), -ENOENT);
	assert_int_equal(symlink(f->kernel, "k"), 0);
	assert_int_equal(chaos_await_config(f->ctx, cfg), 0);
	assert_true(cfg->kernel[0] == '/');
	assert_int_equal(unlink("k"), 0);
	assert_int_equal(chdir(here), 0);
	chaos_config_free(cfg);
}

static void test_told(void **state)
{
	struct fixture *f = *state;
	struct chaos_config *cfg = config(f, "web", TWO);
	struct chaos_await_event e;
	struct chaos_await *aw;
	uint32_t domid = 99;

	assert_int_equal(chaos_await_config(f->ctx, cfg), 0);
	assert_int_equal(chaos_await_open(f->ctx, &aw), 0);
	assert_int_equal(chaos_await_add(f->ctx, aw, cfg, 42, &domid), 0);
	assert_int_equal(domid, 0);
	assert_int_equal(fake_noxs_nr_awaits(), 2);
	assert_int_equal(fake_noxs.await[0].idle_ms, 7000);
	assert_int_equal(chaos_await_next(aw, &e), 0);
	fake_noxs_tell(4, NOXS_NETBACK_WAKE, 0);
	fake_noxs_tell(3, NOXS_NETBACK_IDLE, 5);
	assert_int_equal(chaos_await_next(aw, &e), 1);
	assert_int_equal(e.kind, CHAOS_AWAIT_WAKE);
	assert_int_equal(e.token, 42);
	assert_int_equal(e.domid, 0);
	assert_int_equal(chaos_await_next(aw, &e), 1);
	assert_int_equal(e.kind, CHAOS_AWAIT_IDLE);
	assert_int_equal(e.domid, 5);
	assert_int_equal(chaos_await_next(aw, &e), 0);
	/* The guest is there by now. */
	assert_int_equal(chaos_create(f->ctx, cfg, 0, &domid), 0);
	domid = 0;
	assert_int_equal(chaos_await_add(f->ctx, aw, cfg, 42, &domid), 0);
	assert_int_equal(domid, 1);
	assert_int_equal(chaos_await_doze(f->ctx, domid), 0);
	fake_noxs.busy = true;
	assert_int_equal(chaos_await_doze(f->ctx, domid), -EAGAIN);
	assert_int_equal(chaos_await_remove(f->ctx, aw, cfg), 0);
	assert_int_equal(fake_noxs_nr_awaits(), 0);
	assert_int_equal(chaos_await_remove(f->ctx, aw, cfg), 0);
	assert_int_equal(chaos_destroy(f->ctx, domid), 0);
	chaos_await_close(aw);
	chaos_await_close(NULL);
	chaos_config_free(cfg);
}

static void test_refused(void **state)
{
	struct fixture *f = *state;
	struct chaos_config *cfg = config(f, "web", TWO), *other;
	struct chaos_await_event e;
	struct chaos_await *aw;

	other = config(f, "b", "\"bridge=xenbr0,ip=10.9.9.9/8\", "
		       "\"bridge=xenbr0,ip=10.1.2.3/8\"");
	assert_int_equal(chaos_await_config(f->ctx, cfg), 0);
	assert_int_equal(chaos_await_config(f->ctx, other), 0);
	fake_noxs.running = false;
	assert_int_equal(chaos_await_open(f->ctx, &aw), -ECONNREFUSED);
	assert_non_null(strstr(fixture_errors(f), "start netback-lite"));
	fake_noxs.running = true;
	assert_int_equal(chaos_await_open(f->ctx, &aw), 0);
	assert_int_equal(chaos_await_add(f->ctx, aw, cfg, 1, NULL), 0);
	/* All or nothing: its first address was taken back. */
	assert_int_equal(chaos_await_add(f->ctx, aw, other, 2, NULL), -EEXIST);
	assert_non_null(strstr(fixture_errors(f), "chaos jit list"));
	assert_int_equal(fake_noxs_nr_awaits(), 2);
	fake_noxs.bridge = "gone0";
	assert_int_equal(chaos_await_add(f->ctx, aw, cfg, 1, NULL), -ENODEV);
	fake_noxs.bridge = "xenbr0";
	fake_noxs_restart();
	assert_int_equal(chaos_await_next(aw, &e), -EPIPE);
	assert_int_equal(chaos_await_add(f->ctx, aw, cfg, 1, NULL), -EPIPE);
	assert_non_null(strstr(fixture_errors(f), "restarted"));
	chaos_await_close(aw);
	chaos_config_free(other);
	chaos_config_free(cfg);
}

/* Every point fails once: nothing is awaited then. */
static void test_failures(void **state)
{
	struct fixture *f = *state;
	struct chaos_config *cfg = config(f, "web", TWO);
	struct chaos_await *aw;
	unsigned int n;
	int rc;

	assert_int_equal(chaos_await_config(f->ctx, cfg), 0);
	for (n = 1; ; n++) {
		fail_nth(n);
		rc = chaos_await_open(f->ctx, &aw);
		if (!rc) {
			rc = chaos_await_add(f->ctx, aw, cfg, 1, NULL);
			if (!rc)
				chaos_await_remove(f->ctx, aw, cfg);
			chaos_await_close(aw);
		}
		if (!fail_happened())
			break;
		fail_never();
		if (rc)
			assert_true(chaos_nr_errors(f->ctx) > 0);
		/* What could not be taken back goes with the listener. */
		memset(fake_noxs.await, 0, sizeof(fake_noxs.await));
	}
	assert_int_equal(rc, 0);
	assert_true(n > 4);
	chaos_config_free(cfg);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, \
						fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_config), T(test_told), T(test_refused),
		T(test_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: BSD-2-Clause
/* What is said of hosts that lack something. */
#include "fixture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char said[2048];

static void see(void *arg, const struct chaos_check *c)
{
	size_t n = strlen(said);

	(void)arg;
	snprintf(said + n, sizeof(said) - n, "%s %d %s|%s\n", c->name,
		 (int)c->health, c->found, c->remedy);
}

static void assert_said(struct fixture *f, const char *text)
{
	said[0] = '\0';
	assert_int_equal(chaos_doctor(f->ctx, see, NULL), 0);
	assert_int_equal(chaos_nr_errors(f->ctx), 0);
	if (!strstr(said, text))
		fail_msg("wanted \"%s\" in:\n%s", text, said);
}

static void test_good(void **state)
{
	struct fixture *f = *state;

	assert_said(f, "xen 0 there|\n");
	assert_said(f, "noxs 0 version 7|\n");
	assert_said(f, "backend 0 netback-lite answers|\n");
	assert_said(f, "bridge 0 xenbr0|\n");
	assert_said(f, "run directory 0 ");
	assert_said(f, "memory 0 1024 MB free");
}

static void test_xen(void **state)
{
	struct fixture *f = *state;

	fake_xen.open_rc = -ENOENT;
	assert_said(f, "xen 2 there is no Xen here|boot this");
	assert_null(strstr(said, "memory"));
	fake_xen.open_rc = -EACCES;
	assert_said(f, "xen 2 Permission denied|run it as root");
	fake_xen.open_rc = 0;
	fake_xen.free_kb = 100;
	assert_said(f, "memory 2 0 MB free for guests|boot Xen with dom0_mem");
}

static void test_noxs(void **state)
{
	struct fixture *f = *state;

	fake_hyp.open_rc = -EACCES;
	assert_said(f, "noxs 2 Permission denied|");
	fake_hyp.open_rc = -ENOSYS;
	assert_said(f, "noxs 2 this Xen has no noxs extension|boot the ext");
	fake_noxs.running = false;
	assert_said(f, "backend 2 not running|start netback-lite\n");
}

static void test_host(void **state)
{
	struct fixture *f = *state;
	char path[200];

	snprintf(path, sizeof(path), "%s/xenbr0/bridge/multicast_snooping",
		 f->class_net);
	fixture_write(path, "1\n", 2);
	assert_said(f, "bridge 1 xenbr0|for many guests: ip link set xenbr0 "
		    "type bridge mcast_snooping 0\n");
	fixture_write(path, "0\n", 2);
	assert_said(f, "bridge 0 xenbr0|\n");
	f->ctx->class_net = "/nowhere";
	assert_said(f, "bridge 2 none|ip link add xenbr0 type bridge");
}

static void test_run_dir(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(mkdir(f->run_dir, 0700), 0);
	assert_int_equal(chmod(f->run_dir, 0777), 0);
	assert_said(f, "run directory 2 Permission denied|make it");
	assert_int_equal(chmod(f->run_dir, 0700), 0);
	assert_said(f, "run directory 0 ");
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, \
						fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_good), T(test_xen), T(test_noxs), T(test_host),
		T(test_run_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

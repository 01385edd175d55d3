// SPDX-License-Identifier: BSD-2-Clause
/* Destroying, looking up, listing, info. */
#include "fixture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static uint32_t create(struct fixture *f, const char *name)
{
	struct chaos_config *cfg;
	char text[512];
	uint32_t domid;

	snprintf(text, sizeof(text), "name=\"%s\"\nkernel=\"%s\"\nmemory=4\n"
		 "vif=[\"mac=00:16:3e:00:00:07,ip=10.0.0.2/24\"]\n"
		 "on_crash=\"restart\"\ncmdline=\"a \\\"b\\\" c\"", name,
		 f->kernel);
	assert_int_equal(chaos_config_parse_string(f->ctx, "test", text, NULL,
						   &cfg), 0);
	assert_int_equal(chaos_create(f->ctx, cfg, 0, &domid), 0);
	chaos_config_free(cfg);
	return domid;
}

static void test_destroy(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = create(f, "web");

	assert_int_equal(chaos_destroy(f->ctx, domid), 0);
	assert_int_equal(fake_xen_nr_domains(), 0);
	assert_int_equal(fake_noxs_nr_vifs(), 0);
	assert_int_equal(fixture_nr_records(f), 0);
	assert_int_equal(chaos_destroy(f->ctx, domid), -ESRCH);
	assert_error(f, "no such domain");
}

static void test_dom0_is_refused(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(chaos_destroy(f->ctx, 0), -EPERM);
	assert_int_equal(chaos_pause(f->ctx, 0), -EPERM);
	assert_true(fake_xen.domain[0].used);
	assert_false(fake_xen.domain[0].dom.paused);
}

/* A failing step is told, and the others are done all the same. */
static void test_goes_on(void **state)
{
	struct fixture *f = *state;
	unsigned int n;
	uint32_t domid;
	int rc;

	for (n = 1; ; n++) {
		domid = create(f, "web");
		fail_nth(n);
		rc = chaos_destroy(f->ctx, domid);
		if (!fail_happened())
			break;
		if (!strcmp(fail_where(), "xen destroy") ||
		    !strcmp(fail_where(), "xen get")) {
			/* Nothing can be done without; then it is tried anew. */
			assert_int_not_equal(rc, 0);
			assert_true(fake_xen.domain[domid].used);
			fail_never();
			chaos_destroy(f->ctx, domid);
		}
		assert_false(fake_xen.domain[domid].used);
		if (!strcmp(fail_where(), "netback detach"))
			assert_int_not_equal(rc, 0);
		/* What a failure left, the next create of the name takes. */
		fail_never();
		fake_noxs_reset();
		fake_noxs.nr_connections = f->ctx->netback_fd >= 0;
	}
	assert_true(n > 5);
	assert_int_equal(rc, 0);
}

static void test_backend_gone(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = create(f, "web");

	fake_noxs.running = false;
	assert_int_equal(chaos_destroy(f->ctx, domid), 0);
	assert_int_equal(fake_xen_nr_domains(), 0);
	assert_int_equal(fixture_nr_records(f), 0);
}

/* Of a create that was killed: a name, and half a record. */
static void test_killed_create(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = create(f, "web"), other = create(f, "db");
	char uuid[CHAOS__UUID_LEN + 1], path[160], tmp[168];

	chaos__uuid_format(fake_xen.domain[domid].dom.uuid, uuid);
	snprintf(path, sizeof(path), "%s/domains/%s", f->run_dir, uuid);
	snprintf(tmp, sizeof(tmp), "%s.tmp", path);
	assert_int_equal(rename(path, tmp), 0);
	assert_int_equal(chaos_destroy(f->ctx, domid), 0);
	assert_int_equal(fixture_nr_records(f), 2);	/* of db */
	assert_int_equal(chaos_lookup(f->ctx, "db", &domid), 0);

	/* A record that cannot be read. */
	chaos__uuid_format(fake_xen.domain[other].dom.uuid, uuid);
	snprintf(path, sizeof(path), "%s/domains/%s", f->run_dir, uuid);
	fixture_write(path, "{", 1);
	assert_int_equal(chaos_destroy(f->ctx, other), 0);
	assert_int_equal(fixture_nr_records(f), 0);
}

/* Killed, then ended by another: the next of the name clears it away. */
static void test_killed_and_gone(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = create(f, "web");
	char uuid[CHAOS__UUID_LEN + 1], path[160], tmp[168];

	chaos__uuid_format(fake_xen.domain[domid].dom.uuid, uuid);
	snprintf(path, sizeof(path), "%s/domains/%s", f->run_dir, uuid);
	snprintf(tmp, sizeof(tmp), "%s.tmp", path);
	assert_int_equal(rename(path, tmp), 0);
	fake_xen.domain[domid].used = false;
	fake_noxs.vif[0].used = false;
	domid = create(f, "web");
	assert_int_equal(chaos_destroy(f->ctx, domid), 0);
	assert_int_equal(fixture_nr_records(f), 0);
}

/* Somebody restarts it, from the nth point of the destroy to the next. */
static struct restarting {
	struct fixture *f;
	struct chaos *ctx;
	uint32_t domid, next;
	unsigned int points;
} restarting;

static void restart_hook(const char *where)
{
	struct restarting *r = &restarting;
	struct fake_domain *d = &fake_xen.domain[r->domid];

	(void)where;
	if (--r->points)
		return;
	fail_hook = NULL;
	if (!d->used)
		return;
	d->dom.shutdown = true;
	d->dom.shutdown_code = 1;
	chaos_reboot(r->ctx, r->domid, CHAOS_POWER_ASKED, 0, &r->next);
}

static void begin_restarting(struct fixture *f, uint32_t domid)
{
	struct chaos_options opt = { .size = sizeof(opt) };

	opt.run_dir = f->run_dir;
	memset(&restarting, 0, sizeof(restarting));
	restarting.f = f;
	restarting.domid = domid;
	assert_int_equal(chaos_open(&opt, &restarting.ctx), 0);
	restarting.ctx->class_net = f->class_net;
}

/* What is destroyed while it is restarted ends; nothing of it is left without a
 * name. */
static void test_restarted_meanwhile(void **state)
{
	struct fixture *f = *state;
	unsigned int n, nr_restarts = 0;
	int rc;

	for (n = 1; ; n++) {
		begin_restarting(f, create(f, "web"));
		restarting.points = n;
		fail_hook = restart_hook;
		rc = chaos_destroy(f->ctx, restarting.domid);
		if (fail_hook)
			break;
		/* Before it was found: it is asked for by its name, then. */
		if (rc == -ESRCH) {
			assert_error(f, "find it");
			rc = chaos_destroy(f->ctx, restarting.next);
		}
		assert_int_equal(rc, 0);
		assert_int_equal(fake_xen_nr_domains(), 0);
		assert_int_equal(fake_noxs_nr_vifs(), 0);
		assert_int_equal(fixture_nr_records(f), 0);
		nr_restarts += restarting.next != 0;
		chaos_close(restarting.ctx);
	}
	fail_hook = NULL;
	chaos_close(restarting.ctx);
	assert_true(nr_restarts > 5);
}

/* One that is made or unmade is not there now, which is not: not at all. */
static void test_lookup_at_work(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = create(f, "web"), found;
	struct chaos__name_lock lock = { .fd = -1 };

	fixture_take_name(f, "web", domid, &lock);
	assert_int_equal(chaos_lookup(f->ctx, "web", &found), 0);
	fake_xen.domain[domid].used = false;
	assert_int_equal(chaos_lookup(f->ctx, "web", &found), -EAGAIN);
	assert_error(f, "it is being created");
	chaos__name_unlock(&lock);
	assert_int_equal(chaos_lookup(f->ctx, "web", &found), -ESRCH);
	assert_int_equal(chaos__name_claim(f->ctx, "web", &lock, &found), 0);
	assert_int_equal(chaos_lookup(f->ctx, "web", &found), -EAGAIN);
	chaos__name_drop(f->ctx, &lock);
	assert_int_equal(chaos_lookup(f->ctx, "web", &found), -ESRCH);
}

/* Made by xl, say: no record, but a domain all the same. */
static void test_foreign_domain(void **state)
{
	struct fixture *f = *state;
	uint32_t domid;

	fake_xen.domain[9].used = true;
	fake_xen.domain[9].dom.domid = 9;
	assert_int_equal(chaos_lookup(f->ctx, "9", &domid), 0);
	assert_int_equal(domid, 9);
	assert_int_equal(chaos_destroy(f->ctx, 9), 0);
	assert_int_equal(fake_xen_nr_domains(), 0);
}

static void test_lookup(void **state)
{
	static const char *const nobody[] = {
		"nobody", "4711", "99999999999999999999", "", "..", "a/b",
		"../names/web", "-1",
	};
	struct fixture *f = *state;
	uint32_t domid = create(f, "web"), found;
	char text[16];
	size_t i;

	snprintf(text, sizeof(text), "%u", domid);
	assert_int_equal(chaos_lookup(f->ctx, text, &found), 0);
	assert_int_equal(found, domid);
	assert_int_equal(chaos_lookup(f->ctx, "0", &found), 0);
	assert_int_equal(chaos_lookup(f->ctx, "Domain-0", &found), 0);
	assert_int_equal(found, 0);
	for (i = 0; i < sizeof(nobody) / sizeof(nobody[0]); i++)
		assert_int_equal(chaos_lookup(f->ctx, nobody[i], &found),
				 -ESRCH);
}

struct seen {
	unsigned int nr;
	char names[256];
	int stop_at;
};

static int see(void *arg, const struct chaos_domain *d)
{
	struct seen *s = arg;

	strcat(s->names, d->name);
	strcat(s->names, ",");
	return (int)++s->nr == s->stop_at ? 77 : 0;
}

static void test_list(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 }, half = { .stop_at = 2 };

	create(f, "web");
	create(f, "db");
	fake_xen.domain[200].used = true;
	fake_xen.domain[200].dom.domid = 200;
	fake_xen.domain[200].dom.uuid[3] = 7;
	assert_int_equal(chaos_list(f->ctx, see, &s), 0);
	assert_string_equal(s.names, "Domain-0,web,db,,");
	assert_int_equal(chaos_list(f->ctx, see, &half), 77);
	assert_int_equal(half.nr, 2);
}

static void test_info(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = create(f, "web");
	struct chaos_info *info;

	fake_xen.domain[domid].dom.blocked = true;
	assert_int_equal(chaos_info_get(f->ctx, domid, &info), 0);
	assert_string_equal(info->domain.name, "web");
	assert_int_equal(info->domain.state, CHAOS_STATE_IDLE);
	assert_string_equal(info->domain.type, "pvh");
	assert_int_equal(info->domain.mem_kb, 4096);
	assert_string_equal(info->kernel, f->kernel);
	assert_string_equal(info->cmdline, "a \"b\" c");
	assert_string_equal(info->on_crash, "restart");
	assert_int_equal(info->nr_vifs, 1);
	assert_string_equal(info->vif[0]->mac, "00:16:3e:00:00:07");
	assert_string_equal(info->vif[0]->ip, "10.0.0.2/24");
	assert_string_equal(info->vif[0]->bridge, "xenbr0");
	assert_string_equal(info->vif[0]->ifname, "vif1.0");
	assert_string_equal(info->vif[0]->backend_state, "connected");
	chaos_info_free(info);
	assert_int_equal(chaos_info_get(f->ctx, 4711, &info), -ESRCH);
	chaos_info_free(NULL);
}

/* Once for all vifs, and Ctrl-C ends that. */
static struct chaos *silent_ctx;

static void interrupt(void)
{
	chaos_cancel(silent_ctx);
}

static void test_info_silent(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = fixture_create(f, "web", 5);
	struct chaos_info *info;

	fake_noxs.silent = true;
	assert_int_equal(chaos_info_get(f->ctx, domid, &info), 0);
	assert_int_equal(info->nr_vifs, 5);
	assert_int_equal(fake_noxs.waited_ms, f->ctx->timeout_ms);
	chaos_info_free(info);
	silent_ctx = f->ctx;
	fake_noxs.wait_hook = interrupt;
	fake_noxs.waited_ms = 0;
	assert_int_equal(chaos_info_get(f->ctx, domid, &info), 0);
	assert_in_range(fake_noxs.waited_ms, 1, 3000);
	chaos_info_free(info);
}

static void test_states(void **state)
{
	(void)state;
	assert_string_equal(chaos_state_name(CHAOS_STATE_CRASHED), "crashed");
	assert_string_equal(chaos_state_name((enum chaos_state)99), "unknown");
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, \
						fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_destroy), T(test_dom0_is_refused), T(test_goes_on),
		T(test_backend_gone), T(test_killed_create),
		T(test_killed_and_gone), T(test_restarted_meanwhile),
		T(test_lookup_at_work), T(test_info_silent),
		T(test_foreign_domain), T(test_lookup),
		T(test_list), T(test_info), T(test_states),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

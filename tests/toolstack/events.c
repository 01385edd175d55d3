// SPDX-License-Identifier: BSD-2-Clause
/* Events: what is told of domains that change, and what is not. */
#include "fixture.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

static char said[4096];

static void see(void *arg, const struct chaos_event *e)
{
	size_t n = strlen(said);

	(void)arg;
	assert_int_equal(strlen(e->uuid), 36);
	snprintf(said + n, sizeof(said) - n, "%s %s;", chaos_event_name(e->kind),
		 e->name);
}

static bool is_readable(struct chaos_events *ev)
{
	struct pollfd pfd = { .fd = chaos_events_fd(ev), .events = POLLIN };

	return poll(&pfd, 1, 0) == 1;
}

/* Something happened: these events, as "kind name;", no more, no less. */
#define assert_events(ev, text) do { \
		fake_hyp_raise(); \
		assert_true(is_readable(ev)); \
		said[0] = '\0'; \
		assert_int_equal(chaos_events_dispatch(ev, see, NULL), 0); \
		assert_string_equal(said, text); \
		assert_false(is_readable(ev)); \
	} while (0)

static struct chaos_events *open_events(struct fixture *f)
{
	struct chaos_events *ev;

	assert_int_equal(chaos_events_open(f->ctx, &ev), 0);
	assert_false(is_readable(ev));
	return ev;
}

static struct chaos__xen_dom *dom_of(uint32_t domid)
{
	return &fake_xen.domain[domid].dom;
}

static void test_life(void **state)
{
	struct fixture *f = *state;
	uint32_t old = fixture_create(f, "old", 0), web;
	struct chaos_events *ev = open_events(f);

	assert_events(ev, "");	/* nothing of those that were there */
	web = fixture_create(f, "web", 0);
	assert_events(ev, "created web;started web;");
	assert_int_equal(chaos_pause(f->ctx, web), 0);
	assert_events(ev, "paused web;");
	assert_events(ev, "");
	assert_int_equal(chaos_unpause(f->ctx, web), 0);
	assert_events(ev, "unpaused web;");
	assert_int_equal(chaos_pause(f->ctx, old), 0);
	assert_int_equal(chaos_pause(f->ctx, web), 0);
	assert_int_equal(chaos_unpause(f->ctx, web), 0);
	assert_events(ev, "paused old;");
	dom_of(web)->shutdown = true;
	assert_events(ev, "shutdown web;");
	assert_int_equal(chaos_destroy(f->ctx, web), 0);
	assert_events(ev, "gone web;");
	assert_int_equal(chaos_destroy(f->ctx, old), 0);
	assert_events(ev, "gone old;");
	chaos_events_close(ev);
}

static void test_codes(void **state)
{
	static const char *const told[] = {
		"shutdown web;", "rebooted web;", "suspended web;",
		"crashed web;", "crashed web;", "crashed web;",
	};
	struct fixture *f = *state;
	uint32_t web = fixture_create(f, "web", 0), code;
	struct chaos_events *ev = open_events(f);

	for (code = 0; code < sizeof(told) / sizeof(told[0]); code++) {
		dom_of(web)->shutdown_code = code;
		dom_of(web)->shutdown = true;
		assert_events(ev, told[code]);
		dom_of(web)->shutdown = false;
		assert_events(ev, "resumed web;");
	}
	/* Suspended, resumed and crashed between two looks. */
	dom_of(web)->shutdown = true;
	dom_of(web)->shutdown_code = 2;
	assert_events(ev, "suspended web;");
	dom_of(web)->shutdown_code = 3;
	assert_events(ev, "resumed web;crashed web;");
	chaos_events_close(ev);
}

static void test_coalesced(void **state)
{
	struct fixture *f = *state;
	struct chaos_events *ev = open_events(f);
	uint32_t web = fixture_create(f, "web", 0), gone;

	dom_of(web)->paused = true;
	dom_of(web)->shutdown = true;
	dom_of(web)->shutdown_code = 1;
	gone = fixture_create(f, "short", 0);
	assert_int_equal(chaos_destroy(f->ctx, gone), 0);
	assert_events(ev, "created web;started web;paused web;rebooted web;");
	/* Another has its number, all between two looks. */
	fake_xen.domain[web].serial = 1000;
	dom_of(web)->uuid[0] ^= 1;
	dom_of(web)->shutdown = false;
	dom_of(web)->paused = false;
	assert_events(ev, "gone web;created ;started ;");
	chaos_events_close(ev);
}

static void test_paused_create(void **state)
{
	struct fixture *f = *state;
	struct chaos_events *ev = open_events(f);
	struct chaos_config *cfg;
	char text[256];
	uint32_t domid;

	snprintf(text, sizeof(text), "name=\"p\"\nkernel=\"%s\"\nmemory=4\n",
		 f->kernel);
	assert_int_equal(chaos_config_parse_string(f->ctx, "test", text, NULL,
						   &cfg), 0);
	assert_int_equal(chaos_create(f->ctx, cfg, CHAOS_CREATE_PAUSED, &domid),
			 0);
	assert_events(ev, "created p;");
	assert_int_equal(chaos_unpause(f->ctx, domid), 0);
	assert_events(ev, "started p;");
	chaos_config_free(cfg);
	chaos_events_close(ev);
}

static void test_names(void **state)
{
	struct fixture *f = *state;
	uint32_t web = fixture_create(f, "web", 0);
	struct chaos_events *ev = open_events(f);

	assert_int_equal(chaos_rename(f->ctx, web, "new"), 0);
	dom_of(web)->shutdown = true;
	assert_events(ev, "shutdown new;");
	/* One that chaos did not make. */
	fake_xen.domain[50].used = true;
	fake_xen.domain[50].serial = 50;
	dom_of(50)->domid = 50;
	dom_of(50)->uuid[5] = 50;
	dom_of(50)->paused = true;
	assert_events(ev, "created ;");
	fake_xen.domain[50].used = false;
	assert_events(ev, "gone ;");
	chaos_events_close(ev);
	assert_string_equal(chaos_event_name((enum chaos_event_kind)77),
			    "unknown");
}

/* More than fit into one call, in order of domid, and all gone at once. */
static void test_many(void **state)
{
	struct fixture *f = *state;
	struct chaos_events *ev = open_events(f);
	char name[16], want[4096];
	unsigned int i;
	size_t n = 0;

	for (i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "g%u", i);
		fixture_create(f, name, 0);
		n += (size_t)snprintf(want + n, sizeof(want) - n,
				      "created %s;started %s;", name, name);
	}
	assert_events(ev, want);
	for (i = 0, n = 0; i < 50; i++) {
		fake_xen.domain[i + 1].used = false;
		n += (size_t)snprintf(want + n, sizeof(want) - n, "gone g%u;",
				      i);
	}
	assert_events(ev, want);
	chaos_events_close(ev);
}

static void test_limits(void **state)
{
	struct chaos_events *ev[FAKE_WATCHES], *more;
	struct fixture *f = *state;
	unsigned int i;

	for (i = 0; i < FAKE_WATCHES; i++)
		ev[i] = open_events(f);
	assert_int_equal(chaos_events_open(f->ctx, &more), -ENOSPC);
	assert_error(f, "there are 16 watchers already");
	fixture_create(f, "web", 0);
	for (i = 0; i < FAKE_WATCHES; i++) {
		fake_hyp_raise();
		said[0] = '\0';
		assert_int_equal(chaos_events_dispatch(ev[i], see, NULL), 0);
		assert_string_equal(said, "created web;started web;");
		chaos_events_close(ev[i]);
	}
	assert_int_equal(fake_hyp_nr_watches(), 0);
}

static void test_without_noxs(void **state)
{
	struct fixture *f = *state;
	struct chaos_events *ev;

	fake_hyp.open_rc = -ENOSYS;
	assert_int_equal(chaos_events_open(f->ctx, &ev), -ENOSYS);
	assert_error(f, "this Xen has no noxs extension (boot the extended Xen)");
	chaos_events_close(NULL);
}

/* Each point fails once: no event is lost, and none is told twice. */
static void test_failures(void **state)
{
	struct fixture *f = *state;
	struct chaos_events *ev;
	uint32_t web, old;
	unsigned int n;
	bool failed;
	int rc;

	for (n = 1; ; n++) {
		fail_nth(n);
		rc = chaos_events_open(f->ctx, &ev);
		if (!fail_happened())
			break;
		assert_true(rc < 0);
		assert_int_equal(fake_hyp_nr_watches(), 0);
	}
	assert_true(n > 4);
	fail_never();
	for (n = 1; ; n++) {
		old = fixture_create(f, "old", 0);
		said[0] = '\0';
		assert_int_equal(chaos_events_dispatch(ev, see, NULL), 0);
		web = fixture_create(f, "web", 0);
		assert_int_equal(chaos_destroy(f->ctx, old), 0);
		said[0] = '\0';
		fail_nth(n);
		rc = chaos_events_dispatch(ev, see, NULL);
		failed = fail_happened();
		fail_never();
		if (failed && rc) {
			assert_string_equal(said, "");
			assert_int_equal(chaos_events_dispatch(ev, see, NULL),
					 0);
		}
		/* A record that cannot be read costs the name alone. */
		assert_non_null(strstr(said, "created "));
		assert_non_null(strstr(said, "gone old;"));
		assert_null(strstr(strstr(said, "created ") + 1, "created"));
		assert_int_equal(chaos_destroy(f->ctx, web), 0);
		assert_int_equal(chaos_events_dispatch(ev, see, NULL), 0);
		if (!failed)
			break;
	}
	assert_true(n > 4);
	chaos_events_close(ev);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, \
						fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_life), T(test_codes), T(test_coalesced),
		T(test_paused_create), T(test_names), T(test_many),
		T(test_limits), T(test_without_noxs), T(test_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

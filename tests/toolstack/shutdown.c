// SPDX-License-Identifier: BSD-2-Clause
/* Shutting down and rebooting: who is asked, and what is done then. */
#include "fixture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "power.h"

static uint32_t create_with(struct fixture *f, const char *more)
{
	struct chaos_config *cfg;
	char text[512];
	uint32_t domid;

	snprintf(text, sizeof(text), "name=\"web\"\nkernel=\"%s\"\nmemory=4\n"
		 "vif=[\"ip=10.0.0.2/24\"]\n%s", f->kernel, more);
	assert_int_equal(chaos_config_parse_string(f->ctx, "test", text, NULL,
						   &cfg), 0);
	assert_int_equal(chaos_create(f->ctx, cfg, 0, &domid), 0);
	chaos_config_free(cfg);
	fake_hyp_connect(domid, 0);
	fake_hyp.driver = fake_hyp_obey;
	return domid;
}

static struct chaos__xen_dom *dom_of(uint32_t domid)
{
	return &fake_xen.domain[domid].dom;
}

static void assert_nothing_left(struct fixture *f)
{
	assert_int_equal(fake_xen_nr_domains(), 0);
	assert_int_equal(fake_noxs_nr_vifs(), 0);
	assert_int_equal(fixture_nr_records(f), 0);
}

/* Nobody holds the name any more. */
static void assert_unlocked(struct fixture *f, uint32_t domid)
{
	struct chaos__name_lock lock = { .fd = -1 };
	struct chaos__found found;

	assert_int_equal(chaos__find(f->ctx, domid, &found), 0);
	assert_int_equal(chaos__power_lock(f->ctx, &found, &lock), 0);
	chaos__name_unlock(&lock);
	chaos__found_fini(&found);
}

static void test_shutdown(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = create_with(f, "");

	assert_int_equal(chaos_shutdown(f->ctx, domid, 0, 1000), 0);
	assert_nothing_left(f);
	assert_int_equal(chaos_shutdown(f->ctx, domid, 0, 1000), -ESRCH);
}

static void test_preserve(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = create_with(f, "on_poweroff=\"preserve\"\n"), now = 9;

	assert_int_equal(chaos_shutdown(f->ctx, domid, 0, 1000), 0);
	assert_true(fake_xen.domain[domid].used);
	assert_unlocked(f, domid);
	/* It has ended: there is nobody to ask. */
	fake_hyp.driver = NULL;
	assert_int_equal(chaos_reboot(f->ctx, domid, 0, 1000, &now), 0);
	assert_int_not_equal(now, domid);
	assert_int_equal(fake_hyp.power[domid].nr_commands, 1);
	assert_false(fake_xen.domain[now].dom.shutdown);
	assert_int_equal(chaos_destroy(f->ctx, now), 0);
	assert_nothing_left(f);
}

static void test_unknown_action(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = create_with(f, "on_poweroff=\"rename-restart\"\n");

	assert_int_equal(chaos_shutdown(f->ctx, domid, 0, 1000), 0);
	assert_true(fake_xen.domain[domid].used);
	assert_non_null(strstr(f->log, "rename-restart is not known here"));
}

static void test_reboot(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = create_with(f, ""), now = 0, found;
	struct fake_domain *old = &fake_xen.domain[domid], *new;
	uint8_t mac[6], uuid[16];

	memcpy(mac, fake_noxs.vif[0].req.mac, 6);
	memcpy(uuid, old->dom.uuid, 16);
	assert_int_equal(chaos_rename(f->ctx, domid, "shop"), 0);
	assert_int_equal(chaos_reboot(f->ctx, domid, 0, 1000, &now), 0);
	assert_int_not_equal(now, domid);
	new = &fake_xen.domain[now];
	assert_false(old->used);
	assert_true(new->used && !new->dom.paused && !new->dom.shutdown);
	assert_memory_equal(new->dom.uuid, uuid, 16);
	assert_int_equal(fake_noxs_nr_vifs(), 1);
	assert_memory_equal(fake_noxs.vif[0].req.mac, mac, 6);
	assert_int_equal(chaos_lookup(f->ctx, "shop", &found), 0);
	assert_int_equal(found, now);
	assert_int_equal(chaos_lookup(f->ctx, "web", &found), -ESRCH);
	assert_unlocked(f, now);
	/* And once more: the record of the new one has all it takes. */
	fake_hyp_connect(now, 0);
	assert_int_equal(chaos_reboot(f->ctx, now, 0, 1000, NULL), 0);
	assert_int_equal(chaos_lookup(f->ctx, "shop", &found), 0);
	assert_int_equal(chaos_destroy(f->ctx, found), 0);
	assert_nothing_left(f);
}

static void test_reboot_that_destroys(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = create_with(f, "on_reboot=\"destroy\"\n"), now = 9;

	assert_int_equal(chaos_reboot(f->ctx, domid, 0, 1000, &now), 0);
	assert_int_equal(now, 0);
	assert_nothing_left(f);
}

/* What can be seen to fail is seen before the old one goes. */
static void test_kernel_is_gone(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = create_with(f, ""), now = 9;

	remove(f->kernel);
	assert_int_equal(chaos_reboot(f->ctx, domid, 0, 1000, &now), -ENOENT);
	assert_int_equal(now, 9);
	assert_true(fake_xen.domain[domid].used);
	assert_unlocked(f, domid);
	assert_int_equal(chaos_destroy(f->ctx, domid), 0);
	assert_nothing_left(f);
}

static void test_nowait(void **state)
{
	struct fixture *f = *state;
	uint32_t a = create_with(f, "");

	assert_int_equal(chaos_shutdown(f->ctx, a, CHAOS_POWER_NOWAIT, 1000),
			 0);
	assert_true(fake_xen.domain[a].used && dom_of(a)->shutdown);
	assert_unlocked(f, a);
	assert_int_equal(chaos_shutdown(f->ctx, a, CHAOS_POWER_NOWAIT, 1000),
			 0);
	assert_int_equal(fake_hyp.power[a].nr_commands, 1);
	assert_int_equal(chaos_shutdown(f->ctx, a, CHAOS_POWER_ASKED, 1000), 0);
	assert_nothing_left(f);
	/* Asked, it says: it is waited for and not asked. */
	a = create_with(f, "");
	assert_int_equal(chaos_shutdown(f->ctx, a, CHAOS_POWER_ASKED, 30),
			 -ETIMEDOUT);
	assert_error(f, "it has not shut down in time");
	assert_int_equal(fake_hyp.power[a].nr_commands, 0);
	assert_int_equal(chaos_shutdown(f->ctx, a, 4, 30), -EINVAL);
}

static void test_refused(void **state)
{
	struct fixture *f = *state;
	struct chaos__name_lock lock = { .fd = -1 };
	uint32_t domid = create_with(f, "");
	struct chaos__found found;

	assert_int_equal(chaos_shutdown(f->ctx, 0, 0, 100), -EPERM);
	assert_int_equal(chaos_pause(f->ctx, domid), 0);
	assert_int_equal(chaos_shutdown(f->ctx, domid, 0, 100), -EAGAIN);
	assert_error(f, "it is paused (chaos unpause");
	assert_int_equal(chaos_unpause(f->ctx, domid), 0);
	fake_hyp_front(domid)->hdr.state = XEN_NOXS_STATE_CLOSED;
	assert_int_equal(chaos_shutdown(f->ctx, domid, 0, 20), -EOPNOTSUPP);
	assert_int_equal(chaos__find(f->ctx, domid, &found), 0);
	assert_int_equal(chaos__power_lock(f->ctx, &found, &lock), 0);
	assert_int_equal(chaos_shutdown(f->ctx, domid, 0, 100), -EBUSY);
	chaos__name_unlock(&lock);
	chaos__found_fini(&found);
	/* Of somebody else. */
	dom_of(domid)->uuid[0] ^= 1;
	assert_int_equal(chaos_shutdown(f->ctx, domid, 0, 100), -ENOENT);
	assert_error(f, "not made by chaos");
	assert_true(fake_xen.domain[domid].used);
}

static uint32_t code;

static void end_otherwise(uint32_t domid,
			  const struct xen_noxs_power_back *back)
{
	fake_hyp_ack(domid, back->cmd_id, 0);
	dom_of(domid)->shutdown_code = code;
	dom_of(domid)->shutdown = true;
}

static void test_other_ends(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = create_with(f, "on_crash=\"preserve\"\n"), now = 9;

	fake_hyp.driver = end_otherwise;
	code = 3;
	assert_int_equal(chaos_shutdown(f->ctx, domid, 0, 1000), -EIO);
	assert_error(f, "it crashed, and was treated so: preserve");
	assert_true(fake_xen.domain[domid].used);
	assert_int_equal(chaos_destroy(f->ctx, domid), 0);
	domid = create_with(f, "");
	fake_hyp.driver = end_otherwise;
	code = 2;
	assert_int_equal(chaos_shutdown(f->ctx, domid, 0, 1000), -EPROTO);
	assert_int_equal(chaos_destroy(f->ctx, domid), 0);
	/* What was asked for counts. */
	domid = create_with(f, "");
	fake_hyp.driver = end_otherwise;
	code = 0;
	assert_int_equal(chaos_reboot(f->ctx, domid, 0, 1000, &now), 0);
	assert_int_not_equal(now, domid);
	fake_hyp_connect(now, 0);
	code = 1;
	assert_int_equal(chaos_shutdown(f->ctx, now, 0, 1000), 0);
	assert_nothing_left(f);
}

static void vanish(uint32_t domid, const struct xen_noxs_power_back *back)
{
	fake_hyp_ack(domid, back->cmd_id, 0);
	fake_xen.domain[domid].used = false;
}

static void test_destroyed_meanwhile(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = create_with(f, "");

	fake_hyp.driver = vanish;
	assert_int_equal(chaos_reboot(f->ctx, domid, 0, 1000, NULL), -ESRCH);
	assert_error(f, "somebody destroyed it meanwhile");
	/* To who wanted its end that is one. */
	domid = fixture_create(f, "web2", 0);
	fake_hyp_connect(domid, 0);
	assert_int_equal(chaos_shutdown(f->ctx, domid, 0, 1000), 0);
	assert_int_equal(chaos_nr_errors(f->ctx), 0);
}

/*
 * Every point of a reboot fails once.  The guest is then as it was, or ended and
 * still there, or it is gone with all it had; or the new one runs.
 */
/* Who watches it destroys it before its answer is seen. */
static void obey_and_vanish(uint32_t domid,
			    const struct xen_noxs_power_back *back)
{
	(void)back;
	fake_xen.domain[domid].used = false;
}

static void test_gone_before_the_answer(void **state)
{
	struct fixture *f = *state;
	uint32_t a = fixture_create(f, "a", 0), b = fixture_create(f, "b", 0),
		 c = fixture_create(f, "c", 0);

	fake_hyp.driver = obey_and_vanish;
	fake_hyp_connect(a, 0);
	fake_hyp_connect(b, 0);
	fake_hyp_connect(c, 0);
	assert_int_equal(chaos_shutdown(f->ctx, a, CHAOS_POWER_NOWAIT, 1000), 0);
	assert_int_equal(chaos_nr_errors(f->ctx), 0);
	assert_int_equal(chaos_shutdown(f->ctx, b, 0, 1000), 0);
	/* There is none to be made anew. */
	assert_int_equal(chaos_reboot(f->ctx, c, 0, 1000, NULL), -ESRCH);
}

static void test_every_failure(void **state)
{
	struct fixture *f = *state;
	unsigned int n, nr_gone = 0, nr_there = 0;
	uint32_t domid, now;
	bool failed;
	int rc;

	for (n = 1; ; n++) {
		domid = create_with(f, "");
		fail_nth(n);
		rc = chaos_reboot(f->ctx, domid, 0, 300, &now);
		failed = fail_happened();
		fail_never();
		if (!rc) {
			assert_true(fake_xen.domain[now].used);
			domid = now;
		} else {
			assert_non_null(chaos_error(f->ctx, 0));
		}
		nr_there += fake_xen.domain[domid].used;
		nr_gone += !fake_xen.domain[domid].used;
		if (fake_xen.domain[domid].used)
			assert_int_equal(chaos_destroy(f->ctx, domid), 0);
		/* A name that stays is garbage that is collected. */
		assert_int_equal(chaos_gc(f->ctx, 0, NULL, NULL), 0);
		if (fake_xen_nr_domains() || fixture_nr_records(f))
			print_error("after a failing %s\n", fail_where());
		assert_nothing_left(f);
		if (!failed)
			break;
	}
	assert_int_equal(rc, 0);
	assert_true(nr_there > 10);
	assert_true(nr_gone > 10);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, \
						fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_shutdown), T(test_preserve), T(test_unknown_action),
		T(test_reboot), T(test_reboot_that_destroys),
		T(test_kernel_is_gone), T(test_nowait), T(test_refused),
		T(test_other_ends), T(test_destroyed_meanwhile),
		T(test_gone_before_the_answer), T(test_every_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: BSD-2-Clause
/* vifs that come and go while the guest lives. */
#include "fixture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config.h"

static struct chaos_info *info(struct fixture *f, uint32_t domid)
{
	struct chaos_info *i;

	if (chaos_info_get(f->ctx, domid, &i))
		fail_msg("%s", fixture_errors(f));
	return i;
}

static unsigned int nr_vifs(struct fixture *f, uint32_t domid)
{
	struct chaos_info *i = info(f, domid);
	unsigned int n = (unsigned int)i->nr_vifs;

	chaos_info_free(i);
	return n;
}

/* Of the configuration that a restart would take. */
static struct chaos_config *config(struct fixture *f, uint32_t domid)
{
	struct chaos__record *rec;
	struct chaos_config *cfg;

	assert_int_equal(chaos__record_load(f->ctx,
		fake_xen.domain[domid].dom.uuid, &rec), 0);
	assert_int_equal(chaos__record_config(f->ctx, rec, &cfg), 0);
	chaos__record_free(rec);
	return cfg;
}

static void test_comes_and_goes(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = fixture_create(f, "web", 2), id = 99;
	struct chaos_config *cfg;
	struct chaos_info *i;

	if (chaos_network_attach(f->ctx, domid, "bridge=xenbr0,ip=10.0.0.9/24", &id))
		fail_msg("%s", fixture_errors(f));
	assert_int_equal(id, 2);
	assert_int_equal(fake_noxs_nr_vifs(), 3);
	i = info(f, domid);
	assert_int_equal(i->nr_vifs, 3);
	assert_string_equal(i->vif[2]->ip, "10.0.0.9/24");
	assert_true(*i->vif[2]->ifname && *i->vif[2]->mac);
	chaos_info_free(i);

	/* One in the middle leaves a gap, which the next one takes. */
	assert_int_equal(chaos_network_detach(f->ctx, domid, 1), 0);
	assert_int_equal(fake_noxs_nr_vifs(), 2);
	i = info(f, domid);
	assert_int_equal(i->nr_vifs, 2);
	assert_int_equal(i->vif[1]->id, 2);
	chaos_info_free(i);
	cfg = config(f, domid);
	assert_int_equal(cfg->nr_vifs, 2);
	assert_int_equal(cfg->vif[1].id, 2);
	assert_true(cfg->vif[1].mac_set);
	chaos_config_free(cfg);
	assert_int_equal(chaos_network_attach(f->ctx, domid, "bridge=xenbr0", &id), 0);
	assert_int_equal(id, 1);
	assert_int_equal(chaos_network_attach(f->ctx, domid, "bridge=xenbr0,id=7", &id), 0);
	assert_int_equal(id, 7);
	assert_int_equal(chaos_destroy(f->ctx, domid), 0);
	assert_int_equal(fake_noxs_nr_vifs(), 0);
}

static void test_refused(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = fixture_create(f, "web", 1), id = 99, i;
	struct chaos__name_lock lock = { .fd = -1 };
	struct chaos_info *now = info(f, domid);
	char spec[64];

	snprintf(spec, sizeof(spec), "bridge=xenbr0,mac=%s", now->vif[0]->mac);
	chaos_info_free(now);
	assert_int_equal(chaos_network_attach(f->ctx, domid, spec, &id), -EEXIST);
	assert_int_equal(chaos_network_attach(f->ctx, domid, "bridge=xenbr0,id=0",
					      &id), -EEXIST);
	assert_int_equal(chaos_network_attach(f->ctx, domid, "bridge=none",
					      &id), -ENODEV);
	assert_int_equal(chaos_network_attach(f->ctx, domid, "colour=red", &id),
			 -EINVAL);
	assert_int_equal(chaos_network_attach(f->ctx, domid, "a\"]\nname=\"b",
					      &id), -EINVAL);
	assert_int_equal(chaos_network_attach(f->ctx, 0, "bridge=xenbr0", &id),
			 -EPERM);
	assert_int_equal(chaos_network_attach(f->ctx, 99, "bridge=xenbr0", &id),
			 -ESRCH);
	assert_int_equal(chaos_network_detach(f->ctx, domid, 3), -ENODEV);
	fixture_take_name(f, "web", domid, &lock);
	assert_int_equal(chaos_network_attach(f->ctx, domid, "bridge=xenbr0",
					      &id), -EBUSY);
	chaos__name_unlock(&lock);
	assert_int_equal(id, 99);
	assert_int_equal(nr_vifs(f, domid), 1);
	assert_int_equal(fake_noxs_nr_vifs(), 1);
	for (i = 1; i < CHAOS__MAX_VIFS; i++)
		assert_int_equal(chaos_network_attach(f->ctx, domid,
						      "bridge=xenbr0", &id), 0);
	assert_int_equal(chaos_network_attach(f->ctx, domid, "bridge=xenbr0",
					      &id), -ENOSPC);
	/* Its successor would serve it. */
	fake_noxs.running = false;
	assert_int_equal(chaos_network_detach(f->ctx, domid, 3), -ECONNREFUSED);
	fake_noxs.running = true;
	assert_int_equal(nr_vifs(f, domid), CHAOS__MAX_VIFS);
	assert_int_equal(chaos_network_detach(f->ctx, domid, 3), 0);
}

/* Every point fails once: the vif is there, or it is not. */
static void test_failures(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = fixture_create(f, "web", 1), id;
	unsigned int n;
	int rc;

	for (n = 1; ; n++) {
		fail_nth(n);
		rc = chaos_network_attach(f->ctx, domid, "bridge=xenbr0", &id);
		if (!fail_happened())
			break;
		fail_never();
		if (!rc)
			assert_int_equal(chaos_network_detach(f->ctx, domid, id), 0);
		/* What could not be written is for chaos_gc. */
		assert_int_equal(chaos_gc(f->ctx, 0, NULL, NULL), 0);
		assert_int_equal(fake_noxs_nr_vifs(), 1);
		assert_int_equal(nr_vifs(f, domid), 1);
	}
	fail_never();
	assert_int_equal(rc, 0);
	assert_true(n > 8);
	for (n = 1; ; n++) {
		fail_nth(n);
		rc = chaos_network_detach(f->ctx, domid, id);
		if (!fail_happened())
			break;
		fail_never();
		if (!rc && chaos_network_attach(f->ctx, domid, "bridge=xenbr0", &id))
			fail_msg("%s", fixture_errors(f));
		assert_int_equal(chaos_gc(f->ctx, 0, NULL, NULL), 0);
		assert_int_equal(nr_vifs(f, domid), fake_noxs_nr_vifs());
		if (nr_vifs(f, domid) == 1)
			assert_int_equal(chaos_network_attach(f->ctx, domid,
							      "bridge=xenbr0", &id), 0);
	}
	fail_never();
	assert_int_equal(rc, 0);
	assert_int_equal(fake_noxs_nr_vifs(), 1);
}

/* Killed between the record and the backend. */
static void test_killed(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = fixture_create(f, "web", 2);
	struct chaos__name_lock lock = { .fd = -1 };

	fixture_take_name(f, "web", domid, &lock);
	fake_noxs_forget(domid, 1);
	assert_int_equal(chaos_gc(f->ctx, 0, NULL, NULL), 0);
	assert_int_equal(nr_vifs(f, domid), 2);
	assert_int_equal(chaos__name_mark(&lock, CHAOS__TASK_NETWORK), 0);
	chaos__name_unlock(&lock);
	assert_int_equal(chaos_gc(f->ctx, 0, NULL, NULL), 0);
	assert_int_equal(nr_vifs(f, domid), 1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, \
						fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_comes_and_goes), T(test_refused), T(test_failures),
		T(test_killed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

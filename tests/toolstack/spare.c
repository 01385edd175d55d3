// SPDX-License-Identifier: BSD-2-Clause
/*
 * Spares: what a claim makes of one is what a create would have made, and a
 * failure anywhere leaves either a good spare or nothing.
 */
#include "fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "config.h"

#define VIFS "vif = [ \"\", \"\" ]"
#define OWN_VIFS "vif = [ \"ip=10.0.0.2/24,rate=1MB/s,pps_in=1K\", \"ip=dhcp\" ]"

static struct chaos_config *flavour(struct fixture *f, const char *more)
{
	struct chaos_config *cfg;
	char text[512];

	snprintf(text, sizeof(text), "name = \"small\"\nmemory = 4\n%s\n", more);
	if (chaos_flavour_parse_string(f->ctx, "test", text, NULL, &cfg))
		fail_msg("%s", fixture_errors(f));
	return cfg;
}

static struct chaos_config *loaded(struct fixture *f, const char *more)
{
	char text[300];

	snprintf(text, sizeof(text), "kernel = \"%s\"\n%s", f->kernel, more);
	return flavour(f, text);
}

static struct chaos_config *config(struct fixture *f, const char *more)
{
	struct chaos_config *cfg;
	char text[512];

	snprintf(text, sizeof(text), "name = \"web\"\nkernel = \"%s\"\n"
		 "memory = 4\n%s\n", f->kernel, more);
	if (chaos_config_parse_string(f->ctx, "test", text, NULL, &cfg))
		fail_msg("%s", fixture_errors(f));
	return cfg;
}

static struct chaos_spare *make(struct fixture *f,
				const struct chaos_config *flv)
{
	struct chaos_spare *spare;

	if (chaos_spare_make(f->ctx, flv, NULL, NULL, &spare))
		fail_msg("%s", fixture_errors(f));
	return spare;
}

static void assert_nothing_left(struct fixture *f)
{
	assert_int_equal(fake_xen_nr_domains(), 0);
	assert_int_equal(fake_noxs_nr_vifs(), 0);
	assert_int_equal(fake_xen.nr_builds, 0);
	assert_int_equal(fixture_nr_records(f), 0);
}

static void assert_guest(struct fixture *f, uint32_t domid)
{
	const struct fake_domain *d = &fake_xen.domain[domid];
	struct chaos_info *info;
	uint32_t found;

	assert_int_equal(d->vcpus, 1);
	assert_int_equal(d->memory, 1);
	assert_int_equal(d->image, 1);
	assert_int_equal(d->boot, 1);
	assert_false(d->dom.paused);
	assert_int_equal(fake_xen.nr_builds, 0);
	assert_int_equal(fake_noxs_nr_vifs(), 2);
	assert_int_equal(fake_noxs.vif[0].req.op, NOXS_NETBACK_BIND);
	assert_memory_equal(fake_noxs.vif[0].req.ip, "\x0a\0\0\x02", 4);
	assert_int_equal(fake_noxs.vif[0].req.limit[NOXS_NETBACK_TX_BYTES].amount,
			 50000);
	assert_int_equal(fake_noxs.vif[0].req.limit[NOXS_NETBACK_RX_FRAMES].amount,
			 50);
	assert_int_equal(chaos_lookup(f->ctx, "web", &found), 0);
	assert_int_equal(found, domid);
	assert_int_equal(chaos_info_get(f->ctx, domid, &info), 0);
	assert_string_equal(info->domain.name, "web");
	assert_int_equal(info->domain.flags, 0);
	assert_int_equal(info->nr_vifs, 2);
	assert_string_equal(info->vif[0]->ip, "10.0.0.2/24");
	assert_true(strlen(info->vif[1]->mac) == 17);
	chaos_info_free(info);
	/* A name and a record, no spare's file. */
	assert_int_equal(fixture_nr_records(f), 2);
}

/* flv and cfg are freed. */
static void make_and_claim(struct fixture *f, struct chaos_config *flv,
			   struct chaos_config *cfg)
{
	struct chaos_spare *spare = make(f, flv);
	uint32_t domid, was = chaos_spare_domid(spare);

	assert_true(fake_xen.domain[was].dom.paused);
	assert_int_equal(fake_noxs.vif[0].req.flags, NOXS_NETBACK_SPARE);
	assert_null(chaos_flavour_misfit(flv, cfg));
	if (chaos_spare_claim(f->ctx, &spare, cfg, 0, &domid))
		fail_msg("%s", fixture_errors(f));
	assert_null(spare);
	assert_int_equal(domid, was);
	assert_guest(f, domid);
	assert_int_equal(chaos_destroy(f->ctx, domid), 0);
	assert_nothing_left(f);
	chaos_config_free(flv);
	chaos_config_free(cfg);
}

static void test_claimed(void **state)
{
	struct fixture *f = *state;

	make_and_claim(f, flavour(f, VIFS), config(f, OWN_VIFS));
	make_and_claim(f, loaded(f, VIFS), config(f, OWN_VIFS));
	make_and_claim(f, flavour(f, "type = \"pv\"\n" VIFS),
		       config(f, "type = \"pv\"\n" OWN_VIFS));
	make_and_claim(f, loaded(f, "type = \"pv\"\n" VIFS),
		       config(f, "type = \"pv\"\n" OWN_VIFS));
	/* Any bridge will do. */
	make_and_claim(f, flavour(f, "vif = [ \"bridge=\", \"bridge=\" ]"),
		       config(f, OWN_VIFS));
}

#define UUID "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"

static void test_uuid(void **state)
{
	struct fixture *f = *state;
	struct chaos_config *cfg = config(f, "uuid = \"" UUID "\"\n" OWN_VIFS);
	struct chaos_config *flv = flavour(f, VIFS);
	struct chaos_spare *spare = make(f, flv);
	char text[CHAOS__UUID_LEN + 1];
	uint32_t domid;

	assert_int_equal(chaos_spare_claim(f->ctx, &spare, cfg, 0, &domid), 0);
	chaos__uuid_format(fake_xen.domain[domid].dom.uuid, text);
	assert_string_equal(text, UUID);
	assert_guest(f, domid);
	assert_int_equal(chaos_destroy(f->ctx, domid), 0);
	assert_nothing_left(f);
	chaos_config_free(flv);
	chaos_config_free(cfg);
}

/* The ladder to a spare: every point fails once. */
static void every_make_is_undone(struct fixture *f, struct chaos_config *flv)
{
	struct chaos_spare *spare = NULL;
	unsigned int n, nr_fds;
	int rc;

	chaos_spare_discard(f->ctx, make(f, flv));
	nr_fds = fixture_nr_fds();
	for (n = 1; ; n++) {
		fail_nth(n);
		rc = chaos_spare_make(f->ctx, flv, NULL, NULL, &spare);
		if (!fail_happened())
			break;
		fail_never();
		if (!rc) {
			chaos_spare_discard(f->ctx, spare);
			spare = NULL;
		}
		assert_null(spare);
		assert_int_equal(fake_xen_nr_domains(), 0);
		assert_int_equal(fake_noxs_nr_vifs(), 0);
		/* Without the lock, a file may be somebody else's. */
		assert_in_range(fixture_nr_records(f), 0, 1);
		assert_int_equal(chaos_gc(f->ctx, 0, NULL, NULL), 0);
		assert_int_equal(fixture_nr_records(f), 0);
		assert_int_equal(fixture_nr_fds(), nr_fds);
	}
	fail_never();
	assert_true(n > 12);
	assert_int_equal(rc, 0);
	chaos_spare_discard(f->ctx, spare);
	assert_nothing_left(f);
	chaos_config_free(flv);
}

static void test_every_make_is_undone(void **state)
{
	struct fixture *f = *state;

	every_make_is_undone(f, flavour(f, VIFS));
	every_make_is_undone(f, loaded(f, VIFS));
}

/* And from it: a spare that is left is as good as before. */
static void every_claim_is_undone(struct fixture *f, struct chaos_config *flv,
				  struct chaos_config *cfg)
{
	struct chaos_spare *spare;
	unsigned int n, nr_left = 0;
	uint32_t domid;
	int rc;

	for (n = 1; ; n++) {
		spare = make(f, flv);
		fail_nth(n);
		rc = chaos_spare_claim(f->ctx, &spare, cfg, 0, &domid);
		if (!fail_happened())
			break;
		fail_never();
		if (!rc) {
			assert_null(spare);
			assert_guest(f, domid);
			assert_int_equal(chaos_destroy(f->ctx, domid), 0);
			continue;
		}
		assert_non_null(chaos_error(f->ctx, 0));
		if (spare) {
			nr_left++;
			assert_int_equal(chaos_spare_claim(f->ctx, &spare, cfg,
							   0, &domid), 0);
			assert_guest(f, domid);
			assert_int_equal(chaos_destroy(f->ctx, domid), 0);
		}
		assert_int_equal(fake_xen_nr_domains(), 0);
		assert_int_equal(fake_noxs_nr_vifs(), 0);
		assert_int_equal(chaos_gc(f->ctx, 0, NULL, NULL), 0);
		assert_nothing_left(f);
	}
	fail_never();
	assert_int_equal(rc, 0);
	assert_true(n > 12 && nr_left > 2);
	assert_int_equal(chaos_destroy(f->ctx, domid), 0);
	assert_nothing_left(f);
	chaos_config_free(flv);
	chaos_config_free(cfg);
}

static void test_every_claim_is_undone(void **state)
{
	struct fixture *f = *state;

	every_claim_is_undone(f, flavour(f, VIFS),
			      config(f, "uuid = \"" UUID "\"\n" OWN_VIFS));
	every_claim_is_undone(f, loaded(f, VIFS), config(f, OWN_VIFS));
}

static void test_misfits(void **state)
{
	static const char *const other[][2] = {
		{ "memory = 8\n" VIFS, "memory" },
		{ "maxmem = 8\n" VIFS, "memory" },
		{ "vcpus = 2\n" VIFS, "vcpus" },
		{ "type = \"pv\"\n" VIFS, "type" },
		{ "max_grant_frames = 8\n" VIFS, "limits" },
		{ "vif = [ \"\" ]", "number of vifs" },
		{ "vif = [ \"\", \"bridge=br7\" ]", "bridge" },
		{ "vif = [ \"\", \"id=4\" ]", "id of a vif" },
		{ "vif = [ \"\", \"queues=2\" ]", "queues of a vif" },
		{ "vif = [ \"\", \"vifname=web0\" ]", "vifname" },
		{ "cmdline = \"x\"\n" VIFS, "ramdisk or cmdline" },
		{ "kernel = \"/elsewhere\"\n" VIFS, "kernel" },
	};
	struct fixture *f = *state;
	struct chaos_config *flv = loaded(f, VIFS), *cfg;
	struct chaos_spare *spare = make(f, flv);
	uint32_t domid;
	size_t i;

	for (i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
		cfg = config(f, other[i][0]);
		assert_string_equal(chaos_flavour_misfit(flv, cfg),
				    other[i][1]);
		assert_int_equal(chaos_spare_claim(f->ctx, &spare, cfg, 0,
						   &domid), -EXDEV);
		assert_error(f, other[i][1]);
		assert_non_null(spare);
		chaos_config_free(cfg);
	}
	chaos_spare_discard(f->ctx, spare);
	chaos_config_free(flv);
	assert_nothing_left(f);
}

static void test_kernel_changed(void **state)
{
	struct fixture *f = *state;
	struct chaos_config *flv = loaded(f, VIFS), *cfg = config(f, VIFS);
	struct chaos_spare *spare = make(f, flv);
	uint32_t domid;
	FILE *k;

	usleep(20000);
	k = fopen(f->kernel, "a");
	assert_non_null(k);
	fputc('x', k);
	fclose(k);
	assert_int_equal(chaos_spare_claim(f->ctx, &spare, cfg, 0, &domid),
			 -ESTALE);
	assert_non_null(spare);
	chaos_spare_discard(f->ctx, spare);
	chaos_config_free(flv);
	chaos_config_free(cfg);
	assert_nothing_left(f);
}

static void test_flavours(void **state)
{
	static const char *const bad[][2] = {
		{ "cpus = \"0\"", "cpus" }, { "cap = 10", "cap" },
		{ "uuid = \"" UUID "\"", "uuid" },
		{ "cmdline = \"x\"", "cmdline" },
		{ "ramdisk = \"/x\"", "ramdisk" },
		{ "on_crash = \"destroy\"", "on_crash" },
		{ "vif = [ \"mac=00:16:3e:00:00:01\" ]", "vif" },
		{ "vif = [ \"ip=10.0.0.1/8\" ]", "vif" },
		{ "vif = [ \"rate=1MB/s\" ]", "vif" },
		{ "vif = [ \"vlan=5\" ]", "vif" },
		{ "vif = [ \"spoofchk=on\" ]", "vif" },
		{ "vif = [ \"pps_in=1K\" ]", "vif" },
	};
	struct fixture *f = *state;
	struct chaos_config *cfg;
	char text[256];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "name = \"s\"\n%s\n", bad[i][0]);
		assert_int_equal(chaos_flavour_parse_string(f->ctx, "t", text,
							    NULL, &cfg),
				 -EINVAL);
		assert_error(f, bad[i][1]);
	}
}

static int stop_at(void *arg)
{
	return --*(int *)arg ? 0 : -EAGAIN;
}

static void test_called_off(void **state)
{
	struct fixture *f = *state;
	struct chaos_config *flv = flavour(f, VIFS);
	struct chaos_spare *spare;
	int n, left, rc = -EAGAIN;

	for (n = 1; rc; n++) {
		left = n;
		rc = chaos_spare_make(f->ctx, flv, stop_at, &left, &spare);
		if (rc) {
			assert_int_equal(rc, -EAGAIN);
			assert_nothing_left(f);
		}
	}
	assert_true(n > 6);
	chaos_spare_discard(f->ctx, spare);
	chaos_config_free(flv);
}

struct seen {
	unsigned int spares, others;
};

static int look(void *arg, const struct chaos_domain *d)
{
	struct seen *s = arg;

	if (d->flags & CHAOS_DOMAIN_SPARE)
		s->spares++;
	else if (d->domid)
		s->others++;
	return 0;
}

static void count(void *arg, const struct chaos_garbage *g)
{
	if (g->kind == CHAOS_GARBAGE_SPARE)
		(*(unsigned int *)arg)++;
}

/* Its keeper dies: what is left is a file without a lock, and a domain. */
static void abandon(struct fixture *f, struct chaos_spare *spare)
{
	const struct fake_domain *d = &fake_xen.domain[chaos_spare_domid(spare)];
	char name[CHAOS__UUID_LEN + 1], path[160], kept[160];

	chaos__uuid_format(d->dom.uuid, name);
	snprintf(path, sizeof(path), "%s/spares/%s", f->run_dir, name);
	snprintf(kept, sizeof(kept), "%s/kept", f->dir);
	assert_int_equal(link(path, kept), 0);
	fake_xen.undestroyable = chaos_spare_domid(spare);
	chaos_spare_discard(f->ctx, spare);
	fake_xen.undestroyable = 0;
	assert_int_equal(rename(kept, path), 0);
}

/* As long as it is held, it is nobody's garbage. */
static void test_collected(void **state)
{
	struct fixture *f = *state;
	struct chaos_config *flv = flavour(f, VIFS);
	struct chaos_spare *spare = make(f, flv);
	unsigned int n = 0;
	struct seen s = { 0 };

	assert_int_equal(chaos_list(f->ctx, look, &s), 0);
	assert_int_equal(s.spares, 1);
	assert_int_equal(s.others, 0);
	assert_int_equal(chaos_gc(f->ctx, 0, count, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(fake_xen_nr_domains(), 1);
	abandon(f, spare);
	assert_int_equal(chaos_gc(f->ctx, CHAOS_GC_DRY_RUN, count, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(fake_xen_nr_domains(), 1);
	assert_int_equal(chaos_gc(f->ctx, 0, count, &n), 0);
	assert_int_equal(n, 2);
	assert_nothing_left(f);
	chaos_config_free(flv);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, \
						fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_claimed), T(test_uuid), T(test_every_make_is_undone),
		T(test_every_claim_is_undone), T(test_misfits),
		T(test_kernel_changed), T(test_flavours), T(test_called_off),
		T(test_collected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

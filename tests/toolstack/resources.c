// SPDX-License-Identifier: BSD-2-Clause
/* What of the host a domain gets: CPUs, weights, pools, memory. */
#include "fixture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fake_sched.h"
#include "power.h"

/* A configuration of two vCPUs with more lines. */
static struct chaos_config *config(struct fixture *f, const char *more)
{
	struct chaos_config *cfg = NULL;
	char text[512];

	snprintf(text, sizeof(text), "name=\"web\"\nkernel=\"%s\"\nmemory=4\n"
		 "vcpus=2\n%s\n", f->kernel, more);
	assert_int_equal(chaos_config_parse_string(f->ctx, "test", text, NULL,
						   &cfg), 0);
	return cfg;
}

static int create(struct fixture *f, const char *more, uint32_t *domid)
{
	struct chaos_config *cfg = config(f, more);
	int rc = chaos_create(f->ctx, cfg, 0, domid);

	chaos_config_free(cfg);
	return rc;
}

static uint32_t created(struct fixture *f, const char *more)
{
	uint32_t domid = 0;

	assert_int_equal(create(f, more, &domid), 0);
	return domid;
}

static uint64_t hard(uint32_t domid, unsigned int vcpu)
{
	return fake_sched.domain[domid].hard[vcpu].word[0];
}

static uint64_t soft(uint32_t domid, unsigned int vcpu)
{
	return fake_sched.domain[domid].soft[vcpu].word[0];
}

static void test_pin(void **state)
{
	struct fixture *f = *state;
	uint32_t d = created(f, "");

	assert_int_equal(chaos_vcpu_pin(f->ctx, d, 1, "0-2,^1", NULL), 0);
	assert_true(hard(d, 0) == UINT64_MAX && hard(d, 1) == 5);
	assert_true(soft(d, 1) == UINT64_MAX);
	assert_int_equal(chaos_vcpu_pin(f->ctx, d, CHAOS_VCPU_ALL, NULL, "3"),
			 0);
	assert_true(soft(d, 0) == 8 && soft(d, 1) == 8 && hard(d, 1) == 5);
	assert_int_equal(chaos_vcpu_pin(f->ctx, d, 1, "all", "all"), 0);
	assert_true(hard(d, 1) == UINT64_MAX && soft(d, 1) == UINT64_MAX);
}

/* One that the guest has not brought up will be. */
static void test_pin_down(void **state)
{
	struct fixture *f = *state;
	uint32_t d = created(f, "");

	fake_xen.domain[d].dom.vcpus = 1;
	assert_int_equal(chaos_vcpu_pin(f->ctx, d, CHAOS_VCPU_ALL, "1", NULL),
			 0);
	assert_true(hard(d, 0) == 2 && hard(d, 1) == 2);
	assert_int_equal(chaos_vcpu_pin(f->ctx, d, 1, "2", NULL), 0);
	assert_true(hard(d, 1) == 4);
	assert_int_equal(chaos_sched_set(f->ctx, d, -1, 150), 0);
}

static void test_pin_wrong(void **state)
{
	struct fixture *f = *state;
	uint32_t d = created(f, "");

	assert_int_equal(chaos_vcpu_pin(f->ctx, d, 0, "0,4", NULL), -EINVAL);
	assert_error(f, "there is no CPU 4 (this host has CPUs 0 to 3)");
	assert_int_equal(chaos_vcpu_pin(f->ctx, d, 0, NULL, "x"), -EINVAL);
	assert_error(f, "\"x\" is not a list of CPUs");
	assert_int_equal(chaos_vcpu_pin(f->ctx, d, 0, "1;2", NULL), -EINVAL);
	assert_int_equal(chaos_vcpu_pin(f->ctx, d, 0, "1;", NULL), -EINVAL);
	assert_error(f, "not one list");
	assert_int_equal(chaos_vcpu_pin(f->ctx, d, 0, NULL, NULL), -EINVAL);
	assert_int_equal(chaos_vcpu_pin(f->ctx, d, 2, "0", NULL), -ESRCH);
	assert_error(f, "no vCPU 2, only 2");
	assert_int_equal(chaos_vcpu_pin(f->ctx, 99, 0, "0", NULL), -ESRCH);
	/* One of the host's, and not of those it can have. */
	fake_sched.pool[0].cpus.word[0] = 3;
	assert_int_equal(chaos_vcpu_pin(f->ctx, d, 0, "2-3", NULL), -EINVAL);
	assert_error(f, "none of the CPUs 2-3 (Pool-0 has CPUs 0-1)");
	assert_true(hard(d, 0) == UINT64_MAX && soft(d, 0) == UINT64_MAX);
}

struct seen {
	unsigned int nr;
	char text[256];
};

static int see_vcpu(void *arg, const struct chaos_vcpu *v)
{
	struct seen *s = arg;
	size_t n = strlen(s->text);

	s->nr++;
	snprintf(s->text + n, sizeof(s->text) - n, "%u@%u %s %s %s;", v->vcpu,
		 v->cpu, v->state, v->hard, v->soft);
	return 0;
}

static void test_list(void **state)
{
	struct fixture *f = *state;
	uint32_t d = created(f, "cpus=[\"0,2-3\", \"1\"]");
	struct seen s = { 0 };

	assert_int_equal(chaos_vcpu_list(f->ctx, d, see_vcpu, &s), 0);
	assert_string_equal(s.text,
			    "0@0 idle 0,2-3 all;1@1 running 1 all;");
	assert_int_equal(chaos_vcpu_list(f->ctx, 99, see_vcpu, &s), -ESRCH);
	assert_int_equal(s.nr, 2);
}

static void test_weight(void **state)
{
	struct fixture *f = *state;
	struct chaos_sched s = { .size = sizeof(s) };
	uint32_t d = created(f, "");

	assert_int_equal(chaos_sched_set(f->ctx, d, 512, -1), 0);
	assert_int_equal(chaos_sched_set(f->ctx, d, -1, 200), 0);
	assert_int_equal(chaos_sched_get(f->ctx, d, &s), 0);
	assert_int_equal(s.weight, 512);
	assert_int_equal(s.cap, 200);
	assert_int_equal(s.pool, 0);
	assert_string_equal(s.scheduler, "credit2");
	assert_int_equal(chaos_sched_set(f->ctx, d, -1, 201), -EINVAL);
	assert_error(f, "cap of 201% is more than its 2 vCPUs can use");
	assert_int_equal(chaos_sched_set(f->ctx, d, 0, -1), -EINVAL);
	assert_int_equal(chaos_sched_set(f->ctx, d, 65536, -1), -EINVAL);
	assert_error(f, "not within 1 to 65535");
	s.size = 8;
	assert_int_equal(chaos_sched_get(f->ctx, d, &s), -EINVAL);
	fake_sched.pool[0].scheduler = CHAOS__SCHED_NULL;
	assert_int_equal(chaos_sched_set(f->ctx, d, 9, -1), -EOPNOTSUPP);
	assert_error(f, "Pool-0's scheduler, null, has no weights");
	s.size = sizeof(s);
	assert_int_equal(chaos_sched_get(f->ctx, d, &s), 0);
	assert_string_equal(s.scheduler, "null");
	assert_int_equal(s.weight, 0);
	fake_sched.pool[0].scheduler = 77;
	assert_int_equal(chaos_sched_get(f->ctx, d, &s), -0);
	assert_string_equal(s.scheduler, "unknown");
}

static int see_pool(void *arg, const struct chaos_cpupool *p)
{
	struct seen *s = arg;
	size_t n = strlen(s->text);

	s->nr++;
	snprintf(s->text + n, sizeof(s->text) - n, "%u %s %u %s;", p->id,
		 p->scheduler, p->nr_domains, p->cpus);
	return 0;
}

static void test_pools(void **state)
{
	struct fixture *f = *state;
	uint32_t d = created(f, ""), id = 0, found = 0;
	struct seen s = { 0 };

	assert_int_equal(chaos_cpupool_create(f->ctx, "null", "2-3", &id), 0);
	assert_int_equal(id, 1);
	assert_int_equal(chaos_cpupool_find(f->ctx, "Pool-1", &found), 0);
	assert_int_equal(found, 1);
	assert_int_equal(chaos_cpupool_move(f->ctx, 1, d), 0);
	assert_int_equal(chaos_cpupool_list(f->ctx, see_pool, &s), 0);
	assert_string_equal(s.text, "0 credit2 1 0-1;1 null 1 2-3;");
	assert_int_equal(chaos_cpupool_destroy(f->ctx, 1), -EBUSY);
	assert_error(f, "Pool-1 has 1 domains");
	assert_int_equal(chaos_vcpu_pin(f->ctx, d, 0, "0", NULL), -EINVAL);
	assert_error(f, "Pool-1 has CPUs 2-3");
	assert_int_equal(chaos_cpupool_move(f->ctx, 0, d), 0);
	assert_int_equal(chaos_cpupool_destroy(f->ctx, 1), 0);
	assert_int_equal(fake_sched.pool[0].cpus.word[0], 15);
	/* Of Pool-0's scheduler. */
	assert_int_equal(chaos_cpupool_create(f->ctx, NULL, "all,^0", &id), 0);
	assert_int_equal(fake_sched.pool[1].scheduler, CHAOS__SCHED_CREDIT2);
	assert_int_equal(fake_sched.pool[1].cpus.word[0], 14);
}

static void test_pools_wrong(void **state)
{
	struct fixture *f = *state;
	uint32_t id = 7, d = created(f, "");

	assert_int_equal(chaos_cpupool_create(f->ctx, NULL, "0-3", &id), -EBUSY);
	assert_error(f, "would take all of Pool-0's CPUs");
	assert_int_equal(chaos_cpupool_create(f->ctx, "best", "3", &id),
			 -EOPNOTSUPP);
	assert_error(f, "no scheduler \"best\"");
	assert_int_equal(chaos_cpupool_create(f->ctx, "rtds", "3", &id),
			 -EOPNOTSUPP);
	assert_error(f, "built without scheduler rtds");
	assert_int_equal(chaos_cpupool_create(f->ctx, NULL, "9", &id), -EINVAL);
	assert_error(f, "no CPU 9");
	assert_int_equal(chaos_cpupool_create(f->ctx, NULL, "2;3", &id), -EINVAL);
	assert_int_equal(id, 7);
	assert_int_equal(fake_sched.pool[0].cpus.word[0], 15);
	assert_int_equal(chaos_cpupool_create(f->ctx, NULL, "3", &id), 0);
	assert_int_equal(chaos_cpupool_create(f->ctx, NULL, "3", &id), -EINVAL);
	assert_error(f, "CPU 3 is in Pool-1");
	assert_int_equal(chaos_cpupool_destroy(f->ctx, 0), -EPERM);
	assert_int_equal(chaos_cpupool_destroy(f->ctx, 2), -ENOENT);
	assert_int_equal(chaos_cpupool_move(f->ctx, 2, d), -ENOENT);
	assert_int_equal(chaos_cpupool_move(f->ctx, 1, 99), -ESRCH);
	fake_sched.pool[1].cpus.word[0] = 0;
	assert_int_equal(chaos_cpupool_move(f->ctx, 1, d), -ENODEV);
	assert_error(f, "Pool-1 has no CPUs");
	assert_int_equal(chaos_cpupool_find(f->ctx, "mine", &id), -EINVAL);
	assert_int_equal(chaos_cpupool_find(f->ctx, "Pool-", &id), -EINVAL);
	assert_int_equal(chaos_cpupool_find(f->ctx, "99999999999", &id), -EINVAL);
	assert_int_equal(chaos_cpupool_find(f->ctx, "3", &id), -ENOENT);
}

/* Whatever fails, no CPU is lost and no pool is left. */
/* Weight and cap come along, if the scheduler there has them. */
static void test_pool_move(void **state)
{
	struct fixture *f = *state;
	uint32_t d = created(f, "cpu_weight=300\ncap=50"), id = 0;
	unsigned int n;
	int rc;

	assert_int_equal(chaos_cpupool_create(f->ctx, "credit", "2-3", &id), 0);
	for (n = 1;; n++) {
		fail_nth(n);
		rc = chaos_cpupool_move(f->ctx, id, d);
		if (!fail_happened())
			break;
		assert_true(!rc || chaos_nr_errors(f->ctx));
		fail_never();
		if (rc && fake_xen.domain[d].dom.pool == id) {
			assert_error(f, "lost its weight and cap");
		} else if (rc) {
			assert_int_equal(fake_sched.domain[d].weight, 300);
			assert_int_equal(fake_sched.domain[d].cap, 50);
		}
		assert_false(fake_sched.domain[d].stuck);
		assert_int_equal(chaos_cpupool_move(f->ctx, 0, d), 0);
		assert_int_equal(chaos_sched_set(f->ctx, d, 300, 50), 0);
	}
	fail_never();
	assert_int_equal(rc, 0);
	assert_true(n > 5);
	assert_false(fake_sched.domain[d].stuck);
	assert_int_equal(fake_xen.domain[d].dom.pool, id);
	assert_int_equal(fake_sched.domain[d].weight, 300);
	assert_int_equal(fake_sched.domain[d].cap, 50);
	assert_int_equal(chaos_cpupool_move(f->ctx, 0, d), 0);
	assert_int_equal(chaos_cpupool_destroy(f->ctx, id), 0);
	assert_int_equal(chaos_cpupool_create(f->ctx, "null", "2-3", &id), 0);
	assert_int_equal(chaos_cpupool_move(f->ctx, id, d), 0);
	assert_int_equal(chaos_cpupool_move(f->ctx, 0, d), 0);
	assert_int_equal(chaos_cpupool_destroy(f->ctx, id), 0);
}

static void test_pool_walk(void **state)
{
	struct fixture *f = *state;
	uint32_t id;
	unsigned int n;
	int rc;

	for (n = 1;; n++) {
		fail_nth(n);
		rc = chaos_cpupool_create(f->ctx, "credit", "1-2", &id);
		if (!fail_happened())
			break;
		fail_never();
		assert_int_not_equal(rc, 0);
		assert_int_equal(fake_sched.pool[0].cpus.word[0], 15);
		assert_false(fake_sched.pool[1].used);
	}
	assert_int_equal(rc, 0);
	assert_true(n > 5);
	assert_int_equal(fake_sched.pool[1].cpus.word[0], 6);
}

static void test_create(void **state)
{
	struct fixture *f = *state;
	uint32_t id, d;

	/* Nothing is said: nothing is asked of Xen. */
	fake_sched.nr_calls = 0;
	d = created(f, "cpus=\"all\"\npool=\"Pool-0\"");
	assert_int_equal(chaos_destroy(f->ctx, d), 0);
	fake_sched.nr_calls = 0;
	d = created(f, "");
	assert_int_equal(fake_sched.nr_calls, 0);
	assert_int_equal(chaos_destroy(f->ctx, d), 0);
	assert_int_equal(chaos_cpupool_create(f->ctx, "credit", "2-3", &id), 0);
	d = created(f, "cpus=\"3\"\npool=\"1\"\ncpu_weight=9\ncap=150");
	assert_int_equal(fake_xen.domain[d].dom.pool, 1);
	assert_true(hard(d, 0) == 8 && hard(d, 1) == 8);
	assert_int_equal(fake_sched.domain[d].weight, 9);
	assert_int_equal(fake_sched.domain[d].cap, 150);
	assert_int_equal(chaos_destroy(f->ctx, d), 0);
	/* For one vCPU of the two. */
	d = created(f, "cpus=[\"1\"]");
	assert_true(hard(d, 0) == 2 && hard(d, 1) == UINT64_MAX);
	assert_int_equal(chaos_destroy(f->ctx, d), 0);
}

static void test_create_wrong(void **state)
{
	static const struct {
		const char *more, *error;
		int rc;
	} cases[] = {
		{ "cpus=\"0,8\"", "place vCPUs: there is no CPU 8", -EINVAL },
		{ "cpus=[\"0\",\"8\"]", "there is no CPU 8", -EINVAL },
		{ "cap=201", "2 vCPUs can use", -EINVAL },
		{ "pool=\"Pool-3\"", "there is no Pool-3", -ENOENT },
		{ "pool=\"fast\"", "not a pool's name", -EINVAL },
	};
	struct fixture *f = *state;
	uint32_t d = 0;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(create(f, cases[i].more, &d), cases[i].rc);
		assert_error(f, cases[i].error);
		assert_int_equal(fake_xen_nr_domains(), 0);
		assert_int_equal(fixture_nr_records(f), 0);
	}
}

static void test_create_walk(void **state)
{
	struct fixture *f = *state;
	struct chaos_config *cfg;
	uint32_t id, d;
	unsigned int n;
	int rc = 0;

	assert_int_equal(chaos_cpupool_create(f->ctx, NULL, "3", &id), 0);
	cfg = config(f, "cpus=\"3\"\npool=\"1\"\ncap=50");
	for (n = 1; n < 300; n++) {
		fail_nth(n);
		rc = chaos_create(f->ctx, cfg, 0, &d);
		if (!fail_happened())
			break;
		if (!strncmp(fail_where(), "xen p", 5) ||
		    !strncmp(fail_where(), "xen w", 5) ||
		    !strcmp(fail_where(), "xen vcpu_pin")) {
			fail_never();
			assert_int_not_equal(rc, 0);
			assert_int_equal(fake_xen_nr_domains(), 0);
			assert_int_equal(fixture_nr_records(f), 0);
			continue;
		}
		fail_never();
		if (!rc)
			assert_int_equal(chaos_destroy(f->ctx, d), 0);
		/* What another walk is about may be left: an undo failed. */
		chaos_gc(f->ctx, 0, NULL, NULL);
	}
	fail_never();
	assert_int_equal(rc, 0);
	chaos_config_free(cfg);
}

static uint64_t asked;

/* Does it, as long as Xen's limit lets it. */
static void balloon(uint32_t domid, const struct xen_noxs_power_back *back)
{
	struct chaos__xen_dom *dom = &fake_xen.domain[domid].dom;
	uint32_t error = 0;

	asked = back->arg;
	if (back->arg / 4 > dom->max_pages)
		error = ENOMEM;
	else if (back->arg < 1024)
		error = ENOMEM;
	else
		dom->pages = back->arg / 4;
	fake_hyp_ack(domid, back->cmd_id, error);
}

static uint32_t with_balloon(struct fixture *f)
{
	uint32_t d = created(f, "");

	fake_xen.domain[d].dom.max_pages = 1024;
	fake_hyp.driver = balloon;
	fake_hyp_connect(d, 0);
	asked = 0;
	return d;
}

static void test_memory(void **state)
{
	struct fixture *f = *state;
	uint32_t d = with_balloon(f);
	struct chaos__xen_dom *dom = &fake_xen.domain[d].dom;

	assert_int_equal(chaos_mem_set(f->ctx, d, 3 * 1024 + 3, 1000), 0);
	assert_int_equal(asked, 3072);
	assert_int_equal(dom->pages, 768);
	assert_int_equal(dom->max_pages, 768);
	/* Up again: the limit has to be there first. */
	assert_int_equal(chaos_mem_set(f->ctx, d, 4096, 1000), 0);
	assert_int_equal(dom->pages, 1024);
	assert_int_equal(dom->max_pages, 1024);
	assert_int_equal(chaos_mem_set(f->ctx, d, 4096, 1000), 0);
}

static void test_memory_wrong(void **state)
{
	struct fixture *f = *state;
	uint32_t d = with_balloon(f);
	struct chaos__xen_dom *dom = &fake_xen.domain[d].dom;

	assert_int_equal(chaos_mem_set(f->ctx, d, 512, 1000), -ECONNREFUSED);
	assert_error(f, "it will not change its memory");
	assert_int_equal(dom->max_pages, 1024);
	assert_int_equal(chaos_mem_set(f->ctx, d, 3, 1000), -EINVAL);
	fake_xen.free_kb = 1000;
	assert_int_equal(chaos_mem_set(f->ctx, d, 8192, 1000), -ENOSPC);
	assert_error(f, "it needs 4096 kB more, Xen has 1000 kB free");
	fake_xen.free_kb = 1 << 20;
	dom->paused = true;
	assert_int_equal(chaos_mem_set(f->ctx, d, 3072, 1000), -EAGAIN);
	dom->paused = false;
	assert_int_equal(chaos_mem_set(f->ctx, 99, 3072, 1000), -ESRCH);
	assert_int_equal(chaos_mem_set(f->ctx, 0, 3072, 1000), -ENOENT);
	/* A driver that cannot, and then none at all. */
	fake_hyp_connect(d, XEN_NOXS_POWER_F(XEN_NOXS_POWER_POWEROFF));
	assert_int_equal(chaos_mem_set(f->ctx, d, 8192, 1000), -EOPNOTSUPP);
	assert_error(f, "its power driver cannot change its memory");
	/* The limit that was raised for it is as it was. */
	assert_int_equal(dom->max_pages, 1024);
	fake_hyp.driver = NULL;
	fake_hyp_connect(d, 0);
	assert_int_equal(chaos_mem_set(f->ctx, d, 8192, 50), -ETIMEDOUT);
	assert_int_equal(dom->max_pages, 1024);
	assert_int_equal(dom->pages, 1024);
}

static void test_memory_walk(void **state)
{
	struct fixture *f = *state;
	uint32_t d = with_balloon(f);
	struct chaos__xen_dom *dom = &fake_xen.domain[d].dom;
	unsigned int n;
	int rc;

	for (n = 1; n < 300; n++) {
		fail_nth(n);
		rc = chaos_mem_set(f->ctx, d, n % 2 ? 2048 : 4096, 1000);
		if (!fail_happened())
			break;
		fail_never();
		/* Never less than what it has. */
		assert_true(dom->max_pages >= dom->pages);
		assert_true(!rc || chaos_nr_errors(f->ctx));
		assert_int_equal(chaos_mem_set(f->ctx, d,
					       n % 2 ? 4096 : 2048, 1000), 0);
	}
	assert_int_equal(rc, 0);
	assert_true(n > 3 && n < 300);
	fail_never();
}

/* Its record, and so its next life, says so. */
static void assert_config(struct fixture *f, uint32_t domid, const char *text,
			  bool there)
{
	struct chaos__record *rec = NULL;

	assert_int_equal(chaos__record_load(f->ctx,
					    fake_xen.domain[domid].dom.uuid,
					    &rec), 0);
	assert_non_null(rec->config);
	assert_true(!!strstr(rec->config, text) == there);
	chaos__record_free(rec);
}

static void balloon_or_obey(uint32_t domid,
			    const struct xen_noxs_power_back *back)
{
	if (back->cmd == XEN_NOXS_POWER_MEMORY)
		balloon(domid, back);
	else
		fake_hyp_obey(domid, back);
}

static uint32_t rebooted(struct fixture *f, uint32_t domid)
{
	uint32_t now = 0;

	assert_int_equal(chaos_reboot(f->ctx, domid, 0, 1000, &now), 0);
	fake_hyp_connect(now, 0);
	return now;
}

/* What a reboot keeps of what was changed, and what it does not. */
static void test_reboot(void **state)
{
	struct fixture *f = *state;
	uint32_t d = created(f, "maxmem=8\ncpus=\"1\"");
	struct chaos__xen_dom *dom;
	uint32_t id = 0;

	fake_hyp_connect(d, 0);
	fake_hyp.driver = balloon_or_obey;
	/* Nothing was changed: nothing is said. */
	d = rebooted(f, d);
	dom = &fake_xen.domain[d].dom;
	assert_int_equal(dom->pages, 1024);
	assert_int_equal(dom->max_pages, 2048);
	assert_config(f, d, "cpu_weight", false);
	assert_config(f, d, "\"cap\"", false);
	/* Weight, cap, memory: kept, and once more. */
	assert_int_equal(chaos_sched_set(f->ctx, d, 512, 150), 0);
	assert_int_equal(chaos_vcpu_pin(f->ctx, d, CHAOS_VCPU_ALL, "2", NULL),
			 0);
	assert_int_equal(chaos_mem_set(f->ctx, d, 2500, 1000), 0);
	d = rebooted(f, rebooted(f, d));
	dom = &fake_xen.domain[d].dom;
	assert_int_equal(fake_sched.domain[d].weight, 512);
	assert_int_equal(fake_sched.domain[d].cap, 150);
	assert_int_equal(dom->pages, 3 * 256);
	/* Where it runs: as configured. */
	assert_int_equal(hard(d, 0), 2);
	/* Up to its limit, and no cap any more. */
	assert_int_equal(chaos_sched_set(f->ctx, d, -1, 0), 0);
	assert_int_equal(chaos_mem_set(f->ctx, d, 8192, 1000), 0);
	d = rebooted(f, d);
	dom = &fake_xen.domain[d].dom;
	assert_int_equal(dom->pages, 2048);
	assert_int_equal(dom->max_pages, 2048);
	assert_int_equal(fake_sched.domain[d].weight, 512);
	assert_int_equal(fake_sched.domain[d].cap, 0);
	/* In its configured pool again. */
	assert_int_equal(chaos_cpupool_create(f->ctx, NULL, "3", &id), 0);
	assert_int_equal(chaos_cpupool_move(f->ctx, id, d), 0);
	d = rebooted(f, d);
	assert_int_equal(fake_xen.domain[d].dom.pool, 0);
	assert_int_equal(chaos_cpupool_destroy(f->ctx, id), 0);
	/* Somebody else's doing: no configuration may say that. */
	fake_sched.domain[d].cap = 201;
	d = rebooted(f, d);
	assert_int_equal(fake_sched.domain[d].cap, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, \
						fixture_teardown)
		T(test_pin),
		T(test_pin_down),
		T(test_pin_wrong),
		T(test_list),
		T(test_weight),
		T(test_pools),
		T(test_pools_wrong),
		T(test_pool_move),
		T(test_pool_walk),
		T(test_create),
		T(test_create_wrong),
		T(test_create_walk),
		T(test_memory),
		T(test_memory_wrong),
		T(test_memory_walk),
		T(test_reboot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

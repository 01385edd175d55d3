// SPDX-License-Identifier: BSD-2-Clause
/* vifs whose backend is another domain. */
#include "fixture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "driver.h"

static int setup(void **state)
{
	struct fixture *f;

	if (fixture_setup(state))
		return -1;
	f = *state;
	fixture_create(f, "net1", 0);
	fake_hyp.netback = fake_hyp_serve;
	/* Nobody is there to be asked over a socket. */
	fake_noxs.running = false;
	return 0;
}

static int create(struct fixture *f, const char *name, const char *vifs,
		  unsigned int flags, uint32_t *domid)
{
	struct chaos_config *cfg;
	char text[512];
	int rc;

	snprintf(text, sizeof(text),
		 "name = \"%s\"\ntype = \"pvh\"\nkernel = \"%s\"\n"
		 "memory = 4\nvif = [ %s ]\n", name, f->kernel, vifs);
	rc = chaos_config_parse_string(f->ctx, "test", text, NULL, &cfg);
	if (rc)
		return rc;
	rc = chaos_create(f->ctx, cfg, flags, domid);
	chaos_config_free(cfg);
	return rc;
}

static const struct xen_noxs_net_request *request_of(const struct fake_net *n)
{
	return (const void *)(n->area.byte + XEN_NOXS_NET_REQUEST);
}

static void test_create(void **state)
{
	struct fixture *f = *state;
	const struct xen_noxs_net_request *q;
	struct chaos_info *info;
	struct fake_net *n;
	uint32_t domid = 0;

	if (create(f, "web", "\"backend=net1,ip=10.0.0.2/24,gateway=10.0.0.1,"
		   "mtu=1400,vlan=7,vifname=web0,rate=1MB/s,"
		   "mac=00:16:3e:01:02:03\"", 0, &domid))
		fail_msg("%s", fixture_errors(f));
	n = fake_hyp_net(domid, 0);
	assert_non_null(n);
	assert_int_equal(n->area.back.mac[5], 3);
	assert_int_equal(n->area.back.ip_mode, XEN_NOXS_NET_IP_STATIC);
	assert_int_equal(n->area.back.gateway[3], 1);
	q = request_of(n);
	assert_string_equal(q->bridge, "xenbr0");
	assert_string_equal(q->ifname, "web0");
	assert_int_equal(q->mtu, 1400);
	assert_int_equal(q->vlan, 7);
	assert_int_equal(q->flags, XEN_NOXS_NET_REQ_SPOOF_MAC |
			 XEN_NOXS_NET_REQ_SPOOF_IP);
	assert_true(q->limit[NOXS_NETBACK_TX_BYTES].amount > 0);
	assert_int_equal(chaos_info_get(f->ctx, domid, &info), 0);
	assert_int_equal(info->nr_vifs, 1);
	assert_string_equal(info->vif[0]->backend, "net1");
	assert_string_equal(info->vif[0]->ifname, "web0");
	assert_string_equal(info->vif[0]->backend_state, "init");
	assert_int_equal(info->vif[0]->guest_port, 17);
	assert_non_null(strstr(info->config, "\"backend\":\"net1\""));
	chaos_info_free(info);
	assert_int_equal(chaos_destroy(f->ctx, domid), 0);
	assert_int_equal(fake_hyp_nr_nets(), 0);
}

/* Some of the one, some of the other, in any order. */
static void test_mixed(void **state)
{
	struct fixture *f = *state;
	struct chaos_info *info;
	uint32_t domid = 0;

	fake_noxs.running = true;
	if (create(f, "web", "\"\", \"backend=net1\", \"backend=0\","
		   "\"backend=net1\"", 0, &domid))
		fail_msg("%s", fixture_errors(f));
	assert_int_equal(fake_noxs_nr_vifs(), 2);
	assert_int_equal(fake_hyp_nr_nets(), 2);
	assert_int_equal(chaos_info_get(f->ctx, domid, &info), 0);
	assert_string_equal(info->vif[1]->backend, "net1");
	assert_string_equal(info->vif[2]->backend, "");
	assert_string_equal(info->vif[2]->backend_state, "connected");
	assert_string_equal(info->vif[3]->backend_state, "init");
	assert_string_not_equal(info->vif[3]->mac, "00:00:00:00:00:00");
	chaos_info_free(info);
	assert_int_equal(chaos_destroy(f->ctx, domid), 0);
	assert_int_equal(fake_noxs_nr_vifs(), 0);
	assert_int_equal(fake_hyp_nr_nets(), 0);
}

static void assert_nothing(struct fixture *f)
{
	assert_int_equal(fake_hyp_nr_nets(), 0);
	assert_int_equal(fake_noxs_nr_vifs(), 0);
	assert_int_equal(fake_xen_nr_domains(), 1);
	assert_int_equal(fixture_nr_records(f), 2);
}

static void lie(struct fake_net *net)
{
	char *text = (char *)net->area.byte + XEN_NOXS_NET_REFUSAL + 8;

	fake_hyp_serve(net);
	memset(text, '\033', 120);
	net->area.back.hdr.error = 0x80000000;
}

static void test_refused(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = 0;

	assert_int_equal(create(f, "web", "\"backend=net1,bridge=br7\"", 0,
				&domid), -ENODEV);
	assert_error(f, "vif 0: backend net1: bridge br7: No such device");
	assert_error(f, "in net1: ip link add br7 type bridge");
	assert_nothing(f);
	assert_int_equal(create(f, "web", "\"backend=nobody\"", 0, &domid),
			 -ESRCH);
	assert_error(f, "its backend nobody: no such domain");
	assert_error(f, "create nobody first");
	assert_nothing(f);
	assert_int_equal(create(f, "web", "\"backend=599\"", 0, &domid),
			 -ESRCH);
	assert_int_equal(create(f, "web", "\"backend=a b\"", 0, &domid),
			 -EINVAL);
	assert_error(f, "is not a domain");
	assert_int_equal(create(f, "web", "\"backend=nobody\"",
				CHAOS_CREATE_DRY_RUN, &domid), -ESRCH);
	assert_int_equal(create(f, "web", "\"backend=net1,bridge=other\"",
				CHAOS_CREATE_DRY_RUN, &domid), 0);
	/* One of two. */
	fake_noxs.running = true;
	assert_int_equal(create(f, "web", "\"\",\"backend=nobody\"", 0, &domid),
			 -ESRCH);
	assert_nothing(f);
	assert_int_equal(create(f, "web", "\"backend=net1\",\"bridge=none\"", 0,
				&domid), -ENODEV);
	assert_nothing(f);
	/* What it says is for people, and no more. */
	fake_hyp.netback = lie;
	assert_int_equal(create(f, "web", "\"backend=net1,bridge=b\"", 0,
				&domid), -EPROTO);
	assert_error(f, "backend net1: ????");
	assert_null(strchr(fixture_errors(f), '\033'));
	assert_nothing(f);
}

static void die(struct fake_net *net)
{
	fake_xen.domain[net->backend].used = false;
}

static void test_nobody_answers(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = 0;

	fake_hyp.netback = NULL;
	f->ctx->timeout_ms = 20;
	assert_int_equal(create(f, "web", "\"backend=net1\"", 0, &domid),
			 -ETIMEDOUT);
	assert_error(f, "netback-lite in domain net1 does not answer");
	assert_error(f, "start netback-lite in net1");
	assert_nothing(f);
	/* It dies while it is waited for. */
	fake_hyp.netback = die;
	assert_int_equal(create(f, "web", "\"backend=net1\"", 0, &domid),
			 -ESRCH);
	assert_error(f, "its backend net1 is gone");
	assert_int_equal(fake_xen_nr_domains(), 0);
}

static void cancel(struct fake_net *net)
{
	(void)net;
	chaos_cancel(((struct fixture *)fake_hyp.netback_arg)->ctx);
}

static void test_cancelled(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = 0;

	fake_hyp.netback = cancel;
	fake_hyp.netback_arg = f;
	assert_int_equal(create(f, "web", "\"backend=net1\"", 0, &domid),
			 -ECANCELED);
	assert_nothing(f);
}

static void test_comes_and_goes(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = 0, id = 99, self = 0;
	struct chaos_info *info;

	assert_int_equal(create(f, "web", "\"backend=net1\"", 0, &domid), 0);
	if (chaos_network_attach(f->ctx, domid, "backend=net1", &id))
		fail_msg("%s", fixture_errors(f));
	assert_int_equal(id, 1);
	assert_int_equal(fake_hyp_nr_nets(), 2);
	assert_int_equal(chaos_network_attach(f->ctx, domid,
			 "backend=net1,bridge=br7", &id), -ENODEV);
	assert_int_equal(fake_hyp_nr_nets(), 2);
	assert_int_equal(chaos_lookup(f->ctx, "net1", &self), 0);
	assert_int_equal(chaos_network_attach(f->ctx, self, "backend=net1",
					      &id), -EINVAL);
	assert_error(f, "its own backend");
	assert_int_equal(chaos_network_detach(f->ctx, domid, 1), 0);
	assert_int_equal(fake_hyp_nr_nets(), 1);
	assert_int_equal(chaos_network_detach(f->ctx, domid, 0), 0);
	assert_int_equal(fake_hyp_nr_nets(), 0);
	assert_int_equal(chaos_info_get(f->ctx, domid, &info), 0);
	assert_int_equal(info->nr_vifs, 0);
	chaos_info_free(info);
}

static unsigned int nr_vifs(struct fixture *f, uint32_t domid)
{
	struct chaos_info *info;
	unsigned int n;

	assert_int_equal(chaos_info_get(f->ctx, domid, &info), 0);
	n = (unsigned int)info->nr_vifs;
	chaos_info_free(info);
	return n;
}

/* Every point fails once: the vif is there, or it is not. */
static void test_failures(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = 0, id;
	unsigned int n;
	int rc;

	assert_int_equal(create(f, "web", "\"backend=net1\"", 0, &domid), 0);
	for (n = 1; ; n++) {
		fail_nth(n);
		rc = chaos_network_attach(f->ctx, domid, "backend=net1", &id);
		if (!fail_happened())
			break;
		fail_never();
		if (!rc)
			assert_int_equal(chaos_network_detach(f->ctx, domid, id), 0);
		assert_int_equal(chaos_gc(f->ctx, 0, NULL, NULL), 0);
		assert_int_equal(fake_hyp_nr_nets(), 1);
		assert_int_equal(nr_vifs(f, domid), 1);
	}
	fail_never();
	assert_int_equal(rc, 0);
	assert_true(n > 8);
	assert_int_equal(chaos_destroy(f->ctx, domid), 0);
	for (n = 1; ; n++) {
		fail_nth(n);
		rc = create(f, "web", "\"backend=net1\"", 0, &domid);
		if (!fail_happened())
			break;
		fail_never();
		if (!rc)
			assert_int_equal(chaos_destroy(f->ctx, domid), 0);
		assert_int_equal(chaos_gc(f->ctx, 0, NULL, NULL), 0);
		assert_nothing(f);
	}
	fail_never();
	assert_int_equal(rc, 0);
	assert_true(n > 20);
}

/* Killed while it waited: what was asked for and not served is taken back. */
static void test_killed(void **state)
{
	struct fixture *f = *state;
	struct chaos__name_lock lock = { .fd = -1 };
	uint32_t domid = 0;

	assert_int_equal(create(f, "web", "\"backend=net1\",\"backend=net1\"",
				0, &domid), 0);
	memset(&fake_hyp_net(domid, 1)->area.back.hdr.generation, 0, 4);
	fixture_take_name(f, "web", domid, &lock);
	assert_int_equal(chaos__name_mark(&lock, CHAOS__TASK_NETWORK), 0);
	chaos__name_unlock(&lock);
	assert_int_equal(chaos_gc(f->ctx, 0, NULL, NULL), 0);
	assert_int_equal(nr_vifs(f, domid), 1);
	assert_int_equal(fake_hyp_nr_nets(), 1);
}

/* Spares are made before anybody says which backend. */
static void test_no_spares(void **state)
{
	struct fixture *f = *state;
	struct chaos_config *flavour, *cfg;

	assert_int_equal(chaos_flavour_parse_string(f->ctx, "test",
		"name = \"s\"\nmemory = 4\nvif = [ \"backend=net1\" ]\n",
		NULL, &flavour), -EINVAL);
	assert_error(f, "bridge, id and queues only");
	assert_int_equal(chaos_flavour_parse_string(f->ctx, "test",
		"name = \"s\"\nmemory = 4\nvif = [ \"bridge=xenbr0\" ]\n",
		NULL, &flavour), 0);
	assert_int_equal(chaos_config_parse_string(f->ctx, "test",
		"name = \"a\"\nmemory = 4\nkernel = \"k\"\n"
		"vif = [ \"bridge=xenbr0,backend=net1\" ]\n", NULL, &cfg), 0);
	assert_string_equal(chaos_flavour_misfit(flavour, cfg), "backend");
	chaos_config_free(cfg);
	chaos_config_free(flavour);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_create), T(test_mixed), T(test_refused),
		T(test_nobody_answers), T(test_cancelled),
		T(test_comes_and_goes), T(test_failures), T(test_killed),
		T(test_no_spares),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

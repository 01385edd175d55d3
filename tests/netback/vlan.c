// SPDX-License-Identifier: BSD-2-Clause
/* The VLAN of a vif: what is asked for, and where it ends. */
#include "harness.h"

#include <stdio.h>

static unsigned int vlan_of(const char *ifname)
{
	struct fake_tap_info info;

	assert_int_equal(fake_tap_info(ifname, &info), 0);
	return info.vlan;
}

static int setup_filter(void **state)
{
	setup_backend(state);
	fake_bridge_filter(TEST_BRIDGE);
	fake_dom_create(1);
	return 0;
}

static int try_attach(struct test_state *s, uint16_t vlan, char *err)
{
	struct noxs_netback_request req;
	struct nbl_vif *vif;

	request_init(&req, 1, 0);
	req.vlan = vlan;
	return nbl_vif_attach(s->nb, &req, &vif, err);
}

static void test_attach(void **state)
{
	struct test_state *s = *state;
	char err[NBL_ERROR_SIZE];

	assert_int_equal(try_attach(s, 10, err), 0);
	assert_int_equal(vlan_of("vif1.0"), 10);
	assert_int_equal(attach(s->nb, 1, 1, err), 0);
	assert_int_equal(vlan_of("vif1.1"), 1);
}

/* Never a vif in all VLANs instead of in one. */
static void test_no_filter(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_request req;
	char err[NBL_ERROR_SIZE];
	struct nbl_vif *vif;

	request_init(&req, 1, 0);
	req.vlan = 10;
	strcpy(req.bridge, "jumbo0");
	assert_int_equal(nbl_vif_attach(s->nb, &req, &vif, err),
			 -EPROTONOSUPPORT);
	assert_non_null(strstr(err, "jumbo0 does not filter by VLAN"));
	assert_null(nbl_guest_find(s->nb, 1));
	wait_taps(s->nb, 0);
	req.bridge[0] = '\0';
	assert_int_equal(nbl_vif_attach(s->nb, &req, &vif, err), -EINVAL);
	assert_int_equal(try_attach(s, 4095, err), -EINVAL);
	assert_int_equal(try_attach(s, 4096, err), -EINVAL);
}

static void make_spare(struct test_state *s, const char *bridge)
{
	struct noxs_netback_request req;
	char err[NBL_ERROR_SIZE];
	struct nbl_vif *vif;

	request_init(&req, 1, 0);
	memset(req.mac, 0, sizeof(req.mac));
	memset(req.bridge, 0, sizeof(req.bridge));
	strcpy(req.bridge, bridge);
	req.flags = NOXS_NETBACK_SPARE;
	req.vlan = 10;
	assert_int_equal(nbl_vif_attach(s->nb, &req, &vif, err), -EINVAL);
	req.vlan = 0;
	assert_int_equal(nbl_vif_attach(s->nb, &req, &vif, err), 0);
}

static void bind_request(struct noxs_netback_request *req)
{
	request_init(req, 1, 0);
	req->op = NOXS_NETBACK_BIND;
	req->vlan = 20;
}

static void test_bind(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_request req;
	char err[NBL_ERROR_SIZE];
	struct nbl_vif *vif;

	make_spare(s, TEST_BRIDGE);
	assert_int_equal(vlan_of("vif1.0"), 1);
	bind_request(&req);
	assert_int_equal(nbl_vif_bind(s->nb, &req, &vif, err), 0);
	assert_int_equal(vlan_of("vif1.0"), 20);
}

static void test_bind_without_bridge(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_request req;
	char err[NBL_ERROR_SIZE];
	struct nbl_vif *vif;

	make_spare(s, "");
	bind_request(&req);
	assert_int_equal(nbl_vif_bind(s->nb, &req, &vif, err), 0);
	assert_int_equal(vlan_of("vif1.0"), 20);
}

/* Whatever call fails, it is a spare where it was; and then it can be bound. */
static void test_bind_ladder(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_request req;
	char err[NBL_ERROR_SIZE];
	struct nbl_vif *vif;
	unsigned int n;
	int rc;

	make_spare(s, TEST_BRIDGE);
	bind_request(&req);
	for (n = 1; ; n++) {
		fake_fail_at(n);
		rc = nbl_vif_bind(s->nb, &req, &vif, err);
		fake_fail_at(0);
		if (!rc)
			break;
		assert_true(the_vif(s)->spare);
		assert_int_equal(vlan_of("vif1.0"), 1);
		assert_true(n < 20);
	}
	assert_true(n > 4);
	assert_int_equal(vlan_of("vif1.0"), 20);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup_filter, \
						teardown_backend)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_attach), T(test_no_filter), T(test_bind),
		T(test_bind_without_bridge), T(test_bind_ladder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: BSD-2-Clause
/* The frontend core joined with netback-lite: several queues, and the hash for them. */

#include "pair.h"

#include <sys/socket.h>

#include "fake.h"

static int queue_tap(unsigned int i)
{
	return fake_tap_queue_peer("vif5.0", i);
}

/* A frame each way by each queue, and by no other. */
static void queues_work(unsigned int nr)
{
	struct guest_vif *vif = &pair.guest.vif[0];
	struct noxs_netq *q;
	uint8_t frame[60] = { 0 };
	const struct noxs_net_frag frag = { frame, sizeof(frame) };
	uint8_t buf[HDR + sizeof(frame)];
	unsigned int i, k;

	vif->rx_any = true;
	for (i = 0; i < nr; i++) {
		q = noxs_netfront_queue(vif->nf, i);
		frame[59] = (uint8_t)i;
		assert_int_equal(noxs_netq_send(q, &frag, 1, 0), 0);
		pair_settle();
		for (k = 0; k < nr; k++)
			assert_int_equal(recv(queue_tap(k), buf, sizeof(buf), 0),
					 k == i ? (int)sizeof(buf) : -1);
		assert_int_equal(buf[HDR + 59], i);
		memset(buf, 0, sizeof(buf));
		buf[HDR + 59] = (uint8_t)(i + 1);
		assert_int_equal(send(queue_tap(i), buf, sizeof(buf), 0),
				 sizeof(buf));
		pair_settle();
		assert_int_equal(vif->rx_queue, i);
		assert_int_equal(vif->rx_data[59], i + 1);
	}
	assert_null(noxs_netfront_queue(vif->nf, nr));
	assert_int_equal(queue_tap(nr), -1);
}

/* What both can, and a device's ports are enough for. */
static void several_queues(void **state)
{
	static const struct {
		unsigned int offered, wanted, got;
		bool split;
	} cases[] = {
		{ 1, 4, 1, false }, { 4, 1, 1, false }, { 2, 2, 2, true },
		{ 2, 8, 2, true }, { 3, 3, 3, false }, { 4, 4, 4, false },
		{ 8, 8, 4, false }, { 4, 2, 2, true },
	};
	unsigned int i, k, tx, rx;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		pair.queues = cases[i].offered;
		pair_attach(0, 0);
		assert_int_equal(guest_start_queues(&pair.guest, pair.dom, PAIR_FEATURES,
						    cases[i].wanted), 0);
		pair_settle();
		pair_expect_connected(0);
		assert_int_equal(noxs_netfront_info(pair.guest.vif[0].nf)->queues,
				 cases[i].got);
		for (k = 0; k < cases[i].got; k++) {
			noxs_netq_ports(noxs_netfront_queue(pair.guest.vif[0].nf, k),
					&tx, &rx);
			assert_int_equal(tx, cases[i].split ? 2 * k : k);
			assert_int_equal(rx, tx + cases[i].split);
		}
		queues_work(cases[i].got);
		pair_leave();
		pair_detach(0);
	}
	pair_finish(true);
}

static struct xen_noxs_net_back *offer(void)
{
	return fake_dom_noxs_page(pair.dom, XEN_NOXS_PAGE_BACK(0));
}

/* An offer of size bytes with four queues, to a guest that wants nr: do they agree? */
static bool hash_is_agreed(size_t size, unsigned int nr)
{
	const struct noxs_net_info *info;
	struct fake_tap_info tap;
	bool agreed;

	pair_teardown(NULL);
	pair_setup(NULL);
	pair.queues = 4;
	pair_attach(0, 0);
	offer()->hdr.size = (uint16_t)size;
	assert_int_equal(guest_start_queues(&pair.guest, pair.dom, XEN_NOXS_NET_F_ALL,
					    nr), 0);
	pair_settle();
	pair_expect_connected(0);
	info = noxs_netfront_info(pair.guest.vif[0].nf);
	agreed = info->features & XEN_NOXS_NET_F_HASH;
	assert_int_equal(fake_tap_info("vif5.0", &tap), 0);
	assert_int_equal(tap.steered, agreed);
	if (agreed)
		assert_memory_equal(info->hash_key, offer()->hash_key,
				    sizeof(info->hash_key));
	pair_finish(false);
	return agreed;
}

/* By whom there is a choice, and who has been told the key. */
static void hash_of_several_queues(void **state)
{
	const size_t all = sizeof(*offer());

	(void)state;
	assert_true(hash_is_agreed(all, 4));
	assert_false(hash_is_agreed(all, 1));
	assert_false(hash_is_agreed(XEN_NOXS_NET_BACK_LEAST, 4));
	/* Half a key is none. */
	assert_false(hash_is_agreed(all - 8, 4));
}

/* With other numbers of them. */
static void several_queues_come_again(void **state)
{
	unsigned int i;

	(void)state;
	pair.queues = 4;
	pair_attach(0, 0);
	assert_int_equal(guest_start_queues(&pair.guest, pair.dom, PAIR_FEATURES, 4), 0);
	pair_settle();
	for (i = 0; i < 3; i++) {
		queues_work(4);
		pair_detach(0);
		pair.queues = 2 + i;
		pair_attach(0, 0);
		pair_settle();
		pair_expect_connected(0);
		queues_work(2 + i);
		pair_detach(0);
		pair.queues = 4;
		pair_attach(0, 0);
		pair_settle();
	}
	pair_finish(false);
}

static void each_failing_call_of_several_queues(void **state)
{
	unsigned int connected = 0, n = pair_failing_calls(3, &connected);

	(void)state;
	assert_in_range(n, 180, 1200);
	/* Most cost a queue at worst. */
	assert_in_range(connected, n / 2, n - 20);
}

#define T(name) cmocka_unit_test_setup_teardown(name, pair_setup, \
						pair_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(several_queues),
		T(hash_of_several_queues),
		T(several_queues_come_again),
		T(each_failing_call_of_several_queues),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

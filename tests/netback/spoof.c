// SPDX-License-Identifier: BSD-2-Clause
/* Whose addresses frames bear: frame by frame, and through the backend. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>

#include <spoof.h>

#define OK	NBL_SPOOF_NONE
#define MAC	NOXS_NETBACK_DROP_TX_MAC
#define ARP	NOXS_NETBACK_DROP_TX_ARP
#define IP4	NOXS_NETBACK_DROP_TX_IP4
#define IP6	NOXS_NETBACK_DROP_TX_IP6
#define PROTO	NOXS_NETBACK_DROP_TX_PROTOCOL

#define TO	"ffffffffffff "
#define OURS	TO "00163e010203 "
#define ARP_HDR	"0806 0001 0800 06 04 "
#define LL	"fe80000000000000 02163efffe010203 "
#define OTHER6	"fe80000000000000 02163efffe010204 "
#define NONE6	"0000000000000000 0000000000000000 "
#define ALL6	"ff02000000000000 0000000000000001 "
#define V6(len, next)	"86dd 60000000 " len next "ff "
#define UDP4(src)	"0800 4500001c 00000000 4011 0000 " src "0a000001 "
#define NS(target)	"87 00 0000 00000000 " target
#define NA(target)	"88 00 0000 60000000 " target

static const uint8_t own_mac[6] = { 0x00, 0x16, 0x3e, 1, 2, 3 };
static const uint8_t own_ip[4] = { 10, 0, 0, 2 };

/* Hexadecimal digits; blanks are for people. */
static uint32_t parse(const char *hex, uint8_t *out)
{
	uint32_t n = 0;
	char byte[3] = "";

	while (*hex) {
		if (*hex == ' ') {
			hex++;
			continue;
		}
		byte[0] = *hex++;
		byte[1] = *hex++;
		out[n++] = (uint8_t)strtoul(byte, NULL, 16);
	}
	return n;
}

static const struct {
	const char *what, *frame;
	int mac_only, with_ip;
} frames[] = {
	{ "empty", "", MAC, MAC },
	{ "cut in the MAC", TO "00163e0102", MAC, MAC },
	{ "no type", OURS "08", MAC, MAC },
	{ "another MAC", TO "00163e010204 " UDP4("0a000002 "), MAC, MAC },
	{ "a group's MAC", TO "01163e010203 " UDP4("0a000002 "), MAC, MAC },
	/* IPv4 */
	{ "ours", OURS UDP4("0a000002 ") "0001000200080000", OK, OK },
	{ "header alone", OURS UDP4("0a000002 "), OK, OK },
	{ "a byte short", OURS "0800 4500001c 00000000 40110000 0a000002 0a0000",
	  OK, IP4 },
	{ "nothing behind the type", OURS "0800", OK, IP4 },
	{ "another's", OURS UDP4("0a000003 "), OK, IP4 },
	{ "no address", OURS UDP4("00000000 ") "0001000200080000", OK, IP4 },
	{ "DHCP client", OURS UDP4("00000000 ") "0044004300080000", OK, OK },
	{ "DHCP client, cut", OURS UDP4("00000000 ") "00440043", OK, IP4 },
	{ "DHCP server", OURS UDP4("00000000 ") "0043004400080000", OK, IP4 },
	{ "DHCP in TCP", OURS "0800 4500001c 00000000 40060000 00000000 0a000001"
	  "0044004300080000", OK, IP4 },
	{ "DHCP, a fragment", OURS "0800 4500001c 00000001 40110000 00000000"
	  "0a000001 0044004300080000", OK, IP4 },
	{ "DHCP behind options", OURS "0800 46000020 00000000 40110000 00000000"
	  "0a000001 01010101 0044004300080000", OK, OK },
	{ "DHCP, options past the end", OURS "0800 4f000020 00000000 40110000"
	  "00000000 0a000001 01010101 0044004300080000", OK, IP4 },
	{ "version 6", OURS "0800 6500001c 00000000 40110000 0a000002 0a000001",
	  OK, IP4 },
	{ "header of 4 words", OURS "0800 4400001c 00000000 40110000 0a000002"
	  "0a000001", OK, IP4 },
	/* ARP */
	{ "ARP request", OURS ARP_HDR "0001 00163e010203 0a000002"
	  "000000000000 0a000001", OK, OK },
	{ "ARP reply", OURS ARP_HDR "0002 00163e010203 0a000002"
	  "00163e0000ff 0a000001", OK, OK },
	{ "ARP probe", OURS ARP_HDR "0001 00163e010203 00000000"
	  "000000000000 0a000002", OK, OK },
	{ "ARP reply of none", OURS ARP_HDR "0002 00163e010203 00000000"
	  "000000000000 0a000002", OK, ARP },
	{ "ARP for another IP", OURS ARP_HDR "0002 00163e010203 0a000001"
	  "00163e0000ff 0a000003", OK, ARP },
	{ "ARP for another MAC", OURS ARP_HDR "0002 00163e010204 0a000002"
	  "00163e0000ff 0a000003", OK, ARP },
	{ "reverse ARP's op", OURS ARP_HDR "0003 00163e010203 0a000002"
	  "00163e0000ff 0a000003", OK, ARP },
	{ "ARP of another hardware", OURS "0806 0006 0800 06 04"
	  "0001 00163e010203 0a000002 000000000000 0a000001", OK, ARP },
	{ "ARP, cut", OURS ARP_HDR "0001 00163e010203 0a000002"
	  "000000000000 0a0000", OK, ARP },
	/* VLAN */
	{ "tagged", OURS "8100 0005 " UDP4("0a000002 "), OK, OK },
	{ "tagged, another's", OURS "8100 0005 " UDP4("0a000003 "), OK, IP4 },
	{ "two tags", OURS "88a8 0005 8100 0006 " UDP4("0a000002 "), OK, OK },
	{ "two tags, ARP", OURS "88a8 0005 8100 0006 " ARP_HDR
	  "0002 00163e010203 0a000001 00163e0000ff 0a000003", OK, ARP },
	{ "three tags", OURS "8100 0005 8100 0006 8100 0007 " UDP4("0a000002 "),
	  OK, PROTO },
	{ "a tag, cut", OURS "8100 0005 08", OK, PROTO },
	/* Others */
	{ "802.3, spanning tree", OURS "0007 424203 00000000", OK, PROTO },
	{ "802.3 with SNAP", OURS "0024 aaaa03 000000 " UDP4("0a000003 "), OK,
	  PROTO },
	{ "reverse ARP", OURS "8035 0001 0800 06 04 0003", OK, PROTO },
	{ "MPLS", OURS "8847 00000140 4500001c", OK, PROTO },
	{ "PPPoE", OURS "8864 1100", OK, PROTO },
	/* IPv6 */
	{ "IPv6 UDP", OURS V6("0008", "11") LL ALL6 "0222022300080000", OK, OK },
	{ "IPv6 of another", OURS V6("0008", "11") OTHER6 ALL6
	  "0222022300080000", OK, IP6 },
	{ "IPv6, global", OURS V6("0008", "11") "2001000000000000"
	  "02163efffe010203 " ALL6 "0222022300080000", OK, IP6 },
	{ "IPv6, version 4", OURS "86dd 40000000 0008 11 ff " LL ALL6
	  "0222022300080000", OK, IP6 },
	{ "IPv6, cut", OURS V6("0008", "11") LL "ff0200", OK, IP6 },
	{ "IPv6 longer than it is", OURS V6("0009", "11") LL ALL6
	  "0222022300080000", OK, IP6 },
	{ "IPv6 of none, UDP", OURS V6("0008", "11") NONE6 ALL6
	  "0222022300080000", OK, IP6 },
	{ "who has the other", OURS V6("0020", "3a") LL ALL6 NS(OTHER6)
	  "0101 00163e010203", OK, OK },
	{ "the same, for another MAC", OURS V6("0020", "3a") LL ALL6 NS(OTHER6)
	  "0101 00163e010204", OK, IP6 },
	{ "is ours free", OURS V6("0018", "3a") NONE6 ALL6 NS(LL), OK, OK },
	{ "is another's free", OURS V6("0018", "3a") NONE6 ALL6 NS(OTHER6), OK,
	  IP6 },
	{ "is ours free, with a MAC", OURS V6("0020", "3a") NONE6 ALL6 NS(LL)
	  "0101 00163e010203", OK, IP6 },
	{ "we have ours", OURS V6("0020", "3a") LL ALL6 NA(LL)
	  "0201 00163e010203", OK, OK },
	{ "we have another's", OURS V6("0020", "3a") LL ALL6 NA(OTHER6)
	  "0201 00163e010203", OK, IP6 },
	{ "we have ours, elsewhere", OURS V6("0020", "3a") LL ALL6 NA(LL)
	  "0201 00163e010204", OK, IP6 },
	{ "nobody has ours", OURS V6("0018", "3a") NONE6 ALL6 NA(LL), OK, IP6 },
	{ "an option without a length", OURS V6("0020", "3a") LL ALL6 NA(LL)
	  "0200 00163e010203", OK, IP6 },
	{ "an option past the end", OURS V6("0020", "3a") LL ALL6 NA(LL)
	  "0202 00163e010203", OK, IP6 },
	{ "a solicitation, cut", OURS V6("0010", "3a") LL ALL6
	  "8700000000000000 fe80000000000000", OK, IP6 },
	{ "padding behind", OURS V6("0018", "3a") LL ALL6 NA(LL) "0000", OK, OK },
	{ "where is a router", OURS V6("0008", "3a") NONE6 ALL6
	  "8500000000000000", OK, OK },
	{ "a router is here", OURS V6("0010", "3a") LL ALL6
	  "8600000000000000 0000000000000000", OK, IP6 },
	{ "a redirect", OURS V6("0008", "3a") LL ALL6 "8900000000000000", OK,
	  IP6 },
	{ "a listener", OURS V6("0018", "00") NONE6 ALL6 "3a00 050200000100"
	  "8f00000000000000 0000000000000000", OK, OK },
	{ "a router behind options", OURS V6("0018", "00") LL ALL6
	  "3a00 050200000100 8600000000000000 0000000000000000", OK, IP6 },
	{ "options past the end", OURS V6("0008", "00") LL ALL6
	  "3a01 050200000100", OK, IP6 },
	{ "options behind options", OURS V6("0010", "00") LL ALL6
	  "0000 050200000100 3a00 050200000100", OK, IP6 },
	{ "a fragment", OURS V6("0010", "2c") LL ALL6 "3a00 0001 00000001"
	  "8600000000000000", OK, IP6 },
	{ "an echo", OURS V6("0008", "3a") LL ALL6 "8000000000010001", OK, OK },
	{ "an echo of none", OURS V6("0008", "3a") NONE6 ALL6
	  "8000000000010001", OK, IP6 },
	{ "tagged IPv6", OURS "8100 0005 " V6("0008", "11") OTHER6 ALL6
	  "0222022300080000", OK, IP6 },
};

/* Of a size that valgrind and ASan watch. */
static int check(const struct nbl_spoof *s, const uint8_t *frame, uint32_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	int rc;

	assert_non_null(copy);
	memcpy(copy, frame, len);
	rc = nbl_spoof_check(s, copy, len);
	free(copy);
	return rc;
}

static void test_frames(void **state)
{
	struct nbl_spoof mac, ip;
	uint8_t frame[256];
	uint32_t len;
	size_t i;

	(void)state;
	nbl_spoof_set(&mac, own_mac, NULL);
	nbl_spoof_set(&ip, own_mac, own_ip);
	for (i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		len = parse(frames[i].frame, frame);
		if (check(&mac, frame, len) != frames[i].mac_only)
			fail_msg("%s: %d", frames[i].what,
				 check(&mac, frame, len));
		if (check(&ip, frame, len) != frames[i].with_ip)
			fail_msg("%s, with the address: %d", frames[i].what,
				 check(&ip, frame, len));
		/* Cut anywhere it is looked at no further than it goes. */
		while (len--)
			check(&ip, frame, len);
	}
}

/* Through the backend -------------------------------------------------------- */

static void send_frame(struct test_state *s, const char *hex)
{
	struct test_guest *g = &s->guest;
	uint32_t len = parse(hex, g->buf[0]);

	guest_tx(g, g->buf_ref[0], 0, len, 0, 0);
	guest_tx_push(g);
	turns(s->nb);
}

static void request_spoof(struct noxs_netback_request *req, uint16_t vif,
			  uint8_t flags)
{
	request_init(req, 1, vif);
	req->flags = flags;
	req->ip_mode = XEN_NOXS_NET_IP_STATIC;
	req->prefix = 24;
	memcpy(req->ip, own_ip, 4);
}

static void test_backend(void **state)
{
	struct test_state *s = *state;
	const struct noxs_netback_stats *st;
	struct noxs_netback_request req;
	char err[NBL_ERROR_SIZE];
	struct nbl_vif *vif;
	uint8_t out[256];

	fake_dom_create(1);
	request_spoof(&req, 0, NOXS_NETBACK_SPOOF_MAC | NOXS_NETBACK_SPOOF_IP);
	assert_int_equal(nbl_vif_attach(s->nb, &req, &vif, err), 0);
	st = &vif->stats;
	guest_find_device(&s->guest, 1, 0);
	guest_make_rings(&s->guest);
	guest_answer(&s->guest, NBL_VIF_FEATURES);
	turns(s->nb);
	send_frame(s, OURS UDP4("0a000002 "));
	assert_int_equal(guest_tx_status(&s->guest, NULL), NETIF_RSP_OKAY);
	assert_int_equal(net_recv(&s->guest, out, sizeof(out), NULL), 34);
	send_frame(s, OURS UDP4("0a000003 "));
	assert_int_equal(guest_tx_status(&s->guest, NULL), NETIF_RSP_DROPPED);
	send_frame(s, TO "00163e010204 " UDP4("0a000002 "));
	assert_int_equal(guest_tx_status(&s->guest, NULL), NETIF_RSP_DROPPED);
	assert_int_equal(net_recv(&s->guest, out, sizeof(out), NULL), -1);
	assert_int_equal(st->drop[IP4], 1);
	assert_int_equal(st->drop[MAC], 1);
	assert_int_equal(st->tx_dropped, 2);
	assert_int_equal(st->tx_packets, 1);
	/* It lies to others, not to us: its vif stays. */
	assert_int_equal(guest_sees(&s->guest), XEN_NOXS_STATE_CONNECTED);
}

static void test_request(void **state)
{
	struct noxs_netback_request req;
	char err[NBL_ERROR_SIZE];

	(void)state;
	request_spoof(&req, 0, NOXS_NETBACK_SPOOF_MAC | NOXS_NETBACK_SPOOF_IP);
	assert_int_equal(nbl_attach_check(&req, err), 0);
	req.op = NOXS_NETBACK_BIND;
	assert_int_equal(nbl_attach_check(&req, err), 0);
	request_spoof(&req, 0, NOXS_NETBACK_SPOOF_IP);
	assert_int_equal(nbl_attach_check(&req, err), -EINVAL);
	request_init(&req, 1, 0);
	req.flags = NOXS_NETBACK_SPOOF_MAC;
	assert_int_equal(nbl_attach_check(&req, err), 0);
	req.flags |= NOXS_NETBACK_SPOOF_IP;
	assert_int_equal(nbl_attach_check(&req, err), -EINVAL);
	req.flags = 0x80;
	assert_int_equal(nbl_attach_check(&req, err), -EINVAL);
	request_init(&req, 1, 0);
	memset(req.mac, 0, sizeof(req.mac));
	req.flags = NOXS_NETBACK_SPARE | NOXS_NETBACK_SPOOF_MAC;
	assert_int_equal(nbl_attach_check(&req, err), -EINVAL);
}

/* A spare has no owner whose addresses could be looked at; BIND names them. */
static void test_bind(void **state)
{
	struct test_state *s = *state;
	struct noxs_netback_request req;
	char err[NBL_ERROR_SIZE];
	struct nbl_vif *vif;

	fake_dom_create(1);
	request_init(&req, 1, 0);
	memset(req.mac, 0, sizeof(req.mac));
	req.flags = NOXS_NETBACK_SPARE;
	assert_int_equal(nbl_vif_attach(s->nb, &req, &vif, err), 0);
	assert_false(vif->spoof.mac);
	request_spoof(&req, 0, NOXS_NETBACK_SPOOF_MAC | NOXS_NETBACK_SPOOF_IP);
	req.op = NOXS_NETBACK_BIND;
	assert_int_equal(nbl_vif_bind(s->nb, &req, &vif, err), 0);
	assert_true(vif->spoof.ip);
	assert_memory_equal(vif->spoof.own_ip4, own_ip, 4);
	assert_memory_equal(vif->spoof.own_mac, own_mac, 6);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup_backend, \
						teardown_backend)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames), T(test_backend),
		cmocka_unit_test(test_request), T(test_bind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

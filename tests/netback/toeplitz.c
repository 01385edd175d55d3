// SPDX-License-Identifier: BSD-2-Clause
/* The hash of receive-side scaling, against the vectors of its specification. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <stdbool.h>
#include <string.h>

#include <toeplitz.h>

#include "frame.h"

/* Microsoft, "Verifying the RSS Hash Calculation". */
static const uint8_t key[XEN_NOXS_NET_HASH_KEY] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
	0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
	0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
	0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

static const struct vector {
	const char *from, *to;
	int family;
	uint16_t from_port, to_port;
	uint32_t addresses, ports;
} vectors[] = {
	{ "66.9.149.187", "161.142.100.80", AF_INET, 2794, 1766,
	  0x323e8fc2, 0x51ccc178 },
	{ "199.92.111.2", "65.69.140.83", AF_INET, 14230, 4739,
	  0xd718262a, 0xc626b0ea },
	{ "24.19.198.95", "12.22.207.184", AF_INET, 12898, 38024,
	  0xd2d0a5de, 0x5c2b394a },
	{ "38.27.205.30", "209.142.163.6", AF_INET, 48228, 2217,
	  0x82989176, 0xafc7327f },
	{ "153.39.163.191", "202.188.127.2", AF_INET, 44251, 1303,
	  0x5d1809c5, 0x10e828a2 },
	{ "3ffe:2501:200:1fff::7", "3ffe:2501:200:3::1", AF_INET6,
	  2794, 1766, 0x2cc18cd5, 0x40207d3d },
	{ "3ffe:501:8::260:97ff:fe40:efab", "ff02::1", AF_INET6,
	  14230, 4739, 0x0f0c461c, 0xdde51bbf },
	{ "3ffe:1900:4545:3:200:f8ff:fe21:67cf",
	  "fe80::200:f8ff:fe21:67cf", AF_INET6,
	  44251, 38024, 0x4b61e985, 0x02d1feef },
};
#define NR_VECTORS	(sizeof(vectors) / sizeof(vectors[0]))

#define ROOM	256u
static struct nbl_toeplitz t;

static int setup(void **state)
{
	(void)state;
	memcpy(t.key, key, sizeof(key));
	nbl_toeplitz_init(&t);
	return 0;
}

/* Its length; the ports are in its last four bytes. */
static uint32_t make(const struct vector *v, uint8_t protocol, uint8_t *f)
{
	bool v4 = v->family == AF_INET;
	uint8_t *ip = f + 14, *ports = ip + (v4 ? 20 : 40);

	memset(f, 0, ROOM);
	put16(f + 12, v4 ? 0x0800 : 0x86dd);
	ip[0] = v4 ? 0x45 : 0x60;
	ip[v4 ? 9 : 6] = protocol;
	assert_int_equal(inet_pton(v->family, v->from, ip + (v4 ? 12 : 8)), 1);
	assert_int_equal(inet_pton(v->family, v->to, ip + (v4 ? 16 : 24)), 1);
	put16(ports, v->from_port);
	put16(ports + 2, v->to_port);
	return (uint32_t)(ports + 4 - f);
}

static void vectors_of_the_specification(void **state)
{
	uint8_t f[ROOM];
	const struct vector *v;
	uint32_t len;

	(void)state;
	for (v = vectors; v < vectors + NR_VECTORS; v++) {
		len = make(v, IPPROTO_TCP, f);
		assert_int_equal(nbl_toeplitz_frame(&t, f, len), v->ports);
		len = make(v, IPPROTO_UDP, f);
		assert_int_equal(nbl_toeplitz_frame(&t, f, len), v->ports);
		len = make(v, IPPROTO_ICMP, f);
		assert_int_equal(nbl_toeplitz_frame(&t, f, len), v->addresses);
	}
}

static void tag_is_passed_over(void **state)
{
	uint8_t f[ROOM], tagged[ROOM];
	const struct vector *v;
	uint32_t len;

	(void)state;
	for (v = vectors; v < vectors + NR_VECTORS; v++) {
		len = make(v, IPPROTO_TCP, f);
		memcpy(tagged, f, 12);
		put16(tagged + 12, 0x8100);
		put16(tagged + 14, 7);
		memcpy(tagged + 16, f + 12, len - 12);
		assert_int_equal(nbl_toeplitz_frame(&t, tagged, len + 4),
				 v->ports);
		/* A second one is not. */
		memmove(tagged + 16, tagged + 12, len - 8);
		assert_int_equal(nbl_toeplitz_frame(&t, tagged, len + 8), 0);
	}
}

static void fragments_go_by_their_addresses(void **state)
{
	static const uint16_t fragments[] = { 0x2000, 1, 0x1fff, 0x2185 };
	uint8_t f[ROOM];
	uint32_t len = make(&vectors[0], IPPROTO_UDP, f);
	unsigned int i;

	(void)state;
	for (i = 0; i < 4; i++) {
		put16(f + 20, fragments[i]);
		assert_int_equal(nbl_toeplitz_frame(&t, f, len),
				 vectors[0].addresses);
	}
	put16(f + 20, 0x4000);	/* "do not" */
	assert_int_equal(nbl_toeplitz_frame(&t, f, len), vectors[0].ports);
}

static void options_are_passed_over(void **state)
{
	uint8_t f[ROOM];
	uint32_t len = make(&vectors[0], IPPROTO_TCP, f);
	unsigned int words;

	(void)state;
	for (words = 5; words < 15; words++) {
		f[14] = (uint8_t)(0x40 | words);
		assert_int_equal(nbl_toeplitz_frame(&t, f, len),
				 vectors[0].ports);
		memmove(f + len, f + len - 4, 4);
		memset(f + len - 4, 1, 4);
		len += 4;
	}
}

static void too_short_or_of_another_kind(void **state)
{
	uint8_t f[ROOM];
	const struct vector *v;
	uint32_t len, n, header;

	(void)state;
	for (v = vectors; v < vectors + NR_VECTORS; v++) {
		header = v->family == AF_INET ? 34 : 54;
		len = make(v, IPPROTO_TCP, f);
		for (n = 0; n < len; n++)
			assert_int_equal(nbl_toeplitz_frame(&t, f, n),
					 n < header ? 0 : v->addresses);
		put16(f + 12, 0x0806);
		assert_int_equal(nbl_toeplitz_frame(&t, f, len), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_of_the_specification),
		cmocka_unit_test(tag_is_passed_over),
		cmocka_unit_test(fragments_go_by_their_addresses),
		cmocka_unit_test(options_are_passed_over),
		cmocka_unit_test(too_short_or_of_another_kind),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("netback-toeplitz", tests, setup,
					   NULL);
}

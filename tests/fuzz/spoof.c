// SPDX-License-Identifier: BSD-2-Clause
/*
 * Frames of a guest against the look at their addresses.  The first byte chooses
 * what is put where an honest guest has it, so that not all end at the MAC; what
 * passes must bear out, read here in another way, what spoof.h promises.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <noxs/netback.h>
#include <spoof.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t mac[6] = { 0x00, 0x16, 0x3e, 1, 2, 3 };
static const uint8_t ip4[4] = { 10, 0, 0, 2 };
static const uint8_t ip6[16] = {
	0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0x02, 0x16, 0x3e, 0xff, 0xfe, 1, 2, 3
};
static const uint8_t zero[16];

static void die(const char *what)
{
	fprintf(stderr, "%s\n", what);
	abort();
}

static void put(uint8_t *frame, size_t size, size_t at, const void *what,
		size_t n)
{
	if (at + n <= size)
		memcpy(frame + at, what, n);
}

static void help(uint8_t *frame, size_t size, uint8_t how)
{
	static const uint8_t type[4][2] = {
		{ 0x08, 0x00 }, { 0x08, 0x06 }, { 0x86, 0xdd }, { 0x81, 0x00 },
	};
	size_t at = 14;

	if (how & 1)
		put(frame, size, 6, mac, 6);
	if (how & 2)
		put(frame, size, 12, type[how >> 6], 2);
	if (how & 4 && how >> 6 == 3) {
		put(frame, size, 16, type[2], 2);
		at = 18;
	}
	if (how & 8)
		put(frame, size, at + 12, ip4, 4);
	if (how & 16)
		put(frame, size, at + 8, ip6, 16);
	if (how & 32)
		put(frame, size, at, "\x60", 1);
}

static void check_passed(const uint8_t *f, size_t size)
{
	size_t at = 12;

	if (size < 14 || memcmp(f + 6, mac, 6))
		die("passed with another MAC");
	while (at + 6 <= size && ((f[at] == 0x81 && !f[at + 1]) ||
				  (f[at] == 0x88 && f[at + 1] == 0xa8)))
		at += 4;
	if (at > 20)
		die("passed with three tags");
	if (f[at] == 0x08 && f[at + 1] == 0x00) {
		if (size < at + 22 || (memcmp(f + at + 14, ip4, 4) &&
				       memcmp(f + at + 14, zero, 4)))
			die("passed with another IPv4 address");
	} else if (f[at] == 0x08 && f[at + 1] == 0x06) {
		if (size < at + 30 || memcmp(f + at + 10, mac, 6) ||
		    (memcmp(f + at + 16, ip4, 4) &&
		     memcmp(f + at + 16, zero, 4)))
			die("passed with another ARP sender");
	} else if (f[at] == 0x86 && f[at + 1] == 0xdd) {
		if (size < at + 42 || (memcmp(f + at + 10, ip6, 16) &&
				       memcmp(f + at + 10, zero, 16)))
			die("passed with another IPv6 address");
	} else {
		die("passed with another protocol");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nbl_spoof s;
	uint8_t *frame;
	bool tx;
	int rc;

	if (!size)
		return 0;
	/* Of its own size, so that a byte too far is found. */
	frame = malloc(size > 1 ? size - 1 : 1);
	if (!frame)
		return 0;
	memcpy(frame, data + 1, size - 1);
	help(frame, size - 1, data[0]);
	nbl_spoof_set(&s, mac, NULL);
	rc = nbl_spoof_check(&s, frame, (uint32_t)size - 1);
	if ((rc == NBL_SPOOF_NONE) !=
	    (size - 1 >= 14 && !memcmp(frame + 6, mac, 6)))
		die("the MAC alone");
	nbl_spoof_set(&s, mac, ip4);
	rc = nbl_spoof_check(&s, frame, (uint32_t)size - 1);
	if (rc == NBL_SPOOF_NONE)
		check_passed(frame, size - 1);
	else if (!noxs_netback_drop_name((unsigned int)rc, &tx) || !tx)
		die("no reason");
	free(frame);
	return 0;
}

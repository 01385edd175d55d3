// SPDX-License-Identifier: BSD-2-Clause
/*
 * What the real kernel makes of the headers that gso.c and csum.c write: two
 * TAPs on a bridge, in a network namespace of our own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <xen/noxs.h>

#include <csum.h>
#include <gso.h>
#include <link.h>
#include <tap.h>

#include "frame.h"

#include <linux/sockios.h>

#define MSS	1400u
#define HDR	sizeof(struct virtio_net_hdr)
#define SG	XEN_NOXS_NET_F_SG
#define CSUM4	XEN_NOXS_NET_F_CSUM4
#define GSO4	XEN_NOXS_NET_F_GSO4
#define MAX	(HDR + NBL_GSO_MAX_TX)

static struct nbl_link *nlink;
static int from, to;
static _Alignas(8) uint8_t packet[MAX], got[MAX + 100];

static int open_tap(const char *name, int master)
{
	int fd, ifindex;

	assert_int_equal(nbl_tap_open(name, false, &fd), 0);
	assert_int_equal(nbl_link_attach(nlink, name, master, 1500, &ifindex), 0);
	return fd;
}

static int setup(void **state)
{
	unsigned int mtu;
	int br;

	(void)state;
	assert_int_equal(nbl_link_open(&nlink), 0);
	assert_int_equal(nbl_link_find(nlink, "br0", &br, &mtu), 0);
	from = open_tap("vif1.0", br);
	to = open_tap("vif2.0", br);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	nbl_tap_close(from);
	nbl_tap_close(to);
	nbl_link_close(nlink);
	return 0;
}

/* A TCP frame of a guest, as ring_tx.c passes it on. */
static void send_large(uint32_t len)
{
	const struct nbl_gso gso = { MSS, XEN_NETIF_GSO_TYPE_TCPV4 };
	struct virtio_net_hdr *hdr = (void *)packet;
	uint8_t *f = packet + HDR;
	uint32_t n = len;

	memset(hdr, 0, HDR);
	make4(f, len);
	memset(f, 0xff, 6);
	f[6] = 2;
	f[29] = 1;
	f[33] = 2;
	put16(f + 24, ~(uint32_t)rfc1071(f + 14, 20, 0));
	f[47] = 0x10;
	assert_int_equal(nbl_csum_offload(f, &n, SG | CSUM4 | GSO4, hdr), 0);
	assert_int_equal(n, len);
	assert_int_equal(nbl_gso_offload(f, n, 1518, &gso, hdr), 0);
	assert_int_equal(write(from, packet, HDR + len), HDR + len);
}

/* The next TCP frame into got; its length without the header. */
static uint32_t receive(void)
{
	struct pollfd pfd = { .fd = to, .events = POLLIN };
	ssize_t n;

	for (;;) {
		assert_int_equal(poll(&pfd, 1, 5000), 1);
		n = read(to, got, sizeof(got));
		assert_true(n > (ssize_t)HDR);
		/* The kernel may have something of its own to say. */
		if (at16(got + HDR + 12) == 0x0800 && got[HDR + 23] == 6)
			return (uint32_t)n - (uint32_t)HDR;
	}
}

static void goes_in_one_to_who_takes_it(void **state)
{
	static const uint32_t len[] = { HEAD4 + MSS + 1, 9000, 65535 };
	const struct virtio_net_hdr *hdr = (const void *)got;
	struct nbl_gso gso;
	unsigned int i;

	(void)state;
	assert_int_equal(nbl_tap_offload(to, nbl_gso_tun(SG | CSUM4 | GSO4)),
			 0);
	for (i = 0; i < 3; i++) {
		send_large(len[i]);
		assert_int_equal(receive(), len[i]);
		assert_memory_equal(got + HDR + HEAD4, packet + HDR + HEAD4,
				    len[i] - HEAD4);
		assert_int_equal(nbl_gso_read(hdr, SG | CSUM4 | GSO4, &gso),
				 0);
		assert_int_equal(gso.size, MSS);
		assert_int_equal(gso.type, XEN_NETIF_GSO_TYPE_TCPV4);
	}
}

/* One segment: in its place, of its length, with checksums that are right. */
static uint32_t check_segment(uint32_t len, uint32_t at)
{
	const uint8_t *f = got + HDR;
	uint32_t n = receive(), pseudo;

	assert_in_range(n, HEAD4 + 1, HEAD4 + MSS);
	assert_int_equal(got[0], 0);		/* nothing left to do */
	assert_int_equal(got[1], VIRTIO_NET_HDR_GSO_NONE);
	n = at16(f + 16) + 14u;
	assert_int_equal((uint32_t)f[40] << 8 | f[41], at);	/* sequence */
	assert_memory_equal(f + HEAD4, packet + HDR + HEAD4 + at, n - HEAD4);
	assert_int_equal(rfc1071(f + 14, 20, 0), 0xffff);
	pseudo = rfc1071(f + 26, 8, 6 + n - 34);
	assert_int_equal(rfc1071(f + 34, n - 34, pseudo), 0xffff);
	assert_true(at + n - HEAD4 <= len - HEAD4);
	return n - HEAD4;
}

static void is_cut_for_who_does_not(void **state)
{
	static const uint32_t len[] = { HEAD4 + MSS + 1, 9000, 65535 };
	unsigned int i, nr;
	uint32_t at;

	(void)state;
	assert_int_equal(nbl_tap_offload(to, 0), 0);
	for (i = 0; i < 3; i++) {
		send_large(len[i]);
		for (at = 0, nr = 0; at < len[i] - HEAD4; nr++)
			at += check_segment(len[i], at);
		assert_int_equal(nr, (len[i] - HEAD4 + MSS - 1) / MSS);
	}
}

static int skip_all(const char *why)
{
	printf("1..0 # SKIP %s: %s\n", why, strerror(errno));
	return 77;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goes_in_one_to_who_takes_it),
		cmocka_unit_test(is_cut_for_who_does_not),
	};
	struct nbl_link *l;
	int ctl, ifindex;

	if (unshare(CLONE_NEWNET))
		return skip_all("no network namespace");
	if (access("/dev/net/tun", R_OK | W_OK))
		return skip_all("/dev/net/tun");
	ctl = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (ctl < 0 || ioctl(ctl, SIOCBRADDBR, "br0"))
		return skip_all("no bridge");
	if (nbl_link_open(&l) || nbl_link_attach(l, "br0", 0, 1500, &ifindex))
		return skip_all("no bridge that is up");
	nbl_link_close(l);
	close(ctl);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("netback-wire", tests, setup,
					   teardown);
}

// SPDX-License-Identifier: BSD-2-Clause
/*
 * The program for TAPs, in the real kernel and a network namespace of our own: by
 * which queue frames come, against the same hash in C.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <steer.h>
#include <tap.h>
#include <toeplitz.h>

#include "frame.h"

#define QUEUES	3u
#define ROOM	128u
#define WAIT_MS	2000

static struct nbl_toeplitz t;
static int load_rc, program, wire, port, queue[QUEUES];

static void bridge_add(int ctl, const char *name)
{
	struct ifreq ifr = { .ifr_ifindex = (int)if_nametoindex(name) };

	strcpy(ifr.ifr_name, "br0");
	assert_int_equal(ioctl(ctl, SIOCBRADDIF, &ifr), 0);
}

static void set_up(int ctl, const char *name)
{
	struct ifreq ifr = { .ifr_flags = IFF_UP | IFF_NOARP };

	strcpy(ifr.ifr_name, name);
	assert_int_equal(ioctl(ctl, SIOCSIFFLAGS, &ifr), 0);
}

/* What is written to wire is bridged to the queues, and what port sends, too. */
static int setup(void **state)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET };
	int ctl = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	unsigned int i;

	(void)state;
	assert_int_equal(load_rc, 0);
	assert_int_equal(nbl_tap_open("wire0", false, &wire), 0);
	assert_int_equal(nbl_tap_open("vif1.0", true, &queue[0]), 0);
	for (i = 1; i < QUEUES; i++)
		assert_int_equal(nbl_tap_queue("vif1.0", &queue[i]), 0);
	assert_int_equal(ioctl(ctl, SIOCBRADDBR, "br0"), 0);
	bridge_add(ctl, "wire0");
	bridge_add(ctl, "vif1.0");
	set_up(ctl, "wire0");
	set_up(ctl, "vif1.0");
	set_up(ctl, "br0");
	close(ctl);
	port = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	to.sll_ifindex = (int)if_nametoindex("vif1.0");
	assert_int_equal(bind(port, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(nbl_tap_steer(queue[0], program), 0);
	return 0;
}

static int teardown(void **state)
{
	unsigned int i;

	(void)state;
	nbl_tap_close(wire);
	close(port);
	for (i = 0; i < QUEUES; i++)
		nbl_tap_close(queue[i]);
	return 0;
}

/* The one by which the next frame of this length comes; others are the kernel's. */
static unsigned int comes_by(const uint8_t *f, uint32_t len)
{
	struct virtio_net_hdr hdr;
	uint8_t got[sizeof(hdr) + ROOM];
	struct pollfd pfd[QUEUES];
	unsigned int i;

	for (;;) {
		for (i = 0; i < QUEUES; i++)
			pfd[i] = (struct pollfd){ .fd = queue[i],
						  .events = POLLIN };
		assert_true(poll(pfd, QUEUES, WAIT_MS) > 0);
		for (i = 0; !(pfd[i].revents & POLLIN); i++)
			;
		if (read(queue[i], got, sizeof(got)) ==
			    (ssize_t)(sizeof(hdr) + len) &&
		    !memcmp(got + sizeof(hdr), f, len))
			return i;
	}
}

/* Received: a tag is not in the frame's data then. */
static void receive_it(const uint8_t *f, uint32_t len)
{
	uint8_t packet[sizeof(struct virtio_net_hdr) + ROOM] = { 0 };

	memcpy(packet + sizeof(struct virtio_net_hdr), f, len);
	assert_int_equal(write(wire, packet,
			       sizeof(struct virtio_net_hdr) + len),
			 sizeof(struct virtio_net_hdr) + len);
}

/*
 * One without a tag is sent where the kernel's packet filters, which may look into
 * bridges, do not see that its IP header is none.
 */
static void send_it(const uint8_t *f, uint32_t len)
{
	if (at16(f + 12) == 0x8100 || at16(f + 12) == 0x88a8)
		receive_it(f, len);
	else
		assert_int_equal(send(port, f, len, 0), len);
}

/* It comes where the hash says; which is how often, for each queue. */
static void expect_hash(const uint8_t *f, uint32_t len, unsigned int *which)
{
	unsigned int by = nbl_toeplitz_queue(nbl_toeplitz_frame(&t, f, len),
					     QUEUES);

	send_it(f, len);
	assert_int_equal(comes_by(f, len), by);
	if (which)
		which[by]++;
}

static uint8_t rnd8(void)
{
	return (uint8_t)(rand() >> 8);
}

static void rnd_bytes(uint8_t *p, unsigned int nr)
{
	while (nr--)
		*p++ = rnd8();
}

static void address(uint8_t *f)
{
	rnd_bytes(f, 12);
	f[0] &= 0xfe;
	f[6] &= 0xfe;
}

/* TCP, UDP or something else over version 4, options and fragments among them. */
static uint32_t make_ip4(uint8_t *f)
{
	unsigned int words = rnd8() & 3 ? 5 : 5 + rnd8() % 11;

	put16(f + 12, 0x0800);
	rnd_bytes(f + 14, ROOM - 14);
	f[14] = (uint8_t)(0x40 | words);
	if (rnd8() & 3)
		put16(f + 20, 0x4000);
	f[23] = rnd8() & 1 ? IPPROTO_TCP : rnd8() & 3 ? IPPROTO_UDP : rnd8();
	return 14 + 4 * words + 4 + rnd8() % 20;
}

static uint32_t make_ip6(uint8_t *f)
{
	put16(f + 12, 0x86dd);
	rnd_bytes(f + 14, ROOM - 14);
	f[14] = 0x60;
	f[20] = rnd8() & 1 ? IPPROTO_TCP : rnd8() & 3 ? IPPROTO_UDP : rnd8();
	return 14 + 40 + 4 + rnd8() % 20;
}

static void frames(uint32_t (*make)(uint8_t *f))
{
	unsigned int i, which[QUEUES] = { 0 };
	uint8_t f[ROOM];

	for (i = 0; i < 300; i++) {
		address(f);
		expect_hash(f, make(f), which);
	}
	for (i = 0; i < QUEUES; i++)
		assert_in_range(which[i], 60, 140);
}

static void version_4(void **state)
{
	(void)state;
	frames(make_ip4);
}

static void version_6(void **state)
{
	(void)state;
	frames(make_ip6);
}

static uint32_t add_tag(uint8_t *f, uint32_t len, uint16_t type)
{
	if (len > ROOM - 4)
		len = ROOM - 4;
	memmove(f + 16, f + 12, len - 12);
	put16(f + 12, type);
	put16(f + 14, 5);
	return len + 4;
}

static uint32_t make_tagged(uint8_t *f)
{
	return add_tag(f, rnd8() & 1 ? make_ip4(f) : make_ip6(f), 0x8100);
}

/* As it is received the kernel takes it out of the frame, and puts it back later. */
static void behind_a_tag(void **state)
{
	(void)state;
	frames(make_tagged);
}

static void behind_other_tags(void **state)
{
	static const uint16_t tags[][2] = {
		{ 0x8100, 0x8100 }, { 0x8100, 0x88a8 }, { 0x88a8, 0x8100 },
		{ 0x88a8, 0x88a8 }, { 0, 0x88a8 },
	};
	unsigned int i;
	uint8_t f[ROOM];
	uint32_t len;

	(void)state;
	for (i = 0; i < 60; i++) {
		address(f);
		len = rnd8() & 1 ? make_ip4(f) : make_ip6(f);
		if (tags[i % 5][0])
			len = add_tag(f, len, tags[i % 5][0]);
		expect_hash(f, add_tag(f, len, tags[i % 5][1]), NULL);
	}
}

/* What is not there is not read, and of no frame is nothing known. */
static void cut_short(void **state)
{
	uint32_t (*const make[])(uint8_t *f) = {
		make_ip4, make_ip6, make_tagged,
	};
	uint8_t f[ROOM];
	uint32_t len;
	unsigned int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		address(f);
		for (len = make[i](f); len >= 20; len--)
			expect_hash(f, len, NULL);
	}
}

static void of_another_kind(void **state)
{
	uint8_t f[ROOM];
	unsigned int i;

	(void)state;
	for (i = 0; i < 20; i++) {
		address(f);
		rnd_bytes(f + 12, ROOM - 12);
		put16(f + 12, i & 1 ? 0x0806 : 0x88b5 + i);
		expect_hash(f, 60, NULL);
	}
}

/* Queues that are closed leave the others in another order, unless they go first. */
static void order_is_of_opening(void **state)
{
	unsigned int i;

	for (i = 1; i < QUEUES; i++)
		nbl_tap_close(queue[i]);
	for (i = 1; i < QUEUES; i++)
		assert_int_equal(nbl_tap_queue("vif1.0", &queue[i]), 0);
	version_4(state);
}

/* Another process may have wanted otherwise. */
static void adopted_one_has_none(void **state)
{
	uint8_t f[ROOM] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5 };
	unsigned int i;

	(void)state;
	assert_int_equal(nbl_tap_again(queue[0]), 0);
	/* By the queue where its flow was written last, as ever. */
	for (i = 0; i < QUEUES; i++) {
		uint8_t out[12 + ROOM] = { 0 };
		uint32_t len;

		address(f);
		len = make_ip4(f);
		f[14] = 0x45;
		put16(f + 16, len - 14);
		put16(f + 20, 0x4000);
		f[23] = IPPROTO_UDP;
		memcpy(out + sizeof(struct virtio_net_hdr), f, 34 + 4);
		memcpy(out + sizeof(struct virtio_net_hdr) + 26, f + 30, 4);
		memcpy(out + sizeof(struct virtio_net_hdr) + 30, f + 26, 4);
		memcpy(out + sizeof(struct virtio_net_hdr) + 34, f + 36, 2);
		memcpy(out + sizeof(struct virtio_net_hdr) + 36, f + 34, 2);
		assert_true(write(queue[i], out,
				  sizeof(struct virtio_net_hdr) + len) > 0);
		send_it(f, len);
		assert_int_equal(comes_by(f, len), i);
	}
}

static int skip_all(const char *why)
{
	printf("1..0 # SKIP %s: %s\n", why, strerror(errno));
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(version_4),
		cmocka_unit_test(version_6),
		cmocka_unit_test(behind_a_tag),
		cmocka_unit_test(behind_other_tags),
		cmocka_unit_test(cut_short),
		cmocka_unit_test(of_another_kind),
		cmocka_unit_test(order_is_of_opening),
		cmocka_unit_test(adopted_one_has_none),
	};
	unsigned int i;

	if (unshare(CLONE_NEWNET))
		return skip_all("no network namespace");
	if (access("/dev/net/tun", R_OK | W_OK))
		return skip_all("/dev/net/tun");
	for (i = 0; i < sizeof(t.key); i++)
		t.key[i] = (uint8_t)(37 * i + 11);
	nbl_toeplitz_init(&t);
	load_rc = nbl_steer_load(&t, &program);
	if (load_rc == -EPERM || load_rc == -ENOSYS) {
		errno = -load_rc;
		return skip_all("no bpf(2)");
	}
	srand(1);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("netback-steer", tests, setup,
					   teardown);
}

// SPDX-License-Identifier: BSD-2-Clause
/* TAPs and bridges of the real kernel, in a network namespace of our own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <closer.h>
#include <link.h>
#include <tap.h>

#include <linux/if_packet.h>
#include <linux/pkt_sched.h>
#include <linux/sockios.h>
#include <netlink/netlink.h>
#include <netlink/route/qdisc.h>

static struct nbl_link *nlink;
static int ctl;
static int ifindex;	/* where it does not matter */

static int bridge_ioctl(unsigned long cmd, const char *name)
{
	return ioctl(ctl, cmd, name);
}

static short flags_of(const char *name)
{
	struct ifreq ifr;

	memset(&ifr, 0, sizeof(ifr));
	strcpy(ifr.ifr_name, name);
	assert_int_equal(ioctl(ctl, SIOCGIFFLAGS, &ifr), 0);
	return ifr.ifr_flags;
}

/* Is the TAP a port of br0?  Says the bridge, by its own list of ports. */
static int on_bridge(const char *name)
{
	int ports[64], i;
	struct ifreq ifr;
	unsigned long args[4] = { 7 /* BRCTL_GET_PORT_LIST */,
				  (unsigned long)ports, 64, 0 };

	memset(&ifr, 0, sizeof(ifr));
	memset(ports, 0, sizeof(ports));
	strcpy(ifr.ifr_name, "br0");
	ifr.ifr_data = (void *)args;
	assert_true(ioctl(ctl, SIOCDEVPRIVATE, &ifr) >= 0);
	for (i = 0; i < 64; i++)
		if (ports[i] && ports[i] == (int)if_nametoindex(name))
			return 1;
	return 0;
}

static int setup(void **state)
{
	(void)state;
	assert_int_equal(nbl_link_open(&nlink), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	nbl_link_close(nlink);
	return 0;
}

static void open_makes_and_close_removes(void **state)
{
	int fd;

	(void)state;
	assert_int_equal(nbl_tap_open("vif1.0", false, &fd), 0);
	assert_true(if_nametoindex("vif1.0") != 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	nbl_tap_close(fd);
	assert_true(if_nametoindex("vif1.0") == 0);
}

static void taken_names_are_eexist(void **state)
{
	int fd, fd2;

	(void)state;
	assert_int_equal(nbl_tap_open("vif1.0", false, &fd), 0);
	assert_int_equal(nbl_tap_open("vif1.0", false, &fd2), -EEXIST);
	assert_int_equal(nbl_tap_open("br0", false, &fd2), -EEXIST);
	nbl_tap_close(fd);
}

static void attach_in_one_message(void **state)
{
	unsigned int mtu;
	int fd, br, idx;

	(void)state;
	assert_int_equal(nbl_link_find(nlink, "br0", &br, &mtu), 0);
	assert_int_equal(nbl_tap_open("vif1.0", false, &fd), 0);
	assert_int_equal(nbl_link_attach(nlink, "vif1.0", br, 1400, &ifindex), 0);
	assert_true(flags_of("vif1.0") & IFF_UP);
	assert_true(on_bridge("vif1.0"));
	assert_int_equal(nbl_link_find(nlink, "vif1.0", &idx, &mtu), 0);
	assert_int_equal(mtu, 1400);
	nbl_tap_close(fd);
	assert_false(on_bridge("vif1.0"));
}

/* The kernel's word for how what is sent to it waits; "": it has none. */
static void qdisc_of(const char *ifname, char kind[16])
{
	struct nl_sock *sk = nl_socket_alloc();
	struct nl_cache *all;
	struct rtnl_qdisc *q;

	assert_non_null(sk);
	assert_int_equal(nl_connect(sk, NETLINK_ROUTE), 0);
	assert_int_equal(rtnl_qdisc_alloc_cache(sk, &all), 0);
	q = rtnl_qdisc_get_by_parent(all, (int)if_nametoindex(ifname),
				     TC_H_ROOT);
	snprintf(kind, 16, "%s", q ? rtnl_tc_get_kind(TC_CAST(q)) : "");
	if (q)
		rtnl_qdisc_put(q);
	nl_cache_free(all);
	nl_socket_free(sk);
}

static void one_of_many_queues(void **state)
{
	char kind[16];
	int fd, fd2, one;

	(void)state;
	assert_int_equal(nbl_tap_open("vif1.0", true, &fd), 0);
	assert_int_equal(nbl_link_no_qdisc(nlink, "vif1.0"), 0);
	assert_int_equal(nbl_link_attach(nlink, "vif1.0", 0, 1500, &ifindex), 0);
	qdisc_of("vif1.0", kind);
	assert_string_equal(kind, "noqueue");
	assert_int_equal(nbl_tap_queue("vif1.0", &fd2), 0);
	assert_int_equal(nbl_tap_keep(fd, true), 0);
	nbl_tap_close(fd);
	/* Its other queue is it as well. */
	assert_true(flags_of("vif1.0") & IFF_UP);
	assert_int_equal(nbl_tap_adopt("vif1.0", false, &fd), -EINVAL);
	nbl_tap_close(fd2);
	assert_int_equal(nbl_tap_adopt("vif1.0", true, &fd), 0);
	assert_int_equal(nbl_tap_keep(fd, false), 0);
	nbl_tap_close(fd);
	assert_int_equal(if_nametoindex("vif1.0"), 0);
	assert_int_equal(nbl_tap_open("vif1.0", false, &one), 0);
	assert_true(nbl_tap_queue("vif1.0", &fd2) < 0);
	nbl_tap_close(one);
}

/* What the kernel keeps of a TAP whose process ended, and what not. */
static void kept_one_stays_and_is_adopted(void **state)
{
	const uint8_t mac[6] = { 0, 0x16, 0x3e, 1, 2, 3 };
	int fd, fd2, br, index, again;
	unsigned int mtu;

	(void)state;
	assert_int_equal(nbl_link_find(nlink, "br0", &br, &mtu), 0);
	assert_int_equal(nbl_tap_open("vif1.0", false, &fd), 0);
	assert_int_equal(nbl_link_attach(nlink, "vif1.0", br, 1400, &index), 0);
	assert_int_equal(nbl_tap_keep(fd, true), 0);
	assert_int_equal(nbl_tap_adopt("vif1.0", false, &fd2), -EBUSY);
	assert_int_equal(nbl_tap_filter(fd, mac, NULL), 0);
	nbl_tap_close(fd);
	assert_int_equal((int)if_nametoindex("vif1.0"), index);
	assert_true(on_bridge("vif1.0"));
	assert_int_equal(nbl_tap_open("vif1.0", false, &fd), -EEXIST);

	assert_int_equal(nbl_tap_adopt("vif1.0", false, &fd), 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_int_equal(nbl_link_find(nlink, "vif1.0", &again, &mtu), 0);
	assert_int_equal(again, index);
	assert_int_equal(mtu, 1400);
	assert_true(on_bridge("vif1.0"));
	assert_true(flags_of("vif1.0") & IFF_UP);
	nbl_tap_close(fd);
	assert_int_equal((int)if_nametoindex("vif1.0"), index);

	assert_int_equal(nbl_tap_adopt("vif1.0", false, &fd), 0);
	assert_int_equal(nbl_tap_keep(fd, false), 0);
	nbl_tap_close(fd);
	assert_true(if_nametoindex("vif1.0") == 0);
}

/* A closer's ticket takes a kept one with it, unless it is to be left. */
static void closer_takes_or_leaves_kept_ones(void **state)
{
	struct nbl_closer_ticket *t;
	char err[NBL_ERROR_SIZE];
	struct nbl_closer *c;
	int leave;

	(void)state;
	for (leave = 1; leave >= 0; leave--) {
		assert_int_equal(nbl_closer_create(&c), 0);
		if (leave)
			assert_int_equal(nbl_closer_open(c, "vif1.0", false, &t, err),
					 0);
		else
			assert_int_equal(nbl_closer_adopt("vif1.0", false, -1, &t), 0);
		if (leave)
			assert_int_equal(nbl_tap_keep(t->fd, true), 0);
		t->kept = true;
		t->leave = leave;
		t->record = 7;
		nbl_closer_push(c, t);
		nbl_closer_stop(c);
		assert_int_equal(if_nametoindex("vif1.0") != 0, leave);
		t = nbl_closer_done(c);
		assert_non_null(t);
		assert_int_equal(t->record, 7);
		free(t);
		assert_null(nbl_closer_done(c));
		nbl_closer_destroy(c);
	}
}

static void attach_without_bridge(void **state)
{
	int fd;

	(void)state;
	assert_int_equal(nbl_tap_open("vif1.0", false, &fd), 0);
	assert_int_equal(nbl_link_attach(nlink, "vif1.0", 0, 9000, &ifindex), 0);
	assert_true(flags_of("vif1.0") & IFF_UP);
	assert_false(on_bridge("vif1.0"));
	nbl_tap_close(fd);
}

static void bridge_up(void)
{
	struct ifreq ifr;

	memset(&ifr, 0, sizeof(ifr));
	strcpy(ifr.ifr_name, "br0");
	ifr.ifr_flags = IFF_UP;
	assert_int_equal(ioctl(ctl, SIOCSIFFLAGS, &ifr), 0);
}

/* Ours among what the host itself says on its bridges. */
struct frame {
	struct virtio_net_hdr hdr;
	uint8_t dst[6], src[6], type[2], data[46];
} __attribute__((packed));

#define FRAME(dst0) {							\
	.dst = { dst0, 0xff, 0xff, 0xff, 0xff, 0xff },			\
	.src = { 2, 0, 0, 0, 0, 1 }, .type = { 0x88, 0xb5 },		\
}

/* From a TAP that is another port; -1: from the host itself, by br0. */
static void send_frame(int from, const struct frame *f)
{
	struct sockaddr_ll sa = {
		.sll_family = AF_PACKET,
		.sll_ifindex = (int)if_nametoindex("br0"),
	};
	const size_t hdr = sizeof(f->hdr), len = sizeof(*f) - hdr;
	int fd;

	if (from >= 0) {
		assert_int_equal(write(from, f, sizeof(*f)), sizeof(*f));
		return;
	}
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(sendto(fd, (const char *)f + hdr, len, 0,
				(struct sockaddr *)&sa, sizeof(sa)), len);
	close(fd);
}

/* How many of: a broadcast, a multicast, a frame to nobody that is known. */
static int passed(int from, int to)
{
	const struct frame out[] = { FRAME(0xff), FRAME(0x03), FRAME(0x02) };
	struct frame in;
	int i, n = 0;

	for (i = 0; i < 3; i++)
		send_frame(from, &out[i]);
	while (read(to, &in, sizeof(in)) > 0)
		n += !memcmp(in.type, out[0].type, sizeof(in.type));
	assert_int_equal(errno, EAGAIN);
	return n;
}

/* Whatever a bridge sends to it nevertheless. */
static void deaf_until_told(void **state)
{
	unsigned int mtu;
	int fd, br;

	(void)state;
	bridge_up();
	assert_int_equal(nbl_link_find(nlink, "br0", &br, &mtu), 0);
	assert_int_equal(nbl_tap_open("vif1.0", false, &fd), 0);
	assert_int_equal(nbl_tap_deaf(fd, true), 0);
	assert_int_equal(nbl_link_attach(nlink, "vif1.0", br, 1500, &ifindex), 0);
	assert_int_equal(passed(-1, fd), 0);
	assert_int_equal(nbl_tap_deaf(fd, false), 0);
	assert_int_equal(passed(-1, fd), 3);
	assert_int_equal(nbl_tap_deaf(fd, true), 0);
	assert_int_equal(passed(-1, fd), 0);
	nbl_tap_close(fd);
	assert_int_equal(nbl_tap_deaf(ctl, true), -ENOTTY);
}

/* Of the three, or none: within a second and some. */
static void expect_passes(int fd, int nr)
{
	unsigned int i;

	for (i = 0; i < 300 && passed(-1, fd) != nr; i++)
		usleep(10000);
	assert_int_equal(passed(-1, fd), nr);
}

/* A bridge has nothing for a port without one.  Adopted it has one. */
static void carrier_as_told(void **state)
{
	unsigned int mtu;
	int fd, br;

	(void)state;
	bridge_up();
	assert_int_equal(nbl_link_find(nlink, "br0", &br, &mtu), 0);
	assert_int_equal(nbl_tap_open("vif1.0", false, &fd), 0);
	assert_int_equal(nbl_link_attach(nlink, "vif1.0", br, 1500, &ifindex), 0);
	assert_int_equal(nbl_tap_keep(fd, true), 0);
	nbl_tap_carrier(fd, false);
	expect_passes(fd, 0);
	nbl_tap_carrier(fd, true);
	expect_passes(fd, 3);
	nbl_tap_carrier(fd, false);
	assert_int_equal(nbl_tap_again(fd), 0);
	expect_passes(fd, 3);
	nbl_tap_carrier(fd, false);
	assert_int_equal(nbl_tap_deaf(fd, true), 0);
	nbl_tap_close(fd);
	assert_int_equal(nbl_tap_adopt("vif1.0", false, &fd), 0);
	usleep(1500000);
	assert_int_equal(passed(-1, fd), 0);
	assert_int_equal(nbl_tap_deaf(fd, false), 0);
	assert_int_equal(passed(-1, fd), 3);
	assert_int_equal(nbl_tap_keep(fd, false), 0);
	nbl_tap_close(fd);
}

static void quiet_until_told(void **state)
{
	unsigned int mtu;
	int fd, other, br, idx;

	(void)state;
	bridge_up();
	assert_int_equal(nbl_link_find(nlink, "br0", &br, &mtu), 0);
	assert_int_equal(nbl_tap_open("vif1.0", false, &fd), 0);
	assert_int_equal(nbl_tap_open("vif2.0", false, &other), 0);
	assert_int_equal(nbl_link_attach(nlink, "vif2.0", br, 1500, &ifindex), 0);
	assert_int_equal(nbl_link_attach_quiet(nlink, "vif1.0", br, 1500,
					       &idx), 0);
	assert_int_equal(idx, if_nametoindex("vif1.0"));
	assert_true(flags_of("vif1.0") & IFF_UP);
	assert_true(on_bridge("vif1.0"));
	assert_int_equal(passed(other, fd), 0);
	assert_int_equal(passed(-1, fd), 0);
	assert_int_equal(nbl_link_flood(nlink, idx, true), 0);
	assert_int_equal(passed(other, fd), 3);
	assert_int_equal(passed(-1, fd), 3);
	assert_int_equal(nbl_link_flood(nlink, idx, false), 0);
	assert_int_equal(passed(other, fd), 0);
	assert_int_equal(passed(-1, fd), 0);
	assert_int_equal(nbl_link_set_mtu(nlink, "vif1.0", 1400), 0);
	assert_int_equal(nbl_link_find(nlink, "vif1.0", &idx, &mtu), 0);
	assert_int_equal(mtu, 1400);
	nbl_tap_close(fd);
	nbl_tap_close(other);
}

/* What of these goes through.  f is sent by the host, on the bridge. */
static bool hears(int fd, const struct frame *f)
{
	struct frame in;
	bool heard = false;

	send_frame(-1, f);
	while (read(fd, &in, sizeof(in)) > 0)
		heard |= !memcmp(in.dst, f->dst, sizeof(in) - sizeof(in.hdr));
	assert_int_equal(errno, EAGAIN);
	return heard;
}

static struct frame arp_for(uint8_t last, uint8_t op)
{
	static const uint8_t head[] = { 0, 1, 8, 0, 6, 4, 0 };
	struct frame f = FRAME(0xff);

	f.type[0] = 0x08;
	f.type[1] = 0x06;
	memcpy(f.data, head, sizeof(head));
	f.data[7] = op;
	memcpy(f.data + 24, "\x0a\0\0", 3);	/* 10.0.0.last */
	f.data[27] = last;
	return f;
}

static void filter_passes_what_is_for_it(void **state)
{
	static const uint8_t mac[6] = { 2, 0xff, 0xff, 0xff, 0xff, 0xff };
	static const uint8_t ip[4] = { 10, 0, 0, 5 };
	const struct frame ours = FRAME(2), theirs = FRAME(4), group = FRAME(3);
	const struct frame broadcast = FRAME(0xff);
	struct frame arp5 = arp_for(5, 1), arp6 = arp_for(6, 1),
		     reply = arp_for(5, 2), near = FRAME(2);
	unsigned int mtu;
	int fd, br;

	(void)state;
	bridge_up();
	near.dst[5] = 0xfe;
	assert_int_equal(nbl_link_find(nlink, "br0", &br, &mtu), 0);
	assert_int_equal(nbl_tap_open("vif1.0", false, &fd), 0);
	assert_int_equal(nbl_link_attach(nlink, "vif1.0", br, 1500, &ifindex), 0);
	assert_int_equal(nbl_tap_filter(fd, NULL, NULL), 0);
	assert_true(hears(fd, &ours) && hears(fd, &theirs));
	assert_true(hears(fd, &arp5) && hears(fd, &arp6));
	assert_false(hears(fd, &reply) || hears(fd, &group));
	assert_false(hears(fd, &broadcast));
	assert_int_equal(nbl_tap_filter(fd, mac, ip), 0);
	assert_true(hears(fd, &ours) && hears(fd, &arp5));
	assert_false(hears(fd, &theirs) || hears(fd, &near));
	assert_false(hears(fd, &arp6) || hears(fd, &reply));
	assert_int_equal(nbl_tap_filter(fd, mac, NULL), 0);
	assert_true(hears(fd, &ours) && hears(fd, &arp6));
	assert_false(hears(fd, &theirs));
	nbl_tap_no_filter(fd);
	assert_true(hears(fd, &group) && hears(fd, &reply));
	nbl_tap_close(fd);
	assert_int_equal(nbl_tap_filter(ctl, mac, ip), -ENOTTY);
}

static void groups_that_are_heard(void **state)
{
	static const uint8_t own[6] = { 2, 0xff, 0xff, 0xff, 0xff, 0xff };
	const struct frame ours = FRAME(2), theirs = FRAME(4), arp = arp_for(5, 1);
	const struct frame broadcast = FRAME(0xff);
	uint8_t group[NBL_TAP_GROUPS + 1][6] = { { 0 } };
	struct frame to[NBL_TAP_GROUPS];
	unsigned int mtu, i;
	int fd, br;

	(void)state;
	bridge_up();
	for (i = 0; i < NBL_TAP_GROUPS; i++) {
		to[i] = (struct frame)FRAME(3);
		to[i].dst[5] = (uint8_t)i;
		memcpy(group[i], to[i].dst, 6);
	}
	assert_int_equal(nbl_link_find(nlink, "br0", &br, &mtu), 0);
	assert_int_equal(nbl_tap_open("vif1.0", false, &fd), 0);
	assert_int_equal(nbl_link_attach(nlink, "vif1.0", br, 1500, &ifindex), 0);
	assert_int_equal(nbl_tap_hear(fd, own, NULL, 0), 0);
	assert_true(hears(fd, &ours) && hears(fd, &arp));
	assert_true(hears(fd, &broadcast));
	assert_false(hears(fd, &to[0]) || hears(fd, &theirs));
	assert_int_equal(nbl_tap_hear(fd, own, group, 6), 0);
	assert_true(hears(fd, &ours) && hears(fd, &broadcast));
	for (i = 0; i < 8; i++)
		assert_int_equal(hears(fd, &to[i]), i < 6);
	assert_false(hears(fd, &theirs));
	assert_int_equal(nbl_tap_hear(fd, own, group, NBL_TAP_GROUPS), 0);
	assert_true(hears(fd, &ours) && hears(fd, &broadcast));
	for (i = 0; i < NBL_TAP_GROUPS; i++)
		assert_true(hears(fd, &to[i]));
	assert_false(hears(fd, &theirs));
	assert_int_equal(nbl_tap_hear(fd, own, group, NBL_TAP_GROUPS + 1),
			 -EINVAL);
	assert_int_equal(nbl_tap_deaf(fd, true), 0);
	assert_false(hears(fd, &ours) || hears(fd, &to[0]));
	assert_int_equal(nbl_tap_deaf(fd, false), 0);
	assert_true(hears(fd, &theirs));
	nbl_tap_close(fd);
}

/* The bridge's MAC must not follow its ports'. */
static void bridge_keeps_its_mac(void **state)
{
	unsigned char before[6];
	struct ifreq ifr;
	unsigned int mtu;
	int fd[8], br, i;
	char name[IFNAMSIZ];

	(void)state;
	assert_int_equal(nbl_link_find(nlink, "br0", &br, &mtu), 0);
	memset(&ifr, 0, sizeof(ifr));
	strcpy(ifr.ifr_name, "br0");
	for (i = 0; i < 8; i++) {
		snprintf(name, sizeof(name), "vif%d.0", i);
		assert_int_equal(nbl_tap_open(name, false, &fd[i]), 0);
		assert_int_equal(nbl_link_attach(nlink, name, br, 1500, &ifindex), 0);
		assert_int_equal(ioctl(ctl, SIOCGIFHWADDR, &ifr), 0);
		if (i == 0)
			memcpy(before, ifr.ifr_hwaddr.sa_data, 6);
		else
			assert_memory_equal(before, ifr.ifr_hwaddr.sa_data, 6);
	}
	for (i = 0; i < 8; i++)
		nbl_tap_close(fd[i]);
}

/* In which VLANs is it, says bridge(8).  "1*": untagged, and what it sends. */
static void vlans_of(const char *name, char out[80])
{
	char line[128], *word;
	FILE *f;

	snprintf(line, sizeof(line), "bridge vlan show dev %s", name);
	f = popen(line, "r");
	assert_non_null(f);
	out[0] = '\0';
	while (fgets(line, sizeof(line), f)) {
		word = strpbrk(line, "0123456789");
		if (!strncmp(line, "port", 4))
			continue;
		if (!strncmp(line, name, strlen(name)))
			word = strpbrk(line + strlen(name), "0123456789");
		if (!word)
			continue;
		sprintf(out + strlen(out), "%d%s ", atoi(word),
			strstr(word, "PVID Egress Untagged") ? "*" : "");
	}
	pclose(f);
}

static void vlan_of_a_port(void **state)
{
	unsigned int mtu;
	uint16_t pvid = 7;
	int fd, br, idx;
	char vlans[80];

	(void)state;
	assert_int_equal(nbl_link_find(nlink, "br0", &br, &mtu), 0);
	assert_int_equal(nbl_tap_open("vif1.0", false, &fd), 0);
	assert_int_equal(nbl_link_vlan_bridge(nlink, br, &pvid),
			 -EPROTONOSUPPORT);
	assert_int_equal(nbl_link_find(nlink, "vif1.0", &idx, &mtu), 0);
	assert_int_equal(nbl_link_vlan_bridge(nlink, idx, &pvid), -EOPNOTSUPP);
	assert_int_equal(nbl_link_vlan_bridge(nlink, 99999, &pvid), -ENODEV);
	assert_int_equal(pvid, 7);
	/* Kernels can be built without it; tests/lab/netback-vlan.test's has it. */
	if (system("ip link set br0 type bridge vlan_filtering 1 2>/dev/null")) {
		nbl_tap_close(fd);
		skip();
	}
	assert_int_equal(nbl_link_vlan_bridge(nlink, br, &pvid), 0);
	assert_int_equal(pvid, 1);
	assert_int_equal(nbl_link_attach_vlan(nlink, "vif1.0", br, 1500, pvid,
					      10, &ifindex), 0);
	assert_true(flags_of("vif1.0") & IFF_UP);
	vlans_of("vif1.0", vlans);
	assert_string_equal(vlans, "10* ");
	assert_int_equal(nbl_link_vlan(nlink, idx, 10, 20), 0);
	vlans_of("vif1.0", vlans);
	assert_string_equal(vlans, "20* ");
	assert_int_equal(nbl_link_vlan(nlink, idx, 20, 1), 0);
	vlans_of("vif1.0", vlans);
	assert_string_equal(vlans, "1* ");
	nbl_tap_close(fd);
	assert_int_equal(system("ip link set br0 type bridge vlan_filtering 0"),
			 0);
}

static void errors_of_links(void **state)
{
	unsigned int mtu;
	int fd, lo, idx;

	(void)state;
	assert_int_equal(nbl_link_find(nlink, "nobr", &lo, &mtu), -ENODEV);
	assert_int_equal(nbl_link_attach(nlink, "novif", 0, 1500, &ifindex), -ENODEV);
	assert_int_equal(nbl_link_find(nlink, "lo", &lo, &mtu), 0);
	assert_int_equal(nbl_tap_open("vif1.0", false, &fd), 0);
	assert_int_equal(nbl_link_attach(nlink, "vif1.0", lo, 1500, &ifindex),
			 -EOPNOTSUPP);
	assert_false(flags_of("vif1.0") & IFF_UP);
	assert_int_equal(nbl_link_attach_quiet(nlink, "vif1.0", lo, 1500,
					       &idx), -EOPNOTSUPP);
	assert_false(flags_of("vif1.0") & IFF_UP);
	assert_int_equal(nbl_link_flood(nlink, idx, true), -EOPNOTSUPP);
	assert_int_equal(nbl_link_flood(nlink, 99999, true), -ENODEV);
	assert_int_equal(nbl_link_set_mtu(nlink, "vif1.0", 1), -EINVAL);
	assert_int_equal(nbl_link_set_mtu(nlink, "novif", 1500), -ENODEV);
	nbl_tap_close(fd);
}

static void offloads(void **state)
{
	int fd;

	(void)state;
	assert_int_equal(nbl_tap_open("vif1.0", false, &fd), 0);
	assert_int_equal(nbl_tap_offload(fd, TUN_F_CSUM), 0);
	assert_int_equal(nbl_tap_offload(fd, TUN_F_CSUM | TUN_F_TSO4), 0);
	assert_int_equal(nbl_tap_offload(fd, TUN_F_CSUM | TUN_F_TSO4 |
					 TUN_F_TSO6), 0);
	assert_int_equal(nbl_tap_offload(fd, 0), 0);
	nbl_tap_close(fd);
}

/* A name is busy until the close returned, and then it is free. */
static void closer_frees_names(void **state)
{
	struct nbl_closer_ticket *t;
	struct nbl_closer *c;
	char name[IFNAMSIZ];
	int i, fd;

	(void)state;
	assert_int_equal(nbl_closer_create(&c), 0);
	for (i = 0; i < 20; i++) {
		t = calloc(1, sizeof(*t));
		snprintf(t->ifname, sizeof(t->ifname), "vif%d.0", i);
		assert_int_equal(nbl_tap_open(t->ifname, false, &t->fd), 0);
		nbl_closer_push(c, t);
	}
	nbl_closer_kick(c);
	for (i = 0; i < 5000 && nbl_closer_busy(c, "vif7.0"); i++)
		usleep(1000);
	assert_int_equal(nbl_tap_open("vif7.0", false, &fd), 0);
	nbl_tap_close(fd);
	nbl_closer_destroy(c);	/* all are closed when this returns */
	for (i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "vif%d.0", i);
		assert_true(if_nametoindex(name) == 0);
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
		cmocka_unit_test(open_makes_and_close_removes),
		cmocka_unit_test(taken_names_are_eexist),
		cmocka_unit_test(attach_in_one_message),
		cmocka_unit_test(one_of_many_queues),
		cmocka_unit_test(kept_one_stays_and_is_adopted),
		cmocka_unit_test(closer_takes_or_leaves_kept_ones),
		cmocka_unit_test(attach_without_bridge),
		cmocka_unit_test(quiet_until_told),
		cmocka_unit_test(deaf_until_told),
		cmocka_unit_test(carrier_as_told),
		cmocka_unit_test(filter_passes_what_is_for_it),
		cmocka_unit_test(groups_that_are_heard),
		cmocka_unit_test(bridge_keeps_its_mac),
		cmocka_unit_test(vlan_of_a_port),
		cmocka_unit_test(errors_of_links),
		cmocka_unit_test(offloads),
		cmocka_unit_test(closer_frees_names),
	};

	if (unshare(CLONE_NEWNET))
		return skip_all("no network namespace");
	if (access("/dev/net/tun", R_OK | W_OK))
		return skip_all("/dev/net/tun");
	ctl = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (ctl < 0 || bridge_ioctl(SIOCBRADDBR, "br0"))
		return skip_all("no bridge");
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("netback-tap", tests, setup,
					   teardown);
}
